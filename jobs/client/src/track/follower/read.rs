//! What is read of single items: histories of executions, and records of failures.

use std::time::Instant;

use futures::StreamExt;

use super::{Depth, Follower};
use crate::error::JobsError;
use crate::names;
use crate::store;
use crate::track::calls::{is_throttling, read_history};
use crate::track::home::{Urgency, Watched};

/// Histories read at the same time.
const READERS: usize = 8;
/// Of what may be read in a look, the part for executions that ended badly.
const REDRIVE_PART: usize = 4;

impl Follower<'_> {
    pub(super) async fn read_histories(
        &mut self,
        depth: Depth,
        now: Instant,
    ) -> Result<bool, JobsError> {
        let profile = self.target.profile();
        let mut due = Vec::new();
        for (index, home) in self.homes.iter().enumerate() {
            // One success settles an item, whatever else runs.
            if depth == Depth::New && home.runs.values().any(Watched::succeeded) {
                continue;
            }
            for (name, run) in &home.runs {
                if let Some(urgency) = run.due(self.base, now) {
                    due.push((urgency, run.read, index, name.clone(), run.last_event()));
                }
            }
        }
        // Within an urgency, those that waited longest come first.
        due.sort();
        if depth == Depth::New || !profile.is_loopback() {
            let mut allowed = self.budgets.histories.available(now);
            let redrives = (allowed / REDRIVE_PART).max(1);
            let first = due.partition_point(|entry| entry.0 < Urgency::Redrive);
            due.truncate(first + redrives);
            allowed = self.budgets.histories.take(due.len(), now);
            due.truncate(allowed);
        }
        let target = self.target;
        let reads = due.into_iter().map(|(_, _, home, name, last)| {
            let arn = profile.execution_arn(&name);
            async move { (read_history(target, &arn, last).await, home, name) }
        });
        let mut reads = futures::stream::iter(reads).buffer_unordered(READERS);
        let mut throttled = false;
        while let Some((events, home, name)) = reads.next().await {
            let home = &mut self.homes[home];
            let Some(run) = home.runs.get_mut(&name) else {
                continue;
            };
            match events {
                Ok(events) => home.dirty |= run.apply(&events, now),
                Err(JobsError::Service { code, .. }) if code == "ExecutionDoesNotExist" => {
                    home.dirty |= run.forget(now);
                }
                Err(error) if is_throttling(&error) => throttled = true,
                Err(error) => return Err(error),
            }
        }
        Ok(throttled)
    }

    /// Failure records speak where histories are gone; otherwise histories know more.
    pub(super) async fn read_records(&mut self, depth: Depth) -> Result<(), JobsError> {
        let wanted: Vec<_> = self
            .homes
            .iter()
            .enumerate()
            .filter(|(_, home)| home.wants_record(depth == Depth::All))
            .map(|(index, home)| (index, names::failed_key(&home.batch, &home.name)))
            .collect();
        let target = self.target;
        let reads = wanted
            .into_iter()
            .map(|(home, key)| async move { (home, store::get(target, &key).await) });
        let mut reads = futures::stream::iter(reads).buffer_unordered(READERS);
        while let Some((home, text)) = reads.next().await {
            let text = text?.unwrap_or_default();
            let home = &mut self.homes[home];
            match serde_json::from_slice(&text) {
                Ok(record) => home.record = Some(record),
                // Removed by a success meanwhile, or not ours.
                Err(_) => home.has_record = false,
            }
            home.dirty = true;
        }
        Ok(())
    }
}
