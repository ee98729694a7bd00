//! What becomes of a task whose state has a mocked response.

use states_language::{Definition, Event, Resource, TaskId, TaskRequest};

use super::{Answer, Mocks, TestCase};
use crate::states::error::{ApiError, Fault};
use crate::states::store;
use crate::states::store::mocks::Mocked;
use crate::states::turn::Turn;

/// An error that nothing can catch: the test itself is wrong.
const RUNTIME: &str = "States.Runtime";

/// The ARN in `ARN#CASE`, and the name of the test case. Without a mock file an ARN is only an ARN, as on AWS.
pub(crate) fn split_case<'a>(mocks: Option<&Mocks>, arn: &'a str) -> (&'a str, Option<&'a str>) {
    match arn.split_once('#') {
        Some((arn, case)) if mocks.is_some() => (arn, Some(case)),
        _ => (arn, None),
    }
}

/// Finds the test case, and checks that the machine has the states that it answers for: a name with a slip of the
/// pen would call the service.
pub(crate) fn check_case(
    mocks: &Mocks,
    definition: &Definition,
    machine: &str,
    case: &str,
) -> Result<(), ApiError> {
    let refused = |message: String| ApiError::new("InvalidName", message);
    let Some(states) = mocks.case(machine, case) else {
        let known = match mocks.cases(machine).as_slice() {
            [] => "it has none".to_owned(),
            cases => format!("it has {}", cases.join(", ")),
        };
        return Err(refused(format!(
            "The mock file has no test case '{case}' of the state machine '{machine}': {known}"
        )));
    };
    let tasks = definition.resources();
    let unknown = states
        .keys()
        .find(|state| !tasks.iter().any(|(task, _)| task == *state));
    match unknown {
        Some(state) => Err(refused(format!(
            "The test case '{case}' of the mock file answers for '{state}', which is no Task state of the state \
             machine '{machine}'"
        ))),
        None => Ok(()),
    }
}

impl Turn<'_> {
    /// What happens to a task that the execution's test case answers; nothing when it has none, or when the test
    /// case leaves the state to its service.
    ///
    /// The answers are drawn in the transaction of the step that asks for them, and the calls are counted in the
    /// store, over all of an execution: a crash neither repeats nor skips an answer.
    pub(in crate::states) fn mocked_events(
        &mut self,
        id: i64,
        request: &TaskRequest,
    ) -> Result<Option<Vec<Event>>, Fault> {
        let Some(mocked) = store::mocks::find(self.store, id)? else {
            return Ok(None);
        };
        let task = request.task;
        let failed = |cause: String| Event::TaskFailed {
            task,
            error: Some(RUNTIME.to_owned()),
            cause: Some(cause),
        };
        let Mocked {
            root,
            machine,
            case,
        } = mocked;
        let Some(states) = self.test_case(&machine, &case) else {
            // It was started by a cloud with another mock file.
            let cause =
                format!("The mock file has no test case '{case}' of the state machine '{machine}'");
            return Ok(Some(vec![failed(cause)]));
        };
        let Some(response) = states.get(&request.state) else {
            return Ok(None);
        };
        let call = store::mocks::next_call(self.store, root, &request.state)?;
        let number = u32::try_from(call).unwrap_or(u32::MAX);
        Ok(Some(match response.answer(number) {
            Some(answer) => events_of(task, &request.resource, answer),
            None => vec![failed(format!(
                "The mocked response '{}' has no answer for call {call} of the state '{}'",
                response.name, request.state
            ))],
        }))
    }

    fn test_case(&self, machine: &str, case: &str) -> Option<&TestCase> {
        self.mocks?.case(machine, case)
    }
}

/// The events of a task that gets this answer, as the service itself would have told them.
fn events_of(task: TaskId, resource: &Resource, answer: &Answer) -> Vec<Event> {
    let mut events = vec![Event::TaskStarted {
        task,
        worker_name: None,
    }];
    let waits = matches!(resource, Resource::Service { pattern, .. } if pattern.waits());
    match answer {
        Answer::Return(output) => {
            let output = output.clone();
            if waits {
                events.push(Event::TaskSubmitted {
                    task,
                    output: output.clone(),
                });
            }
            events.push(Event::TaskSucceeded { task, output });
        }
        Answer::Throw { error, cause } => {
            // The job was taken, and failed later.
            if waits && !of_the_call(error) {
                let output = "{}".to_owned();
                events.push(Event::TaskSubmitted { task, output });
            }
            events.push(Event::TaskFailed {
                task,
                error: Some(error.clone()),
                cause: cause.clone(),
            });
        }
    }
    events
}

/// Whether an error's name is that of a call which was refused (`ECS.InvalidParameterException`), and not that of a
/// job or worker that failed (`States.TaskFailed`, `ImageCorrupt`).
fn of_the_call(error: &str) -> bool {
    error.contains('.') && !error.starts_with("States.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_is_told_from_a_job_that_failed() {
        assert!(of_the_call("ECS.InvalidParameterException"));
        assert!(!of_the_call("States.TaskFailed"));
        assert!(!of_the_call("ImageCorrupt"));
    }

    #[test]
    fn an_arn_has_a_test_case_only_where_there_is_a_mock_file() {
        let mocks = Mocks::default();
        assert_eq!(split_case(Some(&mocks), "arn#case"), ("arn", Some("case")));
        assert_eq!(split_case(Some(&mocks), "arn"), ("arn", None));
        assert_eq!(split_case(None, "arn#case"), ("arn#case", None));
    }
}
