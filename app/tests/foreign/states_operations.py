"""Every operation of Step Functions, through boto3, each held against botocore's own model of the service: what must be
in an answer is there, and nothing is there that the model does not know. An operation that nobody calls here is missing,
and fails the last promise."""

import json

import boto3
from botocore.config import Config
from check import end_by, holds, promise, refused, run, same

sfn = boto3.client("stepfunctions", config=Config(read_timeout=70))
ROLE = "arn:aws:iam::000000000000:role/any"
MODEL = sfn.meta.service_model
answered = {}


def check_shape(shape, value, where):
    """The value has what the model demands, and nothing that it does not know."""
    if shape.type_name == "structure":
        holds(isinstance(value, dict), f"{where} is a structure, not {value!r}")
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        unknown = set(value) - set(names)
        holds(not unknown, f"{where} has {sorted(unknown)}, which the model does not know")
        for name in shape.required_members:
            holds(value.get(name) is not None, f"{where} has no {name}")
        for name, inner in value.items():
            if inner is not None:
                check_shape(names[name], inner, f"{where}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            check_shape(shape.member, inner, f"{where}[]")
    elif shape.type_name == "map":
        for inner in value.values():
            check_shape(shape.value, inner, f"{where}{{}}")
    else:
        kinds = {"string": str, "boolean": bool, "integer": int, "long": int, "timestamp": (int, float)}
        kind = kinds.get(shape.type_name, object)
        holds(isinstance(value, kind), f"{where} is a {shape.type_name}, not {value!r}")
        words = getattr(shape, "enum", None)
        holds(not words or value in words, f"{where}: {value!r} is none of {words}")


def answer_came(http_response, model, **_):
    if http_response.status_code == 200:
        body = json.loads(http_response.content)
        if model.output_shape is None:
            same(body, {}, model.name)
        else:
            check_shape(model.output_shape, body, model.name)
        answered[model.name] = answered.get(model.name, 0) + 1


sfn.meta.events.register("after-call.sfn", answer_came)


def definition(**states):
    return json.dumps({"StartAt": next(iter(states)), "States": states})


PASS = definition(P={"Type": "Pass", "End": True})
made = {}


ended = end_by(sfn)


def start(machine, **arguments):
    return sfn.start_execution(stateMachineArn=machine, **arguments)["executionArn"]


@promise
def machines_are_made_looked_at_changed_and_checked():
    arn = sfn.create_state_machine(name="operations", definition=PASS, roleArn=ROLE)["stateMachineArn"]
    made["machine"] = arn
    same(sfn.describe_state_machine(stateMachineArn=arn)["name"], "operations")
    sfn.update_state_machine(stateMachineArn=arn, definition=PASS + " ")
    listed = sfn.list_state_machines()["stateMachines"]
    holds(arn in [entry["stateMachineArn"] for entry in listed], listed)
    same(sfn.validate_state_machine_definition(definition=PASS)["result"], "OK")
    tested = sfn.test_state(definition=json.dumps({"Type": "Pass", "End": True}), roleArn=ROLE, input='{"a": 1}',
                            inspectionLevel="TRACE")
    same((tested["status"], tested["output"]), ("SUCCEEDED", '{"a": 1}'))


@promise
def resources_have_tags():
    arn = made["machine"]
    sfn.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    sfn.untag_resource(resourceArn=arn, tagKeys=["a"])
    same(sfn.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "b", "value": "2"}])


@promise
def versions_and_aliases_come_and_go():
    arn = made["machine"]
    version = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    listed = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    same([entry["stateMachineVersionArn"] for entry in listed], [version])
    route = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=route)["stateMachineAliasArn"]
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, description="what is live")
    same(sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["description"], "what is live")
    listed = sfn.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]
    same([entry["stateMachineAliasArn"] for entry in listed], [alias])
    execution = start(alias)
    same(ended(execution)["stateMachineAliasArn"], alias)
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    sfn.delete_state_machine_version(stateMachineVersionArn=version)


@promise
def executions_run_stop_and_go_on():
    execution = start(made["machine"], name="one", input='{"a": 1}', traceHeader="Root=1-5")
    same(ended(execution)["output"], '{"a": 1}')
    same(len(sfn.get_execution_history(executionArn=execution)["events"]), 4)
    described = sfn.describe_state_machine_for_execution(executionArn=execution)
    same(described["stateMachineArn"], made["machine"])
    listed = sfn.list_executions(stateMachineArn=made["machine"], statusFilter="SUCCEEDED")["executions"]
    holds(execution in [entry["executionArn"] for entry in listed], listed)
    waits = definition(W={"Type": "Wait", "Seconds": 600, "End": True})
    machine = sfn.create_state_machine(name="stops", definition=waits, roleArn=ROLE)["stateMachineArn"]
    execution = start(machine)
    sfn.stop_execution(executionArn=execution, error="Enough", cause="it was")
    same(ended(execution)["status"], "ABORTED")
    sfn.redrive_execution(executionArn=execution)
    found = sfn.describe_execution(executionArn=execution)
    same((found["status"], found["redriveCount"]), ("RUNNING", 1))
    sfn.stop_execution(executionArn=execution)
    sfn.delete_state_machine(stateMachineArn=machine)


