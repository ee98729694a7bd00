//! The visits that go on, as a tree: which are inside of which, and what ends with what.

use std::collections::BTreeSet;

use super::step::{AttemptEnd, StateKind, Step, StepEnd};

/// How many open visits are looked at to find the one that an event without a name is about. Such events come one per
/// visit, and it is nearly always the first.
const LOOKED_AT: usize = 64;

/// The open visits, ordered by the visit and the iteration that they are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    /// (1 + index of the visit that it is inside of, 1 + iteration, index); 0 for none.
    set: BTreeSet<(usize, u32, usize)>,
}

fn key(step: &Step, index: usize) -> (usize, u32, usize) {
    let iteration = step.iteration.map_or(0, |item| item.saturating_add(1));
    (step.within.map_or(0, |within| within + 1), iteration, index)
}

impl Open {
    /// Takes up a visit that begins, or goes on again.
    pub(super) fn add(&mut self, steps: &[Step], index: usize) {
        if let Some(step) = steps.get(index) {
            self.set.insert(key(step, index));
        }
    }

    /// Ends a visit. Work of it that has not ended is aborted, unless the visit was left as it should.
    pub(super) fn close(&mut self, steps: &mut [Step], index: usize, time_ms: i64, end: StepEnd) {
        let Some(step) = steps.get_mut(index) else {
            return;
        };
        self.set.remove(&key(step, index));
        if end != StepEnd::Left {
            let running = step.attempts.iter_mut().rev();
            for attempt in running.take_while(|attempt| attempt.end.is_none()) {
                attempt.end = Some(AttemptEnd::Aborted);
                attempt.ended_ms = Some(time_ms);
            }
        }
        step.caught = matches!(end, StepEnd::Caught { .. });
        step.ended_ms = Some(time_ms);
        step.end = Some(end);
    }

    /// Aborts everything that is inside of a visit: in one iteration, or in all of it.
    pub(super) fn abort_inside(
        &mut self,
        steps: &mut [Step],
        index: usize,
        iteration: Option<u32>,
        time_ms: i64,
    ) {
        let mut inside = self.directly_inside(index, iteration);
        while let Some(next) = inside.pop() {
            inside.extend(self.directly_inside(next, None));
            self.close(steps, next, time_ms, StepEnd::Aborted);
        }
    }

    /// Ends every visit that still goes on.
    pub(super) fn close_all(&mut self, steps: &mut [Step], time_ms: i64, end: &StepEnd) {
        for (_, _, index) in std::mem::take(&mut self.set) {
            self.close(steps, index, time_ms, end.clone());
        }
    }

    /// A visit of this kind that goes on inside of another, the first in order; not `but`.
    pub(super) fn find(
        &self,
        steps: &[Step],
        inside: usize,
        kind: StateKind,
        but: usize,
    ) -> Option<usize> {
        let mut ranges = vec![inside];
        let mut looked_at = 0;
        while let Some(next) = ranges.pop() {
            for (_, _, index) in self.set.range((next + 1, 0, 0)..(next + 2, 0, 0)) {
                let step = steps.get(*index)?;
                if step.kind == kind && *index != but {
                    return Some(*index);
                }
                if step.kind.has_inside() {
                    ranges.push(*index);
                }
                looked_at += 1;
                if looked_at > LOOKED_AT {
                    return None;
                }
            }
        }
        None
    }

    fn directly_inside(&self, index: usize, iteration: Option<u32>) -> Vec<usize> {
        let within = index + 1;
        let range = match iteration {
            Some(item) => {
                let item = item.saturating_add(1);
                (within, item, 0)..(within, item.saturating_add(1), 0)
            }
            None => (within, 0, 0)..(within + 1, 0, 0),
        };
        self.set.range(range).map(|(_, _, index)| *index).collect()
    }
}

/// A visit, the one that it is inside of, and so on outwards.
pub(super) fn outwards(steps: &[Step], from: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(Some(from), |index| steps.get(*index)?.within)
        .take_while(|index| *index < steps.len())
}
