//! Which recipe counts for which photograph: one that they share, and some that a photograph has of its own.
//!
//! The model's `recipe` is always the one that counts for the photograph on screen; the others are put aside here, each
//! with its name and its own steps. Whom a recipe counts for is changed in steps, too, which can be taken back and done
//! again like any other: each is a handful of recipes that change places with those that are there.

use std::collections::BTreeMap;

use whiteboarder_core::recipe::Recipe;

use super::history::History;
use super::model::Model;

/// A recipe with its name and what was done to it.
#[derive(Clone, Debug)]
pub struct Held {
    /// The recipe.
    pub recipe: Recipe,
    /// The recipe of that name.
    pub named: Recipe,
    /// Its name.
    pub name: String,
    /// As it was last written or saved.
    pub kept: Recipe,
    /// What was done to it.
    pub history: History,
}

/// Whom a recipe is to count for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For all photographs: none has one of its own any more.
    All,
    /// For those that are marked.
    Marked,
    /// For the one on screen.
    This,
    /// For the one on screen the recipe that is shared, instead of its own.
    Shared,
}

/// Whose a recipe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Shared,
    Of(usize),
}

/// A step: what was there before it; once it is taken back, what was there after it.
#[derive(Clone, Debug)]
struct Step {
    before: BTreeMap<Place, Option<Held>>,
    /// Steps of the shared recipe when this one was done.
    depth: usize,
}

/// The recipes that are not under the fingers.
#[derive(Clone, Debug, Default)]
pub struct Owns {
    /// Whether the one under the fingers is the photograph's own.
    here: bool,
    /// The shared one, while it is not under the fingers.
    shared: Option<Held>,
    own: BTreeMap<usize, Held>,
    /// The shared one as it was when the photograph came on screen.
    arrived: Option<Box<Held>>,
    done: Vec<Step>,
    undone: Vec<Step>,
    /// Counts the steps.
    version: u64,
}

impl Owns {
    /// A change of a recipe: what had been taken back cannot be done again any more.
    pub fn changed(&mut self) {
        self.undone.clear();
    }
}

impl Model {
    /// Whether a photograph has a recipe of its own.
    pub fn has_own(&self, photo: usize) -> bool {
        if photo == self.current {
            self.owns.here
        } else {
            self.owns.own.contains_key(&photo)
        }
    }

    /// How many photographs have one.
    pub fn own_count(&self) -> usize {
        self.owns.own.len() + usize::from(self.owns.here)
    }

    /// The recipe that counts for a photograph, and its name with a `*` when it was changed.
    pub fn recipe_of(&self, photo: usize) -> (&Recipe, String) {
        let named = |name: &str, recipe: &Recipe, named: &Recipe| {
            let star = if recipe == named { "" } else { "*" };
            format!("{name}{star}")
        };
        let aside = if photo == self.current {
            None
        } else {
            let own = self.owns.own.get(&photo);
            own.or(self.owns.shared.as_ref().filter(|_| self.owns.here))
        };
        match aside {
            Some(held) => (&held.recipe, named(&held.name, &held.recipe, &held.named)),
            None => (
                &self.recipe,
                named(&self.recipe_name, &self.recipe, &self.named),
            ),
        }
    }

    /// The recipe that the photographs share.
    pub fn shared(&self) -> Held {
        match &self.owns.shared {
            Some(held) if self.owns.here => held.clone(),
            _ => self.in_hand(),
        }
    }

    /// The photographs that have recipes of their own, with these.
    pub fn own(&self) -> BTreeMap<usize, Held> {
        let mut own = self.owns.own.clone();
        if self.owns.here {
            own.insert(self.current, self.in_hand());
        }
        own
    }

    /// Goes on with recipes as they were left, at this photograph. There are no steps that gave or took them.
    pub fn resume(&mut self, shared: Held, own: BTreeMap<usize, Held>, photo: usize) {
        self.owns = Owns {
            shared: Some(shared),
            own,
            ..Owns::default()
        };
        self.current = photo;
        self.take_up();
        self.arrive();
    }

    /// Something else after every step, so that whoever keeps them knows when to.
    pub fn steps_version(&self) -> (u64, u64, bool) {
        (self.history.version(), self.owns.version, self.owns.here)
    }

    /// Whether a recipe that is not under the fingers has changes that were not written.
    pub fn has_changes_aside(&self) -> bool {
        let aside = self.owns.own.values().chain(&self.owns.shared);
        aside.into_iter().any(|held| held.recipe != held.kept)
    }

    /// A photograph's recipe was written as this.
    pub fn keep(&mut self, photo: usize, recipe: &Recipe) {
        let is_here = photo == self.current;
        let kept = match self.owns.own.get_mut(&photo) {
            Some(held) if !is_here => &mut held.kept,
            _ => match &mut self.owns.shared {
                Some(held) if !is_here => &mut held.kept,
                _ => &mut self.kept,
            },
        };
        kept.clone_from(recipe);
    }

    /// Brings a photograph on screen, and its recipe under the fingers.
    pub fn bring(&mut self, photo: usize) {
        if self.owns.here || self.owns.own.contains_key(&photo) {
            self.put_aside();
            self.current = photo;
            self.take_up();
        } else {
            self.current = photo;
        }
        self.arrive();
    }

    /// Notes what the others have, in case what is done now is meant for this photograph alone.
    pub fn arrive(&mut self) {
        self.owns.arrived = (!self.owns.here).then(|| Box::new(self.in_hand()));
    }

    fn in_hand(&self) -> Held {
        Held {
            recipe: self.recipe.clone(),
            named: self.named.clone(),
            name: self.recipe_name.clone(),
            kept: self.kept.clone(),
            history: self.history.clone(),
        }
    }

