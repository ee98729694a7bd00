//! The history as a table: only the rows that can be seen are made, one of them with its details below.

mod filter;
mod table;

use ratatui::text::{Line, Span};
use serde_json::{Map, Value};
use whiteboarder_jobs::track::event::Event;
use whiteboarder_jobs::watch::Opened;

pub use filter::Filter;

use super::json::Viewer;
use super::row;
use crate::term::theme::Theme;
use table::{Widths, event_line, headings};

/// An event whose details are shown below its row.
#[derive(Clone, Copy, Debug)]
pub struct Expanded<'a> {
    /// Its place among the rows.
    pub row: usize,
    /// Its details, from [`details`].
    pub details: &'a Viewer,
    /// Whether the cursor is in the details.
    pub inside: bool,
}

/// The window on a history.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Columns of all of it.
    pub columns: u16,
    /// Rows of all of it, the headings among them.
    pub height: u16,
    /// The first line that can be seen, counted over events and details.
    pub top: usize,
    /// The row that the cursor is on.
    pub cursor: usize,
    /// The event that is shown whole.
    pub expanded: Option<Expanded<'a>>,
}

/// An event's details, its payloads among them, for [`Expanded`].
pub fn details(event: &Event) -> Viewer {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    let text = |field: &Option<String>| field.clone().map(Value::String);
    put("previous", Some(event.previous.into()));
    put("name", text(&event.name));
    put("resourceType", text(&event.resource_type));
    put("resource", text(&event.resource));
    put("worker", text(&event.worker));
    put("error", text(&event.error));
    put("cause", text(&event.cause));
    put("redriveCount", event.redrive_count.map(Value::from));
    put("parameters", text(&event.parameters));
    put("input", text(&event.input));
    put("output", text(&event.output));
    Viewer::of_value(&Value::Object(fields))
}

/// How many lines there are below the headings.
pub fn lines(rows: usize, expanded: Option<Expanded<'_>>) -> usize {
    rows + expanded.map_or(0, |expanded| expanded.details.len())
}

/// The line, below the headings, of a row.
pub fn line_of(row: usize, expanded: Option<Expanded<'_>>) -> usize {
    let below = expanded.filter(|expanded| expanded.row < row);
    row + below.map_or(0, |expanded| expanded.details.len())
}

/// The row that a line belongs to.
pub fn row_at(line: usize, expanded: Option<Expanded<'_>>) -> usize {
    match expanded {
        Some(expanded) if line > expanded.row => line
            .saturating_sub(expanded.details.len())
            .max(expanded.row),
        _ => line,
    }
}

/// The headings and the lines that can be seen of these rows, which are indices of events.
pub fn draw(
    opened: &Opened,
    rows: &[usize],
    window: &Window<'_>,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let unicode = !theme.ascii();
    let columns = usize::from(window.columns);
    let height = usize::from(window.height);
    if height == 0 {
        return Vec::new();
    }
    let widths = Widths::of(opened, columns);
    let mut drawn = vec![headings(&widths, columns, unicode, theme)];
    let room = height - 1;
    let mut line = window.top;
    let end = lines(rows.len(), window.expanded).min(window.top + room);
    while line < end {
        let row = row_at(line, window.expanded);
        let first = line_of(row, window.expanded);
        if line == first {
            let chosen =
                row == window.cursor && !window.expanded.is_some_and(|expanded| expanded.inside);
            if let Some(index) = rows.get(row) {
                drawn.push(event_line(opened, *index, &widths, chosen, columns, theme));
            }
            line += 1;
            continue;
        }
        let Some(expanded) = window.expanded else {
            break;
        };
        let skip = line - first - 1;
        let most = (end - line).min(expanded.details.len() - skip.min(expanded.details.len()));
        if most == 0 {
            break;
        }
        let indent = 4.min(columns / 4);
        let inner = expanded.details.lines(
            window.columns - indent as u16,
            skip,
            most,
            expanded.inside,
            theme,
        );
        line += inner.len().max(1);
        let edge = if unicode { "│" } else { "|" };
        drawn.extend(inner.into_iter().map(|inner| {
            let style = inner.style;
            let blanks = " ".repeat(indent.saturating_sub(2));
            let mut spans = vec![Span::styled(format!("{blanks}{edge} "), theme.faint)];
            spans.extend(inner.spans.into_iter().map(|span| span.patch_style(style)));
            row::line(spans, columns, unicode)
        }));
    }
    drawn
}
