//! The messages that Task states send: to queues (SQS), and to the event rules (EventBridge, SNS).
//!
//! | Resource | what |
//! |---|---|
//! | `sqs:sendMessage`, with or without `.waitForTaskToken` | a message; a body that is no text is written as JSON |
//! | `aws-sdk:sqs:…` | the queue's operations of [`SQS`] |
//! | `events:putEvents`, `aws-sdk:eventbridge:putEvents` | events for the rules |
//! | `sns:publish`, `aws-sdk:sns:publish` | an event `SNS Message` of the source `local.sns` for the rules: there are no topics here |

use std::sync::{Arc, OnceLock, Weak};

use serde_json::{Map, Value, json};
use states_language::Pattern;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::events::{CloudEvent, EventSink};
use crate::lanes::with_metadata;
use crate::sqs::{Queues, SqsError};
use crate::states::{CallContext, TaskError};

/// Operations of queues that can be called by `aws-sdk:sqs`, and by what name.
const SQS: [(&str, &str); 9] = [
    ("sendMessage", "SendMessage"),
    ("sendMessageBatch", "SendMessageBatch"),
    ("receiveMessage", "ReceiveMessage"),
    ("deleteMessage", "DeleteMessage"),
    ("deleteMessageBatch", "DeleteMessageBatch"),
    ("changeMessageVisibility", "ChangeMessageVisibility"),
    ("getQueueUrl", "GetQueueUrl"),
    ("getQueueAttributes", "GetQueueAttributes"),
    ("purgeQueue", "PurgeQueue"),
];

/// Events that one call may put.
const MAX_ENTRIES: usize = 10;

/// Whether a resource is served here.
pub(super) fn supports(service: &str, action: &str, pattern: Pattern, sdk: bool) -> bool {
    match (service, action, pattern) {
        ("sqs", "sendMessage", Pattern::RequestResponse | Pattern::WaitForTaskToken) if !sdk => {
            true
        }
        ("sqs", action, Pattern::RequestResponse) if sdk => {
            SQS.iter().any(|(known, _)| *known == action)
        }
        ("events", "putEvents", Pattern::RequestResponse) => !sdk,
        ("eventbridge", "putEvents", Pattern::RequestResponse) => sdk,
        ("sns", "publish", Pattern::RequestResponse) => true,
        _ => false,
    }
}

/// Where messages go.
pub(crate) struct Messages {
    queues: Arc<Queues>,
    /// The rules. They know the engine, which knows us: they come when both are there, and go before us.
    bus: OnceLock<Weak<dyn EventSink>>,
    connected: Notify,
}

impl Messages {
    pub(crate) fn new(queues: Arc<Queues>) -> Self {
        Self {
            queues,
            bus: OnceLock::new(),
            connected: Notify::new(),
        }
    }

    /// Tells where events go. Telling it twice changes nothing.
    pub(crate) fn connect(&self, bus: &Arc<dyn EventSink>) {
        // An error is a bus that is connected already.
        let _ = self.bus.set(Arc::downgrade(bus));
        self.connected.notify_waiters();
    }

    /// The rules. Calls that are made again when the engine opens come before them, and wait.
    async fn bus(&self) -> Arc<dyn EventSink> {
        let bus = loop {
            let connected = self.connected.notified();
            if let Some(bus) = self.bus.get() {
                break bus;
            }
            connected.await;
        };
        match bus.upgrade() {
            Some(bus) => bus,
            // The cloud ends: the call has no answer, and is made again.
            None => std::future::pending().await,
        }
    }

    /// Makes a call; gives its result as JSON text.
    pub(super) async fn call(
        &self,
        (service, action, sdk): (&str, &str, bool),
        parameters: Map<String, Value>,
        context: &CallContext,
    ) -> Result<String, TaskError> {
        let answer = match service {
            "sqs" => self.queue(action, sdk, parameters).await?,
            "sns" => self.publish(&parameters, context).await?,
            _ => self.put_events(&parameters, context).await?,
        };
        Ok(if sdk { answer } else { with_metadata(answer) }.to_string())
    }

    async fn queue(
        &self,
        action: &str,
        sdk: bool,
        mut parameters: Map<String, Value>,
    ) -> Result<Value, TaskError> {
        let known = SQS.iter().find(|(known, _)| *known == action);
        let operation = known.map_or(action, |(_, operation)| operation);
        if let Some(body) = parameters
            .get_mut("MessageBody")
            .filter(|body| !body.is_string())
        {
            *body = body.to_string().into();
        }
        let asked = self.queues.request(operation, Value::Object(parameters));
        asked.await.map_err(|error| sqs_error(&error, sdk))
    }

