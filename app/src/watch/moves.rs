//! Where the cursor goes, in the list and in each view of the open execution, and what is asked for thereby.

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde_json::Value;
use whiteboarder_jobs::watch::{Opened, Order};

use super::layout;
use super::model::{Details, Effect, Focus, Model, REST_MS, Tab};
use super::panes::json::Viewer;
use super::panes::{events, graph, timeline};

/// Text that is no JSON is wrapped at so many columns.
const COLUMNS: u16 = 80;
/// The most that a timeline is stretched.
const MOST_ZOOM: f64 = 1e4;

/// Moves the cursor of what has the focus.
pub fn go(model: &mut Model, by: isize) -> Vec<Effect> {
    match model.focus {
        Focus::List => go_in_list(model, by),
        Focus::Details => go_in_details(model, by),
    }
}

/// Moves the cursor of the list.
pub fn go_in_list(model: &mut Model, by: isize) -> Vec<Effect> {
    let last = model.shown.len().saturating_sub(1);
    model.cursor = model.cursor.saturating_add_signed(by).min(last);
    model.picked = model.cursor > 0;
    model.moved_ms = model.now_ms;
    Vec::new()
}

/// Moves the cursor of the details, or scrolls them.
pub fn go_in_details(model: &mut Model, by: isize) -> Vec<Effect> {
    let details = &mut model.details;
    match details.tab {
        Tab::Events => {
            let events = &mut details.events;
            if let (true, Some((_, viewer))) = (events.inside, &mut events.unfolded) {
                viewer.step(by);
                return Vec::new();
            }
            let last = events.rows.len().saturating_sub(1);
            events.cursor = events.cursor.saturating_add_signed(by).min(last);
        }
        Tab::Payloads => details.payloads.step(by),
        Tab::Timeline => {
            let view = &mut details.timeline;
            let last = view.rows.len().saturating_sub(1);
            view.cursor = view.cursor.saturating_add_signed(by).min(last);
            let row = view.rows.get(view.cursor);
            let opened = details.opened.as_ref();
            let state = row.and_then(|row| row.state(&opened?.view));
            if let Some(state) = state {
                details.state = Some(state.to_owned());
                details.chosen = true;
            }
        }
        Tab::Overview | Tab::Graph => return state(model, by.clamp(-1, 1)),
        Tab::Facts | Tab::Pictures | Tab::Why | Tab::Cost => {
            details.scroll = details.scroll.saturating_add_signed(by).min(1_000);
        }
    }
    Vec::new()
}

/// Opens the selected execution with a view of it; the one that is open, in that view.
pub fn open(model: &mut Model, tab: Option<Tab>) -> Vec<Effect> {
    let arn = match model.focus {
        Focus::Details => model.details.arn.clone(),
        Focus::List => model.selected().map(|run| run.arn.clone()),
    };
    let Some(arn) = arn else {
        return Vec::new();
    };
    model.focus = Focus::Details;
    model.picked = true;
    if let Some(tab) = tab {
        show(&mut model.details, tab);
    }
    attend(model, arn)
}

fn show(details: &mut Details, tab: Tab) {
    details.tab = tab;
    details.scroll = 0;
}

/// Makes an execution the open one.
fn attend(model: &mut Model, arn: String) -> Vec<Effect> {
    if model.details.arn.as_ref() == Some(&arn) {
        return Vec::new();
    }
    model.details = Details {
        arn: Some(arn.clone()),
        tab: model.details.tab,
        events: super::model::EventsView {
            filter: model.details.events.filter.clone(),
            ..super::model::EventsView::default()
        },
        ..Details::default()
    };
    vec![Effect::Order(Order::Open(Some(arn)))]
}

/// Back to the list.
pub fn back(model: &mut Model) -> Vec<Effect> {
    if model.details.tab == Tab::Events && model.details.events.inside {
        model.details.events.inside = false;
        return Vec::new();
    }
    model.focus = Focus::List;
    model.details.tab = Tab::Overview;
    Vec::new()
}

/// Another view of the open execution.
pub fn tab(model: &mut Model, by: isize) -> Vec<Effect> {
    let tabs: Vec<Tab> = Tab::EACH
        .into_iter()
        .filter(|tab| *tab != Tab::Pictures || model.is_ours())
        .collect();
    let at = tabs.iter().position(|tab| *tab == model.details.tab);
    let at = at.unwrap_or(0) as isize + by;
    let at = at.rem_euclid(tabs.len() as isize) as usize;
    show(&mut model.details, tabs[at]);
    Vec::new()
}

/// The next or previous state of the machine.
pub fn state(model: &mut Model, by: isize) -> Vec<Effect> {
    let from = model.details.state.clone();
    let Some(graph) = model.graph() else {
        return Vec::new();
    };
    let to = if by > 0 {
        graph::next(graph, from.as_deref())
    } else {
        graph::previous(graph, from.as_deref())
    };
    if to.is_some() {
        model.details.state = to;
        model.details.chosen = true;
        if model.details.events.of_state {
            filter_events(model);
        }
    }
    Vec::new()
}

/// Takes in what is known of the open execution.
pub fn opened(model: &mut Model, opened: &Arc<Opened>) {
    let details = &mut model.details;
    details.trouble = None;
    let first = details.opened.is_none();
    let old = details.opened.replace(Arc::clone(opened));
    if !details.chosen {
        details.state = graph::default_state(&opened.view);
    }
    details.timeline.rows = timeline::rows(&opened.view, &details.timeline.expanded);
    let same = old.is_some_and(|old| old.input == opened.input && old.output == opened.output);
    if first || !same {
        let part = |payload: &Option<String>| match payload {
            None => "null".to_owned(),
            Some(json) if serde_json::from_str::<IgnoredAny>(json).is_ok() => json.clone(),
            Some(text) => Value::String(text.clone()).to_string(),
        };
        let both = format!(
            r#"{{"input":{},"output":{}}}"#,
            part(&opened.input),
            part(&opened.output)
        );
        details.payloads = Viewer::of(&both, COLUMNS);
    }
    filter_events(model);
}

