//! Task states: retriers, catchers, clocks, and events that come at the wrong time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, Host, INVOKE, PUT_OBJECT, machine};
use serde_json::{Value, json};
use states_language::{
    ActivityClock, Command, Definition, Event, Pattern, Resource, Status, TaskId, TimerId,
};

/// One activity state with more fields, and a state to catch into.
fn task(fields: &Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": ACTIVITY, "Next": "Done" });
    for (key, value) in fields.as_object().unwrap() {
        state[key] = value.clone();
    }
    let mut states = json!({ "Task": state, "Done": { "Type": "Succeed" } });
    if fields.get("Catch").is_some() {
        states["Caught"] = json!({ "Type": "Succeed" });
    }
    states
}

fn retry(fields: &Value) -> Value {
    task(&json!({ "Retry": [fields] }))
}

#[test]
fn the_request_says_what_to_do() {
    let states = task(&json!({
        "InputPath": "$.in", "Parameters": {"a.$": "$.x", "b": [1, "$.x"]},
        "TimeoutSecondsPath": "$.timeout", "HeartbeatSeconds": 3
    }));
    let host = Host::start(&states, &json!({"in": {"x": 1, "timeout": 9}}));
    let request = host.task();
    assert_eq!(request.state, "Task");
    assert_eq!(
        request.resource,
        Resource::Activity {
            arn: ACTIVITY.to_owned()
        }
    );
    assert_eq!(request.input, r#"{"a":1,"b":[1,"$.x"]}"#);
    assert_eq!(
        (request.timeout_seconds, request.heartbeat_seconds),
        (Some(9), Some(3))
    );
    assert_eq!(host.commands, [Command::StartTask(request)]);
}

#[test]
fn a_service_call_without_parameters_has_none() {
    let states = json!({ "T": { "Type": "Task", "Resource": PUT_OBJECT, "End": true } });
    let host = Host::start(&states, &json!({"a": 1}));
    assert_eq!(host.task().input, "{}");
    assert_eq!(
        host.definition.resources(),
        [(
            "T".to_owned(),
            Resource::Service {
                service: "s3".to_owned(),
                action: "putObject".to_owned(),
                pattern: Pattern::RequestResponse,
                sdk: true,
            }
        )]
    );
}

#[test]
fn a_result_passes_selector_result_path_and_output_path() {
    let states = task(&json!({
        "ResultSelector": {"kept.$": "$.Payload.value", "name.$": "$$.State.Name"},
        "ResultPath": "$.plan", "OutputPath": "$.plan"
    }));
    let mut host = Host::start(&states, &json!({"input": true}));
    host.task_succeeds(&json!({"Payload": {"value": 5, "other": 6}}));
    assert_eq!(host.output(), json!({"kept": 5, "name": "Task"}));

    let mut host = Host::start(&task(&json!({"ResultPath": null})), &json!({"input": true}));
    host.task_succeeds(&json!("dropped"));
    assert_eq!(host.output(), json!({"input": true}));

    let mut host = Host::start(&task(&json!({"OutputPath": null})), &json!({"input": true}));
    host.task_succeeds(&json!(7));
    assert_eq!(host.output(), json!({}));
}

#[test]
fn retriers_have_defaults_of_one_second_doubled_three_times() {
    let mut host = Host::start(&retry(&json!({"ErrorEquals": ["E"]})), &json!({}));
    let mut delays = Vec::new();
    for _ in 0..3 {
        host.task_fails("E");
        delays.push(host.wait());
    }
    assert_eq!(delays, [1000, 2000, 4000]);
    host.task_fails("E");
    assert_eq!(host.failure().0, "E");
}

#[test]
fn max_attempts_zero_never_retries() {
    let states = retry(&json!({"ErrorEquals": ["E"], "MaxAttempts": 0}));
    let mut host = Host::start(&states, &json!({}));
    host.task_fails("E");
    assert_eq!(host.failure().0, "E");
}

#[test]
fn max_delay_caps_and_jitter_spreads() {
    let states = retry(&json!({
        "ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 10, "MaxDelaySeconds": 5
    }));
    let mut host = Host::start(&states, &json!({}));
    host.task_fails("E");
    assert_eq!(host.wait(), 3000);
    host.task_fails("E");
    assert_eq!(host.wait(), 5000);

    let states =
        retry(&json!({"ErrorEquals": ["E"], "IntervalSeconds": 100, "JitterStrategy": "FULL"}));
    let delays: Vec<i64> = (0..20)
        .map(|seed| {
            let mut host = Host::start(&states, &json!({}));
            host.seed = seed;
            host.task_fails("E");
            host.timers()[0].1
        })
        .collect();
    assert!(
        delays.iter().all(|delay| (0..=100_000).contains(delay)),
        "{delays:?}"
    );
    assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
}

#[test]
fn each_retrier_counts_its_own_attempts() {
    let states = task(&json!({ "Retry": [
        {"ErrorEquals": ["A"], "IntervalSeconds": 1, "MaxAttempts": 1},
        {"ErrorEquals": ["B"], "IntervalSeconds": 5, "MaxAttempts": 1}
    ] }));
    let mut host = Host::start(&states, &json!({}));
    host.task_fails("A");
    assert_eq!(host.wait(), 1000);
    host.task_fails("B");
    assert_eq!(host.wait(), 5000);
    host.task_fails("A");
    assert_eq!(host.failure().0, "A");
}

#[test]
fn attempts_are_forgotten_when_the_state_is_left() {
    let states = json!({
        "Task": { "Type": "Task", "Resource": ACTIVITY, "Next": "Task2",
                  "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}] },
        "Task2": { "Type": "Choice", "Default": "End",
                   "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Task"}] },
        "End": { "Type": "Succeed" }
    });
    let mut host = Host::start(&states, &json!(0));
    host.task_fails("E");
    host.wait();
    host.task_succeeds(&json!(1));
    host.task_fails("E");
    host.wait();
    host.task_succeeds(&json!(2));
    assert_eq!(host.output(), json!(2));
}

