//! What is done with executions: asked first, counted, and told.

use std::path::Path;

use whiteboarder_jobs::track::{ExecutionStatus, StepEnd};
use whiteboarder_jobs::watch::{Acted, Action as Act, Order, Run};

use super::keys::Action;
use super::model::{Effect, Layer, Model};
use super::update::tell;
use crate::term::text;
use crate::ui::toast::Kind;

/// The marked executions, in the order of the list; the selected one when none is.
pub fn chosen(model: &Model) -> Vec<String> {
    if model.marks.is_empty() {
        return model
            .details
            .arn
            .clone()
            .or_else(|| model.selected().map(|run| run.arn.clone()))
            .into_iter()
            .collect();
    }
    let shown = model.shown.iter().filter_map(|at| model.runs.get(*at));
    let mut arns: Vec<String> = shown
        .map(|run| &run.arn)
        .filter(|arn| model.marks.contains(*arn))
        .cloned()
        .collect();
    // Marks that the filter hides count as well; they come last.
    let mut hidden: Vec<String> = model.marks.iter().cloned().collect();
    hidden.retain(|arn| !arns.contains(arn));
    hidden.sort_unstable();
    arns.extend(hidden);
    arns
}

/// Asks whether to do something, with how many and what is kept.
pub fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
    let arns = chosen(model);
    let of = arns.len();
    let act = match action {
        Action::Stop => Act::Stop,
        Action::Redrive => Act::Redrive,
        Action::StartAgain => Act::StartAgain,
        _ => Act::Download(model.output.clone()),
    };
    let fitting: Vec<String> = arns
        .into_iter()
        .filter(|arn| model.run(arn).is_some_and(|run| fits(&act, run)))
        .collect();
    if fitting.is_empty() {
        tell(model, Kind::Note, unfit(&act));
        return Vec::new();
    }
    let about = about(model, &act, &fitting, of);
    model.layer = Some(Layer::Ask {
        action: act,
        arns: fitting,
        about,
    });
    Vec::new()
}

/// Whether it makes sense to ask the service for it.
fn fits(act: &Act, run: &Run) -> bool {
    match act {
        Act::Stop => run.status == ExecutionStatus::Running,
        Act::Redrive => !matches!(
            run.status,
            ExecutionStatus::Running | ExecutionStatus::Succeeded
        ),
        Act::StartAgain => true,
        Act::Download(_) => run.subject.is_some() && run.status == ExecutionStatus::Succeeded,
    }
}

fn unfit(act: &Act) -> &'static str {
    match act {
        Act::Stop => "nothing to stop: it does not run",
        Act::Redrive => "nothing to redrive: only what failed, timed out or was stopped goes on",
        Act::StartAgain => "nothing to start again",
        Act::Download(_) => "nothing to download: only what succeeded has a result",
    }
}

fn about(model: &Model, act: &Act, arns: &[String], of: usize) -> String {
    let executions = text::count(arns.len(), "execution");
    let left = match of - arns.len() {
        0 => String::new(),
        others => format!(" ({others} others do not need it)"),
    };
    match act {
        Act::Stop => format!("stop {executions}{left}? What their steps have done stays done"),
        Act::Redrive => format!("redrive {executions}{left}? {}", kept(model, arns)),
        Act::StartAgain => {
            format!("start {executions} again{left}, from the beginning with the same input?")
        }
        Act::Download(folder) => {
            format!(
                "download {} to {}?",
                text::count(arns.len(), "result"),
                folder_name(folder)
            )
        }
    }
}

fn folder_name(folder: &Path) -> String {
    text::path(folder)
}

/// What a redrive does not do again.
fn kept(model: &Model, arns: &[String]) -> String {
    let general = "steps that succeeded are kept; standard executions can be redriven for 14 days";
    let [arn] = arns else {
        return general.to_owned();
    };
    let Some(opened) = model.opened().filter(|opened| opened.arn == *arn) else {
        return general.to_owned();
    };
    let left = |end: &Option<StepEnd>| matches!(end, Some(StepEnd::Left | StepEnd::Caught { .. }));
    let mut kept: Vec<String> = Vec::new();
    for step in opened.view.steps.iter().filter(|step| left(&step.end)) {
        let name = text::safe(&step.name);
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    let again = opened.view.steps.iter().rfind(|step| !left(&step.end));
    let again = again.map_or(String::new(), |step| {
        format!("{} runs again", text::safe(&step.name))
    });
    match (kept.is_empty(), again.is_empty()) {
        (true, true) => general.to_owned(),
        (true, false) => format!("nothing is kept, {again}"),
        (false, true) => format!("{} {} done", kept.join(", "), stays(kept.len())),
        (false, false) => format!("{} {} done, {again}", kept.join(", "), stays(kept.len())),
    }
}

/// Does what was asked.
pub fn yes(model: &mut Model) -> Vec<Effect> {
    match model.layer.take() {
        Some(Layer::Ask { action, arns, .. }) => {
            model.acting = Some((action.clone(), 0, arns.len()));
            vec![Effect::Order(Order::Act(action, arns))]
        }
        other => {
            model.layer = other;
            Vec::new()
        }
    }
}

/// `stopped`, `redriven`.
pub fn done_word(act: &Act) -> &'static str {
    match act {
        Act::Stop => "stopped",
        Act::Redrive => "redriven",
        Act::StartAgain => "started again",
        Act::Download(_) => "downloaded",
    }
}

/// What became of it, in a sentence.
pub fn outcome(acted: &Acted) -> (Kind, String) {
    let word = done_word(&acted.action);
    let done = text::count(acted.done.len(), "execution");
    let to = match &acted.action {
        Act::Download(folder) => format!(" to {}", folder_name(folder)),
        _ => String::new(),
    };
    match acted.refused.as_slice() {
        [] => (Kind::Done, format!("{done} {word}{to}")),
        [one] => (
            Kind::Failed,
            format!("{done} {word}{to}, one not: {}", text::safe(&one.why)),
        ),
        several => (
            Kind::Failed,
            format!(
                "{done} {word}{to}, {} not: {}; `!` has the others",
                several.len(),
                text::safe(&several[0].why)
            ),
        ),
    }
}

/// The selected execution in the console.
pub fn link(model: &mut Model) -> Vec<Effect> {
    let console = model
        .machine
        .as_ref()
        .and_then(|machine| machine.console.clone());
    let arn = model
        .details
        .arn
        .clone()
        .or_else(|| model.selected().map(|run| run.arn.clone()));
    match (console, arn) {
        (Some(console), Some(arn)) => {
            let link = console.replace("{}", &arn);
            tell(model, Kind::Note, link.clone());
            vec![Effect::Link(link)]
        }
        _ => Vec::new(),
    }
}

fn stays(number: usize) -> &'static str {
    if number == 1 { "stays" } else { "stay" }
}
