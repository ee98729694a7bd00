//! Messages in.

use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::batch::{Answer, Batch};
use super::digest::{Attributes, of_attributes, of_body};
use super::fifo::{self, Place, Taken, check_id};
use super::queues::Queue;
use super::{Queues, SqsError, now};

/// The longest delay of a message, in seconds.
const MAX_DELAY: i64 = 900;
/// The most attributes of a message.
const MAX_ATTRIBUTES: usize = 10;
/// All messages of a batch together, in bytes.
const MAX_BATCH: usize = 1_048_576;
/// Why a parameter is refused that the other kind of queue would take.
const OTHER_KIND: &str = "The request include parameter that is not valid for this queue type.";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    queue_url: String,
    #[serde(flatten)]
    message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Message {
    #[serde(default, rename = "MessageBody")]
    body: String,
    delay_seconds: Option<i64>,
    #[serde(default, rename = "MessageAttributes")]
    attributes: Attributes,
    #[serde(default, rename = "MessageSystemAttributes")]
    system: Attributes,
    #[serde(rename = "MessageGroupId")]
    group: Option<String>,
    #[serde(rename = "MessageDeduplicationId")]
    deduplication: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Sent {
    #[serde(rename = "MessageId")]
    id: String,
    #[serde(rename = "MD5OfMessageBody")]
    body: String,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    attributes: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    system: Option<String>,
    #[serde(rename = "SequenceNumber", skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

impl Queues {
    pub(super) fn send(&self, store: &Transaction<'_>, input: &Send) -> Result<Sent, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        add(store, &queue, &input.message)
    }

    pub(super) fn send_batch(
        &self,
        store: &Transaction<'_>,
        input: &Batch<Message>,
    ) -> Result<Answer<Sent>, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        input.check()?;
        let size: usize = input.entries.iter().map(|entry| entry.says.size()).sum();
        if size > MAX_BATCH {
            let message = format!(
                "Batch requests cannot be longer than {MAX_BATCH} bytes. You have sent {size} bytes."
            );
            return Err(SqsError::of_sender("BatchRequestTooLong", message));
        }
        input.each(|message| add(store, &queue, message))
    }
}

impl Message {
    /// Body and attributes in bytes, as the limit counts them.
    fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            name.len() + attribute.data_type.len() + attribute.bytes().len()
        });
        self.body.len() + attributes.sum::<usize>()
    }

    fn check(&self, limit: i64) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::missing("MessageBody"));
        }
        if self.size() as i64 > limit {
            let message = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            );
            return Err(SqsError::of_sender("InvalidParameterValue", message));
        }
        if !self.body.chars().all(is_allowed) {
            let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                           #xE000 to #xFFFD | #x10000 to #x10FFFF";
            return Err(SqsError::of_sender("InvalidMessageContents", message));
        }
        if let Some(group) = &self.group {
            check_id("MessageGroupId", group)?;
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            let message = format!(
                "Number of message attributes [{}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
                self.attributes.len()
            );
            return Err(SqsError::of_sender("InvalidParameterValue", message));
        }
        for (name, attribute) in &self.attributes {
            let kind = attribute.data_type.split('.').next().unwrap_or_default();
            let has_value = match kind {
                "String" | "Number" => attribute.string_value.is_some(),
                "Binary" => attribute.binary_value.is_some(),
                _ => false,
            };
            if !has_value {
                let message = format!(
                    "The message attribute '{name}' must have a String, Number or Binary data type and a value of it."
                );
                return Err(SqsError::of_sender("InvalidParameterValue", message));
            }
        }
        Ok(())
    }

    /// Where it belongs in a FIFO queue; nowhere in a standard one, which takes a group and has no order.
    fn place(&self, queue: &Queue) -> Result<Option<Place>, SqsError> {
        let (group, deduplication) = (self.group.as_deref(), self.deduplication.as_deref());
        if queue.settings.is_fifo() {
            return Place::of(queue, group, deduplication, &self.body).map(Some);
        }
        match deduplication {
            None => Ok(None),
            Some(id) => Err(SqsError::parameter(
                "MessageDeduplicationId",
                id,
                OTHER_KIND,
            )),
        }
    }

    /// Its delay in seconds.
    fn delay(&self, queue: &Queue) -> Result<i64, SqsError> {
        let is_fifo = queue.settings.is_fifo();
        match self.delay_seconds {
            None => Ok(queue.settings.number("DelaySeconds")),
            // One message's would hold up its group.
            Some(0) if is_fifo => Ok(queue.settings.number("DelaySeconds")),
            Some(delay) if is_fifo => Err(SqsError::parameter("DelaySeconds", delay, OTHER_KIND)),
            Some(delay @ 0..=MAX_DELAY) => Ok(delay),
            Some(delay) => {
                let reason = "DelaySeconds must be >= 0 and <= 900.";
                Err(SqsError::parameter("DelaySeconds", delay, reason))
            }
        }
    }
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn add(store: &Transaction<'_>, queue: &Queue, message: &Message) -> Result<Sent, SqsError> {
    message.check(queue.settings.number("MaximumMessageSize"))?;
    let (place, delay) = (message.place(queue)?, message.delay(queue)?);
    let moment = now();
    let system = &message.system;
    let sent = |message_id: String, number: Option<i64>| Sent {
        id: message_id,
        body: of_body(&message.body),
        attributes: of_attributes(&message.attributes),
        system: of_attributes(system),
        number: number.map(fifo::sequence),
    };
    if let Some(place) = &place
        && let Some(taken) = place.repeats(store, queue, moment)?
    {
        return Ok(sent(taken.message_id, Some(taken.message)));
    }
    let message_id = uuid::Uuid::new_v4().to_string();
    let trace = system
        .get("AWSTraceHeader")
        .and_then(|attribute| attribute.string_value.as_deref());
    store
        .prepare_cached(
            "INSERT INTO message (queue, visible, sent, message_id, trace, grouping, deduplication, attributes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            queue.id,
            moment + delay * 1000,
            moment,
            message_id,
            trace,
            message.group,
            place.as_ref().map(|place| &place.deduplication),
            json!(message.attributes).to_string(),
            message.body,
        ])?;
    let Some(place) = place else {
        return Ok(sent(message_id, None));
    };
    let message = store.last_insert_rowid();
    let taken = Taken {
        message,
        message_id,
    };
    place.remember(store, queue, moment, &taken)?;
    Ok(sent(taken.message_id, Some(message)))
}
