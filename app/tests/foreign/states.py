"""State machines and their executions, through boto3, with the error names and texts of AWS."""

import json
import os
import time
import urllib.error
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from check import end_by, holds, promise, refused, run, same

# The service's own checks are looked at, not those of the SDK.
sfn = boto3.client("stepfunctions", config=Config(parameter_validation=False))
ACCOUNT = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"].split(":")[4]
ARN = f"arn:aws:states:us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
TWO_STEPS = json.dumps({
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Parameters": {"doubled.$": "States.MathAdd($.n, $.n)"}, "Next": "Last"},
        "Last": {"Type": "Succeed"},
    },
})
WAITS = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}})
FAILS = json.dumps({
    "StartAt": "Check",
    "States": {
        "Check": {"Type": "Pass", "Next": "Broken"},
        "Broken": {"Type": "Fail", "Error": "BoardBroken", "Cause": "a crack"},
    },
})


def machine(name, definition=TWO_STEPS, **arguments):
    made = sfn.create_state_machine(name=name, definition=definition, roleArn=ROLE, **arguments)
    return made["stateMachineArn"]


ended = end_by(sfn)


def finished(arn, **arguments):
    return ended(sfn.start_execution(stateMachineArn=arn, **arguments)["executionArn"])


def types(execution):
    history = sfn.get_execution_history(executionArn=execution)
    return [(event["type"], event["previousEventId"]) for event in history["events"]]


def raw(operation, body, signed=True):
    """Status, headers and body as they are on the wire."""
    request = AWSRequest("POST", os.environ["AWS_ENDPOINT_URL"] + "/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AWSStepFunctions.{operation}",
    })
    if signed:
        key = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(key, "states", "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, body.encode(), dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


# --- machines


@promise
def a_machine_is_made_described_and_listed():
    arn = machine("described", tags=[{"key": "team", "value": "boards"}])
    same(arn, f"{ARN}:stateMachine:described")
    found = sfn.describe_state_machine(stateMachineArn=arn)
    same(found["definition"], TWO_STEPS, "the text as it was given")
    same((found["status"], found["type"], found["roleArn"]), ("ACTIVE", "STANDARD", ROLE))
    same(found["loggingConfiguration"], {"level": "OFF", "includeExecutionData": False})
    same(found["tracingConfiguration"], {"enabled": False})
    same(found["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})
    holds("revisionId" not in found, "no revision before the first update")
    short = sfn.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
    holds("definition" not in short, "METADATA_ONLY leaves the definition out")
    listed = [entry["stateMachineArn"] for entry in sfn.list_state_machines()["stateMachines"]]
    holds(arn in listed, f"{arn} is not in {listed}")
    unknown = f"{ARN}:stateMachine:nobody"
    refused("StateMachineDoesNotExist", sfn.describe_state_machine, http=400,
            text=f"State Machine Does Not Exist: '{unknown}'", stateMachineArn=unknown)


@promise
def making_the_same_machine_again_is_the_same_machine():
    first = sfn.create_state_machine(name="twice", definition=TWO_STEPS, roleArn=ROLE)
    again = sfn.create_state_machine(
        name="twice", definition=TWO_STEPS, roleArn=ROLE + "2", tags=[{"key": "a", "value": "b"}]
    )
    same((again["stateMachineArn"], again["creationDate"]), (first["stateMachineArn"], first["creationDate"]))
    text = f"State Machine Already Exists: '{first['stateMachineArn']}'"
    refused("StateMachineAlreadyExists", machine, text=text, name="twice", definition=WAITS)
    refused("StateMachineAlreadyExists", machine, text=text, name="twice", definition=TWO_STEPS + " ")
    refused("StateMachineAlreadyExists", machine, text=text, name="twice",
            tracingConfiguration={"enabled": True})


@promise
def names_and_arns_are_checked_in_the_services_words():
    for name in ["a b", "a/b", "a:b", "a*", "<a>"]:
        refused("InvalidName", machine, text=f"Invalid Name: '{name}'", name=name)
    machine("Größe-1_x.y")
    refused("ValidationException", machine, name="n" * 81, text=(
        f"1 validation error detected: Value '{'n' * 81}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 80"))
    refused("InvalidArn", sfn.describe_state_machine, stateMachineArn="xyz",
            text="Invalid Arn: 'Invalid ARN prefix: xyz'")
    refused("InvalidArn", sfn.describe_execution, executionArn=f"{ARN}:express:m:e:u",
            text="Invalid Arn: 'Resource type not valid in this context: express'")
    refused("InvalidArn", sfn.describe_execution, executionArn=f"{ARN}:stateMachine:m",
            text="Invalid Arn: 'Resource type not valid in this context: stateMachine'")
    refused("ValidationException", sfn.describe_execution, text=(
        "1 validation error detected: Value at 'executionArn' failed to satisfy constraint: Member must not be null"))


@promise
def an_update_changes_what_it_names():
    arn = machine("updated")
    text = ("Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration "
            "must be specified")
    refused("MissingRequiredParameter", sfn.update_state_machine, text=text, stateMachineArn=arn)
    first = sfn.update_state_machine(stateMachineArn=arn, definition=WAITS)
    holds(first["updateDate"], "a date")
    again = sfn.update_state_machine(stateMachineArn=arn, definition=WAITS)
    same(again["revisionId"], first["revisionId"], "nothing has changed")
    found = sfn.describe_state_machine(stateMachineArn=arn)
    same((found["definition"], found["revisionId"], found["roleArn"]), (WAITS, first["revisionId"], ROLE))
    other = sfn.update_state_machine(stateMachineArn=arn, roleArn=ROLE + "2")
    holds(other["revisionId"] != first["revisionId"], "another revision")
    refused("StateMachineDoesNotExist", sfn.update_state_machine,
            stateMachineArn=f"{ARN}:stateMachine:nobody", definition=WAITS)
    refused("InvalidDefinition", sfn.update_state_machine, stateMachineArn=arn, definition="{}")
    refused("ValidationException", sfn.update_state_machine, stateMachineArn=arn, definition=WAITS,
            versionDescription="v", text="Version description can only be set when publish is true")


@promise
def a_definition_that_cannot_run_is_refused_with_its_findings():
    for definition, finding in [
        ('{"StartAt": "A"}', "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"),
        ('{"States": {"A": {"Type": "Succeed"}}}',
         "SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /"),
    ]:
        refused("InvalidDefinition", machine, name="invalid", definition=definition,
                text=f"Invalid State Machine Definition: '{finding}'")
    refused("InvalidDefinition", machine, name="invalid", definition="{",
            words="Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ")
    dangling = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}})
    refused("InvalidDefinition", machine, name="invalid", definition=dangling, words="/States/A/Next")
    elsewhere = json.dumps({"StartAt": "A", "States": {"A": {
        "Type": "Task", "Resource": "arn:aws:states:::batch:submitJob", "End": True}}})
    refused("InvalidDefinition", machine, name="invalid", definition=elsewhere, words="/States/A/Resource")
    refused("ValidationException", machine, name="invalid", type="FAST", words="[STANDARD, EXPRESS]")


