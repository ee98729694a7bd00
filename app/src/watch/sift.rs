//! Which executions are shown, in which order, and what they add up to.

use std::cmp::Ordering;

use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::Run;
use whiteboarder_jobs::watch::query::Around;
use whiteboarder_jobs::watch::totals::Totals;

use super::model::{Chip, Column, Model};

/// Makes the list and the sums anew, and keeps the cursor on its execution where it can.
pub fn sift(model: &mut Model) {
    model.dirty = false;
    let selected = model.selected().map(|run| run.arn.clone());
    let now_ms = model.clock_ms();
    let pricing = model.pricing.clone();
    let cost = |digest: &_| pricing.as_ref().and_then(|pricing| pricing.total(digest));
    let around = Around {
        now_ms,
        cost: &cost,
    };
    let mut chips = [0; Chip::EACH.len()];
    let mut shown = Vec::with_capacity(model.runs.len());
    for (at, run) in model.runs.iter().enumerate() {
        if !model.query.matches(run, around) {
            continue;
        }
        for (count, chip) in chips.iter_mut().zip(Chip::EACH) {
            *count += usize::from(chip.lets(run));
        }
        if model.chip.lets(run) {
            shown.push(at);
        }
    }
    sort(&mut shown, model, now_ms);
    let runs = shown.iter().map(|at| &model.runs[*at]);
    let prices = pricing.as_ref().map(|pricing| pricing.with());
    model.totals = Totals::of(runs, now_ms, prices);
    model.chips = chips;
    model.shown = shown;
    let last = model.shown.len().saturating_sub(1);
    let again = selected.and_then(|arn| {
        // It is mostly where it was.
        let near = model.cursor..(model.cursor + 3).min(model.shown.len());
        let is = |at: &usize| model.runs[model.shown[*at]].arn == arn;
        near.into_iter().find(is).or_else(|| {
            let run = *model.index.get(&arn)?;
            model.shown.iter().position(|shown| *shown == run)
        })
    });
    model.cursor = match again {
        _ if !model.picked => 0,
        Some(at) => at,
        None => model.cursor.min(last),
    };
}

fn sort(shown: &mut [usize], model: &Model, now_ms: i64) {
    let (column, turned) = model.sort;
    let runs = &model.runs;
    // What is worked out per execution is worked out once.
    let newest = |a: &Run, b: &Run| (b.started_ms, &b.name).cmp(&(a.started_ms, &a.name));
    match column {
        Column::Started => shown.sort_unstable_by(|a, b| newest(&runs[*a], &runs[*b])),
        Column::Took => {
            let took = |run: &Run| run.stopped_ms.unwrap_or(now_ms) - run.started_ms;
            shown.sort_unstable_by(|a, b| {
                let (a, b) = (&runs[*a], &runs[*b]);
                took(b).cmp(&took(a)).then_with(|| newest(a, b))
            });
        }
        Column::Cost => {
            let costs: Vec<f64> = runs
                .iter()
                .map(|run| model.cost(run).unwrap_or(-1.0))
                .collect();
            shown.sort_unstable_by(|a, b| {
                let by = costs[*b].partial_cmp(&costs[*a]).unwrap_or(Ordering::Equal);
                by.then_with(|| newest(&runs[*a], &runs[*b]))
            });
        }
        Column::Name => shown.sort_unstable_by(|a, b| {
            let (a, b) = (&runs[*a], &runs[*b]);
            name(a).cmp(name(b)).then_with(|| newest(a, b))
        }),
        Column::Status => shown.sort_unstable_by(|a, b| {
            let (a, b) = (&runs[*a], &runs[*b]);
            let by = rank(a.status).cmp(&rank(b.status));
            by.then_with(|| newest(a, b))
        }),
        Column::Place => shown.sort_unstable_by(|a, b| {
            let (a, b) = (&runs[*a], &runs[*b]);
            let by = Model::place(a).cmp(&Model::place(b)).reverse();
            by.then_with(|| newest(a, b))
        }),
    }
    if turned {
        shown.reverse();
    }
}

/// What an execution is called in the list.
pub fn name(run: &Run) -> &str {
    run.subject
        .as_ref()
        .map_or(&run.name, |subject| &subject.name)
}

/// What wants to be looked at comes first.
fn rank(status: ExecutionStatus) -> u8 {
    match status {
        ExecutionStatus::Failed => 0,
        ExecutionStatus::TimedOut => 1,
        ExecutionStatus::Aborted => 2,
        ExecutionStatus::Running => 3,
        ExecutionStatus::Succeeded => 4,
    }
}
