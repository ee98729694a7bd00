//! The numbers of a batch that runs, folded from its events one at a time: no event costs more than the one before.

use std::collections::{BTreeMap, VecDeque};

use whiteboarder_jobs::Progress;
use whiteboarder_jobs::track::{ItemState, ItemStatus};

use super::outcome::reason;
use super::tally::Tally;

/// Over how long the rate of an upload is averaged.
const WINDOW_MS: u64 = 10_000;
/// No time left is guessed before this much has passed.
const GUESS_AFTER_MS: u64 = 3_000;
/// How many failures are kept with their reasons.
const KEPT: usize = 100;

/// One upload on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Bytes handed to the network.
    pub sent: u64,
    /// Of so many.
    pub bytes: u64,
    /// What the matter is: `retry 2 (connection reset)`.
    pub trouble: Option<String>,
}

/// Everything that is told of a batch while it runs.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Items of the batch.
    pub items: usize,
    /// Their size.
    pub bytes: u64,
    /// Uploads that are acknowledged, and those that were there already.
    pub uploaded: usize,
    /// Bytes of the files that were read before anything is sent, and of how many.
    pub hashed: (u64, u64),
    /// Items that an earlier batch has done already.
    pub same: usize,
    /// Uploads that were given up.
    pub not_uploaded: usize,
    /// Bytes of all uploads so far.
    pub sent: u64,
    /// Uploads on their way.
    pub transfers: BTreeMap<String, Transfer>,
    /// What is known of each item that was heard of, and counted.
    pub tally: Tally,
    /// What failed and why, the first ones.
    pub failures: Vec<(String, String)>,
    /// Results that are on disk.
    pub downloaded: usize,
    /// Results that could not be fetched or written.
    pub not_downloaded: usize,
    /// What something waits for that should be there.
    pub waits: Option<String>,
    /// Why the target cannot be reached, while it cannot.
    pub offline: Option<String>,
    began_ms: Option<u64>,
    rate: VecDeque<(u64, u64)>,
}

impl Numbers {
    /// Takes one event in at a moment of the caller's clock.
    pub fn apply(&mut self, event: &Progress, now_ms: u64) {
        match event {
            Progress::Batch { items, bytes, .. } => {
                (self.items, self.bytes) = (*items, *bytes);
                self.tally.expect(*items);
                self.began_ms = Some(now_ms);
            }
            Progress::UploadStarted { item, bytes } => {
                let transfer = Transfer {
                    bytes: *bytes,
                    ..Transfer::default()
                };
                self.transfers.insert(item.clone(), transfer);
            }
            Progress::UploadProgress { item, sent, bytes } => {
                let transfer = self.transfers.entry(item.clone()).or_default();
                let before = std::mem::replace(&mut transfer.sent, *sent);
                (transfer.bytes, transfer.trouble) = (*bytes, None);
                self.progress(before, *sent, now_ms);
            }
            Progress::UploadRetry {
                item,
                attempt,
                reason,
            } => {
                let transfer = self.transfers.entry(item.clone()).or_default();
                transfer.trouble = Some(format!("retry {attempt} ({reason})"));
            }
            Progress::Uploaded {
                item,
                bytes,
                already,
            } => {
                self.uploaded += 1;
                let before = self.transfers.remove(item).map_or(0, |t| t.sent);
                if *already {
                    // Nothing of it is to be sent: it counts as done, and not as speed.
                    self.sent = self.sent + bytes - before.min(self.sent);
                } else {
                    self.progress(before, *bytes, now_ms);
                }
            }
            Progress::UploadFailed { item, error } => {
                self.not_uploaded += 1;
                self.transfers.remove(item);
                self.fail(item, error);
            }
            Progress::Execution { item }
            | Progress::Cleaned { item }
            | Progress::Failed { item } => self.item(item),
            Progress::Waiting {
                first,
                items,
                advice,
                ..
            } => {
                let others = match items {
                    0 | 1 => String::new(),
                    more => format!(" and {} more", more - 1),
                };
                self.waits = Some(format!("{first}{others} wait: {advice}"));
            }
            Progress::Hashed {
                bytes, of_bytes, ..
            } => self.hashed = (*bytes, *of_bytes),
            Progress::Same { .. } => self.same += 1,
            Progress::Offline { error, .. } => self.offline = Some(error.clone()),
            Progress::Polled { .. } => self.offline = None,
            Progress::Downloaded { .. } => self.downloaded += 1,
            Progress::DownloadFailed { item, error } => {
                self.not_downloaded += 1;
                self.fail(item, error);
            }
            _ => {}
        }
    }

