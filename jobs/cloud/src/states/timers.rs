//! All timers of all executions, by the moment at which they fire.

use std::collections::{BTreeMap, BTreeSet};

/// One queue for everything that waits for a moment. Moments are milliseconds since the epoch.
#[derive(Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(i64, i64, u64)>,
    moments: BTreeMap<(i64, u64), i64>,
}

impl Timers {
    /// Sets a timer of an execution; setting it again moves it.
    pub(crate) fn arm(&mut self, execution: i64, timer: u64, at: i64) {
        self.disarm(execution, timer);
        self.moments.insert((execution, timer), at);
        self.queue.insert((at, execution, timer));
    }

    pub(crate) fn disarm(&mut self, execution: i64, timer: u64) {
        if let Some(at) = self.moments.remove(&(execution, timer)) {
            self.queue.remove(&(at, execution, timer));
        }
    }

    /// Drops all timers of an execution.
    pub(crate) fn disarm_all(&mut self, execution: i64) {
        let all = (execution, 0)..=(execution, u64::MAX);
        let timers: Vec<u64> = self
            .moments
            .range(all)
            .map(|((_, timer), _)| *timer)
            .collect();
        for timer in timers {
            self.disarm(execution, timer);
        }
    }

    /// The moment of the first timer.
    pub(crate) fn first(&self) -> Option<i64> {
        self.queue.first().map(|(at, _, _)| *at)
    }

    /// Takes a timer whose moment has come: its execution and number.
    pub(crate) fn pop_due(&mut self, now: i64) -> Option<(i64, u64)> {
        if self.first()? > now {
            return None;
        }
        let (_, execution, timer) = self.queue.pop_first()?;
        self.moments.remove(&(execution, timer));
        Some((execution, timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_and_once() {
        let mut timers = Timers::default();
        timers.arm(1, 1, 300);
        timers.arm(2, 1, 100);
        timers.arm(1, 2, 200);
        timers.arm(1, 2, 50);
        assert_eq!(timers.first(), Some(50));
        assert_eq!(timers.pop_due(40), None);
        assert_eq!(timers.pop_due(250), Some((1, 2)));
        assert_eq!(timers.pop_due(250), Some((2, 1)));
        assert_eq!(timers.pop_due(250), None);
    }

    #[test]
    fn an_execution_takes_its_timers_along() {
        let mut timers = Timers::default();
        timers.arm(1, 1, 1);
        timers.arm(1, u64::MAX, 2);
        timers.arm(2, 1, 3);
        timers.disarm_all(1);
        timers.disarm(7, 7);
        assert_eq!(timers.pop_due(10), Some((2, 1)));
        assert_eq!(timers.first(), None);
    }
}
