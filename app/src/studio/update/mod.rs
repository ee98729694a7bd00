//! What a message does to the studio: a pure function. It reads no clock and touches no file; what is to
//! happen outside comes back as [`Effect`]s.

mod acting;
mod film;
mod layers;
mod looking;
mod own;
mod picker;
mod pointing;
mod preview;
mod tuning;
mod writing;

use crossterm::event::KeyEvent;
use whiteboarder_core::preview::Quality;
use whiteboarder_core::recipe::FIELDS;

use super::acting::Existing;
use super::keys::{Action, Mode};
use super::message::{Effect, Msg};
use super::model::{Deed, Layer, Leave, Look, Model, Purpose, Question};
use super::own::Scope;
use crate::term::text;
use crate::ui::keys::{action, row};
use crate::ui::toast::{Kind as ToastKind, Toast, Told};
use crate::ui::{Call, mouse};
use acting::{ask_to_stop, ask_which, begin, do_it, submit};
use film::{around, mark, mark_all, page};
use layers::{accept, ask, check_prompt, prompt, scroll, yes};
use looking::{
    PAN_STEP, SPLIT_STEP, fit, go_to_photo, look_at, move_split, next_against, next_look,
    one_to_one, pan, zoom,
};
use own::{ask_scope, assign};
use picker::{gathered, half_page, listed, open_picker, pick, take_picked};
use pointing::point;
use preview::{compose, opened, outdate, rendered, request};
use tuning::{
    automatic, change, choose_preset, copy, keep, leave_presets, move_row, pass_preset, presets,
    step, take, take_preset, travel, type_value,
};
use writing::{leave, quit, write_current, written};

/// Takes one message in.
pub fn update(model: &mut Model, message: Msg) -> Vec<Effect> {
    let mut effects = take_in(model, message);
    effects.extend(super::film::wish(model));
    effects
}

fn take_in(model: &mut Model, message: Msg) -> Vec<Effect> {
    match message {
        Msg::Resize(columns, rows) => resize(model, (columns, rows)),
        Msg::Key(key) => press(model, &key),
        Msg::Mouse(event) => point(model, event),
        Msg::Do(row) => chosen(model, row),
        Msg::MouseTaken(taken) => {
            toast(model, ToastKind::Note, mouse::told(taken));
            Vec::new()
        }
        Msg::Paste(text) => {
            if let Some(Layer::Picker(picker)) = &mut model.layer {
                picker.line.paste(&text);
                picker.search();
            }
            if let Some(Layer::Prompt { line, .. }) = &mut model.layer {
                line.paste(&text);
                check_prompt(model);
            }
            Vec::new()
        }
        Msg::Tick(now_ms) => tick(model, now_ms),
        Msg::Glimpse { photo, shown } => {
            if photo == model.current && model.shown.is_none() {
                model.glimpse = Some((photo, shown));
            }
            Vec::new()
        }
        Msg::Opened { photo, size } => opened(model, photo, size),
        Msg::Measured { photo, measured } => {
            model
                .measured
                .extend(measured.map(|measured| (photo, measured)));
            Vec::new()
        }
        Msg::Rendered { photo, preview } => {
            rendered(model, photo, preview);
            Vec::new()
        }
        Msg::Thumb { photo, made } => {
            super::film::made(model, photo, made);
            Vec::new()
        }
        Msg::Listed { folder, entries } => listed(model, folder, entries),
        Msg::Gathered(found) => gathered(model, found),
        Msg::Cleaning(news) => acting::told(model, news),
        Msg::Leave => quit(model),
        Msg::FileExists(job) => {
            model.writing = None;
            ask(model, Question::ReplaceFile(job))
        }
        Msg::Written { job, seconds } => written(model, job, seconds),
        Msg::PresetExists { name, recipe } => ask(model, Question::ReplacePreset { name, recipe }),
        Msg::Saved { name, recipe, path } => {
            match path {
                Ok(path) => {
                    let place = text::path(&path);
                    toast(
                        model,
                        ToastKind::Done,
                        format!("saved preset {name}: {place}"),
                    );
                    model.recipe_name = name;
                    model.kept = recipe.clone();
                    model.named = recipe;
                }
                Err(sentence) => toast(model, ToastKind::Failed, sentence),
            }
            Vec::new()
        }
        Msg::Presets(list) => choose_preset(model, list),
        Msg::Elsewhere(words) => {
            model.elsewhere = words;
            Vec::new()
        }
        Msg::Shown => vec![title(model)],
        Msg::Terminate => vec![Effect::Quit(Leave::Interrupted)],
    }
}

