//! The event that Lambda makes of SQS messages.

use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};

/// `{"Records": […]}`, by AWS's page "Using Lambda with Amazon SQS".
pub(super) fn of(messages: &[Message], queue_arn: &str, region: &str) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| {
            let system = message.attributes.iter().flatten();
            let attributes: Map<String, Value> = system
                .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
                .collect();
            let own = message.message_attributes.iter().flatten();
            let message_attributes: Map<String, Value> = own
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect();
            let mut record = json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": attributes,
                "messageAttributes": message_attributes,
                "md5OfBody": message.md5_of_body,
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": region,
            });
            if let Some(digest) = &message.md5_of_message_attributes {
                record["md5OfMessageAttributes"] = digest.as_str().into();
            }
            record
        })
        .collect();
    json!({ "Records": records })
}

fn attribute(value: &MessageAttributeValue) -> Value {
    let mut told = json!({
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value.data_type,
    });
    if let Some(text) = &value.string_value {
        told["stringValue"] = text.as_str().into();
    }
    if let Some(bytes) = &value.binary_value {
        told["binaryValue"] = BASE64_STANDARD.encode(bytes).into();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sqs::primitives::Blob;
    use aws_sdk_sqs::types::MessageSystemAttributeName;

    #[test]
    fn has_the_shape_that_functions_know() {
        let text = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("x")
            .build()
            .unwrap();
        let binary = MessageAttributeValue::builder()
            .data_type("Binary")
            .binary_value(Blob::new([1, 2, 3]))
            .build()
            .unwrap();
        let message = Message::builder()
            .message_id("id")
            .receipt_handle("handle")
            .body("{\"a\":1}")
            .md5_of_body("digest")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "2")
            .message_attributes("text", text)
            .message_attributes("bytes", binary)
            .build();
        let event = of(&[message], "arn:aws:sqs:eu-west-1:1:q", "eu-west-1");
        assert_eq!(
            event["Records"][0],
            json!({
                "messageId": "id",
                "receiptHandle": "handle",
                "body": "{\"a\":1}",
                "attributes": {"ApproximateReceiveCount": "2"},
                "messageAttributes": {
                    "text": {"stringListValues": [], "binaryListValues": [], "dataType": "String",
                             "stringValue": "x"},
                    "bytes": {"stringListValues": [], "binaryListValues": [], "dataType": "Binary",
                              "binaryValue": "AQID"},
                },
                "md5OfBody": "digest",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
                "awsRegion": "eu-west-1",
            })
        );
    }
}
