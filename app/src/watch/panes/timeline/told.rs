//! What a row of a timeline says.

use ratatui::style::Style;
use whiteboarder_jobs::track::{Attempt, AttemptEnd, Compute, ExecutionView, StateKind, Step};

use super::bar::{Bar, Part, Piece};
use super::rows::{Content, Row, Summary};
use crate::term::text;
use crate::term::theme::Theme;
use crate::watch::panes::phase::{self, Phase};

/// `3 ms`, `2.4 s`; nothing for what took no time.
fn length(ms: i64) -> String {
    match ms {
        ..=0 => String::new(),
        1..10 => format!("{ms} ms"),
        _ => text::seconds(ms as f64 / 1000.0),
    }
}

/// A row's name and bar.
pub struct Described {
    /// What stands before the bar.
    pub name: String,
    /// How the name looks.
    pub style: Style,
    /// When it waited and worked.
    pub bar: Bar,
}

/// Describes a row.
pub fn describe(view: &ExecutionView, found: &Row, now_ms: i64, theme: &Theme) -> Described {
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
    let mut words = length(until - step.entered_ms);
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
    let mut words = length(attempt.ended_ms.unwrap_or(end) - attempt.scheduled_ms);
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
    let words = length(until - from);
    let piece = Piece::new(Part::Work, from, until);
    (
        format!("{sign}{name}"),
        phase_of(attempt, view),
        vec![piece],
        words,
    )
}

fn summed(summary: &Summary, view: &ExecutionView, end: i64, theme: &Theme) -> Told {
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
        length(ms.max(1))
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
