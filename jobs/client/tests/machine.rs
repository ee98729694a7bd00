//! The state machine that ships, run by the interpreter; its histories are read by our own folds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};
use states_language::{
    Definition, Event, Execution, ExecutionInfo, Moment, Pattern, Resource, Status, TaskRequest,
    Timestamp, step,
};
use whiteboarder_jobs::stack::{self, Substitutions, substitute};
use whiteboarder_jobs::track::history::{ExecutionView, fold};
use whiteboarder_jobs::track::{ExecutionStatus, Place, event};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

fn text() -> String {
    substitute(
        stack::STATE_MACHINE,
        &Substitutions::new(REGION, ACCOUNT, 256, 60),
    )
}

struct Host {
    definition: Definition,
    execution: Execution,
    history: Vec<event::Event>,
    now: i64,
}

impl Host {
    /// An execution, begun by an S3 event; `name` is the item's.
    fn start(name: &str) -> Self {
        let input = json!({"version": "0", "source": "aws.s3", "detail-type": "Object Created",
            "detail": {"bucket": {"name": "wb-local"},
                "object": {"key": format!("inbox/01B/{name}"), "size": 5, "etag": "aa"}}});
        let info = ExecutionInfo {
            arn: "arn:aws:states:us-east-1:000000000000:execution:whiteboarder:run-1".into(),
            name: "run-1".into(),
            role_arn: "arn:aws:iam::000000000000:role/r".into(),
            state_machine_arn: stack::state_machine_arn(REGION, ACCOUNT, "whiteboarder"),
            state_machine_name: "whiteboarder".into(),
            region: REGION.into(),
        };
        let mut host = Self {
            definition: Definition::parse(&text()).unwrap(),
            execution: Execution::new(info, &input.to_string()).unwrap(),
            history: Vec::new(),
            now: 1_700_000_000_000,
        };
        host.send(Event::Started);
        host
    }

    fn send(&mut self, event: Event) {
        let moment = Moment {
            now: Timestamp(self.now),
            seed: 7,
        };
        let step = step(&self.definition, self.execution.clone(), event, moment);
        assert!(!step.ignored, "the event meant something");
        for event in &step.history {
            self.history
                .push(event::Event::from_api(&event.to_api(true)).unwrap());
        }
        self.execution = step.execution;
    }

    fn task(&self) -> TaskRequest {
        self.execution
            .open_tasks()
            .next()
            .expect("an open task")
            .clone()
    }

    fn request(&self) -> Value {
        serde_json::from_str(&self.task().input).unwrap()
    }

    fn begins(&mut self, worker: Option<&str>) -> &mut Self {
        let task = self.task().task;
        self.now += 10;
        self.send(Event::TaskStarted {
            task,
            worker_name: worker.map(str::to_owned),
        });
        self
    }

    fn succeeds(&mut self, output: &Value) -> &mut Self {
        let task = self.task().task;
        self.now += 100;
        self.send(Event::TaskSucceeded {
            task,
            output: output.to_string(),
        });
        self
    }

    fn fails(&mut self, error: &str) -> &mut Self {
        let task = self.task().task;
        let cause = json!({"errorType": error, "errorMessage": format!("words for {error}")});
        let (error, cause) = (Some(error.to_owned()), Some(cause.to_string()));
        self.now += 100;
        self.send(Event::TaskFailed { task, error, cause });
        self
    }

    /// Lets the soonest timer fire.
    fn waits(&mut self) -> f64 {
        let (timer, at) = self
            .execution
            .timers()
            .min_by_key(|(_, at)| *at)
            .expect("a timer");
        let seconds = (at.0 - self.now) as f64 / 1000.0;
        self.now = at.0;
        self.send(Event::TimerFired { timer });
        seconds
    }

    fn state(&self) -> &str {
        self.execution.current_state().unwrap()
    }