    fn put_aside(&mut self) {
        let held = self.in_hand();
        if std::mem::take(&mut self.owns.here) {
            self.owns.own.insert(self.current, held);
        } else {
            self.owns.shared = Some(held);
        }
    }

    fn take_up(&mut self) {
        let own = self.owns.own.remove(&self.current);
        self.owns.here = own.is_some();
        let Some(held) = own.or_else(|| self.owns.shared.take()) else {
            return;
        };
        self.recipe = held.recipe;
        self.named = held.named;
        self.recipe_name = held.name;
        self.kept = held.kept;
        self.history = held.history;
    }

    /// Makes the recipe under the fingers count for others, or this photograph's no longer. Returns for how many photographs
    /// that changed anything.
    pub fn assign(&mut self, scope: Scope) -> usize {
        self.history.forget_undone();
        let held = self.in_hand();
        // Own recipes begin with steps of their own.
        let fresh = Held {
            history: History::default(),
            ..held.clone()
        };
        // Others keep what they had before this photograph was tuned.
        let mut others = self.owns.arrived.as_deref().cloned();
        if let Some(held) = &mut others {
            held.history.forget_undone();
        }
        let mut wanted: BTreeMap<Place, Option<Held>> = BTreeMap::new();
        match scope {
            Scope::All => {
                let own = self.owns.own.keys().copied();
                let own = own.chain(self.owns.here.then_some(self.current));
                wanted.extend(own.map(|photo| (Place::Of(photo), None)));
                wanted.insert(Place::Shared, Some(held));
            }
            Scope::Marked => {
                let marked = &self.film.marked;
                let own = marked.iter();
                wanted.extend(own.map(|photo| (Place::Of(*photo), Some(fresh.clone()))));
                if marked.contains(&self.current) {
                    wanted.extend(others.map(|held| (Place::Shared, Some(held))));
                }
            }
            Scope::This if !self.owns.here => {
                wanted.insert(Place::Of(self.current), Some(fresh));
                wanted.extend(others.map(|held| (Place::Shared, Some(held))));
            }
            Scope::Shared if self.owns.here => {
                wanted.insert(Place::Of(self.current), None);
            }
            Scope::This | Scope::Shared => return 0,
        }
        let count = match scope {
            Scope::All => self.photos.len(),
            Scope::Marked => self.film.marked.len(),
            Scope::This | Scope::Shared => 1,
        };
        let before = self.exchange(wanted);
        let depth = self.shared_depth();
        self.owns.done.push(Step { before, depth });
        self.owns.undone.clear();
        count
    }

    /// Puts recipes where they belong, and gives back what was there.
    fn exchange(&mut self, wanted: BTreeMap<Place, Option<Held>>) -> BTreeMap<Place, Option<Held>> {
        self.put_aside();
        let exchanged = wanted.into_iter().map(|(place, held)| {
            let before = match (place, held) {
                (Place::Shared, Some(held)) => self.owns.shared.replace(held),
                // There is always one.
                (Place::Shared, None) => self.owns.shared.clone(),
                (Place::Of(photo), Some(held)) => self.owns.own.insert(photo, held),
                (Place::Of(photo), None) => self.owns.own.remove(&photo),
            };
            (place, before)
        });
        let before = exchanged.collect();
        self.owns.version += 1;
        self.take_up();
        self.history.seal();
        self.arrive();
        before
    }

    fn shared_depth(&self) -> usize {
        match &self.owns.shared {
            Some(held) if self.owns.here => held.history.depth(),
            _ => self.history.depth(),
        }
    }

    /// Whether a step changed what counts for the photograph on screen.
    fn concerns(&self, step: &Step) -> bool {
        let place = |place| step.before.contains_key(&place);
        place(Place::Of(self.current)) || (place(Place::Shared) && !self.owns.here)
    }

    /// The step that undoing would take back, unless the recipe under the fingers was changed since.
    fn last_step(&self) -> Option<usize> {
        let done = &self.owns.done;
        let found = done.iter().rposition(|step| self.concerns(step))?;
        let then = if self.owns.here { 0 } else { done[found].depth };
        if self.history.depth() > then {
            return None;
        }
        latest_like(done, found)
    }

    /// The step that would be done again, unless changes of the recipe under the fingers come first.
    fn next_step(&self) -> Option<usize> {
        if self.history.can_redo() {
            return None;
        }
        let undone = &self.owns.undone;
        let found = undone.iter().rposition(|step| self.concerns(step))?;
        latest_like(undone, found)
    }

    /// Whether there is anything to take back here.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo() || self.last_step().is_some()
    }

    /// Whether there is anything to do again here.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo() || self.next_step().is_some()
    }

    /// Takes back whom recipes count for, when that is the last thing that was done here. False when it is not.
    pub fn undo_step(&mut self) -> bool {
        let Some(at) = self.last_step() else {
            return false;
        };
        let step = self.owns.done.remove(at);
        let before = self.exchange(step.before);
        self.owns.undone.push(Step { before, ..step });
        true
    }

    /// Does it again, when it is the next thing.
    pub fn redo_step(&mut self) -> bool {
        let Some(at) = self.next_step() else {
            return false;
        };
        let step = self.owns.undone.remove(at);
        let before = self.exchange(step.before);
        self.owns.done.push(Step { before, ..step });
        true
    }
}

/// The last step that changed some of the same recipes as this one: it has to go first.
fn latest_like(steps: &[Step], at: usize) -> Option<usize> {
    steps.iter().rposition(|step| {
        let mut places = step.before.keys();
        places.any(|place| steps[at].before.contains_key(place))
    })
}
