//! What the mouse does on the dashboard: a click focuses a pane and its row, another one opens it, the wheel scrolls
//! what it is over.

use crossterm::event::MouseEvent;
use ratatui::layout::Rect;

use super::layout;
use super::model::{Effect, Focus, Model, Tab};
use super::moves;
use super::panes::events;
use super::view;
use crate::ui::mouse;

/// Takes one report of the mouse in.
pub fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    // A layer has the keys; a click must not change what is under it.
    if model.layer.is_some() {
        return Vec::new();
    }
    let Some(areas) = layout::areas(model) else {
        return Vec::new();
    };
    let over = |area: Option<Rect>| area.filter(|area| mouse::is_over(event, *area));
    if let Some(by) = mouse::wheel(event) {
        if over(areas.list).is_some() {
            return moves::go_in_list(model, by);
        }
        return match over(areas.details) {
            Some(_) => moves::go_in_details(model, by),
            None => Vec::new(),
        };
    }
    if !mouse::is_click(event) {
        return Vec::new();
    }
    if let Some(list) = over(areas.list) {
        return click_list(model, event, list);
    }
    match over(areas.details) {
        Some(details) => click_details(model, event, details),
        None => Vec::new(),
    }
}

fn click_list(model: &mut Model, event: MouseEvent, list: Rect) -> Vec<Effect> {
    let top = layout::list_top(model);
    if model.focus == Focus::Details {
        model.details.events.inside = false;
        moves::back(model);
    }
    // The first row has the headings.
    let row = mouse::row_in(event, list).and_then(|row| row.checked_sub(1));
    let Some(at) = row
        .map(|row| top + row)
        .filter(|at| *at < model.shown.len())
    else {
        return Vec::new();
    };
    let arn = model
        .shown
        .get(at)
        .and_then(|index| model.runs.get(*index))
        .map(|run| run.arn.clone());
    let again = arn.is_some() && model.clicked == arn && model.cursor == at;
    let by = at as isize - model.cursor as isize;
    let effects = moves::go_in_list(model, by);
    // Somebody has pointed at this one, also when it is the first.
    model.picked = true;
    if again {
        model.clicked = None;
        return moves::open(model, None);
    }
    model.clicked = arn;
    effects
}

fn click_details(model: &mut Model, event: MouseEvent, area: Rect) -> Vec<Effect> {
    // What is where, before the pane grows.
    let tab = view::tab_at(model, area, event.column, event.row);
    let line = view::line_at(model, area, event.row);
    let focused = model.focus == Focus::Details;
    let mut effects = if focused {
        Vec::new()
    } else {
        moves::open(model, None)
    };
    if let Some(tab) = tab {
        effects.extend(moves::open(model, Some(tab)));
    } else if let (Some(line), true) = (line, focused) {
        effects.extend(click_line(model, line));
    }
    effects
}

/// Moves to a line of a list in the details; unfolds it when the cursor was there.
fn click_line(model: &mut Model, line: usize) -> Vec<Effect> {
    let details = &mut model.details;
    let cursor = match details.tab {
        Tab::Timeline => details.timeline.cursor,
        Tab::Payloads => details.payloads.cursor(),
        Tab::Events => {
            let expanded = view::expanded(&details.events);
            let row = events::row_at(line, expanded);
            let inside = events::line_of(row, expanded) != line;
            let view = &mut details.events;
            if inside {
                let first = view.rows.get(row).copied();
                if let Some((_, viewer)) = view
                    .unfolded
                    .as_mut()
                    .filter(|(event, _)| Some(*event) == first)
                {
                    view.inside = true;
                    view.cursor = row;
                    viewer.step((line - 1 - row) as isize - viewer.cursor() as isize);
                }
                return Vec::new();
            }
            view.inside = false;
            if row >= view.rows.len() {
                return Vec::new();
            }
            let again = view.cursor == row;
            view.cursor = row;
            return if again {
                moves::fold(model)
            } else {
                Vec::new()
            };
        }
        _ => return Vec::new(),
    };
    if cursor == line {
        return moves::fold(model);
    }
    moves::go_in_details(model, line as isize - cursor as isize)
}
