//! Walking from state to state.

use serde_json::Value;

use super::{Run, history};
use crate::definition::{Choice, Kind, Pass, State, Text, Transition, Until};
use crate::error::{Failure, NO_CHOICE_MATCHED, Problem, RUNTIME};
use crate::execution::{Current, Phase, Status};
use crate::filters::{Data, limit_failure};
use crate::payload::Payload;
use crate::retry::find_retrier;
use crate::scope::{Context, Scope};
use crate::time::Timestamp;

/// What comes after something was done.
pub(super) enum Flow {
    /// The next state begins.
    Enter { state: String, input: Payload },
    /// Something has to happen first, or the execution has ended.
    Rest,
}

/// The longest wait in seconds, as in the definition's own fields.
const MAX_SECONDS: i64 = 99_999_999;

impl<'d> Run<'d> {
    /// Goes on until there is nothing left to do by itself.
    ///
    /// Every turn adds at least one event, so that the limit of the history ends endless machines.
    pub(super) fn drive(&mut self, flow: Result<Flow, Failure>) {
        let mut flow = flow;
        loop {
            flow = match flow {
                Ok(Flow::Rest) => return,
                Ok(Flow::Enter { state, input }) => self.enter(state, input),
                Err(failure) => match self.handle(&failure) {
                    Ok(flow) => Ok(flow),
                    // Also the handling can fail; then there is nobody left to ask.
                    Err(failure) => Ok(self.fail(failure)),
                },
            };
        }
    }

    fn enter(&mut self, name: String, input: Payload) -> Result<Flow, Failure> {
        let state = self.definition.state(&name);
        self.execution.current = Some(Current {
            state: name,
            input,
            entered_at: self.now,
            entered_event: self.execution.last_event + 1,
            attempts: Vec::new(),
            phase: Phase::Idle,
        });
        let current = self.current()?;
        let Some(state) = state else {
            return Err(unknown_state(&current.state));
        };
        let details = history::state_entered(&current.state, &current.input);
        self.emit(&format!("{}StateEntered", state.kind.name()), details)?;
        self.work()
    }