@promise
def a_definition_can_be_checked_without_making_it():
    good = sfn.validate_state_machine_definition(definition=TWO_STEPS)
    same((good["result"], good["diagnostics"], good["truncated"]), ("OK", [], False))
    bad = sfn.validate_state_machine_definition(definition='{"States": {"A": {"Type": "Succeed"}}}')
    same((bad["result"], bad["diagnostics"]), ("FAIL", [{
        "severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED",
        "message": "These fields are required: [StartAt]", "location": "/"}]))
    broken = sfn.validate_state_machine_definition(definition="{")
    same((broken["result"], broken["diagnostics"][0]["code"]), ("FAIL", "INVALID_JSON_DESCRIPTION"))
    refused("ValidationException", sfn.validate_state_machine_definition, definition=TWO_STEPS,
            maxResults=101, words="Value '101' at 'maxResults'")


@promise
def machines_are_listed_in_pages():
    for number in range(5):
        machine(f"page-{number}")
    pages = list(sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2}))
    names = [entry["name"] for page in pages for entry in page["stateMachines"]]
    same(len(names), len(set(names)), "no name twice")
    same([name for name in names if name.startswith("page-")], [f"page-{number}" for number in range(5)])
    holds(all(len(page["stateMachines"]) <= 2 for page in pages), "no page is too long")
    refused("InvalidToken", sfn.list_state_machines, nextToken="nonsense", text="Invalid Token: 'Invalid token'")
    refused("ValidationException", sfn.list_state_machines, maxResults=1001, text=(
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 1000"))
    refused("ValidationException", sfn.list_state_machines, maxResults=-1, words="greater than or equal to 0")
    refused("ValidationException", sfn.list_state_machines, nextToken="t" * 1025,
            words="Member must have length less than or equal to 1024")


@promise
def tags_come_and_go():
    arn = machine("tagged", tags=[{"key": "a", "value": "1"}])
    sfn.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}, {"key": "a", "value": "3"}])
    tags = {tag["key"]: tag["value"] for tag in sfn.list_tags_for_resource(resourceArn=arn)["tags"]}
    same(tags, {"a": "3", "b": "2"})
    sfn.untag_resource(resourceArn=arn, tagKeys=["a", "never"])
    same(sfn.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "b", "value": "2"}])
    many = [{"key": f"k{number}", "value": ""} for number in range(51)]
    refused("TooManyTags", sfn.tag_resource, resourceArn=arn, tags=many)
    refused("ResourceNotFound", sfn.list_tags_for_resource, resourceArn=f"{ARN}:stateMachine:nobody")


