//! What histories say of executions.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Entry, Table, sort_of};
use crate::track::history::Fold;
use crate::track::{ExecutionStatus, ExecutionView};
use crate::watch::cache::Cache;
use crate::watch::run::Digest;

/// A history that could not be read, or that does not tell of the end that the list tells of, is read again
/// after so long.
pub(super) const AGAIN: Duration = Duration::from_millis(500);
/// One that cannot be read again and again waits so often twice as long.
const MOST_PATIENCE: u32 = 9;

impl Entry {
    /// Not now, and later and later.
    fn put_off(&mut self, now: Instant) {
        self.due = Some(now + AGAIN * (1 << self.failures.min(MOST_PATIENCE)));
        self.failures += 1;
    }
}

impl Table {
    /// The service knows it no more.
    pub(in crate::watch::feed) fn gone(&mut self, index: usize) {
        self.entries[index].settled = true;
        self.running.remove(&index);
        self.ended.remove(&index);
    }

    /// What is on disk is known now: nothing of it need be read.
    pub(in crate::watch::feed) fn recall(&mut self, cache: &mut Cache) {
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
    pub(in crate::watch::feed) fn fold(&mut self, index: usize) -> Fold {
        let entry = &mut self.entries[index];
        let fold = entry.fold.take();
        fold.map_or_else(|| Fold::new(&entry.run.name), |fold| *fold)
    }

    /// Its history was read.
    pub(in crate::watch::feed) fn read(
        &mut self,
        index: usize,
        mut fold: Fold,
        cache: &mut Cache,
        now: Instant,
    ) {
        let ended = fold.is_ended();
        self.learn(index, fold.view_ref(), cache, now);
        let entry = &mut self.entries[index];
        entry.reading = false;
        entry.fold = (!ended).then(|| Box::new(fold));
    }

    /// Takes in what a history says.
    pub(in crate::watch::feed) fn learn(
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
    pub(in crate::watch::feed) fn remember(&self, index: usize, cache: &mut Cache) {
        let entry = &self.entries[index];
        if entry.settled && entry.told {
            cache.put(&entry.run);
        }
    }

    /// Its history could not be read. `gone`: there is none (any more).
    pub(in crate::watch::feed) fn unread(
        &mut self,
        index: usize,
        fold: Fold,
        gone: bool,
        now: Instant,
    ) {
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
