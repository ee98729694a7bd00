//! The calls of Step Functions that tracking makes.

use aws_sdk_sfn::types::ExecutionListItem;

use super::event::Event;
use super::history::ExecutionStatus;
use crate::error::{JobsError, from_sdk};
use crate::profile::Target;

/// Events after `last`, oldest first. Newest are asked for first, so that a history which was read
/// before costs one call.
pub(super) async fn read_history(
    target: &Target,
    arn: &str,
    last: u64,
) -> Result<Vec<Event>, JobsError> {
    let profile = target.profile();
    let request = target
        .sfn()
        .get_execution_history()
        .execution_arn(arn)
        .reverse_order(true);
    let mut pages = request
        .max_results(if last == 0 { 200 } else { 50 })
        .include_execution_data(true)
        .into_paginator()
        .send();
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            from_sdk(
                error,
                &profile.describe(),
                "states:GetExecutionHistory",
                arn,
            )
        })?;
        let mut reached = false;
        for event in page.events().iter().map(Event::from) {
            reached |= event.id <= last + 1;
            if event.id > last {
                events.push(event);
            }
        }
        if reached {
            break;
        }
    }
    events.reverse();
    Ok(events)
}

/// An execution as `ListExecutions` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedExecution {
    pub(super) name: String,
    pub(super) status: ExecutionStatus,
    pub(super) started_ms: i64,
    pub(super) stopped_ms: Option<i64>,
}

impl From<&ExecutionListItem> for ListedExecution {
    fn from(item: &ExecutionListItem) -> Self {
        Self {
            name: item.name().to_owned(),
            status: match item.status().as_str() {
                "SUCCEEDED" => ExecutionStatus::Succeeded,
                "FAILED" => ExecutionStatus::Failed,
                "TIMED_OUT" => ExecutionStatus::TimedOut,
                "ABORTED" => ExecutionStatus::Aborted,
                // PENDING_REDRIVE is about to run.
                _ => ExecutionStatus::Running,
            },
            started_ms: item.start_date().to_millis().unwrap_or(0),
            stopped_ms: item.stop_date().and_then(|date| date.to_millis().ok()),
        }
    }
}

/// One page of the machine's executions, newest first, and where the next begins.
pub(super) async fn list_executions(
    target: &Target,
    next: Option<String>,
) -> Result<(Vec<ListedExecution>, Option<String>), JobsError> {
    let profile = target.profile();
    let arn = &profile.state_machine_arn;
    let page = target
        .sfn()
        .list_executions()
        .state_machine_arn(arn)
        .max_results(1_000)
        .set_next_token(next)
        .send()
        .await
        .map_err(|error| from_sdk(error, &profile.describe(), "states:ListExecutions", arn))?;
    let found = page.executions().iter().map(ListedExecution::from);
    Ok((found.collect(), page.next_token().map(str::to_owned)))
}

/// The bucket and key that an execution was started for; none when its input names none.
pub(super) async fn started_for(
    target: &Target,
    execution: &str,
) -> Result<Option<(String, String)>, JobsError> {
    let profile = target.profile();
    let arn = profile.execution_arn(execution);
    let described = target.sfn().describe_execution().execution_arn(&arn);
    match described.send().await {
        Ok(described) => Ok(described.input().and_then(object_of)),
        Err(error) => {
            let operation = "states:DescribeExecution";
            match from_sdk(error, &profile.describe(), operation, &arn) {
                JobsError::Service { code, .. } if code == "ExecutionDoesNotExist" => Ok(None),
                error => Err(error),
            }
        }
    }
}

/// Bucket and key of an `Object Created` event.
fn object_of(input: &str) -> Option<(String, String)> {
    let event: serde_json::Value = serde_json::from_str(input).ok()?;
    let text = |path: &str| Some(event.pointer(path)?.as_str()?.to_owned());
    Some((text("/detail/bucket/name")?, text("/detail/object/key")?))
}

/// Whether the service asked to slow down.
pub(super) fn is_throttling(error: &JobsError) -> bool {
    matches!(error, JobsError::Service { code, .. }
        if code == "ThrottlingException" || code == "TooManyRequestsException")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_of_an_execution_names_its_object() {
        let event = r#"{"detail":{"bucket":{"name":"b"},"object":{"key":"inbox/1/a b.jpg"}}}"#;
        let found = Some(("b".to_owned(), "inbox/1/a b.jpg".to_owned()));
        assert_eq!(object_of(event), found);
        for other in ["", "[]", r#"{"detail":{"object":{"key":"inbox/1/a"}}}"#] {
            assert_eq!(object_of(other), None, "{other}");
        }
    }
}
