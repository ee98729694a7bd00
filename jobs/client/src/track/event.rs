//! History events, reduced to what the folds read.

use aws_sdk_sfn::types::HistoryEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One event of an execution's history, whatever its type: the few details that say where a step
/// ran and how it ended. Payloads are JSON texts, as on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3, … over the whole execution.
    pub id: u64,
    /// The event that caused this one; 0 for none.
    pub previous: u64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// As the API names it: `TaskStateEntered`.
    pub kind: String,
    /// Name of the state, of entered and exited events.
    pub name: Option<String>,
    /// ARN or action, of scheduled events.
    pub resource: Option<String>,
    /// `lambda`, `aws-sdk:s3`, …, of scheduled events of a service.
    pub resource_type: Option<String>,
    /// Effective request, of scheduled events of a service.
    pub parameters: Option<String>,
    /// Input of a state or task.
    pub input: Option<String>,
    /// Output of a state, task or execution.
    pub output: Option<String>,
    /// Who took an activity's task.
    pub worker: Option<String>,
    /// Error name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// Number of this redrive.
    pub redrive_count: Option<u32>,
}

impl Event {
    /// Reads an event in the API's own JSON shape; `None` when it has no id or type.
    ///
    /// ```
    /// use whiteboarder_jobs::track::event::Event;
    /// let event = Event::from_api(&serde_json::json!({
    ///     "id": 4, "previousEventId": 3, "timestamp": 1700000000.5, "type": "ActivityStarted",
    ///     "activityStartedEventDetails": {"workerName": "laptop/1"},
    /// })).unwrap();
    /// assert_eq!(event.worker.as_deref(), Some("laptop/1"));
    /// assert_eq!(event.time_ms, 1_700_000_000_500);
    /// ```
    #[must_use]
    pub fn from_api(value: &Value) -> Option<Self> {
        let details = value
            .as_object()?
            .iter()
            .find_map(|(key, details)| key.ends_with("EventDetails").then_some(details));
        let text = |name: &str| Some(details?.get(name)?.as_str()?.to_owned());
        Some(Self {
            id: value.get("id")?.as_u64()?,
            previous: value
                .get("previousEventId")
                .and_then(Value::as_u64)
                .unwrap_or(0),
            time_ms: value
                .get("timestamp")
                .and_then(Value::as_f64)
                .map_or(0, |seconds| (seconds * 1000.0).round() as i64),
            kind: value.get("type")?.as_str()?.to_owned(),
            name: text("name"),
            resource: text("resource"),
            resource_type: text("resourceType"),
            parameters: text("parameters"),
            input: text("input"),
            output: text("output"),
            worker: text("workerName"),
            error: text("error"),
            cause: text("cause"),
            redrive_count: details
                .and_then(|details| details.get("redriveCount")?.as_u64())
                .map(|count| count as u32),
        })
    }
}

/// Copies fields out of whichever of these details structures is there. They have the same fields,
/// but no common type.
macro_rules! take {
    ($event:ident from $from:ident: $fields:tt in $($structure:ident),*) => {
        $(if let Some(details) = $from.$structure() {
            fields!($event, details, $fields);
        })*
    };
}

/// Required fields are `&str`, others `Option<&str>`.
macro_rules! fields {
    ($event:ident, $details:ident, {$($field:ident = $value:ident),*}) => {
        $($event.$field = Option::<&str>::from($details.$value()).map(str::to_owned);)*
    };
}

impl From<&HistoryEvent> for Event {
    fn from(from: &HistoryEvent) -> Self {
        let mut event = Self {
            id: from.id().unsigned_abs(),
            previous: from.previous_event_id().unsigned_abs(),
            time_ms: from.timestamp().to_millis().unwrap_or(0),
            kind: from.r#type().as_str().to_owned(),
            ..Self::default()
        };
        take!(event from from: {input = input} in execution_started_event_details);
        take!(event from from: {worker = worker_name} in activity_started_event_details);
        take!(event from from: {name = name, input = input} in state_entered_event_details);
        take!(event from from: {name = name, output = output} in state_exited_event_details);
        take!(event from from: {output = output} in execution_succeeded_event_details,
            activity_succeeded_event_details, task_succeeded_event_details,
            lambda_function_succeeded_event_details);
        take!(event from from: {resource = resource, input = input} in
            activity_scheduled_event_details, lambda_function_scheduled_event_details);
        take!(event from from: {resource = resource, resource_type = resource_type, parameters = parameters} in
            task_scheduled_event_details);
        take!(event from from: {error = error, cause = cause} in
            execution_failed_event_details, execution_timed_out_event_details,
            execution_aborted_event_details, activity_failed_event_details,
            activity_timed_out_event_details, activity_schedule_failed_event_details,
            task_failed_event_details, task_timed_out_event_details,
            task_start_failed_event_details, task_submit_failed_event_details,
            lambda_function_failed_event_details, lambda_function_timed_out_event_details,
            lambda_function_schedule_failed_event_details,
            lambda_function_start_failed_event_details);
        if let Some(details) = from.execution_redriven_event_details() {
            event.redrive_count = details.redrive_count().map(i32::unsigned_abs);
        }
        event
    }
}
