//! Histories as Step Functions writes them: types, order and `previousEventId` follow AWS's own
//! recordings; only names and payloads are ours.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, clippy::float_cmp)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Writes a history line by line: ids count, and each event follows the one before.
struct Writer {
    events: Vec<Value>,
    planned: &'static str,
}

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:whiteboarder-clean";

impl Writer {
    fn started() -> Self {
        let mut writer = Self {
            events: Vec::new(),
            planned: "lambda",
        };
        writer.add(
            "ExecutionStarted",
            "executionStarted",
            json!({"input": "{}"}),
        );
        writer
    }

    fn add(&mut self, kind: &str, details: &str, value: Value) -> &mut Self {
        let id = self.events.len() as u64 + 1;
        let previous = if kind.ends_with("StateEntered") && id == 2 {
            0
        } else {
            id - 1
        };
        self.events.push(json!({
            "id": id, "previousEventId": previous, "type": kind,
            "timestamp": 1_700_000_000.0 + id as f64,
            format!("{details}EventDetails"): value,
        }));
        self
    }

    fn enter(&mut self, kind: &str, name: &str) -> &mut Self {
        self.add(
            &format!("{kind}StateEntered"),
            "stateEntered",
            json!({"name": name}),
        )
    }

    fn exit(&mut self, kind: &str, name: &str, output: &Value) -> &mut Self {
        let details = json!({"name": name, "output": output.to_string()});
        self.add(&format!("{kind}StateExited"), "stateExited", details)
    }

    fn lambda(&mut self, action: &str) -> &mut Self {
        let parameters = json!({"FunctionName": "f", "Payload": {"action": action}}).to_string();
        let resource = json!({"resourceType": "lambda", "resource": "invoke"});
        let mut scheduled = resource.clone();
        scheduled["parameters"] = parameters.into();
        self.add("TaskScheduled", "taskScheduled", scheduled);
        self.add("TaskStarted", "taskStarted", resource)
    }

    fn lambda_fails(&mut self, error: &str, message: &str) -> &mut Self {
        let cause = json!({"errorType": error, "errorMessage": message}).to_string();
        let details =
            json!({"resourceType": "lambda", "resource": "invoke", "error": error, "cause": cause});
        self.add("TaskFailed", "taskFailed", details)
    }

    fn activity(&mut self) -> &mut Self {
        let details = json!({"resource": ACTIVITY, "input": "{}", "heartbeatInSeconds": 20});
        self.add("ActivityScheduled", "activityScheduled", details)
    }

    fn taken_by(&mut self, worker: &str) -> &mut Self {
        self.add(
            "ActivityStarted",
            "activityStarted",
            json!({"workerName": worker}),
        )
    }

    /// Register and Plan, as every execution of our machine begins.
    fn planned(place: &'static str) -> Self {
        let mut writer = Self::started();
        writer.planned = place;
        writer.enter("Task", "Register");
        let resource = json!({"resourceType": "aws-sdk:s3", "resource": "putObject"});
        writer.add("TaskScheduled", "taskScheduled", resource.clone());
        writer.add("TaskStarted", "taskStarted", resource.clone());
        writer.add("TaskSucceeded", "taskSucceeded", resource);
        writer.exit("Task", "Register", &json!({}));
        writer.enter("Task", "Plan").lambda("plan");
        writer.add("TaskSucceeded", "taskSucceeded", json!({"output": "{}"}));
        writer.exit("Task", "Plan", &document(place));
        writer
            .enter("Choice", "Place")
            .exit("Choice", "Place", &document(place));
        writer
    }

    fn succeeds(&mut self, state: &str, kind: &str, place: &str) -> &mut Self {
        let mut output = document(self.planned);
        output["result"] = json!({"place": place, "width": 4, "seconds": {"total": 1.5},
            "output": {"key": "cleaned/b/a.jpg.png", "bytes": 9, "sha256": "aa"}});
        self.add(
            &format!("{kind}Succeeded"),
            "activitySucceeded",
            json!({"output": "{}"}),
        );
        self.exit("Task", state, &output);
        self.enter("Succeed", "Done")
            .exit("Succeed", "Done", &output);
        let details = json!({"output": output.to_string()});
        self.add("ExecutionSucceeded", "executionSucceeded", details)
    }

    fn parsed(&self) -> Vec<Event> {
        self.events
            .iter()
            .map(|event| Event::from_api(event).unwrap())
            .collect()
    }

    fn view(&self) -> ExecutionView {
        fold("e", &self.parsed())
    }
}

