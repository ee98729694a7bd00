//! Amazon SQS: standard and FIFO queues with long polls, visibility time-outs, redrive policies and batches, durable
//! in SQLite.
//!
//! | file | what |
//! |---|---|
//! | `schema` | the tables |
//! | `error` | names and words of errors |
//! | `attributes` | what a queue can be set to, with the service's ranges |
//! | `queues` | queues themselves: create, list, attributes, tags, purge, delete |
//! | `send` | messages in |
//! | `receive` | messages out, the long poll, and the way to the dead-letter queue |
//! | `fifo` | message groups, their order, and repetitions |
//! | `inflight` | what is done to a received message: delete, visibility |
//! | `batch` | the rules of batch requests |
//! | `digest` | MD5 of bodies and attributes, which clients check |
//!
//! A message is one row. It is *visible* when its moment has come, *in flight* when it has been received and its
//! moment is ahead, *delayed* when it has not. A receipt handle is good until the message is received again.

mod attributes;
mod batch;
mod digest;
mod error;
mod fifo;
mod inflight;
mod queues;
mod receive;
mod schema;
mod send;

pub(crate) use error::SqsError;
pub(crate) use schema::VERSION;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::config::Durability;
use crate::database;

/// Every queue of this cloud.
pub(crate) struct Queues {
    region: String,
    account: String,
    /// What queue URLs begin with.
    endpoint: String,
    database: Mutex<Connection>,
    /// Told when a message may have become visible.
    arrived: Notify,
}

impl Queues {
    /// Opens (or creates) the queues in this file.
    pub(crate) fn open(
        path: &Path,
        durability: Durability,
        region: &str,
        account: &str,
        endpoint: &str,
    ) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            region: region.to_owned(),
            account: account.to_owned(),
            endpoint: endpoint.to_owned(),
            database: Mutex::new(database::open(path, durability, schema::MIGRATIONS)?),
            arrived: Notify::new(),
        })
    }

    /// Answers one operation. Dropping the future gives up a long poll; everything else goes on to its end.
    pub(crate) async fn request(
        self: &Arc<Self>,
        operation: &str,
        input: Value,
    ) -> Result<Value, SqsError> {
        match operation {
            "CreateQueue" => self.run(input, Self::create).await,
            "GetQueueUrl" => self.run(input, Self::url).await,
            "ListQueues" => self.run(input, Self::list).await,
            "DeleteQueue" => self.run(input, Self::delete_queue).await,
            "PurgeQueue" => self.run(input, Self::purge).await,
            "GetQueueAttributes" => self.run(input, Self::attributes).await,
            "SetQueueAttributes" => self.run(input, Self::set_attributes).await,
            "ListDeadLetterSourceQueues" => self.run(input, Self::sources_of).await,
            "TagQueue" => self.run(input, Self::tag).await,
            "UntagQueue" => self.run(input, Self::untag).await,
            "ListQueueTags" => self.run(input, Self::tags).await,
            "SendMessage" => self.run(input, Self::send).await,
            "SendMessageBatch" => self.run(input, Self::send_batch).await,
            "ReceiveMessage" => self.receive(input).await,
            "DeleteMessage" => self.run(input, Self::delete).await,
            "DeleteMessageBatch" => self.run(input, Self::delete_batch).await,
            "ChangeMessageVisibility" => self.run(input, Self::change).await,
            "ChangeMessageVisibilityBatch" => self.run(input, Self::change_batch).await,
            _ => Err(SqsError::unknown_operation(operation)),
        }
    }

    /// Runs an operation where it may wait for the disk, in one transaction: an error leaves no trace.
    async fn run<I, O>(
        self: &Arc<Self>,
        input: Value,
        operation: fn(&Self, &Transaction<'_>, &I) -> Result<O, SqsError>,
    ) -> Result<Value, SqsError>
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
    {
        let input: I =
            serde_json::from_value(input).map_err(|error| SqsError::unreadable(&error))?;
        let queues = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let mut database = queues.database();
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let output = operation(&queues, &transaction, &input)?;
            transaction.commit()?;
            Ok::<O, SqsError>(output)
        });
        // An error means that the runtime is shutting down.
        let output = done.await.map_err(|_| SqsError::internal("stopping"))??;
        // Whatever it was, it may have made something visible.
        self.arrived.notify_waiters();
        let output = serde_json::to_value(output).map_err(|error| SqsError::internal(&error))?;
        Ok(if output.is_null() {
            Value::Object(serde_json::Map::new())
        } else {
            output
        })
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left the connection itself whole: SQLite rolls back.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A queue's ARN.
    fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account)
    }

    /// A queue's URL.
    fn url_of(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.endpoint, self.account)
    }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000) as i64
}
