//! One item's story: its facts, and every attempt of every execution.

use whiteboarder_jobs::track::{AttemptEnd, Compute, ExecutionView, ItemStatus};

use super::outcome::{mark, reason, same_as};
use crate::term::glyph::{Mark, place};
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};

/// What is known about an item, as label and value.
pub fn facts(item: &ItemStatus, terminal: &Terminal) -> Vec<(&'static str, String)> {
    let unicode = terminal.unicode;
    let state = mark(item.state);
    let shown = format!("{} {}", state.glyph(unicode), item.state);
    let mut facts = vec![
        ("image", text::safe(&item.name)),
        ("batch", item.batch.clone()),
        ("status", state.style().paint(&shown, terminal.color_out)),
        ("size", text::bytes(item.bytes)),
    ];
    if let Some(other) = &item.same_as {
        facts.push(("same as", same_as(other)));
    }
    if let Some(at) = item.planned {
        let why = if item.why.is_empty() {
            String::new()
        } else {
            format!(": {}", item.why)
        };
        facts.push((
            "planned",
            format!("{}{why}", place(&at.to_string(), unicode)),
        ));
    }
    if !item.places.is_empty() {
        let arrow = if unicode { " → " } else { " -> " };
        let places: Vec<String> = item
            .places
            .iter()
            .map(|at| place(&at.to_string(), unicode))
            .collect();
        facts.push(("ran", places.join(arrow)));
    }
    if let Some(seconds) = item.seconds {
        facts.push(("took", text::seconds(seconds)));
    }
    if let Some(plan) = &item.plan {
        let memory = plan.predicted.memory_mb;
        facts.push((
            "predicted",
            format!("{}, {memory:.0} MB", text::seconds(plan.predicted.seconds)),
        ));
    }
    if let Some(peak) = item
        .result
        .as_ref()
        .and_then(|result| result.peak_memory_mb)
    {
        facts.push(("memory", format!("{peak:.0} MB at its peak")));
    }
    if let Some(worker) = &item.worker {
        facts.push(("worker", text::safe(worker)));
    }
    if item.error.is_some() || item.message.is_some() {
        facts.push(("error", reason(item)));
    }
    if let Some(output) = &item.output {
        facts.push(("output", output.clone()));
    }
    facts
}

/// An execution's steps, one line each: when, which state, what did the work, how it ended.
pub fn story(execution: &ExecutionView, terminal: &Terminal) -> Vec<String> {
    let status = serde_json::to_value(execution.status).unwrap_or_default();
    let status = status
        .as_str()
        .unwrap_or_default()
        .to_lowercase()
        .replace('_', " ");
    let start = execution.started_ms.unwrap_or_default();
    let since = |moment: i64| format!("+{:.2} s", (moment - start) as f64 / 1000.0);
    let mut lines = vec![format!(
        "execution {}  {status}",
        text::safe(&execution.name)
    )];
    let mut table = Table::new(&[
        ("at", Align::Right),
        ("state", Align::Left),
        ("by", Align::Left),
        ("waited", Align::Right),
        ("took", Align::Right),
        ("end", Align::Left),
    ]);
    for step in &execution.steps {
        if step.attempts.is_empty() {
            table.row(vec![
                since(step.entered_ms).into(),
                text::safe(&step.name).into(),
            ]);
        }
        for attempt in &step.attempts {
            let by = match (attempt.compute.place(), &attempt.compute, &attempt.worker) {
                (Some(at), _, Some(worker)) => {
                    format!(
                        "{} ({})",
                        place(&at.to_string(), terminal.unicode),
                        text::safe(worker)
                    )
                }
                (Some(at), ..) => place(&at.to_string(), terminal.unicode),
                (None, Compute::Service { service, action }, _) => {
                    text::safe(&format!("{service}:{action}"))
                }
                (None, Compute::Execution { machine, .. }, _) => text::safe(machine),
                _ => String::new(),
            };
            let between = |from: Option<i64>, to: Option<i64>| match (from, to) {
                (Some(from), Some(to)) => text::seconds((to - from) as f64 / 1000.0),
                _ => String::new(),
            };
            let end = match &attempt.end {
                Some(AttemptEnd::Succeeded) => {
                    let mark = Mark::Done;
                    Cell::styled(
                        format!("{} done", mark.glyph(terminal.unicode)),
                        mark.style(),
                    )
                }
                Some(AttemptEnd::Failed { error, .. }) => {
                    let mark = Mark::Failed;
                    let caught = if step.caught { " (caught)" } else { "" };
                    let words = format!(
                        "{} {}{caught}",
                        mark.glyph(terminal.unicode),
                        text::safe(error)
                    );
                    Cell::styled(words, mark.style())
                }
                Some(AttemptEnd::Aborted) => {
                    let mark = Mark::Stopped;
                    Cell::styled(
                        format!("{} stopped", mark.glyph(terminal.unicode)),
                        mark.style(),
                    )
                }
                None => Cell::default(),
            };
            table.row(vec![
                since(attempt.scheduled_ms).into(),
                text::safe(&step.name).into(),
                by.into(),
                between(Some(attempt.scheduled_ms), attempt.started_ms).into(),
                between(
                    attempt.started_ms.or(Some(attempt.scheduled_ms)),
                    attempt.ended_ms,
                )
                .into(),
                end,
            ]);
        }
    }
    lines.extend(
        table
            .lines(terminal)
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    lines
}
