//! The lanes, and who works in them.

use std::collections::HashMap;

use super::percentile;
use crate::track::{ExecutionStatus, Place};
use crate::watch::run::{Digest, Run};

/// What one lane does and did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// Executions at work in it now.
    pub running: usize,
    /// Executions that wait in it for a worker now.
    pub queued: usize,
    /// Seconds that the longest of these has waited.
    pub longest_wait: Option<f64>,
    /// Executions that it has done the work for.
    pub done: usize,
    /// Attempts that failed in it.
    pub failures: usize,
    /// Seconds of work that half of what succeeded took at most.
    pub p50: Option<f64>,
    /// … that 95 of 100 took at most.
    pub p95: Option<f64>,
    /// Results whose process was new.
    pub cold_starts: usize,
    /// The highest peak memory of a result, in MB.
    pub peak_memory_mb: Option<f64>,
    /// The peak memory that 95 of 100 results stayed within, in MB.
    pub peak_memory_p95_mb: Option<f64>,
}

/// What one worker does and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    /// Its name.
    pub name: String,
    /// How many executions it has done the work for.
    pub done: usize,
    /// Names of the executions that it has now.
    pub has: Vec<String>,
}

#[derive(Default)]
struct LaneCounter {
    lane: Lane,
    seconds: Vec<f64>,
    memory: Vec<f64>,
}

impl LaneCounter {
    fn total(mut self) -> Lane {
        self.lane.done = self.seconds.len();
        self.lane.p50 = percentile(&mut self.seconds, 50);
        self.lane.p95 = percentile(&mut self.seconds, 95);
        self.lane.peak_memory_p95_mb = percentile(&mut self.memory, 95);
        self.lane.peak_memory_mb = self.memory.last().copied();
        self.lane
    }
}

/// Counts both lanes and the workers.
#[derive(Default)]
pub(super) struct Counter<'a> {
    lambda: LaneCounter,
    ecs: LaneCounter,
    workers: HashMap<&'a str, (usize, Vec<&'a str>)>,
}

impl<'a> Counter<'a> {
    pub(super) fn add(&mut self, run: &'a Run, digest: &'a Digest, now_ms: i64) {
        for did in &digest.lanes {
            let counter = self.of(did.place);
            counter.seconds.extend(did.seconds);
            counter.lane.failures += did.failures as usize;
        }
        if let Some(result) = &digest.result {
            let place = result.place.or(digest.places.last().copied());
            if let Some(place) = place {
                let counter = self.of(place);
                counter.lane.cold_starts += usize::from(result.cold_start);
                counter.memory.extend(result.peak_memory_mb);
            }
        }
        for worker in &digest.workers {
            self.workers.entry(worker).or_default();
        }
        for worker in &digest.done_by {
            self.workers.entry(worker).or_default().0 += 1;
        }
        if run.status == ExecutionStatus::Running {
            self.now(run, digest, now_ms);
        }
    }

    fn now(&mut self, run: &'a Run, digest: &'a Digest, now_ms: i64) {
        if let Some(since) = digest.waiting_since_ms {
            let waited = (now_ms - since).max(0) as f64 / 1000.0;
            let lane = &mut self.of(digest.at.unwrap_or(Place::Ecs)).lane;
            lane.queued += 1;
            lane.longest_wait = Some(lane.longest_wait.map_or(waited, |most| most.max(waited)));
        } else if let Some(place) = digest.at {
            self.of(place).lane.running += 1;
        }
        if let Some(worker) = &digest.held_by {
            self.workers.entry(worker).or_default().1.push(&run.name);
        }
    }

    fn of(&mut self, place: Place) -> &mut LaneCounter {
        match place {
            Place::Lambda => &mut self.lambda,
            Place::Ecs => &mut self.ecs,
        }
    }

    pub(super) fn total(self) -> (Lane, Lane, Vec<WorkerTotals>) {
        let workers = self.workers.into_iter();
        let mut workers: Vec<_> = workers
            .map(|(name, (done, has))| WorkerTotals {
                name: name.to_owned(),
                done,
                has: has.into_iter().map(str::to_owned).collect(),
            })
            .collect();
        workers.sort_by(|a, b| a.name.cmp(&b.name));
        (self.lambda.total(), self.ecs.total(), workers)
    }
}
