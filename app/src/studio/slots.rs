//! Recipes that are put aside, A to D, to be compared with the one under the fingers and taken up again.

use whiteboarder_core::recipe::Recipe;

/// What they are called.
pub const NAMES: [char; 4] = ['A', 'B', 'C', 'D'];

/// The slots, and which of them stands in the photograph's place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    kept: [Option<Kept>; 4],
    against: Option<usize>,
}

/// What lies in a slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The recipe's name when it was put there, with its star.
    pub name: String,
    /// The recipe.
    pub recipe: Recipe,
}

impl Slots {
    /// Puts a recipe aside, in place of what lies there.
    pub fn store(&mut self, slot: usize, name: String, recipe: Recipe) {
        if let Some(place) = self.kept.get_mut(slot) {
            *place = Some(Kept { name, recipe });
        }
    }

    /// What lies there.
    pub fn get(&self, slot: usize) -> Option<&Kept> {
        self.kept.get(slot)?.as_ref()
    }

    /// The next thing to compare with: the photograph, then every slot that has a recipe.
    pub fn next_against(&mut self) {
        let from = self.against.map_or(0, |slot| slot + 1);
        self.against = (from..self.kept.len()).find(|slot| self.kept[*slot].is_some());
    }

    /// What stands in the photograph's place: the slot's letter and its recipe.
    pub fn against(&self) -> Option<(char, &Recipe)> {
        let slot = self.against?;
        Some((NAMES[slot], &self.get(slot)?.recipe))
    }

    /// Whether there is anything to compare with besides the photograph.
    pub fn any(&self) -> bool {
        self.kept.iter().any(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_with_goes_round_the_slots_that_have_a_recipe() {
        let mut slots = Slots::default();
        slots.next_against();
        assert_eq!(slots.against(), None);
        slots.store(1, "hard".to_owned(), Recipe::default());
        slots.store(3, "soft*".to_owned(), Recipe::default());
        let mut seen = Vec::new();
        for _ in 0..4 {
            slots.next_against();
            seen.push(slots.against().map(|(name, _)| name));
        }
        assert_eq!(seen, [Some('B'), Some('D'), None, Some('B')]);
        assert!(slots.any() && slots.get(0).is_none());
    }
}
