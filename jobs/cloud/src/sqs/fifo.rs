//! What FIFO queues add: message groups that keep their order, and repetitions that are dropped.
//!
//! By AWS's pages "FIFO queue delivery logic" and "Exactly-once processing in Amazon SQS". A message's number is its
//! row's, so the order of a group is that of its rows. A group is locked while one of its messages is in flight;
//! within one receipt several messages of a group may come, in their order.

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::SqsError;
use super::queues::Queue;

/// For how long a repetition is known as one, in milliseconds.
const INTERVAL: i64 = 5 * 60 * 1000;

/// What a message says for a FIFO queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: String,
    pub(super) deduplication: String,
}

/// A message that was taken within the interval.
pub(super) struct Taken {
    pub(super) message: i64,
    pub(super) message_id: String,
}

impl Place {
    /// Where a message belongs in a FIFO queue, if it says all that it has to.
    pub(super) fn of(
        queue: &Queue,
        group: Option<&str>,
        deduplication: Option<&str>,
        body: &str,
    ) -> Result<Self, SqsError> {
        let group = group.ok_or_else(|| SqsError::missing("MessageGroupId"))?;
        let deduplication = match deduplication {
            Some(id) => id.to_owned(),
            None if queue.settings.deduplicates_by_content() => hex::encode(Sha256::digest(body)),
            None => {
                let message = "The queue should either have ContentBasedDeduplication enabled or \
                               MessageDeduplicationId provided explicitly";
                return Err(SqsError::of_sender("InvalidParameterValue", message));
            }
        };
        check_id("MessageDeduplicationId", &deduplication)?;
        Ok(Self {
            group: group.to_owned(),
            deduplication,
        })
    }

    /// The message that this one repeats.
    pub(super) fn repeats(
        &self,
        store: &Transaction<'_>,
        queue: &Queue,
        moment: i64,
    ) -> Result<Option<Taken>, SqsError> {
        store
            .prepare_cached("DELETE FROM taken WHERE queue = ?1 AND moment <= ?2")?
            .execute(params![queue.id, moment - INTERVAL])?;
        let taken = store
            .prepare_cached(
                "SELECT message, message_id FROM taken WHERE queue = ?1 AND scope = ?2 AND deduplication = ?3",
            )?
            .query_row(params![queue.id, self.scope(queue), self.deduplication], |row| {
                Ok(Taken {
                    message: row.get(0)?,
                    message_id: row.get(1)?,
                })
            })
            .optional()?;
        Ok(taken)
    }

    /// Remembers the message for those that repeat it.
    pub(super) fn remember(
        &self,
        store: &Transaction<'_>,
        queue: &Queue,
        moment: i64,
        taken: &Taken,
    ) -> Result<(), SqsError> {
        store
            .prepare_cached(
                "INSERT INTO taken (queue, scope, deduplication, moment, message, message_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                queue.id,
                self.scope(queue),
                self.deduplication,
                moment,
                taken.message,
                taken.message_id,
            ])?;
        Ok(())
    }

    fn scope(&self, queue: &Queue) -> &str {
        if queue.settings.deduplicates_by_group() {
            &self.group
        } else {
            ""
        }
    }
}

/// A message group's or deduplication id's form.
pub(super) fn check_id(name: &str, id: &str) -> Result<(), SqsError> {
    let sound = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if sound {
        return Ok(());
    }
    let reason = format!(
        "{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
    );
    Err(SqsError::parameter(name, id, &reason))
}

/// A message's number as it is told: 20 digits, so that texts have the order of the numbers.
pub(super) fn sequence(message: i64) -> String {
    format!("{message:020}")
}

/// The first visible message of all groups that are not locked.
///
/// A group is locked by a message in flight, and by one that is delayed and comes before.
pub(super) const FIRST: &str = "
    SELECT message.* FROM message WHERE queue = ?1 AND grouping IS NOT NULL AND visible <= ?2 AND NOT EXISTS (
        SELECT 1 FROM message AS other WHERE other.queue = ?1 AND other.grouping = message.grouping
            AND other.visible > ?2 AND (other.receipts > 0 OR other.id < message.id)
    ) ORDER BY id LIMIT 1";

/// The first of the group ?2 behind the message ?3, whatever its state.
pub(super) const NEXT: &str = "
    SELECT message.* FROM message WHERE queue = ?1 AND grouping = ?2 AND id > ?3 ORDER BY id LIMIT 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_printable_ascii() {
        for (id, sound) in [
            ("a", true),
            ("A-b_c.1/2:{}~!", true),
            ("", false),
            ("a b", false),
            ("é", false),
        ] {
            assert_eq!(check_id("MessageGroupId", id).is_ok(), sound, "{id}");
        }
        assert!(check_id("MessageGroupId", &"x".repeat(128)).is_ok());
        assert!(check_id("MessageGroupId", &"x".repeat(129)).is_err());
    }

    #[test]
    fn numbers_are_told_so_that_they_sort() {
        assert_eq!(sequence(7), "00000000000000000007");
        assert!(sequence(9) < sequence(10));
    }
}
