//! What is asked of the render thread, and what comes back.

use whiteboarder_core::preview::Quality;

use crate::studio::film;
use crate::studio::message::{Effect, Request};
use crate::studio::model::{Model, PhotoState, Preview};

/// The picture on screen is out of date: asks for a draft of the new one.
pub(super) fn outdate(model: &mut Model) -> Vec<Effect> {
    model.generation += 1;
    model.changed_ms = model.now_ms;
    model.trouble = None;
    request(model, Quality::Draft)
}

/// Asks for a picture. For a generation that is rendered already, this only composes.
pub(super) fn request(model: &mut Model, quality: Quality) -> Vec<Effect> {
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
        viewport: model.viewport,
        clipping: model.clipping,
        against: model
            .slots
            .against()
            .map(|(_, recipe)| Box::new(recipe.clone())),
    })]
}

pub(super) fn opened(
    model: &mut Model,
    photo: usize,
    size: Result<(u32, u32), String>,
) -> Vec<Effect> {
    let Some(entry) = model.photos.get_mut(photo) else {
        return Vec::new();
    };
    let readable = size.is_ok();
    entry.state = match size {
        Ok((width, height)) => PhotoState::Opened(width, height),
        Err(sentence) => PhotoState::Unreadable(sentence),
    };
    if !readable {
        return Vec::new();
    }
    film::opened(model, photo);
    if model.measured.contains_key(&photo) {
        return Vec::new();
    }
    vec![Effect::Measure(photo)]
}

pub(super) fn rendered(model: &mut Model, photo: usize, preview: Result<Box<Preview>, String>) {
    // Never another photograph's pixels.
    if photo != model.current {
        return;
    }
    match preview {
        Ok(preview) => {
            let newest = model.shown.as_ref().map_or(0, |shown| shown.ticket);
            if preview.ticket > newest {
                model.cell = preview.sight.cell;
                model.shown = Some(*preview);
                model.glimpse = None;
                model.trouble = None;
            }
        }
        Err(sentence) => model.trouble = Some(sentence),
    }
}

/// The same result, shown differently.
pub(super) fn compose(model: &mut Model) -> Vec<Effect> {
    // A split that moves stops an exact preview on its way; it begins again when the split rests.
    model.changed_ms = model.now_ms;
    request(model, Quality::Draft)
}
