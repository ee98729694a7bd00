//! Everything that is known of a batch, and one look at what is new.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::budget::Budgets;
use super::calls::{is_throttling, read_history};
use super::discover::Discovery;
use super::history::ExecutionView;
use super::home::{Home, Urgency, Watched};
use super::outcome::{BatchStatus, Facts, ItemStatus, item_status};
use crate::error::JobsError;
use crate::names;
use crate::profile::Target;
use crate::store::{self, Listed};
use crate::submit::Manifest;

/// How much a look reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What may have changed since the last look.
    New,
    /// Everything that the service's limits let through.
    All,
}

/// How often originals are listed while some have no execution.
const ORIGINALS_EVERY: Duration = Duration::from_secs(1);
/// How often another batch's manifest is looked for while nothing is heard of it.
const MANIFEST_EVERY: Duration = Duration::from_secs(5);
/// Histories read at the same time.
const READERS: usize = 8;
/// Of what may be read in a look, the part for executions that ended badly.
const REDRIVE_PART: usize = 4;

/// A batch whose prefixes are listed: our own, and those that do the work for some of our items.
#[derive(Debug)]
struct Listing {
    batch: String,
    homes: Vec<usize>,
    originals_listed: Option<Instant>,
    manifest_seen: Option<Instant>,
}

/// Everything that is known of a batch.
pub(super) struct Follower<'a> {
    pub(super) target: &'a Target,
    manifest: &'a Manifest,
    pub(super) homes: Vec<Home>,
    /// Batch, then name → home.
    index: HashMap<&'a str, HashMap<&'a str, usize>>,
    listings: Vec<Listing>,
    upload_errors: BTreeMap<String, String>,
    statuses: Vec<ItemStatus>,
    /// Items that are not settled.
    unsettled: usize,
    pub(super) budgets: Budgets,
    discovery: Discovery,
    /// Shortest time between two reads of a history.
    base: Duration,
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Items whose facts changed, by their place in the manifest.
    pub(super) changed: Vec<usize>,
    /// Whether the service asked us to slow down.
    pub(super) throttled: bool,
}

impl<'a> Follower<'a> {
    /// `silence`: an original without an execution for so long may have one that left no record.
    pub(super) fn new(
        target: &'a Target,
        manifest: &'a Manifest,
        base: Duration,
        silence: Duration,
    ) -> Self {
        let mut follower = Self {
            target,
            manifest,
            homes: Vec::new(),
            index: HashMap::new(),
            listings: Vec::new(),
            upload_errors: BTreeMap::new(),
            statuses: Vec::new(),
            unsettled: manifest.items.len(),
            budgets: Budgets::new(target.profile().is_loopback(), Instant::now()),
            discovery: Discovery::new(silence),
            base,
        };
        for (item, entry) in manifest.items.iter().enumerate() {
            let (batch, name) = manifest.home(entry);
            if !follower.index.contains_key(batch) {
                follower.listings.push(Listing {
                    batch: batch.to_owned(),
                    homes: Vec::new(),
                    originals_listed: None,
                    manifest_seen: None,
                });
            }
            let homes = &mut follower.homes;
            let of_batch = follower.index.entry(batch).or_default();
            let home = *of_batch.entry(name).or_insert_with(|| {
                homes.push(Home {
                    batch: batch.to_owned(),
                    name: name.to_owned(),
                    dirty: true,
                    ..Home::default()
                });
                homes.len() - 1
            });
            follower.homes[home].items.push(item);
        }
        for listing in &mut follower.listings {
            let homes = follower.index.get(listing.batch.as_str());
            listing.homes = homes
                .into_iter()
                .flat_map(HashMap::values)
                .copied()
                .collect();
        }
        follower.statuses = vec![ItemStatus::default(); manifest.items.len()];
        follower
    }

