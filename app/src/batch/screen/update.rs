//! What a message does to the Batch screen: a pure function. It reads no clock and touches no file; what is to
//! happen outside comes back as [`Effect`]s.

use crossterm::event::{KeyEvent, MouseEvent};
use whiteboarder_jobs::Progress;
use whiteboarder_jobs::submit::Wish;

use super::keys::Action;
use super::layout;
use super::model::{Effect, Layer, Model, Msg, Order, Phase, Planned};
use crate::batch::numbers::Numbers;
use crate::term::text;
use crate::ui::Call;
use crate::ui::keys::{action, key_of, row};
use crate::ui::mouse::{is_click, row_in, told, wheel};
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Kind, Toast, Told};

/// Takes one message in.
pub fn update(model: &mut Model, message: Msg) -> Vec<Effect> {
    match message {
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::Key(key) => press(model, &key),
        Msg::Mouse(event) => mouse(model, event),
        Msg::Do(at) => match row(model, at) {
            Some(action) => act(model, action),
            None => Vec::new(),
        },
        Msg::MouseTaken(taken) => {
            toast(model, Kind::Note, told(taken));
            Vec::new()
        }
        Msg::Paste(pasted) => {
            if let Some(Layer::Filter { line }) = &mut model.layer {
                line.paste(&pasted);
                typed(model);
            }
            Vec::new()
        }
        Msg::Tick(now_ms) => {
            model.now_ms = model.now_ms.max(now_ms);
            let over = |toast: &Toast| toast.until_ms <= model.now_ms;
            if model.toast.as_ref().is_some_and(over) {
                model.toast = None;
            }
            Vec::new()
        }
        Msg::Open(order) => open(model, *order),
        Msg::Planned { generation, plan } => {
            if generation == model.generation {
                planned(model, plan);
            }
            Vec::new()
        }
        Msg::Progress(events) => progress(model, &events),
        Msg::Paused => paused(model),
        Msg::Leave => quit(model),
        Msg::Ended(end) => ended(model, end),
    }
}

fn toast(model: &mut Model, kind: Kind, text: impl Into<String>) {
    let text = text.into();
    model.told.push(Told::new(kind, text.clone()));
    model.toast = Some(Toast::new(kind, text, model.now_ms));
}

/// The screen comes to the front. A batch that is under way stays what it is; otherwise the plan is made for what
/// the studio has now.
fn open(model: &mut Model, order: Order) -> Vec<Effect> {
    let mut effects = vec![title(model)];
    let busy = model.is_running() || model.phase == Phase::Paused;
    let same = model.opened == order;
    if !busy && (!same || model.phase == Phase::Unplanned) {
        model.opened = order.clone();
        model.order = order;
        effects.extend(plan(model));
    }
    effects
}

fn plan(model: &mut Model) -> Vec<Effect> {
    if model.phase == Phase::Ended {
        model.batch = None;
        model.numbers = Numbers::default();
        model.took_ms = None;
    }
    model.generation += 1;
    model.phase = Phase::Scanning;
    model.trouble = None;
    vec![Effect::Plan {
        generation: model.generation,
        order: Box::new(model.order.clone()),
        choices: model.choices,
    }]
}

fn planned(model: &mut Model, plan: Result<Box<Planned>, String>) {
    match plan {
        Ok(plan) => {
            let Planned {
                mut rows,
                left_out,
                into,
            } = *plan;
            // What somebody left out stays so, also after another look.
            let mut gone: Vec<&str> = model
                .rows
                .iter()
                .filter(|row| row.out)
                .map(|row| row.name.as_str())
                .collect();
            gone.sort_unstable();
            for row in &mut rows {
                row.out = gone.binary_search(&row.name.as_str()).is_ok();
            }
            (model.rows, model.left_out, model.into) = (rows, left_out, into);
            model.phase = Phase::Planned;
        }
        Err(sentence) => {
            model.rows.clear();
            model.phase = Phase::Unplanned;
            model.trouble = Some(sentence);
        }
    }
    sift(model);
}

