//! What is shown while a batch runs: bars on a terminal, lines elsewhere, objects with `--json`.

mod items;
mod uploads;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::ProgressBar;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::Progress;
use whiteboarder_jobs::track::ItemState;

use super::outcome::{Counts, Traffic};
use super::tally::Tally;
use crate::config::Settings;
use crate::notify::Notifier;
use crate::term::glyph::Mark;
use crate::term::progress::{Bars, Every, Unit};
use crate::term::{Terminal, text};

/// An object of a JSON stream: what happened, and when.
#[derive(Serialize)]
struct Timed<'a, T: Serialize> {
    time: String,
    #[serde(flatten)]
    event: &'a T,
}

/// Prints one object of a stream, with its time.
pub fn emit<T: Serialize>(terminal: &Terminal, event: &T) -> Result<()> {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
    terminal.object(&Timed {
        time: now.format(&Rfc3339).unwrap_or_default(),
        event,
    })?;
    Ok(())
}

/// Shows a batch's events.
pub struct Live<'a> {
    terminal: &'a Terminal,
    json: bool,
    bars: Bars,
    hash: Option<ProgressBar>,
    upload: Option<ProgressBar>,
    uploading: Option<ProgressBar>,
    clean: Option<ProgressBar>,
    /// Items of the batch.
    total: usize,
    uploaded: usize,
    /// Bytes of the uploads that run or have run, by item.
    sent: HashMap<String, u64>,
    /// The sum of these.
    sent_bytes: u64,
    /// Uploads that run: sent, of, and what is the matter.
    current: BTreeMap<String, (u64, u64, Option<String>)>,
    tally: Tally,
    /// Bytes of the results that were written.
    received_bytes: u64,
    began: Instant,
    /// Where results were written.
    pub written: BTreeMap<String, PathBuf>,
    /// Results that could not be fetched or written.
    pub not_written: usize,
    summary: Every,
    offline: bool,
    notifier: Option<Notifier>,
}

impl<'a> Live<'a> {
    /// Nothing is shown yet.
    pub fn new(terminal: &'a Terminal, json: bool) -> Live<'a> {
        // Objects are for programs: bars on the same terminal would only be in the way.
        let shown = Terminal {
            live: terminal.live && !json,
            quiet: terminal.quiet || json,
            ..terminal.clone()
        };
        Live {
            terminal,
            json,
            bars: Bars::new(&shown),
            hash: None,
            upload: None,
            uploading: None,
            clean: None,
            total: 0,
            uploaded: 0,
            sent: HashMap::new(),
            sent_bytes: 0,
            current: BTreeMap::new(),
            tally: Tally::default(),
            received_bytes: 0,
            began: Instant::now(),
            written: BTreeMap::new(),
            not_written: 0,
            summary: Every::new(Duration::from_secs(10)),
            offline: false,
            notifier: None,
        }
    }

    /// Follows a batch that exists already: nothing will be uploaded.
    pub fn expect(&mut self, items: usize) {
        self.total = items;
        self.begin_clean();
    }

    /// Shows one event.
    pub fn event(&mut self, event: &Progress) -> Result<()> {
        if self.json {
            // How often the target is asked is nobody's business but the terminal's.
            if !matches!(event, Progress::Polled { .. }) {
                emit(self.terminal, event)?;
            }
        }
        match event {
            Progress::Batch { items, bytes, .. } => {
                self.total = *items;
                self.begin_upload(*bytes);
                self.begin_clean();
            }
            Progress::UploadStarted { .. }
            | Progress::UploadProgress { .. }
            | Progress::UploadRetry { .. }
            | Progress::Uploaded { .. }
            | Progress::UploadFailed { .. } => self.upload(event),
            Progress::Execution { item } | Progress::Cleaned { item } => self.item(item),
            Progress::Failed { item } => {
                if let Some(notifier) = &mut self.notifier
                    && item.state == ItemState::Failed
                {
                    notifier.item_failed(item);
                }
                self.item(item);
            }
            Progress::Waiting {
                waiting,
                items,
                first,
                seconds,
                advice,
            } => self.waiting(*waiting, *items, first, *seconds, advice),
            Progress::Offline { error, .. } if !self.offline => {
                self.offline = true;
                self.bars.line(&format!("{error}; trying again"));
            }
            Progress::Polled { .. } => {
                if self.offline {
                    self.offline = false;
                    self.bars.line("the target answers again");
                }
                self.periodic();
            }
            Progress::Downloaded {
                item,
                path,
                bytes,
                already,
            } => {
                if !already {
                    self.received_bytes += bytes;
                }
                self.written.insert(item.clone(), path.clone());
            }
            Progress::DownloadRetry {
                item,
                attempt,
                reason,
            } => self.bars.line(&format!(
                "{}: download, retry {attempt} ({})",
                text::safe(item),
                text::safe(reason)
            )),
            Progress::Hashed {
                bytes, of_bytes, ..
            } => self.hashed(*bytes, *of_bytes),
            Progress::DownloadFailed { item, error } => {
                self.not_written += 1;
                let mark = self.terminal.marked(Mark::Failed, "not downloaded");
                self.bars.line(&format!(
                    "{mark}  {}  {}",
                    text::safe(item),
                    text::safe(error)
                ));
            }
            Progress::Acted { item, action, .. } => {
                self.bars
                    .line(&format!("{}: {}", text::safe(item), text::safe(action)));
            }
            // `Scan` was told by whoever scanned; `Stuck` is for programs, people get `Waiting`.
            _ => {}
        }
        Ok(())
    }

    /// Takes the bars away.
    pub fn finish(&mut self) {
        let bars = [
            self.hash.take(),
            self.upload.take(),
            self.uploading.take(),
            self.clean.take(),
        ];
        for bar in bars.into_iter().flatten() {
            bar.finish_and_clear();
        }
        self.bars.clear();
    }

    /// How many uploads are acknowledged.
    pub fn uploaded(&self) -> (usize, usize) {
        (self.uploaded, self.total)
    }

    /// From now on the configuration's notifications are sent.
    pub fn notify(&mut self, settings: &Settings) {
        if !settings.file.notify.is_empty() {
            self.notifier = Some(Notifier::new(settings));
        }
    }

    /// Tells whom the configuration says that the batch has ended, and waits until they are told.
    pub async fn ended(&mut self, batch: &str, counts: Counts, cancel: &CancellationToken) {
        if let Some(notifier) = &mut self.notifier {
            notifier.batch_ended(batch, counts, cancel).await;
        }
    }

    /// What went over the network, and how long it took.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            bytes_up: self.sent_bytes,
            bytes_down: self.received_bytes,
            seconds: self.began.elapsed().as_secs_f64(),
        }
    }

    fn begin_clean(&mut self) {
        if self.clean.is_none() {
            let bar = self.bars.add("clean", self.total as u64, Unit::Items);
            bar.set_message(format!("0/{}", self.total));
            self.clean = Some(bar);
        }
    }
}
