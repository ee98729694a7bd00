//! What a definition consists of once it has been read and checked.

use serde_json::Value;

use crate::choice::Rule;
use crate::filters::{InputOutput, ResultPath};
use crate::path::Path;
use crate::resource::Resource;
use crate::retry::{Catcher, Retrier};
use crate::template::{Expression, Template};
use crate::time::Timestamp;

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) io: InputOutput,
    pub(crate) kind: Kind,
}

/// Where a state leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Next(String),
    End,
}

/// What a state does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Task(Box<Task>),
    Pass(Pass),
    Choice(Choice),
    Wait {
        until: Until,
        transition: Transition,
    },
    Succeed,
    Fail {
        error: Option<Text>,
        cause: Option<Text>,
    },
}

impl Kind {
    /// The word in the history's `…StateEntered`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Task(_) => "Task",
            Kind::Pass(_) => "Pass",
            Kind::Choice(_) => "Choice",
            Kind::Wait { .. } => "Wait",
            Kind::Succeed => "Succeed",
            Kind::Fail { .. } => "Fail",
        }
    }
}

/// A Task state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) parameters: Option<Template>,
    pub(crate) selector: Option<Template>,
    pub(crate) result_path: ResultPath,
    pub(crate) timeout: Option<Seconds>,
    pub(crate) heartbeat: Option<Seconds>,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
    pub(crate) transition: Transition,
}

/// A Pass state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pass {
    pub(crate) result: Option<Value>,
    pub(crate) parameters: Option<Template>,
    pub(crate) result_path: ResultPath,
    pub(crate) transition: Transition,
}

/// A Choice state's own fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Each rule and where it leads.
    pub(crate) rules: Vec<(Rule, String)>,
    pub(crate) default: Option<String>,
}

/// A time-out in seconds, given or looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seconds {
    Fixed(u64),
    Path(Path),
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Until {
    Seconds(u64),
    Timestamp(Timestamp),
    SecondsPath(Path),
    TimestampPath(Path),
}

/// A Fail state's error or cause, given or looked up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Text {
    Fixed(String),
    /// From the field of that name.
    Expression(&'static str, Expression),
}
