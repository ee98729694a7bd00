//! Changes of the recipe: every one is a step of history.

use whiteboarder_core::recipe::{FIELDS, Kind, Recipe};

use super::layers::prompt;
use super::own;
use super::preview::{compose, outdate};
use super::toast;
use crate::presets::{Preset, called_now};
use crate::studio::history::Edit;
use crate::studio::keys::Action;
use crate::studio::message::Effect;
use crate::studio::model::{Layer, Model, PhotoState, Purpose};
use crate::studio::rows;
use crate::studio::slots::NAMES;
use crate::ui::toast::Kind as ToastKind;

pub(super) fn move_row(model: &mut Model, by: isize) -> Vec<Effect> {
    let rows = rows::rows(&model.recipe);
    let at = rows.iter().position(|row| *row == model.selected);
    let next = at.map_or(0, |at| at.saturating_add_signed(by));
    if let Some(row) = rows.get(next.min(rows.len().saturating_sub(1))) {
        model.selected = *row;
    }
    Vec::new()
}

pub(super) fn step(model: &mut Model, action: Action, steps: i32) -> Vec<Effect> {
    let field = &FIELDS[model.selected];
    let from = rows::start(field, (field.get)(&model.recipe), model.chosen());
    let value = rows::stepped(field, from, steps);
    change(model, action, |recipe| (field.set)(recipe, value))
}

/// Changes the recipe as one step of history.
pub(super) fn change(
    model: &mut Model,
    action: Action,
    make: impl FnOnce(&mut Recipe),
) -> Vec<Effect> {
    let mut next = model.recipe.clone();
    make(&mut next);
    let Some(edit) = Edit::between(&model.recipe, &next, action, model.now_ms) else {
        return Vec::new();
    };
    model.history.record(edit);
    model.owns.changed();
    model.recipe = next;
    recipe_changed(model)
}

pub(super) fn recipe_changed(model: &mut Model) -> Vec<Effect> {
    // The change is what is to be seen now.
    model.peeking = false;
    if !rows::rows(&model.recipe).contains(&model.selected) {
        model.selected = rows::radius(&model.recipe);
    }
    outdate(model)
}

pub(super) fn travel(model: &mut Model, back: bool) -> Vec<Effect> {
    if let Some(effects) = own::travel(model, back) {
        return effects;
    }
    let edit = if back {
        model.history.undo(&mut model.recipe)
    } else {
        model.history.redo(&mut model.recipe)
    };
    let Some(edit) = edit else { return Vec::new() };
    let word = if back { "undone" } else { "redone" };
    let said = match edit.changes.as_slice() {
        [only] => {
            model.selected = only.field;
            let field = &FIELDS[only.field];
            let value = (field.get)(&model.recipe);
            let value = rows::with_unit(field, value);
            format!("{word}: {} is {value}", rows::label(field))
        }
        several => format!("{word}: {} fields", several.len()),
    };
    toast(model, ToastKind::Note, said);
    recipe_changed(model)
}

pub(super) fn type_value(model: &mut Model) -> Vec<Effect> {
    if matches!(FIELDS[model.selected].kind, Kind::Number { .. }) {
        return prompt(model, Purpose::Value(model.selected));
    }
    step(model, Action::Type, 1)
}

/// Leaves to the picture what can be left to it, and opens the list of what that changed.
pub(super) fn automatic(model: &mut Model) -> Vec<Effect> {
    let long_side = match model.photo().map(|photo| &photo.state) {
        Some(PhotoState::Opened(width, height)) => Some((*width).max(*height)),
        _ => None,
    };
    let found = model.chosen().copied();
    let mut next = model.recipe.clone();
    let mut changed = Vec::new();
    for index in rows::rows(&model.recipe) {
        let field = &FIELDS[index];
        let before = (field.get)(&model.recipe);
        let Some(value) = rows::automatic(field, &model.recipe, found.as_ref(), long_side) else {
            continue;
        };
        if value != before {
            (field.set)(&mut next, value);
            changed.push((index, before));
        }
    }
    if changed.is_empty() {
        toast(
            model,
            ToastKind::Note,
            "everything that can be left to the picture is left to it",
        );
        return Vec::new();
    }
    model.layer = Some(Layer::Auto { changed });
    show_panel(model);
    change(model, Action::Auto, |recipe| *recipe = next)
}

