//! The mouse: it pulls sliders and the split, moves and zooms what is seen, and reads pixels out.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use whiteboarder_core::recipe::{FIELDS, Kind};

use super::looking::{go_to_photo, move_split, pan, sizes, zoom};
use super::tuning::{change, move_row, step};
use crate::studio::film;
use crate::studio::keys::Action;
use crate::studio::layout::Areas;
use crate::studio::message::Effect;
use crate::studio::model::{Grab, Look, Model};
use crate::studio::panel::{self, Spot};
use crate::studio::rows;
use crate::ui::mouse;

/// The split is taken hold of within so many columns.
const NEAR: u16 = 1;

/// What the mouse does.
pub(super) fn point(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let Some(areas) = model.areas().filter(|_| model.layer.is_none()) else {
        model.grab = None;
        return Vec::new();
    };
    match event.kind {
        MouseEventKind::Up(_) => {
            model.grab = None;
            Vec::new()
        }
        MouseEventKind::Down(MouseButton::Left) => press(model, event, &areas),
        MouseEventKind::Drag(MouseButton::Left) => drag(model, event, &areas),
        MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => wheel(model, event, &areas),
        _ => Vec::new(),
    }
}

fn wheel(model: &mut Model, event: MouseEvent, areas: &Areas) -> Vec<Effect> {
    let Some(by) = mouse::wheel(event) else {
        return Vec::new();
    };
    if mouse::is_over(event, areas.picture) {
        let about = photo_share(model, event, areas.picture);
        return zoom(model, if by < 0 { 1 } else { -1 }, about);
    }
    if mouse::is_over(event, areas.strip) {
        let photo = model.current.saturating_add_signed(by.signum());
        return go_to_photo(model, photo);
    }
    if mouse::is_over(event, areas.panel) {
        return move_row(model, by.signum());
    }
    Vec::new()
}

fn press(model: &mut Model, event: MouseEvent, areas: &Areas) -> Vec<Effect> {
    let at = (event.column, event.row);
    if mouse::is_over(event, areas.picture) {
        model.pointer = Some(at);
        let split = split_column(model, areas.picture)
            .is_some_and(|column| column.abs_diff(event.column) <= NEAR);
        model.grab = Some(if split {
            Grab::Split
        } else {
            Grab::Picture(at)
        });
        return Vec::new();
    }
    if let Some(photo) = film::at(model, areas, at) {
        return go_to_photo(model, photo);
    }
    let Some(spot) = panel::spot(model, areas, at) else {
        return Vec::new();
    };
    match spot {
        Spot::Field(index) if index == model.selected => {
            // A number is pulled or typed; choices and switches go on.
            if matches!(FIELDS[index].kind, Kind::Number { .. }) {
                return Vec::new();
            }
            step(model, Action::Type, 1)
        }
        Spot::Field(index) => {
            model.selected = index;
            Vec::new()
        }
        Spot::Slider(index, share) => {
            model.selected = index;
            model.grab = Some(Grab::Slider(index));
            model.history.seal();
            pull(model, index, share)
        }
    }
}

fn drag(model: &mut Model, event: MouseEvent, areas: &Areas) -> Vec<Effect> {
    match model.grab {
        Some(Grab::Slider(index)) => {
            let share = panel::slider_share(areas, event.column);
            pull(model, index, share)
        }
        Some(Grab::Split) => {
            // Beyond the picture it stays at its edge.
            let Some(shown) = &model.shown else {
                return Vec::new();
            };
            let size = shown.shown.size();
            let left = areas.picture.x + areas.picture.width.saturating_sub(size.width) / 2;
            let along = f64::from(event.column) + 0.5 - f64::from(left);
            let share = (along / f64::from(size.width.max(1))).clamp(0.0, 1.0);
            move_split(model, (share * 100.0).round() as u16)
        }
        Some(Grab::Picture((column, row))) => {
            model.grab = Some(Grab::Picture((event.column, event.row)));
            model.pointer = Some((event.column, event.row));
            let Some(shown) = &model.shown else {
                return Vec::new();
            };
            let (view, cell) = (shown.sight.view, shown.sight.cell);
            let moved = |from: u16, to: u16, cell: u16, drawn: u32| {
                (f64::from(from) - f64::from(to)) * f64::from(cell) / f64::from(drawn.max(1))
            };
            let by = (
                moved(column, event.column, cell.0, view.to_width),
                moved(row, event.row, cell.1, view.to_height),
            );
            pan(model, by)
        }
        None => Vec::new(),
    }
}

/// Sets a field to what lies at this share of its slider.
fn pull(model: &mut Model, index: usize, share: f64) -> Vec<Effect> {
    let field = &FIELDS[index];
    let Some(value) = rows::at_share(field, share) else {
        return Vec::new();
    };
    change(model, Action::Type, |recipe| (field.set)(recipe, value))
}

/// The column of the split on screen, while there is one.
fn split_column(model: &Model, pane: Rect) -> Option<u16> {
    let shown = model
        .shown
        .as_ref()
        .filter(|_| model.look() == Look::Split)?;
    let size = shown.shown.size();
    let left = pane.x + pane.width.saturating_sub(size.width) / 2;
    Some(left + (u32::from(size.width) * u32::from(model.split) / 100) as u16)
}

/// Where on the photograph the pointer is, as shares of its size.
fn photo_share(model: &Model, event: MouseEvent, pane: Rect) -> Option<(f64, f64)> {
    let shown = model.shown.as_ref()?;
    let at = (event.column, event.row);
    let (x, y) = shown.sight.share(pane, shown.shown.size(), at)?;
    let ((width, height), _) = sizes(model)?;
    let view = shown.sight.view;
    let share = |share: f64, from: u32, length: u32, all: u32| {
        (f64::from(from) + share * f64::from(length)) / f64::from(all.max(1))
    };
    Some((
        share(x, view.x, view.width, width),
        share(y, view.y, view.height, height),
    ))
}
