//! The way out of a state: its output, and the variables that it assigns.

use std::sync::Arc;

use serde_json::Value;

use super::Run;
use super::flow::{Extra, Flow};
use crate::definition::{Assign, Language, State, Transition};
use crate::error::{DATA_LIMIT_EXCEEDED, Failure, Problem};
use crate::filters::{Data, limit_failure};
use crate::history::Details;
use crate::payload::{MAX_BYTES, Payload};
use crate::retry::Catcher;
use crate::scope::Scope;
use crate::thread::{Entering, Phase, ThreadId};

/// The most bytes that all variables of an execution have together: 10 MiB.
const MAX_VARIABLES: usize = 10 * 1024 * 1024;

/// What a state leaves behind.
pub(super) struct Leaving {
    pub(super) output: Data,
    pub(super) assigned: Vec<(Arc<str>, Value)>,
}

/// Variables and their new values, as the payloads they become.
type Assigned = Vec<(Arc<str>, Payload)>;

/// Evaluates `Assign`. Every value sees the variables as they were before.
pub(crate) fn assigned(
    assign: &Assign,
    scope: &Scope<'_>,
) -> Result<Vec<(Arc<str>, Value)>, Problem> {
    assign
        .iter()
        .map(|(name, template)| Ok((Arc::clone(name), template.evaluate(scope)?)))
        .collect()
}

impl Run<'_> {
    /// Leaves a state whose output is its input.
    pub(super) fn leave_with_input(
        &mut self,
        at: ThreadId,
        state: &State,
    ) -> Result<Flow, Failure> {
        let leaving = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let assigned = assigned(&state.assign, &scope.with_input(input.value()))?;
            let output = match &state.output {
                Some(output) => Data::Made(output.evaluate(scope)?),
                None => state.io.output.apply(input, scope)?,
            };
            Ok(Leaving { output, assigned })
        })?;
        self.leave(at, state, leaving, &state.transition)
    }

    /// Leaves a state with the result of its work.
    pub(super) fn leave_with_result(
        &mut self,
        at: ThreadId,
        state: &State,
        result: &Payload,
    ) -> Result<Flow, Failure> {
        let leaving = self.evaluate(at, state, Extra::default(), |raw, scope| {
            if state.language == Language::Jsonata {
                let scope = scope.with_result(result.value());
                let assigned = assigned(&state.assign, &scope)?;
                let output = match &state.output {
                    Some(output) => Data::Made(output.evaluate(&scope)?),
                    None => Data::Kept(result.clone()),
                };
                return Ok(Leaving { output, assigned });
            }
            let of_result = scope.with_input(result.value());
            let assigned = assigned(&state.assign, &of_result)?;
            let selected = match &state.selector {
                Some(selector) => Data::Made(selector.evaluate(&of_result)?),
                None => Data::Kept(result.clone()),
            };
            let merged = state.result_path.apply(raw, selected)?;
            let output = state.io.output.apply(merged, scope)?;
            Ok(Leaving { output, assigned })
        })?;
        self.leave(at, state, leaving, &state.transition)
    }

    /// Leaves a state by a catcher.
    pub(super) fn caught(
        &mut self,
        at: ThreadId,
        state: &State,
        catcher: &Catcher,
        failure: &Failure,
    ) -> Result<Flow, Failure> {
        let error = failure.output();
        let leaving = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let jsonata = state.language == Language::Jsonata;
            let of_error = if jsonata {
                scope.with_error(&error)
            } else {
                scope.with_input(&error)
            };
            let assigned = assigned(&catcher.assign, &of_error)?;
            let output = match &catcher.output {
                Some(output) => Data::Made(output.evaluate(&of_error)?),
                None => catcher.result_path.apply(raw, Data::Made(error.clone()))?,
            };
            Ok(Leaving { output, assigned })
        })?;
        let to = Transition::Next(Arc::clone(&catcher.next));
        self.leave(at, state, leaving, &to)
    }

    /// Leaves the current state.
    pub(super) fn leave(
        &mut self,
        at: ThreadId,
        state: &State,
        leaving: Leaving,
        to: &Transition,
    ) -> Result<Flow, Failure> {
        let output = leaving
            .output
            .into_payload()
            .map_err(|error| limit_failure(&error, &state.name))?;
        let assigned = self.within_limits(at, state, leaving.assigned)?;
        let details = Details::exited(
            Arc::clone(&state.name),
            output.clone(),
            Arc::from(assigned.as_slice()),
        );
        self.emit(at, state.kind.events().exited, details)?;
        self.assign(at, assigned);
        let Some(thread) = self.thread_mut(at) else {
            return Ok(Flow::Rest);
        };
        match to {
            Transition::Next(next) => {
                if let Some(current) = &mut thread.current {
                    // What is inside is dropped by whoever knows of it.
                    if !matches!(current.phase, Phase::Inside(_)) {
                        thread.current = None;
                    }
                }
                thread.entering = Some(Entering {
                    state: Arc::clone(next),
                    input: output,
                });
                Ok(Flow::Enter)
            }
            Transition::End => Ok(Flow::Ended(output)),
        }
    }

    fn within_limits(
        &mut self,
        at: ThreadId,
        state: &State,
        values: Vec<(Arc<str>, Value)>,
    ) -> Result<Assigned, Failure> {
        let mut payloads = Vec::with_capacity(values.len());
        let (mut bytes, mut grown) = (0, 0);
        for (name, value) in values {
            let payload =
                Payload::from_value(value).map_err(|error| limit_failure(&error, &state.name))?;
            bytes += payload.text().len();
            grown += payload.text().len();
            let thread = self.thread_mut(at);
            let before = thread.and_then(|thread| thread.variables.get(&name));
            let freed = before.map_or(0, |before| before.text().len());
            grown = grown.saturating_sub(freed);
            payloads.push((name, payload));
        }
        let entered = self.current(at)?.entered_event;
        let too_large = |what: &str, limit: usize| {
            let problem = Problem::new(
                DATA_LIMIT_EXCEEDED,
                format!("{what} exceeds the service limit of {limit} bytes."),
            );
            Failure::in_state(&problem, &state.name, entered)
        };
        if bytes > MAX_BYTES {
            return Err(too_large("The size of the assigned variables", MAX_BYTES));
        }
        if self.execution.variable_bytes + grown > MAX_VARIABLES {
            return Err(too_large("The size of all variables", MAX_VARIABLES));
        }
        Ok(payloads)
    }

    fn assign(&mut self, at: ThreadId, assigned: Assigned) {
        if assigned.is_empty() {
            return;
        }
        let mut bytes = self.execution.variable_bytes;
        if let Some(thread) = self.thread_mut(at) {
            for (name, value) in assigned {
                bytes += value.text().len();
                if let Some(before) = thread.variables.insert(name, value) {
                    bytes = bytes.saturating_sub(before.text().len());
                }
            }
        }
        self.execution.variable_bytes = bytes;
    }
}
