//! A state machine's definition: what the text says, checked and ready to run.
//!
//! [`Definition::parse`] reads the text into a tree that knows its positions, reads the states from
//! it, then checks how they hang together; it collects every finding before it gives up.

mod assign;
mod choices;
mod distributed;
mod fields;
mod findings;
mod graph;
mod handlers;
mod kinds;
mod position;
mod read;
mod state;
mod templates;
mod warnings;

pub(crate) use distributed::{Distributed, Percentage, Reader, Writer};
pub use findings::{Diagnostic, InvalidDefinition, Severity};
pub(crate) use state::{
    Assign, Choice, Condition, Items, Kind, Language, Map, Number, State, Task, Text, Transition,
    Until,
};

use std::collections::HashMap;
use std::sync::Arc;

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
    start_at: Arc<str>,
    timeout_seconds: Option<u64>,
    activity_clock: ActivityClock,
    warnings: Vec<Diagnostic>,
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
            Some(definition) if findings.is_empty() => Ok(Definition {
                warnings: findings.into_warnings(),
                ..definition
            }),
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

    /// What can be done and bites people, in the order of the text: states that may wait for ever,
    /// handlers that never match, Fail states that defeat a redrive.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
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

    pub(crate) fn first(&self) -> &Arc<str> {
        &self.start_at
    }

    /// The first state of a Map state's processor.
    pub(crate) fn processor_start(&self, map: &str) -> Option<&Arc<str>> {
        match &self.state(map)?.kind {
            Kind::Map(map) => Some(&map.start_at),
            _ => None,
        }
    }

    /// Every Map state in distributed mode, in the order of the text.
    #[must_use]
    pub fn distributed_maps(&self) -> Vec<&str> {
        let distributed =
            |state: &&State| matches!(&state.kind, Kind::Map(map) if map.distributed.is_some());
        let states = self.states.iter().filter(distributed);
        states.map(|state| &*state.name).collect()
    }

    /// The places of the processors whose runs are express executions, for example
    /// `/States/Each/ItemProcessor`.
    #[must_use]
    pub fn express_processors(&self) -> Vec<String> {
        let express = |state: &&State| {
            matches!(&state.kind, Kind::Map(map)
                if map.distributed.as_ref().is_some_and(|distributed| distributed.express))
        };
        let states = self.states.iter().filter(express);
        states
            .map(|state| format!("{}/ItemProcessor", state.location))
            .collect()
    }

    /// Whether there is a state of this name, anywhere.
    #[must_use]
    pub fn has_state(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Every Task state with what it calls, in the order of the text.
    #[must_use]
    pub fn resources(&self) -> Vec<(String, Resource)> {
        self.states
            .iter()
            .filter_map(|state| match &state.kind {
                Kind::Task(task) => Some((state.name.to_string(), task.resource.clone())),
                _ => None,
            })
            .collect()
    }

    /// Everything that is called, with the place in the document where it is named: the resources
    /// of Task states, item readers and result writers.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, Resource)> {
        let mut calls = Vec::new();
        for state in &self.states {
            let at = |field: &str| format!("{}/{field}", state.location);
            match &state.kind {
                Kind::Task(task) => calls.push((at("Resource"), task.resource.clone())),
                Kind::Map(map) => {
                    let distributed = map.distributed.as_ref();
                    let reader = distributed.and_then(|map| map.reader.as_ref());
                    let reader = reader.map(|reader| reader.resource.clone());
                    calls.extend(reader.map(|reader| (at("ItemReader/Resource"), reader)));
                    let writer = distributed.and_then(|map| map.writer.as_ref());
                    let writer = writer.and_then(|writer| writer.resource.clone());
                    calls.extend(writer.map(|writer| (at("ResultWriter/Resource"), writer)));
                }
                _ => {}
            }
        }
        calls
    }

    /// The Task state whose resource stands at this place, as [`calls`](Self::calls) tells it.
    #[must_use]
    pub fn task_at(&self, location: &str) -> Option<&str> {
        let state = location.strip_suffix("/Resource")?;
        let named =
            |found: &&State| *found.location == *state && matches!(found.kind, Kind::Task(_));
        self.states.iter().find(named).map(|state| &*state.name)
    }

    pub(crate) fn activity_clock(&self) -> ActivityClock {
        self.activity_clock
    }

    pub(crate) fn state(&self, name: &str) -> Option<&State> {
        self.by_name.get(name).map(|index| &self.states[*index])
    }
}
