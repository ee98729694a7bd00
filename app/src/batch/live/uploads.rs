//! What is shown of the uploads.

use whiteboarder_jobs::Progress;

use super::Live;
use crate::term::glyph::Mark;
use crate::term::progress::{Unit, small_bar};
use crate::term::text;

/// Uploads that are named below the bar.
const NAMED: usize = 3;

impl Live<'_> {
    /// After a retry less may be sent than before.
    fn set_sent(&mut self, item: &str, bytes: u64) {
        let before = match self.sent.get_mut(item) {
            Some(sent) => std::mem::replace(sent, bytes),
            None => self.sent.insert(item.to_owned(), bytes).unwrap_or(0),
        };
        self.sent_bytes = self.sent_bytes - before + bytes;
    }

    /// Files are read before anything is sent: of big ones that takes a while.
    pub(super) fn hashed(&mut self, bytes: u64, of: u64) {
        let bar = self
            .hash
            .get_or_insert_with(|| self.bars.add("read", of, Unit::Bytes));
        bar.set_position(bytes);
    }

    pub(super) fn begin_upload(&mut self, bytes: u64) {
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

    pub(super) fn upload(&mut self, event: &Progress) {
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
}
