//! What a message does to the dashboard: a pure function. It reads no clock and touches no file; what is to
//! happen outside comes back as [`Effect`]s.

use crossterm::event::KeyEvent;
use whiteboarder_jobs::watch::Order;
use whiteboarder_jobs::watch::query::Query;

use super::acts;
use super::hear;
use super::keys::Action;
use super::layout;
use super::model::{Chip, Effect, Focus, Layer, Model, Msg};
use super::moves;
use super::sift;
use crate::ui::keys::{action, row};
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Kind, Toast, Told};
use crate::ui::{Call, mouse};

/// Takes one message in.
pub fn update(model: &mut Model, message: Msg) -> Vec<Effect> {
    match message {
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Msg::Key(key) => press(model, &key),
        Msg::Mouse(event) => super::mouse::mouse(model, event),
        Msg::Do(at) => match row(model, at) {
            Some(action) => act(model, action),
            None => Vec::new(),
        },
        Msg::MouseTaken(taken) => {
            tell(model, Kind::Note, mouse::told(taken));
            Vec::new()
        }
        Msg::Paste(pasted) => {
            if let Some(Layer::Filter { line, .. } | Layer::EventFilter { line }) = &mut model.layer
            {
                line.paste(&pasted);
                typed(model);
            }
            Vec::new()
        }
        Msg::Tick(now_ms) => tick(model, now_ms),
        Msg::Open => {
            model.open = true;
            vec![title(model), Effect::Order(Order::Pause(model.paused))]
        }
        Msg::Hide => {
            model.open = false;
            // Another screen is looked at: nobody needs to be asked for this one.
            vec![Effect::Order(Order::Pause(true))]
        }
        Msg::News(news) => news
            .into_iter()
            .flat_map(|one| hear::hear(model, one))
            .collect(),
        Msg::Drawn(pictures) => {
            model.details.pictures = Some(*pictures);
            Vec::new()
        }
        Msg::Trouble(sentence) => {
            tell(model, Kind::Failed, sentence);
            Vec::new()
        }
    }
}

/// Says something, and keeps it for the log.
pub fn tell(model: &mut Model, kind: Kind, words: impl Into<String>) {
    let words = words.into();
    note(model, kind, words.clone());
    model.toast = Some(Toast::new(kind, words, model.now_ms));
}

/// Keeps something for the log.
pub fn note(model: &mut Model, kind: Kind, words: impl Into<String>) {
    model.told.push(Told::new(kind, words));
}

fn tick(model: &mut Model, now_ms: u64) -> Vec<Effect> {
    model.now_ms = model.now_ms.max(now_ms);
    let over = |toast: &Toast| toast.until_ms <= model.now_ms;
    if model.toast.as_ref().is_some_and(over) {
        model.toast = None;
    }
    if model.dirty {
        sift::sift(model);
    }
    if model.open {
        moves::told(model)
    } else {
        Vec::new()
    }
}

/// What the window is called.
pub fn title(model: &Model) -> Effect {
    let running = model.chips[1];
    let name = model
        .machine
        .as_ref()
        .map_or("watch", |machine| &machine.name);
    Effect::SetTitle(if running > 0 {
        format!("whiteboarder · {name} · {running} running")
    } else {
        format!("whiteboarder · {name}")
    })
}

fn press(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    model.clicked = None;
    if let Some(action) = action(model, key) {
        return act(model, action);
    }
    if let Some(Layer::Filter { line, .. } | Layer::EventFilter { line }) = &mut model.layer {
        line.key(key);
        typed(model);
    }
    Vec::new()
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let page = (layout::page_rows(model) / 2).max(1) as isize;
    match action {
        Action::Up => moves::go(model, -1),
        Action::Down => moves::go(model, 1),
        Action::PageUp => moves::go(model, -page),
        Action::PageDown => moves::go(model, page),
        Action::First => moves::go(model, isize::MIN),
        Action::Last => moves::go(model, isize::MAX),
        Action::Open => moves::open(model, None),
        Action::Show(tab) => moves::open(model, Some(tab)),
        Action::NextTab => moves::tab(model, 1),
        Action::PreviousTab => moves::tab(model, -1),
        Action::NextState => moves::state(model, 1),
        Action::PreviousState => moves::state(model, -1),
        Action::Fold => moves::fold(model),
        Action::FoldAll => moves::fold_all(model, true),
        Action::UnfoldAll => moves::fold_all(model, false),
        Action::ZoomIn => moves::zoom(model, 1.5),
        Action::ZoomOut => moves::zoom(model, 1.0 / 1.5),
        Action::PanLeft => moves::pan(model, -0.25),
        Action::PanRight => moves::pan(model, 0.25),
        Action::Back => moves::back(model),
        other => choose(model, other),
    }
}

