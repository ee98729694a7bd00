//! Finding photographs by name, and opening others.

use std::path::PathBuf;

use super::looking::go_to_photo;
use super::preview::outdate;
use super::{title, toast};
use crate::studio::files::Gathered;
use crate::studio::message::Effect;
use crate::studio::model::{Layer, Model};
use crate::studio::picker::{Entry, EntryKind, Picker, Source};
use crate::ui::toast::Kind;

/// Opens the list of photographs; where there are none, that of the files here.
pub(super) fn open_picker(model: &mut Model) -> Vec<Effect> {
    if model.photos.is_empty() {
        return vec![Effect::List(PathBuf::from("."))];
    }
    let names = model.photos.iter().map(|photo| photo.name.clone());
    let picker = Picker::new(Source::Photos(names.collect()), model.current);
    model.layer = Some(Layer::Picker(Box::new(picker)));
    Vec::new()
}

/// A folder was looked into.
pub(super) fn listed(
    model: &mut Model,
    folder: PathBuf,
    entries: Result<Vec<Entry>, String>,
) -> Vec<Effect> {
    let free = matches!(model.layer, None | Some(Layer::Picker(_)));
    match entries {
        Ok(entries) if free && model.photos.is_empty() => {
            let picker = Picker::new(Source::Folder { folder, entries }, 0);
            model.layer = Some(Layer::Picker(Box::new(picker)));
        }
        Ok(_) => {}
        Err(sentence) => toast(model, Kind::Failed, sentence),
    }
    Vec::new()
}

/// Selects another entry.
pub(super) fn pick(model: &mut Model, by: isize) -> Vec<Effect> {
    if let Some(Layer::Picker(picker)) = &mut model.layer {
        picker.go(by);
    }
    Vec::new()
}

/// Rows of the list that half a page is.
pub(super) fn half_page(model: &Model) -> isize {
    let rows = model.areas().map_or(2, |areas| areas.body().height);
    (rows / 2).max(1) as isize
}

/// Takes the selected entry.
pub(super) fn take_picked(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Picker(picker)) = &model.layer else {
        return Vec::new();
    };
    let Some(selected) = picker.selected() else {
        return Vec::new();
    };
    let effect = match &picker.source {
        Source::Photos(_) => {
            model.layer = None;
            return go_to_photo(model, selected);
        }
        Source::Folder { entries, .. } => entries.get(selected).map(|entry| match entry.kind {
            EntryKind::Folder => Effect::List(entry.path.clone()),
            EntryKind::Open => Effect::Open(vec![entry.path.clone()]),
        }),
    };
    effect.into_iter().collect()
}

/// Photographs were opened where there were none.
pub(super) fn gathered(model: &mut Model, gathered: Result<Gathered, String>) -> Vec<Effect> {
    match gathered {
        Ok(found) => {
            model.layer = None;
            model.photos = found.photos;
            model.measured.clear();
            model.current = 0;
            model.shown = None;
            model.glimpse = None;
            if !found.left_out.is_empty() {
                toast(model, Kind::Note, found.left_out);
            }
            model.arrive();
            let mut effects = vec![title(model)];
            effects.extend(outdate(model));
            effects
        }
        Err(sentence) => {
            toast(model, Kind::Failed, sentence);
            Vec::new()
        }
    }
}
