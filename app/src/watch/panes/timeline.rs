//! When each state waited and worked: a row for each visit, and the seconds below.
//!
//! [`rows`] tells which rows there are; [`draw`] makes those that can be seen, so that a history of many
//! thousand steps costs no more than a screen of them.

mod axis;
mod bar;
mod rows;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use whiteboarder_jobs::track::{Attempt, AttemptEnd, Compute, ExecutionView, StateKind, Step};

pub use rows::{Content, Row, rows};

use super::phase::{self, Phase};
use super::row;
use crate::term::text;
use crate::term::theme::Theme;
use bar::{Bar, Part, Piece};

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
            let drawn = describe(view, found, window.now_ms, theme);
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

/// A row's name and bar.
struct Described {
    name: String,
    style: Style,
    bar: Bar,
}

fn describe(view: &ExecutionView, found: &Row, now_ms: i64, theme: &Theme) -> Described {
    let end = view.stopped_ms.unwrap_or(now_ms);
    let (name, phase, pieces, words) = match &found.content {
        Content::Step { step } => {
            let step = view.steps.get(*step);
            step.map_or_else(nothing, |step| visit(step, view, end))
        }
        Content::Attempt { step, attempt } => {
            let step = view.steps.get(*step);
            let one = step.and_then(|step| Some((step, step.attempts.get(*attempt)?)));
            one.map_or_else(nothing, |(step, one)| {
                single(step, one, *attempt, view, end, theme)
            })
        }
        Content::Child { step, attempt } => {
            let step = view.steps.get(*step);
            let one = step.and_then(|step| step.attempts.get(*attempt));
            one.map_or_else(nothing, |one| child(one, view, end, theme))
        }
        Content::Summary(summary) => summed(summary, view, end, theme),
    };
    let style = match phase {
        Phase::Done => theme.plain,
        other => other.style(theme),
    };
    Described {
        name,
        style,
        bar: Bar {
            pieces,
            phase,
            words,
        },
    }
}

type Told = (String, Phase, Vec<Piece>, String);

fn nothing() -> Told {
    (String::new(), Phase::Done, Vec::new(), String::new())
}

fn visit(step: &Step, view: &ExecutionView, end: i64) -> Told {
    let phase = Phase::of(step, view.status);
    let last = step.attempts.last().and_then(|last| last.ended_ms);
    let until = match (step.exited_ms, phase.is_open()) {
        (Some(exited), _) => exited,
        (None, true) => end,
        (None, false) => last.unwrap_or(end),
    };
    let mut pieces = Vec::new();
    if step.attempts.is_empty() {
        let part = match step.kind {
            StateKind::Parallel | StateKind::Map => Part::Around,
            StateKind::Wait => Part::Wait,
            _ => Part::Work,
        };
        pieces.push(Piece::new(part, step.entered_ms, until));
    }
    for attempt in &step.attempts {
        pieces.extend(work(attempt, end));
    }
    let item = step
        .iteration
        .map_or(String::new(), |item| format!("[{item}] "));
    let mut words = text::seconds((until - step.entered_ms).max(0) as f64 / 1000.0);
    if let Some(error) = phase::error(step).filter(|_| phase != Phase::Done) {
        words = format!("{error} {words}");
    }
    (format!("{item}{}", step.name), phase, pieces, words)
}

/// Waiting and working of a try.
fn work(attempt: &Attempt, end: i64) -> Vec<Piece> {
    let until = attempt.ended_ms.unwrap_or(end);
    match attempt.started_ms {
        Some(started) => vec![
            Piece::new(Part::Wait, attempt.scheduled_ms, started),
            Piece::new(Part::Work, started, until),
        ],
        None => vec![Piece::new(Part::Wait, attempt.scheduled_ms, until)],
    }
}

fn phase_of(attempt: &Attempt, view: &ExecutionView) -> Phase {
    match &attempt.end {
        Some(AttemptEnd::Succeeded) => Phase::Done,
        Some(AttemptEnd::Failed { .. }) => Phase::Failed,
        Some(AttemptEnd::Aborted) => Phase::Stopped,
        None if view.stopped_ms.is_some() => Phase::Stopped,
        None if attempt.started_ms.is_none() => Phase::Queued,
        None => Phase::Running,
    }
}

