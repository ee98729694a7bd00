"""Activities and their workers, through boto3."""

import json
import threading
import time

import boto3
from botocore.config import Config
from check import end_by, holds, promise, refused, run, same

# A poll is held open for up to 60 seconds.
sfn = boto3.client("stepfunctions", config=Config(read_timeout=70))
ACCOUNT = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"].split(":")[4]
ARN = f"arn:aws:states:us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


def start(name, given="{}", **state):
    """An execution of one task for a fresh activity; gives both ARNs."""
    activity = sfn.create_activity(name=name)["activityArn"]
    definition = {"StartAt": "Work", "States": {"Work": {
        "Type": "Task", "Resource": activity, "End": True, **state}}}
    machine = sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    return activity, sfn.start_execution(stateMachineArn=machine["stateMachineArn"], input=given)["executionArn"]


def take(activity, **arguments):
    task = sfn.get_activity_task(activityArn=activity, **arguments)
    holds(task.get("taskToken"), f"a task, not {task}")
    return task["taskToken"], json.loads(task["input"])


ended = end_by(sfn)


def types(execution):
    return [event["type"] for event in sfn.get_execution_history(executionArn=execution)["events"]]


@promise
def an_activity_is_made_described_listed_and_deleted():
    made = sfn.create_activity(name="made", tags=[{"key": "a", "value": "b"}])
    arn = made["activityArn"]
    same(arn, f"{ARN}:activity:made")
    same(sfn.create_activity(name="made")["creationDate"], made["creationDate"], "the same one again")
    found = sfn.describe_activity(activityArn=arn)
    same((found["name"], found["creationDate"]), ("made", made["creationDate"]))
    same(found["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})
    same(sfn.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "a", "value": "b"}])
    for number in range(3):
        sfn.create_activity(name=f"page-{number}")
    pages = list(sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 2}))
    names = [entry["name"] for page in pages for entry in page["activities"]]
    same(len(names), len(set(names)), "no name twice")
    holds({"made", "page-0", "page-1", "page-2"} <= set(names), f"all of them: {names}")
    sfn.delete_activity(activityArn=arn)
    sfn.delete_activity(activityArn=arn)
    missing = f"Activity Does Not Exist: '{arn}'"
    refused("ActivityDoesNotExist", sfn.describe_activity, text=missing, activityArn=arn)
    refused("ActivityDoesNotExist", sfn.get_activity_task, text=missing, activityArn=arn)
    refused("InvalidName", sfn.create_activity, text="Invalid Name: 'activity name'", name="activity name")
    refused("InvalidArn", sfn.describe_activity, activityArn=f"{ARN}:stateMachine:x",
            text="Invalid Arn: 'Resource type not valid in this context: stateMachine'")


@promise
def a_worker_in_a_few_lines_does_the_work():
    activity, execution = start("few-lines", '{"n": 4}', TimeoutSeconds=60, HeartbeatSeconds=30)

    def work():
        task = sfn.get_activity_task(activityArn=activity, workerName="python")
        sfn.send_task_heartbeat(taskToken=task["taskToken"])
        board = json.loads(task["input"])
        try:
            output = json.dumps({"square": board["n"] ** 2})
        except Exception as error:
            sfn.send_task_failure(taskToken=task["taskToken"], error=type(error).__name__, cause=str(error))
        else:
            sfn.send_task_success(taskToken=task["taskToken"], output=output)

    worker = threading.Thread(target=work)
    worker.start()
    found = ended(execution)
    worker.join()
    same((found["status"], json.loads(found["output"])), ("SUCCEEDED", {"square": 16}))
    same(types(execution), ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted",
                            "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded"])
    events = sfn.get_execution_history(executionArn=execution)["events"]
    same(events[3]["activityStartedEventDetails"], {"workerName": "python"})
    scheduled = events[2]["activityScheduledEventDetails"]
    same((scheduled["resource"], scheduled["timeoutInSeconds"], scheduled["heartbeatInSeconds"]),
         (activity, 60, 30))


@promise
def a_poll_waits_for_its_task():
    activity = sfn.create_activity(name="waits")["activityArn"]
    taken = []
    worker = threading.Thread(target=lambda: taken.append(sfn.get_activity_task(activityArn=activity)))
    worker.start()
    time.sleep(0.3)
    _, execution = start("waits")
    worker.join()
    sfn.send_task_success(taskToken=taken[0]["taskToken"], output="null")
    same(ended(execution)["output"], "null")


@promise
def a_failure_arrives_under_its_name():
    activity, execution = start("fails")
    token, _ = take(activity)
    sfn.send_task_failure(taskToken=token, error="PenDry", cause="no ink")
    found = ended(execution)
    same((found["status"], found["error"], found["cause"]), ("FAILED", "PenDry", "no ink"))
    sfn.redrive_execution(executionArn=execution)
    token, _ = take(activity)
    sfn.send_task_success(taskToken=token, output='{"ink": "new"}')
    found = ended(execution)
    same((found["status"], found["output"], found["redriveCount"]), ("SUCCEEDED", '{"ink": "new"}', 1))


@promise
def a_token_is_good_for_one_answer():
    activity, execution = start("once")
    token, _ = take(activity)
    refused("InvalidOutput", sfn.send_task_success, taskToken=token, output="{not json", words="Invalid Output: '")
    sfn.send_task_heartbeat(taskToken=token)
    sfn.send_task_success(taskToken=token, output="{}")
    gone = "Task Timed Out: 'Provided task does not exist anymore'"
    for call, arguments in [
        (sfn.send_task_success, {"output": "{}"}), (sfn.send_task_failure, {}), (sfn.send_task_heartbeat, {}),
    ]:
        refused("TaskTimedOut", call, text=gone, taskToken=token, **arguments)
        for nonsense in ["nonsense", token[:-4] + "AAAA", "A" * 2048]:
            refused("InvalidToken", call, text="Invalid Token: 'Invalid token'", taskToken=nonsense, **arguments)
    same(ended(execution)["status"], "SUCCEEDED")


@promise
def a_stopped_execution_takes_its_task_along():
    activity, execution = start("stopped")
    token, _ = take(activity)
    sfn.stop_execution(executionArn=execution)
    refused("TaskTimedOut", sfn.send_task_heartbeat, taskToken=token)
    refused("TaskTimedOut", sfn.send_task_success, taskToken=token, output="{}")


@promise
def a_token_of_a_deleted_activity_is_told():
    activity, execution = start("removed")
    token, _ = take(activity)
    sfn.delete_activity(activityArn=activity)
    refused("TaskDoesNotExist", sfn.send_task_success, taskToken=token, output="{}")
    sfn.stop_execution(executionArn=execution)


@promise
def a_worker_that_is_silent_loses_its_task():
    activity, execution = start("silent", TimeoutSeconds=1)
    token, _ = take(activity)
    found = ended(execution)
    same((found["status"], found["error"]), ("FAILED", "States.Timeout"))
    same(types(execution)[-2:], ["ActivityTimedOut", "ExecutionFailed"])
    refused("TaskTimedOut", sfn.send_task_success, taskToken=token, output="{}")


@promise
def names_of_workers_and_tokens_have_a_length():
    activity = sfn.create_activity(name="lengths")["activityArn"]
    refused("ValidationException", sfn.get_activity_task, activityArn=activity, workerName="w" * 81,
            words="Member must have length less than or equal to 80")
    refused("ValidationException", sfn.send_task_heartbeat, taskToken="t" * 2049,
            words="Member must have length less than or equal to 2048")


run()
