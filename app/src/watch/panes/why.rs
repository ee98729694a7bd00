//! Why an execution ran where it ran, in sentences.

use ratatui::text::{Line, Span};
use whiteboarder_core::cost::{Capacity, MEMORY_MARGIN, TIME_MARGIN};
use whiteboarder_jobs::submit::Wish;
use whiteboarder_jobs::track::Place;
use whiteboarder_jobs::watch::{Digest, Kind, Run};

use super::facts::ran;
use super::row;
use crate::term::glyph::{Mark, place};
use crate::term::text;
use crate::term::theme::Theme;

/// The sentences. `lambda` is what the cleaning Lambda has, where that is known.
pub fn why(
    run: &Run,
    lambda: Option<&Capacity>,
    columns: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let unicode = !theme.ascii();
    let columns = usize::from(columns);
    let mut lines = Vec::new();
    for (mark, words) in sentences(run, lambda, unicode) {
        let (glyph, style) = match mark {
            Some(mark) => (mark.glyph(unicode), row::style(mark, theme)),
            None if unicode => ("·", theme.faint),
            None => ("-", theme.faint),
        };
        for (index, part) in row::wrap(&words, columns.saturating_sub(2))
            .into_iter()
            .enumerate()
        {
            let lead = if index == 0 { glyph } else { " " };
            let spans = vec![
                Span::styled(format!("{lead} "), style),
                Span::styled(part, theme.plain),
            ];
            lines.push(row::line(spans, columns, unicode));
        }
    }
    lines
}

type Sentence = (Option<Mark>, String);

fn sentences(run: &Run, lambda: Option<&Capacity>, unicode: bool) -> Vec<Sentence> {
    let Some(digest) = run.digest.as_deref() else {
        return vec![(None, "Its history was not read yet.".to_owned())];
    };
    let mut told: Vec<Sentence> = Vec::new();
    match digest.wished {
        Some(Wish::Auto) => told.push((None, "Wished: auto, so that the plan decides.".to_owned())),
        Some(wish) => told.push((None, format!("Wished: {wish}, whatever the plan thinks."))),
        None => told.push((
            None,
            "Its machine has no plan: it runs where the definition says.".to_owned(),
        )),
    }
    if let Some(planned) = digest.planned {
        let planned = place(&planned.to_string(), unicode);
        let why = if digest.why.is_empty() {
            String::new()
        } else {
            format!(": {}", digest.why)
        };
        told.push((None, format!("Planned: {planned}{why}.")));
    }
    told.extend(limits(digest, lambda));
    told.extend(moved(digest, unicode));
    if let Some(ran) = ran(digest, unicode) {
        let by = match digest.workers.as_slice() {
            [] => String::new(),
            workers => format!(", taken by {}", workers.join(", ")),
        };
        let attempts = text::count(digest.attempts as usize, "attempt");
        told.push((None, format!("Ran: {ran}, in {attempts}{by}.")));
    } else {
        let kinds: Vec<&str> = digest.kinds.iter().map(|kind| asked(*kind)).collect();
        let words = if kinds.is_empty() {
            "Nothing has worked on it yet.".to_owned()
        } else {
            format!("It asked for {}.", kinds.join(", "))
        };
        told.push((None, words));
    }
    if digest.waiting_since_ms.is_some() {
        let words =
            "It waits in the queue: no worker has taken it, and no clock runs until one does.";
        told.push((Some(Mark::Queued), words.to_owned()));
    }
    told.extend(compared(digest));
    told
}

/// What a step asked for.
fn asked(kind: Kind) -> &'static str {
    match kind {
        Kind::Lambda => "a Lambda function",
        Kind::Ecs => "an ECS task",
        Kind::Worker => "a worker",
        Kind::Execution => "another execution",
        Kind::Service => "a service",
    }
}

/// The prediction against what may be used.
fn limits(digest: &Digest, lambda: Option<&Capacity>) -> Option<Sentence> {
    let (predicted, lambda) = (digest.predicted.as_ref()?, lambda?);
    let seconds = lambda.timeout_s * TIME_MARGIN;
    let memory = f64::from(lambda.memory_mb) * MEMORY_MARGIN;
    let sign = |fits: bool| if fits { "fits" } else { "does not fit" };
    let words = format!(
        "Predicted for Lambda: {} {} the {} that are allowed of its {}, {:.0} MB {} the {memory:.0} MB of its {} MB.",
        text::seconds(predicted.seconds),
        sign(predicted.seconds <= seconds),
        text::seconds(seconds),
        text::seconds(lambda.timeout_s),
        predicted.memory_mb,
        sign(predicted.memory_mb <= memory),
        lambda.memory_mb,
    );
    Some((None, words))
}

fn moved(digest: &Digest, unicode: bool) -> Option<Sentence> {
    let (planned, last) = (digest.planned, digest.places.last().copied());
    if !digest.moved {
        let there = planned.is_some() && planned == last;
        return there.then(|| (Some(Mark::Done), "It ran where it was planned.".to_owned()));
    }
    let name = |at: Place| place(&at.to_string(), unicode);
    let from = digest.places.first().copied().or(planned);
    let way = match (from, last) {
        (Some(from), Some(to)) if from != to => format!(" from {} to {}", name(from), name(to)),
        (_, Some(to)) => format!(" to {}", name(to)),
        _ => String::new(),
    };
    let after = match digest.moved_by.as_deref() {
        Some("States.Timeout" | "Sandbox.Timedout") => ": it took longer than Lambda allows",
        Some("Runtime.OutOfMemory") => ": Lambda's memory did not suffice",
        Some("Runtime.ExitError" | "Lambda.Unknown") => {
            ": its process on Lambda ended, most likely for want of memory"
        }
        _ => "",
    };
    let error = digest
        .moved_by
        .as_ref()
        .map_or(String::new(), |error| format!(" after {error}"));
    Some((Some(Mark::Moved), format!("Moved{way}{error}{after}.")))
}

/// How far off the prediction was.
fn compared(digest: &Digest) -> Option<Sentence> {
    let (predicted, result) = (digest.predicted.as_ref()?, digest.result.as_ref()?);
    let off = |actual: f64, predicted: f64| {
        if predicted <= 0.0 {
            return String::new();
        }
        if actual >= 2.0 * predicted {
            return format!(" ({:.1} times as much)", actual / predicted);
        }
        let percent = (actual / predicted - 1.0) * 100.0;
        match percent.round() as i64 {
            0 => " (as predicted)".to_owned(),
            less @ ..0 => format!(" ({} % less)", -less),
            more => format!(" ({more} % more)"),
        }
    };
    let mut words = format!(
        "Cleaning took {} of the predicted {}{}",
        text::seconds(result.seconds.total),
        text::seconds(predicted.seconds),
        off(result.seconds.total, predicted.seconds)
    );
    if let Some(peak) = result.peak_memory_mb {
        words = format!(
            "{words}, and {peak:.0} MB of {:.0} MB{}",
            predicted.memory_mb,
            off(peak, predicted.memory_mb)
        );
    }
    let elsewhere = digest.places.last() == Some(&Place::Ecs);
    words.push_str(if elsewhere {
        "; the prediction is for Lambda, and this was another machine."
    } else {
        "."
    });
    Some((None, words))
}
