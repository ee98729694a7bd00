//! What many executions add up to.

mod cost;
mod lanes;

use std::collections::HashMap;

pub use cost::{Bill, Costs};
pub use lanes::{Lane, WorkerTotals};

use super::run::Run;
use crate::price::{Rates, Setup};
use crate::track::{ExecutionStatus, Place};

/// What executions add up to. Everything but the statuses is known of those whose history was read
/// ([`Totals::digests`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many they are.
    pub runs: usize,
    /// Of these, how many have a digest.
    pub digests: usize,
    /// Those that have not ended, queued ones included.
    pub running: usize,
    /// Running ones that wait for a worker.
    pub queued: usize,
    /// Those that reached their end.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that the machine's time-out ended.
    pub timed_out: usize,
    /// Those that somebody stopped.
    pub aborted: usize,
    /// Those that went to another lane than planned, or to a second one.
    pub moved: usize,
    /// Errors that made them leave a lane, with how often, the most frequent first.
    pub moved_by: Vec<(String, usize)>,
    /// The Lambda lane.
    pub lambda: Lane,
    /// The ECS lane.
    pub ecs: Lane,
    /// Workers by name.
    pub workers: Vec<WorkerTotals>,
    /// Predicted seconds ÷ actual ones, the median.
    pub accuracy: Option<f64>,
    /// What they cost, where prices are known.
    pub cost: Option<Costs>,
}

impl Totals {
    /// Adds up executions. Without prices there is no cost.
    pub fn of<'a>(
        runs: impl Iterator<Item = &'a Run>,
        now_ms: i64,
        price: Option<(&Setup, &Rates)>,
    ) -> Self {
        let mut totals = Self::default();
        let mut lanes = lanes::Counter::default();
        let mut bill = price.map(|(setup, rates)| Bill::new(setup, rates));
        let mut accuracies = Vec::new();
        let mut moved_by: HashMap<&str, usize> = HashMap::new();
        for run in runs {
            totals.count(run);
            let Some(digest) = run.digest.as_deref() else {
                continue;
            };
            totals.digests += 1;
            totals.queued += usize::from(run.waiting_since_ms().is_some());
            if digest.moved {
                totals.moved += 1;
                if let Some(error) = &digest.moved_by {
                    *moved_by.entry(error).or_default() += 1;
                }
            }
            accuracies.extend(digest.accuracy());
            lanes.add(run, digest, now_ms);
            if let Some(bill) = &mut bill {
                bill.add(run, digest);
            }
        }
        totals.moved_by = most_frequent_first(moved_by);
        totals.accuracy = percentile(&mut accuracies, 50);
        totals.cost = bill.map(Bill::total);
        (totals.lambda, totals.ecs, totals.workers) = lanes.total();
        totals
    }

    /// A lane.
    #[must_use]
    pub fn lane(&self, place: Place) -> &Lane {
        match place {
            Place::Lambda => &self.lambda,
            Place::Ecs => &self.ecs,
        }
    }

    fn count(&mut self, run: &Run) {
        self.runs += 1;
        *match run.status {
            ExecutionStatus::Running => &mut self.running,
            ExecutionStatus::Succeeded => &mut self.succeeded,
            ExecutionStatus::Failed => &mut self.failed,
            ExecutionStatus::TimedOut => &mut self.timed_out,
            ExecutionStatus::Aborted => &mut self.aborted,
        } += 1;
    }
}

fn most_frequent_first(counts: HashMap<&str, usize>) -> Vec<(String, usize)> {
    let mut list: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    list.sort_by(|(a, many), (b, few)| few.cmp(many).then_with(|| a.cmp(b)));
    list
}

/// The smallest value that at least so many percent are not above (nearest rank).
fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

#[cfg(test)]
mod tests;
