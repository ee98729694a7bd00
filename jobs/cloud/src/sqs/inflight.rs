//! What is done to a received message, by its receipt handle.

use base64::prelude::{BASE64_STANDARD, Engine};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::batch::{Answer, Batch};
use super::queues::Queue;
use super::receive::MAX_VISIBILITY;
use super::{Queues, SqsError, now};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct One<E> {
    queue_url: String,
    #[serde(flatten)]
    says: E,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delete {
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Change {
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

/// Nothing more to say than the id.
#[derive(Serialize)]
pub(super) struct Done {}

/// A fresh handle of a message.
pub(super) fn handle(queue: i64, message: i64) -> String {
    let random = uuid::Uuid::new_v4().simple();
    BASE64_STANDARD.encode(format!("{queue} {message} {random}"))
}

/// The message that a handle is of.
fn message_of(queue: &Queue, handle: &str) -> Result<i64, SqsError> {
    let read = || {
        let bytes = BASE64_STANDARD.decode(handle).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let mut parts = text.split(' ');
        let (of, message) = (parts.next()?, parts.next()?);
        (of.parse() == Ok(queue.id)).then_some(())?;
        message.parse().ok()
    };
    read().ok_or_else(|| {
        let message =
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        SqsError::of_sender("ReceiptHandleIsInvalid", message)
    })
}

impl Queues {
    pub(super) fn delete(
        &self,
        store: &Transaction<'_>,
        input: &One<Delete>,
    ) -> Result<Done, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        remove(store, &queue, &input.says)
    }

    pub(super) fn delete_batch(
        &self,
        store: &Transaction<'_>,
        input: &Batch<Delete>,
    ) -> Result<Answer<Done>, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        input.check()?;
        input.each(|entry| remove(store, &queue, entry))
    }

    pub(super) fn change(
        &self,
        store: &Transaction<'_>,
        input: &One<Change>,
    ) -> Result<Done, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        hide(store, &queue, &input.says)
    }

    pub(super) fn change_batch(
        &self,
        store: &Transaction<'_>,
        input: &Batch<Change>,
    ) -> Result<Answer<Done>, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        input.check()?;
        input.each(|entry| hide(store, &queue, entry))
    }
}

/// Deletes a message by the handle of its last receipt. Whoever has an older one is too late: somebody else works on
/// it now. As on AWS that is no error, nor is a message that is gone. In a FIFO queue a handle is good only while its
/// message is in flight: after that the message would come again before those behind it.
fn remove(store: &Transaction<'_>, queue: &Queue, input: &Delete) -> Result<Done, SqsError> {
    let id = message_of(queue, &input.receipt_handle)?;
    if queue.settings.is_fifo() {
        let holds: Option<bool> = store
            .prepare_cached(
                "SELECT handle IS ?3 AND visible > ?4 FROM message WHERE id = ?1 AND queue = ?2",
            )?
            .query_row(params![id, queue.id, input.receipt_handle, now()], |row| {
                row.get(0)
            })
            .optional()?;
        if holds == Some(false) {
            let reason = "The receipt handle has expired.";
            let handle = &input.receipt_handle;
            return Err(SqsError::parameter("ReceiptHandle", handle, reason));
        }
    }
    store
        .prepare_cached("DELETE FROM message WHERE id = ?1 AND queue = ?2 AND handle = ?3")?
        .execute(params![id, queue.id, input.receipt_handle])?;
    Ok(Done {})
}

fn hide(store: &Transaction<'_>, queue: &Queue, input: &Change) -> Result<Done, SqsError> {
    let handle = &input.receipt_handle;
    let id = message_of(queue, handle)?;
    let Some(seconds) = input.visibility_timeout else {
        return Err(SqsError::missing("VisibilityTimeout"));
    };
    if !(0..=MAX_VISIBILITY).contains(&seconds) {
        let reason = format!("VisibilityTimeout must be between 0 and {MAX_VISIBILITY} seconds.");
        return Err(SqsError::parameter("VisibilityTimeout", seconds, &reason));
    }
    let found: Option<(i64, i64)> = store
        .prepare_cached(
            "SELECT visible, received FROM message WHERE id = ?1 AND queue = ?2 AND handle = ?3",
        )?
        .query_row(params![id, queue.id, handle], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((visible, received)) = found else {
        let reason = "Message does not exist or is not available for visibility timeout change.";
        return Err(SqsError::parameter("ReceiptHandle", handle, reason));
    };
    let moment = now();
    if visible <= moment {
        let message = "The specified message isn't in flight.";
        return Err(SqsError::of_sender("MessageNotInflight", message));
    }
    if moment - received + seconds * 1000 > MAX_VISIBILITY * 1000 {
        let reason = format!(
            "Total VisibilityTimeout for the message is beyond the limit [{MAX_VISIBILITY} seconds]"
        );
        return Err(SqsError::parameter("VisibilityTimeout", seconds, &reason));
    }
    store
        .prepare_cached("UPDATE message SET visible = ?2 WHERE id = ?1")?
        .execute(params![id, moment + seconds * 1000])?;
    Ok(Done {})
}