    /// As far as the place that the plan chose.
    fn planned(place: &str) -> Self {
        let mut host = Self::start("mo/a {1}.jpg");
        host.begins(None).succeeds(&json!({"ETag": "\"x\""}));
        host.begins(None).succeeds(&invoked(json!({
            "place": place, "wished": "auto", "why": "because", "image": {"width": 4},
            "predicted": {"seconds": 1.5, "memory_mb": 90}, "recipe_hash": "h",
            "limits": {"memory_mb": 256, "timeout_s": 60.0, "task_timeout_s": 70},
        })));
        host
    }

    fn view(&self) -> ExecutionView {
        fold("run-1", &self.history)
    }
}

fn invoked(payload: Value) -> Value {
    json!({"ExecutedVersion": "$LATEST", "StatusCode": 200, "SdkHttpMetadata": {},
        "Payload": payload})
}

fn report(place: &str) -> Value {
    json!({"output": {"bucket": "wb-local", "key": "cleaned/01B/mo/a {1}.jpg.png", "bytes": 9,
            "sha256": "s", "etag": "e"},
        "source": {"etag": "aa", "sha256": "t"}, "place": place, "width": 4, "height": 3,
        "seconds": {"total": 1.25}, "peak_memory_mb": null, "cold_start": true,
        "recipe_hash": "h", "version": 1})
}

#[test]
fn the_definition_is_valid_and_every_placeholder_has_a_value() {
    assert!(
        serde_json::from_str::<Value>(stack::STATE_MACHINE).is_ok(),
        "JSON as it lies there"
    );
    let filled = text();
    assert!(!filled.contains("${"), "{filled}");
    let definition = Definition::parse(&filled).unwrap();
    assert_eq!(definition.start_at(), "Register");
    assert!(
        definition.timeout_seconds().is_some(),
        "a queue without workers ends some day"
    );
    let resources: Vec<_> = definition.resources();
    let lambda = |resource: &Resource| {
        matches!(resource, Resource::Service { service, action, pattern, .. }
            if service == "lambda" && action == "invoke" && *pattern == Pattern::RequestResponse)
    };
    assert_eq!(
        resources
            .iter()
            .filter(|(_, resource)| lambda(resource))
            .count(),
        2
    );
    let activities = resources
        .iter()
        .filter(|(_, r)| matches!(r, Resource::Activity { .. }));
    assert_eq!(activities.count(), 1);
}

#[test]
fn nothing_stands_in_the_way_of_a_redrive() {
    let machine: Value = serde_json::from_str(stack::STATE_MACHINE).unwrap();
    for (name, state) in machine["States"].as_object().unwrap() {
        assert_ne!(
            state["Type"], "Fail",
            "{name}: a redrive of a Fail state only fails again"
        );
        for catch in state["Catch"].as_array().into_iter().flatten() {
            let errors = catch["ErrorEquals"].as_array().unwrap();
            assert!(!errors.contains(&json!("States.ALL")), "{name}");
            assert!(!errors.contains(&json!("States.TaskFailed")), "{name}");
        }
    }
    let ecs = &machine["States"]["CleanOnEcs"];
    assert_eq!(ecs["HeartbeatSeconds"], stack::ACTIVITY_HEARTBEAT_SECONDS);
    assert!(ecs["TimeoutSeconds"].as_u64() > ecs["HeartbeatSeconds"].as_u64());
}

#[test]
fn the_rules_match_what_they_should() {
    let inbox = stack::inbox_pattern("wb-local");
    assert_eq!(inbox["detail"]["bucket"]["name"], json!(["wb-local"]));
    assert_eq!(
        inbox["detail"]["object"]["key"],
        json!([{"prefix": "inbox/"}])
    );
    let ended = stack::ended_pattern("arn:m");
    assert_eq!(ended["detail"]["stateMachineArn"], json!(["arn:m"]));
    assert_eq!(
        ended["detail"]["status"],
        json!(["FAILED", "TIMED_OUT", "ABORTED"])
    );
}

