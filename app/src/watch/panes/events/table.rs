//! The table's columns, headings and rows.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use serde_json::Value;
use whiteboarder_jobs::track::event::Event;
use whiteboarder_jobs::watch::Opened;

use super::filter;
use crate::term::glyph::Mark;
use crate::term::text;
use crate::term::theme::Theme;
use crate::watch::panes::row::{self, fit, right};

/// Columns of the table.
pub struct Widths {
    id: usize,
    time: usize,
    delta: usize,
    kind: usize,
    state: usize,
    detail: usize,
}

impl Widths {
    /// Shares the columns out.
    pub fn of(opened: &Opened, columns: usize) -> Widths {
        let last = opened.events.last().map_or(0, |event| event.id);
        let id = last.to_string().len().max(2);
        let took = span(opened).1 - span(opened).0;
        let time = since(took).len().max(8);
        let delta = if columns >= 100 { time.max(9) } else { 0 };
        let gaps = 6 + usize::from(delta > 0);
        let left = columns.saturating_sub(id + time + delta + gaps);
        // Names come before details, which the row below can tell.
        let wide = columns >= 70;
        let kind = if wide {
            24.min(left)
        } else {
            24.min(left * 3 / 5)
        };
        let state = if wide {
            18.min(left - kind)
        } else {
            left - kind
        };
        Widths {
            id,
            time,
            delta,
            kind,
            state,
            detail: left - kind - state,
        }
    }
}

/// From when to when.
fn span(opened: &Opened) -> (i64, i64) {
    let first = opened.events.first().map_or(0, |event| event.time_ms);
    let last = opened.events.last().map_or(first, |event| event.time_ms);
    (opened.view.started_ms.unwrap_or(first), last)
}

/// `+1.234 s`.
fn since(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03} s", ms / 1000, ms % 1000)
}

/// The headings.
pub fn headings(widths: &Widths, columns: usize, unicode: bool, theme: &Theme) -> Line<'static> {
    let mut words = vec![
        right("id", widths.id, unicode),
        right("time", widths.time, unicode),
    ];
    if widths.delta > 0 {
        words.push(right("after", widths.delta, unicode));
    }
    words.push("  ".to_owned() + &fit("type", widths.kind, unicode));
    words.push(fit("state", widths.state, unicode));
    words.push(fit("details", widths.detail, unicode));
    let words = words.join(" ");
    Line::styled(row::clip(words.trim_end(), columns, unicode), theme.faint)
}

/// How it went, as far as an event says.
fn mark(event: &Event) -> Option<Mark> {
    let kind = event.kind.as_str();
    if filter::is_failure(event) {
        Some(if kind.ends_with("Aborted") {
            Mark::Stopped
        } else {
            Mark::Failed
        })
    } else if kind.ends_with("Succeeded") {
        Some(Mark::Done)
    } else if kind.ends_with("Redriven") {
        Some(Mark::Retrying)
    } else {
        None
    }
}

/// A row of the table.
pub fn event_line(
    opened: &Opened,
    index: usize,
    widths: &Widths,
    chosen: bool,
    columns: usize,
    theme: &Theme,
) -> Line<'static> {
    let unicode = !theme.ascii();
    let Some(event) = opened.events.get(index) else {
        return Line::default();
    };
    let (start, _) = span(opened);
    let mark = mark(event);
    let style = mark.map_or(theme.plain, |mark| row::style(mark, theme));
    let glyph = mark.map_or(" ", |mark| mark.glyph(unicode));
    let mut spans = vec![
        Span::styled(
            right(&event.id.to_string(), widths.id, unicode),
            theme.faint,
        ),
        Span::raw(" "),
        Span::styled(
            right(&since(event.time_ms - start), widths.time, unicode),
            theme.plain,
        ),
        Span::raw(" "),
    ];
    if widths.delta > 0 {
        let before = index
            .checked_sub(1)
            .and_then(|before| opened.events.get(before));
        let delta = before.map_or(0, |before| event.time_ms - before.time_ms);
        spans.push(Span::styled(
            right(&since(delta), widths.delta, unicode),
            theme.faint,
        ));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::styled(format!("{glyph} "), style));
    spans.push(Span::styled(fit(&event.kind, widths.kind, unicode), style));
    spans.push(Span::raw(" "));
    let state = filter::state_of(opened, index).unwrap_or_default();
    spans.push(Span::styled(
        fit(state, widths.state, unicode),
        theme.strong,
    ));
    let (words, style): (String, Style) = detail(event, theme);
    if widths.detail > 0 {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(
            row::clip(&words, widths.detail, unicode),
            style,
        ));
    }
    let line = row::line(spans, columns, unicode);
    if chosen {
        line.style(theme.selected)
    } else {
        line
    }
}

/// What is worth a glance.
fn detail(event: &Event, theme: &Theme) -> (String, Style) {
    let size = |payload: &Option<String>| {
        payload
            .as_ref()
            .map(|payload| text::bytes(payload.len() as u64))
    };
    if let Some(error) = &event.error {
        let why = whiteboarder_jobs::track::outcome::sentence(Some(error), event.cause.as_deref());
        let words = if why == *error {
            why
        } else {
            format!("{error}: {why}")
        };
        return (words, theme.bad);
    }
    let words = if let Some(worker) = &event.worker {
        format!("by {worker}")
    } else if let Some(resource) = &event.resource {
        let name = resource.rsplit(':').next().unwrap_or(resource);
        match (&event.resource_type, function(event)) {
            (_, Some(function)) => format!("lambda {function}"),
            (Some(service), None) => format!("{service}:{name}"),
            (None, None) => name.to_owned(),
        }
    } else if let Some(count) = event.redrive_count {
        format!("redrive {count}")
    } else if let Some(size) = size(&event.output) {
        format!("output {size}")
    } else if let Some(size) = size(&event.input) {
        format!("input {size}")
    } else {
        String::new()
    };
    (words, theme.faint)
}

/// The function that `lambda:invoke` asks for.
fn function(event: &Event) -> Option<String> {
    if event.resource_type.as_deref() != Some("lambda") {
        return None;
    }
    let request: Value = serde_json::from_str(event.parameters.as_deref()?).ok()?;
    let name = request.get("FunctionName")?.as_str()?;
    Some(name.rsplit(':').next().unwrap_or(name).to_owned())
}
