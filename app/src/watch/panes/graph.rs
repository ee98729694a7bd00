//! The machine with what became of each of its states: from left to right where that fits, otherwise as a tree.

mod canvas;
mod layered;
mod layout;
mod level;
mod paint;
mod tree;
mod ways;

use ratatui::text::Line;
use whiteboarder_jobs::track::{ExecutionStatus, ExecutionView};
use whiteboarder_jobs::watch::graph::Graph;

use super::phase::{Phase, States};
use crate::term::theme::Theme;

/// More states than this are never laid out from left to right.
const MOST: usize = 60;

/// A machine as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// All of its rows; a tree may have more than asked for.
    pub lines: Vec<Line<'static>>,
    /// Where the states are, for scrolling to the selected one.
    pub spots: Vec<Spot>,
}

/// Where a state is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The state.
    pub name: String,
    /// Its first row among the lines.
    pub row: usize,
    /// Its first column.
    pub column: usize,
    /// Its rows.
    pub height: usize,
    /// Its columns.
    pub width: usize,
}

impl Drawn {
    /// Where a state is.
    pub fn spot(&self, name: &str) -> Option<&Spot> {
        self.spots.iter().find(|spot| spot.name == name)
    }
}

/// What the drawing reads.
struct Subject<'a> {
    graph: &'a Graph,
    states: States<'a>,
    selected: Option<&'a str>,
    now_ms: i64,
    theme: &'a Theme,
}

/// Draws a machine in so many columns and, if it can be, rows. Without a view, nothing was reached yet.
pub fn draw(
    graph: &Graph,
    view: Option<&ExecutionView>,
    selected: Option<&str>,
    (columns, rows): (u16, u16),
    now_ms: i64,
    theme: &Theme,
) -> Drawn {
    let states = view.map_or_else(States::default, |view| States::of(view, graph));
    let subject = Subject {
        graph,
        states,
        selected,
        now_ms,
        theme,
    };
    let (columns, rows) = (usize::from(columns), usize::from(rows));
    if graph.nodes().len() <= MOST {
        for words in [true, false] {
            if let Some(drawn) = layered::draw(&subject, words, columns, rows) {
                return drawn;
            }
        }
    }
    tree::draw(&subject, columns)
}

/// The state that somebody looks at first: the one that failed, else the one that it is in.
pub fn default_state(view: &ExecutionView) -> Option<String> {
    let last = |wanted: fn(Phase) -> bool| {
        let fits = |index: &usize| {
            view.steps
                .get(*index)
                .is_some_and(|step| wanted(Phase::of(step, view.status)))
        };
        // A Parallel or Map state fails, runs or stops with what is inside of it: that is looked for.
        let found: Vec<usize> = (0..view.steps.len()).filter(fits).collect();
        let outer: std::collections::HashSet<usize> = found
            .iter()
            .filter_map(|index| view.steps.get(*index)?.within)
            .collect();
        let inner = found.iter().rfind(|index| !outer.contains(index));
        inner.and_then(|index| view.steps.get(*index))
    };
    let step = match view.status {
        ExecutionStatus::Running => last(Phase::is_open),
        ExecutionStatus::Succeeded => None,
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => {
            last(|phase| phase == Phase::Failed).or_else(|| last(|phase| phase == Phase::Stopped))
        }
    };
    Some(step.or(view.steps.last())?.name.clone())
}

/// The state after this one, in the order of [`Graph::nodes`]; the first when none is selected.
pub fn next(graph: &Graph, from: Option<&str>) -> Option<String> {
    beside(graph, from, |at, count| (at + 1).min(count - 1))
}

/// The state before this one.
pub fn previous(graph: &Graph, from: Option<&str>) -> Option<String> {
    beside(graph, from, |at, _| at.saturating_sub(1))
}

fn beside(graph: &Graph, from: Option<&str>, go: impl Fn(usize, usize) -> usize) -> Option<String> {
    let nodes = graph.nodes();
    let at = from.and_then(|from| nodes.iter().position(|node| node.name == from));
    let to = at.map_or(0, |at| go(at, nodes.len()));
    nodes.get(to).map(|node| node.name.clone())
}
