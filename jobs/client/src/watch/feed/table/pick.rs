//! Which history is read next.

use std::time::{Duration, Instant};

use super::{Entry, Table};

/// How often the history of one that runs is read at most: on screen, and elsewhere.
pub(super) const SEEN_EVERY: Duration = Duration::from_secs(2);
pub(super) const UNSEEN_EVERY: Duration = Duration::from_secs(20);
/// … at least, when it has been silent for long.
const SEEN_AT_LEAST: Duration = Duration::from_secs(15);
const UNSEEN_AT_LEAST: Duration = Duration::from_mins(5);
/// A history without news is read again after this part of the time that it has had none.
const PATIENCE_PART: u32 = 4;
/// Each so many-th history is one of the backlog, however much happens on screen.
const BACKLOG_TURN: u32 = 4;

impl Entry {
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

impl Table {
    /// Whether there are histories to be read that nobody looks at.
    pub(in crate::watch::feed) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty() || !self.ended.is_empty()
    }

    /// The execution whose history is read next. `spare`: whether there is budget for what nobody looks at.
    /// `calm`: only for what is on screen and was never read.
    pub(in crate::watch::feed) fn pick(
        &mut self,
        spare: bool,
        calm: bool,
        now: Instant,
    ) -> Option<usize> {
        let turn = self.picks % BACKLOG_TURN == BACKLOG_TURN - 1;
        let picked = self
            .visible_unread(now)
            .or_else(|| if calm { None } else { self.urgent(now) })
            .or_else(|| {
                if calm || !turn {
                    None
                } else {
                    self.next_of_backlog(now)
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
            .or_else(|| self.next_of_backlog(now))
    }

    fn next_of_backlog(&mut self, now: Instant) -> Option<usize> {
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
}