# --- executions


@promise
def an_execution_runs_from_input_to_output():
    arn = machine("runs")
    started = sfn.start_execution(stateMachineArn=arn, name="one", input='{"n": 21}')
    same(started["executionArn"], f"{ARN}:execution:runs:one")
    found = ended(started["executionArn"])
    same((found["status"], json.loads(found["output"])), ("SUCCEEDED", {"doubled": 42}))
    same((found["input"], found["name"], found["stateMachineArn"]), ('{"n": 21}', "one", arn))
    same((found["inputDetails"], found["outputDetails"]), ({"included": True}, {"included": True}))
    same((found["redriveCount"], found["redriveStatus"], found["redriveStatusReason"]),
         (0, "NOT_REDRIVABLE", "Execution is SUCCEEDED and cannot be redriven"))
    holds(found["startDate"] <= found["stopDate"], "it stops after its start")
    short = sfn.describe_execution(executionArn=started["executionArn"], includedData="METADATA_ONLY")
    holds("input" not in short and "output" not in short, "METADATA_ONLY leaves both out")
    same(types(started["executionArn"]), [
        ("ExecutionStarted", 0), ("PassStateEntered", 0), ("PassStateExited", 2),
        ("SucceedStateEntered", 3), ("SucceedStateExited", 4), ("ExecutionSucceeded", 5)])


@promise
def a_name_is_taken_once_and_the_same_request_is_the_same_execution():
    arn = machine("named", WAITS)
    start = {"stateMachineArn": arn, "name": "x", "input": '{"a": 1}'}
    first, again = sfn.start_execution(**start), sfn.start_execution(**start)
    same((again["executionArn"], again["startDate"]), (first["executionArn"], first["startDate"]))
    taken = f"Execution Already Exists: '{first['executionArn']}'"
    refused("ExecutionAlreadyExists", sfn.start_execution, text=taken, **{**start, "input": '{"a": 2}'})
    sfn.stop_execution(executionArn=first["executionArn"])
    refused("ExecutionAlreadyExists", sfn.start_execution, text=taken, **start)
    unnamed = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    same(len(unnamed.split(":")[-1]), 36, "a UUID when there is no name")
    same(sfn.describe_execution(executionArn=unnamed)["input"], "{}")
    sfn.stop_execution(executionArn=unnamed)


@promise
def the_input_is_any_json():
    arn = machine("any-input", json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}))
    for text in ["null", "7", '"text"', "[1, 2]", '{"ü": "📷"}', "1.5"]:
        same(json.loads(finished(arn, input=text)["output"]), json.loads(text))
    refused("InvalidExecutionInput", sfn.start_execution, stateMachineArn=arn, input="{n: 1}",
            words="Invalid State Machine Execution Input: '")
    refused("InvalidExecutionInput", sfn.start_execution, stateMachineArn=arn, input="",
            text="Invalid State Machine Execution Input: 'Invalid execution input.'")
    unknown = f"{ARN}:stateMachine:nobody"
    refused("StateMachineDoesNotExist", sfn.start_execution, stateMachineArn=unknown,
            text=f"State Machine Does Not Exist: '{unknown}'")
    refused("InvalidName", sfn.start_execution, stateMachineArn=arn, name="a b", text="Invalid Name: 'a b'")


