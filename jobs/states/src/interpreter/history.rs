//! The details of history events.

use serde_json::{Map, Value, json};

use crate::execution::{Execution, TaskRequest};
use crate::payload::Payload;
use crate::resource::Resource;

/// The name of the details' field, and its object.
pub(super) type Details = (String, Value);

/// `TaskFailed` → `taskFailedEventDetails`.
fn field_of(event_type: &str) -> String {
    let mut field = String::with_capacity(event_type.len() + 12);
    let mut characters = event_type.chars();
    field.extend(characters.next().map(|first| first.to_ascii_lowercase()));
    field.push_str(characters.as_str());
    field.push_str("EventDetails");
    field
}

fn not_truncated() -> Value {
    json!({ "truncated": false })
}

pub(super) fn execution_started(execution: &Execution) -> Details {
    let details = json!({
        "input": execution.input(),
        "inputDetails": not_truncated(),
        "roleArn": execution.info().role_arn,
    });
    (field_of("ExecutionStarted"), details)
}

pub(super) fn execution_succeeded(output: &Payload) -> Details {
    let details = json!({ "output": output.text(), "outputDetails": not_truncated() });
    (field_of("ExecutionSucceeded"), details)
}

pub(super) fn redriven(count: u64) -> Details {
    (
        field_of("ExecutionRedriven"),
        json!({ "redriveCount": count }),
    )
}

/// The details of every event that tells of an end without success; only what is known.
pub(super) fn failed(event_type: &str, error: Option<&str>, cause: Option<&str>) -> Details {
    let mut details = Map::new();
    add_error(&mut details, error, cause);
    (field_of(event_type), Value::Object(details))
}

fn add_error(details: &mut Map<String, Value>, error: Option<&str>, cause: Option<&str>) {
    for (key, text) in [("error", error), ("cause", cause)] {
        if let Some(text) = text {
            details.insert(key.to_owned(), text.into());
        }
    }
}

pub(super) fn state_entered(name: &str, input: &Payload) -> Details {
    let details = json!({
        "name": name,
        "input": input.text(),
        "inputDetails": not_truncated(),
    });
    ("stateEnteredEventDetails".to_owned(), details)
}

pub(super) fn state_exited(name: &str, output: &Payload) -> Details {
    let details = json!({
        "name": name,
        "output": output.text(),
        "outputDetails": not_truncated(),
    });
    ("stateExitedEventDetails".to_owned(), details)
}

/// How the events of one kind of work are called.
fn family(resource: &Resource) -> &'static str {
    match resource {
        Resource::Activity { .. } => "Activity",
        Resource::LambdaFunction { .. } => "LambdaFunction",
        Resource::Service { .. } => "Task",
    }
}

/// The type of an event of this task: `ActivitySucceeded`, `LambdaFunctionFailed`, `TaskTimedOut`.
pub(super) fn task_event(resource: &Resource, what: &str) -> String {
    format!("{}{what}", family(resource))
}

/// The type of the event that tells that a task failed before anybody began with it.
pub(super) fn task_not_started_event(resource: &Resource) -> String {
    match resource {
        Resource::Activity { .. } => "ActivityScheduleFailed".to_owned(),
        other => task_event(other, "StartFailed"),
    }
}

/// The beginning of the details of every `Task…` event; the others have none of it.
fn about(resource: &Resource) -> Map<String, Value> {
    let mut details = Map::new();
    if let Resource::Service { .. } = resource {
        details.insert("resourceType".to_owned(), resource.resource_type().into());
        details.insert("resource".to_owned(), resource.resource().into());
    }
    details
}

pub(super) fn task_scheduled(request: &TaskRequest, region: &str) -> Details {
    let resource = &request.resource;
    let mut details = about(resource);
    let heartbeat = match resource {
        Resource::Service { .. } => {
            details.insert("region".to_owned(), region.into());
            details.insert("parameters".to_owned(), request.input.as_str().into());
            request.heartbeat_seconds
        }
        Resource::Activity { .. } | Resource::LambdaFunction { .. } => {
            details.insert("resource".to_owned(), resource.resource().into());
            details.insert("input".to_owned(), request.input.as_str().into());
            details.insert("inputDetails".to_owned(), not_truncated());
            // LambdaFunctionScheduled has no field for it.
            request
                .heartbeat_seconds
                .filter(|_| matches!(resource, Resource::Activity { .. }))
        }
    };
    if let Some(seconds) = request.timeout_seconds {
        details.insert("timeoutInSeconds".to_owned(), seconds.into());
    }
    if let Some(seconds) = heartbeat {
        details.insert("heartbeatInSeconds".to_owned(), seconds.into());
    }
    (
        field_of(&task_event(resource, "Scheduled")),
        Value::Object(details),
    )
}

/// Nothing for functions that are named directly.
pub(super) fn task_started(resource: &Resource, worker_name: Option<&str>) -> Option<Details> {
    let mut details = about(resource);
    match resource {
        Resource::LambdaFunction { .. } => return None,
        Resource::Activity { .. } => {
            if let Some(name) = worker_name {
                details.insert("workerName".to_owned(), name.into());
            }
        }
        Resource::Service { .. } => {}
    }
    Some((
        field_of(&task_event(resource, "Started")),
        Value::Object(details),
    ))
}

pub(super) fn task_succeeded(resource: &Resource, output: &Payload) -> Details {
    let mut details = about(resource);
    details.insert("output".to_owned(), output.text().into());
    details.insert("outputDetails".to_owned(), not_truncated());
    (
        field_of(&task_event(resource, "Succeeded")),
        Value::Object(details),
    )
}

/// `event_type` is one of the failing ones.
pub(super) fn task_failed(
    resource: &Resource,
    event_type: &str,
    error: Option<&str>,
    cause: Option<&str>,
) -> Details {
    let mut details = about(resource);
    add_error(&mut details, error, cause);
    (field_of(event_type), Value::Object(details))
}
