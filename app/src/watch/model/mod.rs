//! Everything the dashboard knows: plain data. What changes it is [`mod@super::update`], what shows it is
//! [`mod@super::view`].

mod details;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use whiteboarder_jobs::track::{ExecutionStatus, Place};
use whiteboarder_jobs::watch::graph::Graph;
use whiteboarder_jobs::watch::query::Query;
use whiteboarder_jobs::watch::totals::Totals;
use whiteboarder_jobs::watch::{Action, Health, Machine, News, Opened, Order, Run};

use super::price::Pricing;
use crate::ui::Call;
use crate::ui::keys::Keymap;
use crate::ui::prompt::LineEdit;
use crate::ui::toast::{Toast, Told};

pub use details::{Details, EventsView, Pictures, Tab};

/// The selected execution is opened beside the list when the cursor has rested for so long.
pub const REST_MS: u64 = 250;
/// How often ages and running bars are drawn anew while nothing happens.
const AGE_MS: u64 = 500;

/// A column that the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// When it started.
    #[default]
    Started,
    /// How long it took, or has taken.
    Took,
    /// What it did cost.
    Cost,
    /// The item's name, else the execution's.
    Name,
    /// Its status.
    Status,
    /// Where it ran.
    Place,
}

impl Column {
    /// The next one, as `s` goes through them.
    pub fn next(self) -> Column {
        match self {
            Column::Started => Column::Took,
            Column::Took => Column::Cost,
            Column::Cost => Column::Name,
            Column::Name => Column::Status,
            Column::Status => Column::Place,
            Column::Place => Column::Started,
        }
    }

    /// Its heading.
    pub fn word(self) -> &'static str {
        match self {
            Column::Started => "started",
            Column::Took => "took",
            Column::Cost => "cost",
            Column::Name => "name",
            Column::Status => "status",
            Column::Place => "place",
        }
    }
}

/// The status counts of the header, which are filters as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chip {
    /// All of them.
    #[default]
    All,
    /// Running or queued.
    Running,
    /// Ended well.
    Succeeded,
    /// Failed, timed out.
    Failed,
    /// Stopped by somebody.
    Aborted,
    /// Ran elsewhere than planned.
    Moved,
}

impl Chip {
    /// In the order of the header.
    pub const EACH: [Chip; 6] = [
        Chip::All,
        Chip::Running,
        Chip::Succeeded,
        Chip::Failed,
        Chip::Aborted,
        Chip::Moved,
    ];

    /// Whether it lets an execution through.
    pub fn lets(self, run: &Run) -> bool {
        match self {
            Chip::All => true,
            Chip::Running => run.status == ExecutionStatus::Running,
            Chip::Succeeded => run.status == ExecutionStatus::Succeeded,
            Chip::Failed => matches!(
                run.status,
                ExecutionStatus::Failed | ExecutionStatus::TimedOut
            ),
            Chip::Aborted => run.status == ExecutionStatus::Aborted,
            Chip::Moved => run.digest.as_ref().is_some_and(|digest| digest.moved),
        }
    }
}

/// Which part of the screen the keys move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The executions.
    #[default]
    List,
    /// The open execution.
    Details,
}

