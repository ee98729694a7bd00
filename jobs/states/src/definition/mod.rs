//! A state machine's definition: what the text says, checked and ready to run.
//!
//! [`Definition::parse`] reads the text into a tree that knows its positions, reads the states from
//! it, then checks how they hang together; it collects every finding before it gives up.

mod choices;
mod fields;
mod findings;
mod graph;
mod handlers;
mod position;
mod read;
mod state;

pub use findings::{Diagnostic, InvalidDefinition, Severity};
pub(crate) use state::{Choice, Kind, Pass, Seconds, State, Task, Text, Transition, Until};

use std::collections::HashMap;

use crate::resource::Resource;
use findings::Findings;
use position::Node;

/// The longest definition, in characters.
const MAX_CHARACTERS: usize = 1_048_576;

/// When the time-outs of an activity begin to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivityClock {
    /// When a worker takes the task, as the documentation says. A task that nobody takes waits
    /// until the machine's own time-out.
    #[default]
    Started,
    /// When the task is scheduled: time in the queue counts too.
    Scheduled,
}

/// A checked state machine.
#[derive(Clone, Debug)]
pub struct Definition {
    start_at: String,
    timeout_seconds: Option<u64>,
    activity_clock: ActivityClock,
    states: Vec<State>,
    by_name: HashMap<String, usize>,
}

impl Definition {
    /// Reads and checks a definition.
    ///
    /// ```
    /// use states_language::Definition;
    ///
    /// let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#;
    /// let found = Definition::parse(text).unwrap_err();
    /// assert_eq!(found.diagnostics[0].message, "Missing 'Next' target: B");
    /// assert_eq!(found.diagnostics[0].location, "/States/A/Next");
    /// assert_eq!((found.diagnostics[0].line, found.diagnostics[0].column), (1, 59));
    /// ```
    pub fn parse(text: &str) -> Result<Definition, InvalidDefinition> {
        let mut findings = Findings::new(text);
        if text.chars().count() > MAX_CHARACTERS {
            let message = format!("The definition has more than {MAX_CHARACTERS} characters");
            findings.schema("", 0, message);
            return Err(findings.into_error());
        }
        let node = Node::parse(text).map_err(|error| findings::not_json(&error))?;
        let definition = read::definition(&node, &mut findings);
        match definition {
            Some(definition) if findings.is_empty() => Ok(definition),
            _ => Err(findings.into_error()),
        }
    }

    /// The same machine with another rule for the clocks of its activities.
    #[must_use]
    pub fn with_activity_clock(self, activity_clock: ActivityClock) -> Definition {
        Definition {
            activity_clock,
            ..self
        }
    }

    /// The first state.
    #[must_use]
    pub fn start_at(&self) -> &str {
        &self.start_at
    }

    /// The machine's time-out in seconds.
    #[must_use]
    pub fn timeout_seconds(&self) -> Option<u64> {
        self.timeout_seconds
    }

    /// Every Task state with what it calls, in the order of the text.
    #[must_use]
    pub fn resources(&self) -> Vec<(String, Resource)> {
        self.states
            .iter()
            .filter_map(|state| match &state.kind {
                Kind::Task(task) => Some((state.name.clone(), task.resource.clone())),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn activity_clock(&self) -> ActivityClock {
        self.activity_clock
    }

    pub(crate) fn state(&self, name: &str) -> Option<&State> {
        self.by_name.get(name).map(|index| &self.states[*index])
    }
}