@promise
def express_executions_are_answered_at_once():
    machine = sfn.create_state_machine(name="quick", definition=PASS, roleArn=ROLE, type="EXPRESS")["stateMachineArn"]
    same(sfn.start_sync_execution(stateMachineArn=machine, input="7")["output"], "7")


@promise
def workers_take_tasks_and_answer_them():
    arn = sfn.create_activity(name="operations")["activityArn"]
    same(sfn.describe_activity(activityArn=arn)["name"], "operations")
    holds(arn in [entry["activityArn"] for entry in sfn.list_activities()["activities"]], "listed")
    task = {"Type": "Task", "Resource": arn, "HeartbeatSeconds": 60, "TimeoutSeconds": 600, "End": True}
    machine = sfn.create_state_machine(name="works", definition=definition(T=task), roleArn=ROLE)["stateMachineArn"]
    good, bad = start(machine, name="good"), start(machine, name="bad")
    token = sfn.get_activity_task(activityArn=arn, workerName="here")["taskToken"]
    sfn.send_task_heartbeat(taskToken=token)
    sfn.send_task_success(taskToken=token, output='"done"')
    same(ended(good)["output"], '"done"')
    token = sfn.get_activity_task(activityArn=arn)["taskToken"]
    sfn.send_task_failure(taskToken=token, error="Broken", cause="a crack")
    same((ended(bad)["error"], ended(bad)["cause"]), ("Broken", "a crack"))
    for execution in (good, bad):
        sfn.get_execution_history(executionArn=execution)
    sfn.delete_activity(activityArn=arn)
    refused("ActivityDoesNotExist", sfn.describe_activity, activityArn=arn)


@promise
def runs_of_maps_are_listed_described_and_changed():
    row = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}},
           "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": row, "End": True}
    machine = sfn.create_state_machine(name="maps", definition=definition(M=each), roleArn=ROLE)["stateMachineArn"]
    execution = start(machine, input="[1, 2, 3]")
    runs = []
    while not runs:
        runs = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    run_arn = runs[0]["mapRunArn"]
    sfn.update_map_run(mapRunArn=run_arn, maxConcurrency=3)
    same(sfn.describe_map_run(mapRunArn=run_arn)["maxConcurrency"], 3)
    same(ended(execution)["status"], "SUCCEEDED")
    same(sfn.describe_map_run(mapRunArn=run_arn)["itemCounts"]["succeeded"], 3)
    for child in sfn.list_executions(mapRunArn=run_arn)["executions"]:
        sfn.describe_execution(executionArn=child["executionArn"])
    sfn.get_execution_history(executionArn=execution)


@promise
def histories_of_failures_and_integrations_are_as_the_model_says():
    states = {
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "ResultPath": None,
                "Parameters": {"Bucket": "wb-local", "Key": "operations", "Body": {"a": 1}}, "Next": "Plan"},
        "Plan": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None,
                 "Parameters": {"FunctionName": "whiteboarder-plan", "Payload": {"action": "dance"}},
                 "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Run"}], "Next": "Run"},
        "Run": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.waitForTaskToken", "ResultPath": None,
                "TimeoutSeconds": 100, "HeartbeatSeconds": 60,
                "Parameters": {"TaskDefinition": "whiteboarder-clean", "Overrides": {"ContainerOverrides": [
                    {"Name": "worker", "Environment": [
                        {"Name": "TASK_TOKEN", "Value.$": "$$.Task.Token"},
                        {"Name": "TASK_INPUT", "Value": '{"action": "dance"}'}]}]}},
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.ran", "Next": "Both"}], "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [
            {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Wanted", "Cause": "so"}}},
            {"StartAt": "L", "States": {"L": {"Type": "Wait", "Seconds": 600, "End": True}}}],
            "Catch": [{"ErrorEquals": ["Wanted"], "ResultPath": None, "Next": "Nowhere"}], "End": True},
        "Nowhere": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync",
                    "Parameters": {"Cluster": "nowhere", "TaskDefinition": "whiteboarder-clean"}, "End": True},
    }
    machine = sfn.create_state_machine(name="all", definition=definition(**states), roleArn=ROLE)["stateMachineArn"]
    found = ended(start(machine))
    same((found["status"], found["error"]), ("FAILED", "ECS.ClusterNotFoundException"), found)
    events = sfn.get_execution_history(executionArn=found["executionArn"], maxResults=1000)["events"]
    kinds = [event["type"] for event in events]
    holds("TaskSubmitted" in kinds, kinds)
    [error] = [event["taskFailedEventDetails"]["error"] for event in events
               if event["type"] == "TaskFailed" and event["taskFailedEventDetails"]["resource"].endswith("TaskToken")]
    [invoked] = [event["taskFailedEventDetails"]["error"] for event in events
                 if event["type"] == "TaskFailed" and event["taskFailedEventDetails"]["resource"] == "invoke"]
    same(error, invoked, "the function fails alike in both lanes")


@promise
def no_operation_of_the_model_is_missing():
    missing = sorted(set(MODEL.operation_names) - set(answered))
    same(missing, [], "operations that no client has called")


run()
