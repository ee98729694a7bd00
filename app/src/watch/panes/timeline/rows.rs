//! Which rows a timeline has.

use std::collections::{HashMap, HashSet};

use whiteboarder_jobs::track::{Compute, ExecutionView};

/// Iterations of a Map state that are shown one by one without being asked for.
pub const ITERATIONS: usize = 20;

/// A row of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How far inside of other states it is.
    pub depth: usize,
    /// What it shows.
    pub content: Content,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A visit of a state.
    Step {
        /// Its index in the view.
        step: usize,
    },
    /// One of several tries.
    Attempt {
        /// The visit.
        step: usize,
        /// Its index among the tries.
        attempt: usize,
    },
    /// The execution or the ECS task that a try began.
    Child {
        /// The visit.
        step: usize,
        /// Its index among the tries.
        attempt: usize,
    },
    /// All visits of a state by the items of a Map state.
    Summary(Summary),
}

/// Visits of one state that are shown together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The Map visit.
    pub map: usize,
    /// The state's name.
    pub name: String,
    /// The visits.
    pub steps: Vec<usize>,
}

impl Row {
    /// The state that it is about.
    pub fn state<'a>(&'a self, view: &'a ExecutionView) -> Option<&'a str> {
        match &self.content {
            Content::Summary(summary) => Some(&summary.name),
            Content::Step { step }
            | Content::Attempt { step, .. }
            | Content::Child { step, .. } => Some(&view.steps.get(*step)?.name),
        }
    }

    /// The visit of a Map state whose items this row folds or unfolds.
    pub fn map(&self, view: &ExecutionView) -> Option<usize> {
        match &self.content {
            Content::Summary(summary) => Some(summary.map),
            Content::Step { step } => view.steps.get(*step)?.items.map(|_| *step),
            Content::Attempt { .. } | Content::Child { .. } => None,
        }
    }
}

/// The rows of a view. Items of a Map state are shown one by one when there are no more than [`ITERATIONS`], or
/// when its visit is among the expanded ones; of others each state has one row.
pub fn rows(view: &ExecutionView, expanded: &HashSet<usize>) -> Vec<Row> {
    let mut items: HashMap<usize, HashSet<u32>> = HashMap::new();
    for step in &view.steps {
        if let (Some(map), Some(item)) = (step.within, step.iteration) {
            items.entry(map).or_default().insert(item);
        }
    }
    let is_folded = |map: usize| {
        !expanded.contains(&map)
            && items
                .get(&map)
                .is_some_and(|items| items.len() > ITERATIONS)
    };
    // Of each visit the first of its path, so that a branch stays together; and the folded Map it is inside of.
    let mut path: Vec<usize> = Vec::with_capacity(view.steps.len());
    let mut folded: Vec<Option<usize>> = Vec::with_capacity(view.steps.len());
    let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut summaries: HashMap<usize, Vec<Summary>> = HashMap::new();
    let mut places: HashMap<(usize, &str), usize> = HashMap::new();
    for (index, step) in view.steps.iter().enumerate() {
        let first = step.after.and_then(|after| path.get(after).copied());
        path.push(first.unwrap_or(index));
        let outer = step
            .within
            .and_then(|within| folded.get(within).copied().flatten());
        let inside = outer.or(step.within.filter(|within| is_folded(*within)));
        folded.push(inside);
        match inside {
            None => below
                .entry(step.within.filter(|within| *within < index))
                .or_default()
                .push(index),
            Some(map) => {
                let list = summaries.entry(map).or_default();
                let place = *places.entry((map, &step.name)).or_insert_with(|| {
                    list.push(Summary {
                        map,
                        name: step.name.clone(),
                        steps: Vec::new(),
                    });
                    list.len() - 1
                });
                if let Some(summary) = list.get_mut(place) {
                    summary.steps.push(index);
                }
            }
        }
    }
    for steps in below.values_mut() {
        steps.sort_by_key(|index| {
            let item = view.steps.get(*index).and_then(|step| step.iteration);
            (item, path.get(*index).copied(), *index)
        });
    }
    let mut rows = Vec::with_capacity(view.steps.len());
    let top = below.remove(&None).unwrap_or_default();
    let mut stack: Vec<(usize, usize)> = top.into_iter().rev().map(|step| (step, 0)).collect();
    while let Some((step, depth)) = stack.pop() {
        rows.push(Row {
            depth,
            content: Content::Step { step },
        });
        attempts(view, step, depth + 1, &mut rows);
        let list = summaries.remove(&step).unwrap_or_default();
        rows.extend(list.into_iter().map(|summary| Row {
            depth: depth + 1,
            content: Content::Summary(summary),
        }));
        let inside = below.remove(&Some(step)).unwrap_or_default();
        stack.extend(inside.into_iter().rev().map(|step| (step, depth + 1)));
    }
    rows
}

/// The rows of several tries, and of what a try began elsewhere.
fn attempts(view: &ExecutionView, step: usize, depth: usize, rows: &mut Vec<Row>) {
    let attempts = view
        .steps
        .get(step)
        .map(|step| step.attempts.as_slice())
        .unwrap_or_default();
    for (attempt, one) in attempts.iter().enumerate() {
        if attempts.len() > 1 {
            rows.push(Row {
                depth,
                content: Content::Attempt { step, attempt },
            });
        }
        let begun = match &one.compute {
            Compute::Execution { child, .. } => child.is_some(),
            Compute::Ecs { task, .. } => task.is_some(),
            _ => false,
        };
        if begun {
            rows.push(Row {
                depth: depth + usize::from(attempts.len() > 1),
                content: Content::Child { step, attempt },
            });
        }
    }
}
