//! Which execution works on which item: the bucket's run records, a thousand with one call.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use ulid::Ulid;

use super::ask::Asker;
use crate::error::JobsError;
use crate::names;
use crate::store;
use crate::watch::run::Subject;

/// Where the records of all batches are.
const PREFIX: &str = "runs/inbox/";
/// An execution that has no record after so many looks left none; its history knows.
const TRIES: u8 = 4;
/// Executions begin within so long of their batch; later ones are known by their history.
const RECENT: Duration = Duration::from_hours(6);
/// After a refusal.
const REFUSED: Duration = Duration::from_mins(1);

/// Executions by name, with their items.
pub(super) type Found = Vec<(String, Subject)>;

/// A page of records.
pub(super) struct Page {
    pub(super) answer: Result<(Found, Option<String>), JobsError>,
}

/// What the records say, and when they are asked again.
#[derive(Debug)]
pub(super) struct Records {
    known: HashMap<String, Subject>,
    /// Executions without an item, when they started (ms), and how often it was looked for.
    waiting: Vec<(usize, i64, u8)>,
    /// Listings to be made: keys after these.
    plan: VecDeque<String>,
    /// The listing that is being made, and where its next page begins.
    now: Option<(String, Option<String>)>,
    busy: bool,
    every: Duration,
    due: Instant,
}

impl Records {
    /// `batch`: no batch before it is of interest.
    pub(super) fn new(batch: Option<&str>, every: Duration, now: Instant) -> Self {
        let after = batch.map_or_else(|| PREFIX.to_owned(), |batch| format!("{PREFIX}{batch}"));
        Self {
            known: HashMap::new(),
            waiting: Vec::new(),
            plan: VecDeque::from([after]),
            now: None,
            busy: false,
            every,
            due: now,
        }
    }

    pub(super) fn of(&self, execution: &str) -> Option<&Subject> {
        self.known.get(execution)
    }

    /// An execution whose item is not known.
    pub(super) fn await_record(&mut self, index: usize, started_ms: i64) {
        self.waiting.push((index, started_ms, 0));
    }

    /// When the next page should be asked for; none: when there are executions without an item.
    pub(super) fn due(&self) -> Option<Instant> {
        let wanted = self.now.is_some() || !self.plan.is_empty() || !self.waiting.is_empty();
        (wanted && !self.busy).then_some(self.due)
    }

    /// The page to ask for now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(String, Option<String>)> {
        if self.due()? > now {
            return None;
        }
        if self.now.is_none() {
            let after = self.plan.pop_front().unwrap_or_else(|| self.recent());
            self.now = Some((after, None));
        }
        self.busy = true;
        self.now.clone()
    }

    /// Where the batches begin whose executions are waited for: their ids are in the order of time.
    fn recent(&self) -> String {
        let since = self.waiting.iter().map(|(_, started, _)| *started).min();
        let since = since.unwrap_or(0).saturating_sub(RECENT.as_millis() as i64);
        let id = Ulid::from_parts(since.max(0).unsigned_abs(), 0);
        format!("{PREFIX}{id}")
    }

    /// Takes a page in. Tells the executions that wait and now have an item, and what went wrong.
    pub(super) fn take(
        &mut self,
        page: Page,
        now: Instant,
        name_of: impl Fn(usize) -> String,
    ) -> (Vec<(usize, Subject)>, Option<JobsError>) {
        self.busy = false;
        let (found, more) = match page.answer {
            Ok(found) => found,
            Err(error) => {
                let refused = matches!(error, JobsError::AccessDenied { .. });
                self.due = now + if refused { REFUSED } else { self.every };
                return (Vec::new(), Some(error));
            }
        };
        self.known.extend(found);
        let mut resolved = Vec::new();
        let known = &self.known;
        self.waiting.retain(|&(index, ..)| {
            let subject = known.get(&name_of(index));
            resolved.extend(subject.map(|subject| (index, subject.clone())));
            subject.is_none()
        });
        match (&mut self.now, more) {
            (Some((_, next)), Some(more)) => *next = Some(more),
            (ended, _) => {
                *ended = None;
                // Those who looked often wait longer, and then no more.
                let tries = self.waiting.iter().map(|(.., tries)| *tries).min();
                self.due = now + self.every * (1 << tries.unwrap_or(0).min(TRIES));
                self.waiting.retain_mut(|(.., tries)| {
                    *tries += 1;
                    *tries < TRIES
                });
            }
        }
        (resolved, None)
    }

    /// An execution's item is known otherwise.
    pub(super) fn forget(&mut self, index: usize) {
        self.waiting.retain(|(waiting, ..)| *waiting != index);
    }
}

/// Asks for a page.
pub(super) async fn list(ask: Asker, after: String, next: Option<String>) -> Page {
    ask.counters().object();
    let answer = store::list_page(ask.target(), PREFIX, Some(after), next).await;
    let answer = answer.map(|(objects, more)| {
        let found = objects.iter().filter_map(|object| {
            let (batch, name, execution) = names::parse_run_key(&object.key)?;
            let subject = Subject {
                batch: batch.to_owned(),
                name: name.to_owned(),
            };
            Some((execution.to_owned(), subject))
        });
        (found.collect(), more)
    });
    Page { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(names: &[&str], more: Option<&str>) -> Page {
        let found = names.iter().map(|name| {
            let subject = Subject {
                batch: "b".to_owned(),
                name: format!("{name}.jpg"),
            };
            ((*name).to_owned(), subject)
        });
        Page {
            answer: Ok((found.collect(), more.map(str::to_owned))),
        }
    }

    fn named(index: usize) -> String {
        format!("e{index}")
    }

    #[test]
    fn records_are_listed_once_and_again_only_for_what_is_new() {
        let mut now = Instant::now();
        let second = Duration::from_secs(1);
        let mut records = Records::new(None, second, now);
        let first = records.next(now).unwrap();
        assert_eq!(first, (PREFIX.to_owned(), None));
        assert!(records.next(now).is_none(), "one at a time");
        records.await_record(0, 5);
        let (resolved, _) = records.take(page(&["e0"], Some("t")), now, named);
        assert_eq!(resolved[0].0, 0);
        assert_eq!(records.next(now).unwrap().1.as_deref(), Some("t"));
        records.take(page(&[], None), now, named);
        assert_eq!(records.due(), None, "nobody waits");

        let started: Ulid = "01HZZZZZZZ0000000000000000".parse().unwrap();
        records.await_record(1, started.timestamp_ms() as i64);
        now += second;
        let (after, _) = records.next(now).unwrap();
        assert!(after.as_str() > "runs/inbox/01HZZ" && after.as_str() < "runs/inbox/01HZZZZZZZ");
        records.take(page(&["e1"], None), now, named);
        assert_eq!(records.due(), None);
    }

    #[test]
    fn an_execution_without_a_record_is_not_looked_for_for_ever() {
        let mut now = Instant::now();
        let mut records = Records::new(None, Duration::from_secs(1), now);
        records.await_record(0, 5);
        let mut looks = 0;
        while let Some(due) = records.due() {
            now = due;
            records.next(now).unwrap();
            records.take(page(&[], None), now, named);
            looks += 1;
        }
        assert_eq!(looks, usize::from(TRIES));
    }
}
