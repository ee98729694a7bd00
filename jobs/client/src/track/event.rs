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

/// Copies the same-named fields of one details structure.
macro_rules! copy {
    ($event:ident, $details:expr, $($field:ident = $getter:ident),*) => {
        if let Some(details) = $details {
            $($event.$field = details.$getter().map(str::to_owned);)*
        }
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
        copy!(event, from.execution_started_event_details(), input = input);
        copy!(
            event,
            from.execution_succeeded_event_details(),
            output = output
        );
        copy!(
            event,
            from.execution_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.execution_timed_out_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.execution_aborted_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.activity_succeeded_event_details(),
            output = output
        );
        copy!(
            event,
            from.activity_started_event_details(),
            worker = worker_name
        );
        copy!(
            event,
            from.activity_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.activity_timed_out_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.activity_schedule_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(event, from.task_succeeded_event_details(), output = output);
        copy!(
            event,
            from.task_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.task_timed_out_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.task_start_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.task_submit_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.lambda_function_succeeded_event_details(),
            output = output
        );
        copy!(
            event,
            from.lambda_function_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.lambda_function_timed_out_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.lambda_function_schedule_failed_event_details(),
            error = error,
            cause = cause
        );
        copy!(
            event,
            from.lambda_function_start_failed_event_details(),
            error = error,
            cause = cause
        );
        if let Some(details) = from.state_entered_event_details() {
            event.name = Some(details.name().to_owned());
            event.input = details.input().map(str::to_owned);
        }
        if let Some(details) = from.state_exited_event_details() {
            event.name = Some(details.name().to_owned());
            event.output = details.output().map(str::to_owned);
        }
        if let Some(details) = from.activity_scheduled_event_details() {
            event.resource = Some(details.resource().to_owned());
            event.input = details.input().map(str::to_owned);
        }
        if let Some(details) = from.lambda_function_scheduled_event_details() {
            event.resource = Some(details.resource().to_owned());
            event.input = details.input().map(str::to_owned);
        }
        if let Some(details) = from.task_scheduled_event_details() {
            event.resource = Some(details.resource().to_owned());
            event.resource_type = Some(details.resource_type().to_owned());
            event.parameters = Some(details.parameters().to_owned());
        }
        if let Some(details) = from.execution_redriven_event_details() {
            event.redrive_count = details.redrive_count().map(|count| count.unsigned_abs());
        }
        event
    }
}
