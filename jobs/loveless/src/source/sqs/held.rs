//! Messages in hand, and what became of them.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::{BatchResultErrorEntry, Message, MessageSystemAttributeName};

use super::failures::Failed;

/// A message in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub id: String,
    pub handle: String,
    /// How often it has been received, this time included.
    pub receipts: u32,
    /// Its message group, in a FIFO queue.
    pub group: Option<String>,
}

/// What became of each message in a batch call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Done.
    pub done: Vec<Held>,
    /// The service's fault: to be tried again.
    pub later: Vec<Held>,
    /// Nobody's any more, or somebody else's.
    pub gone: Vec<Held>,
}

impl Outcome {
    /// By the entries that failed; entries' ids are places in `messages`.
    pub fn of(messages: &[Held], failed: &[BatchResultErrorEntry]) -> Outcome {
        let mut outcome = Outcome::default();
        for (number, message) in messages.iter().enumerate() {
            let failure = failed.iter().find(|entry| entry.id == number.to_string());
            let place = match failure {
                None => &mut outcome.done,
                Some(failure) if failure.sender_fault => &mut outcome.gone,
                Some(_) => &mut outcome.later,
            };
            place.push(message.clone());
        }
        outcome
    }
}

/// A message as it was received. Groups of a standard queue have no order, and are not kept.
pub(super) fn hold(message: Message, is_fifo: bool) -> Held {
    let attribute = |name| message.attributes.as_ref().and_then(|all| all.get(&name));
    let receipts = attribute(MessageSystemAttributeName::ApproximateReceiveCount)
        .and_then(|count| count.parse().ok());
    let group = attribute(MessageSystemAttributeName::MessageGroupId).filter(|_| is_fifo);
    Held {
        group: group.cloned(),
        receipts: receipts.unwrap_or(1),
        id: message.message_id.unwrap_or_default(),
        handle: message.receipt_handle.unwrap_or_default(),
    }
}

/// Parts messages in hand into those that failed and those that are done.
///
/// What stands behind a failure in its message group has failed with it: it may only be done after
/// the failed one, which comes again.
pub(super) fn part(messages: Vec<Held>, failed: &Failed) -> (Vec<Held>, Vec<Held>) {
    let mut broken = BTreeSet::new();
    messages.into_iter().partition(|message| {
        let bad = failed.contains(&message.id)
            || message
                .group
                .as_ref()
                .is_some_and(|group| broken.contains(group));
        if bad && let Some(group) = &message.group {
            broken.insert(group.clone());
        }
        bad
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str) -> Held {
        Held {
            id: id.into(),
            handle: id.into(),
            receipts: 1,
            group: None,
        }
    }

    #[test]
    fn what_became_of_each_message_is_told_apart() {
        let failed = |id: &str, sender_fault| {
            BatchResultErrorEntry::builder()
                .id(id)
                .sender_fault(sender_fault)
                .code("c")
                .build()
                .unwrap()
        };
        let messages = [held("a"), held("b"), held("c")];
        let outcome = Outcome::of(&messages, &[failed("1", true), failed("2", false)]);
        assert_eq!(
            outcome,
            Outcome {
                done: vec![held("a")],
                gone: vec![held("b")],
                later: vec![held("c")],
            }
        );
    }

    #[test]
    fn what_stands_behind_a_failure_in_its_group_goes_back_with_it() {
        let of = |group: &str, id: &str| Held {
            group: Some(group.into()),
            ..held(id)
        };
        let ids = |messages: &[Held]| {
            let ids = messages.iter().map(|message| message.id.clone());
            ids.collect::<Vec<_>>().join(" ")
        };
        let received = [
            of("x", "1"),
            of("y", "2"),
            of("x", "3"),
            of("x", "4"),
            of("y", "5"),
        ];
        let failed = Failed::These(["3".to_owned()].into());
        let (bad, good) = part(received.to_vec(), &failed);
        assert_eq!((ids(&bad), ids(&good)), ("3 4".into(), "1 2 5".into()));
        // Without groups there is no order to keep.
        let (bad, good) = part(received.map(|message| held(&message.id)).to_vec(), &failed);
        assert_eq!((ids(&bad), ids(&good)), ("3".into(), "1 2 4 5".into()));
    }

    #[test]
    fn groups_count_in_a_fifo_queue_only() {
        let message = Message::builder()
            .message_id("id")
            .attributes(MessageSystemAttributeName::MessageGroupId, "g")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "3")
            .build();
        let there = hold(message.clone(), true);
        assert_eq!((there.group.as_deref(), there.receipts), (Some("g"), 3));
        assert_eq!(hold(message, false).group, None);
    }
}