fn progress(model: &mut Model, events: &[Progress]) -> Vec<Effect> {
    let settled = model.numbers.tally.count().settled();
    for event in events {
        if let Progress::Batch { batch, .. } = event {
            model.batch = Some(batch.clone());
        }
        model.numbers.apply(event, model.now_ms);
    }
    if !model.filter.is_empty() {
        sift(model);
    }
    if model.numbers.tally.count().settled() == settled {
        Vec::new()
    } else {
        vec![title(model)]
    }
}

fn paused(model: &mut Model) -> Vec<Effect> {
    model.phase = Phase::Paused;
    model.numbers.transfers.clear();
    if model.leaving {
        return vec![Effect::Quit { interrupted: false }];
    }
    let key = key_of(model, Action::Submit);
    let words = match &model.batch {
        Some(batch) => format!("paused; {key} goes on, or `whiteboarder submit --resume {batch}`"),
        None => format!("paused; {key} goes on"),
    };
    toast(model, Kind::Note, words);
    Vec::new()
}

fn ended(model: &mut Model, end: Result<(), String>) -> Vec<Effect> {
    model.numbers.transfers.clear();
    match end {
        Ok(()) => {
            model.phase = Phase::Ended;
            let took = model.now_ms.saturating_sub(model.began_ms);
            model.took_ms = Some(took);
            let count = model.numbers.tally.count();
            let failed = count.failed + count.stopped + model.numbers.not_downloaded;
            let kind = if failed == 0 {
                Kind::Done
            } else {
                Kind::Failed
            };
            let words = format!(
                "{} of {} cleaned in {}",
                count.cleaned,
                text::count(model.numbers.items, "picture"),
                text::seconds(took as f64 / 1000.0)
            );
            let next = model.order.then.first().map_or(String::new(), |next| {
                format!("; Enter plans the next batch, with {}", next.recipe_name)
            });
            toast(model, kind, words + &next);
        }
        Err(sentence) => {
            // With an id it can go on; without one nothing has begun.
            model.phase = if model.batch.is_some() {
                Phase::Paused
            } else {
                Phase::Planned
            };
            model.trouble = Some(sentence);
        }
    }
    if model.leaving {
        return vec![Effect::Quit { interrupted: false }];
    }
    vec![title(model)]
}

fn title(model: &Model) -> Effect {
    let settled = model.numbers.tally.count().settled();
    Effect::SetTitle(match model.phase {
        Phase::Running | Phase::Pausing => {
            format!("whiteboarder · {settled}/{}", model.numbers.items)
        }
        _ => "whiteboarder · batch".to_owned(),
    })
}

fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    if let Some(action) = action(model, key) {
        return act(model, action);
    }
    if let Some(Layer::Filter { line }) = &mut model.layer {
        line.key(key);
        typed(model);
    }
    Vec::new()
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = (layout::list_rows(model.size) / 2).max(1) as isize;
    match action {
        Action::Up => go(model, -1),
        Action::Down => go(model, 1),
        Action::PageUp => go(model, -page),
        Action::PageDown => go(model, page),
        Action::First => go(model, isize::MIN),
        Action::Last => go(model, isize::MAX),
        Action::LeaveOut => {
            if let Some(row) = model.shown.get(model.cursor) {
                let row = &mut model.rows[*row];
                row.out = !row.out;
            }
            go(model, 1)
        }
        Action::Submit => submit(model),
        Action::Pause => {
            model.phase = Phase::Pausing;
            vec![Effect::Pause]
        }
        Action::Place => {
            model.choices.wish = match model.choices.wish {
                Wish::Auto => Wish::Lambda,
                Wish::Lambda => Wish::Ecs,
                Wish::Ecs => Wish::Auto,
            };
            plan(model)
        }
        Action::Subfolders => {
            model.choices.subfolders = !model.choices.subfolders;
            plan(model)
        }
        Action::Unchanged => {
            model.choices.skip_unchanged = !model.choices.skip_unchanged;
            Vec::new()
        }
        Action::Download => {
            model.choices.download = !model.choices.download;
            Vec::new()
        }
        Action::Rescan => plan(model),
        Action::Filter => {
            let mut line = LineEdit::default();
            line.paste(&model.filter);
            model.layer = Some(Layer::Filter { line });
            Vec::new()
        }
        Action::Studio => vec![Effect::Studio],
        Action::Watch => vec![Effect::Watch],
        Action::Help => vec![Effect::Call(Call::Keys)],
        Action::Commands => vec![Effect::Call(Call::Commands)],
        Action::Log => vec![Effect::Call(Call::Log)],
        Action::Quit => quit(model),
        Action::Leave => vec![Effect::Quit { interrupted: true }],
        Action::Mouse => vec![Effect::Call(Call::Mouse)],
        Action::Suspend => vec![Effect::Suspend],
        Action::Accept => {
            model.layer = None;
            Vec::new()
        }
        Action::Yes => {
            model.layer = None;
            model.leaving = true;
            if model.phase == Phase::Running {
                model.phase = Phase::Pausing;
                return vec![Effect::Pause];
            }
            Vec::new()
        }
        Action::Close => {
            if matches!(model.layer, Some(Layer::Filter { .. })) {
                model.filter.clear();
                sift(model);
            }
            model.layer = None;
            Vec::new()
        }
    }
}