#[test]
fn register_puts_the_record_where_one_list_finds_it() {
    let host = Host::start("mo/a {1}.jpg");
    let request = host.request();
    assert_eq!(request["Bucket"], "wb-local");
    assert_eq!(request["Key"], "runs/inbox/01B/mo/a {1}.jpg/run-1");
    let key = request["Key"].as_str().unwrap();
    let parsed = whiteboarder_jobs::names::parse_run_key(key);
    assert_eq!(parsed, Some(("01B", "mo/a {1}.jpg", "run-1")));
    let body = &request["Body"];
    assert_eq!(body["name"], "run-1");
    assert_eq!(body["key"], "inbox/01B/mo/a {1}.jpg");
    assert!(
        body["execution"]
            .as_str()
            .unwrap()
            .ends_with(":execution:whiteboarder:run-1")
    );
    assert!(body["started"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn what_fits_is_cleaned_on_lambda() {
    let mut host = Host::planned("lambda");
    assert_eq!(host.state(), "CleanOnLambda");
    let event = json!({"action": "clean", "bucket": "wb-local",
        "key": "inbox/01B/mo/a {1}.jpg", "execution": "run-1", "place": "lambda"});
    assert_eq!(host.request()["Payload"], event);
    assert_eq!(
        host.task().timeout_seconds,
        Some(70),
        "a little above the function's own"
    );
    host.begins(None).succeeds(&invoked(report("lambda")));
    assert_eq!(host.execution.status(), Status::Succeeded);
    let output: Value = serde_json::from_str(host.execution.output().unwrap()).unwrap();
    assert_eq!(
        output["result"],
        report("lambda"),
        "every field of the report arrives"
    );
    assert_eq!(output["plan"]["place"], "lambda");

    let view = host.view();
    assert_eq!(view.status, ExecutionStatus::Succeeded);
    assert_eq!(
        (view.places.as_slice(), view.moved),
        ([Place::Lambda].as_slice(), false)
    );
    assert_eq!(view.plan.unwrap().why, "because");
    assert_eq!(
        view.result.unwrap().output.key,
        "cleaned/01B/mo/a {1}.jpg.png"
    );
}

#[test]
fn what_does_not_fit_goes_to_a_worker() {
    let mut host = Host::planned("ecs");
    assert_eq!(host.state(), "CleanOnEcs");
    assert_eq!(host.request()["place"], "ecs");
    assert_eq!(host.task().heartbeat_seconds, Some(20));
    assert!(host.view().waiting_for_worker_since_ms.is_some());
    host.begins(Some("ecs/1")).succeeds(&report("ecs"));
    let view = host.view();
    assert_eq!(
        (view.places.as_slice(), view.moved),
        ([Place::Ecs].as_slice(), false)
    );
    assert_eq!(view.worker.as_deref(), Some("ecs/1"));
    assert_eq!(view.result.unwrap().place, Some(Place::Ecs));
}

#[test]
fn a_machine_that_is_too_small_moves_the_picture_once() {
    for error in [
        "Sandbox.Timedout",
        "Runtime.ExitError",
        "Runtime.OutOfMemory",
        "Lambda.Unknown",
    ] {
        let mut host = Host::planned("lambda");
        host.begins(None).fails(error);
        assert_eq!(host.state(), "CleanOnEcs", "{error}");
        host.begins(Some("ecs/1")).succeeds(&report("ecs"));
        assert_eq!(host.execution.status(), Status::Succeeded);
        let view = host.view();
        assert_eq!(view.places, [Place::Lambda, Place::Ecs]);
        assert!(view.moved);
        assert_eq!(view.moved_by.as_deref(), Some(error));
        assert_eq!(view.error, None);
    }
}

#[test]
fn the_tasks_own_time_out_moves_it_as_well() {
    let mut host = Host::planned("lambda");
    host.begins(None);
    assert!((host.waits() - 70.0).abs() < 0.1);
    assert_eq!(host.state(), "CleanOnEcs");
    assert_eq!(host.view().moved_by.as_deref(), Some("States.Timeout"));
}

#[test]
fn what_is_wrong_with_the_picture_fails_at_once_and_can_be_redriven() {
    let wrong = [
        "ImageUnsupported",
        "ImageTooLarge",
        "ImageCorrupt",
        "RecipeInvalid",
        "ObjectMissing",
    ];
    for place in ["lambda", "ecs"] {
        for error in wrong {
            let mut host = Host::planned(place);
            let state = host.state().to_owned();
            host.begins(Some("w")).fails(error);
            assert_eq!(
                host.execution.status(),
                Status::Failed,
                "{error} on {place}"
            );
            let view = host.view();
            assert_eq!((view.attempts, view.moved), (1, false));
            assert_eq!(view.error.as_deref(), Some(error));

            host.send(Event::Redriven);
            assert_eq!(host.state(), state, "the redrive goes on where it failed");
            host.begins(Some("w"));
            let result = report(place);
            host.succeeds(&if place == "lambda" {
                invoked(result)
            } else {
                result
            });
            let view = host.view();
            assert_eq!(view.status, ExecutionStatus::Succeeded);
            assert_eq!((view.redrives, view.attempts, view.moved), (1, 2, false));
        }
    }
    // The same in Plan, which reads the header.
    let mut host = Host::start("a.jpg");
    host.begins(None)
        .succeeds(&json!({}))
        .begins(None)
        .fails("ImageUnsupported");
    assert_eq!(host.execution.status(), Status::Failed);
    assert_eq!(host.view().attempts, 0, "nothing tried to clean it");
}

#[test]
fn a_worker_that_falls_silent_is_replaced() {
    let mut host = Host::planned("ecs");
    host.begins(Some("ecs/1"));
    assert!((host.waits() - 20.0).abs() < 0.1, "the heartbeat");
    host.waits();
    assert_eq!(host.state(), "CleanOnEcs");
    host.begins(Some("ecs/2")).succeeds(&report("ecs"));
    let view = host.view();
    assert_eq!((view.attempts, view.moved), (2, false));
    assert_eq!(view.worker.as_deref(), Some("ecs/2"));
}

#[test]
fn a_worker_that_stops_hands_its_picture_to_another() {
    for error in ["Loveless.WorkerStopped", "Runtime.ExitError"] {
        let mut host = Host::planned("ecs");
        host.begins(Some("ecs/1")).fails(error);
        host.waits();
        assert_eq!(host.state(), "CleanOnEcs", "{error}");
        host.begins(Some("ecs/2")).succeeds(&report("ecs"));
        let view = host.view();
        assert_eq!(
            (view.attempts, view.worker.as_deref()),
            (2, Some("ecs/2")),
            "{error}"
        );
    }
}

#[test]
fn a_throttled_call_waits_and_stays_on_lambda() {
    let mut host = Host::planned("lambda");
    for _ in 0..20 {
        host.begins(None).fails("Lambda.TooManyRequestsException");
        assert!(host.waits() <= 30.0);
        assert_eq!(host.state(), "CleanOnLambda");
    }
    host.begins(None).succeeds(&invoked(report("lambda")));
    let view = host.view();
    assert_eq!(
        (view.places.as_slice(), view.attempts),
        ([Place::Lambda].as_slice(), 1)
    );
}

#[test]
fn a_stop_is_a_stop() {
    let mut host = Host::planned("ecs");
    host.send(Event::Stopped {
        error: Some("Stopped".into()),
        cause: Some("on request".into()),
    });
    let view = host.view();
    assert_eq!(view.status, ExecutionStatus::Aborted);
    assert_eq!(view.error.as_deref(), Some("Stopped"));
}