fn document(place: &str) -> Value {
    json!({"detail": {}, "plan": {"place": place, "wished": "auto", "why": "fits",
        "predicted": {"seconds": 2.0, "memory_mb": 300}, "limits": {"memory_mb": 1769}}})
}

#[test]
fn a_run_on_lambda_as_planned_is_not_moved() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    let view = writer.view();
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!(view.places, [Place::Lambda]);
    assert!(!view.moved);
    assert_eq!(
        view.attempts, 1,
        "the planner's own call is no attempt at the picture"
    );
    assert_eq!(view.plan.unwrap().predicted.seconds, 2.0);
    assert_eq!(view.result.unwrap().output.key, "cleaned/b/a.jpg.png");
    let names: Vec<_> = view.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["Register", "Plan", "Place", "CleanOnLambda", "Done"]
    );
    assert_eq!(
        view.steps[0].attempts[0].compute,
        Compute::Service {
            service: "aws-sdk:s3".into(),
            action: "putObject".into()
        }
    );
}

#[test]
fn a_lambda_time_out_moves_the_item_to_a_named_worker() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("Sandbox.Timedout", "Task timed out after 1.00 seconds");
    let moved = json!({"moved": {"Error": "Sandbox.Timedout", "Cause": "…"}});
    writer.exit("Task", "CleanOnLambda", &moved);
    writer.enter("Task", "CleanOnEcs").activity();

    let waiting = writer.view();
    assert!(
        waiting.moved,
        "it has left Lambda although no worker has taken it yet"
    );
    assert_eq!(
        waiting.places,
        [Place::Lambda],
        "ECS has not worked on it yet"
    );
    let scheduled = writer.parsed().last().unwrap().time_ms;
    assert_eq!(waiting.waiting_for_worker_since_ms, Some(scheduled));

    writer.taken_by("ecs/2");
    writer.succeeds("CleanOnEcs", "Activity", "ecs");
    let view = writer.view();
    assert_eq!(view.places, [Place::Lambda, Place::Ecs]);
    assert_eq!(view.moved_by.as_deref(), Some("Sandbox.Timedout"));
    assert_eq!(view.worker.as_deref(), Some("ecs/2"));
    assert_eq!(view.attempts, 2);
    assert_eq!(view.plan.unwrap().place, Some(Place::Lambda));
    assert_eq!(view.waiting_for_worker_since_ms, None);
    assert_eq!(
        view.error, None,
        "a caught error is not the execution's error"
    );
    assert!(view.steps[3].caught && !view.steps[4].caught);
}

#[test]
fn a_silent_worker_costs_an_attempt_but_not_the_place() {
    let mut writer = Writer::planned("ecs");
    writer
        .enter("Task", "CleanOnEcs")
        .activity()
        .taken_by("ecs/1");
    writer.add(
        "ActivityTimedOut",
        "activityTimedOut",
        json!({"error": "States.Timeout"}),
    );
    writer.activity().taken_by("ecs/2");
    writer.succeeds("CleanOnEcs", "Activity", "ecs");
    let view = writer.view();
    assert_eq!((view.attempts, view.moved), (2, false));
    assert_eq!(view.places, [Place::Ecs]);
    assert_eq!(view.worker.as_deref(), Some("ecs/2"));
    let clean = &view.steps[3];
    assert_eq!(clean.attempts.len(), 2);
    let lost = AttemptEnd::Failed {
        error: "States.Timeout".into(),
        cause: String::new(),
    };
    assert_eq!(clean.attempts[0].end, Some(lost));
    assert!(!clean.caught, "a retry that succeeds is not a catch");
}

#[test]
fn a_broken_picture_fails_where_it_is_and_a_redrive_goes_on_from_there() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("ImageCorrupt", "the JPEG ends early");
    let cause = json!({"errorMessage": "the JPEG ends early"}).to_string();
    let details = json!({"error": "ImageCorrupt", "cause": cause});
    writer.add("ExecutionFailed", "executionFailed", details);

    let failed = writer.view();
    assert_eq!(failed.status, ExecutionStatus::Failed);
    assert_eq!(failed.error.as_deref(), Some("ImageCorrupt"));
    assert_eq!(
        failed.steps[3].exited_ms, None,
        "an uncaught failure never leaves its state"
    );
    assert_eq!(failed.moved_by, None);

    writer.add(
        "ExecutionRedriven",
        "executionRedriven",
        json!({"redriveCount": 1}),
    );
    let again = writer.view();
    assert_eq!(again.status, ExecutionStatus::Running);
    assert_eq!((again.error, again.stopped_ms), (None, None));

    // AWS goes on with the task itself: there is no second TaskStateEntered.
    writer.lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    let view = writer.view();
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!((view.redrives, view.attempts, view.moved), (1, 2, false));
    assert_eq!(view.steps.len(), 5, "the redrive continued the same visit");
    assert!(view.steps[3].exited_ms.is_some() && !view.steps[3].caught);
}

