//! What the states do that need nobody else: Pass, Choice, Wait and Fail.

use serde_json::Value;

use super::Run;
use super::flow::{Extra, Flow};
use super::leave::{Leaving, assigned};
use crate::definition::{Choice, Condition, Number, State, Text, Transition, Until};
use crate::error::{Failure, NO_CHOICE_MATCHED, Problem};
use crate::filters::Data;
use crate::path::Path;
use crate::scope::Scope;
use crate::thread::{Phase, ThreadId};
use crate::time::Timestamp;

/// The longest wait in seconds, as in the definition's own fields.
const MAX_SECONDS: u64 = 99_999_999;

impl Run<'_> {
    pub(super) fn pass(
        &mut self,
        at: ThreadId,
        state: &State,
        result: Option<&Value>,
    ) -> Result<Flow, Failure> {
        let leaving = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let result = match (result, &state.arguments) {
                (Some(result), _) => Data::Made(result.clone()),
                (None, Some(parameters)) => {
                    Data::Made(parameters.evaluate(&scope.with_input(input.value()))?)
                }
                (None, None) => input,
            };
            let assigned = assigned(&state.assign, &scope.with_input(result.value()))?;
            let output = if let Some(output) = &state.output {
                Data::Made(output.evaluate(scope)?)
            } else {
                let merged = state.result_path.apply(raw, result)?;
                state.io.output.apply(merged, scope)?
            };
            Ok(Leaving { output, assigned })
        })?;
        self.leave(at, state, leaving, &state.transition)
    }

    pub(super) fn choose(
        &mut self,
        at: ThreadId,
        state: &State,
        choice: &Choice,
    ) -> Result<Flow, Failure> {
        let (next, leaving) = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            let of_input = scope.with_input(input.value());
            let mut found = None;
            for rule in &choice.rules {
                let holds = match &rule.condition {
                    Condition::Rule(rule) => rule.holds(&of_input)?,
                    Condition::Fixed(holds) => *holds,
                    Condition::Query(query) => query.boolean(&of_input)?,
                };
                if holds {
                    found = Some(rule);
                    break;
                }
            }
            let (next, assign, own_output) = match (found, &choice.default) {
                (Some(rule), _) => (&rule.next, &rule.assign, rule.output.as_ref()),
                (None, Some(default)) => (default, &state.assign, None),
                (None, None) => {
                    let message = "Failed to transition out of the state. The state's choices do \
                                   not match its input, and there is no default.";
                    return Err(Problem::new(NO_CHOICE_MATCHED, message));
                }
            };
            let assigned = assigned(assign, &of_input)?;
            let output = match own_output.or(state.output.as_ref()) {
                Some(output) => Data::Made(output.evaluate(&of_input)?),
                None => state.io.output.apply(input, scope)?,
            };
            Ok((next.clone(), Leaving { output, assigned }))
        })?;
        self.leave(at, state, leaving, &Transition::Next(next))
    }

    pub(super) fn wait(
        &mut self,
        at: ThreadId,
        state: &State,
        until: &Until,
    ) -> Result<Flow, Failure> {
        let entered = self.current(at)?.entered_at;
        let moment = self.evaluate(at, state, Extra::default(), |raw, scope| {
            let input = state.io.input.apply(Data::Kept(raw.clone()), scope)?;
            wait_until(until, entered, &scope.with_input(input.value()))
        })?;
        let moment = self.execution.time_scale.end(entered, moment);
        if moment <= self.now {
            return self.leave_with_input(at, state);
        }
        let timer = self.set_timer(at, moment);
        self.set_phase(at, Phase::Waiting(timer));
        Ok(Flow::Rest)
    }

    /// A Wait state's time has come.
    pub(super) fn wake(&mut self, at: ThreadId) -> Result<Flow, Failure> {
        let state = self.state(at)?;
        match &state.kind {
            crate::definition::Kind::Wait(_) => self.leave_with_input(at, state),
            // Only with another definition than the one it began with.
            _ => self.work_again(at),
        }
    }

    pub(super) fn fail_state(
        &mut self,
        at: ThreadId,
        state: &State,
        error: Option<&Text>,
        cause: Option<&Text>,
    ) -> Result<Flow, Failure> {
        let (error, cause) = self.evaluate(at, state, Extra::default(), |_, scope| {
            let text = |text: Option<&Text>| text.map(|text| fail_text(text, scope)).transpose();
            Ok((text(error)?, text(cause)?))
        })?;
        Err(Failure::reported(error, cause))
    }
}

fn wait_until(until: &Until, entered: Timestamp, scope: &Scope<'_>) -> Result<Timestamp, Problem> {
    match until {
        Until::Seconds(seconds) => Ok(entered.plus_seconds(*seconds)),
        Until::Timestamp(moment) => Ok(*moment),
        Until::SecondsQuery(query) => {
            let seconds = query.integer(scope, 0, MAX_SECONDS)?;
            Ok(entered.plus_seconds(seconds))
        }
        Until::TimestampQuery(query) => {
            let text = query.string(scope)?;
            let what = || {
                query.problem(&format!(
                    "returned a value that is no ISO-8601 extended offset date-time: {text}"
                ))
            };
            Timestamp::parse(&text).ok_or_else(what)
        }
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
            if seconds.unsigned_abs() > MAX_SECONDS {
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
        Text::Query(query) => query.string(scope),
        Text::Expression(field, expression) => match expression.evaluate(scope, field)? {
            Value::String(text) => Ok(text),
            other => Err(Problem::runtime(format!(
                "The {field} parameter does not reference a string value: {other}"
            ))),
        },
    }
}

/// The value of a field that is a whole number, within bounds where it is looked up or computed.
/// `field` is the name of its `…Path` form.
pub(crate) fn number(
    number: Option<&Number>,
    field: &str,
    least: u64,
    scope: &Scope<'_>,
) -> Result<Option<u64>, Problem> {
    match number {
        None => Ok(None),
        Some(Number::Fixed(number)) => Ok(Some(*number)),
        Some(Number::Query(query)) => query.integer(scope, least, MAX_SECONDS).map(Some),
        Some(Number::Path(path)) => number_at(path, field, least, scope).map(Some),
    }
}

fn number_at(path: &Path, field: &str, least: u64, scope: &Scope<'_>) -> Result<u64, Problem> {
    let value = scope.filter(path)?.to_value();
    let kind = if least > 0 {
        "positive"
    } else {
        "non-negative"
    };
    value
        .as_u64()
        .filter(|number| (least..=MAX_SECONDS).contains(number))
        .ok_or_else(|| {
            Problem::runtime(format!(
                "The {field} parameter does not reference a {kind} integer value: {} == {value}",
                path.text
            ))
        })
}
