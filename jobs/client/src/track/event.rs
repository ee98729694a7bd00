//! History events, reduced to what the folds read.

use aws_sdk_sfn::types::{ExecutionRedrivenEventDetails, HistoryEvent, MapRunRedrivenEventDetails};
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
    /// Name of the state, of entered and exited events, and of those of a Map's iterations.
    pub name: Option<String>,
    /// Which item of a Map, counted from 0, of events of its iterations.
    pub iteration: Option<u32>,
    /// How many items a Map has, of its start.
    pub length: Option<u32>,
    /// ARN of a distributed Map's run, of events of it.
    pub map_run: Option<String>,
    /// ARN or action, of scheduled events.
    pub resource: Option<String>,
    /// `lambda`, `aws-sdk:s3`, …, of scheduled events of a service.
    pub resource_type: Option<String>,
    /// Effective request, of scheduled events of a service.
    pub parameters: Option<String>,
    /// Input of a state or task.
    pub input: Option<String>,
    /// Output of a state, task or execution; what a service answered, of submitted events.
    pub output: Option<String>,
    /// How long a task may take at most, of scheduled events.
    pub timeout_seconds: Option<u64>,
    /// How long it may be silent at most.
    pub heartbeat_seconds: Option<u64>,
    /// Who took an activity's task.
    pub worker: Option<String>,
    /// Error name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// The state whose expression cannot be evaluated.
    pub state: Option<String>,
    /// Which of its fields that is.
    pub location: Option<String>,
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
        let number = |name: &str| details?.get(name)?.as_u64();
        let count = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
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
            iteration: count("index"),
            length: count("length"),
            map_run: text("mapRunArn"),
            resource: text("resource"),
            resource_type: text("resourceType"),
            parameters: text("parameters"),
            input: text("input"),
            output: text("output"),
            timeout_seconds: number("timeoutInSeconds"),
            heartbeat_seconds: number("heartbeatInSeconds"),
            worker: text("workerName"),
            error: text("error"),
            cause: text("cause"),
            state: text("state"),
            location: text("location"),
            redrive_count: count("redriveCount"),
        })
    }
}

impl Event {
    /// The numbers of the details. They are of several types, and some are there always.
    fn take_numbers(&mut self, from: &HistoryEvent) {
        let iteration = from
            .map_iteration_started_event_details()
            .or(from.map_iteration_succeeded_event_details())
            .or(from.map_iteration_failed_event_details())
            .or(from.map_iteration_aborted_event_details());
        self.iteration = iteration.map(|details| details.index().unsigned_abs());
        let map = from.map_state_started_event_details();
        self.length = map.map(|details| details.length().unsigned_abs());
        let redriven = from.execution_redriven_event_details();
        let redriven = redriven.and_then(ExecutionRedrivenEventDetails::redrive_count);
        let run = from.map_run_redriven_event_details();
        let run = run.and_then(MapRunRedrivenEventDetails::redrive_count);
        self.redrive_count = redriven.or(run).map(i32::unsigned_abs);
        let (timeout, heartbeat) = if let Some(details) = from.task_scheduled_event_details() {
            (details.timeout_in_seconds(), details.heartbeat_in_seconds())
        } else if let Some(details) = from.activity_scheduled_event_details() {
            (details.timeout_in_seconds(), details.heartbeat_in_seconds())
        } else if let Some(details) = from.lambda_function_scheduled_event_details() {
            (details.timeout_in_seconds(), None)
        } else {
            (None, None)
        };
        self.timeout_seconds = timeout.map(i64::unsigned_abs);
        self.heartbeat_seconds = heartbeat.map(i64::unsigned_abs);
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
            activity_succeeded_event_details, task_submitted_event_details,
            task_succeeded_event_details, lambda_function_succeeded_event_details);
        take!(event from from: {resource = resource, input = input} in
            activity_scheduled_event_details, lambda_function_scheduled_event_details);
        take!(event from from: {resource = resource, resource_type = resource_type, parameters = parameters} in
            task_scheduled_event_details);
        take!(event from from: {resource = resource, resource_type = resource_type} in
            task_started_event_details, task_submitted_event_details,
            task_succeeded_event_details, task_failed_event_details,
            task_timed_out_event_details, task_start_failed_event_details,
            task_submit_failed_event_details);
        take!(event from from: {name = name} in map_iteration_started_event_details,
            map_iteration_succeeded_event_details, map_iteration_failed_event_details,
            map_iteration_aborted_event_details);
        take!(event from from: {map_run = map_run_arn} in map_run_started_event_details,
            map_run_redriven_event_details);
        take!(event from from: {state = state, location = location} in
            evaluation_failed_event_details);
        take!(event from from: {error = error, cause = cause} in
            execution_failed_event_details, execution_timed_out_event_details,
            execution_aborted_event_details, activity_failed_event_details,
            activity_timed_out_event_details, activity_schedule_failed_event_details,
            task_failed_event_details, task_timed_out_event_details,
            task_start_failed_event_details, task_submit_failed_event_details,
            lambda_function_failed_event_details, lambda_function_timed_out_event_details,
            lambda_function_schedule_failed_event_details,
            lambda_function_start_failed_event_details, map_run_failed_event_details,
            evaluation_failed_event_details);
        event.take_numbers(from);
        event
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::builders::HistoryEventBuilder;
    use aws_sdk_sfn::types::{
        ActivityScheduledEventDetails, EvaluationFailedEventDetails, HistoryEventType,
        MapIterationEventDetails, MapRunStartedEventDetails, MapStateStartedEventDetails,
        TaskSubmittedEventDetails,
    };
    use serde_json::json;