#[test]
fn a_throttled_call_is_neither_an_attempt_nor_a_place() {
    let mut writer = Writer::planned("lambda");
    writer.enter("Task", "CleanOnLambda").lambda("clean");
    writer.lambda_fails("Lambda.TooManyRequestsException", "Rate exceeded");
    let view = writer.view();
    assert_eq!((view.attempts, view.places.len()), (0, 0));
    writer.lambda("clean");
    writer.succeeds("CleanOnLambda", "Task", "lambda");
    assert_eq!(writer.view().attempts, 1);
}

#[test]
fn a_stop_and_a_machine_time_out_end_it_without_an_exit() {
    for (kind, details, status) in [
        (
            "ExecutionAborted",
            "executionAborted",
            ExecutionStatus::Aborted,
        ),
        (
            "ExecutionTimedOut",
            "executionTimedOut",
            ExecutionStatus::TimedOut,
        ),
    ] {
        let mut writer = Writer::planned("ecs");
        writer.enter("Task", "CleanOnEcs").activity();
        // AWS writes these with previousEventId 0.
        writer.add(kind, details, json!({"error": "Why", "cause": "because"}));
        writer.events.last_mut().unwrap()["previousEventId"] = 0.into();
        let view = writer.view();
        assert_eq!(view.status, status);
        assert_eq!(view.error.as_deref(), Some("Why"));
        assert_eq!(
            view.waiting_for_worker_since_ms, None,
            "nothing waits any more"
        );
        assert_eq!(view.places, []);
    }
}

#[test]
fn a_direct_lambda_resource_is_lambda_too() {
    let mut writer = Writer::started();
    writer.enter("Task", "CleanOnLambda");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let details = json!({"resource": arn, "input": "{}"});
    writer.add(
        "LambdaFunctionScheduled",
        "lambdaFunctionScheduled",
        details,
    );
    writer.add("LambdaFunctionStarted", "none", json!({}));
    let view = writer.view();
    assert_eq!(view.places, [Place::Lambda]);
    assert_eq!(
        view.steps[0].attempts[0].compute,
        Compute::Lambda {
            function: arn.into(),
            pattern: Pattern::Direct,
        }
    );
}

fn any_event() -> impl Strategy<Value = Event> {
    let kinds = prop::sample::select(vec![
        "ExecutionStarted",
        "TaskStateEntered",
        "ChoiceStateEntered",
        "TaskStateExited",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskFailed",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivityTimedOut",
        "ExecutionFailed",
        "ExecutionRedriven",
        "ExecutionAborted",
        "SomethingNew",
    ]);
    let name = prop::option::of(prop::sample::select(vec![
        "Plan",
        "CleanOnLambda",
        "CleanOnEcs",
    ]));
    (0..60_u64, 0..60_u64, kinds, name, any::<bool>()).prop_map(|(id, previous, kind, name, l)| {
        Event {
            id,
            previous,
            kind: kind.to_owned(),
            name: name.map(str::to_owned),
            resource_type: l.then(|| "lambda".to_owned()),
            resource: Some(if l { "invoke" } else { "putObject" }.to_owned()),
            output: Some("{\"plan\":{\"place\":\"ecs\"}}".to_owned()),
            ..Event::default()
        }
    })
}

proptest! {
    #[test]
    fn any_history_folds_and_pages_may_overlap(
        mut events in prop::collection::vec(any_event(), 0..60), cut in 0..60_usize, back in 0..9_usize,
    ) {
        events.sort_by_key(|event| event.id);
        events.dedup_by_key(|event| event.id);
        let whole = fold("e", &events);
        let cut = cut.min(events.len());
        let mut paged = Fold::new("e");
        events[..cut].iter().for_each(|event| paged.apply(event));
        let _ = paged.view();
        events[cut.saturating_sub(back)..].iter().for_each(|event| paged.apply(event));
        prop_assert_eq!(&paged.view(), &whole);
        let scheduled = events.iter().filter(|event| event.kind.ends_with("Scheduled")).count();
        prop_assert!(whole.attempts as usize <= scheduled);
        prop_assert!(whole.places.windows(2).all(|pair| pair[0] != pair[1]));
        prop_assert!(whole.places.len() < 2 || whole.moved);
    }
}
