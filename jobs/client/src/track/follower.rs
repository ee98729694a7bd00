//! Everything that is known of a batch, and one look at what is new: [`list`] says what lies in the bucket, [`read`] what
//! single executions say.

mod list;
mod read;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::budget::Budgets;
use super::calls::is_throttling;
use super::discover::Discovery;
use super::history::ExecutionView;
use super::home::{Home, Watched};
use super::outcome::{BatchStatus, Facts, ItemStatus, item_status};
use crate::error::JobsError;
use crate::profile::Target;
use crate::submit::Manifest;

/// How much a look reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What may have changed since the last look.
    New,
    /// Everything that the service's limits let through.
    All,
}

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
