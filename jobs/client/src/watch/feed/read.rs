//! One history, read in the background.

use super::ask::{Asker, Call};
use crate::error::JobsError;
use crate::names;
use crate::track::calls::{keep_new, object_of};
use crate::track::event::Event;
use crate::track::history::Fold;
use crate::watch::run::Subject;

/// Events of a page of a history that was not read before, and of what is new in one that was.
pub(super) const WHOLE: i32 = 1_000;
const NEWEST: i32 = 50;

/// What became of a reading.
pub(super) struct Read {
    pub(super) index: usize,
    /// With what was read; as it was when reading failed.
    pub(super) fold: Fold,
    pub(super) subject: Option<Subject>,
    pub(super) error: Option<JobsError>,
}

/// Reads what is new in a history.
pub(super) async fn read(ask: Asker, index: usize, arn: String, mut fold: Fold) -> Read {
    let new = if fold.last_event() == 0 {
        whole(&ask, &arn).await
    } else {
        newest(&ask, &arn, fold.last_event()).await
    };
    let bucket = ask.target().profile().bucket.clone();
    let (events, error) = match new {
        Ok(events) => (events, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    for event in &events {
        fold.apply(event);
    }
    let first = events.first().filter(|event| event.id == 1);
    let input = first.and_then(|event| event.input.as_deref());
    Read {
        index,
        fold,
        subject: input.and_then(|input| subject_of(&bucket, input)),
        error,
    }
}

async fn whole(ask: &Asker, arn: &str) -> Result<Vec<Event>, JobsError> {
    let (mut events, mut next) = (Vec::new(), None);
    loop {
        ask.wait(Call::History).await;
        let (page, more) = ask.history(arn, false, WHOLE, next).await?;
        events.extend(page);
        if more.is_none() {
            return Ok(events);
        }
        next = more;
    }
}

/// Events after `last`, oldest first.
pub(super) async fn newest(ask: &Asker, arn: &str, last: u64) -> Result<Vec<Event>, JobsError> {
    let mut events = Vec::new();
    let (mut size, mut next) = (NEWEST, None);
    loop {
        ask.wait(Call::History).await;
        let (page, more) = ask.history(arn, true, size, next).await?;
        if keep_new(page, last, &mut events) || more.is_none() {
            events.reverse();
            return Ok(events);
        }
        // Much has happened. A page's size must not change while one goes through the pages.
        (size, next) = if size == NEWEST {
            events.clear();
            (WHOLE, None)
        } else {
            (size, more)
        };
    }
}

/// The item that an execution with this input works on.
pub(super) fn subject_of(bucket: &str, input: &str) -> Option<Subject> {
    let (theirs, key) = object_of(input)?;
    let (batch, name) = names::parse_inbox_key(&key)?;
    (theirs == bucket).then(|| Subject {
        batch: batch.to_owned(),
        name: name.to_owned(),
    })
}
