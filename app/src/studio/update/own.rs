//! For whom the recipe under the fingers counts.

use super::preview::outdate;
use super::toast;
use super::tuning::recipe_changed;
use crate::studio::message::Effect;
use crate::studio::model::{Layer, Model};
use crate::studio::own::Scope;
use crate::term::text;
use crate::ui::toast::Kind;

/// Asks for whom.
pub(super) fn ask_scope(model: &mut Model) -> Vec<Effect> {
    model.layer = Some(Layer::Scope);
    Vec::new()
}

pub(super) fn assign(model: &mut Model, scope: Scope) -> Vec<Effect> {
    model.layer = None;
    let (_, name) = model.recipe_of(model.current);
    let photo = model.photo().map(|photo| text::safe(&photo.name));
    let photo = photo.unwrap_or_default();
    let count = model.assign(scope);
    if count == 0 {
        return Vec::new();
    }
    let said = match scope {
        Scope::All => format!("{name} counts for all {count}"),
        Scope::Marked => format!("{name} is the recipe of {count} marked; the others share theirs"),
        Scope::This => format!("{photo} has its own recipe; the others share theirs"),
        Scope::Shared => format!("{photo} has the recipe that the others share"),
    };
    toast(model, Kind::Done, said);
    // Only giving up an own recipe changes what is to be seen.
    if scope == Scope::Shared {
        return recipe_changed(model);
    }
    Vec::new()
}

/// Takes back for whom recipes count, or does it again; `None` when the next step is none of these.
pub(super) fn travel(model: &mut Model, back: bool) -> Option<Vec<Effect>> {
    let recipe = model.recipe.clone();
    let (moved, word) = if back {
        (model.undo_step(), "undone")
    } else {
        (model.redo_step(), "redone")
    };
    if !moved {
        return None;
    }
    let own = match model.own_count() {
        0 => "all share one recipe".to_owned(),
        own => format!("{} of their own", text::count(own, "recipe")),
    };
    toast(model, Kind::Note, format!("{word}: {own}"));
    Some(if recipe == model.recipe {
        outdate(model)
    } else {
        recipe_changed(model)
    })
}
