//! What a definition consists of once it has been read and checked.

use std::sync::Arc;

use serde_json::Value;

use super::distributed::Distributed;
use crate::choice::Rule;
use crate::filters::{InputOutput, ResultPath};
use crate::jsonata::Query;
use crate::path::Path;
use crate::resource::Resource;
use crate::retry::{Catcher, Retrier};
use crate::template::{Expression, Template};
use crate::time::Timestamp;

/// In which language a state's expressions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    JsonPath,
    Jsonata,
}

impl Language {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Language::JsonPath => "JSONPath",
            Language::Jsonata => "JSONata",
        }
    }
}

/// `Assign`: the variables in the order of the text, and what each gets.
pub(crate) type Assign = Vec<(Arc<str>, Template)>;

/// One state. What its kind does not have is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) name: Arc<str>,
    /// Where it stands in the document.
    pub(crate) location: String,
    pub(crate) language: Language,
    pub(crate) io: InputOutput,
    /// `Parameters` or `Arguments`.
    pub(crate) arguments: Option<Template>,
    /// `ResultSelector`.
    pub(crate) selector: Option<Template>,
    pub(crate) result_path: ResultPath,
    /// `Output`, in `JSONata`.
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
    pub(crate) transition: Transition,
    pub(crate) kind: Kind,
}

/// Where a state leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Next(Arc<str>),
    End,
}

/// What a state does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Task(Box<Task>),
    /// With its `Result`.
    Pass(Option<Value>),
    Choice(Choice),
    Wait(Until),
    Succeed,
    Fail {
        error: Option<Text>,
        cause: Option<Text>,
    },
    /// With the first state of each branch.
    Parallel(Vec<Arc<str>>),
    Map(Box<Map>),
}

/// The types of the events that belong to one kind of state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventTypes {
    pub(crate) entered: &'static str,
    pub(crate) exited: &'static str,
    pub(crate) aborted: Option<&'static str>,
    /// For the kinds with something inside.
    pub(crate) started: &'static str,
    pub(crate) succeeded: &'static str,
    pub(crate) failed: &'static str,
}

macro_rules! event_types {
    ($kind:literal, $aborted:expr) => {
        EventTypes {
            entered: concat!($kind, "StateEntered"),
            exited: concat!($kind, "StateExited"),
            aborted: $aborted,
            started: concat!($kind, "StateStarted"),
            succeeded: concat!($kind, "StateSucceeded"),
            failed: concat!($kind, "StateFailed"),
        }
    };
}

impl Kind {
    /// What the history calls the events of such a state.
    pub(crate) fn events(&self) -> EventTypes {
        match self {
            Kind::Task(_) => event_types!("Task", Some("TaskStateAborted")),
            Kind::Pass(_) => event_types!("Pass", None),
            Kind::Choice(_) => event_types!("Choice", None),
            Kind::Wait(_) => event_types!("Wait", Some("WaitStateAborted")),
            Kind::Succeed => event_types!("Succeed", None),
            Kind::Fail { .. } => event_types!("Fail", None),
            Kind::Parallel(_) => event_types!("Parallel", Some("ParallelStateAborted")),
            Kind::Map(_) => event_types!("Map", Some("MapStateAborted")),
        }
    }

    /// Whether such a state has `Retry` and `Catch`, and so tells how often it was tried.
    pub(crate) fn is_retried(&self) -> bool {
        matches!(self, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_))
    }
}

/// A Task state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) timeout: Option<Number>,
    pub(crate) heartbeat: Option<Number>,
    /// `Credentials`, whose `RoleArn` is used.
    pub(crate) credentials: Option<Template>,
}

/// A Map state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) items: Items,
    /// `ItemSelector`, or `Parameters` by its former name.
    pub(crate) selector: Option<Template>,
    pub(crate) max_concurrency: Option<Number>,
    /// The first state of the processor.
    pub(crate) start_at: Arc<str>,
    pub(crate) distributed: Option<Distributed>,
}

/// What a Map iterates over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Items {
    /// `ItemsPath`; without one the whole input.
    Path(Option<Path>),
    /// `Items`: an array of templates, or an expression that gives an array.
    Made(Template),
}

/// A Choice state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) rules: Vec<ChoiceRule>,
    pub(crate) default: Option<Arc<str>>,
}

/// One element of `Choices`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChoiceRule {
    pub(crate) condition: Condition,
    pub(crate) next: Arc<str>,
    pub(crate) assign: Assign,
    pub(crate) output: Option<Template>,
}

/// When a rule holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Rule(Rule),
    Fixed(bool),
    Query(Query),
}

/// A number, given or looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Fixed(u64),
    Path(Path),
    Query(Query),
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Until {
    Seconds(u64),
    Timestamp(Timestamp),
    SecondsPath(Path),
    TimestampPath(Path),
    SecondsQuery(Query),
    TimestampQuery(Query),
}

/// A Fail state's error or cause, given or looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Text {
    Fixed(String),
    /// From the field of that name.
    Expression(&'static str, Expression),
    Query(Query),
}