    pub(super) fn manifest(&self) -> &'a Manifest {
        self.manifest
    }

    /// An item as it was found by the last look.
    pub(super) fn item(&self, index: usize) -> &ItemStatus {
        &self.statuses[index]
    }

    pub(super) fn is_settled(&self) -> bool {
        self.unsettled == 0
    }

    /// Whether histories of settled items are still to be read.
    pub(super) fn lacks_details(&self) -> bool {
        self.homes.iter().any(|home| {
            let told = home.runs.values().any(Watched::succeeded);
            !told && home.runs.values().any(|run| !run.is_known())
        })
    }

    /// The home that is known by this batch and name.
    pub(super) fn find(&self, batch: &str, name: &str) -> Option<usize> {
        self.index.get(batch)?.get(name).copied()
    }

    /// Uploads that were given up.
    pub(super) fn set_upload_errors(&mut self, errors: &BTreeMap<String, String>) {
        for home in &mut self.homes {
            home.dirty |= errors.contains_key(&home.name);
        }
        self.upload_errors.clone_from(errors);
    }

    /// Asks for news.
    pub(super) async fn look(&mut self, depth: Depth) -> Result<Looked, JobsError> {
        let now = Instant::now();
        for index in 0..self.listings.len() {
            self.list(index, depth, now).await?;
        }
        let mut throttled = self.read_histories(depth, now).await?;
        let mut discovery = std::mem::take(&mut self.discovery);
        let discovered = discovery.look(self, depth, now).await;
        self.discovery = discovery;
        match discovered {
            // Found just now: what it was is known without another look.
            Ok(true) => throttled |= self.read_histories(depth, now).await?,
            Ok(false) => {}
            Err(error) if is_throttling(&error) => throttled = true,
            Err(error) => return Err(error),
        }
        self.read_records(depth).await?;
        self.check_results(now).await?;
        Ok(Looked {
            changed: self.fold(),
            throttled,
        })
    }

    /// Lists a batch's prefixes: run records, results and failures each time, originals while some
    /// of them lack an execution.
    async fn list(&mut self, index: usize, depth: Depth, now: Instant) -> Result<(), JobsError> {
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
    pub(super) fn begin(
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

    async fn read_histories(&mut self, depth: Depth, now: Instant) -> Result<bool, JobsError> {
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
    async fn read_records(&mut self, depth: Depth) -> Result<(), JobsError> {
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

    /// A failure counts only when there is no result, and the results were listed before the
    /// histories were read: a batch with a new failure lists them once more.
    async fn check_results(&mut self, now: Instant) -> Result<(), JobsError> {
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

    /// Folds the items of the homes that changed, and says which items are not as they were.
    fn fold(&mut self) -> Vec<usize> {
        let now_ms = now_ms();
        let mut changed = Vec::new();
        for home in &mut self.homes {
            if !std::mem::take(&mut home.dirty) {
                continue;
            }
            let views = home.views();
            home.settled = true;
            for &index in &home.items {
                let status = folded(
                    self.manifest,
                    index,
                    home,
                    &views,
                    &self.upload_errors,
                    now_ms,
                );
                home.settled &= status.state.is_settled();
                let before = &self.statuses[index];
                // The first time there is nothing to compare with.
                let known = !before.name.is_empty();
                match (
                    before.state.is_settled() && known,
                    status.state.is_settled(),
                ) {
                    (false, true) => self.unsettled -= 1,
                    (true, false) => self.unsettled += 1,
                    _ => {}
                }
                // The clock of a running item is no news.
                let same = ItemStatus {
                    seconds: before.seconds,
                    ..status.clone()
                } == *before;
                self.statuses[index] = status;
                if !same {
                    changed.push(index);
                }
            }
        }
        changed
    }

    /// The batch as it is now: the clocks of what still runs go on.
    pub(super) fn status(&mut self) -> BatchStatus {
        for home in &mut self.homes {
            home.dirty |= !home.settled;
        }
        self.fold();
        BatchStatus {
            batch: self.manifest.batch.clone(),
            created: self.manifest.created.clone(),
            items: self.statuses.clone(),
        }
    }

    /// The executions of each item, oldest first.
    pub(super) fn executions(&self) -> BTreeMap<String, Vec<ExecutionView>> {
        let mut all = BTreeMap::new();
        for home in &self.homes {
            let mut views = home.views();
            views.sort_by_key(|view| view.started_ms);
            for &item in &home.items {
                all.insert(self.manifest.items[item].name.clone(), views.clone());
            }
        }
        all
    }
}

fn folded(
    manifest: &Manifest,
    index: usize,
    home: &Home,
    views: &[ExecutionView],
    upload_errors: &BTreeMap<String, String>,
    now_ms: i64,
) -> ItemStatus {
    let item = &manifest.items[index];
    item_status(&Facts {
        manifest,
        item,
        executions: views,
        cleaned: home.cleaned,
        failed: home.record.as_ref(),
        uploaded_ms: home.stored_ms,
        upload_error: upload_errors.get(&item.name).map(String::as_str),
        home_gone: home.gone,
        now_ms,
    })
}

pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