/// Finds the events that are shown, and keeps the cursor on its event where it can.
pub fn filter_events(model: &mut Model) {
    let details = &mut model.details;
    let view = &mut details.events;
    view.filter.state = details.state.clone().filter(|_| view.of_state);
    let Some(opened) = &details.opened else {
        view.rows.clear();
        return;
    };
    let selected = view.rows.get(view.cursor).copied();
    view.rows = view.filter.rows(opened);
    let again = selected.and_then(|event| view.rows.binary_search(&event).ok());
    let last = view.rows.len().saturating_sub(1);
    view.cursor = again.unwrap_or(view.cursor).min(last);
    let shown = |(event, _): &(usize, Viewer)| view.rows.binary_search(event).is_ok();
    if !view.unfolded.as_ref().is_some_and(shown) {
        view.unfolded = None;
        view.inside = false;
    }
}

/// Unfolds or folds what the cursor is on.
pub fn fold(model: &mut Model) -> Vec<Effect> {
    let details = &mut model.details;
    match details.tab {
        Tab::Payloads => details.payloads.toggle(),
        Tab::Timeline => {
            let Some(opened) = &details.opened else {
                return Vec::new();
            };
            let timeline = &mut details.timeline;
            let row = timeline.rows.get(timeline.cursor);
            if let Some(map) = row.and_then(|row| row.map(&opened.view)) {
                if !timeline.expanded.remove(&map) {
                    timeline.expanded.insert(map);
                }
                timeline.rows = timeline::rows(&opened.view, &timeline.expanded);
                let last = timeline.rows.len().saturating_sub(1);
                timeline.cursor = timeline.cursor.min(last);
            }
        }
        Tab::Events => {
            let view = &mut details.events;
            if let (true, Some((_, viewer))) = (view.inside, &mut view.unfolded) {
                viewer.toggle();
                return Vec::new();
            }
            let Some(&event) = view.rows.get(view.cursor) else {
                return Vec::new();
            };
            let open = view.unfolded.as_ref().map(|(event, _)| *event);
            if open == Some(event) {
                // The first Enter shows the details, the second goes into them.
                view.inside = true;
            } else if let Some(found) = details.opened.as_ref().and_then(|o| o.events.get(event)) {
                view.unfolded = Some((event, events::details(found)));
            }
        }
        _ => {}
    }
    Vec::new()
}

/// Folds or unfolds all of the payloads.
pub fn fold_all(model: &mut Model, fold: bool) -> Vec<Effect> {
    let payloads = &mut model.details.payloads;
    if fold {
        payloads.fold_all();
    } else {
        payloads.unfold_all();
    }
    Vec::new()
}

/// Stretches the timeline, about its left edge.
pub fn zoom(model: &mut Model, by: f64) -> Vec<Effect> {
    let view = &mut model.details.timeline;
    view.zoom = (view.zoom.max(1.0) * by).clamp(1.0, MOST_ZOOM);
    pan(model, 0.0)
}

/// Moves the window on the timeline by this share of its width.
pub fn pan(model: &mut Model, by: f64) -> Vec<Effect> {
    let now_ms = model.clock_ms();
    let details = &mut model.details;
    let Some(opened) = &details.opened else {
        return Vec::new();
    };
    let (start, end) = timeline::extent(&opened.view, now_ms);
    let whole = (end - start) as f64;
    let view = &mut details.timeline;
    let window = whole / view.zoom.max(1.0);
    let to = view.offset_ms as f64 + by * window;
    view.offset_ms = to.clamp(0.0, whole - window) as i64;
    Vec::new()
}

/// What the feed has to know of what is looked at now.
pub fn told(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let top = layout::list_top(model);
    let rows = layout::list_rows(model);
    let mut visible: Vec<String> = Vec::with_capacity(rows + 1);
    visible.extend(model.selected().map(|run| run.arn.clone()));
    let seen = model.shown.iter().skip(top).take(rows);
    for run in seen.filter_map(|at| model.runs.get(*at)) {
        if visible.first() != Some(&run.arn) {
            visible.push(run.arn.clone());
        }
    }
    if visible != model.told_visible {
        model.told_visible.clone_from(&visible);
        effects.push(Effect::Order(Order::Visible(visible)));
    }
    let areas = layout::areas(model);
    let beside = areas.is_some_and(|areas| areas.list.is_some() && areas.details.is_some());
    let rested = model.now_ms >= model.moved_ms + REST_MS;
    if beside
        && rested
        && model.focus == Focus::List
        && let Some(arn) = model.selected().map(|run| run.arn.clone())
    {
        effects.extend(attend(model, arn));
    }
    effects.extend(pictures(model));
    effects
}

/// Asks for before and after when they are looked at, and again when their room has changed.
fn pictures(model: &mut Model) -> Option<Effect> {
    if model.focus != Focus::Details || model.details.tab != Tab::Pictures {
        return None;
    }
    let arn = model.details.arn.clone()?;
    let area = layout::areas(model)?.details?;
    let size = super::view::picture_room(area);
    let asked = (arn.clone(), size);
    if model.details.asked.as_ref() == Some(&asked) {
        return None;
    }
    model.details.asked = Some(asked);
    Some(Effect::Pictures { arn, size })
}

/// Opens an execution before anything was listed.
pub fn begin_with(model: &mut Model, arn: String) {
    model.focus = Focus::Details;
    model.details.arn = Some(arn);
}
