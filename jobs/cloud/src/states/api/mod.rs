//! The operations of the Step Functions JSON API: one struct each, which is the request's body, its
//! checks and what it does. Texts of errors are the service's where they are known.

pub(crate) mod activities;
mod aliases;
mod checks;
mod definition;
mod executions;
mod history;
mod machines;
mod map_runs;
mod paging;
pub(crate) mod start;
mod tags;
pub(crate) mod test_state;
mod versions;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::checks::Checks;
use super::error::ApiError;
use super::message::Operation;

/// A request's body.
trait Request: DeserializeOwned + 'static {
    /// What can be said of the request without looking at the store.
    fn check(&self, checks: &mut Checks);
}

/// A request that has been read and checked.
pub(crate) enum Call {
    /// To be run by the engine's thread.
    Run(Box<dyn Operation>),
    /// `GetActivityTask`, which waits.
    Poll(activities::GetActivityTask),
    /// `StartSyncExecution`, which waits.
    Sync(Box<start::StartExecution>),
    /// `TestState`, which calls services.
    Test(Box<test_state::TestState>),
}

/// Reads a request.
pub(crate) fn parse(operation: &str, body: Value) -> Result<Call, ApiError> {
    let run = match operation {
        "CreateActivity" => boxed::<activities::CreateActivity>,
        "CreateStateMachine" => boxed::<machines::CreateStateMachine>,
        "CreateStateMachineAlias" => boxed::<aliases::CreateStateMachineAlias>,
        "DeleteActivity" => boxed::<activities::DeleteActivity>,
        "DeleteStateMachine" => boxed::<machines::DeleteStateMachine>,
        "DeleteStateMachineAlias" => boxed::<aliases::DeleteStateMachineAlias>,
        "DeleteStateMachineVersion" => boxed::<versions::DeleteStateMachineVersion>,
        "DescribeActivity" => boxed::<activities::DescribeActivity>,
        "DescribeExecution" => boxed::<executions::DescribeExecution>,
        "DescribeMapRun" => boxed::<map_runs::DescribeMapRun>,
        "DescribeStateMachine" => boxed::<machines::DescribeStateMachine>,
        "DescribeStateMachineAlias" => boxed::<aliases::DescribeStateMachineAlias>,
        "DescribeStateMachineForExecution" => boxed::<executions::DescribeStateMachineForExecution>,
        "GetActivityTask" => return read(body).map(Call::Poll),
        "GetExecutionHistory" => boxed::<history::GetExecutionHistory>,
        "ListActivities" => boxed::<activities::ListActivities>,
        "ListExecutions" => boxed::<executions::ListExecutions>,
        "ListMapRuns" => boxed::<map_runs::ListMapRuns>,
        "ListStateMachineAliases" => boxed::<aliases::ListStateMachineAliases>,
        "ListStateMachineVersions" => boxed::<versions::ListStateMachineVersions>,
        "ListStateMachines" => boxed::<machines::ListStateMachines>,
        "ListTagsForResource" => boxed::<tags::ListTagsForResource>,
        "PublishStateMachineVersion" => boxed::<versions::PublishStateMachineVersion>,
        "RedriveExecution" => boxed::<executions::RedriveExecution>,
        "SendTaskFailure" => boxed::<activities::SendTaskFailure>,
        "SendTaskHeartbeat" => boxed::<activities::SendTaskHeartbeat>,
        "SendTaskSuccess" => boxed::<activities::SendTaskSuccess>,
        "StartExecution" => boxed::<start::StartExecution>,
        "StartSyncExecution" => return read(body).map(|start| Call::Sync(Box::new(start))),
        "StopExecution" => boxed::<executions::StopExecution>,
        "TagResource" => boxed::<tags::TagResource>,
        "TestState" => return read(body).map(|test| Call::Test(Box::new(test))),
        "UntagResource" => boxed::<tags::UntagResource>,
        "UpdateMapRun" => boxed::<map_runs::UpdateMapRun>,
        "UpdateStateMachine" => boxed::<machines::UpdateStateMachine>,
        "UpdateStateMachineAlias" => boxed::<aliases::UpdateStateMachineAlias>,
        "ValidateStateMachineDefinition" => boxed::<definition::ValidateStateMachineDefinition>,
        _ => {
            return Err(unknown(format!("The operation {operation} does not exist")));
        }
    };
    run(body).map(Call::Run)
}

fn unknown(message: String) -> ApiError {
    ApiError::new("UnknownOperationException", message)
}

fn boxed<R: Request + Operation>(body: Value) -> Result<Box<dyn Operation>, ApiError> {
    read::<R>(body).map(|request| Box::new(request) as Box<dyn Operation>)
}

fn read<R: Request>(body: Value) -> Result<R, ApiError> {
    let body = if body.is_null() {
        Value::Object(Map::new())
    } else {
        body
    };
    let request: R = serde_json::from_value(body)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))?;
    let mut checks = Checks::default();
    request.check(&mut checks);
    checks.finish()?;
    Ok(request)
}

/// A text that [`Checks::required`] has found to be there.
fn given(field: Option<&str>) -> &str {
    field.unwrap_or_default()
}

/// The answer without the fields that are null: the service leaves them out.
fn without_nulls(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    answer
}

/// A moment as the API writes it: seconds since the epoch.
fn seconds(millis: i64) -> f64 {
    states_language::Timestamp(millis).to_seconds()
}

/// The answer of operations that say nothing.
fn nothing() -> Value {
    Value::Object(Map::new())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn refused(operation: &str, body: Value) -> ApiError {
        parse(operation, body).err().unwrap()
    }

    #[test]
    fn unknown_operations_and_wrong_types_are_refused_by_name() {
        let unknown = refused("Fly", json!({}));
        assert_eq!(unknown.code, "UnknownOperationException");
        assert_eq!(unknown.message, "The operation Fly does not exist");
        let wrong = refused("StartExecution", json!({ "stateMachineArn": 1 }));
        assert_eq!(wrong.code, "SerializationException");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = refused("CreateStateMachine", Value::Null);
        assert_eq!(error.code, "ValidationException");
        assert_eq!(
            error.message,
            "3 validation errors detected: Value at 'name' failed to satisfy constraint: Member must \
             not be null; Value at 'definition' failed to satisfy constraint: Member must not be \
             null; Value at 'roleArn' failed to satisfy constraint: Member must not be null"
        );
    }
}
