//! Answers for Task states that are tested without the services they call.
//!
//! The file is that of Step Functions Local ("Using mocked service integrations for testing in Step Functions
//! Local", AWS developer guide): test cases of state machines name a mocked response for each Task state that
//! is not to call anybody, and a mocked response says what each call gets. An execution is started with a test
//! case by the ARN `…:stateMachine:NAME#CASE`.
//!
//! ```json
//! {
//!   "StateMachines": { "orders": { "TestCases": { "Busy": { "Charge": "ChargedLater" } } } },
//!   "MockedResponses": {
//!     "ChargedLater": {
//!       "0-1": { "Throw": { "Error": "Lambda.TooManyRequestsException", "Cause": "Rate Exceeded." } },
//!       "2":   { "Return": { "StatusCode": 200, "Payload": { "paid": true } } }
//!     }
//!   }
//! }
//! ```
//!
//! `file` reads and checks it, `answers` is what the engine does with it.

mod answers;
mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use answers::{check_case, split_case};
pub use file::MocksError;

/// A mock file that has been read and checked.
#[derive(Clone, Debug, Default)]
pub struct Mocks {
    /// Test cases by machine and name.
    machines: Arc<BTreeMap<String, BTreeMap<String, TestCase>>>,
}

/// The mocked response of each Task state that calls nobody, by the state's name.
pub(crate) type TestCase = BTreeMap<String, Arc<MockedResponse>>;

/// What the calls of a state get.
#[derive(Debug)]
pub(crate) struct MockedResponse {
    /// Its name in the file.
    name: String,
    /// By the first call that they are for; no two are for the same call. Calls are counted from 0.
    answers: Vec<NumberedAnswer>,
}

#[derive(Debug)]
struct NumberedAnswer {
    first: u32,
    last: u32,
    answer: Answer,
}

/// What one call gets.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A result, as JSON text.
    Return(String),
    /// A failure.
    Throw {
        error: String,
        cause: Option<String>,
    },
}

impl Mocks {
    /// A test case of a machine.
    pub(crate) fn case(&self, machine: &str, name: &str) -> Option<&TestCase> {
        self.machines.get(machine)?.get(name)
    }

    /// The names of a machine's test cases.
    pub(crate) fn cases(&self, machine: &str) -> Vec<&str> {
        let cases = self.machines.get(machine);
        cases.map_or(Vec::new(), |cases| {
            cases.keys().map(String::as_str).collect()
        })
    }

    /// Whether any test case of the machine answers for this state.
    pub(crate) fn answers_for(&self, machine: &str, state: &str) -> bool {
        let cases = self.machines.get(machine);
        cases.is_some_and(|cases| cases.values().any(|case| case.contains_key(state)))
    }
}

impl MockedResponse {
    /// What the call with this number gets.
    fn answer(&self, call: u32) -> Option<&Answer> {
        let after = self.answers.partition_point(|answer| answer.first <= call);
        let found = self.answers.get(after.checked_sub(1)?)?;
        (call <= found.last).then_some(&found.answer)
    }
}