fn toast(model: &mut Model, kind: ToastKind, text: impl Into<String>) {
    let text = text.into();
    model.told.push(Told::new(kind, text.clone()));
    model.toast = Some(Toast::new(kind, text, model.now_ms));
}

fn resize(model: &mut Model, size: (u16, u16)) -> Vec<Effect> {
    let first = model.size == (0, 0);
    let pane = model.pane();
    model.size = size;
    super::film::resized(model);
    if first {
        model.arrive();
    }
    let mut effects = if first {
        vec![title(model)]
    } else {
        Vec::new()
    };
    if pane != model.pane() {
        effects.extend(outdate(model));
    }
    effects
}

fn title(model: &Model) -> Effect {
    let count = model.photos.len();
    Effect::SetTitle(match model.photo() {
        None => "whiteboarder".to_owned(),
        Some(photo) if count == 1 => format!("whiteboarder · {}", text::safe(&photo.name)),
        Some(photo) => format!(
            "whiteboarder · {} · {}/{count}",
            text::safe(&photo.name),
            model.current + 1
        ),
    })
}

fn tick(model: &mut Model, now_ms: u64) -> Vec<Effect> {
    model.now_ms = model.now_ms.max(now_ms);
    if model
        .toast
        .as_ref()
        .is_some_and(|toast| toast.until_ms <= model.now_ms)
    {
        model.toast = None;
    }
    if model.exact_due_ms().is_some_and(|due| due <= model.now_ms) {
        return request(model, Quality::Exact);
    }
    Vec::new()
}

fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    if let Some(action) = action(model, key) {
        return act(model, action);
    }
    if let Some(Layer::Picker(picker)) = &mut model.layer {
        let before = picker.line.clone();
        picker.line.key(key);
        if picker.line != before {
            picker.search();
        }
    }
    if Mode::of(model) == Mode::Prompt {
        if let Some(Layer::Prompt { line, .. }) = &mut model.layer {
            line.key(key);
        }
        check_prompt(model);
    }
    Vec::new()
}

/// Does what was chosen from the commands, unless things have changed meanwhile.
fn chosen(model: &mut Model, at: usize) -> Vec<Effect> {
    match row(model, at) {
        Some(action) => act(model, action),
        None => Vec::new(),
    }
}