    /// The current state's definition, which the host may have lost.
    pub(super) fn state(&self) -> Result<&'d State, Failure> {
        let name = &self.current()?.state;
        self.definition
            .state(name)
            .ok_or_else(|| unknown_state(name))
    }

    /// Does what the current state is there for, from its beginning.
    pub(super) fn work(&mut self) -> Result<Flow, Failure> {
        let state = self.state()?;
        match &state.kind {
            Kind::Task(task) => self.schedule(state, task),
            Kind::Pass(pass) => self.pass(state, pass),
            Kind::Choice(choice) => self.choose(state, choice),
            Kind::Wait { until, transition } => self.wait(state, until, transition),
            Kind::Succeed => self.leave_with_input(state, &Transition::End),
            Kind::Fail { error, cause } => self.fail_state(error.as_ref(), cause.as_ref()),
        }
    }

    /// Evaluates something with the current state's raw input in sight; problems become failures
    /// of the state.
    pub(super) fn evaluate<T>(
        &self,
        work: impl FnOnce(&Payload, &Scope<'_>) -> Result<T, Problem>,
    ) -> Result<T, Failure> {
        let raw = self.current()?.input.clone();
        let retried = matches!(self.state()?.kind, Kind::Task(_));
        let context = Context::new(&self.execution, retried);
        let scope = Scope {
            input: raw.value(),
            context: &context,
            random: &self.random,
        };
        work(&raw, &scope).map_err(|problem| self.in_state(&problem))
    }

    fn pass(&mut self, state: &State, pass: &Pass) -> Result<Flow, Failure> {
        let output = self.evaluate(|raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let result = match (&pass.result, &pass.parameters) {
                (Some(result), _) => Data::Made(result.clone()),
                (None, Some(parameters)) => {
                    Data::Made(parameters.evaluate(&scope.with_input(input.value()))?)
                }
                (None, None) => input,
            };
            let merged = pass.result_path.apply(raw, result)?;
            state.io.output.apply(merged, scope)
        })?;
        self.leave(output, &pass.transition)
    }

    fn choose(&mut self, state: &State, choice: &Choice) -> Result<Flow, Failure> {
        let (next, output) = self.evaluate(|raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let mut next = choice.default.as_ref();
            for (rule, target) in &choice.rules {
                if rule.holds(&scope.with_input(input.value()))? {
                    next = Some(target);
                    break;
                }
            }
            let next = next.ok_or_else(|| Problem {
                error: NO_CHOICE_MATCHED,
                message: "Failed to transition out of the state. The state's choices do not match \
                          its input, and there is no default."
                    .to_owned(),
            })?;
            Ok((next.clone(), state.io.output.apply(input, scope)?))
        })?;
        self.leave(output, &Transition::Next(next))
    }

    fn wait(
        &mut self,
        state: &State,
        until: &Until,
        transition: &Transition,
    ) -> Result<Flow, Failure> {
        let entered = self.current()?.entered_at;
        let at = self.evaluate(|raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            wait_until(until, entered, &scope.with_input(input.value()))
        })?;
        if at <= self.now {
            return self.leave_with_input(state, transition);
        }
        let timer = self.set_timer(at);
        self.set_phase(Phase::Waiting(timer));
        Ok(Flow::Rest)
    }

    /// A Wait state's time has come.
    pub(super) fn wake(&mut self) -> Result<Flow, Failure> {
        let state = self.state()?;
        match &state.kind {
            Kind::Wait { transition, .. } => self.leave_with_input(state, transition),
            // Only with another definition than the one it began with.
            _ => self.work(),
        }
    }

    fn fail_state(&mut self, error: Option<&Text>, cause: Option<&Text>) -> Result<Flow, Failure> {
        let (error, cause) = self.evaluate(|_, scope| {
            let text = |text: Option<&Text>| text.map(|text| fail_text(text, scope)).transpose();
            Ok((text(error)?, text(cause)?))
        })?;
        Ok(self.fail(Failure::reported(error, cause)))
    }

    /// Leaves a state whose output is its input.
    fn leave_with_input(&mut self, state: &State, to: &Transition) -> Result<Flow, Failure> {
        let output = self.evaluate(|raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            state.io.output.apply(input, scope)
        })?;
        self.leave(output, to)
    }

    /// Leaves the current state.
    pub(super) fn leave(&mut self, output: Data, to: &Transition) -> Result<Flow, Failure> {
        let state = self.state()?;
        let output = output
            .into_payload()
            .map_err(|error| limit_failure(&error, &state.name))?;
        let details = history::state_exited(&state.name, &output);
        self.emit(&format!("{}StateExited", state.kind.name()), details)?;
        match to {
            Transition::Next(next) => Ok(Flow::Enter {
                state: next.clone(),
                input: output,
            }),
            Transition::End => {
                self.emit_last("ExecutionSucceeded", history::execution_succeeded(&output));
                self.execution.output = Some(output);
                self.execution.current = None;
                self.finish(Status::Succeeded);
                Ok(Flow::Rest)
            }
        }
    }

    /// Gives a failure to the current state's retriers, then to its catchers, then gives up.
    fn handle(&mut self, failure: &Failure) -> Result<Flow, Failure> {
        let Ok(State {
            kind: Kind::Task(task),
            ..
        }) = self.state()
        else {
            return Err(failure.clone());
        };
        let attempts = &self.current()?.attempts;
        if let Some((index, retrier)) = find_retrier(&task.retry, attempts, failure) {
            let used = attempts.get(index).copied().unwrap_or(0);
            let delay = retrier.delay_millis(used, &self.random);
            let timer = self.set_timer(self.now.plus_millis(delay));
            if let Some(current) = &mut self.execution.current {
                current.attempts.resize(task.retry.len(), 0);
                current.attempts[index] += 1;
                current.phase = Phase::BackingOff(timer);
            }
            return Ok(Flow::Rest);
        }
        let Some(catcher) = task
            .catch
            .iter()
            .find(|catcher| failure.matches(&catcher.errors))
        else {
            return Err(failure.clone());
        };
        let output =
            self.evaluate(|raw, _| catcher.result_path.apply(raw, Data::Made(failure.output())))?;
        self.leave(output, &Transition::Next(catcher.next.clone()))
    }

    /// Ends the execution with a failure.
    fn fail(&mut self, failure: Failure) -> Flow {
        let Failure { error, cause, .. } = failure;
        let details = history::failed("ExecutionFailed", error.as_deref(), cause.as_deref());
        self.emit_last("ExecutionFailed", details);
        self.execution.error = error;
        self.execution.cause = cause;
        self.finish(Status::Failed);
        Flow::Rest
    }
}

fn unknown_state(name: &str) -> Failure {
    let cause = format!("The state '{name}' is not in the definition of the state machine.");
    Failure::internal(RUNTIME, cause)
}

fn wait_until(until: &Until, entered: Timestamp, scope: &Scope<'_>) -> Result<Timestamp, Problem> {
    match until {
        Until::Seconds(seconds) => Ok(entered.plus_seconds(*seconds)),
        Until::Timestamp(moment) => Ok(*moment),
        Until::SecondsPath(path) => {
            let value = scope.filter(path)?.to_value();
            let shown = || format!("{} == {value}", path.text);
            let seconds = value.as_i64().ok_or_else(|| {
                let shown = shown();
                Problem::runtime(format!(
                    "The SecondsPath parameter does not reference an integer value: {shown}"
                ))
            })?;
            if seconds < 0 {
                let message = "The SecondsPath parameter references a negative value";
                return Err(Problem::runtime(format!("{message}: {}", shown())));
            }
            if seconds > MAX_SECONDS {
                let message = format!(
                    "The SecondsPath parameter references a value above {MAX_SECONDS}: {}",
                    shown()
                );
                return Err(Problem::runtime(message));
            }
            Ok(entered.plus_seconds(seconds.unsigned_abs()))
        }
        Until::TimestampPath(path) => {
            let value = scope.filter(path)?.to_value();
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            Timestamp::parse(&text)
                .filter(|_| value.is_string())
                .ok_or_else(|| {
                    Problem::runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended \
                     offset date-time format string: {} == {text}",
                        path.text
                    ))
                })
        }
    }
}

fn fail_text(text: &Text, scope: &Scope<'_>) -> Result<String, Problem> {
    match text {
        Text::Fixed(text) => Ok(text.clone()),
        Text::Expression(field, expression) => match expression.evaluate(scope, field)? {
            Value::String(text) => Ok(text),
            other => Err(Problem::runtime(format!(
                "The {field} parameter does not reference a string value: {other}"
            ))),
        },
    }
}
