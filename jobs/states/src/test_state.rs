//! One state by itself: what `TestState` does, as far as nobody else is needed for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::definition::{Definition, InvalidDefinition};
use crate::event::Moment;
use crate::execution::{Execution, ExecutionInfo, TaskRequest};
use crate::interpreter::test_one;
use crate::payload::{Payload, PayloadError};
use crate::thread::{Entering, Thread, ThreadId};

/// A state, what it is tested with, and what is known of its surroundings.
#[derive(Clone, Debug, Default)]
pub struct StateTest {
    /// The state's name.
    pub state: String,
    /// Its input as JSON text.
    pub input: String,
    /// The execution that it would be in.
    pub info: ExecutionInfo,
    /// Variables that have been assigned before.
    pub variables: BTreeMap<String, Value>,
    /// Fields of the context object, which replace those that are made.
    pub context: Map<String, Value>,
    /// What its work ended with: mocked, or got from the service that [`Tested::Needs`] names.
    pub result: Option<Result<String, TestedError>>,
    /// How often the retrier that takes the error has been used before.
    pub retries: u32,
}

/// An error that a state's work ended with, or that the state ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestedError {
    /// Its name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Tested {
    /// The state asks for this work: do it (or refuse), and test again with its result.
    Needs(Box<TaskRequest>),
    /// The state is a Parallel or Map, which can be tested with a mocked result only.
    NeedsMock,
    /// The state has ended.
    Done(Box<Outcome>),
}

/// The API's word for how a tested state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// It was left as it should be.
    Succeeded,
    /// It failed, and nothing takes the error.
    Failed,
    /// It failed, and a retrier takes the error.
    Retriable,
    /// It failed, and a catcher takes the error.
    CaughtError,
}

impl TestStatus {
    /// The API's word, for example `CAUGHT_ERROR`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TestStatus::Succeeded => "SUCCEEDED",
            TestStatus::Failed => "FAILED",
            TestStatus::Retriable => "RETRIABLE",
            TestStatus::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// A tested state's end.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub status: TestStatus,
    /// Its output as JSON text, when it was left.
    pub output: Option<String>,
    /// Its error, when it failed.
    pub failure: TestedError,
    /// The state that comes next, if one does.
    pub next_state: Option<String>,
    /// Its data at each step on the way, by the API's names (`afterInputPath`), as JSON texts.
    pub inspection: BTreeMap<&'static str, String>,
}

impl Definition {
    /// Reads the definition of one state, as `TestState` takes it, in a machine of its own in which it
    /// is called `name`. The states that it leads to are made up.
    pub fn parse_state(text: &str, name: &str) -> Result<Definition, InvalidDefinition> {
        // A text that is no object is refused with its own words.
        let Ok(Value::Object(state)) = serde_json::from_str::<Value>(text) else {
            return Definition::parse(text);
        };
        let mut states = Map::new();
        for target in targets(&state).into_iter().filter(|target| target != name) {
            states.insert(target, json!({ "Type": "Succeed" }));
        }
        if states.is_empty() && state.contains_key("Next") {
            states.insert("End".to_owned(), json!({ "Type": "Succeed" }));
        }
        states.insert(name.to_owned(), Value::Object(state));
        let machine = json!({ "StartAt": name, "States": states });
        let mut found = Definition::parse(&machine.to_string());
        if let Err(invalid) = &mut found {
            // The places are those of the state alone.
            let inside = format!("/States/{name}");
            for diagnostic in &mut invalid.diagnostics {
                let location = diagnostic.location.strip_prefix(&inside);
                let location = location.map(|rest| if rest.is_empty() { "/" } else { rest });
                if let Some(location) = location.map(str::to_owned) {
                    diagnostic.location = location;
                }
                (diagnostic.line, diagnostic.column) = (1, 1);
            }
        }
        found
    }
}

/// Every state that a state names.
fn targets(state: &Map<String, Value>) -> Vec<String> {
    let mut targets = Vec::new();
    let mut add = |target: Option<&Value>| {
        targets.extend(target.and_then(Value::as_str).map(str::to_owned));
    };
    add(state.get("Next"));
    add(state.get("Default"));
    for field in ["Choices", "Catch"] {
        let entries = state.get(field).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            add(entry.get("Next"));
        }
    }
    targets
}

/// Tests one state of a definition. Wait states do not wait.
pub fn test_state(
    definition: &Definition,
    test: &StateTest,
    moment: Moment,
) -> Result<Tested, PayloadError> {
    let mut execution = Execution::new(test.info.clone(), &test.input)?;
    execution.start_date = Some(moment.now);
    let mut variables = BTreeMap::new();
    for (name, value) in &test.variables {
        let value = Payload::from_value(value.clone())?;
        variables.insert(Arc::from(name.as_str()), value);
    }
    let thread = Thread {
        variables,
        entering: Some(Entering {
            state: Arc::from(test.state.as_str()),
            input: execution.input.clone(),
        }),
        ..Thread::default()
    };
    execution.threads.insert(ThreadId::ROOT, thread);
    Ok(test_one(definition, execution, test, moment))
}
