//! The calls of Step Functions that tracking makes.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus as StatusFilter};

use super::event::Event;
use super::history::ExecutionStatus;
use crate::error::{JobsError, from_sdk};
use crate::profile::Target;

/// One page of an execution's history, and where the next begins.
pub(crate) async fn history_page(
    client: &Client,
    at: &str,
    arn: &str,
    reverse: bool,
    size: i32,
    next: Option<String>,
) -> Result<(Vec<Event>, Option<String>), JobsError> {
    let page = client
        .get_execution_history()
        .execution_arn(arn)
        .reverse_order(reverse)
        .max_results(size)
        .include_execution_data(true)
        .set_next_token(next)
        .send()
        .await
        .map_err(|error| from_sdk(error, at, "states:GetExecutionHistory", arn))?;
    let events = page.events().iter().map(Event::from).collect();
    Ok((events, page.next_token().map(str::to_owned)))
}

/// Events after `last`, oldest first. Newest are asked for first, so that a history which was read
/// before costs one call.
pub(super) async fn read_history(
    target: &Target,
    arn: &str,
    last: u64,
) -> Result<Vec<Event>, JobsError> {
    let (client, at) = (target.sfn(), target.profile().describe());
    let size = if last == 0 { 200 } else { 50 };
    let mut events = Vec::new();
    let mut next = None;
    loop {
        let (page, more) = history_page(&client, &at, arn, true, size, next).await?;
        if keep_new(page, last, &mut events) || more.is_none() {
            events.reverse();
            return Ok(events);
        }
        next = more;
    }
}

/// Keeps the events after `last` of a page that has the newest first; true when it reaches back to that.
pub(crate) fn keep_new(page: Vec<Event>, last: u64, events: &mut Vec<Event>) -> bool {
    let mut reached = false;
    for event in page {
        reached |= event.id <= last + 1;
        if event.id > last {
            events.push(event);
        }
    }
    reached
}

/// An execution as `ListExecutions` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedExecution {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) status: ExecutionStatus,
    pub(crate) started_ms: i64,
    pub(crate) stopped_ms: Option<i64>,
    pub(crate) redrives: u32,
}

/// A status, as the API names it.
pub(crate) fn status_of(word: &str) -> ExecutionStatus {
    match word {
        "SUCCEEDED" => ExecutionStatus::Succeeded,
        "FAILED" => ExecutionStatus::Failed,
        "TIMED_OUT" => ExecutionStatus::TimedOut,
        "ABORTED" => ExecutionStatus::Aborted,
        // PENDING_REDRIVE is about to run.
        _ => ExecutionStatus::Running,
    }
}

impl From<&ExecutionListItem> for ListedExecution {
    fn from(item: &ExecutionListItem) -> Self {
        Self {
            arn: item.execution_arn().to_owned(),
            name: item.name().to_owned(),
            status: status_of(item.status().as_str()),
            started_ms: item.start_date().to_millis().unwrap_or(0),
            stopped_ms: item.stop_date().and_then(|date| date.to_millis().ok()),
            redrives: item.redrive_count().unwrap_or(0).unsigned_abs(),
        }
    }
}

/// One page of a machine's executions, newest first, and where the next begins.
pub(crate) async fn executions_page(
    client: &Client,
    at: &str,
    machine: &str,
    running: bool,
    size: i32,
    next: Option<String>,
) -> Result<(Vec<ListedExecution>, Option<String>), JobsError> {
    let page = client
        .list_executions()
        .state_machine_arn(machine)
        .set_status_filter(running.then_some(StatusFilter::Running))
        .max_results(size)
        .set_next_token(next)
        .send()
        .await
        .map_err(|error| from_sdk(error, at, "states:ListExecutions", machine))?;
    let found = page.executions().iter().map(ListedExecution::from);
    Ok((found.collect(), page.next_token().map(str::to_owned)))
}

/// One page of the profile's machine's executions, newest first, and where the next begins.
pub(super) async fn list_executions(
    target: &Target,
    next: Option<String>,
) -> Result<(Vec<ListedExecution>, Option<String>), JobsError> {
    let profile = target.profile();
    let (at, machine) = (profile.describe(), &profile.state_machine_arn);
    executions_page(&target.sfn(), &at, machine, false, 1_000, next).await
}

/// What `DescribeExecution` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) listed: ListedExecution,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    /// The machine it is of.
    pub(crate) machine: String,
}

/// Describes an execution.
pub(crate) async fn describe(client: &Client, at: &str, arn: &str) -> Result<Described, JobsError> {
    let described = client.describe_execution().execution_arn(arn).send().await;
    let described =
        described.map_err(|error| from_sdk(error, at, "states:DescribeExecution", arn))?;
    let stopped = described.stop_date();
    Ok(Described {
        listed: ListedExecution {
            arn: described.execution_arn().to_owned(),
            name: described.name().unwrap_or_default().to_owned(),
            status: status_of(described.status().as_str()),
            started_ms: described.start_date().to_millis().unwrap_or(0),
            stopped_ms: stopped.and_then(|date| date.to_millis().ok()),
            redrives: described.redrive_count().unwrap_or(0).unsigned_abs(),
        },
        input: described.input().map(str::to_owned),
        output: described.output().map(str::to_owned),
        machine: described.state_machine_arn().to_owned(),
    })
}

/// The bucket and key that an execution was started for; none when its input names none.
pub(super) async fn started_for(
    target: &Target,
    execution: &str,
) -> Result<Option<(String, String)>, JobsError> {
    let profile = target.profile();
    let arn = profile.execution_arn(execution);
    match describe(&target.sfn(), &profile.describe(), &arn).await {
        Ok(described) => Ok(described.input.as_deref().and_then(object_of)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Bucket and key of an `Object Created` event.
pub(crate) fn object_of(input: &str) -> Option<(String, String)> {
    let event: serde_json::Value = serde_json::from_str(input).ok()?;
    let text = |path: &str| Some(event.pointer(path)?.as_str()?.to_owned());
    Some((text("/detail/bucket/name")?, text("/detail/object/key")?))
}

/// Whether the service does not know the execution (yet, or any more).
pub(crate) fn is_gone(error: &JobsError) -> bool {
    error.code() == Some("ExecutionDoesNotExist")
}

/// Whether the service asked to slow down.
pub(crate) fn is_throttling(error: &JobsError) -> bool {
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