#[test]
fn the_context_object_counts_retries_and_parameters_see_it() {
    let states = task(&json!({
        "Parameters": {"attempt.$": "$$.State.RetryCount"},
        "Retry": [{"ErrorEquals": ["States.ALL"]}]
    }));
    let mut host = Host::start(&states, &json!({}));
    assert_eq!(host.task().input, r#"{"attempt":0}"#);
    host.task_fails("E");
    host.wait();
    assert_eq!(host.task().input, r#"{"attempt":1}"#);
    assert_eq!(
        host.task().task,
        TaskId(2),
        "every attempt is a task of its own"
    );
}

#[test]
fn retriers_come_before_catchers() {
    let states = task(&json!({
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    }));
    let mut host = Host::start(&states, &json!({}));
    host.task_fails("E");
    assert_eq!(host.status(), Status::Running);
    host.wait();
    host.task_fails("E");
    assert_eq!(host.output()["Error"], "E");
}

#[test]
fn the_first_catcher_that_matches_takes_it() {
    let catching = |first: &str| {
        task(&json!({ "Catch": [
            {"ErrorEquals": ["Other", first], "ResultPath": "$.error", "Next": "Caught"},
            {"ErrorEquals": ["States.ALL"], "Next": "Done"}
        ] }))
    };
    let mut host = Host::start(&catching("E"), &json!({"kept": 1}));
    host.task_fails("E");
    assert_eq!(
        host.output(),
        json!({"kept": 1, "error": {"Error": "E", "Cause": "cause of E"}})
    );
    let mut host = Host::start(&catching("X"), &json!({"kept": 1}));
    host.task_fails("E");
    assert_eq!(host.output(), json!({"Error": "E", "Cause": "cause of E"}));
}

#[test]
fn a_catcher_can_drop_the_error_and_does_not_apply_output_path() {
    let states = task(&json!({
        "OutputPath": "$.never",
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Caught"}]
    }));
    let mut host = Host::start(&states, &json!({"kept": 1}));
    host.task_fails("E");
    assert_eq!(host.output(), json!({"kept": 1}));
}

#[test]
fn a_failure_without_a_name_is_caught_with_two_nulls() {
    let states =
        task(&json!({"Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}]}));
    let mut host = Host::start(&states, &json!({}));
    let task = host.task().task;
    host.send(Event::TaskFailed {
        task,
        error: None,
        cause: None,
    });
    assert_eq!(host.output(), json!({"Error": null, "Cause": null}));
}

#[test]
fn a_time_out_is_not_a_failed_task() {
    let states = |name: &str| {
        task(&json!({
            "TimeoutSeconds": 5, "Catch": [{"ErrorEquals": [name], "Next": "Caught"}]
        }))
    };
    let mut host = Host::start(&states("States.TaskFailed"), &json!({}));
    host.task_starts();
    host.wait();
    assert_eq!(host.failure().0, "States.Timeout");
    for name in ["States.Timeout", "States.ALL"] {
        let mut host = Host::start(&states(name), &json!({}));
        host.task_starts();
        host.wait();
        assert_eq!(
            host.output(),
            json!({"Error": "States.Timeout", "Cause": null}),
            "{name}"
        );
    }
}

#[test]
fn a_missed_heartbeat_is_shown_as_a_time_out_and_caught_by_both_names() {
    for name in ["States.Timeout", "States.HeartbeatTimeout"] {
        let states = task(&json!({
            "TimeoutSeconds": 60, "HeartbeatSeconds": 5,
            "Catch": [{"ErrorEquals": [name], "Next": "Caught"}]
        }));
        let mut host = Host::start(&states, &json!({}));
        host.task_starts();
        assert_eq!(host.wait(), 5000);
        assert_eq!(host.details(5), json!({"error": "States.Timeout"}));
        assert_eq!(host.output()["Error"], "States.Timeout", "{name}");
    }
    // The task's own time-out is no missed heartbeat.
    let states = task(&json!({
        "TimeoutSeconds": 6, "HeartbeatSeconds": 5,
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Caught"}]
    }));
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    host.now += 4000;
    host.send(Event::TaskHeartbeat {
        task: host.task().task,
    });
    assert_eq!(host.wait(), 2000);
    assert_eq!(host.failure().0, "States.Timeout");
}

#[test]
fn heartbeats_set_the_clock_back() {
    let states = task(&json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}));
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    let old = host.timers()[0].0;
    host.now += 3000;
    let step = host.send(Event::TaskHeartbeat {
        task: host.task().task,
    });
    assert!(
        step.history.is_empty(),
        "a heartbeat leaves no trace in the history"
    );
    assert_eq!(step.commands[0], Command::CancelTimer { timer: old });
    assert_eq!(host.timers()[0].1, 5000);
    assert!(
        host.send(Event::TimerFired { timer: old }).ignored,
        "the old clock is gone"
    );
    assert_eq!(host.wait(), 5000);
}

#[test]
fn a_heartbeat_without_a_clock_is_accepted() {
    let mut host = Host::start(&task(&json!({})), &json!({}));
    host.task_starts();
    let step = host.send(Event::TaskHeartbeat {
        task: host.task().task,
    });
    assert!(!step.ignored && step.commands.is_empty());
}

#[test]
fn the_clocks_of_an_activity_begin_when_a_worker_takes_it() {
    let states = task(&json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}));
    let mut host = Host::start(&states, &json!({}));
    assert!(
        host.timers().is_empty(),
        "it may wait in the queue for ever"
    );
    host.now += 1_000_000;
    host.task_starts();
    assert_eq!(
        host.timers().iter().map(|(_, at)| *at).collect::<Vec<_>>(),
        [5000, 60_000]
    );
}

#[test]
fn the_switch_lets_them_begin_with_the_schedule() {
    let states = task(&json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}));
    let definition = Definition::parse(&machine(&states).to_string())
        .unwrap()
        .with_activity_clock(ActivityClock::Scheduled);
    let mut host = Host::with(definition, &json!({}));
    host.send(Event::Started);
    assert_eq!(host.timers().len(), 2);
    host.now += 2000;
    host.task_starts();
    assert_eq!(host.timers()[0].1, 3000, "the start does not set them back");
}

