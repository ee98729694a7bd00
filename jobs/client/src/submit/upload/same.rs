//! Items that others do the work for: nothing to send, unless those who should have sent it did not.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;

use super::unfinished::Unfinished;
use super::{Sent, UploadSummary, Work};
use crate::error::JobsError;
use crate::names;
use crate::progress::Progress;
use crate::submit::ManifestItem;
use crate::submit::parts::ONE_PUT;

/// Items that wait for a place at the same time. Few: who should send them may be at it, and what it
/// brings meanwhile need not be sent.
const WAITING: usize = 8;

impl Work<'_> {
    /// After our own items. An original that is not there yet goes to where it is waited for: the same
    /// content, and `If-None-Match` makes a second arrival impossible. From the end, because whoever
    /// should have sent it began at the beginning.
    pub(super) async fn same(&self, summary: &mut UploadSummary) -> Result<(), JobsError> {
        let mut homes: BTreeMap<(&str, &str), Vec<&ManifestItem>> = BTreeMap::new();
        for item in &self.batch.manifest.items {
            if let Some(home) = &item.same_as {
                let sharers = homes.entry((&home.batch, &home.name)).or_default();
                sharers.push(item);
            }
        }
        let batches: BTreeSet<&str> = homes.keys().map(|(batch, _)| *batch).collect();
        let mut missing = Vec::new();
        let mut unfinished = Unfinished::default();
        for batch in batches {
            let mut there = self.sizes(&names::inbox_prefix(batch)).await?;
            there.extend(self.sizes(&names::cleaned_prefix(batch)).await?);
            // The shortest name begins the range: homes are ordered by batch.
            let of_batch = homes.range((batch, "")..);
            let of_batch = of_batch.take_while(|((home, _), _)| *home == batch);
            let mut large = false;
            for ((_, name), sharers) in of_batch {
                let key = names::inbox_key(batch, name);
                let found = there.contains_key(&key)
                    || there.contains_key(&names::cleaned_key(batch, name));
                if found {
                    self.settle_same(summary, (batch, name), sharers, Ok(Sent::Already))?;
                } else {
                    large |= sharers.iter().any(|item| item.bytes > ONE_PUT);
                    missing.push((key, (batch, *name), sharers));
                }
            }
            if large {
                unfinished.extend(self.unfinished(&names::inbox_prefix(batch)).await?);
            }
        }
        let unfinished = &unfinished;
        let uploads = missing
            .into_iter()
            .rev()
            .map(|(key, home, sharers)| async move {
                let sent = self.for_home(key, sharers, unfinished).await;
                (home, sharers, sent)
            });
        let mut uploads = futures::stream::iter(uploads).buffer_unordered(WAITING);
        while let Some((home, sharers, sent)) = uploads.next().await {
            self.settle_same(summary, home, sharers, sent)?;
        }
        Ok(())
    }

    /// Sends what is the same for all of these, from the first of them whose file we have.
    async fn for_home(
        &self,
        key: String,
        sharers: &[&ManifestItem],
        unfinished: &Unfinished,
    ) -> Result<Sent, JobsError> {
        let ours = |item: &&&ManifestItem| self.batch.sources.contains_key(&item.name);
        let Some(item) = sharers.iter().find(ours).or(sharers.first()) else {
            return Ok(Sent::Already);
        };
        let head = || crate::store::head(self.target, &key);
        let arrived = self.asking(head).await?;
        if arrived.is_some_and(|head| head.bytes == item.bytes) {
            return Ok(Sent::Already);
        }
        self.one(item, key.clone(), unfinished).await
    }

    fn settle_same(
        &self,
        summary: &mut UploadSummary,
        (batch, name): (&str, &str),
        sharers: &[&ManifestItem],
        sent: Result<Sent, JobsError>,
    ) -> Result<(), JobsError> {
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(error) if self.concerns_all(&error) => return Err(error),
            Err(error) => {
                for item in sharers {
                    let (item, error) = (item.name.clone(), error.to_string());
                    summary.failed.insert(item.clone(), error.clone());
                    self.reporter.tell(Progress::UploadFailed { item, error });
                }
                return Ok(());
            }
        };
        if batch == self.batch.id() {
            // Its own file failed, but not this one.
            summary.failed.remove(name);
        }
        for item in sharers {
            summary.same += 1;
            self.reporter.tell(Progress::Same {
                item: item.name.clone(),
                batch: batch.to_owned(),
                name: name.to_owned(),
            });
            self.settle(summary, item, Ok(sent))?;
            // It was sent once.
            sent = Sent::Already;
        }
        Ok(())
    }
}