    async fn put_events(
        &self,
        parameters: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, TaskError> {
        let entries = parameters.get("Entries").and_then(Value::as_array);
        let entries = entries.map_or(&[][..], Vec::as_slice);
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            let message = format!("The field 'Entries' must have 1 to {MAX_ENTRIES} events");
            return Err(error("EventBridge.ValidationException", &message));
        }
        let mut told = Vec::with_capacity(entries.len());
        let mut failed = 0;
        for entry in entries {
            let put = match event(entry, context) {
                Ok(event) => self.deliver(event).await,
                Err(refused) => Err(refused),
            };
            told.push(match put {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": message })
                }
            });
        }
        if failed > 0 {
            // The optimised integration fails with what failed.
            let cause = json!({ "Entries": told, "FailedEntryCount": failed });
            return Err(error("EventBridge.FailedEntry", &cause.to_string()));
        }
        Ok(json!({ "Entries": told, "FailedEntryCount": failed }))
    }

    async fn publish(
        &self,
        parameters: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, TaskError> {
        let topic = parameters
            .get("TopicArn")
            .or_else(|| parameters.get("TargetArn"));
        let (Some(topic), Some(message)) = (topic, parameters.get("Message")) else {
            let words = "The fields 'TopicArn' and 'Message' are required";
            return Err(error("SNS.InvalidParameterException", words));
        };
        let detail = json!({
            "TopicArn": topic,
            "Message": message,
            "Subject": parameters.get("Subject"),
            "MessageAttributes": parameters.get("MessageAttributes"),
        });
        let event = new_event(context, "local.sns", "SNS Message", detail);
        let id = self.deliver(event).await;
        let id = id.map_err(|(code, message)| error(&format!("SNS.{code}Exception"), &message))?;
        Ok(json!({ "MessageId": id }))
    }

    /// Hands an event to the rules; gives its id.
    async fn deliver(&self, event: CloudEvent) -> Result<String, (&'static str, String)> {
        match self.bus().await.deliver(&event).await {
            Ok(()) => Ok(event.id),
            Err(error) => Err(("InternalFailure", error.to_string())),
        }
    }
}

/// An entry of `PutEvents` as an event.
fn event(entry: &Value, context: &CallContext) -> Result<CloudEvent, (&'static str, String)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let (Some(source), Some(kind)) = (text("Source"), text("DetailType")) else {
        let words = "Source and DetailType are required".to_owned();
        return Err(("InvalidArgument", words));
    };
    if source.starts_with("aws.") {
        let words = "Sources that begin with aws. are the services' own".to_owned();
        return Err(("NotAuthorizedForSource", words));
    }
    let detail = match entry.get("Detail") {
        Some(Value::String(text)) => serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or(("MalformedDetail", "Detail is malformed.".to_owned()))?,
        Some(detail @ Value::Object(_)) => detail.clone(),
        _ => return Err(("InvalidArgument", "Detail is required".to_owned())),
    };
    let mut event = new_event(context, source, kind, detail);
    let resources = entry.get("Resources").and_then(Value::as_array);
    let named = resources.into_iter().flatten().filter_map(Value::as_str);
    event.resources.extend(named.map(str::to_owned));
    Ok(event)
}

/// The service names the execution and its machine among the resources of what a Task state sends.
fn new_event(context: &CallContext, source: &str, kind: &str, detail: Value) -> CloudEvent {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    CloudEvent {
        version: "0".to_owned(),
        id: Uuid::new_v4().to_string(),
        detail_type: kind.to_owned(),
        source: source.to_owned(),
        account: context.account.clone(),
        time: OffsetDateTime::now_utc().format(format).unwrap_or_default(),
        region: context.region.clone(),
        resources: vec![
            context.state_machine_arn.clone(),
            context.execution_arn.clone(),
        ],
        detail,
    }
}

fn sqs_error(refused: &SqsError, sdk: bool) -> TaskError {
    let name = if sdk {
        format!("Sqs.{}Exception", refused.code)
    } else {
        "SQS.AmazonSQSException".to_owned()
    };
    let (message, status) = (&refused.message, refused.status);
    let id = Uuid::new_v4();
    let cause = format!("{message} (Service: Sqs, Status Code: {status}, Request ID: {id})");
    error(&name, &cause)
}

