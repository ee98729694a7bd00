//! What is known of each item, and counts by state and place that are kept up to date: one more event costs the same
//! however many items there are.

use std::collections::HashMap;

use whiteboarder_jobs::track::{ItemState, ItemStatus, Place};

/// How many items are in each state and place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Not known to have begun.
    pub queued: usize,
    /// An execution works on them.
    pub running: usize,
    /// With a result.
    pub cleaned: usize,
    /// Failed.
    pub failed: usize,
    /// Stopped.
    pub stopped: usize,
    /// Last seen on Lambda.
    pub lambda: usize,
    /// Last seen on ECS.
    pub ecs: usize,
    /// Those that changed lanes.
    pub moved: usize,
}

impl Count {
    /// Counts items of which each is there once.
    pub fn of(items: &[ItemStatus]) -> Count {
        let mut count = Count::default();
        for item in items {
            count.add(&Known::of(item));
        }
        count
    }

    /// Those with which nothing more happens by itself.
    pub fn settled(&self) -> usize {
        self.cleaned + self.failed + self.stopped
    }

    /// Those with which something may.
    pub fn unfinished(&self) -> usize {
        self.queued + self.running
    }

    /// How many are in a state.
    pub fn in_state(mut self, state: ItemState) -> usize {
        *self.state(state)
    }

    /// How many were last seen there.
    pub fn at(mut self, place: Place) -> usize {
        *self.place(place)
    }

    fn add(&mut self, item: &Known) {
        *self.state(item.state) += 1;
        if let Some(place) = item.place {
            *self.place(place) += 1;
        }
        self.moved += usize::from(item.moved);
    }

    fn take(&mut self, item: &Known) {
        *self.state(item.state) -= 1;
        if let Some(place) = item.place {
            *self.place(place) -= 1;
        }
        self.moved -= usize::from(item.moved);
    }

    fn state(&mut self, state: ItemState) -> &mut usize {
        match state {
            ItemState::Queued => &mut self.queued,
            ItemState::Running => &mut self.running,
            ItemState::Cleaned => &mut self.cleaned,
            ItemState::Failed => &mut self.failed,
            ItemState::Stopped => &mut self.stopped,
        }
    }

    fn place(&mut self, place: Place) -> &mut usize {
        match place {
            Place::Lambda => &mut self.lambda,
            Place::Ecs => &mut self.ecs,
        }
    }
}

/// What is remembered of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// Its state.
    pub state: ItemState,
    /// Where it was last seen.
    pub place: Option<Place>,
    /// Whether it changed lanes.
    pub moved: bool,
    /// Seconds that its executions took.
    pub seconds: Option<f64>,
}

impl Known {
    fn of(item: &ItemStatus) -> Known {
        Known {
            state: item.state,
            place: item.places.last().copied(),
            moved: item.moved,
            seconds: item.seconds,
        }
    }
}

/// The items of a batch, each as it was last heard of, and counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    known: HashMap<String, Known>,
    /// Those that are known.
    count: Count,
    /// Items of the batch, as far as it was told.
    expected: usize,
}

impl Tally {
    /// The batch has so many items: those that nothing was heard of are queued.
    pub fn expect(&mut self, items: usize) {
        self.expected = items;
    }

    /// Notes an item as it is now, and gives what was known of it.
    pub fn set(&mut self, item: &ItemStatus) -> Option<Known> {
        let now = Known::of(item);
        let before = match self.known.get_mut(&item.name) {
            Some(known) => Some(std::mem::replace(known, now)),
            None => self.known.insert(item.name.clone(), now),
        };
        if let Some(before) = before {
            self.count.take(&before);
        }
        self.count.add(&now);
        before
    }

    /// What is known of an item.
    pub fn get(&self, item: &str) -> Option<&Known> {
        self.known.get(item)
    }

    /// All of them, counted.
    pub fn count(&self) -> Count {
        let unheard = self.expected.saturating_sub(self.known.len());
        Count {
            queued: self.count.queued + unheard,
            ..self.count
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However an item wanders, it is counted once, as it is now.
        #[test]
        fn the_counts_are_those_of_the_last_thing_said_of_each_item(
            said in prop::collection::vec((0..6_usize, 0..5_usize, 0..3_usize, any::<bool>()), 0..60),
        ) {
            let states = [
                ItemState::Queued, ItemState::Running, ItemState::Cleaned, ItemState::Failed, ItemState::Stopped,
            ];
            let places = [None, Some(Place::Lambda), Some(Place::Ecs)];
            let mut tally = Tally::default();
            let mut last = HashMap::new();
            for (item, state, place, moved) in said {
                let item = ItemStatus {
                    name: item.to_string(),
                    state: states[state],
                    places: places[place].into_iter().collect(),
                    moved,
                    ..ItemStatus::default()
                };
                let before = last.insert(item.name.clone(), item.clone());
                prop_assert_eq!(tally.set(&item), before.as_ref().map(Known::of));
            }
            tally.expect(6);
            let last: Vec<ItemStatus> = last.into_values().collect();
            let count = tally.count();
            let unheard = 6 - last.len();
            prop_assert_eq!(count, Count { queued: count.queued, ..Count::of(&last) });
            prop_assert_eq!(count.queued, Count::of(&last).queued + unheard);
            prop_assert_eq!(count.unfinished() + count.settled(), 6);
            for state in states {
                let there = last.iter().filter(|item| item.state == state).count();
                let more = if state == ItemState::Queued { unheard } else { 0 };
                prop_assert_eq!(count.in_state(state), there + more);
            }
            for place in [Place::Lambda, Place::Ecs] {
                let there = last.iter().filter(|item| item.places.last() == Some(&place)).count();
                prop_assert_eq!(count.at(place), there);
            }
        }
    }
}
