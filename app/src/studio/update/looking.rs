//! What is looked at, and how.

use super::preview::{compose, outdate};
use super::{title, toast};
use crate::studio::message::Effect;
use crate::studio::model::{Look, Model, PhotoState};
use crate::studio::viewport::Viewport;
use crate::ui::toast::Kind as ToastKind;

/// How far one key moves the split, in % of the width.
pub(super) const SPLIT_STEP: u16 = 5;
/// How far one key moves what is seen, as a share of it.
pub(super) const PAN_STEP: f64 = 0.25;

pub(super) fn next_look(model: &mut Model) -> Vec<Effect> {
    look_at(model, model.look().next(true))
}

/// Shows this view.
pub(super) fn look_at(model: &mut Model, look: Look) -> Vec<Effect> {
    model.chosen_look = look;
    model.peeking = false;
    compose(model)
}

pub(super) fn move_split(model: &mut Model, split: u16) -> Vec<Effect> {
    if model.split == split {
        return Vec::new();
    }
    model.split = split;
    compose(model)
}

/// The next thing to compare with.
pub(super) fn next_against(model: &mut Model) -> Vec<Effect> {
    model.slots.next_against();
    let said = match model.slots.against() {
        None if model.slots.any() => "compared with the photograph".to_owned(),
        None => "nothing is in a slot yet: Shift-F5 puts this recipe into A".to_owned(),
        Some((name, _)) => format!("compared with the result of slot {name}"),
    };
    toast(model, ToastKind::Note, said);
    // An after alone would not show what it is compared with.
    if model.look() == Look::After && model.slots.against().is_some() {
        model.chosen_look = Look::Split;
    }
    compose(model)
}

/// Zooms by so many steps, with this point (shares of the photograph) kept where it is; the middle otherwise.
pub(super) fn zoom(model: &mut Model, steps: i32, about: Option<(f64, f64)>) -> Vec<Effect> {
    let Some((photo, pane)) = sizes(model) else {
        return Vec::new();
    };
    let about = about.unwrap_or(model.viewport.centre);
    view(model, model.viewport.zoomed(steps, about, photo, pane))
}

/// One pixel of the photograph for one that is drawn; or back to all of it.
pub(super) fn one_to_one(model: &mut Model) -> Vec<Effect> {
    let Some((photo, pane)) = sizes(model) else {
        return Vec::new();
    };
    let about = model.viewport.centre;
    view(model, model.viewport.at_scale(1.0, about, photo, pane))
}

pub(super) fn fit(model: &mut Model) -> Vec<Effect> {
    view(model, Viewport::default())
}

/// Moves what is seen by these shares of it.
pub(super) fn pan(model: &mut Model, by: (f64, f64)) -> Vec<Effect> {
    let Some((photo, pane)) = sizes(model) else {
        return Vec::new();
    };
    view(model, model.viewport.panned(by, photo, pane))
}

fn view(model: &mut Model, viewport: Viewport) -> Vec<Effect> {
    if model.viewport == viewport {
        return Vec::new();
    }
    model.viewport = viewport;
    outdate(model)
}

/// Pixels of the photograph, and of the pane that one view of it has.
pub(super) fn sizes(model: &Model) -> Option<((u32, u32), (u32, u32))> {
    let PhotoState::Opened(width, height) = model.photo()?.state else {
        return None;
    };
    Some(((width, height), model.view_pane((width, height))?))
}

/// Shows a photograph; one behind the last is the last.
pub(super) fn go_to_photo(model: &mut Model, photo: usize) -> Vec<Effect> {
    let photo = photo.min(model.photos.len().saturating_sub(1));
    if photo == model.current {
        return Vec::new();
    }
    model.bring(photo);
    model.shown = None;
    model.glimpse = None;
    if let Some(photo) = model.photos.get_mut(model.current)
        && matches!(photo.state, PhotoState::Unreadable(_))
    {
        photo.state = PhotoState::Unread;
    }
    let mut effects = vec![title(model)];
    effects.extend(outdate(model));
    effects
}
