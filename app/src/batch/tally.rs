//! Counts of items by state and place that are kept up to date, so that one more event costs the same however many items
//! there are.

use std::collections::HashMap;

use whiteboarder_jobs::track::{ItemState, Place};

/// An item's state, and where it was seen last.
type Seen = (ItemState, Option<Place>);

/// How many items are in which state, and where.
#[derive(Debug, Default)]
pub struct Tally {
    items: HashMap<String, Seen>,
    states: HashMap<ItemState, usize>,
    places: HashMap<Place, usize>,
}

impl Tally {
    /// Notes an item; false when it was so already.
    pub fn set(&mut self, item: &str, now: Seen) -> bool {
        let before = match self.items.get_mut(item) {
            Some(seen) if *seen == now => return false,
            Some(seen) => Some(std::mem::replace(seen, now)),
            None => self.items.insert(item.to_owned(), now),
        };
        if let Some((state, place)) = before {
            take(&mut self.states, &state);
            if let Some(place) = place {
                take(&mut self.places, &place);
            }
        }
        *self.states.entry(now.0).or_default() += 1;
        if let Some(place) = now.1 {
            *self.places.entry(place).or_default() += 1;
        }
        true
    }

    /// How many are in a state.
    pub fn count(&self, state: ItemState) -> usize {
        self.states.get(&state).copied().unwrap_or(0)
    }

    /// How many nothing more will happen to by itself.
    pub fn settled(&self) -> usize {
        let settled = self.states.iter().filter(|(state, _)| state.is_settled());
        settled.map(|(_, count)| count).sum()
    }

    /// How many were last seen there.
    pub fn at(&self, place: Place) -> usize {
        self.places.get(&place).copied().unwrap_or(0)
    }
}

fn take<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_counts_are_those_of_the_last_thing_said_of_each_item(
            said in prop::collection::vec((0..6_usize, 0..5_usize, 0..3_usize), 0..60),
        ) {
            let states = [
                ItemState::Queued, ItemState::Running, ItemState::Cleaned, ItemState::Failed, ItemState::Stopped,
            ];
            let places = [None, Some(Place::Lambda), Some(Place::Ecs)];
            let mut tally = Tally::default();
            let mut last = HashMap::new();
            for (item, state, place) in said {
                let now = (states[state], places[place]);
                let news = last.insert(item, now) != Some(now);
                prop_assert_eq!(tally.set(&item.to_string(), now), news);
            }
            let count = |is: &dyn Fn(&Seen) -> bool| last.values().filter(|seen| is(seen)).count();
            for state in states {
                prop_assert_eq!(tally.count(state), count(&|seen| seen.0 == state));
            }
            for place in [Place::Lambda, Place::Ecs] {
                prop_assert_eq!(tally.at(place), count(&|seen| seen.1 == Some(place)));
            }
            prop_assert_eq!(tally.settled(), count(&|seen| seen.0.is_settled()));
        }
    }
}
