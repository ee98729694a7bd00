//! Amazon SQS, over the AWS SDK.
//!
//! A task is one poll's messages. While the function works on them their visibility is extended;
//! a result deletes them, except for those that it names as failed; what failed is visible again
//! after a growing pause. After how many receipts a message is a dead letter is the queue's
//! redrive policy's affair. Everything is done at least once. A standard queue has an order only by
//! chance; a FIFO queue hands out no more of a message group while some of it is in hand, and what
//! stood behind a failure in its group goes back with it.

mod event;
mod failures;
mod held;
mod url;

pub use url::{NotAQueue, QueueUrl};

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageSystemAttributeName, QueueAttributeName,
};
use bytes::Bytes;
use held::{Held, Outcome, hold};
use tokio::sync::OnceCell;

use super::aws::{call_limits, common_meaning, poll_limits, shared_config, why};
use super::{Answers, SourceError, Task, TaskSource};
use crate::worker::STOPPED;

/// A poll is held open this long, the longest that the service offers.
const POLL_SECONDS: i32 = 20;
const POLL_READ_LIMIT: Duration = Duration::from_secs(30);

/// The longest pause before a message that failed is visible again.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// What a function gets of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventShape {
    /// `{"Records": […]}`, as Lambda gives it to a function with an SQS event source. The function
    /// may answer with `batchItemFailures`.
    Lambda,
    /// The body of one message, as it is.
    Raw,
}

/// How an [`SqsSource`] receives and gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqsSettings {
    /// The event's shape.
    pub shape: EventShape,
    /// Messages to one event: 1 to 10. With [`EventShape::Raw`] it is 1.
    pub batch: u8,
    /// For how long messages are hidden from others, again with each heartbeat.
    pub visibility: Duration,
    /// The pause before a message that failed is visible again; doubled with each receipt, a
    /// quarter of an hour at most.
    pub retry_pause: Duration,
}

/// The messages of one queue.
#[derive(Debug)]
pub struct SqsSource {
    queue: QueueUrl,
    region: String,
    settings: SqsSettings,
    /// Patient, for polls.
    polls: Client,
    /// Impatient, for everything else.
    calls: Client,
    /// The messages of each task in hand, by its token.
    held: Mutex<HashMap<String, Vec<Held>>>,
    looked: OnceCell<()>,
}

impl SqsSource {
    /// A source for one queue. Makes no call to the service. The Region is the URL's, else the
    /// environment's.
    pub async fn connect(queue: QueueUrl, settings: SqsSettings) -> SqsSource {
        let shared = shared_config(queue.region.as_deref()).await;
        let client = |limits| {
            let config = aws_sdk_sqs::config::Builder::from(&shared)
                .timeout_config(limits)
                .build();
            Client::from_conf(config)
        };
        let region = shared.region().map(ToString::to_string);
        SqsSource {
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            polls: client(poll_limits(POLL_READ_LIMIT)),
            calls: client(call_limits()),
            queue,
            settings: SqsSettings {
                batch: match settings.shape {
                    EventShape::Lambda => settings.batch.clamp(1, 10),
                    EventShape::Raw => 1,
                },
                ..settings
            },
            held: Mutex::default(),
            looked: OnceCell::new(),
        }
    }

    /// The Region that was found.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The queue's ARN.
    fn arn(&self) -> String {
        let QueueUrl { account, name, .. } = &self.queue;
        format!("arn:aws:sqs:{}:{account}:{name}", self.region)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Vec<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn messages_of(&self, token: &str) -> Result<Vec<Held>, SourceError> {
        let held = self.held().get(token).cloned();
        held.ok_or(SourceError::TaskGone)
    }

    /// Keeps those messages only; without any left the task is over.
    fn keep(&self, token: &str, rest: Vec<Held>) {
        if rest.is_empty() {
            self.held().remove(token);
        } else {
            self.held().insert(token.to_owned(), rest);
        }
    }

    /// Says once in the log what a person should know about the queue. Reading it may be
    /// forbidden; then nothing is said.
    async fn look(&self) {
        let queue = self
            .calls
            .get_queue_attributes()
            .queue_url(&self.queue.url)
            .attribute_names(QueueAttributeName::RedrivePolicy)
            .send()
            .await;
        if let Ok(queue) = queue
            && queue.attributes.unwrap_or_default().is_empty()
        {
            tracing::warn!(
                queue = self.queue.name,
                "the queue has no redrive policy: a message that always fails comes back for ever"
            );
        }
    }

    /// Sets the visibility of messages; those that are left, because they are gone or not.
    async fn show_after(
        &self,
        messages: &[Held],
        pause: impl Fn(&Held) -> Duration,
    ) -> Result<Outcome, SourceError> {
        let entries = entries(messages, |id, message| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(id)
                .receipt_handle(&message.handle)
                .visibility_timeout(i32::try_from(pause(message).as_secs()).unwrap_or(i32::MAX))
                .build()
        })?;
        let answer = self
            .calls
            .change_message_visibility_batch()
            .queue_url(&self.queue.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| why(&error, meaning))?;
        Ok(Outcome::of(messages, &answer.failed))
    }

    async fn delete(&self, messages: &[Held]) -> Result<Outcome, SourceError> {
        let entries = entries(messages, |id, message| {
            DeleteMessageBatchRequestEntry::builder()
                .id(id)
                .receipt_handle(&message.handle)
                .build()
        })?;
        let answer = self
            .calls
            .delete_message_batch()
            .queue_url(&self.queue.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| why(&error, meaning))?;
        Ok(Outcome::of(messages, &answer.failed))
    }

