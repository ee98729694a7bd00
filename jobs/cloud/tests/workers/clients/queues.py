"""The queues of the local cloud as boto3 sees them; boto3 checks every MD5 itself."""

import boto3
from refusals import refused

sqs = boto3.client("sqs")


dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
policy = '{"deadLetterTargetArn": "%s", "maxReceiveCount": "1"}' % arn
url = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": policy}, tags={"team": "a"})["QueueUrl"]
assert sqs.get_queue_url(QueueName="jobs")["QueueUrl"] == url
assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a"}
assert sqs.list_queues()["QueueUrls"] == [dead, url]

attributes = {
    "text": {"DataType": "String", "StringValue": "é"},
    "number": {"DataType": "Number.int", "StringValue": "7"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}
sent = sqs.send_message(QueueUrl=url, MessageBody="é\n", MessageAttributes=attributes)
[message] = sqs.receive_message(
    QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], WaitTimeSeconds=1
)["Messages"]
assert message["Body"] == "é\n" and message["MessageId"] == sent["MessageId"]
assert message["MessageAttributes"] == attributes
assert message["Attributes"]["ApproximateReceiveCount"] == "1"
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
assert "Messages" not in sqs.receive_message(QueueUrl=url)
[letter] = sqs.receive_message(QueueUrl=dead)["Messages"]
assert letter["MessageId"] == sent["MessageId"]
sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])

batch = sqs.send_message_batch(
    QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "body %d" % n} for n in range(10)]
)
assert len(batch["Successful"]) == 10 and "Failed" not in batch
received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
assert len(received) == 10
entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(received)]
assert len(sqs.delete_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10

refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="none")
try:
    sqs.get_queue_url(QueueName="none")
except sqs.exceptions.QueueDoesNotExist:
    pass
refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="x")
refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"DelaySeconds": "x"})
sqs.purge_queue(QueueUrl=url)
sqs.delete_queue(QueueUrl=url)
print("well")