    /// Bytes a second over the last ten seconds; `None` until there is something to go by.
    pub fn rate(&self, now_ms: u64) -> Option<f64> {
        let recent = |(at, _): &&(u64, u64)| now_ms.saturating_sub(*at) <= WINDOW_MS;
        let began = self.began_ms?.max(now_ms.saturating_sub(WINDOW_MS));
        let bytes: u64 = self.rate.iter().filter(recent).map(|(_, sent)| sent).sum();
        let seconds = now_ms.saturating_sub(began) as f64 / 1000.0;
        (seconds > 0.2 && bytes > 0).then(|| bytes as f64 / seconds)
    }

    /// Seconds until all is uploaded, once a guess is worth something.
    pub fn upload_left(&self, now_ms: u64) -> Option<f64> {
        let lasted = now_ms.saturating_sub(self.began_ms?);
        if lasted < GUESS_AFTER_MS || self.sent >= self.bytes {
            return None;
        }
        Some((self.bytes - self.sent) as f64 / self.rate(now_ms)?)
    }

    /// Seconds until all is settled, by how long those took that are.
    pub fn clean_left(&self, now_ms: u64) -> Option<f64> {
        let lasted = now_ms.saturating_sub(self.began_ms?);
        let settled = self.tally.count().settled();
        if lasted < GUESS_AFTER_MS || settled == 0 || settled >= self.items {
            return None;
        }
        Some(lasted as f64 / 1000.0 / settled as f64 * (self.items - settled) as f64)
    }

    /// An upload went from so many bytes to so many; after a retry it may go back.
    fn progress(&mut self, before: u64, after: u64, now_ms: u64) {
        self.sent = self.sent + after - before.min(self.sent + after);
        let news = after.saturating_sub(before);
        // One entry for each tenth of a second is enough, and bounded.
        let slot = now_ms / 100 * 100;
        match self.rate.back_mut() {
            Some((at, sum)) if *at == slot => *sum += news,
            _ => self.rate.push_back((slot, news)),
        }
        while let Some((at, _)) = self.rate.front() {
            if now_ms.saturating_sub(*at) <= WINDOW_MS {
                break;
            }
            self.rate.pop_front();
        }
    }

    fn item(&mut self, item: &ItemStatus) {
        let before = self.tally.set(item);
        if item.state == ItemState::Failed && before.is_none_or(|b| b.state != ItemState::Failed) {
            self.fail(&item.name, &reason(item));
        }
        if item.state == ItemState::Cleaned {
            // A redriven one is no failure any more.
            self.failures.retain(|(name, _)| *name != item.name);
        }
    }

    fn fail(&mut self, item: &str, why: &str) {
        if self.failures.len() < KEPT {
            self.failures.push((item.to_owned(), why.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(items: usize, bytes: u64) -> Numbers {
        let mut numbers = Numbers::default();
        let batch = "01B".to_owned();
        numbers.apply(
            &Progress::Batch {
                batch,
                items,
                bytes,
            },
            0,
        );
        numbers
    }

    fn sent(numbers: &mut Numbers, item: &str, sent: u64, now_ms: u64) {
        let (item, bytes) = (item.to_owned(), 1000);
        numbers.apply(&Progress::UploadProgress { item, sent, bytes }, now_ms);
    }

    #[test]
    fn a_retry_takes_back_what_it_sends_again() {
        let mut numbers = begun(2, 2000);
        sent(&mut numbers, "a", 600, 100);
        sent(&mut numbers, "b", 300, 100);
        sent(&mut numbers, "a", 0, 200);
        assert_eq!(numbers.sent, 300);
        sent(&mut numbers, "a", 1000, 300);
        let (item, bytes) = ("a".to_owned(), 1000);
        let already = false;
        numbers.apply(
            &Progress::Uploaded {
                item,
                bytes,
                already,
            },
            400,
        );
        assert_eq!((numbers.sent, numbers.uploaded), (1300, 1));
        assert_eq!(numbers.transfers.len(), 1);
    }

    #[test]
    fn what_was_there_already_is_done_and_not_fast() {
        let mut numbers = begun(1, 1000);
        let (item, bytes) = ("a".to_owned(), 1000);
        let already = true;
        numbers.apply(
            &Progress::Uploaded {
                item,
                bytes,
                already,
            },
            4000,
        );
        assert_eq!(numbers.sent, 1000);
        assert_eq!(numbers.rate(5000), None);
    }

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds_and_the_rest_follows_from_it() {
        let mut numbers = begun(1, 1_000_000);
        for second in 1..=20_u64 {
            sent(&mut numbers, "a", second * 1000, second * 1000);
        }
        let rate = numbers.rate(20_000).unwrap();
        assert!((rate - 1000.0).abs() < 150.0, "{rate}");
        let left = numbers.upload_left(20_000).unwrap();
        assert!((left - 980_000.0 / rate).abs() < 1.0);
        assert_eq!(begun(1, 10).upload_left(10_000), None);
    }
}