#[allow(clippy::too_many_lines, reason = "a line or two for each action")]
fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::RowUp => move_row(model, -1),
        Action::RowDown => move_row(model, 1),
        Action::Lower => step(model, action, -1),
        Action::Higher => step(model, action, 1),
        Action::MuchLower => step(model, action, -10),
        Action::MuchHigher => step(model, action, 10),
        Action::Type => type_value(model),
        Action::Reset => {
            let field = &FIELDS[model.selected];
            let value = (field.get)(&model.named);
            change(model, action, |recipe| (field.set)(recipe, value))
        }
        Action::ResetAll => {
            let named = model.named.clone();
            change(model, action, |recipe| *recipe = named)
        }
        Action::Undo => travel(model, true),
        Action::Redo => travel(model, false),
        Action::Before => {
            model.peeking = !model.peeking;
            compose(model)
        }
        Action::NextLook => next_look(model),
        Action::ViewAfter => look_at(model, Look::After),
        Action::ViewSplit => look_at(model, Look::Split),
        Action::ViewBeside => look_at(model, Look::Beside),
        Action::ViewBackground => look_at(model, Look::Background),
        Action::ViewDifference => look_at(model, Look::Difference),
        Action::ViewMask => look_at(model, Look::Mask),
        Action::ViewBefore => look_at(model, Look::Before),
        Action::Clipping => {
            model.clipping = !model.clipping;
            compose(model)
        }
        Action::Against => next_against(model),
        Action::ZoomIn => zoom(model, 1, None),
        Action::ZoomOut => zoom(model, -1, None),
        Action::Fit => fit(model),
        Action::OneToOne => one_to_one(model),
        Action::PanLeft => pan(model, (-PAN_STEP, 0.0)),
        Action::PanRight => pan(model, (PAN_STEP, 0.0)),
        Action::PanUp => pan(model, (0.0, -PAN_STEP)),
        Action::PanDown => pan(model, (0.0, PAN_STEP)),
        Action::TakeA => take(model, 0),
        Action::TakeB => take(model, 1),
        Action::TakeC => take(model, 2),
        Action::TakeD => take(model, 3),
        Action::KeepA => keep(model, 0),
        Action::KeepB => keep(model, 1),
        Action::KeepC => keep(model, 2),
        Action::KeepD => keep(model, 3),
        Action::Auto => automatic(model),
        Action::Copy => copy(model),
        Action::Presets => presets(model),
        Action::SplitLeft => move_split(model, model.split.saturating_sub(SPLIT_STEP)),
        Action::SplitRight => move_split(model, (model.split + SPLIT_STEP).min(100)),
        Action::PreviousPhoto => go_to_photo(model, around(model, model.photos.len() - 1)),
        Action::NextPhoto => go_to_photo(model, around(model, 1)),
        Action::FirstPhoto => go_to_photo(model, 0),
        Action::LastPhoto => go_to_photo(model, usize::MAX),
        Action::PreviousPage => go_to_photo(model, model.current.saturating_sub(page(model))),
        Action::NextPage => go_to_photo(model, model.current + page(model)),
        Action::Mark => mark(model),
        Action::MarkAll => mark_all(model),
        Action::Scope => ask_scope(model),
        Action::ForAll => assign(model, Scope::All),
        Action::ForMarked => assign(model, Scope::Marked),
        Action::ForThis => assign(model, Scope::This),
        Action::UseShared => assign(model, Scope::Shared),
        Action::Open => open_picker(model),
        Action::PickUp => pick(model, -1),
        Action::PickDown => pick(model, 1),
        Action::PickPageUp => pick(model, -half_page(model)),
        Action::PickPageDown => pick(model, half_page(model)),
        Action::Pick => take_picked(model),
        Action::ScrollUp => scroll(model, -1),
        Action::ScrollDown => scroll(model, 1),
        Action::CleanMany => ask_which(model, Deed::Clean),
        Action::DoAll => do_it(model, false),
        Action::DoMarked => do_it(model, true),
        Action::ReplaceAll => begin(model, Existing::Replace),
        Action::SkipExisting => begin(model, Existing::Skip),
        Action::StopCleaning => ask_to_stop(model),
        Action::Submit => submit(model),
        Action::Write => write_current(model),
        Action::SavePreset => prompt(model, Purpose::PresetName),
        Action::Panel => {
            model.panel_hidden = !model.panel_hidden;
            outdate(model)
        }
        Action::Batch => vec![Effect::Batch],
        Action::Watch => vec![Effect::Watch],
        Action::Help => vec![Effect::Call(Call::Keys)],
        Action::Commands => vec![Effect::Call(Call::Commands)],
        Action::Log => vec![Effect::Call(Call::Log)],
        Action::Quit => quit(model),
        Action::Leave => leave(model),
        Action::Mouse => vec![Effect::Call(Call::Mouse)],
        Action::Suspend => vec![Effect::Suspend],
        Action::Accept => accept(model),
        Action::Yes => yes(model),
        Action::PresetUp => pass_preset(model, -1),
        Action::PresetDown => pass_preset(model, 1),
        Action::TakePreset => take_preset(model),
        Action::LeavePresets => leave_presets(model),
        Action::Close => {
            model.layer = None;
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_looking;
#[cfg(test)]
mod tests_own;
