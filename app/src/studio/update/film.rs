//! Going through the photographs, and marking them.

use super::toast;
use crate::studio::message::Effect;
use crate::studio::model::Model;
use crate::term::text;
use crate::ui::toast::Kind;

/// The photograph so many after this one; behind the last comes the first.
pub(super) fn around(model: &Model, by: usize) -> usize {
    (model.current + by) % model.photos.len().max(1)
}

/// How many photographs a page is: as many as the strip shows.
pub(super) fn page(model: &Model) -> usize {
    /// Where there is no strip.
    const PAGE: usize = 10;
    match model.areas().map_or(0, |areas| areas.tiles()) {
        0 => PAGE,
        tiles => tiles,
    }
}

pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let photo = model.current;
    let marked = &mut model.film.marked;
    if !marked.remove(&photo) {
        marked.insert(photo);
    }
    Vec::new()
}

pub(super) fn mark_all(model: &mut Model) -> Vec<Effect> {
    let all = model.photos.len();
    let marked = &mut model.film.marked;
    if marked.is_empty() {
        marked.extend(0..all);
        toast(
            model,
            Kind::Note,
            format!("{} marked", text::count(all, "photograph")),
        );
    } else {
        marked.clear();
        toast(model, Kind::Note, "no photograph is marked");
    }
    Vec::new()
}
