//! Every execution that is known, and which history is read next.

mod learn;
mod pick;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crate::track::ExecutionStatus;
use crate::track::calls::ListedExecution;
use crate::track::history::Fold;
use crate::watch::cache::Cache;
use crate::watch::run::{Run, Subject};

/// Clocks of this machine and of the target may differ by so much.
const SKEW_MS: i64 = 5 * 60 * 1000;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) run: Run,
    /// What was read of one that runs.
    fold: Option<Box<Fold>>,
    reading: bool,
    read: Option<Instant>,
    /// When there was last anything new.
    news: Instant,
    /// Not before.
    due: Option<Instant>,
    /// Times in a row that it could not be read.
    failures: u32,
    /// Whether its history has nothing more to say.
    settled: bool,
    /// Whether the list told how it ended: then it can be remembered for ever.
    told: bool,
}

impl Entry {
    fn new(listed: ListedExecution, now: Instant) -> Self {
        Self {
            run: Run {
                arn: listed.arn,
                name: listed.name,
                status: listed.status,
                started_ms: listed.started_ms,
                stopped_ms: listed.stopped_ms,
                redrives: listed.redrives,
                subject: None,
                digest: None,
            },
            fold: None,
            reading: false,
            read: None,
            news: now,
            due: None,
            failures: 0,
            settled: false,
            told: listed.status != ExecutionStatus::Running,
        }
    }

    fn is_running(&self) -> bool {
        self.run.status == ExecutionStatus::Running
    }
}

/// Which executions somebody wants to see: those of a batch.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    batch: String,
    since_ms: i64,
}

impl Scope {
    pub(super) fn of(batch: String) -> Self {
        let id = ulid::Ulid::from_string(&batch).ok();
        let since_ms = id.map_or(i64::MIN, |id| id.timestamp_ms() as i64 - SKEW_MS);
        Self { batch, since_ms }
    }
}

/// What an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    New,
    Changed,
    Same,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
    index: HashMap<String, usize>,
    scope: Option<Scope>,
    pub(super) running: BTreeSet<usize>,
    /// Finished, never on screen, not read: the newest first.
    backlog: BTreeSet<(Reverse<i64>, usize)>,
    /// Ended while we looked on.
    ended: BTreeSet<usize>,
    visible: Vec<usize>,
    /// Read by itself.
    open: Option<usize>,
    picks: u32,
    /// What is to be told.
    pub(super) changed: BTreeSet<usize>,
}

impl Table {
    pub(super) fn new(scope: Option<Scope>) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }

    pub(super) fn find(&self, arn: &str) -> Option<usize> {
        self.index.get(arn).copied()
    }

    pub(super) fn run(&self, arn: &str) -> Option<&Run> {
        self.find(arn).map(|index| &self.entries[index].run)
    }

    /// Whether it is shown, as far as that is known.
    fn is_wanted(&self, index: usize) -> Option<bool> {
        let Some(scope) = &self.scope else {
            return Some(true);
        };
        let run = &self.entries[index].run;
        match &run.subject {
            Some(subject) => Some(subject.batch == scope.batch),
            None if run.started_ms < scope.since_ms => Some(false),
            None => None,
        }
    }

    /// How many are shown.
    pub(super) fn count(&self) -> usize {
        let indices = 0..self.entries.len();
        match self.scope {
            None => indices.len(),
            Some(_) => indices
                .filter(|&index| self.is_wanted(index) == Some(true))
                .count(),
        }
    }

    /// Takes in what a list says of an execution.
    pub(super) fn merge(
        &mut self,
        listed: ListedExecution,
        subject: Option<&Subject>,
        cache: &Cache,
        now: Instant,
    ) -> (usize, Merged) {
        let Some(index) = self.find(&listed.arn) else {
            let index = self.entries.len();
            self.index.insert(listed.arn.clone(), index);
            self.entries.push(Entry::new(listed, now));
            self.entries[index].run.subject = subject.cloned();
            self.placed(index, cache);
            return (index, Merged::New);
        };
        let entry = &mut self.entries[index];
        let run = &mut entry.run;
        let ended = listed.status != ExecutionStatus::Running;
        if listed.started_ms != run.started_ms {
            // The same name in another cloud, or in one that was emptied.
            self.backlog.remove(&(Reverse(sort_of(run)), index));
            *entry = Entry::new(listed, now);
            entry.run.subject = subject.cloned();
            self.placed(index, cache);
            return (index, Merged::New);
        }
        let was_running = run.status == ExecutionStatus::Running;
        let older = listed.redrives < run.redrives
            || (listed.redrives == run.redrives && !was_running && !ended);
        let same = listed.status == run.status
            && listed.stopped_ms == run.stopped_ms
            && listed.redrives == run.redrives;
        // Lists are a little behind, and pages that were asked for at the same time come in any order.
        if older || (same && (entry.told || !ended)) {
            return (index, Merged::Same);
        }
        self.backlog.remove(&(Reverse(sort_of(run)), index));
        // Its history said so before the list did: that is the same end.
        let known = entry.settled && !was_running && listed.redrives == run.redrives && ended;
        run.status = listed.status;
        run.stopped_ms = listed.stopped_ms;
        run.redrives = listed.redrives;
        entry.told = ended;
        entry.due = None;
        entry.news = now;
        if !ended {
            // Of what it does now nothing was read.
            entry.read = None;
        }
        if !known {
            entry.settled = false;
            if ended {
                self.ended.insert(index);
            }
            self.placed(index, cache);
        }
        self.changed.insert(index);
        (index, Merged::Changed)
    }

    /// Puts an execution that is new, or not as it was, where it belongs.
    fn placed(&mut self, index: usize, cache: &Cache) {
        let entry = &mut self.entries[index];
        let run = &mut entry.run;
        self.changed.insert(index);
        let Some(stopped_ms) = run
            .stopped_ms
            .filter(|_| run.status != ExecutionStatus::Running)
        else {
            self.running.insert(index);
            self.ended.remove(&index);
            return;
        };
        self.running.remove(&index);
        if let Some((digest, subject)) = cache.get(&run.name, run.redrives, stopped_ms) {
            run.digest = Some(Arc::clone(digest));
            run.subject = run.subject.take().or_else(|| subject.cloned());
            entry.settled = true;
            entry.fold = None;
            self.ended.remove(&index);
        } else if !self.ended.contains(&index) {
            self.backlog.insert((Reverse(stopped_ms), index));
        }
    }

    /// Says which item an execution works on; true when that is news.
    pub(super) fn set_subject(&mut self, index: usize, subject: &Subject) -> bool {
        let run = &mut self.entries[index].run;
        if run.subject.as_ref() == Some(subject) {
            return false;
        }
        run.subject = Some(subject.clone());
        self.changed.insert(index);
        true
    }

    /// What is on screen, the most wanted first.
    pub(super) fn set_visible(&mut self, arns: &[String]) {
        self.visible = arns.iter().filter_map(|arn| self.find(arn)).collect();
    }

    /// What is read by itself.
    pub(super) fn set_open(&mut self, arn: Option<&str>) {
        self.open = arn.and_then(|arn| self.find(arn));
    }

    /// What is new since the last time and shown.
    pub(super) fn take_changed(&mut self) -> Vec<Run> {
        let changed = std::mem::take(&mut self.changed);
        let shown = changed
            .into_iter()
            .filter(|&index| self.is_wanted(index) == Some(true));
        shown.map(|index| self.entries[index].run.clone()).collect()
    }
}

fn sort_of(run: &Run) -> i64 {
    run.stopped_ms.unwrap_or(run.started_ms)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
