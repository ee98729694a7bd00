//! The strip of photographs: what it shows of each, and the thread that makes its thumbnails.
//!
//! Nothing is done for a photograph that is not in sight: [`wish`] names those that are, the nearest to the current one
//! first, and the [`maker`] makes their thumbnails in that order until it is told another.

pub mod maker;
#[cfg(test)]
mod tests;
mod thumb;

pub use thumb::glimpse;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::layout::Areas;
use super::message::Effect;
use super::model::{Model, Photo, PhotoState};
use crate::ui::picture::Shown;

/// Thumbnails that are kept; of more, those go that are farthest from the current photograph.
const KEPT: usize = 512;

/// What the strip knows of the photographs, by their index.
#[derive(Clone, Default)]
pub struct Film {
    /// The thumbnails that were made.
    pub thumbs: BTreeMap<usize, Thumb>,
    /// Those that were last wished for.
    wished: Vec<usize>,
    /// Those that somebody marked.
    pub marked: BTreeSet<usize>,
    /// Those whose results were written since the studio began.
    pub written: BTreeSet<usize>,
}

/// A thumbnail, or that there is none.
#[derive(Clone)]
pub enum Thumb {
    /// The small picture.
    Ready(Shown),
    /// The photograph cannot be read, or would take too much memory for a thumbnail.
    None,
}

/// What became of a thumbnail that was wished for.
#[derive(Clone)]
pub enum Made {
    /// It is there.
    Thumb(Shown),
    /// The photograph is too large to be read for a thumbnail.
    TooLarge,
    /// The photograph cannot be read, and why.
    Unreadable(String),
}

/// The photographs that the strip shows where there is room for so many: the current one in the middle, where it can be.
pub fn window(model: &Model, room: usize) -> Range<usize> {
    let count = model.photos.len();
    let last = count.saturating_sub(room);
    let first = model.current.saturating_sub(room / 2).min(last);
    first..(first + room).min(count)
}

/// The photograph whose thumbnail is at this cell.
pub fn at(model: &Model, areas: &Areas, cell: (u16, u16)) -> Option<usize> {
    let tiles = areas.tiles();
    (0..tiles)
        .zip(window(model, tiles))
        .find(|(number, _)| areas.tile(*number).contains(cell.into()))
        .map(|(_, photo)| photo)
}

/// Asks for the thumbnails that are in sight and not there; nothing when that is what was last asked for.
pub fn wish(model: &mut Model) -> Option<Effect> {
    let room = model.areas().map_or(0, |areas| areas.tiles());
    let current = model.current;
    let mut wished: Vec<usize> = window(model, room)
        .filter(|photo| {
            let refused = |photo: &Photo| matches!(photo.state, PhotoState::Refused(_));
            !model.film.thumbs.contains_key(photo) && !model.photos.get(*photo).is_some_and(refused)
        })
        .collect();
    wished.sort_by_key(|photo| photo.abs_diff(current));
    if wished == model.film.wished {
        return None;
    }
    model.film.wished.clone_from(&wished);
    Some(Effect::Thumbs(wished))
}

/// A thumbnail was made, or not.
pub fn made(model: &mut Model, photo: usize, made: Made) {
    let current = model.current;
    let Some(entry) = model.photos.get_mut(photo) else {
        return;
    };
    let thumb = match made {
        Made::Thumb(shown) => Thumb::Ready(shown),
        Made::TooLarge => Thumb::None,
        Made::Unreadable(why) => {
            // Of the photograph on screen its own reader tells that.
            if photo != current && entry.state == PhotoState::Unread {
                entry.state = PhotoState::Unreadable(why);
            }
            Thumb::None
        }
    };
    let film = &mut model.film;
    film.wished.retain(|wished| *wished != photo);
    film.thumbs.insert(photo, thumb);
    while film.thumbs.len() > KEPT {
        let ends = [film.thumbs.keys().next(), film.thumbs.keys().next_back()];
        let farthest = ends
            .into_iter()
            .flatten()
            .max_by_key(|photo| photo.abs_diff(current));
        let Some(farthest) = farthest.copied() else {
            break;
        };
        film.thumbs.remove(&farthest);
    }
}

/// A photograph could be opened: it has a thumbnail, whatever was thought of it before.
pub fn opened(model: &mut Model, photo: usize) {
    if matches!(model.film.thumbs.get(&photo), Some(Thumb::None)) {
        model.film.thumbs.remove(&photo);
    }
}

/// The cells' size may be another: what was made for the old one is made again.
pub fn resized(model: &mut Model) {
    model.film.thumbs.clear();
    model.film.wished.clear();
}
