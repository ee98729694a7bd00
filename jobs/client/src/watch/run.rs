//! One execution, as a row of the dashboard.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::submit::Wish;
use crate::track::outcome::Predicted;
use crate::track::{CleanReport, ExecutionStatus, Place};

/// An execution: what a list says of it, and its history's digest once that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Its ARN.
    pub arn: String,
    /// Its name within the state machine.
    pub name: String,
    /// Its status.
    pub status: ExecutionStatus,
    /// Milliseconds since the epoch when it started.
    pub started_ms: i64,
    /// … when it ended (the last time).
    pub stopped_ms: Option<i64>,
    /// How often it was redriven.
    pub redrives: u32,
    /// The item it works on, when its machine is Whiteboarder's.
    pub subject: Option<Subject>,
    /// What its history says; `None` until it was read. Of one that runs, as far as it was read.
    pub digest: Option<Arc<Digest>>,
}

impl Run {
    /// Seconds from its start to its end, or until now.
    #[must_use]
    pub fn seconds(&self, now_ms: i64) -> f64 {
        let until = self.stopped_ms.unwrap_or(now_ms);
        (until - self.started_ms).max(0) as f64 / 1000.0
    }

    /// The lane that it is in, or that worked on it last.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let digest = self.digest.as_ref()?;
        let now = digest
            .at
            .filter(|_| self.status == ExecutionStatus::Running);
        now.or(digest.places.last().copied())
    }

    /// Since when (ms) it waits for a worker.
    #[must_use]
    pub fn waiting_since_ms(&self) -> Option<i64> {
        let running = self.status == ExecutionStatus::Running;
        let digest = self.digest.as_ref().filter(|_| running)?;
        digest.waiting_since_ms
    }
}

/// An item of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The batch's id.
    pub batch: String,
    /// The item's name.
    pub name: String,
}

/// What did the work of a step, told from its history alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A Lambda function, by its ARN or through `lambda:invoke`.
    Lambda,
    /// An ECS task that the state machine ran (`ecs:runTask`).
    Ecs,
    /// A worker that polls an activity, wherever it is.
    Worker,
    /// Another state machine.
    Execution,
    /// A plain call of a service: nothing of ours computed.
    Service,
}

/// What a history comes down to: small enough to be kept for every execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Digest {
    /// Id of the last event that is in it.
    pub last_event: u64,
    /// Where somebody wished it to run; `None` when its machine has no Plan.
    pub wished: Option<Wish>,
    /// Where Plan placed it.
    pub planned: Option<Place>,
    /// Plan's reason, in a sentence.
    pub why: String,
    /// What Plan predicted.
    pub predicted: Option<Predicted>,
    /// Lanes that worked on it, in order, without immediate repetitions.
    pub places: Vec<Place>,
    /// Whether it went to another lane than planned, or to a second one.
    pub moved: bool,
    /// Error that made it leave a lane.
    pub moved_by: Option<String>,
    /// Every kind of compute that was asked, in the order of first use.
    pub kinds: Vec<Kind>,
    /// Tries of work, on all lanes together.
    pub attempts: u32,
    /// What the lanes did, each once, in the order of [`Place`].
    pub lanes: Vec<LaneWork>,
    /// Workers that took it, without repetitions.
    pub workers: Vec<String>,
    /// Workers that did it, without repetitions.
    pub done_by: Vec<String>,
    /// The worker that has it now, of one that runs.
    pub held_by: Option<String>,
    /// The lane that it is in now, at work or in its queue, of one that runs.
    pub at: Option<Place>,
    /// The state that it is in, of one that runs.
    pub state: Option<String>,
    /// Since when (ms) it waits in a queue because no worker has taken it.
    pub waiting_since_ms: Option<i64>,
    /// Error name of a failed one.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// The state that failed.
    pub failed_in: Option<String>,
    /// What the cleaning function reported.
    pub result: Option<CleanReport>,
    /// What is billed for it, as far as the history tells.
    pub usage: Usage,
}

/// What one lane did for an execution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneWork {
    /// The lane.
    pub place: Place,
    /// Seconds of the last attempt that succeeded.
    pub seconds: Option<f64>,
    /// Attempts that failed.
    pub failures: u32,
}

/// What is billed, before prices: seconds are those of the history, from the start of an attempt to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// State transitions, retries included.
    pub transitions: u32,
    /// Invocations of the cleaning Lambda that ran, failed ones included.
    pub lambda_runs: u32,
    /// Their seconds, each rounded up to a millisecond.
    pub lambda_seconds: f64,
    /// Seconds of those that failed.
    pub lambda_failed_runs: u32,
    /// See `lambda_failed_runs`.
    pub lambda_failed_seconds: f64,
    /// Seconds of workers and ECS tasks, failed ones included.
    pub ecs_seconds: f64,
    /// Seconds of those that failed.
    pub ecs_failed_seconds: f64,
    /// Invocations of the Lambda that plans.
    pub plan_runs: u32,
    /// Their seconds, each rounded up to a millisecond.
    pub plan_seconds: f64,
    /// Attempts whose price cannot be told: they have not ended, or run on compute that is not ours, whose size nobody
    /// told.
    pub unknown: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(status: ExecutionStatus, digest: Digest) -> Run {
        Run {
            status,
            started_ms: 1_000,
            digest: Some(Arc::new(digest)),
            ..Run::default()
        }
    }

    #[test]
    fn seconds_count_until_now_or_until_the_end() {
        let mut run = run(ExecutionStatus::Running, Digest::default());
        let before_it_started = run.seconds(500);
        assert!(run.seconds(3_500) > 2.0 && before_it_started < 0.1);
        run.stopped_ms = Some(1_250);
        assert!(run.seconds(9_000) < 0.5);
    }

    #[test]
    fn a_run_is_where_it_waits_and_was_where_it_worked_last() {
        let digest = Digest {
            places: vec![Place::Lambda],
            at: Some(Place::Ecs),
            waiting_since_ms: Some(2_000),
            ..Digest::default()
        };
        let waits = run(ExecutionStatus::Running, digest.clone());
        assert_eq!(waits.place(), Some(Place::Ecs));
        assert_eq!(waits.waiting_since_ms(), Some(2_000));
        // The list knows of its end before its history was read again.
        let ended = run(ExecutionStatus::Aborted, digest);
        assert_eq!(ended.place(), Some(Place::Lambda));
        assert_eq!(ended.waiting_since_ms(), None);
        assert_eq!(Run::default().place(), None);
    }
}