@promise
def a_failure_carries_its_error_and_cause():
    found = finished(machine("fails", FAILS))
    same((found["status"], found["error"], found["cause"]), ("FAILED", "BoardBroken", "a crack"))
    same(found["redriveStatus"], "REDRIVABLE")
    holds("output" not in found, "a failure has no output")
    last = sfn.get_execution_history(executionArn=found["executionArn"], reverseOrder=True, maxResults=1)
    event = last["events"][0]
    same((event["type"], event["executionFailedEventDetails"]),
         ("ExecutionFailed", {"error": "BoardBroken", "cause": "a crack"}))


@promise
def a_stopped_execution_is_aborted():
    arn = sfn.start_execution(stateMachineArn=machine("stopped", WAITS))["executionArn"]
    running = sfn.describe_execution(executionArn=arn)
    same((running["status"], running["redriveStatusReason"]),
         ("RUNNING", "Execution is RUNNING and cannot be redriven"))
    holds("stopDate" not in running, "no stop date while it runs")
    stopped = sfn.stop_execution(executionArn=arn, error="Enough", cause="of this")
    found = sfn.describe_execution(executionArn=arn)
    same((found["status"], found["error"], found["cause"]), ("ABORTED", "Enough", "of this"))
    same(sfn.stop_execution(executionArn=arn)["stopDate"], stopped["stopDate"], "stopping it again")
    same(types(arn), [("ExecutionStarted", 0), ("WaitStateEntered", 0), ("ExecutionAborted", 0)])
    unknown = f"{ARN}:execution:stopped:nobody"
    for call in [sfn.stop_execution, sfn.describe_execution, sfn.get_execution_history,
                 sfn.redrive_execution, sfn.describe_state_machine_for_execution]:
        refused("ExecutionDoesNotExist", call, http=400, executionArn=unknown,
                text=f"Execution Does Not Exist: '{unknown}'")


@promise
def a_history_comes_in_pages_and_backwards():
    execution = finished(machine("history"), input='{"n": 1}')["executionArn"]
    whole = sfn.get_execution_history(executionArn=execution)["events"]
    same([event["id"] for event in whole], list(range(1, 7)))
    pages = list(sfn.get_paginator("get_execution_history").paginate(
        executionArn=execution, PaginationConfig={"PageSize": 2}))
    same([event for page in pages for event in page["events"]], whole, "in pages of two")
    same(len(pages), 3)
    backwards = sfn.get_execution_history(executionArn=execution, reverseOrder=True)["events"]
    same(backwards, whole[::-1])
    first = sfn.get_execution_history(executionArn=execution, maxResults=2)
    refused("InvalidToken", sfn.get_execution_history, executionArn=execution, reverseOrder=True,
            nextToken=first["nextToken"], text="Invalid Token: 'Invalid token'")
    same(whole[0]["executionStartedEventDetails"]["input"], '{"n": 1}')
    same(whole[0]["executionStartedEventDetails"]["inputDetails"], {"truncated": False})
    bare = sfn.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
    holds("input" not in json.dumps(bare[0]["executionStartedEventDetails"]).replace("inputDetails", ""),
          f"no input in {bare[0]}")
    holds("output" not in bare[2]["stateExitedEventDetails"], f"no output in {bare[2]}")
    refused("ValidationException", sfn.get_execution_history, executionArn=execution, maxResults=1001,
            words="Member must have value less than or equal to 1000")


