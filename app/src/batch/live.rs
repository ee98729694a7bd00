//! What is shown while a batch runs: bars on a terminal, lines elsewhere, objects with `--json`.

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
use whiteboarder_jobs::track::{ItemState, ItemStatus, Place, Waiting};

use super::outcome::{Counts, Traffic, reason};
use super::tally::Tally;
use crate::config::Settings;
use crate::notify::Notifier;
use crate::term::glyph::{Mark, Style, place};
use crate::term::progress::{Bars, Every, Unit, small_bar};
use crate::term::{Terminal, text};

/// Uploads that are named below the bar.
const NAMED: usize = 3;

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

    /// After a retry less may be sent than before.
    fn set_sent(&mut self, item: &str, bytes: u64) {
        let before = match self.sent.get_mut(item) {
            Some(sent) => std::mem::replace(sent, bytes),
            None => self.sent.insert(item.to_owned(), bytes).unwrap_or(0),
        };
        self.sent_bytes = self.sent_bytes - before + bytes;
    }

    /// Files are read before anything is sent: of big ones that takes a while.
    fn hashed(&mut self, bytes: u64, of: u64) {
        let bar = self
            .hash
            .get_or_insert_with(|| self.bars.add("read", of, Unit::Bytes));
        bar.set_position(bytes);
    }

    fn begin_upload(&mut self, bytes: u64) {
        if let Some(bar) = self.hash.take() {
            bar.finish_and_clear();
        }
        if self.upload.is_none() {
            let bar = self.bars.add("upload", bytes, Unit::Bytes);
            bar.set_message(format!("0/{}", self.total));
            self.uploading = Some(self.bars.add_text());
            self.upload = Some(bar);
        }
    }

    fn begin_clean(&mut self) {
        if self.clean.is_none() {
            let bar = self.bars.add("clean", self.total as u64, Unit::Items);
            bar.set_message(format!("0/{}", self.total));
            self.clean = Some(bar);
        }
    }

    fn upload(&mut self, event: &Progress) {
        match event {
            Progress::UploadStarted { item, bytes } => {
                self.current.insert(item.clone(), (0, *bytes, None));
            }
            Progress::UploadProgress { item, sent, bytes } => {
                let current = self
                    .current
                    .entry(item.clone())
                    .or_insert((0, *bytes, None));
                (current.0, current.1) = (*sent, *bytes);
                self.set_sent(item, *sent);
            }
            Progress::UploadRetry {
                item,
                attempt,
                reason,
            } => {
                let why = format!("retry {attempt} ({})", text::safe(reason));
                self.current.entry(item.clone()).or_insert((0, 0, None)).2 = Some(why.clone());
                if !self.bars.live() {
                    self.bars
                        .line(&format!("{}: upload, {why}", text::safe(item)));
                }
            }
            Progress::Uploaded {
                item,
                bytes,
                already,
            } => {
                self.uploaded += 1;
                self.current.remove(item);
                if !already {
                    self.set_sent(item, *bytes);
                }
            }
            Progress::UploadFailed { item, error } => {
                self.current.remove(item);
                let mark = self.terminal.marked(Mark::Failed, "not uploaded");
                self.bars.line(&format!(
                    "{mark}  {}  {}",
                    text::safe(item),
                    text::safe(error)
                ));
            }
            _ => {}
        }
        let Some(bar) = &self.upload else { return };
        bar.set_position(self.sent_bytes);
        bar.set_message(format!("{}/{}", self.uploaded, self.total));
        let done = self.uploaded == self.total;
        if let Some(line) = &self.uploading {
            line.set_message(self.uploads_line());
            if done {
                line.finish_and_clear();
            }
        }
        if done {
            bar.finish();
            if !self.bars.live() && matches!(event, Progress::Uploaded { .. }) {
                let sent = text::bytes(self.sent_bytes);
                self.bars.line(&format!(
                    "uploaded {}, {sent}",
                    text::count(self.total, "picture")
                ));
            }
        }
    }

    fn uploads_line(&self) -> String {
        let unicode = self.terminal.unicode;
        let mut shown = Vec::new();
        for (item, (sent, bytes, trouble)) in self.current.iter().take(NAMED) {
            let name = text::shorten(&text::safe(item), 28, unicode);
            shown.push(if let Some(trouble) = trouble {
                format!("{} {name} {trouble}", if unicode { "↻" } else { "~" })
            } else {
                let bar = small_bar(*sent, *bytes, 10, unicode);
                let percent = (sent * 100).checked_div(*bytes).unwrap_or(100).min(100);
                let up = if unicode { "↑" } else { "^" };
                format!("{up} {name} {bar} {percent} %")
            });
        }
        format!("   {}", shown.join("   "))
    }

    fn item(&mut self, item: &ItemStatus) {
        let now = (item.state, item.places.last().copied());
        let before = self.tally.set(item);
        if before.is_some_and(|before| (before.state, before.place) == now) {
            return;
        }
        let name = text::safe(&item.name);
        let at = now
            .1
            .or(item.planned)
            .map_or(String::new(), |at| self.place(at));
        let moved = if item.moved {
            format!("  {}", self.terminal.marked(Mark::Moved, "moved"))
        } else {
            String::new()
        };
        match item.state {
            ItemState::Failed => {
                let mark = self.terminal.marked(Mark::Failed, "failed");
                self.bars.line(&format!("{mark}  {name}  {}", reason(item)));
                self.bars.line(&self.faint(&format!(
                    "          whiteboarder runs show {}/{name}",
                    item.batch
                )));
            }
            ItemState::Cleaned if !self.bars.live() => {
                let mark = self.terminal.marked(Mark::Done, "cleaned");
                let took = item
                    .seconds
                    .map_or(String::new(), |took| format!("  {}", text::seconds(took)));
                self.bars
                    .line(&format!("{mark}  {name}  {at}{took}{moved}"));
            }
            ItemState::Running if !self.bars.live() && now.1.is_some() => {
                let mark = self.terminal.marked(Mark::Running, "running");
                self.bars.line(&format!("{mark}  {name}  {at}{moved}"));
            }
            _ => {}
        }
        self.draw_clean();
    }

    fn place(&self, at: Place) -> String {
        place(&at.to_string(), self.terminal.unicode)
    }

    fn faint(&self, line: &str) -> String {
        Style::Faint.paint(line, self.terminal.color_err)
    }

    fn counts(&self) -> String {
        let count = self.tally.count();
        let mut parts = vec![format!("{}/{}", count.settled(), self.total)];
        for (wanted, mark, word) in [
            (ItemState::Cleaned, Mark::Done, "cleaned"),
            (ItemState::Failed, Mark::Failed, "failed"),
            (ItemState::Stopped, Mark::Stopped, "stopped"),
            (ItemState::Running, Mark::Running, "running"),
        ] {
            let number = count.in_state(wanted);
            if number > 0 {
                parts.push(self.terminal.marked(mark, &format!("{number} {word}")));
            }
        }
        for at in [Place::Lambda, Place::Ecs] {
            let number = count.at(at);
            if number > 0 {
                parts.push(format!("{} {number}", self.place(at)));
            }
        }
        parts.join("  ")
    }

    fn draw_clean(&self) {
        if let Some(bar) = &self.clean {
            bar.set_position(self.tally.count().settled() as u64);
            bar.set_message(self.counts());
        }
    }

    /// Off a terminal, a sign of life every ten seconds.
    fn periodic(&mut self) {
        if !self.bars.live() && self.summary.due() {
            self.bars.line(&self.counts());
        }
    }

    /// Those that wait together, in one line: there may be thousands.
    fn waiting(&self, waiting: Waiting, items: usize, first: &str, seconds: f64, advice: &str) {
        let since = text::duration(Duration::from_secs_f64(seconds.max(0.0)));
        let what = match waiting {
            Waiting::Upload => format!("for {since} for its upload"),
            Waiting::Execution => format!("uploaded {since} ago, but no execution has begun"),
            Waiting::Worker => format!("for {since} for a worker"),
        };
        let mark = self.terminal.marked(Mark::Queued, "queued");
        let first = text::safe(first);
        let which = if items == 1 {
            first
        } else {
            format!("{}, first: {first}", text::count(items, "picture"))
        };
        let advice = text::safe(advice);
        self.bars
            .line(&format!("{mark}  {which}  {what}: {advice}"));
    }
}