/// What is shown of what there is.
fn choose(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::FailedOnly => {
            let filter = &mut model.details.events.filter;
            filter.failed_only = !filter.failed_only;
            moves::filter_events(model);
            Vec::new()
        }
        Action::OfState => {
            model.details.events.of_state = !model.details.events.of_state;
            moves::filter_events(model);
            Vec::new()
        }
        Action::Mark => {
            if let Some(arn) = model.selected().map(|run| run.arn.clone())
                && !model.marks.remove(&arn)
            {
                model.marks.insert(arn);
            }
            moves::go(model, 1)
        }
        Action::MarkAll => {
            let all = model.shown.iter().filter_map(|at| model.runs.get(*at));
            let all: Vec<String> = all.map(|run| run.arn.clone()).collect();
            if all.iter().all(|arn| model.marks.contains(arn)) {
                model.marks.clear();
            } else {
                model.marks.extend(all);
            }
            Vec::new()
        }
        Action::Sort => {
            model.sort = (model.sort.0.next(), false);
            model.dirty = true;
            Vec::new()
        }
        Action::Reverse => {
            model.sort.1 = !model.sort.1;
            model.dirty = true;
            Vec::new()
        }
        Action::Chip => {
            let at = Chip::EACH.iter().position(|chip| *chip == model.chip);
            // Those with nothing in them are passed over.
            let next = (1..=Chip::EACH.len())
                .map(|step| (at.unwrap_or(0) + step) % Chip::EACH.len())
                .find(|at| *at == 0 || model.chips[*at] > 0);
            model.chip = Chip::EACH[next.unwrap_or(0)];
            model.dirty = true;
            Vec::new()
        }
        Action::Lanes => {
            model.lanes = !model.lanes;
            Vec::new()
        }
        Action::Filter if model.focus == Focus::Details => {
            let mut line = LineEdit::default();
            line.paste(&model.details.events.filter.text);
            model.layer = Some(Layer::EventFilter { line });
            Vec::new()
        }
        Action::Filter => {
            let mut line = LineEdit::default();
            line.paste(&model.filter);
            let before = model.filter.clone();
            model.layer = Some(Layer::Filter { line, before });
            Vec::new()
        }
        other => command(model, other),
    }
}

/// What is done, and where to go.
fn command(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Stop | Action::Redrive | Action::StartAgain | Action::Download => {
            acts::ask(model, action)
        }
        Action::Yes => acts::yes(model),
        Action::Copy => {
            let arns = acts::chosen(model);
            let words = match arns.as_slice() {
                [one] => format!("copied {one}"),
                several => format!("copied {} ARNs", several.len()),
            };
            tell(model, Kind::Done, words);
            vec![Effect::Copy(arns.join("\n"))]
        }
        Action::Link => acts::link(model),
        Action::Pause => {
            model.paused = !model.paused;
            vec![Effect::Order(Order::Pause(model.paused))]
        }
        Action::Refresh => vec![Effect::Order(Order::Refresh)],
        Action::Log => vec![Effect::Call(Call::Log)],
        Action::Studio => vec![Effect::Studio],
        Action::Batch => vec![Effect::Batch],
        Action::Help => vec![Effect::Call(Call::Keys)],
        Action::Commands => vec![Effect::Call(Call::Commands)],
        Action::Quit if model.focus == Focus::Details => moves::back(model),
        Action::Quit => vec![Effect::Quit { interrupted: false }],
        Action::Leave => vec![Effect::Quit { interrupted: true }],
        Action::Mouse => vec![Effect::Call(Call::Mouse)],
        Action::Suspend => vec![Effect::Suspend],
        Action::Accept => {
            // A filter that cannot be read stays open, with what is wrong with it.
            if model.filter_error.is_none() {
                model.layer = None;
            }
            Vec::new()
        }
        Action::Close => close(model),
        _ => Vec::new(),
    }
}

fn close(model: &mut Model) -> Vec<Effect> {
    match model.layer.take() {
        Some(Layer::Filter { before, .. }) => set_filter(model, before),
        Some(Layer::EventFilter { .. }) => {
            model.details.events.filter.text.clear();
            moves::filter_events(model);
        }
        _ => {}
    }
    Vec::new()
}

/// Filters by this text; while it cannot be read the last that could be holds.
pub fn set_filter(model: &mut Model, filter: String) {
    match Query::parse(&filter) {
        Ok(query) => {
            model.query = query;
            model.filter_error = None;
        }
        Err(error) => model.filter_error = Some(error.to_string()),
    }
    model.filter = filter;
    model.dirty = true;
}

fn typed(model: &mut Model) {
    match &model.layer {
        Some(Layer::Filter { line, .. }) => {
            let filter = line.text();
            set_filter(model, filter);
        }
        Some(Layer::EventFilter { line }) => {
            model.details.events.filter.text = line.text();
            moves::filter_events(model);
        }
        _ => {}
    }
}
