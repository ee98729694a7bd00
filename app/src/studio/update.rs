//! What a message does to the studio: a pure function. It reads no clock and touches no file; what is to
//! happen outside comes back as [`Effect`]s.

use crossterm::event::KeyEvent;
use whiteboarder_core::preview::Quality;
use whiteboarder_core::recipe::{FIELDS, Kind, Recipe};

use super::history::Edit;
use super::keys::{self, Action, Mode};
use super::layout;
use super::model::{
    Effect, Layer, Leave, Look, Model, Msg, PhotoState, Preview, Purpose, Question, Request,
    WriteJob, Writing,
};
use super::rows;
use crate::term::text;
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Kind as ToastKind, Toast};

/// How far one key moves the split, in % of the width.
const SPLIT_STEP: u16 = 5;

/// Takes one message in.
pub fn update(model: &mut Model, message: Msg) -> Vec<Effect> {
    match message {
        Msg::Resize(columns, rows) => resize(model, (columns, rows)),
        Msg::Key(key) => press(model, &key),
        Msg::Paste(text) => {
            if let Some(Layer::Prompt { line, .. }) = &mut model.layer {
                line.paste(&text);
                check_prompt(model);
            }
            Vec::new()
        }
        Msg::Tick(now_ms) => tick(model, now_ms),
        Msg::Opened { photo, size } => {
            opened(model, photo, size);
            Vec::new()
        }
        Msg::Rendered { photo, preview } => {
            rendered(model, photo, preview);
            Vec::new()
        }
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
        Msg::Elsewhere(words) => {
            model.elsewhere = words;
            Vec::new()
        }
        Msg::Shown => vec![title(model)],
        Msg::Terminate => vec![Effect::Quit(Leave::Interrupted)],
    }
}

fn toast(model: &mut Model, kind: ToastKind, text: impl Into<String>) {
    model.toast = Some(Toast::new(kind, text, model.now_ms));
}

/// A question from outside: it has to be answered before leaving, unless nobody stays to answer it.
fn ask(model: &mut Model, question: Question) -> Vec<Effect> {
    if model.leaving == Some(Leave::Interrupted) {
        return vec![Effect::Quit(Leave::Interrupted)];
    }
    model.leaving = None;
    model.layer = Some(Layer::Ask(question));
    Vec::new()
}

fn resize(model: &mut Model, size: (u16, u16)) -> Vec<Effect> {
    let first = model.size == (0, 0);
    let pane = model.pane();
    model.size = size;
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

/// The picture on screen is out of date: asks for a draft of the new one.
fn outdate(model: &mut Model) -> Vec<Effect> {
    model.generation += 1;
    model.changed_ms = model.now_ms;
    model.trouble = None;
    request(model, Quality::Draft)
}

/// Asks for a picture. For a generation that is rendered already, this only composes.
fn request(model: &mut Model, quality: Quality) -> Vec<Effect> {
    let Some(pane) = model.pane() else {
        return Vec::new();
    };
    model.ticket += 1;
    model.asked = Some((model.generation, quality));
    vec![Effect::Render(Request {
        ticket: model.ticket,
        generation: model.generation,
        photo: model.current,
        quality,
        recipe: model.recipe.clone(),
        pane,
        look: model.look(),
        split: model.split,
    })]
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

fn opened(model: &mut Model, photo: usize, size: Result<(u32, u32), String>) {
    let Some(entry) = model.photos.get_mut(photo) else {
        return;
    };
    entry.state = match size {
        Ok((width, height)) => PhotoState::Opened(width, height),
        Err(sentence) => PhotoState::Unreadable(sentence),
    };
}

fn rendered(model: &mut Model, photo: usize, preview: Result<Box<Preview>, String>) {
    // Never another photograph's pixels.
    if photo != model.current {
        return;
    }
    match preview {
        Ok(preview) => {
            let newest = model.shown.as_ref().map_or(0, |shown| shown.ticket);
            if preview.ticket > newest {
                model.shown = Some(*preview);
                model.trouble = None;
            }
        }
        Err(sentence) => model.trouble = Some(sentence),
    }
}

fn written(model: &mut Model, job: WriteJob, seconds: Result<f64, String>) -> Vec<Effect> {
    model.writing = None;
    match seconds {
        Ok(seconds) => {
            let place = text::path(&job.output);
            let took = text::seconds(seconds);
            toast(model, ToastKind::Done, format!("wrote {place} in {took}"));
            model.kept = job.recipe;
            model.written.retain(|output| *output != job.output);
            model.written.push(job.output);
        }
        Err(sentence) => {
            toast(model, ToastKind::Failed, sentence);
            // Whoever wanted to leave after the writing wanted the file.
            if model.leaving == Some(Leave::Quit) {
                model.leaving = None;
            }
        }
    }
    model.leaving.map(Effect::Quit).into_iter().collect()
}

fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    if let Some(action) = keys::action(model, key) {
        return act(model, action);
    }
    if Mode::of(model) == Mode::Prompt {
        if let Some(Layer::Prompt { line, .. }) = &mut model.layer {
            line.key(key);
        }
        check_prompt(model);
    }
    Vec::new()
}

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
        Action::SplitLeft => move_split(model, model.split.saturating_sub(SPLIT_STEP)),
        Action::SplitRight => move_split(model, (model.split + SPLIT_STEP).min(100)),
        Action::PreviousPhoto => go_to_photo(model, model.photos.len() - 1),
        Action::NextPhoto => go_to_photo(model, 1),
        Action::Write => write_current(model),
        Action::SavePreset => prompt(model, Purpose::PresetName),
        Action::Panel => {
            model.panel_hidden = !model.panel_hidden;
            outdate(model)
        }
        Action::Batch => vec![Effect::Batch],
        Action::Watch => vec![Effect::Watch],
        Action::Help => {
            model.layer = Some(Layer::Help { scroll: 0 });
            Vec::new()
        }
        Action::Quit => quit(model),
        Action::Leave => leave(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Accept => accept(model),
        Action::Yes => yes(model),
        Action::Close => {
            model.layer = None;
            Vec::new()
        }
        Action::ScrollUp => scroll(model, -1),
        Action::ScrollDown => scroll(model, 1),
    }
}