fn single(
    step: &Step,
    attempt: &Attempt,
    number: usize,
    view: &ExecutionView,
    end: i64,
    theme: &Theme,
) -> Told {
    let mut phase = phase_of(attempt, view);
    // A try that another one follows is no failure of the state.
    if phase == Phase::Failed && (number + 1 < step.attempts.len() || step.caught) {
        phase = Phase::Caught;
    }
    let seconds = (attempt.ended_ms.unwrap_or(end) - attempt.scheduled_ms).max(0) as f64 / 1000.0;
    let mut words = text::seconds(seconds);
    if let Some(AttemptEnd::Failed { error, .. }) = &attempt.end {
        words = format!("{error} {words}");
    }
    let mut name = format!("#{} ", number + 1);
    name.push_str(&who(attempt, !theme.ascii()));
    (name, phase, work(attempt, end), words)
}

/// What does the work of a try.
fn who(attempt: &Attempt, unicode: bool) -> String {
    if let Some(worker) = &attempt.worker {
        return worker.clone();
    }
    match (&attempt.compute, attempt.compute.place()) {
        (Compute::Service { service, action }, _) => format!("{service}:{action}"),
        (Compute::Execution { machine, .. }, _) => tail(machine).to_owned(),
        (_, Some(place)) => crate::term::glyph::place(&place.to_string(), unicode),
        (_, None) => String::new(),
    }
}

/// What stands behind the last colon of an ARN.
fn tail(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn child(attempt: &Attempt, view: &ExecutionView, end: i64, theme: &Theme) -> Told {
    let name = match &attempt.compute {
        Compute::Execution {
            child: Some(child), ..
        } => tail(child),
        Compute::Ecs {
            task: Some(task), ..
        } => task.rsplit('/').next().unwrap_or(task),
        _ => "",
    };
    let from = attempt
        .submitted_ms
        .or(attempt.started_ms)
        .unwrap_or(attempt.scheduled_ms);
    let until = attempt.ended_ms.unwrap_or(end);
    let sign = if theme.ascii() { "> " } else { "↳ " };
    let words = text::seconds((until - from).max(0) as f64 / 1000.0);
    let piece = Piece::new(Part::Work, from, until);
    (
        format!("{sign}{name}"),
        phase_of(attempt, view),
        vec![piece],
        words,
    )
}

fn summed(summary: &rows::Summary, view: &ExecutionView, end: i64, theme: &Theme) -> Told {
    let steps = || {
        summary
            .steps
            .iter()
            .filter_map(|step| view.steps.get(*step))
    };
    let mut phase = Phase::Done;
    let mut lengths: Vec<i64> = Vec::with_capacity(summary.steps.len());
    let mut failed = 0_usize;
    let (mut from, mut until) = (i64::MAX, i64::MIN);
    for step in steps() {
        let one = Phase::of(step, view.status);
        failed += usize::from(matches!(one, Phase::Failed | Phase::Caught));
        if one.is_open() {
            phase = Phase::Running;
        } else if phase == Phase::Done {
            phase = one;
        }
        let exited = step.exited_ms.unwrap_or(end);
        from = from.min(step.entered_ms);
        until = until.max(exited);
        lengths.push((exited - step.entered_ms).max(0));
    }
    lengths.sort_unstable();
    let at = |index: usize| {
        let ms = lengths.get(index).copied().unwrap_or(0);
        text::seconds(ms as f64 / 1000.0)
    };
    let (times, middle) = if theme.ascii() {
        ("x", "-")
    } else {
        ("×", "–")
    };
    let mut words = format!(
        "{}{middle}{}, median {}",
        at(0),
        at(lengths.len().saturating_sub(1)),
        at(lengths.len() / 2)
    );
    if failed > 0 {
        words = format!("{failed} failed, {words}");
    }
    let name = format!("{} {times}{}", summary.name, lengths.len());
    let pieces = if from <= until {
        vec![Piece::new(Part::Work, from, until)]
    } else {
        Vec::new()
    };
    (name, phase, pieces, words)
}