#[test]
fn time_outs_looked_up_must_be_positive_whole_numbers() {
    for (value, good) in [
        (json!(1), true),
        (json!(0), false),
        (json!(-1), false),
        (json!(1.5), false),
        (json!("1"), false),
        (json!(100_000_000), false),
    ] {
        let states = task(&json!({"TimeoutSecondsPath": "$.t"}));
        let host = Host::start(&states, &json!({"t": value}));
        assert_eq!(host.status() == Status::Running, good, "{value}");
        if !good {
            assert!(
                host.failure().1.contains("TimeoutSecondsPath"),
                "{:?}",
                host.failure()
            );
        }
    }
    let states = task(&json!({"TimeoutSeconds": 5, "HeartbeatSecondsPath": "$.h"}));
    let host = Host::start(&states, &json!({"h": 5}));
    assert_eq!(host.failure().0, "States.Runtime");
}

#[test]
fn what_comes_too_late_is_ignored() {
    let states = task(&json!({
        "TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    }));
    let mut host = Host::start(&states, &json!({}));
    let first = host.task().task;
    host.task_starts();
    let clock = host.timers()[0].0;
    host.wait();
    let late = [
        Event::TaskStarted {
            task: first,
            worker_name: None,
        },
        Event::TaskSucceeded {
            task: first,
            output: "1".to_owned(),
        },
        Event::TaskFailed {
            task: first,
            error: None,
            cause: None,
        },
        Event::TaskHeartbeat { task: first },
        Event::TimerFired { timer: clock },
        Event::TimerFired { timer: TimerId(99) },
        Event::TaskSucceeded {
            task: TaskId(99),
            output: "1".to_owned(),
        },
        Event::Started,
        Event::Redriven,
    ];
    for event in &late {
        assert!(
            host.send(event.clone()).ignored,
            "while backing off: {event:?}"
        );
    }
    host.wait();
    for event in &late {
        assert!(
            host.send(event.clone()).ignored,
            "at the second attempt: {event:?}"
        );
    }
    host.task_starts();
    let second = host.task().task;
    assert!(
        host.send(Event::TaskStarted {
            task: second,
            worker_name: None
        })
        .ignored
    );
    host.task_succeeds(&json!(1));
    let stop = Event::Stopped {
        error: None,
        cause: None,
    };
    for event in late.iter().chain([&stop]) {
        assert!(host.send(event.clone()).ignored, "after the end: {event:?}");
    }
}

#[test]
fn an_answer_without_a_start_gets_one() {
    let mut host = Host::start(&task(&json!({"TimeoutSeconds": 5})), &json!({}));
    host.task_succeeds(&json!(1));
    assert_eq!(
        host.types()[2..5],
        ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    );
    assert!(host.timers().is_empty());
}

#[test]
fn a_failure_before_the_start_has_its_own_event() {
    for (resource, event) in [
        (ACTIVITY, "ActivityScheduleFailed"),
        (INVOKE, "TaskStartFailed"),
        (common::FUNCTION, "LambdaFunctionStartFailed"),
    ] {
        let states = json!({ "T": { "Type": "Task", "Resource": resource, "End": true,
                                    "Parameters": {"FunctionName": "f"} } });
        let mut host = Host::start(&states, &json!({}));
        host.task_fails("E");
        assert_eq!(host.types()[3], event);
    }
}

#[test]
fn an_answer_cancels_the_clocks() {
    let states = task(&json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}));
    let mut host = Host::start(&states, &json!({}));
    host.task_starts();
    let step = host.task_succeeds(&json!(1));
    let cancelled = step
        .commands
        .iter()
        .filter(|command| matches!(command, Command::CancelTimer { .. }));
    assert_eq!(cancelled.count(), 2);
}

#[test]
fn a_result_that_is_not_json_fails_the_task() {
    let mut host = Host::start(&task(&json!({})), &json!({}));
    host.task_starts();
    let task = host.task().task;
    host.send(Event::TaskSucceeded {
        task,
        output: "{".to_owned(),
    });
    assert_eq!(host.types()[4..], ["ActivityFailed", "ExecutionFailed"]);
    assert_eq!(host.failure().0, "States.Runtime");
}

#[test]
fn a_result_path_that_does_not_fit_is_caught() {
    let states = task(&json!({
        "ResultPath": "$.a.b",
        "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Caught"}]
    }));
    let mut host = Host::start(&states, &json!({"a": 5}));
    host.task_succeeds(&json!(1));
    assert_eq!(host.output()["Error"], "States.ResultPathMatchFailure");
}

