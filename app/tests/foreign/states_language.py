"""What state machines can do besides going from state to state, through boto3: Parallel, Map, JSONata, runs,
versions, express machines, tests of one state."""

import json

import boto3
from botocore.config import Config
from check import end_by, holds, promise, refused, run, same

sfn = boto3.client("stepfunctions", config=Config(read_timeout=70))
ACCOUNT = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"].split(":")[4]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
BUCKET = "wb-local"


def machine(name, states, **arguments):
    definition = {"StartAt": next(iter(states)), "States": states, **arguments.pop("top", {})}
    made = sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **arguments)
    return made["stateMachineArn"]


def finished(arn, value):
    return end_by(sfn)(sfn.start_execution(stateMachineArn=arn, input=json.dumps(value))["executionArn"])


def inner(name, state):
    return {"StartAt": name, "States": {name: state}}


@promise
def branches_and_iterations_give_their_results_in_order():
    arn = machine("inside", {"Both": {"Type": "Parallel", "End": True, "Branches": [
        inner("Each", {"Type": "Map", "ItemsPath": "$.list", "End": True, "ItemProcessor":
              inner("One", {"Type": "Pass", "Parameters": {"v.$": "$"}, "End": True})}),
        inner("Rest", {"Type": "Wait", "Seconds": 1, "OutputPath": "$.list[0]", "End": True}),
    ]}})
    found = finished(arn, {"list": [1, 2]})
    same(json.loads(found["output"]), [[{"v": 1}, {"v": 2}], 1])
    events = sfn.get_execution_history(executionArn=found["executionArn"])["events"]
    started = [event for event in events if event["type"] == "MapIterationStarted"]
    same([event["mapIterationStartedEventDetails"]["index"] for event in started], [0, 1])
    exits = {event["type"]: event["previousEventId"] for event in events}
    same(exits["ParallelStateExited"], exits["ParallelStateSucceeded"], "exit and success follow the same event")


@promise
def jsonata_and_variables_are_spoken():
    arn = machine("jsonata", {
        "Set": {"Type": "Pass", "Assign": {"total": "{% $sum($states.input.n) %}"}, "Next": "Say"},
        "Say": {"Type": "Pass", "Output": {"twice": "{% $total * 2 %}"}, "End": True},
    }, top={"QueryLanguage": "JSONata"})
    found = finished(arn, {"n": [1, 2, 3]})
    same(json.loads(found["output"]), {"twice": 12})
    events = sfn.get_execution_history(executionArn=found["executionArn"])["events"]
    same(events[2]["stateExitedEventDetails"]["assignedVariables"], {"total": "6"})


@promise
def a_distributed_map_has_a_run_with_executions_of_its_own():
    boto3.client("s3").put_object(Bucket=BUCKET, Key="maps/items.csv", Body=b"name,size\na,1\nb,2\nc,3\n")
    arn = machine("runs-of-maps", {"Each": {
        "Type": "Map", "Label": "Rows", "MaxConcurrency": 2, "End": True,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
                       "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                       "Parameters": {"Bucket": BUCKET, "Key": "maps/items.csv"}},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                          **inner("Row", {"Type": "Pass", "Parameters": {"n.$": "$.name"}, "End": True})},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject",
                         "Parameters": {"Bucket": BUCKET, "Prefix": "maps/out"}},
    }})
    found = finished(arn, {})
    same(found["status"], "SUCCEEDED", found)
    runs = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    described = sfn.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
    same((described["status"], described["itemCounts"]["succeeded"]), ("SUCCEEDED", 3))
    same(described["itemCounts"]["resultsWritten"], 3)
    children = sfn.list_executions(mapRunArn=runs[0]["mapRunArn"])["executions"]
    same(len(children), 3)
    child = sfn.describe_execution(executionArn=children[0]["executionArn"])
    same(child["mapRunArn"], runs[0]["mapRunArn"])
    details = json.loads(found["output"])["ResultWriterDetails"]
    manifest = json.loads(boto3.client("s3").get_object(**details)["Body"].read())
    key = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]
    records = json.loads(boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())
    same(sorted(json.loads(record["Output"])["n"] for record in records), ["a", "b", "c"])
    refused("ValidationException", sfn.update_map_run, mapRunArn=runs[0]["mapRunArn"], maxConcurrency=1)


@promise
def versions_stay_and_aliases_lead_to_them():
    say = lambda word: {"P": {"Type": "Pass", "Result": word, "End": True}}
    arn = machine("published", say("one"), publish=True, versionDescription="first")
    two = json.dumps({"StartAt": "P", "States": say("two")})
    second = sfn.update_state_machine(stateMachineArn=arn, definition=two, publish=True)
    same(second["stateMachineVersionArn"], f"{arn}:2")
    listed = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    same([version["stateMachineVersionArn"] for version in listed], [f"{arn}:2", f"{arn}:1"])
    same(sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"], f"{arn}:2")
    route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=route)["stateMachineAliasArn"]
    found = finished(alias, {})
    same((found["output"], found["stateMachineVersionArn"]), ('"one"', f"{arn}:1"))
    refused("ConflictException", sfn.delete_state_machine_version, stateMachineVersionArn=f"{arn}:1")
    route[0]["stateMachineVersionArn"] = f"{arn}:2"
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=route)
    same(sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"], route)
    same(finished(alias, {})["output"], '"two"')
    same(len(sfn.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]), 1)
    sfn.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    refused("ResourceNotFound", sfn.describe_state_machine_alias, stateMachineAliasArn=alias)


@promise
def an_express_execution_answers_with_its_end():
    arn = machine("express", {"P": {"Type": "Pass", "Parameters": {"got.$": "$.n"}, "End": True}}, type="EXPRESS")
    answer = sfn.start_sync_execution(stateMachineArn=arn, input='{"n": 1}')
    same((answer["status"], answer["output"]), ("SUCCEEDED", '{"got":1}'))
    holds(":express:express:" in answer["executionArn"], answer["executionArn"])
    refused("StateMachineTypeNotSupported", sfn.list_executions, stateMachineArn=arn)
    refused("InvalidArn", sfn.describe_execution, executionArn=answer["executionArn"])


@promise
def one_state_is_tested_by_itself():
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Later",
             "Parameters": {"FunctionName": "any", "Payload.$": "$"}, "ResultSelector": {"p.$": "$.Payload"}}
    answer = sfn.test_state(definition=json.dumps(state), roleArn=ROLE, input='{"a": 1}', inspectionLevel="DEBUG",
                            mock={"result": '{"Payload": 7, "StatusCode": 200}'})
    same((answer["status"], answer["output"], answer["nextState"]), ("SUCCEEDED", '{"p":7}', "Later"))
    same(json.loads(answer["inspectionData"]["afterParameters"])["Payload"], {"a": 1})
    refused("InvalidDefinition", sfn.test_state, definition="{}", roleArn=ROLE)


@promise
def an_execution_starts_another_and_waits_for_it():
    child = machine("nested-child", {"P": {"Type": "Pass", "Result": {"said": "hello"}, "End": True}})
    arn = machine("nested-parent", {"Start": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {}}, "OutputPath": "$.Output", "End": True}})
    same(json.loads(finished(arn, {})["output"]), {"said": "hello"})


run()