    use super::*;

    fn sdk(kind: HistoryEventType) -> HistoryEventBuilder {
        HistoryEvent::builder()
            .id(7)
            .previous_event_id(3)
            .timestamp(DateTime::from_millis(1_700_000_000_250))
            .r#type(kind)
    }

    #[test]
    fn the_sdk_and_the_wire_tell_the_same() {
        let iteration = MapIterationEventDetails::builder().name("Each").index(4);
        let map = MapStateStartedEventDetails::builder().length(9);
        let run = MapRunStartedEventDetails::builder().map_run_arn("arn:run");
        let submitted = TaskSubmittedEventDetails::builder()
            .resource_type("ecs")
            .resource("runTask.sync")
            .output("{}");
        let scheduled = ActivityScheduledEventDetails::builder()
            .resource("arn:activity")
            .timeout_in_seconds(600)
            .heartbeat_in_seconds(30);
        let evaluation = EvaluationFailedEventDetails::builder()
            .error("E")
            .cause("c")
            .location("Items")
            .state("Each");
        let cases = [
            (
                sdk(HistoryEventType::MapIterationAborted)
                    .map_iteration_aborted_event_details(iteration.build()),
                json!({"mapIterationAbortedEventDetails": {"name": "Each", "index": 4}}),
            ),
            (
                sdk(HistoryEventType::MapStateStarted).map_state_started_event_details(map.build()),
                json!({"mapStateStartedEventDetails": {"length": 9}}),
            ),
            (
                sdk(HistoryEventType::MapRunStarted).map_run_started_event_details(run.build()),
                json!({"mapRunStartedEventDetails": {"mapRunArn": "arn:run"}}),
            ),
            (
                sdk(HistoryEventType::TaskSubmitted)
                    .task_submitted_event_details(submitted.build().unwrap()),
                json!({"taskSubmittedEventDetails": {"resourceType": "ecs",
                    "resource": "runTask.sync", "output": "{}"}}),
            ),
            (
                sdk(HistoryEventType::ActivityScheduled)
                    .activity_scheduled_event_details(scheduled.build().unwrap()),
                json!({"activityScheduledEventDetails": {"resource": "arn:activity",
                    "timeoutInSeconds": 600, "heartbeatInSeconds": 30}}),
            ),
            (
                sdk(HistoryEventType::EvaluationFailed)
                    .evaluation_failed_event_details(evaluation.build().unwrap()),
                json!({"evaluationFailedEventDetails": {"error": "E", "cause": "c",
                    "location": "Items", "state": "Each"}}),
            ),
        ];
        for (event, mut wire) in cases {
            let event = event.build().unwrap();
            wire["id"] = 7.into();
            wire["previousEventId"] = 3.into();
            wire["timestamp"] = 1_700_000_000.25.into();
            wire["type"] = event.r#type().as_str().into();
            assert_eq!(Event::from(&event), Event::from_api(&wire).unwrap());
        }
    }
}
