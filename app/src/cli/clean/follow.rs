//! Following the threads that clean.

use indicatif::ProgressBar;
use whiteboarder_core::geometry::{Geometry, QuadChoice, Said};

use super::report::{Item, Seconds, Shape, Status};
use crate::cleaning::pool::{Cleaned, Message, Outcome, Pool, Reason};
use crate::config::Settings;
use crate::term::glyph::Mark;
use crate::term::progress::Bars;
use crate::term::text;

/// How the pool came to its end.
#[derive(Debug)]
pub enum End {
    /// Every picture has an outcome.
    Done,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// Going on made no sense.
    Fatal(Reason),
}

/// What is known while it runs.
pub struct Run<'a> {
    /// The terminal.
    pub settings: &'a Settings,
    /// Where lines go.
    pub bars: &'a Bars,
    /// Progress in pixels.
    pub bar: &'a ProgressBar,
    /// Of each picture.
    pub pixels: &'a [u64],
    /// What was wished for.
    pub geometry: Geometry,
    /// What became of each picture.
    pub items: Vec<Item>,
    /// How many have an outcome.
    pub finished: usize,
    /// How many failed.
    pub failed: usize,
}

impl Run<'_> {
    /// Until all have an outcome, or something ends it.
    pub fn follow(&mut self, pool: &Pool) -> End {
        let mut end = End::Done;
        while self.finished < self.items.len() {
            match pool.messages.recv() {
                Ok(Message::Finished { index, outcome }) => {
                    if let Some(reason) = self.note(index, outcome) {
                        end = End::Fatal(reason);
                        break;
                    }
                }
                Ok(Message::Interrupted) => {
                    end = End::Interrupted;
                    break;
                }
                // Cannot be: the pool holds a sender itself.
                Err(_) => break,
            }
        }
        // After this nothing is written any more; what was finished meanwhile counts.
        pool.stop();
        while let Ok(message) = pool.messages.try_recv() {
            if let Message::Finished { index, outcome } = message {
                self.note(index, outcome);
            }
        }
        end
    }

    /// Takes an outcome down. Gives the reason back when it ends everything.
    fn note(&mut self, index: usize, outcome: Outcome) -> Option<Reason> {
        let terminal = &self.settings.terminal;
        self.finished += 1;
        let of = format!("{}/{}", self.finished, self.items.len());
        let item = self.items.get_mut(index)?;
        let name = text::safe(&item.name);
        let mut fatal = None;
        match outcome {
            Outcome::Cleaned(cleaned) => {
                if !self.bars.live() {
                    let mark = terminal.marked(Mark::Done, "cleaned");
                    let took = text::seconds(cleaned.seconds);
                    self.bars.line(&format!("{mark}  {of}  {name}  {took}"));
                }
                if worth_saying(&self.geometry, cleaned.said) {
                    self.bars.line(&format!("{name}: {}", cleaned.said));
                }
                if cleaned.more_pictures {
                    self.bars.line(&format!(
                        "{name}: the file holds more pictures, and only the first of them was cleaned"
                    ));
                }
                succeed(item, *cleaned, &self.geometry);
            }
            Outcome::Failed(reason) => {
                self.failed += 1;
                item.fail(reason.clone());
                let mark = terminal.marked(Mark::Failed, "failed");
                self.bars.line(&format!(
                    "{mark}  {of}  {name}  {}: {}",
                    reason.name, reason.message
                ));
            }
            Outcome::Fatal(reason) => {
                self.failed += 1;
                item.fail(reason.clone());
                fatal = Some(reason);
            }
        }
        self.bar.inc(self.pixels.get(index).copied().unwrap_or(0));
        let failed = match self.failed {
            0 => String::new(),
            failed => format!("  {}", terminal.marked(Mark::Failed, &failed.to_string())),
        };
        self.bar.set_message(format!("{of}{failed}"));
        fatal
    }
}

/// What was found, or not; of given corners only what their person cannot know.
fn worth_saying(geometry: &Geometry, said: Said) -> bool {
    match said {
        Said::Whole | Said::Cropped(_) => false,
        Said::Straightened { sure_shape, .. } => geometry.quad == QuadChoice::Auto || !sure_shape,
        Said::NotFound(_) => true,
    }
}

fn succeed(item: &mut Item, cleaned: Cleaned, geometry: &Geometry) {
    item.status = Status::Cleaned;
    item.width = Some(cleaned.width);
    item.height = Some(cleaned.height);
    item.bytes = cleaned.outputs.first().and_then(|output| output.bytes);
    item.output = cleaned.outputs.first().map(|output| output.path.clone());
    item.outputs = cleaned.outputs;
    item.chosen = Some(cleaned.chosen);
    item.geometry = (!geometry.is_nothing()).then(|| Shape::new(cleaned.said, cleaned.quad));
    item.more_pictures = Some(cleaned.more_pictures);
    item.seconds = Some(Seconds {
        decode: cleaned.timings.decode,
        background: cleaned.timings.background,
        finish: cleaned.timings.finish,
        encode: cleaned.timings.encode,
        total: cleaned.seconds,
    });
}
