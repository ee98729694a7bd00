//! What executions cost together.

use std::collections::BTreeMap;

use crate::price::{Rates, Setup, Spent, spent};
use crate::track::{ExecutionStatus, Place};
use crate::watch::run::{Digest, Run};

/// What executions cost. Amounts are in the price table's currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    /// All of it, by lane and term.
    pub spent: Spent,
    /// Executions of which some is unknown: they run, or ran on compute whose size nobody told. What is known of them is
    /// in `spent`.
    pub unknown_runs: usize,
    /// By batch, the newest first.
    pub by_batch: Vec<(String, Spent)>,
    /// Which part of the lanes' cost went into attempts that failed, 0 to 1.
    pub failed_share: Option<f64>,
    /// What it would have cost on ECS alone, less what it did cost; below 0 when ECS alone would have been cheaper.
    ///
    /// Counted over executions that succeeded and whose cost is known, and over the lanes only: Plan and transitions cost
    /// the same either way. On ECS alone, each would have cost one run of a worker: the one it had; or, where Lambda did
    /// the work, the seconds that Lambda took × Lambda's processors ÷ the worker's. Failed attempts would not have been.
    /// `None` when there is no such execution.
    pub saved: Option<f64>,
}

/// Adds up costs.
#[derive(Clone, Debug)]
pub struct Bill<'a> {
    setup: &'a Setup,
    rates: &'a Rates,
    spent: Spent,
    unknown_runs: usize,
    by_batch: BTreeMap<&'a str, Spent>,
    saved: Option<f64>,
}

impl<'a> Bill<'a> {
    /// Nothing yet, at these prices.
    #[must_use]
    pub fn new(setup: &'a Setup, rates: &'a Rates) -> Self {
        Self {
            setup,
            rates,
            spent: Spent::default(),
            unknown_runs: 0,
            by_batch: BTreeMap::new(),
            saved: None,
        }
    }

    /// Adds an execution.
    pub fn add(&mut self, run: &'a Run, digest: &Digest) {
        let cost = spent(&digest.usage, self.setup, self.rates);
        self.spent = self.spent + cost;
        self.unknown_runs += usize::from(cost.unknown > 0);
        if let Some(subject) = &run.subject {
            let batch = self.by_batch.entry(&subject.batch).or_default();
            *batch = *batch + cost;
        }
        if run.status == ExecutionStatus::Succeeded
            && cost.unknown == 0
            && let Some(on_ecs) = self.on_ecs(digest)
        {
            let saved = on_ecs - cost.lambda - cost.ecs;
            self.saved = Some(self.saved.unwrap_or(0.0) + saved);
        }
    }

    /// What the work would have cost on ECS alone.
    fn on_ecs(&self, digest: &Digest) -> Option<f64> {
        let seconds = |place| digest.lane(place)?.seconds;
        let seconds = seconds(Place::Ecs).or_else(|| {
            let cpu = seconds(Place::Lambda)? * self.setup.lambda.vcpus;
            Some(cpu / self.setup.worker.vcpus)
        })?;
        Some(self.setup.worker_time(seconds, self.rates))
    }

    /// All of it.
    #[must_use]
    pub fn total(self) -> Costs {
        let lanes = self.spent.lambda + self.spent.ecs;
        let by_batch = self.by_batch.into_iter().rev();
        Costs {
            spent: self.spent,
            unknown_runs: self.unknown_runs,
            // Ids of batches sort by their time.
            by_batch: by_batch.map(|(id, cost)| (id.to_owned(), cost)).collect(),
            failed_share: (lanes > 0.0).then(|| self.spent.failed / lanes),
            saved: self.saved,
        }
    }
}