@promise
def executions_are_listed_newest_first_by_status_and_in_pages():
    arn = machine("listed", FAILS)
    for number in range(5):
        finished(arn, name=f"n{number}")
    names = [entry["name"] for entry in sfn.list_executions(stateMachineArn=arn)["executions"]]
    same(names, [f"n{number}" for number in reversed(range(5))])
    entry = sfn.list_executions(stateMachineArn=arn, maxResults=1)["executions"][0]
    same((entry["status"], entry["redriveCount"], entry["stateMachineArn"]), ("FAILED", 0, arn))
    pages = list(sfn.get_paginator("list_executions").paginate(
        stateMachineArn=arn, PaginationConfig={"PageSize": 2}))
    same([entry["name"] for page in pages for entry in page["executions"]], names, "in pages of two")
    same(len(sfn.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]), 5)
    same(sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"], [])
    same(len(sfn.list_executions(stateMachineArn=arn, redriveFilter="NOT_REDRIVEN")["executions"]), 5)
    refused("ValidationException", sfn.list_executions, stateMachineArn=arn, statusFilter="DONE", text=(
        "1 validation error detected: Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must "
        "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"))
    refused("ValidationException", sfn.list_executions, stateMachineArn=arn, nextToken="t" * 3097,
            words="Member must have length less than or equal to 3096")
    refused("StateMachineDoesNotExist", sfn.list_executions, stateMachineArn=f"{ARN}:stateMachine:nobody")


@promise
def a_failed_execution_is_redriven_from_where_it_failed():
    arn = machine("redriven", FAILS)
    execution = finished(arn)["executionArn"]
    redriven = sfn.redrive_execution(executionArn=execution, clientToken="t1")
    found = ended(execution)
    same((found["status"], found["redriveCount"]), ("FAILED", 1))
    same(found["redriveDate"], redriven["redriveDate"])
    same(sfn.redrive_execution(executionArn=execution, clientToken="t1")["redriveDate"],
         redriven["redriveDate"], "the same request again")
    names = [name for name, _ in types(execution)]
    same(names[:6], ["ExecutionStarted", "PassStateEntered", "PassStateExited", "FailStateEntered",
                     "ExecutionFailed", "ExecutionRedriven"])
    same((names.count("PassStateEntered"), names[-1]), (1, "ExecutionFailed"), "it goes on, not from the start")
    same(len(sfn.list_executions(stateMachineArn=arn, redriveFilter="REDRIVEN")["executions"]), 1)
    good = finished(machine("runs"), input='{"n": 1}')["executionArn"]
    refused("ExecutionNotRedrivable", sfn.redrive_execution, executionArn=good,
            text="Execution is SUCCEEDED and cannot be redriven")


@promise
def an_execution_keeps_the_definition_it_began_with():
    arn = machine("kept", WAITS)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    sfn.update_state_machine(stateMachineArn=arn, definition=FAILS)
    found = sfn.describe_state_machine_for_execution(executionArn=execution)
    same((found["definition"], found["name"], found["stateMachineArn"]), (WAITS, "kept", arn))
    sfn.stop_execution(executionArn=execution)


@promise
def a_deleted_machine_ends_when_its_executions_have():
    arn = machine("deleted", WAITS)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    sfn.delete_state_machine(stateMachineArn=arn)
    same(sfn.describe_state_machine(stateMachineArn=arn)["status"], "DELETING")
    refused("StateMachineDeleting", sfn.start_execution, stateMachineArn=arn)
    sfn.stop_execution(executionArn=execution)
    for _ in range(200):
        try:
            sfn.describe_state_machine(stateMachineArn=arn)
            time.sleep(0.05)
        except sfn.exceptions.StateMachineDoesNotExist:
            break
    else:
        raise AssertionError("the machine does not go")
    sfn.delete_state_machine(stateMachineArn=arn)
    machine("deleted")


# --- the wire


@promise
def answers_look_as_they_do_on_aws():
    status, headers, body = raw("ListStateMachines", "{}")
    same((status, headers["Content-Type"]), (200, "application/x-amz-json-1.0"))
    holds(len(headers["x-amzn-RequestId"]) == 36, f"a request id: {headers}")
    holds(isinstance(body["stateMachines"][0]["creationDate"], float), "timestamps are numbers with a fraction")
    status, headers, body = raw("DescribeExecution", '{"executionArn": "xyz"}')
    same((status, body["__type"], body["message"]),
         (400, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: xyz'"))
    same((headers["x-amzn-ErrorType"], headers["Content-Type"]), ("InvalidArn", "application/x-amz-json-1.0"))
    holds(headers["x-amzn-RequestId"], "a request id in errors too")
    same(raw("Fly", "{}")[2]["__type"], "UnknownOperationException")
    same(raw("ListStateMachines", "[")[2]["__type"], "SerializationException")
    same(raw("StartExecution", '{"stateMachineArn": 7}')[2]["__type"], "SerializationException")
    same(raw("ListStateMachines", "{}", signed=False)[2]["__type"], "MissingAuthenticationTokenException")
    wrong = boto3.client("stepfunctions", aws_secret_access_key="wrong",
                         aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    refused("InvalidSignatureException", wrong.list_state_machines)
    unknown = boto3.client("stepfunctions", aws_secret_access_key="x", aws_access_key_id="AKIAUNKNOWN")
    refused("UnrecognizedClientException", unknown.list_state_machines)


run()
