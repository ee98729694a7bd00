//! What was changed, so that it can be taken back: an edit is a value with an inverse, and history is two
//! lists of them.
//!
//! One *gesture* is one step: a key held on a field makes many small changes, and nobody wants to take
//! them back one by one.

use whiteboarder_core::recipe::{FIELDS, Recipe, Value};

use super::keys::Action;

/// Changes by the same key on the same field within this time of each other are one step.
pub const GESTURE_MS: u64 = 1000;

/// One field's change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Index in [`FIELDS`].
    pub field: usize,
    /// The value before.
    pub from: Value,
    /// The value after.
    pub to: Value,
}

/// One step: what one gesture changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// No field twice.
    pub changes: Vec<Change>,
    /// What was done, so that more of the same can join.
    action: Action,
    /// When the last part of it was done.
    at_ms: u64,
}

impl Edit {
    /// What leads from one recipe to another; `None` when nothing does because they are the same.
    pub fn between(from: &Recipe, to: &Recipe, action: Action, at_ms: u64) -> Option<Edit> {
        let changes: Vec<Change> = FIELDS
            .iter()
            .enumerate()
            .map(|(index, field)| Change {
                field: index,
                from: (field.get)(from),
                to: (field.get)(to),
            })
            .filter(|change| change.from != change.to)
            .collect();
        (!changes.is_empty()).then_some(Edit {
            changes,
            action,
            at_ms,
        })
    }

    fn redo(&self, recipe: &mut Recipe) {
        for change in &self.changes {
            (FIELDS[change.field].set)(recipe, change.to);
        }
    }

    fn undo(&self, recipe: &mut Recipe) {
        for change in &self.changes {
            (FIELDS[change.field].set)(recipe, change.from);
        }
    }

    /// Whether `later` goes on with this gesture.
    fn goes_on(&self, later: &Edit) -> bool {
        let one_field = |edit: &Edit| match edit.changes.as_slice() {
            [only] => Some(only.field),
            _ => None,
        };
        self.action == later.action
            && later.at_ms.saturating_sub(self.at_ms) <= GESTURE_MS
            && one_field(self).is_some()
            && one_field(self) == one_field(later)
    }
}

/// Steps done and steps taken back.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: Vec<Edit>,
    undone: Vec<Edit>,
    /// Counts what happened to it.
    version: u64,
    /// After undo and redo the next change is a step of its own, also by the same key.
    sealed: bool,
}

impl History {
    /// Takes down what was done. What had been taken back cannot be redone any more.
    pub fn record(&mut self, edit: Edit) {
        self.version += 1;
        self.undone.clear();
        let joins = !self.sealed && self.done.last().is_some_and(|last| last.goes_on(&edit));
        self.sealed = false;
        if !joins {
            self.done.push(edit);
            return;
        }
        let Some(last) = self.done.last_mut() else {
            return;
        };
        last.at_ms = edit.at_ms;
        last.changes[0].to = edit.changes[0].to;
        // Round a list of choices and back to the first.
        if last.changes[0].from == last.changes[0].to {
            self.done.pop();
        }
    }

    /// The next change is a step of its own, whatever key it comes from.
    pub fn seal(&mut self) {
        self.sealed = true;
    }

    /// What was taken back cannot be done again any more: something else was done.
    pub fn forget_undone(&mut self) {
        self.version += 1;
        self.undone.clear();
    }

    /// How many steps can be taken back.
    pub fn depth(&self) -> usize {
        self.done.len()
    }

    /// Another number after every change, so that whoever keeps it knows when to.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The last steps done and the next ones to be done again, at most so many of each, oldest first.
    pub fn steps(&self, most: usize) -> [Vec<Vec<Change>>; 2] {
        [&self.done, &self.undone].map(|edits| {
            let skip = edits.len().saturating_sub(most);
            edits[skip..]
                .iter()
                .map(|edit| edit.changes.clone())
                .collect()
        })
    }

    /// A history of these steps, as [`History::steps`] gave them.
    pub fn of_steps([done, undone]: [Vec<Vec<Change>>; 2]) -> History {
        let edits = |steps: Vec<Vec<Change>>| {
            let edit = |changes| Edit {
                changes,
                action: Action::Undo,
                at_ms: 0,
            };
            steps.into_iter().map(edit).collect()
        };
        History {
            done: edits(done),
            undone: edits(undone),
            version: 0,
            sealed: true,
        }
    }

    /// Takes the last step back.
    pub fn undo(&mut self, recipe: &mut Recipe) -> Option<&Edit> {
        let edit = self.done.pop()?;
        self.version += 1;
        edit.undo(recipe);
        self.sealed = true;
        self.undone.push(edit);
        self.undone.last()
    }

    /// Does the step that was last taken back again.
    pub fn redo(&mut self, recipe: &mut Recipe) -> Option<&Edit> {
        let edit = self.undone.pop()?;
        self.version += 1;
        edit.redo(recipe);
        self.sealed = true;
        self.done.push(edit);
        self.done.last()
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(value: f64) -> Recipe {
        let mut recipe = Recipe::default();
        recipe.finish.strength = value;
        recipe
    }

    fn step(history: &mut History, from: f64, to: f64, action: Action, at_ms: u64) {
        let edit = Edit::between(&strength(from), &strength(to), action, at_ms).unwrap();
        history.record(edit);
    }

    #[test]
    fn a_held_key_is_one_step_and_a_pause_begins_another() {
        let mut history = History::default();
        step(&mut history, 100.0, 95.0, Action::Lower, 0);
        step(&mut history, 95.0, 90.0, Action::Lower, 900);
        step(&mut history, 90.0, 85.0, Action::Lower, 1900);
        step(&mut history, 85.0, 80.0, Action::Lower, 2901);
        let mut recipe = strength(80.0);
        history.undo(&mut recipe).unwrap();
        assert_eq!(recipe, strength(85.0));
        history.undo(&mut recipe).unwrap();
        assert_eq!(recipe, strength(100.0));
        assert!(!history.can_undo());
    }

    #[test]
    fn another_key_on_the_same_field_is_another_step() {
        let mut history = History::default();
        step(&mut history, 50.0, 55.0, Action::Higher, 0);
        step(&mut history, 55.0, 50.0, Action::Lower, 10);
        let mut recipe = strength(50.0);
        history.undo(&mut recipe).unwrap();
        assert_eq!(recipe, strength(55.0));
    }

    #[test]
    fn a_change_after_undo_is_a_step_of_its_own_and_ends_redo() {
        let mut history = History::default();
        step(&mut history, 100.0, 95.0, Action::Lower, 0);
        step(&mut history, 95.0, 90.0, Action::Reset, 10);
        let mut recipe = strength(90.0);
        history.undo(&mut recipe).unwrap();
        assert!(history.can_redo());
        step(&mut history, 95.0, 90.0, Action::Lower, 20);
        assert!(!history.can_redo());
        let mut recipe = strength(90.0);
        history.undo(&mut recipe).unwrap();
        assert_eq!(recipe, strength(95.0));
    }

    #[test]
    fn a_gesture_that_ends_where_it_began_is_no_step() {
        let mut history = History::default();
        step(&mut history, 50.0, 55.0, Action::Higher, 0);
        step(&mut history, 55.0, 50.0, Action::Higher, 10);
        assert!(!history.can_undo());
    }

    #[test]
    fn equal_recipes_make_no_edit() {
        assert_eq!(
            Edit::between(&strength(1.0), &strength(1.0), Action::Reset, 0),
            None
        );
    }
}