fn error(error: &str, cause: &str) -> TaskError {
    TaskError {
        error: error.to_owned(),
        cause: cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::Durability;
    use crate::events::DeliveryError;
    use crate::states::{Started, TaskKey};

    #[derive(Default)]
    struct Sink(Mutex<Vec<CloudEvent>>);

    #[async_trait]
    impl EventSink for Sink {
        async fn deliver(&self, event: &CloudEvent) -> Result<(), DeliveryError> {
            self.0.lock().unwrap().push(event.clone());
            Ok(())
        }
    }

    fn context() -> CallContext {
        CallContext {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            execution_arn: "arn:execution".into(),
            state_machine_arn: "arn:machine".into(),
            task: TaskKey {
                execution: 1,
                task: 1,
            },
            started: Started::default(),
        }
    }

    async fn ask(
        messages: &Messages,
        resource: (&str, &str, bool),
        parameters: Value,
    ) -> Result<Value, TaskError> {
        let parameters = parameters.as_object().unwrap().clone();
        let answer = messages.call(resource, parameters, &context()).await?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    fn messages(folder: &std::path::Path) -> (Messages, Arc<Queues>, Arc<Sink>) {
        let path = folder.join("queues.db");
        let home = ("us-east-1", "000000000000", "http://127.0.0.1:1");
        let queues = Queues::open(&path, Durability::Normal, home.0, home.1, home.2).unwrap();
        let (queues, sink) = (Arc::new(queues), Arc::new(Sink::default()));
        let messages = Messages::new(Arc::clone(&queues));
        messages.connect(&(Arc::clone(&sink) as Arc<dyn EventSink>));
        (messages, queues, sink)
    }

    #[tokio::test]
    async fn a_message_arrives_in_its_queue_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let (messages, queues, _) = messages(folder.path());
        let made = queues
            .request("CreateQueue", json!({"QueueName": "q"}))
            .await
            .unwrap();
        let send = json!({"QueueUrl": made["QueueUrl"], "MessageBody": {"a": 1}});
        let sent = ask(&messages, ("sqs", "sendMessage", false), send)
            .await
            .unwrap();
        assert_eq!(sent["SdkHttpMetadata"]["HttpStatusCode"], 200);
        let receive = json!({ "QueueUrl": made["QueueUrl"] });
        let got = ask(&messages, ("sqs", "receiveMessage", true), receive)
            .await
            .unwrap();
        assert_eq!(got["Messages"][0]["Body"], r#"{"a":1}"#);
        assert_eq!(got["Messages"][0]["MessageId"], sent["MessageId"]);
        let nowhere =
            json!({"QueueUrl": "http://127.0.0.1:1/000000000000/none", "MessageBody": "x"});
        let refused = ask(&messages, ("sqs", "sendMessage", false), nowhere.clone()).await;
        assert_eq!(refused.unwrap_err().error, "SQS.AmazonSQSException");
        let refused = ask(&messages, ("sqs", "sendMessage", true), nowhere).await;
        assert_eq!(refused.unwrap_err().error, "Sqs.QueueDoesNotExistException");
    }

    #[tokio::test]
    async fn events_go_to_the_rules() {
        let folder = tempfile::tempdir().unwrap();
        let (messages, _, sink) = messages(folder.path());
        let entry = json!({"Source": "my.app", "DetailType": "Done", "Detail": {"n": 1}});
        let put = ask(
            &messages,
            ("events", "putEvents", false),
            json!({"Entries": [entry]}),
        );
        let put = put.await.unwrap();
        assert_eq!(put["FailedEntryCount"], 0);
        let publish = json!({"TopicArn": "arn:aws:sns:us-east-1:000000000000:t", "Message": "hi"});
        ask(&messages, ("sns", "publish", false), publish)
            .await
            .unwrap();
        let events = sink.0.lock().unwrap().clone();
        assert_eq!(
            (events[0].source.as_str(), &events[0].detail),
            ("my.app", &json!({"n": 1}))
        );
        assert_eq!(put["Entries"][0]["EventId"], json!(events[0].id));
        assert_eq!(events[1].detail["Message"], "hi");
        let foreign = json!({"Entries": [{"Source": "aws.s3", "DetailType": "x", "Detail": "{}"}]});
        let refused = ask(&messages, ("events", "putEvents", false), foreign)
            .await
            .unwrap_err();
        assert!(
            refused.cause.contains("NotAuthorizedForSource"),
            "{refused}"
        );
    }
}
