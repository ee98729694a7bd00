"""The functions of the local cloud, through boto3."""

import base64
import json
import os

import boto3
from check import holds, promise, refused, run, same

functions = boto3.client("lambda")
s3 = boto3.client("s3")
BUCKET = "wb-local"
NAMES = ["whiteboarder-clean", "whiteboarder-plan", "whiteboarder-record"]
PLAN = {
    "action": "plan", "bucket": BUCKET, "key": "inbox/lambda/missing.jpg",
    "limits": {"memory_mb": 1024, "timeout_s": 60},
}


def invoke(name="whiteboarder-plan", **arguments):
    return functions.invoke(FunctionName=name, **arguments)


@promise
def functions_are_listed_and_described():
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    same([found["FunctionName"] for page in pages for found in page["Functions"]], NAMES)
    one = functions.get_function_configuration(FunctionName="whiteboarder-clean")
    holds(one["FunctionArn"].endswith(":function:whiteboarder-clean"), one["FunctionArn"])
    holds(one["MemorySize"] >= 128 and one["Timeout"] >= 1, f"memory and time: {one}")
    same(functions.get_function(FunctionName=one["FunctionArn"])["Configuration"]["FunctionName"], one["FunctionName"])
    functions.get_waiter("function_active_v2").wait(FunctionName="whiteboarder-clean")
    refused("ResourceNotFoundException", functions.get_function, http=404, FunctionName="nobody")


@promise
def a_function_is_invoked_by_name_and_by_arn():
    # A wrong event is answered by the function itself: it ran.
    arn = functions.get_function_configuration(FunctionName="whiteboarder-plan")["FunctionArn"]
    account = arn.split(":")[4]
    for name in ["whiteboarder-plan", arn, f"{account}:function:whiteboarder-plan", "whiteboarder-plan:$LATEST"]:
        answer = invoke(name, Payload=json.dumps({"action": "dance"}))
        same((answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]),
             (200, "Unhandled", "$LATEST"), name)
        error = json.loads(answer["Payload"].read())
        same(error["errorType"], "InvalidEvent")
        holds("`dance`" in error["errorMessage"], error)


@promise
def the_functions_error_is_in_the_payload_and_its_log_in_the_tail():
    answer = invoke(Payload=json.dumps(PLAN), LogType="Tail")
    error = json.loads(answer["Payload"].read())
    same((answer["FunctionError"], error["errorType"]), ("Unhandled", "ObjectMissing"))
    base64.b64decode(answer["LogResult"], validate=True)


@promise
def a_plan_is_made_for_a_real_board():
    with open(os.path.join(os.environ["BOARDS"], "sketch.jpg"), "rb") as board:
        s3.put_object(Bucket=BUCKET, Key="elsewhere/b/sketch.jpg", Body=board.read())
    answer = invoke(Payload=json.dumps({**PLAN, "key": "elsewhere/b/sketch.jpg"}))
    plan = json.loads(answer["Payload"].read())
    holds("FunctionError" not in answer, f"no error: {plan}")
    same((plan["place"], plan["image"]["format"]), ("lambda", "JPEG"))


@promise
def an_event_is_accepted_and_a_dry_run_runs_nothing():
    answer = invoke(InvocationType="Event", Payload=json.dumps(PLAN))
    same((answer["StatusCode"], answer["Payload"].read()), (202, b""))
    answer = invoke(InvocationType="DryRun")
    same(answer["StatusCode"], 204)


@promise
def what_is_wrong_with_a_call_is_said():
    refused("ResourceNotFoundException", invoke, http=404, name="nobody", words="Function not found: arn:aws:lambda:")
    refused("ResourceNotFoundException", invoke, http=404, name="whiteboarder-plan", Qualifier="7")
    refused("InvalidRequestContentException", invoke, http=400, Payload="{not json")
    refused("RequestTooLargeException", invoke, http=413, Payload=b'"' + b"x" * 6_291_456 + b'"')
    refused("InvalidRequestContentException", invoke, http=400, ClientContext="?")


@promise
def what_is_not_built_is_said_so():
    for call, arguments in [
        (functions.create_function, {"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/any",
                                     "Code": {"ZipFile": b"x"}}),
        (functions.delete_function, {"FunctionName": "whiteboarder-plan"}),
        (functions.update_function_configuration, {"FunctionName": "whiteboarder-plan", "Timeout": 3}),
        (functions.list_versions_by_function, {"FunctionName": "whiteboarder-plan"}),
        (functions.invoke_with_response_stream, {"FunctionName": "whiteboarder-plan"}),
        (functions.list_event_source_mappings, {}),
    ]:
        refused("UnknownOperationException", call, http=404, words="The local cloud's Lambda has", **arguments)
    same(len(functions.list_functions()["Functions"]), 3)


@promise
def other_services_are_said_not_to_be_here():
    for service, call in [
        ("ecs", lambda client: client.list_clusters()),
        ("sts", lambda client: client.get_caller_identity()),
        ("logs", lambda client: client.describe_log_groups()),
        ("events", lambda client: client.list_rules()),
        ("sns", lambda client: client.list_topics()),
    ]:
        client = boto3.client(service)
        refused("UnknownOperationException", lambda: call(client), http=501,
                text=f"The local cloud has no service {service}: it has s3, states, lambda and sqs")


run()