/// What can lie on top.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A filter of the list is typed.
    Filter {
        /// What was typed.
        line: LineEdit,
        /// What the filter was before.
        before: String,
    },
    /// A filter of the events is typed.
    EventFilter {
        /// What was typed.
        line: LineEdit,
    },
    /// Whether to do something with executions.
    Ask {
        /// What.
        action: Action,
        /// With which.
        arns: Vec<String>,
        /// What is kept and what happens, in a sentence.
        about: String,
    },
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Model {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Milliseconds since the program began, as last told.
    pub now_ms: u64,
    /// The time of day when the program began, milliseconds since the Unix epoch.
    pub began_ms: i64,
    /// The profile's name.
    pub profile: String,
    /// The machine that is watched.
    pub machine: Option<Machine>,
    /// Its picture.
    pub graph: Option<Arc<Graph>>,
    /// Every execution that was listed.
    pub runs: Vec<Run>,
    /// ARN → index in `runs`.
    pub index: HashMap<String, usize>,
    /// How many were listed, and whether that is all.
    pub listed: (usize, bool),
    /// Indices of those that the filters let through, in the order of the list.
    pub shown: Vec<usize>,
    /// Whether `shown` and `totals` are older than what they are made of.
    pub dirty: bool,
    /// Sums over those that are shown.
    pub totals: Totals,
    /// Counts by chip, over all that the typed filter lets through.
    pub chips: [usize; 6],
    /// The chip that filters.
    pub chip: Chip,
    /// The typed filter.
    pub filter: String,
    /// The same, read; the last that could be.
    pub query: Query,
    /// Why it cannot be read.
    pub filter_error: Option<String>,
    /// What the list is sorted by, and whether small ones come first.
    pub sort: (Column, bool),
    /// The selected one, as an index in `shown`.
    pub cursor: usize,
    /// Whether somebody has moved the cursor to an execution; at the top one looks at what is newest.
    pub picked: bool,
    /// Marked ones.
    pub marks: HashSet<String>,
    /// Where the keys move.
    pub focus: Focus,
    /// Whether the lanes are shown.
    pub lanes: bool,
    /// The open execution.
    pub details: Details,
    /// How it goes with the target, and when (ms of `now_ms`) that was told.
    pub health: Option<(Health, u64)>,
    /// Permissions that are missing.
    pub denied: Vec<(String, String)>,
    /// Whether updates are paused.
    pub paused: bool,
    /// An action that goes on: what, how many of how many.
    pub acting: Option<(Action, usize, usize)>,
    /// What prices are reckoned with.
    pub pricing: Option<Arc<Pricing>>,
    /// Where downloads go.
    pub output: std::path::PathBuf,
    /// Other keys than the table's.
    pub keymap: Arc<Keymap>,
    /// What lies on top and has the keys.
    pub layer: Option<Layer>,
    /// The last message, while it lasts.
    pub toast: Option<Toast>,
    /// What was told since the log has last looked.
    pub told: Vec<Told>,
    /// Whether the screen is in front.
    pub open: bool,
    /// Whether other screens are there to go to.
    pub alone: bool,
    /// Executions that the feed was last told to be on screen.
    pub told_visible: Vec<String>,
    /// When the cursor of the list was moved last.
    pub moved_ms: u64,
    /// The execution that was clicked last: another click opens it.
    pub clicked: Option<String>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The screen has this many columns and rows.
    Resize(u16, u16),
    /// A key.
    Key(KeyEvent),
    /// The mouse.
    Mouse(MouseEvent),
    /// Do what a row of the key table does, if it would do anything now.
    Do(usize),
    /// The mouse was taken, or released.
    MouseTaken(bool),
    /// Text from the clipboard.
    Paste(String),
    /// Milliseconds since the program began.
    Tick(u64),
    /// The screen comes to the front.
    Open,
    /// Another screen comes to the front.
    Hide,
    /// The feed tells.
    News(Vec<News>),
    /// Before and after were drawn.
    Drawn(Box<Pictures>),
    /// Something went wrong outside, in a sentence.
    Trouble(String),
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the feed.
    Order(Order),
    /// Fetch before and after of an execution, and encode each for so many columns and rows.
    Pictures {
        /// Whose.
        arn: String,
        /// For how much room.
        size: (u16, u16),
    },
    /// Put text on the clipboard.
    Copy(String),
    /// Open a link in a browser.
    Link(String),
    /// Show another screen.
    Studio,
    /// Show another screen.
    Batch,
    /// Name the terminal's window.
    SetTitle(String),
    /// What every screen can ask for.
    Call(Call),
    /// Give the shell its terminal for a while.
    Suspend,
    /// End; true when it was Ctrl-C.
    Quit {
        /// Whether without a question.
        interrupted: bool,
    },
}

impl Model {
    /// The time of day, milliseconds since the Unix epoch.
    pub fn clock_ms(&self) -> i64 {
        self.began_ms + self.now_ms as i64
    }

    /// The selected execution.
    pub fn selected(&self) -> Option<&Run> {
        self.shown
            .get(self.cursor)
            .and_then(|index| self.runs.get(*index))
    }

    /// The execution of this ARN.
    pub fn run(&self, arn: &str) -> Option<&Run> {
        self.index.get(arn).and_then(|index| self.runs.get(*index))
    }

    /// The open execution, when its history is there.
    pub fn opened(&self) -> Option<&Opened> {
        let opened = self.details.opened.as_deref()?;
        (self.details.arn.as_deref() == Some(&opened.arn)).then_some(opened)
    }

    /// The picture of the machine that the open execution runs.
    pub fn graph(&self) -> Option<&Graph> {
        self.details.graph.as_deref().or(self.graph.as_deref())
    }

    /// Whether items, batches and cost are known.
    pub fn is_ours(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.ours)
    }

    /// What an execution did cost, when that is known.
    pub fn cost(&self, run: &Run) -> Option<f64> {
        let pricing = self.pricing.as_ref()?;
        pricing.total(run.digest.as_deref()?)
    }

    /// Where an execution ran last.
    pub fn place(run: &Run) -> Option<Place> {
        run.digest.as_ref()?.places.last().copied()
    }

    /// When a [`Msg::Tick`] would change something.
    pub fn wake_ms(&self) -> Option<u64> {
        if !self.open {
            return None;
        }
        let toast = self.toast.as_ref().map(|toast| toast.until_ms);
        let rest = self.moved_ms + REST_MS;
        let rest = (rest > self.now_ms).then_some(rest);
        let age = Some(self.now_ms + AGE_MS);
        [age, toast, rest].into_iter().flatten().min()
    }
}
