//! Messages out: at once, or after a wait for the first.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{OptionalExtension, Row, ToSql, Transaction, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::digest::{Attributes, of_attributes, of_body};
use super::fifo;
use super::inflight::handle;
use super::queues::Queue;
use super::{Queues, SqsError, now};

/// The longest visibility time-out, in seconds.
pub(super) const MAX_VISIBILITY: i64 = 43_200;

/// Who sent: there is one account here and no users.
const SENDER: &str = "AIDALOCALCLOUD";

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    queue_url: String,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

/// A message's row.
struct Found {
    id: i64,
    visible: i64,
    sent: i64,
    receipts: i64,
    first_received: Option<i64>,
    message_id: String,
    source: Option<String>,
    trace: Option<String>,
    grouping: Option<String>,
    deduplication: Option<String>,
    attributes: String,
    body: String,
}

/// What one look found.
struct Look {
    messages: Vec<Value>,
    /// When the next hidden message becomes visible.
    next: Option<i64>,
    /// How long the caller may be kept waiting.
    wait: Duration,
}

impl Queues {
    /// `ReceiveMessage`. Dropping the future while it waits receives nothing.
    pub(super) async fn receive(self: &Arc<Self>, input: Value) -> Result<Value, SqsError> {
        let input: Receive =
            serde_json::from_value(input).map_err(|error| SqsError::unreadable(&error))?;
        input.check()?;
        let began = Instant::now();
        loop {
            // Before the look, so that nothing that arrives after it is missed.
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let look = self.look(&input).await?;
            let until = began + look.wait;
            if !look.messages.is_empty() {
                return Ok(json!({"Messages": look.messages}));
            }
            if Instant::now() >= until {
                return Ok(json!({}));
            }
            let visible = look.next.map(|next| {
                Instant::now() + Duration::from_millis((next - now()).max(0).unsigned_abs() + 1)
            });
            let wake = visible.map_or(until, |visible| visible.min(until));
            tokio::select! {
                () = arrived => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Takes what is visible now. What it takes it gives: a caller that goes away during this gets the messages
    /// back after their visibility time-out, as anybody else does.
    async fn look(self: &Arc<Self>, input: &Receive) -> Result<Look, SqsError> {
        let (queues, input) = (Arc::clone(self), input.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let mut database = queues.database();
            let store = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let look = queues.take(&store, &input)?;
            store.commit()?;
            Ok::<Look, SqsError>(look)
        });
        looked.await.map_err(|_| SqsError::internal("stopping"))?
    }

    fn take(&self, store: &Transaction<'_>, input: &Receive) -> Result<Look, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        let moment = now();
        let kept = queue.settings.number("MessageRetentionPeriod") * 1000;
        store
            .prepare_cached("DELETE FROM message WHERE queue = ?1 AND sent < ?2")?
            .execute(params![queue.id, moment - kept])?;
        let hidden = input
            .visibility_timeout
            .unwrap_or_else(|| queue.settings.number("VisibilityTimeout"));
        let most = input.max_number_of_messages.unwrap_or(1) as usize;
        let mut messages = Vec::new();
        let mut before = None;
        while messages.len() < most {
            let Some(found) = next(store, &queue, moment, before.as_ref())? else {
                break;
            };
            if self.bury(store, &queue, &found)? {
                before = Some(found);
                continue;
            }
            let handle = handle(queue.id, found.id);
            let receipts = found.receipts + 1;
            let first = found.first_received.unwrap_or(moment);
            store
                .prepare_cached(
                    "UPDATE message SET visible = ?2, receipts = ?3, received = ?4, first_received = ?5, handle = ?6
                     WHERE id = ?1",
                )?
                .execute(params![
                    found.id,
                    moment + hidden * 1000,
                    receipts,
                    moment,
                    first,
                    handle
                ])?;
            messages.push(input.told(&found, &handle, receipts, first)?);
            if hidden == 0 {
                // It stays visible, and would be found again and again.
                break;
            }
            before = Some(found);
        }
        // What is visible and was not taken is in a locked group: what unlocks that is hidden itself, or deleted.
        let next = store
            .prepare_cached("SELECT min(visible) FROM message WHERE queue = ?1 AND visible > ?2")?
            .query_row([queue.id, moment], |row| row.get(0))?;
        let wait = input
            .wait_time_seconds
            .unwrap_or_else(|| queue.settings.number("ReceiveMessageWaitTimeSeconds"));
        Ok(Look {
            messages,
            next,
            wait: Duration::from_secs(wait.unsigned_abs()),
        })
    }

    /// Moves a message that has been received often enough to its dead-letter queue; false when it is none.
    fn bury(
        &self,
        store: &Transaction<'_>,
        queue: &Queue,
        found: &Found,
    ) -> Result<bool, SqsError> {
        let Some(redrive) = queue.settings.redrive() else {
            return Ok(false);
        };
        if found.receipts < redrive.receipts {
            return Ok(false);
        }
        let Some(target) = self.queue_by_arn(store, &redrive.target)? else {
            tracing::warn!(queue = queue.name, "the dead-letter queue is gone");
            return Ok(false);
        };
        store.execute(
            "UPDATE message SET queue = ?2, receipts = 0, received = NULL, first_received = NULL, handle = NULL,
                 source = ?3 WHERE id = ?1",
            params![found.id, target.id, self.arn(&queue.name)],
        )?;
        Ok(true)
    }
}

impl Receive {
    fn check(&self) -> Result<(), SqsError> {
        let ranges = [
            ("MaxNumberOfMessages", self.max_number_of_messages, 1, 10),
            ("WaitTimeSeconds", self.wait_time_seconds, 0, 20),
            (
                "VisibilityTimeout",
                self.visibility_timeout,
                0,
                MAX_VISIBILITY,
            ),
        ];
        for (name, value, least, most) in ranges {
            if let Some(value) = value
                && !(least..=most).contains(&value)
            {
                let reason = format!("Must be between {least} and {most}, if provided.");
                return Err(SqsError::parameter(name, value, &reason));
            }
        }
        Ok(())
    }

    /// A message as the answer has it, with the attributes that were asked for.
    fn told(
        &self,
        found: &Found,
        handle: &str,
        receipts: i64,
        first: i64,
    ) -> Result<Value, SqsError> {
        let mut message = json!({
            "MessageId": found.message_id,
            "ReceiptHandle": handle,
            "MD5OfBody": of_body(&found.body),
            "Body": found.body,
        });
        let (sent, receipts, first) = (
            found.sent.to_string(),
            receipts.to_string(),
            first.to_string(),
        );
        let number = found
            .deduplication
            .is_some()
            .then(|| fifo::sequence(found.id));
        let system = [
            ("SenderId", Some(SENDER)),
            ("SentTimestamp", Some(sent.as_str())),
            ("ApproximateReceiveCount", Some(receipts.as_str())),
            ("ApproximateFirstReceiveTimestamp", Some(first.as_str())),
            ("AWSTraceHeader", found.trace.as_deref()),
            ("DeadLetterQueueSourceArn", found.source.as_deref()),
            ("MessageGroupId", found.grouping.as_deref()),
            ("MessageDeduplicationId", found.deduplication.as_deref()),
            ("SequenceNumber", number.as_deref()),
        ];
        let wanted = [
            &self.attribute_names[..],
            &self.message_system_attribute_names,
        ]
        .concat();
        let system: Map<String, Value> = system
            .into_iter()
            .filter(|(name, _)| {
                wanted
                    .iter()
                    .any(|wanted| wanted == name || wanted == "All")
            })
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect();
        if !system.is_empty() {
            message["Attributes"] = system.into();
        }
        let mut own: Attributes =
            serde_json::from_str(&found.attributes).map_err(SqsError::internal)?;
        own.retain(|name, _| self.wants(name));
        if let Some(digest) = of_attributes(&own) {
            message["MD5OfMessageAttributes"] = digest.into();
            message["MessageAttributes"] = json!(own);
        }
        Ok(message)
    }

    fn wants(&self, attribute: &str) -> bool {
        self.message_attribute_names.iter().any(|wanted| {
            wanted == "All"
                || wanted == attribute
                || wanted
                    .strip_suffix(".*")
                    .is_some_and(|start| attribute.starts_with(start))
        })
    }
}

/// The next message of a receipt, `before` being the one that was found last.
fn next(
    store: &Transaction<'_>,
    queue: &Queue,
    moment: i64,
    before: Option<&Found>,
) -> Result<Option<Found>, SqsError> {
    if !queue.settings.is_fifo() {
        let oldest =
            "SELECT * FROM message WHERE queue = ?1 AND visible <= ?2 ORDER BY visible, id LIMIT 1";
        return one(store, oldest, params![queue.id, moment]);
    }
    // As many of one group as there are, then those of another.
    if let Some(before) = before {
        let follows = params![queue.id, before.grouping, before.id];
        let found = one(store, fifo::NEXT, follows)?;
        if let Some(found) = found.filter(|found| found.visible <= moment) {
            return Ok(Some(found));
        }
    }
    one(store, fifo::FIRST, params![queue.id, moment])
}

fn one(
    store: &Transaction<'_>,
    query: &str,
    parameters: &[&dyn ToSql],
) -> Result<Option<Found>, SqsError> {
    let mut rows = store.prepare_cached(query)?;
    Ok(rows.query_row(parameters, read).optional()?)
}

fn read(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        id: row.get("id")?,
        visible: row.get("visible")?,
        sent: row.get("sent")?,
        receipts: row.get("receipts")?,
        first_received: row.get("first_received")?,
        message_id: row.get("message_id")?,
        source: row.get("source")?,
        trace: row.get("trace")?,
        grouping: row.get("grouping")?,
        deduplication: row.get("deduplication")?,
        attributes: row.get("attributes")?,
        body: row.get("body")?,
    })
}
