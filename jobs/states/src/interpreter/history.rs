//! The details of history events.

use serde_json::{Map, Value, json};

use crate::execution::{Execution, TaskRequest};
use crate::history::{Details, not_truncated};
use crate::payload::Payload;
use crate::resource::Resource;

/// `TaskFailed` → `taskFailedEventDetails`.
fn field_of(event_type: &str) -> String {
    let mut field = String::with_capacity(event_type.len() + 12);
    let mut characters = event_type.chars();
    field.extend(characters.next().map(|first| first.to_ascii_lowercase()));
    field.push_str(characters.as_str());
    field.push_str("EventDetails");
    field
}

pub(super) fn execution_started(execution: &Execution) -> Details {
    let details = json!({
        "input": execution.input(),
        "inputDetails": not_truncated(),
        "roleArn": execution.info().role_arn,
    });
    Details::other("executionStartedEventDetails", details)
}

pub(super) fn execution_succeeded(output: &Payload) -> Details {
    let details = json!({ "output": output.text(), "outputDetails": not_truncated() });
    Details::other("executionSucceededEventDetails", details)
}

pub(super) fn redriven(count: u64) -> Details {
    let details = json!({ "redriveCount": count });
    Details::other("executionRedrivenEventDetails", details)
}

/// The details of every event that tells of an end without success; only what is known.
pub(super) fn failed(event_type: &str, error: Option<&str>, cause: Option<&str>) -> Details {
    let mut details = Map::new();
    add_error(&mut details, error, cause);
    Details::other(field_of(event_type), Value::Object(details))
}

fn add_error(details: &mut Map<String, Value>, error: Option<&str>, cause: Option<&str>) {
    for (key, text) in [("error", error), ("cause", cause)] {
        if let Some(text) = text {
            details.insert(key.to_owned(), text.into());
        }
    }
}

/// An iteration of a Map, by the Map's name.
pub(super) fn iteration(event_type: &str, name: &str, index: usize) -> Details {
    let details = json!({ "name": name, "index": index });
    Details::other(field_of(event_type), details)
}

pub(super) fn map_started(length: usize) -> Details {
    Details::other("mapStateStartedEventDetails", json!({ "length": length }))
}

pub(super) fn map_run_started(arn: &str) -> Details {
    Details::other("mapRunStartedEventDetails", json!({ "mapRunArn": arn }))
}

pub(super) fn map_run_redriven(arn: &str, count: u64) -> Details {
    let details = json!({ "mapRunArn": arn, "redriveCount": count });
    Details::other("mapRunRedrivenEventDetails", details)
}

/// An expression of a state's field that could not be evaluated.
pub(super) fn evaluation_failed(error: &str, cause: &str, field: &str, state: &str) -> Details {
    let details = json!({ "error": error, "cause": cause, "location": field, "state": state });
    Details::other("evaluationFailedEventDetails", details)
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
    if let Some(role) = &request.credentials_role_arn {
        details.insert("taskCredentials".to_owned(), json!({ "roleArn": role }));
    }
    Details::other(
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
    Some(Details::other(
        field_of(&task_event(resource, "Started")),
        Value::Object(details),
    ))
}

/// `event_type` is `TaskSubmitted` or one of those that tell of success.
pub(super) fn task_output(resource: &Resource, event_type: &str, output: &Payload) -> Details {
    let mut details = about(resource);
    details.insert("output".to_owned(), output.text().into());
    details.insert("outputDetails".to_owned(), not_truncated());
    Details::other(field_of(event_type), Value::Object(details))
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
    Details::other(field_of(event_type), Value::Object(details))
}
