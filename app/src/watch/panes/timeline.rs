//! When each state waited and worked: a row for each visit, and the seconds below.
//!
//! [`rows()`] tells which rows there are; [`draw`] makes those that can be seen, so that a history of many
//! thousand steps costs no more than a screen of them.

mod axis;
mod bar;
pub mod rows;
mod told;

use ratatui::text::{Line, Span};
use whiteboarder_jobs::track::ExecutionView;

pub use rows::{Row, rows};

use super::row;
use crate::term::text;
use crate::term::theme::Theme;

/// More than this shows nothing new.
const MOST_ZOOM: f64 = 1e6;

/// The window on a timeline.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Columns of all of it.
    pub columns: u16,
    /// Rows of all of it, the axis among them.
    pub height: u16,
    /// The first row that can be seen.
    pub top: usize,
    /// How many times larger than the whole execution in the window's width; 1 and more.
    pub zoom: f64,
    /// Milliseconds from the start of the execution to the left edge.
    pub offset_ms: i64,
    /// The selected state: its rows stand out.
    pub selected: Option<&'a str>,
    /// Now.
    pub now_ms: i64,
}

/// From when to when an execution lasts, or lasts so far.
pub fn extent(view: &ExecutionView, now_ms: i64) -> (i64, i64) {
    let first = view.steps.first().map(|step| step.entered_ms);
    let start = view.started_ms.or(first).unwrap_or(now_ms);
    let end = view.stopped_ms.unwrap_or(now_ms);
    (start, end.max(start + 1))
}

/// The rows that can be seen, blank ones down to the axis, and the axis.
pub fn draw(
    view: &ExecutionView,
    rows: &[Row],
    window: &Window<'_>,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (columns, height) = (usize::from(window.columns), usize::from(window.height));
    let unicode = !theme.ascii();
    let names = (columns / 3).clamp(6, 30).min(columns);
    let (start, end) = extent(view, window.now_ms);
    let room = columns.saturating_sub(names + 1);
    // A row's length and its mark have room behind bars that reach the end.
    let bars = room.saturating_sub(LENGTH).max(1);
    let zoom = if window.zoom.is_finite() {
        window.zoom.clamp(1.0, MOST_ZOOM)
    } else {
        1.0
    };
    let scale = Scale {
        from_ms: (start + window.offset_ms.clamp(0, end - start)) as f64,
        ms: (end - start) as f64 / zoom / bars as f64,
        columns: room,
    };
    let shown = height.saturating_sub(1);
    let mut lines: Vec<Line<'static>> = rows
        .iter()
        .skip(window.top)
        .take(shown)
        .map(|found| {
            let drawn = told::describe(view, found, window.now_ms, theme);
            let indent = " ".repeat((found.depth * 2).min(names / 2));
            let name = row::fit(
                &format!("{indent}{}", text::safe(&drawn.name)),
                names,
                unicode,
            );
            let chosen = window
                .selected
                .is_some_and(|state| found.state(view) == Some(state));
            let style = if chosen { theme.selected } else { drawn.style };
            let edge = if unicode { "▏" } else { "|" };
            let mut spans = vec![Span::styled(name, style), Span::styled(edge, theme.faint)];
            spans.extend(drawn.bar.spans(&scale, theme));
            row::line(spans, columns, unicode)
        })
        .collect();
    lines.resize(shown, Line::default());
    if height > 0 {
        let mut spans = vec![Span::raw(" ".repeat(names))];
        spans.push(axis::axis(
            (scale.from_ms - start as f64) / 1000.0,
            &scale,
            theme,
        ));
        lines.push(row::line(spans, columns, unicode));
    }
    lines
}

/// Columns for ` ✓ 1m12s`.
const LENGTH: usize = 9;

/// Which time a column stands for.
#[derive(Clone, Copy, Debug)]
struct Scale {
    from_ms: f64,
    /// Milliseconds of a column.
    ms: f64,
    columns: usize,
}

impl Scale {
    /// Columns from the left edge to a moment; below 0 and beyond the right edge, too.
    fn column(&self, at_ms: i64) -> f64 {
        (at_ms as f64 - self.from_ms) / self.ms
    }
}
