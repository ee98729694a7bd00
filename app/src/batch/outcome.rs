//! What became of a batch, as a table and as JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;
use whiteboarder_jobs::submit::SameAs;
use whiteboarder_jobs::track::{BatchStatus, ItemState, ItemStatus, Place};

use super::tally::Count;
use crate::error::Exit;
use crate::term::glyph::{Mark, Style, place};
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};

/// Which mark an item's state has.
pub fn mark(state: ItemState) -> Mark {
    match state {
        ItemState::Queued => Mark::Queued,
        ItemState::Running => Mark::Running,
        ItemState::Cleaned => Mark::Done,
        ItemState::Failed => Mark::Failed,
        ItemState::Stopped => Mark::Stopped,
    }
}

/// An item's state as glyph and word, for standard output.
pub fn state(state: ItemState, terminal: &Terminal) -> Cell {
    let mark = mark(state);
    Cell::styled(
        format!("{} {state}", mark.glyph(terminal.unicode)),
        mark.style(),
    )
}

fn place_cell(at: Option<Place>, terminal: &Terminal) -> Cell {
    at.map_or_else(Cell::default, |at| {
        place(&at.to_string(), terminal.unicode).into()
    })
}

/// Where results lie on this machine, by item.
pub type Written = BTreeMap<String, PathBuf>;

/// The table of a batch: image, status, planned, actual, moved, seconds, output.
pub fn table(status: &BatchStatus, written: &Written, terminal: &Terminal) -> Table {
    let mut columns = vec![
        ("image", Align::Left),
        ("status", Align::Left),
        ("planned", Align::Left),
        ("actual", Align::Left),
        ("moved", Align::Left),
        ("seconds", Align::Right),
        ("output", Align::Left),
    ];
    let shared = status.items.iter().any(|item| item.same_as.is_some());
    if shared {
        columns.push(("same as", Align::Left));
    }
    let mut table = Table::new(&columns);
    for item in &status.items {
        let moved = if item.moved {
            Cell::styled(
                format!("{} moved", Mark::Moved.glyph(terminal.unicode)),
                Mark::Moved.style(),
            )
        } else {
            Cell::default()
        };
        let mut row = vec![
            text::safe(&item.name).into(),
            state(item.state, terminal),
            place_cell(item.planned, terminal),
            place_cell(item.places.last().copied(), terminal),
            moved,
            item.seconds
                .map_or_else(String::new, |seconds| format!("{seconds:.1}"))
                .into(),
            output(item, written),
        ];
        if shared {
            let other = item.same_as.as_ref().map(same_as);
            row.push(other.unwrap_or_default().into());
        }
        table.row(row);
    }
    table
}

fn output(item: &ItemStatus, written: &Written) -> Cell {
    match (item.state, written.get(&item.name)) {
        (ItemState::Cleaned, Some(path)) => text::path(path).into(),
        (ItemState::Cleaned, None) => item.output.clone().unwrap_or_default().into(),
        (ItemState::Failed, _) => Cell::styled(reason(item), Style::Bad),
        _ => Cell::default(),
    }
}

/// The item of another batch, as `runs show` takes it.
pub fn same_as(other: &SameAs) -> String {
    text::safe(&format!("{}/{}", other.batch, other.name))
}

/// Why an item failed: the error's name and its sentence.
pub fn reason(item: &ItemStatus) -> String {
    let parts: Vec<&str> = [item.error.as_deref(), item.message.as_deref()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [] => "failed without a reason".to_owned(),
        [name, message] if message.starts_with(name) => text::safe(message),
        parts => text::safe(&parts.join(": ")),
    }
}

/// How many items ended how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// In the batch.
    pub items: usize,
    /// With a result.
    pub cleaned: usize,
    /// Of these, those whose result is an earlier batch's: nothing was uploaded or cleaned for them.
    pub same: usize,
    /// Without, for a reason.
    pub failed: usize,
    /// Stopped by somebody.
    pub stopped: usize,
    /// Not settled yet.
    pub unfinished: usize,
    /// Those that ran in another place than planned.
    pub moved: usize,
    /// Last seen on Lambda.
    pub lambda: usize,
    /// Last seen on ECS.
    pub ecs: usize,
}

impl Counts {
    /// Counts a batch.
    pub fn of(status: &BatchStatus) -> Counts {
        let count = Count::of(&status.items);
        let same = |item: &&ItemStatus| item.state == ItemState::Cleaned && item.same_as.is_some();
        Counts {
            items: status.items.len(),
            cleaned: count.cleaned,
            same: status.items.iter().filter(same).count(),
            failed: count.failed,
            stopped: count.stopped,
            unfinished: count.unfinished(),
            moved: count.moved,
            lambda: count.lambda,
            ecs: count.ecs,
        }
    }

    /// Whether everything there is to clean is cleaned.
    pub fn exit(&self) -> Exit {
        if self.failed + self.stopped > 0 {
            Exit::SomeFailed
        } else {
            Exit::Success
        }
    }

    /// `6 cleaned, 1 failed; lambda 4, ecs 2, 1 moved`.
    pub fn sentence(&self, terminal: &Terminal) -> String {
        let states = text::counts(&[
            (self.same, "same as before"),
            (self.failed, "failed"),
            (self.stopped, "stopped"),
            (self.unfinished, "unfinished"),
        ]);
        let unicode = terminal.unicode;
        format!(
            "{} cleaned{states}; {} {}, {} {}{}",
            self.cleaned,
            place("lambda", unicode),
            self.lambda,
            place("ecs", unicode),
            self.ecs,
            text::counts(&[(self.moved, "moved")])
        )
    }

    /// The same, with what went over the network and how long it took.
    pub fn summary(&self, traffic: &Traffic, terminal: &Terminal) -> String {
        let mut parts = vec![format!(
            "{}; {} in all",
            self.sentence(terminal),
            text::seconds(traffic.seconds)
        )];
        for (bytes, way) in [(traffic.bytes_up, "up"), (traffic.bytes_down, "down")] {
            if bytes > 0 {
                parts.push(format!("{} {way}", text::bytes(bytes)));
            }
        }
        parts.join(", ")
    }
}

/// What a command sent and fetched, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Bytes of the originals that were sent.
    pub bytes_up: u64,
    /// Bytes of the results that were written.
    pub bytes_down: u64,
    /// Since the command began.
    pub seconds: f64,
}

/// Prints the table.
pub fn print(status: &BatchStatus, written: &Written, terminal: &Terminal) -> Result<()> {
    for line in table(status, written, terminal).lines(terminal) {
        terminal.line(&line)?;
    }
    Ok(())
}
