//! What lies on top: questions, lines to type, the list of keys.

use whiteboarder_core::recipe::FIELDS;

use super::acting::{stop, stop_and_quit};
use super::tuning::change;
use super::writing::{quit_when_written, write};
use crate::studio::keys::Action;
use crate::studio::message::{Effect, WriteJob};
use crate::studio::model::{Layer, Leave, Model, Purpose, Question};
use crate::studio::{rows, view};
use crate::ui::prompt::LineEdit;

/// A question from outside: it has to be answered before leaving, unless nobody stays to answer it.
pub(super) fn ask(model: &mut Model, question: Question) -> Vec<Effect> {
    if model.leaving == Some(Leave::Interrupted) {
        return vec![Effect::Quit(Leave::Interrupted)];
    }
    model.leaving = None;
    model.layer = Some(Layer::Ask(question));
    Vec::new()
}

pub(super) fn prompt(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    model.layer = Some(Layer::Prompt {
        purpose,
        line: LineEdit::default(),
        problem: None,
    });
    Vec::new()
}

/// Says while somebody types what is wrong with it.
pub(super) fn check_prompt(model: &mut Model) {
    let Some(Layer::Prompt {
        purpose,
        line,
        problem,
    }) = &mut model.layer
    else {
        return;
    };
    let typed = line.text();
    *problem = match purpose {
        Purpose::Value(field) if !typed.trim().is_empty() => {
            rows::parse(&FIELDS[*field], &model.recipe, &typed).err()
        }
        // What names may be is the presets' own business; they say so when it is tried.
        Purpose::Value(_) | Purpose::PresetName => None,
    };
}

pub(super) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Prompt {
        purpose,
        line,
        problem,
    }) = &model.layer
    else {
        return Vec::new();
    };
    if problem.is_some() {
        return Vec::new();
    }
    let (purpose, typed) = (*purpose, line.text().trim().to_owned());
    model.layer = None;
    if typed.is_empty() {
        return Vec::new();
    }
    match purpose {
        Purpose::Value(index) => {
            let field = &FIELDS[index];
            match rows::parse(field, &model.recipe, &typed) {
                Ok(value) => change(model, Action::Accept, |recipe| (field.set)(recipe, value)),
                Err(_) => Vec::new(),
            }
        }
        Purpose::PresetName => vec![Effect::SavePreset {
            name: typed,
            recipe: model.recipe.clone(),
            replace: false,
        }],
    }
}

pub(super) fn yes(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Ask(question)) = model.layer.take() else {
        return Vec::new();
    };
    match question {
        Question::ReplaceFile(job) => write(
            model,
            WriteJob {
                replace: true,
                ..job
            },
        ),
        Question::ReplacePreset { name, recipe } => vec![Effect::SavePreset {
            name,
            recipe,
            replace: true,
        }],
        Question::LeaveChanges => quit_when_written(model),
        Question::StopCleaning => stop(model),
        Question::LeaveCleaning => stop_and_quit(model),
    }
}

/// Scrolls the list of failures.
pub(super) fn scroll(model: &mut Model, by: i16) -> Vec<Effect> {
    let rows = view::failure_rows(model) as u16;
    let room = model.areas().map_or(1, |areas| areas.body().height);
    if let Some(Layer::Failures { scroll }) = &mut model.layer {
        *scroll = scroll
            .saturating_add_signed(by)
            .min(rows.saturating_sub(room));
    }
    Vec::new()
}