/// The panel is where lists are.
fn show_panel(model: &mut Model) -> Vec<Effect> {
    if !std::mem::take(&mut model.panel_hidden) {
        return Vec::new();
    }
    outdate(model)
}

/// Puts the recipe into a slot.
pub(super) fn keep(model: &mut Model, slot: usize) -> Vec<Effect> {
    let star = if model.is_changed() { "*" } else { "" };
    let name = format!("{}{star}", model.recipe_name);
    let letter = NAMES[slot.min(NAMES.len() - 1)];
    toast(
        model,
        ToastKind::Done,
        format!(
            "{name} is in slot {letter}: F{} takes it up again, v compares with it",
            5 + slot
        ),
    );
    let was_against = model
        .slots
        .against()
        .is_some_and(|(name, _)| name == letter);
    model.slots.store(slot, name, model.recipe.clone());
    if was_against {
        compose(model)
    } else {
        Vec::new()
    }
}

/// Takes up the recipe of a slot.
pub(super) fn take(model: &mut Model, slot: usize) -> Vec<Effect> {
    let Some(kept) = model.slots.get(slot) else {
        return Vec::new();
    };
    let (name, recipe) = (kept.name.clone(), kept.recipe.clone());
    let letter = NAMES[slot.min(NAMES.len() - 1)];
    toast(model, ToastKind::Note, format!("slot {letter}: {name}"));
    model.history.seal();
    change(model, Action::TakeA, |next| *next = recipe)
}

/// The recipe as TOML for the clipboard.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    toast(
        model,
        ToastKind::Done,
        "the recipe is on the clipboard as TOML, if this terminal allows it",
    );
    vec![Effect::Copy(model.recipe.to_toml())]
}

/// Asks for the presets there are.
pub(super) fn presets(_: &mut Model) -> Vec<Effect> {
    vec![Effect::ListPresets]
}

/// Opens the list of presets on the one whose name the recipe has.
pub(super) fn choose_preset(model: &mut Model, list: Result<Vec<Preset>, String>) -> Vec<Effect> {
    let list = match list {
        Ok(list) => list,
        Err(sentence) => {
            toast(model, ToastKind::Failed, sentence);
            return Vec::new();
        }
    };
    if model.layer.is_some() || list.is_empty() {
        return Vec::new();
    }
    let named = called_now(&model.recipe_name);
    let at = list.iter().position(|preset| preset.name == named);
    model.layer = Some(Layer::Presets {
        at,
        list,
        from: Box::new(model.recipe.clone()),
    });
    show_panel(model)
}

/// Passes on in the list of presets, and shows what it comes to.
pub(super) fn pass_preset(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(Layer::Presets { list, at, .. }) = &mut model.layer else {
        return Vec::new();
    };
    let last = list.len().saturating_sub(1);
    let next = match *at {
        Some(at) => at.saturating_add_signed(by).min(last),
        None => 0,
    };
    if *at == Some(next) {
        return Vec::new();
    }
    *at = Some(next);
    model.recipe = list[next].recipe.clone();
    recipe_changed(model)
}

/// Takes the preset that is shown, as one step of history.
pub(super) fn take_preset(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Presets { list, at, from }) = model.layer.take() else {
        return Vec::new();
    };
    let Some(preset) = at.and_then(|at| list.into_iter().nth(at)) else {
        return Vec::new();
    };
    // What was passed on the way is no step.
    model.recipe = *from;
    model.recipe_name = preset.name;
    model.named = preset.recipe.clone();
    model.history.seal();
    change(model, Action::Presets, |recipe| *recipe = preset.recipe)
}

/// The recipe as it was before the list was opened.
pub(super) fn leave_presets(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Presets { from, .. }) = model.layer.take() else {
        return Vec::new();
    };
    if model.recipe == *from {
        return Vec::new();
    }
    model.recipe = *from;
    recipe_changed(model)
}
