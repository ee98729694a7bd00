//! What an execution did cost, from its history.

use std::iter::Sum;
use std::ops::Add;

use serde::Serialize;

use super::{Rates, Setup};
use crate::track::{ExecutionView, Place};
use crate::watch::Usage;

/// What was spent, as far as histories tell. Adds up: over the runs of an item, of a lane, of a batch.
///
/// Times are those of the history, from the start of an attempt to its end; what AWS bills is a little less. S3 is not in
/// it: a history says nothing of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    /// Cleaning on Lambda, failed attempts included.
    pub lambda: f64,
    /// Cleaning on ECS, failed attempts included.
    pub ecs: f64,
    /// How much of both went into attempts that failed.
    pub failed: f64,
    /// The Plan step's invocations.
    pub plan: f64,
    /// State transitions, retries included.
    pub transitions: f64,
    /// Attempts whose price cannot be told: they have not ended, or run on compute that is not ours, whose size nobody
    /// told.
    pub unknown: u32,
}

impl Spent {
    /// All of it; `None` when some of it is unknown.
    #[must_use]
    pub fn total(&self) -> Option<f64> {
        (self.unknown == 0).then_some(self.known())
    }

    /// What is known of it.
    #[must_use]
    pub fn known(&self) -> f64 {
        self.lambda + self.ecs + self.plan + self.transitions
    }

    /// What cleaning cost in a lane.
    #[must_use]
    pub fn lane(&self, place: Place) -> f64 {
        match place {
            Place::Lambda => self.lambda,
            Place::Ecs => self.ecs,
        }
    }
}

impl Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            ecs: self.ecs + other.ecs,
            failed: self.failed + other.failed,
            plan: self.plan + other.plan,
            transitions: self.transitions + other.transitions,
            unknown: self.unknown + other.unknown,
        }
    }
}

impl Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// What one execution did cost.
#[must_use]
pub fn actual(run: &ExecutionView, setup: &Setup, rates: &Rates) -> Spent {
    spent(&Usage::of(run), setup, rates)
}

/// What was used, in money.
#[must_use]
pub fn spent(usage: &Usage, setup: &Setup, rates: &Rates) -> Spent {
    let clean = |seconds, runs| setup.lambda_time(seconds, runs, setup.lambda.memory_mb, rates);
    let ecs = |seconds| setup.worker_time(seconds, rates);
    Spent {
        lambda: clean(usage.lambda_seconds, usage.lambda_runs),
        ecs: ecs(usage.ecs_seconds),
        failed: clean(usage.lambda_failed_seconds, usage.lambda_failed_runs)
            + ecs(usage.ecs_failed_seconds),
        plan: setup.lambda_time(
            usage.plan_seconds,
            usage.plan_runs,
            setup.plan_memory_mb,
            rates,
        ),
        transitions: f64::from(usage.transitions) * rates.states_transition,
        unknown: usage.unknown,
    }
}