fn move_row(model: &mut Model, by: isize) -> Vec<Effect> {
    let rows = rows::rows(&model.recipe);
    let at = rows.iter().position(|row| *row == model.selected);
    let next = at.map_or(0, |at| at.saturating_add_signed(by));
    if let Some(row) = rows.get(next.min(rows.len().saturating_sub(1))) {
        model.selected = *row;
    }
    Vec::new()
}

fn step(model: &mut Model, action: Action, steps: i32) -> Vec<Effect> {
    let field = &FIELDS[model.selected];
    let from = rows::start(field, (field.get)(&model.recipe), model.chosen());
    let value = rows::stepped(field, from, steps);
    change(model, action, |recipe| (field.set)(recipe, value))
}

/// Changes the recipe as one step of history.
fn change(model: &mut Model, action: Action, make: impl FnOnce(&mut Recipe)) -> Vec<Effect> {
    let mut next = model.recipe.clone();
    make(&mut next);
    let Some(edit) = Edit::between(&model.recipe, &next, action, model.now_ms) else {
        return Vec::new();
    };
    model.history.record(edit);
    model.recipe = next;
    recipe_changed(model)
}

fn recipe_changed(model: &mut Model) -> Vec<Effect> {
    // The change is what is to be seen now.
    model.peeking = false;
    if !rows::rows(&model.recipe).contains(&model.selected) {
        model.selected = rows::radius(&model.recipe);
    }
    outdate(model)
}

fn travel(model: &mut Model, back: bool) -> Vec<Effect> {
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

/// The same result, shown differently.
fn compose(model: &mut Model) -> Vec<Effect> {
    // A split that moves stops an exact preview on its way; it begins again when the split rests.
    model.changed_ms = model.now_ms;
    request(model, Quality::Draft)
}

fn next_look(model: &mut Model) -> Vec<Effect> {
    model.chosen_look = match model.look() {
        Look::After => Look::Split,
        Look::Split => Look::Before,
        Look::Before => Look::After,
    };
    model.peeking = false;
    compose(model)
}

fn move_split(model: &mut Model, split: u16) -> Vec<Effect> {
    if model.split == split {
        return Vec::new();
    }
    model.split = split;
    compose(model)
}

fn go_to_photo(model: &mut Model, by: usize) -> Vec<Effect> {
    model.current = (model.current + by) % model.photos.len().max(1);
    model.shown = None;
    if let Some(photo) = model.photos.get_mut(model.current)
        && matches!(photo.state, PhotoState::Unreadable(_))
    {
        photo.state = PhotoState::Unread;
    }
    let mut effects = vec![title(model)];
    effects.extend(outdate(model));
    effects
}

fn type_value(model: &mut Model) -> Vec<Effect> {
    if matches!(FIELDS[model.selected].kind, Kind::Number { .. }) {
        return prompt(model, Purpose::Value(model.selected));
    }
    step(model, Action::Type, 1)
}

fn prompt(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    model.layer = Some(Layer::Prompt {
        purpose,
        line: LineEdit::default(),
        problem: None,
    });
    Vec::new()
}

/// Says while somebody types what is wrong with it.
fn check_prompt(model: &mut Model) {
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

fn accept(model: &mut Model) -> Vec<Effect> {
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

fn write_current(model: &mut Model) -> Vec<Effect> {
    let Some(photo) = model.photo() else {
        return Vec::new();
    };
    let job = WriteJob {
        photo: model.current,
        path: photo.path.clone(),
        output: photo.output.clone(),
        recipe: model.recipe.clone(),
        replace: false,
    };
    write(model, job)
}

fn write(model: &mut Model, job: WriteJob) -> Vec<Effect> {
    model.writing = Some(Writing {
        photo: job.photo,
        recipe: job.recipe.clone(),
        since_ms: model.now_ms,
    });
    vec![Effect::Write(job)]
}

fn yes(model: &mut Model) -> Vec<Effect> {
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
    }
}

fn quit(model: &mut Model) -> Vec<Effect> {
    // What is being written now is not lost.
    let safe = model
        .writing
        .as_ref()
        .is_some_and(|writing| writing.recipe == model.recipe);
    if model.has_unwritten_changes() && !safe {
        model.layer = Some(Layer::Ask(Question::LeaveChanges));
        return Vec::new();
    }
    quit_when_written(model)
}

fn quit_when_written(model: &mut Model) -> Vec<Effect> {
    if model.writing.is_some() {
        model.leaving = Some(Leave::Quit);
        return Vec::new();
    }
    vec![Effect::Quit(Leave::Quit)]
}

fn leave(model: &mut Model) -> Vec<Effect> {
    if model.writing.is_none() || model.leaving == Some(Leave::Interrupted) {
        return vec![Effect::Quit(Leave::Interrupted)];
    }
    model.leaving = Some(Leave::Interrupted);
    Vec::new()
}

fn scroll(model: &mut Model, by: i16) -> Vec<Effect> {
    let rows = super::view::help_rows(model.size.0, true).len() as u16;
    let room = layout::areas(model.size, false).map_or(1, |areas| areas.body().height);
    if let Some(Layer::Help { scroll }) = &mut model.layer {
        *scroll = scroll
            .saturating_add_signed(by)
            .min(rows.saturating_sub(room));
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
