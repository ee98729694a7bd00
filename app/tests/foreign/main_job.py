"""A board cleaned by foreign hands: nothing of Whiteboarder but its bucket and its state machine."""

import json
import os
import time

import boto3
from check import holds, promise, run, same

s3 = boto3.client("s3")
sfn = boto3.client("stepfunctions")
BUCKET = "wb-local"
MACHINE = next(
    machine["stateMachineArn"]
    for machine in sfn.list_state_machines()["stateMachines"]
    if machine["name"] == "whiteboarder"
)


def upload(key, body):
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def execution_of(key):
    """The execution that the upload of this key has started."""
    for _ in range(600):
        for found in sfn.list_executions(stateMachineArn=MACHINE)["executions"]:
            description = sfn.describe_execution(executionArn=found["executionArn"])
            if json.loads(description["input"])["detail"]["object"]["key"] == key:
                return found["executionArn"]
        time.sleep(0.1)
    raise AssertionError(f"no execution starts for {key}")


def ended(execution, redrives=0):
    for _ in range(1200):
        found = sfn.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING" and found["redriveCount"] == redrives:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{execution} does not end")


def appears(key):
    s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key=key, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return s3.get_object(Bucket=BUCKET, Key=key)


@promise
def a_board_is_put_and_comes_back_clean():
    with open(os.path.join(os.environ["BOARDS"], "sketch.jpg"), "rb") as board:
        upload("inbox/foreign/x.jpg", board.read())
    execution = execution_of("inbox/foreign/x.jpg")
    found = ended(execution)
    same(found["status"], "SUCCEEDED", f"status ({found.get('error')}: {found.get('cause')})")
    same(json.loads(found["output"])["result"]["output"]["key"], "cleaned/foreign/x.jpg.png")
    result = s3.get_object(Bucket=BUCKET, Key="cleaned/foreign/x.jpg.png")
    same(result["ContentType"], "image/png")
    same(result["Body"].read()[:8], b"\x89PNG\r\n\x1a\n", "signature of the PNG")
    steps = [event["stateEnteredEventDetails"]["name"]
             for page in sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
             for event in page["events"] if event["type"].endswith("StateEntered")]
    same(steps[:3], ["Register", "Plan", "Place"])
    same(steps[-1], "Done")
    noted = s3.list_objects_v2(Bucket=BUCKET, Prefix="runs/inbox/foreign/x.jpg/")["Contents"]
    same(noted[0]["Key"].split("/")[-1], execution.split(":")[-1], "the execution is noted under its picture")


@promise
def what_is_no_picture_fails_with_its_reason_and_is_redriven():
    upload("inbox/foreign/note.jpg", b"buy new pens")
    execution = execution_of("inbox/foreign/note.jpg")
    found = ended(execution)
    same((found["status"], found["error"]), ("FAILED", "ImageUnsupported"))
    failure = json.loads(appears("failed/foreign/note.jpg.json")["Body"].read())
    holds("ImageUnsupported" in json.dumps(failure), f"the reason is in {failure}")

    sfn.redrive_execution(executionArn=execution)
    again = ended(execution, redrives=1)
    same((again["status"], again["error"]), ("FAILED", "ImageUnsupported"), "it is still no picture")

    # With a picture in its place the same execution goes on to the end.
    with open(os.path.join(os.environ["BOARDS"], "sketch.jpg"), "rb") as board:
        upload("inbox/foreign/note.jpg", board.read())
    sfn.redrive_execution(executionArn=execution)
    same(ended(execution, redrives=2)["status"], "SUCCEEDED", "after the third try")
    png = appears("cleaned/foreign/note.jpg.png")["Body"].read()
    same(png[:8], b"\x89PNG\r\n\x1a\n", "signature of the PNG")


run()
