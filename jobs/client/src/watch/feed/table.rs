//! Every execution that is known, and which history is read next.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::track::calls::ListedExecution;
use crate::track::history::Fold;
use crate::track::{ExecutionStatus, ExecutionView};
use crate::watch::cache::Cache;
use crate::watch::run::{Digest, Run, Subject};

/// How often the history of one that runs is read at most: on screen, and elsewhere.
const SEEN_EVERY: Duration = Duration::from_secs(2);
const UNSEEN_EVERY: Duration = Duration::from_secs(20);
/// … at least, when it has been silent for long.
const SEEN_AT_LEAST: Duration = Duration::from_secs(15);
const UNSEEN_AT_LEAST: Duration = Duration::from_mins(5);
/// A history without news is read again after this part of the time that it has had none.
const PATIENCE_PART: u32 = 4;
/// A history that could not be read, or that does not tell of the end that the list tells of, is read again
/// after so long.
const AGAIN: Duration = Duration::from_millis(500);
/// One that cannot be read again and again waits so often twice as long.
const MOST_PATIENCE: u32 = 9;
/// Each so many-th history is one of the backlog, however much happens on screen.
const BACKLOG_TURN: u32 = 4;
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

    /// Not now, and later and later.
    fn put_off(&mut self, now: Instant) {
        self.due = Some(now + AGAIN * (1 << self.failures.min(MOST_PATIENCE)));
        self.failures += 1;
    }

    fn is_free(&self, now: Instant) -> bool {
        !self.reading && !self.settled && self.due.is_none_or(|due| due <= now)
    }

    /// Whether its history, which was read before, should be read again.
    fn is_due(&self, every: Duration, at_least: Duration, now: Instant) -> bool {
        let silent = now.saturating_duration_since(self.news);
        let interval = (silent / PATIENCE_PART).clamp(every, at_least);
        let read = self.read.map(|read| now.saturating_duration_since(read));
        self.is_free(now) && read.is_none_or(|since| since >= interval)
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

    /// Whether there are histories to be read that nobody looks at.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty() || !self.ended.is_empty()
    }

    /// The execution whose history is read next. `spare`: whether there is budget for what nobody looks at.
    /// `calm`: only for what is on screen and was never read.
    pub(super) fn pick(&mut self, spare: bool, calm: bool, now: Instant) -> Option<usize> {
        let turn = self.picks % BACKLOG_TURN == BACKLOG_TURN - 1;
        let picked = self
            .visible_unread(now)
            .or_else(|| if calm { None } else { self.urgent(now) })
            .or_else(|| {
                if calm || !turn {
                    None
                } else {
                    self.from_backlog(now)
                }
            })
            .or_else(|| {
                if calm {
                    None
                } else {
                    self.visible_running(now)
                }
            })
            .or_else(|| {
                if calm || !spare {
                    None
                } else {
                    self.unseen(now)
                }
            })?;
        self.picks = self.picks.wrapping_add(1);
        self.entries[picked].reading = true;
        self.entries[picked].due = None;
        Some(picked)
    }

    fn free(&self, index: usize, now: Instant) -> bool {
        self.entries[index].is_free(now) && self.open != Some(index)
    }

    fn visible_unread(&self, now: Instant) -> Option<usize> {
        let unread = |&index: &usize| self.entries[index].read.is_none() && self.free(index, now);
        self.visible.iter().copied().find(unread)
    }

    fn urgent(&self, now: Instant) -> Option<usize> {
        let mut ended = self.ended.iter().copied();
        ended.find(|&index| self.free(index, now) && self.is_wanted(index) != Some(false))
    }

    fn visible_running(&self, now: Instant) -> Option<usize> {
        let due = |&index: &usize| {
            let entry = &self.entries[index];
            self.open != Some(index) && entry.is_due(SEEN_EVERY, SEEN_AT_LEAST, now)
        };
        let visible = self.visible.iter().copied().filter(due);
        visible.min_by_key(|&index| self.entries[index].read)
    }

    /// One that runs, else of the backlog.
    fn unseen(&mut self, now: Instant) -> Option<usize> {
        let due = |&index: &usize| {
            let entry = &self.entries[index];
            self.open != Some(index)
                && entry.is_due(UNSEEN_EVERY, UNSEEN_AT_LEAST, now)
                && self.is_wanted(index) != Some(false)
        };
        let running = self.running.iter().copied().filter(due);
        running
            .min_by_key(|&index| self.entries[index].read)
            .or_else(|| self.from_backlog(now))
    }

    fn from_backlog(&mut self, now: Instant) -> Option<usize> {
        let mut unwanted = Vec::new();
        let mut found = None;
        for &(sort, index) in &self.backlog {
            if self.entries[index].settled || self.is_wanted(index) == Some(false) {
                unwanted.push((sort, index));
            } else if self.free(index, now) {
                found = Some((sort, index));
                break;
            }
        }
        for gone in unwanted.into_iter().chain(found) {
            self.backlog.remove(&gone);
        }
        found.map(|(_, index)| index)
    }

    /// The service knows it no more.
    pub(super) fn gone(&mut self, index: usize) {
        self.entries[index].settled = true;
        self.running.remove(&index);
        self.ended.remove(&index);
    }

    /// What is on disk is known now: nothing of it need be read.
    pub(super) fn recall(&mut self, cache: &mut Cache) {
        for index in 0..self.entries.len() {
            if self.entries[index].settled {
                self.remember(index, cache);
            } else {
                let sort = Reverse(sort_of(&self.entries[index].run));
                self.backlog.remove(&(sort, index));
                self.placed(index, cache);
            }
        }
    }

    /// What was read of it before.
    pub(super) fn fold(&mut self, index: usize) -> Fold {
        let entry = &mut self.entries[index];
        let fold = entry.fold.take();
        fold.map_or_else(|| Fold::new(&entry.run.name), |fold| *fold)
    }

    /// Its history was read.
    pub(super) fn read(&mut self, index: usize, fold: Fold, cache: &mut Cache, now: Instant) {
        let ended = fold.is_ended();
        self.learn(index, &fold.view(), cache, now);
        let entry = &mut self.entries[index];
        entry.reading = false;
        entry.fold = (!ended).then(|| Box::new(fold));
    }

    /// Takes in what a history says.
    pub(super) fn learn(
        &mut self,
        index: usize,
        view: &ExecutionView,
        cache: &mut Cache,
        now: Instant,
    ) {
        let entry = &mut self.entries[index];
        let run = &mut entry.run;
        let before = run.digest.as_ref().map_or(0, |digest| digest.last_event);
        entry.read = Some(now);
        if view.last_event > before || run.digest.is_none() {
            entry.news = now;
            run.digest = Some(Arc::new(Digest::of(view)));
            self.changed.insert(index);
        }
        let ended = view.status != ExecutionStatus::Running;
        let redriven = view.redrives > run.redrives;
        entry.settled &= !redriven;
        if entry.settled || view.redrives < run.redrives {
            // The list knows of a redrive that the history does not tell of yet.
            entry.put_off(now);
            return;
        }
        if redriven || (ended && !entry.told) {
            // Before the list says so.
            run.status = view.status;
            run.stopped_ms = view.stopped_ms;
            run.redrives = view.redrives;
            entry.told = false;
            self.changed.insert(index);
            if !ended {
                self.running.insert(index);
            }
        }
        if !ended {
            if run.status == ExecutionStatus::Running {
                entry.failures = 0;
            } else {
                entry.put_off(now);
            }
            return;
        }
        entry.settled = true;
        entry.failures = 0;
        self.running.remove(&index);
        self.ended.remove(&index);
        self.remember(index, cache);
    }

    /// Keeps what is known for ever, when it is known for ever.
    pub(super) fn remember(&self, index: usize, cache: &mut Cache) {
        let entry = &self.entries[index];
        if entry.settled && entry.told {
            cache.put(&entry.run);
        }
    }

    /// Its history could not be read. `gone`: there is none (any more).
    pub(super) fn unread(&mut self, index: usize, fold: Fold, gone: bool, now: Instant) {
        let entry = &mut self.entries[index];
        entry.reading = false;
        entry.settled |= gone;
        entry.put_off(now);
        entry.fold = Some(Box::new(fold));
        if gone {
            self.ended.remove(&index);
            self.running.remove(&index);
        } else if entry.is_running() {
            self.ended.remove(&index);
        } else if !self.ended.contains(&index) {
            self.backlog.insert((Reverse(sort_of(&entry.run)), index));
        }
    }
}

fn sort_of(run: &Run) -> i64 {
    run.stopped_ms.unwrap_or(run.started_ms)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
