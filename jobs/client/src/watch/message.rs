//! What a watcher and its feed say to each other.

use std::sync::Arc;

use super::run::Run;
use crate::track::ExecutionView;
use crate::track::event::Event;

/// What is wanted of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// These executions are on screen, the most wanted first: their histories are read before others'.
    Visible(Vec<String>),
    /// This execution is open: its whole history is wanted, and followed. `None`: none is.
    Open(Option<String>),
    /// Before and after of an execution's item are wanted.
    Pictures(String),
    /// Whether to ask for nothing but what is ordered.
    Pause(bool),
    /// Look at once.
    Refresh,
    /// Do this with these executions, one after the other.
    Act(Action, Vec<String>),
}

/// What can be done with an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stop it.
    Stop,
    /// Go on from the states that failed.
    Redrive,
    /// Start another with the same input.
    StartAgain,
    /// Download its item's result into this folder.
    Download(std::path::PathBuf),
}

/// What the feed has to say.
#[derive(Clone, Debug)]
pub enum News {
    /// The machine that is watched. Comes first, and again when its definition changes.
    Machine(Box<Machine>),
    /// Executions that are new or changed, in no order.
    Runs(Vec<Run>),
    /// Whether every execution of the machine was listed. Until then more will come.
    Listed {
        /// How many were listed.
        count: usize,
        /// Whether that is all of them.
        complete: bool,
    },
    /// The open execution, whole; again whenever there is more.
    Opened(Arc<Opened>),
    /// An execution cannot be opened, in a sentence.
    NotOpened {
        /// Its ARN.
        arn: String,
        /// Why.
        why: String,
    },
    /// The files of an item before and after, as they are stored; what is not there, or is too large to show, is `None`.
    Pictures {
        /// The execution.
        arn: String,
        /// The original.
        before: Option<Vec<u8>>,
        /// The result.
        after: Option<Vec<u8>>,
    },
    /// How it goes with the target.
    Health(Health),
    /// What became of an order to act.
    Acted(Acted),
}

/// The machine that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its definition, JSON.
    pub definition: String,
    /// Whether it is the one that cleans pictures: then items, batches and cost are known.
    pub ours: bool,
    /// Where its executions can be looked at in a browser, with `{}` for the ARN; none for the local cloud.
    pub console: Option<String>,
}

/// An execution with everything that its history says.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its ARN.
    pub arn: String,
    /// What it did.
    pub view: ExecutionView,
    /// Its history, oldest first.
    pub events: Vec<Arc<Event>>,
    /// Of each event, the index of the step (in `view.steps`) that it belongs to.
    pub owners: Vec<Option<usize>>,
    /// Whether the history was read to its present end; a long one comes in portions.
    pub complete: bool,
    /// The definition it runs, when it is not the machine's present one.
    pub definition: Option<String>,
    /// Its input, JSON.
    pub input: Option<String>,
    /// Its output, JSON.
    pub output: Option<String>,
}

/// How it goes with the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Answers come; the last one at this time (ms since the epoch).
    Live {
        /// When the list was read last.
        at_ms: i64,
        /// Whether it asked to slow down and is asked less often.
        throttled: bool,
        /// Milliseconds until the list is read again.
        next_ms: u64,
    },
    /// Nobody answers; what is on screen stays.
    Offline {
        /// Why, in a sentence.
        why: String,
        /// Milliseconds until the next try.
        next_ms: u64,
    },
    /// It answers, but there is nothing to be had: wrong or expired credentials, no such machine, one whose
    /// executions cannot be listed. What is on screen stays; it is tried again now and then.
    Failed {
        /// Why, in a sentence.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A permission is missing; the rest goes on.
    Denied {
        /// `states:ListExecutions`.
        action: String,
        /// The service's words.
        why: String,
    },
}

/// What became of an order to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// What was to be done.
    pub action: Action,
    /// How many it was for.
    pub of: usize,
    /// ARNs of those that it was done to. Of a start, the new ones.
    pub done: Vec<String>,
    /// Those that it was not done to.
    pub refused: Vec<Refused>,
    /// Whether these are all: before that, how far it is.
    pub complete: bool,
}

/// An execution that something could not be done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its ARN.
    pub arn: String,
    /// Why, in a sentence.
    pub why: String,
}
