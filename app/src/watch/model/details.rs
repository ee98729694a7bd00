//! How the open execution is looked at.

use std::collections::HashSet;
use std::sync::Arc;

use whiteboarder_jobs::watch::Opened;
use whiteboarder_jobs::watch::graph::Graph;

use super::super::panes::json::Viewer;
use super::super::panes::{events, timeline};
use crate::ui::picture::Shown;

/// What the details show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What matters at a glance, graph and timeline together.
    #[default]
    Overview,
    /// All that is known in words.
    Facts,
    /// The whole state machine.
    Graph,
    /// When which state worked and waited.
    Timeline,
    /// The history.
    Events,
    /// Input and output.
    Payloads,
    /// Before and after.
    Pictures,
    /// Why it ran where it ran.
    Why,
    /// What it did cost.
    Cost,
}

impl Tab {
    /// In the order in which Tab goes through them.
    pub const EACH: [Tab; 9] = [
        Tab::Overview,
        Tab::Facts,
        Tab::Graph,
        Tab::Timeline,
        Tab::Events,
        Tab::Payloads,
        Tab::Pictures,
        Tab::Why,
        Tab::Cost,
    ];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Tab::Overview => "overview",
            Tab::Graph => "graph",
            Tab::Timeline => "timeline",
            Tab::Events => "events",
            Tab::Facts => "facts",
            Tab::Payloads => "in/out",
            Tab::Pictures => "pictures",
            Tab::Why => "why",
            Tab::Cost => "cost",
        }
    }
}

/// What is known of the execution that is open, and how it is looked at.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Its ARN; what is shown is what `opened` has when that is the same.
    pub arn: Option<String>,
    /// Its history.
    pub opened: Option<Arc<Opened>>,
    /// Why it cannot be opened.
    pub trouble: Option<String>,
    /// What is shown.
    pub tab: Tab,
    /// The state that is selected in graph, timeline and events.
    pub state: Option<String>,
    /// Whether the selection was moved by somebody; until then it follows what happens.
    pub chosen: bool,
    /// Rows scrolled away above, of what has no cursor.
    pub scroll: usize,
    /// How the timeline is looked at.
    pub timeline: TimelineView,
    /// How the events are looked at.
    pub events: EventsView,
    /// Input and output.
    pub payloads: Viewer,
    /// The machine that the execution runs, when it is not the present one.
    pub graph: Option<Arc<Graph>>,
    /// Before and after, once they were asked for and are there.
    pub pictures: Option<Pictures>,
    /// Whose pictures were asked for, and for how much room.
    pub asked: Option<(String, (u16, u16))>,
}

/// How the timeline is looked at.
#[derive(Clone, Debug, Default)]
pub struct TimelineView {
    /// Its rows.
    pub rows: Vec<timeline::Row>,
    /// Map visits whose iterations are all shown.
    pub expanded: HashSet<usize>,
    /// The row that the cursor is on.
    pub cursor: usize,
    /// How much it is stretched; 0 and 1 mean not at all.
    pub zoom: f64,
    /// Milliseconds from the start to its left edge.
    pub offset_ms: i64,
}

/// How the events are looked at.
#[derive(Clone, Debug, Default)]
pub struct EventsView {
    /// Which are shown.
    pub filter: events::Filter,
    /// Whether only those of the selected state are shown.
    pub of_state: bool,
    /// Indices of those that are shown.
    pub rows: Vec<usize>,
    /// The selected one, as an index in `rows`.
    pub cursor: usize,
    /// The one that shows its details: its index in the history, and the details.
    pub unfolded: Option<(usize, Viewer)>,
    /// Whether the keys move in the details.
    pub inside: bool,
}

/// Before and after, encoded for the terminal.
#[derive(Clone)]
pub struct Pictures {
    /// Whose.
    pub arn: String,
    /// Columns and rows that one of them was encoded for.
    pub size: (u16, u16),
    /// The original, or why there is none.
    pub before: Result<Shown, String>,
    /// The result.
    pub after: Result<Shown, String>,
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pictures({}, {:?})", self.arn, self.size)
    }
}
