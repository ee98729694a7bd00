//! What lies in the bucket: run records, results, failures, originals.

use std::time::{Duration, Instant};

use super::{Depth, Follower};
use crate::error::JobsError;
use crate::names;
use crate::store::{self, Listed};
use crate::track::home::Watched;

/// How often originals are listed while some have no execution.
const ORIGINALS_EVERY: Duration = Duration::from_secs(1);
/// How often another batch's manifest is looked for while nothing is heard of it.
const MANIFEST_EVERY: Duration = Duration::from_secs(5);

impl Follower<'_> {
    /// Lists a batch's prefixes: run records, results and failures each time, originals while some
    /// of them lack an execution.
    pub(super) async fn list(
        &mut self,
        index: usize,
        depth: Depth,
        now: Instant,
    ) -> Result<(), JobsError> {
        let listing = &self.listings[index];
        // Histories may still tell how; objects have nothing more to say.
        if depth == Depth::New && listing.homes.iter().all(|&home| self.homes[home].settled) {
            return Ok(());
        }
        let batch = listing.batch.clone();
        let every = |last: Option<Instant>, period| {
            last.is_none_or(|last| now.saturating_duration_since(last) >= period)
        };
        let silent = || {
            listing
                .homes
                .iter()
                .any(|&home| self.homes[home].is_silent())
        };
        let originals = every(listing.originals_listed, ORIGINALS_EVERY) && silent();
        let others = batch != self.manifest.batch;
        let manifest = others && every(listing.manifest_seen, MANIFEST_EVERY) && silent();
        let (runs, results) = (names::runs_prefix(&batch), names::cleaned_prefix(&batch));
        let (failures, inbox) = (names::failed_prefix(&batch), names::inbox_prefix(&batch));
        let key = names::manifest_key(&batch);
        let target = self.target;
        let some = |wanted: bool, prefix: String| async move {
            if wanted {
                Ok(Some(store::list(target, &prefix).await?))
            } else {
                Ok::<_, JobsError>(None)
            }
        };
        // The manifest before the rest: a batch that is deleted meanwhile is found so next time.
        let manifests = some(manifest, key.clone()).await?;
        let (runs, results, failures, originals) = tokio::try_join!(
            store::list(target, &runs),
            store::list(target, &results),
            store::list(target, &failures),
            some(originals, inbox),
        )?;
        self.take_runs(&runs, now);
        self.take_results(&batch, &results, now);
        for object in &failures {
            let name = names::parse_failed_key(&batch, &object.key);
            let home = name.and_then(|name| self.find(&batch, name));
            if let Some(home) = home.map(|home| &mut self.homes[home]) {
                home.dirty |= !home.has_record;
                home.has_record = true;
                home.runs.values_mut().for_each(|run| run.hint(now));
            }
        }
        if let Some(originals) = originals {
            self.take_originals(&originals);
            self.listings[index].originals_listed = Some(now);
        }
        if let Some(manifests) = manifests {
            let gone = manifests.iter().all(|object| object.key != key);
            for home in self.listings[index].homes.clone() {
                let home = &mut self.homes[home];
                home.dirty |= home.gone != gone;
                home.gone = gone;
            }
            self.listings[index].manifest_seen = Some(now);
        }
        Ok(())
    }

    fn take_runs(&mut self, records: &[Listed], now: Instant) {
        for record in records {
            let Some((batch, name, execution)) = names::parse_run_key(&record.key) else {
                continue;
            };
            // Not an item of ours: somebody put an object under our prefix by hand.
            if let Some(home) = self.find(batch, name) {
                self.begin(home, execution, record.modified_ms, now);
            }
        }
    }

    /// Notes an execution; true when it was not known.
    pub(in crate::track) fn begin(
        &mut self,
        home: usize,
        execution: &str,
        since_ms: i64,
        now: Instant,
    ) -> bool {
        let home = &mut self.homes[home];
        if home.runs.contains_key(execution) {
            return false;
        }
        let mut run = Watched::new(execution, since_ms, now);
        if home.cleaned || home.has_record {
            run.hint(now);
        }
        home.runs.insert(execution.to_owned(), run);
        home.dirty = true;
        true
    }

    fn take_results(&mut self, batch: &str, results: &[Listed], now: Instant) {
        for object in results {
            let name = names::parse_cleaned_key(batch, &object.key);
            let home = name.and_then(|name| self.find(batch, name));
            if let Some(home) = home.map(|home| &mut self.homes[home])
                && !home.cleaned
            {
                home.cleaned = true;
                home.dirty = true;
                home.runs.values_mut().for_each(|run| run.hint(now));
            }
        }
    }

    fn take_originals(&mut self, originals: &[Listed]) {
        for object in originals {
            let home = names::parse_inbox_key(&object.key)
                .and_then(|(batch, name)| self.find(batch, name));
            if let Some(home) = home.map(|home| &mut self.homes[home])
                && home.stored_ms.is_none()
            {
                home.stored_ms = Some(object.modified_ms);
                home.dirty = true;
            }
        }
    }

    /// A failure counts only when there is no result, and the results were listed before the
    /// histories were read: a batch with a new failure lists them once more.
    pub(super) async fn check_results(&mut self, now: Instant) -> Result<(), JobsError> {
        for index in 0..self.listings.len() {
            let listing = &self.listings[index];
            let failed = |&home: &usize| {
                let home = &self.homes[home];
                home.dirty && !home.cleaned && home.runs.values().any(Watched::ended_badly)
            };
            if listing.homes.iter().any(failed) {
                let batch = listing.batch.clone();
                let results = store::list(self.target, &names::cleaned_prefix(&batch)).await?;
                self.take_results(&batch, &results, now);
            }
        }
        Ok(())
    }
}
