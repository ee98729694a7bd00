//! One state by itself, with the machinery of all of them.

use std::collections::{BTreeMap, VecDeque};

use super::Run;
use super::flow::{Extra, Flow};
use crate::definition::{Definition, Kind, Language};
use crate::error::Failure;
use crate::event::Moment;
use crate::execution::Execution;
use crate::filters::Data;
use crate::payload::Payload;
use crate::random::Random;
use crate::test_state::{Outcome, StateTest, TestStatus, Tested, TestedError};
use crate::thread::{Current, Phase, ThreadId};

/// Enters the state in the execution's thread and follows it until it is left.
pub(crate) fn test_one(
    definition: &Definition,
    execution: Execution,
    test: &StateTest,
    moment: Moment,
) -> Tested {
    let at = ThreadId::ROOT;
    let new_run = |execution| Run {
        definition,
        execution,
        now: moment.now,
        random: Random::new(moment.seed),
        commands: Vec::new(),
        history: Vec::new(),
        ready: VecDeque::new(),
        given_context: test.context.clone(),
    };
    let mut inspection = BTreeMap::from([("input", test.input.clone())]);
    // Looked at apart, so that looking changes nothing.
    let mut aside = new_run(execution.clone());
    aside.stand_in_state(at);
    aside.inspect_input(at, &mut inspection);
    let mut run = new_run(execution);
    let mut flow = run.resume(at);
    if let Ok(Flow::Rest) = flow {
        let phase = run.current(at).map(|current| current.phase.clone());
        flow = match (phase, &test.result) {
            (Ok(Phase::Task(open)), None) => return Tested::Needs(Box::new(open.request)),
            (Ok(Phase::Task(_) | Phase::Inside(_) | Phase::MapRun(_)), Some(result)) => {
                if let Ok(result) = result {
                    inspection.insert("result", result.clone());
                }
                run.mocked(at, result)
            }
            (Ok(Phase::Waiting(_)), _) => run.wake(at),
            _ => return Tested::NeedsMock,
        };
    }
    aside.inspect_result(at, &mut inspection);
    Tested::Done(Box::new(run.outcome(at, flow, test.retries, inspection)))
}

impl Run<'_> {
    /// The work of a state has ended so, however it would have been done.
    fn mocked(
        &mut self,
        at: ThreadId,
        result: &Result<String, TestedError>,
    ) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        self.drop_inside(at);
        self.set_phase(at, Phase::Idle);
        match result {
            Err(TestedError { error, cause }) => {
                Err(Failure::reported(error.clone(), cause.clone()))
            }
            Ok(output) => {
                let result =
                    Payload::parse(output).map_err(|_| Failure::result_too_large(&state.name))?;
                self.leave_with_result(at, state, &result)
            }
        }
    }

    fn outcome(
        &mut self,
        at: ThreadId,
        flow: Result<Flow, Failure>,
        retries: u32,
        inspection: BTreeMap<&'static str, String>,
    ) -> Outcome {
        let mut outcome = Outcome {
            status: TestStatus::Succeeded,
            output: None,
            failure: TestedError::default(),
            next_state: None,
            inspection,
        };
        let flow = match flow {
            Err(failure) => {
                outcome.failure = TestedError {
                    error: failure.error.clone(),
                    cause: failure.cause.clone(),
                };
                if let Ok(state) = self.state(at)
                    && let Some(current) = self.current_mut(at)
                {
                    current.attempts = vec![retries; state.retry.len()];
                }
                match self.handle(at, &failure) {
                    Err(failure) => {
                        outcome.status = TestStatus::Failed;
                        outcome.failure = TestedError {
                            error: failure.error,
                            cause: failure.cause,
                        };
                        return outcome;
                    }
                    Ok(Flow::Rest) => {
                        outcome.status = TestStatus::Retriable;
                        return outcome;
                    }
                    Ok(flow) => {
                        outcome.status = TestStatus::CaughtError;
                        flow
                    }
                }
            }
            Ok(flow) => flow,
        };
        let thread = self.execution.threads.get(&at);
        match (flow, thread.and_then(|thread| thread.entering.as_ref())) {
            (Flow::Ended(output), _) => outcome.output = Some(output.text().to_owned()),
            (_, Some(entering)) => {
                outcome.output = Some(entering.input.text().to_owned());
                outcome.next_state = Some(entering.state.to_string());
            }
            _ => {}
        }
        if let Some(thread) = thread.filter(|thread| !thread.variables.is_empty()) {
            let variables = thread.variables.iter();
            let variables =
                variables.map(|(name, value)| (name.to_string(), value.value().clone()));
            let variables = serde_json::Value::Object(variables.collect());
            outcome
                .inspection
                .insert("variables", variables.to_string());
        }
        outcome
    }

    /// Puts a thread into the state that it is about to enter, and does nothing there.
    fn stand_in_state(&mut self, at: ThreadId) {
        let now = self.now;
        let Some(thread) = self.thread_mut(at) else {
            return;
        };
        thread.current = thread.entering.take().map(|entering| Current {
            state: entering.state,
            input: entering.input,
            entered_at: now,
            entered_event: 0,
            entered_after: 0,
            attempts: Vec::new(),
            phase: Phase::Idle,
        });
    }

    /// What the fields make of the input. Where they cannot, the outcome tells why.
    fn inspect_input(&mut self, at: ThreadId, inspection: &mut BTreeMap<&'static str, String>) {
        let Ok(state) = self.state(at) else {
            return;
        };
        let seen = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let arguments = state.arguments.as_ref();
            let scope = scope.with_input(input.value());
            let arguments = arguments.map(|arguments| arguments.evaluate(&scope));
            Ok((input.value().to_string(), arguments.transpose()?))
        });
        let Ok((input, arguments)) = seen else {
            return;
        };
        let arguments = arguments.map_or_else(|| input.clone(), |value| value.to_string());
        if state.language == Language::Jsonata {
            inspection.insert("afterArguments", arguments);
        } else {
            inspection.insert("afterInputPath", input);
            inspection.insert("afterParameters", arguments);
        }
    }

    /// What the fields make of the result.
    fn inspect_result(&mut self, at: ThreadId, inspection: &mut BTreeMap<&'static str, String>) {
        let Ok(state) = self.state(at) else {
            return;
        };
        if let Kind::Pass(Some(result)) = &state.kind {
            inspection.insert("result", result.to_string());
        }
        let result = inspection.get("result").map(|text| Payload::parse(text));
        let Some(Ok(result)) = result.filter(|_| state.language == Language::JsonPath) else {
            return;
        };
        let seen = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let selected = match &state.selector {
                Some(selector) => Data::Made(selector.evaluate(&scope.with_input(result.value()))?),
                None => Data::Kept(result.clone()),
            };
            let text = selected.value().to_string();
            let merged = state.result_path.apply(raw, selected)?;
            Ok((text, merged.value().to_string()))
        });
        if let Ok((selected, merged)) = seen {
            if state.kind.is_retried() {
                inspection.insert("afterResultSelector", selected);
            }
            inspection.insert("afterResultPath", merged);
        }
    }
}