#[test]
fn a_catcher_that_fails_itself_fails_the_execution() {
    let states = task(&json!({
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.a.b", "Next": "Caught"}]
    }));
    let mut host = Host::start(&states, &json!({"a": 5}));
    host.task_fails("E");
    assert_eq!(host.failure().0, "States.ResultPathMatchFailure");
}

#[test]
fn an_intrinsic_failure_is_caught_and_a_runtime_error_is_not() {
    let states = |parameters: Value| {
        task(&json!({
            "Parameters": parameters, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
        }))
    };
    let host = Host::start(
        &states(json!({"x.$": "States.StringToJson('{')"})),
        &json!({}),
    );
    assert_eq!(host.output()["Error"], "States.IntrinsicFailure");
    let host = Host::start(&states(json!({"JobName.$": "$.JobName"})), &json!({}));
    assert_eq!(
        host.failure(),
        (
            "States.Runtime",
            "An error occurred while executing the state 'Task' (entered at the event id #2). The \
             JSONPath '$.JobName' specified for the field 'JobName.$' could not be found in the \
             input '{}'"
        )
    );
    assert_eq!(host.lines()[2..], ["3 ExecutionFailed <- 2"]);
}

#[test]
fn a_redrive_goes_on_in_the_state_that_failed() {
    let states = json!({
        "First": { "Type": "Pass", "Parameters": {"passed.$": "$.in"}, "Next": "Task" },
        "Task": { "Type": "Task", "Resource": ACTIVITY, "Next": "Done",
                  "Parameters": {"in.$": "$.passed", "redrives.$": "$$.Execution.RedriveCount"},
                  "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}] },
        "Done": { "Type": "Succeed" }
    });
    let mut host = Host::start(&states, &json!({"in": 7}));
    host.task_fails("E");
    host.wait();
    host.task_fails("E");
    assert_eq!(host.status(), Status::Failed);
    let arn = host.execution.info().arn.clone();
    let events = host.history.len();

    host.now += 1_000_000;
    assert!(!host.send(Event::Redriven).ignored);
    assert_eq!(host.status(), Status::Running);
    assert_eq!(host.execution.error(), None);
    assert_eq!(
        (host.execution.redrive_count(), &host.execution.info().arn),
        (1, &arn)
    );
    assert_eq!(host.execution.redrive_date().unwrap().0, host.now);
    assert_eq!(
        host.task().input,
        r#"{"in":7,"redrives":1}"#,
        "its original input"
    );
    let next = events + 1;
    assert_eq!(
        host.lines()[events..],
        [
            format!("{next} ExecutionRedriven <- 0"),
            // The entry of the state, before the first attempt.
            format!("{} ActivityScheduled <- 4", next + 1),
        ]
    );
    assert_eq!(host.details(next), json!({"redriveCount": 1}));

    host.task_fails("E");
    assert_eq!(
        host.status(),
        Status::Running,
        "retriers count from the beginning"
    );
    host.wait();
    host.task_succeeds(&json!("ok"));
    assert_eq!(host.output(), json!("ok"));
    assert!(
        host.send(Event::Redriven).ignored,
        "what succeeded is not redriven"
    );
}

#[test]
fn a_redriven_fail_state_fails_again() {
    let mut host = Host::start(&json!({"F": {"Type": "Fail", "Error": "E"}}), &json!({}));
    for count in 1..=3 {
        assert!(!host.send(Event::Redriven).ignored);
        assert_eq!(host.failure().0, "E");
        assert_eq!(host.execution.redrive_count(), count);
    }
}

#[test]
fn what_was_stopped_or_timed_out_can_be_redriven_and_its_time_begins_anew() {
    let mut definition = machine(&task(&json!({})));
    definition["TimeoutSeconds"] = json!(30);
    let mut host = Host::new(&definition, &json!({}));
    host.send(Event::Started);
    host.now += 10_000;
    host.send(Event::Stopped {
        error: Some("E".to_owned()),
        cause: None,
    });
    host.send(Event::Redriven);
    assert_eq!(host.timers()[0].1, 30_000);
    assert_eq!(host.wait(), 30_000);
    assert_eq!(host.status(), Status::TimedOut);
    host.send(Event::Redriven);
    host.task_succeeds(&json!(1));
    assert_eq!(host.status(), Status::Succeeded);
    assert_eq!(host.execution.redrive_count(), 2);
}

#[test]
fn a_redriven_wait_does_not_wait_twice() {
    let states = json!({ "W": { "Type": "Wait", "Seconds": 60, "End": true } });
    let mut host = Host::start(&states, &json!({}));
    host.now += 20_000;
    host.send(Event::Stopped {
        error: None,
        cause: None,
    });
    host.now += 20_000;
    host.send(Event::Redriven);
    assert_eq!(
        host.timers()[0].1,
        20_000,
        "it ends when it would have ended"
    );
    host.send(Event::Stopped {
        error: None,
        cause: None,
    });
    host.now += 60_000;
    host.send(Event::Redriven);
    assert_eq!(host.status(), Status::Succeeded);
}

#[test]
fn a_stop_cancels_what_is_open() {
    let states = task(&json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}));
    let mut host = Host::start(&states, &json!({}));
    let task = host.task().task;
    host.task_starts();
    let timers: Vec<_> = host.execution.timers().map(|(timer, _)| timer).collect();
    let step = host.send(Event::Stopped {
        error: None,
        cause: None,
    });
    assert_eq!(step.commands[0], Command::CancelTask { task });
    for timer in timers {
        assert!(step.commands.contains(&Command::CancelTimer { timer }));
    }
}

#[test]
fn a_lost_definition_fails_the_execution_in_words() {
    let mut host = Host::start(&task(&json!({})), &json!({}));
    let other = json!({"StartAt": "X", "States": {"X": {"Type": "Succeed"}}});
    host.definition = Definition::parse(&other.to_string()).unwrap();
    host.task_succeeds(&json!(1));
    assert!(host.failure().1.contains("'Task' is not in the definition"));
}