/// The pictures with the next recipe: what becomes of them is told before they are submitted, too.
fn next(model: &mut Model) -> Vec<Effect> {
    let mut then = std::mem::take(&mut model.order.then);
    if then.is_empty() {
        return Vec::new();
    }
    let summary = model.summary();
    model.earlier.extend(summary);
    model.order = then.remove(0);
    model.order.then = then;
    plan(model)
}

fn submit(model: &mut Model) -> Vec<Effect> {
    if model.phase == Phase::Ended {
        return next(model);
    }
    if model.phase == Phase::Planned {
        model.numbers = Numbers::default();
        model.batch = None;
        model.began_ms = model.now_ms;
    }
    model.phase = Phase::Running;
    model.trouble = None;
    model.took_ms = None;
    let without = model.rows.iter().filter(|row| row.out);
    let without = without.map(|row| row.name.clone()).collect();
    vec![
        Effect::Submit {
            without,
            choices: model.choices,
        },
        title(model),
    ]
}

/// What is uploaded already goes on in the cloud; only uploads would stop.
fn quit(model: &mut Model) -> Vec<Effect> {
    let uploads = model.is_running()
        && (model.batch.is_none()
            || model.numbers.uploaded + model.numbers.not_uploaded < model.numbers.items);
    if uploads {
        model.layer = Some(Layer::AskLeave);
        return Vec::new();
    }
    vec![Effect::Quit { interrupted: false }]
}

fn go(model: &mut Model, by: isize) -> Vec<Effect> {
    let last = model.shown.len().saturating_sub(1);
    model.cursor = model.cursor.saturating_add_signed(by).min(last);
    Vec::new()
}

/// A click moves the cursor, the wheel scrolls.
fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    if model.layer.is_some() {
        return Vec::new();
    }
    if let Some(by) = wheel(event) {
        return go(model, by);
    }
    let list = layout::areas(model.size).map(|areas| areas.list);
    let row = list
        .filter(|_| is_click(event))
        .and_then(|list| row_in(event, list))
        // The first row has the headings.
        .and_then(|row| row.checked_sub(1));
    if let Some(row) = row {
        let at = layout::list_top(model) + row;
        if at < model.shown.len() {
            model.cursor = at;
        }
    }
    Vec::new()
}

fn typed(model: &mut Model) {
    if let Some(Layer::Filter { line }) = &model.layer {
        model.filter = line.text();
        sift(model);
    }
}

/// Finds the rows that the filter lets through, and keeps the cursor on its picture where it can.
fn sift(model: &mut Model) {
    let selected = model.shown.get(model.cursor).copied();
    let wanted = model.filter.trim().to_lowercase();
    model.shown = (0..model.rows.len())
        .filter(|index| {
            let row = &model.rows[*index];
            let state = model.state(row).map(|state| state.to_string());
            wanted.is_empty()
                || row.name.to_lowercase().contains(&wanted)
                || state.is_some_and(|state| state.starts_with(&wanted))
        })
        .collect();
    let at = selected.and_then(|selected| model.shown.binary_search(&selected).ok());
    model.cursor = at
        .unwrap_or(model.cursor)
        .min(model.shown.len().saturating_sub(1));
}
