//! Which children of a run begin, and when it is over.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MapRunError, MapRunRequest};
use crate::execution::Status;

/// The most children that run at the same time, whatever the state asks for.
const MAX_RUNNING: u64 = 10_000;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MapRunStatus {
    /// Not ended yet.
    Running,
    /// Ended with no more failures than are tolerated.
    Succeeded,
    /// Ended with more.
    Failed,
    /// Stopped with its parent.
    Aborted,
}

/// How many there are in which state: of items, or of child executions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapRunCounts {
    /// Not begun.
    pub pending: u64,
    /// Begun and not ended.
    pub running: u64,
    /// Ended with an output.
    pub succeeded: u64,
    /// Ended with an error.
    pub failed: u64,
    /// Ended by their time-out.
    pub timed_out: u64,
    /// Stopped.
    pub aborted: u64,
    /// All together.
    pub total: u64,
    /// Whose results have been written.
    pub results_written: u64,
}

impl MapRunCounts {
    fn begin(&mut self, count: u64) {
        self.pending = self.pending.saturating_sub(count);
        self.running += count;
    }

    fn end(&mut self, status: Status, count: u64) {
        self.running = self.running.saturating_sub(count);
        match status {
            Status::Running => self.running += count,
            Status::Succeeded => self.succeeded += count,
            Status::Failed => self.failed += count,
            Status::TimedOut => self.timed_out += count,
            Status::Aborted => self.aborted += count,
        }
    }

    fn unsuccessful(&self) -> u64 {
        self.failed + self.timed_out + self.aborted
    }

    /// As `DescribeMapRun` shows them.
    #[must_use]
    pub fn to_api(&self) -> Value {
        json!({
            "pending": self.pending,
            "running": self.running,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "timedOut": self.timed_out,
            "aborted": self.aborted,
            "total": self.total,
            "resultsWritten": self.results_written,
            "failuresNotRedrivable": 0,
            "pendingRedrive": 0,
        })
    }
}

/// What the end of a child means for its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The run goes on: ask [`MapRun::begin`] who is next.
    Continue,
    /// Every child has ended, and the run succeeds.
    Complete,
    /// More children have failed than is tolerated: the others are to be stopped, and the run fails.
    Exceeded(MapRunError),
}

/// A run while it goes on. The host keeps it with the children's inputs and results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRun {
    /// How it stands.
    pub status: MapRunStatus,
    /// Counts of items.
    pub items: MapRunCounts,
    /// Counts of child executions.
    pub executions: MapRunCounts,
    /// The first child that has not begun.
    next: u64,
    /// How many may run at once; 0 for no limit of the state's own.
    pub max_concurrency: u64,
    /// How many failed items are tolerated.
    pub tolerated_failure_count: Option<u64>,
    /// Which share of them, in percent.
    pub tolerated_failure_percentage: Option<f64>,
}

impl MapRun {
    /// A run of so many children, for so many items.
    #[must_use]
    pub fn new(request: &MapRunRequest, children: u64, items: u64) -> MapRun {
        let counts = |total: u64| MapRunCounts {
            pending: total,
            total,
            ..MapRunCounts::default()
        };
        MapRun {
            status: MapRunStatus::Running,
            items: counts(items),
            executions: counts(children),
            next: 0,
            max_concurrency: request.max_concurrency,
            tolerated_failure_count: request.tolerated_failure_count,
            tolerated_failure_percentage: request.tolerated_failure_percentage,
        }
    }

    /// The children that may begin now, by their place; they count as running from now on.
    /// `items_of` gives how many items a child stands for. At most `most` are given at once.
    pub fn begin(&mut self, most: u64, items_of: impl Fn(u64) -> u64) -> Range<u64> {
        if self.status != MapRunStatus::Running {
            return self.next..self.next;
        }
        let limit = match self.max_concurrency {
            0 => MAX_RUNNING,
            limit => limit.min(MAX_RUNNING),
        };
        let free = limit.saturating_sub(self.executions.running);
        let left = self.executions.total.saturating_sub(self.next);
        let begun = self.next..self.next + free.min(left).min(most);
        for child in begun.clone() {
            self.executions.begin(1);
            self.items.begin(items_of(child));
        }
        self.next = begun.end;
        begun
    }

    /// Whether a run without children is complete from the start.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.executions.pending == 0 && self.executions.running == 0
    }

    /// A child has ended that stands for so many items.
    pub fn ended(&mut self, status: Status, items: u64) -> Verdict {
        self.executions.end(status, 1);
        self.items.end(status, items);
        if self.status != MapRunStatus::Running {
            return Verdict::Continue;
        }
        if self.exceeds() {
            self.status = MapRunStatus::Failed;
            return Verdict::Exceeded(MapRunError {
                error: "States.ExceedToleratedFailureThreshold".to_owned(),
                cause: "The specified tolerated failure threshold was exceeded".to_owned(),
            });
        }
        if self.is_complete() {
            self.status = MapRunStatus::Succeeded;
            return Verdict::Complete;
        }
        Verdict::Continue
    }

    /// The run is stopped with its parent: what has not begun never does.
    pub fn abort(&mut self) {
        self.status = MapRunStatus::Aborted;
    }

    /// The limits were changed while the run goes on; more may be tolerated, or less.
    pub fn update(
        &mut self,
        max_concurrency: Option<u64>,
        tolerated_count: Option<u64>,
        tolerated_percentage: Option<f64>,
    ) {
        self.max_concurrency = max_concurrency.unwrap_or(self.max_concurrency);
        self.tolerated_failure_count = tolerated_count.or(self.tolerated_failure_count);
        self.tolerated_failure_percentage =
            tolerated_percentage.or(self.tolerated_failure_percentage);
    }

    /// The run goes on after a redrive: those of so many children and items that did not succeed
    /// count as running again.
    pub fn redrive(&mut self, children: u64, items: u64) {
        self.status = MapRunStatus::Running;
        for (counts, again) in [(&mut self.executions, children), (&mut self.items, items)] {
            counts.failed = 0;
            counts.timed_out = 0;
            counts.aborted = 0;
            counts.running += again;
        }
    }

    /// Where nothing is said, nothing is tolerated; where both are said, each is a limit.
    fn exceeds(&self) -> bool {
        let failed = self.items.unsuccessful();
        if failed == 0 {
            return false;
        }
        let (count, share) = (
            self.tolerated_failure_count,
            self.tolerated_failure_percentage,
        );
        let percent = 100.0 * failed as f64 / self.items.total.max(1) as f64;
        match (count, share) {
            (None, None) => true,
            (count, share) => {
                count.is_some_and(|count| failed > count)
                    || share.is_some_and(|share| percent > share)
            }
        }
    }
}
