"""The FIFO queues of the local cloud as boto3 sees them."""

import json

import boto3
from refusals import refused

sqs = boto3.client("sqs")


def create(name, **attributes):
    return sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true", **attributes})["QueueUrl"]


def receive(url, most=10, **more):
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"], **more
    )
    return answer.get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


dead = create("dead.fifo")
arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
url = create("jobs.fifo", ContentBasedDeduplication="true", RedrivePolicy=policy)
assert create("jobs.fifo", ContentBasedDeduplication="true", RedrivePolicy=policy) == url
told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
assert told["FifoQueue"] == "true" and told["ContentBasedDeduplication"] == "true", told
assert told["DeduplicationScope"] == "queue" and told["FifoThroughputLimit"] == "perQueue", told

first = sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="a")
again = sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="a")
assert again["MessageId"] == first["MessageId"] and again["SequenceNumber"] == first["SequenceNumber"]
batch = sqs.send_message_batch(
    QueueUrl=url,
    Entries=[
        {"Id": "2", "MessageBody": "2", "MessageGroupId": "a"},
        {"Id": "3", "MessageBody": "3", "MessageGroupId": "b", "MessageDeduplicationId": "three"},
        {"Id": "none", "MessageBody": "4"},
        {"Id": "late", "MessageBody": "5", "MessageGroupId": "a", "DelaySeconds": 5},
    ],
)
assert [entry["Id"] for entry in batch["Successful"]] == ["2", "3"], batch
assert [entry["Code"] for entry in batch["Failed"]] == ["MissingParameter", "InvalidParameterValue"], batch
assert first["SequenceNumber"] < batch["Successful"][0]["SequenceNumber"] < batch["Successful"][1]["SequenceNumber"]

[one] = receive(url, most=1, ReceiveRequestAttemptId="attempt")
assert one["Body"] == "1" and one["Attributes"]["MessageGroupId"] == "a"
assert one["Attributes"]["SequenceNumber"] == first["SequenceNumber"]
[three] = receive(url)
assert three["Body"] == "3" and three["Attributes"]["MessageDeduplicationId"] == "three"
assert receive(url, WaitTimeSeconds=1) == []

# Twice received and given back: the third receipt finds it dead, and its group free.
for _ in range(2):
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0)
    found = receive(url, most=1)
    if found:
        one = found[0]
assert one["Body"] == "2", one
[letter] = receive(dead)
assert letter["Body"] == "1" and letter["Attributes"]["MessageGroupId"] == "a"
sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
sqs.delete_message(QueueUrl=url, ReceiptHandle=three["ReceiptHandle"])
refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="x")
refused("InvalidParameterValue", sqs.create_queue, QueueName="other.fifo")
refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "false"})
assert receive(url) == []
print("well")