    /// The pause of a message that failed.
    fn pause(&self, message: &Held) -> Duration {
        let doublings = message.receipts.saturating_sub(1).min(16);
        (self.settings.retry_pause * (1 << doublings)).min(LONGEST_PAUSE)
    }
}

#[async_trait::async_trait]
impl TaskSource for SqsSource {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        self.looked.get_or_init(|| self.look()).await;
        let answer = self
            .polls
            .receive_message()
            .queue_url(&self.queue.url)
            .max_number_of_messages(i32::from(self.settings.batch))
            .wait_time_seconds(POLL_SECONDS)
            .visibility_timeout(whole_seconds(self.settings.visibility))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(|error| why(&error, meaning))?;
        let messages = answer.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(None);
        }
        let input = match (self.settings.shape, messages.as_slice()) {
            (EventShape::Raw, [message]) => Bytes::from(message.body.clone().unwrap_or_default()),
            _ => Bytes::from(event::of(&messages, &self.arn(), &self.region).to_string()),
        };
        let token = uuid::Uuid::new_v4().to_string();
        let is_fifo = self.queue.is_fifo();
        let held = messages
            .into_iter()
            .map(|message| hold(message, is_fifo))
            .collect();
        self.held().insert(token.clone(), held);
        Ok(Some(Task { token, input }))
    }

    async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        let messages = self.messages_of(token)?;
        let outcome = self
            .show_after(&messages, |_| self.settings.visibility)
            .await?;
        let rest = [outcome.done, outcome.later].concat();
        let gone = rest.is_empty();
        self.keep(token, rest);
        if gone {
            Err(SourceError::TaskGone)
        } else {
            Ok(())
        }
    }

    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        let messages = self.messages_of(token)?;
        let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        let failed = match self.settings.shape {
            EventShape::Lambda => failures::in_answer(&output, &ids),
            EventShape::Raw => failures::Failed::None,
        };
        let (bad, good) = held::part(messages, &failed);
        if !good.is_empty() {
            let outcome = self.delete(&good).await?;
            if !outcome.later.is_empty() {
                self.keep(token, [outcome.later, bad].concat());
                return Err(SourceError::Unreachable("some were not deleted".to_owned()));
            }
            self.keep(token, bad.clone());
            if bad.is_empty() && outcome.done.is_empty() {
                return Err(SourceError::TaskGone);
            }
        }
        self.give_back(token, bad, false).await
    }

    async fn fail(&self, token: &str, error: &str, _cause: &str) -> Result<(), SourceError> {
        let messages = self.messages_of(token)?;
        // A worker that stops is not the message's fault: another one may have it at once.
        self.give_back(token, messages, error == STOPPED).await
    }

    fn answers(&self) -> Answers {
        Answers::Any
    }
}

impl SqsSource {
    async fn give_back(
        &self,
        token: &str,
        messages: Vec<Held>,
        at_once: bool,
    ) -> Result<(), SourceError> {
        if messages.is_empty() {
            return Ok(());
        }
        for message in &messages {
            let (message_id, receipts) = (&message.id, message.receipts);
            tracing::warn!(message_id, receipts, "the message goes back to its queue");
        }
        let pause = |message: &Held| {
            if at_once {
                Duration::ZERO
            } else {
                self.pause(message)
            }
        };
        let outcome = self.show_after(&messages, pause).await?;
        let later = !outcome.later.is_empty();
        self.keep(token, outcome.later);
        if later {
            let why = "some were not given back".to_owned();
            return Err(SourceError::Unreachable(why));
        }
        Ok(())
    }
}

/// An entry of a batch call for each message; its id is the message's place.
fn entries<E>(
    messages: &[Held],
    entry: impl Fn(String, &Held) -> Result<E, BuildError>,
) -> Result<Vec<E>, SourceError> {
    let entries = messages.iter().enumerate();
    entries
        .map(|(number, message)| entry(number.to_string(), message))
        .collect::<Result<_, _>>()
        .map_err(|error| SourceError::Unreachable(error.to_string()))
}

fn whole_seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs().clamp(1, 43_200)).unwrap_or(43_200)
}

/// What an error of SQS means for a worker.
fn meaning(status: u16, code: &str, message: &str) -> SourceError {
    // Names of the older protocol have a prefix.
    match code.trim_start_matches("AWS.SimpleQueueService.") {
        "ReceiptHandleIsInvalid" | "MessageNotInflight" => SourceError::TaskGone,
        "OverLimit" | "KmsThrottled" => SourceError::Throttled,
        _ => common_meaning(status, code, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_service_has_its_meaning() {
        for (status, code, expected) in [
            (400, "ReceiptHandleIsInvalid", SourceError::TaskGone),
            (
                400,
                "AWS.SimpleQueueService.MessageNotInflight",
                SourceError::TaskGone,
            ),
            (403, "OverLimit", SourceError::Throttled),
            (400, "RequestThrottled", SourceError::Throttled),
            (503, "", SourceError::Unreachable("503 : m".into())),
            (
                400,
                "QueueDoesNotExist",
                SourceError::Rejected {
                    code: "QueueDoesNotExist".into(),
                    message: "m".into(),
                },
            ),
        ] {
            assert_eq!(meaning(status, code, "m"), expected, "{status} {code}");
        }
    }
}
