//! What became of the pictures: a table, or a document of JSON.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use whiteboarder_core::analysis::Chosen;
use whiteboarder_core::geometry::{Quad, Said};
use whiteboarder_jobs::submit::Skipped;

use super::follow::End;
use crate::cleaning::document;
use crate::cleaning::pool::{Reason, Written};
use crate::cleaning::wishes::Task;
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::term::glyph::{Mark, Style};
use crate::term::show::Show;
use crate::term::table::{Align, Cell, Table};
use crate::term::text;

/// An item of the JSON document.
#[derive(Debug, Serialize)]
pub struct Item {
    input: PathBuf,
    /// The picture's name.
    pub name: String,
    /// The main result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PathBuf>,
    /// What became of it.
    pub status: Status,
    /// Of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Of the main result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// All that was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Written>,
    /// What the recipe leaves to the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// What was cut out, when something was wished for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Shape>,
    /// Whether the file holds more pictures, of which only the first was cleaned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_pictures: Option<bool>,
    /// Where the time went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemError>,
}

/// What became of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its results are there.
    Cleaned,
    /// They are not, for a reason of its own.
    Failed,
    /// Not begun or not finished, because the run ended.
    Stopped,
}

/// What was cut out.
#[derive(Debug, Serialize)]
pub struct Shape {
    said: Said,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    quad: Option<Quad>,
}

impl Shape {
    /// For the document.
    pub fn new(said: Said, quad: Option<Quad>) -> Shape {
        Shape {
            said,
            message: said.to_string(),
            quad,
        }
    }
}

/// Seconds of each part.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct Seconds {
    pub decode: f64,
    pub background: f64,
    pub finish: f64,
    pub encode: f64,
    pub total: f64,
}

#[derive(Debug, Serialize)]
struct ItemError {
    name: &'static str,
    message: String,
}

impl Item {
    /// It has no result, and this is why.
    pub fn fail(&mut self, reason: Reason) {
        self.status = Status::Failed;
        self.output = None;
        self.error = Some(ItemError {
            name: reason.name,
            message: reason.message,
        });
    }
}

/// An item before anything was done.
pub fn not_yet(task: &Task) -> Item {
    Item {
        input: task.source.path.clone(),
        name: task.source.name.clone(),
        output: task.products.first().map(|product| product.path.clone()),
        status: Status::Stopped,
        width: None,
        height: None,
        bytes: None,
        outputs: Vec::new(),
        chosen: None,
        geometry: None,
        more_pictures: None,
        seconds: None,
        error: None,
    }
}

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Report {
    items: Vec<Item>,
    skipped: Vec<Skipped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pdf: Option<document::Written>,
    summary: Summary,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Summary {
    cleaned: usize,
    failed: usize,
    stopped: usize,
    seconds: f64,
}

impl Report {
    /// Counts.
    pub fn new(
        items: Vec<Item>,
        skipped: Vec<Skipped>,
        pdf: Option<document::Written>,
        seconds: f64,
    ) -> Report {
        let count = |status| items.iter().filter(|item| item.status == status).count();
        let summary = Summary {
            cleaned: count(Status::Cleaned),
            failed: count(Status::Failed),
            stopped: count(Status::Stopped),
            seconds,
        };
        Report {
            items,
            skipped,
            pdf,
            summary,
        }
    }

    /// The results, before the table: what matters last is what is still in sight.
    pub fn show(&self, show: &Show<'_>) -> Result<()> {
        let cleaned = |item: &&Item| item.status == Status::Cleaned;
        for item in self.items.iter().filter(cleaned) {
            let Some(output) = &item.output else { continue };
            let bytes =
                std::fs::read(output).map_err(|error| Failure::file("read", output, &error))?;
            show.print(&text::path(output), &bytes)?;
        }
        Ok(())
    }

    /// Tells everything, and how it ended.
    pub fn finish(&self, json: bool, settings: &Settings, end: End) -> Result<Exit> {
        let terminal = &settings.terminal;
        let Summary {
            cleaned,
            failed,
            stopped,
            seconds,
        } = self.summary;
        if json {
            terminal.document(self)?;
        } else if !terminal.quiet && cleaned + failed > 0 {
            for line in self.table(settings).lines(terminal) {
                terminal.line(&line)?;
            }
        }
        let rest = text::counts(&[(failed, "failed"), (stopped, "not done")]);
        terminal.note(&format!(
            "{cleaned} cleaned{rest} in {}",
            text::seconds(seconds)
        ));
        match end {
            End::Done if failed > 0 || self.skipped.iter().any(|file| file.named) => {
                Ok(Exit::SomeFailed)
            }
            End::Done => Ok(Exit::Success),
            End::Interrupted => {
                Err(Failure::interrupted("stopped; the same command starts over").into())
            }
            End::Fatal(reason) => Err(Failure::usage(reason.message)
                .exit(Exit::SomeFailed)
                .hint("make room there, or choose another place with -o")
                .into()),
        }
    }

    fn table(&self, settings: &Settings) -> Table {
        let unicode = settings.terminal.unicode;
        let mut table = Table::new(&[
            ("image", Align::Left),
            ("status", Align::Left),
            ("pixels", Align::Right),
            ("took", Align::Right),
            ("output", Align::Left),
        ]);
        for item in &self.items {
            let (mark, word) = match item.status {
                Status::Cleaned => (Mark::Done, "cleaned"),
                Status::Failed => (Mark::Failed, "failed"),
                Status::Stopped => (Mark::Stopped, "not done"),
            };
            let pixels = match (item.width, item.height) {
                (Some(width), Some(height)) => {
                    format!("{width}{}{height}", if unicode { "×" } else { "x" })
                }
                _ => String::new(),
            };
            let last = match (&item.error, item.status) {
                (Some(error), _) => {
                    Cell::styled(format!("{}: {}", error.name, error.message), Style::Bad)
                }
                (None, Status::Cleaned) => places(&item.outputs).into(),
                _ => Cell::default(),
            };
            let took = item
                .seconds
                .as_ref()
                .map_or(String::new(), |seconds| text::seconds(seconds.total));
            table.row(vec![
                text::safe(&item.name).into(),
                Cell::styled(format!("{} {word}", mark.glyph(unicode)), mark.style()),
                pixels.into(),
                took.into(),
                last,
            ]);
        }
        table
    }
}

/// `out/a.jpg.png and 2 more`, `all.pdf page 3`.
fn places(outputs: &[Written]) -> String {
    let Some(first) = outputs.first() else {
        return String::new();
    };
    let page = first.page.map(|page| format!(" page {page}"));
    let more = match outputs.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{}{}{more}",
        text::path(&first.path),
        page.unwrap_or_default()
    )
}
