//! The interpreter writes histories and the folds read them: at every moment of any execution they must agree on what
//! goes on, branches, iterations, retries and redrives included.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::{Value, json};
use states_language::{
    Definition, Event, Execution, ExecutionInfo, Moment, Status, TaskId, Timestamp, step,
};
use whiteboarder_jobs::track::history::{ExecutionView, StateKind, fold};
use whiteboarder_jobs::track::{ExecutionStatus, event};

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:work";

/// Something of everything, nested.
fn machine() -> Definition {
    let task = |name: &str| {
        let state = json!({"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 9, "TimeoutSeconds": 99,
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}], "End": true});
        json!({"StartAt": name, "States": {name: state}})
    };
    let each = json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 2, "End": true,
        "ItemsPath": "$.list", "ItemProcessor": task("Item")}}});
    let rest = json!({"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 3, "Next": "After"},
        "After": {"Type": "Pass", "End": true}}});
    let definition = json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Branches": [each, task("Alone"), rest], "Next": "Last", "ResultPath": "$.both",
            "Retry": [{"ErrorEquals": ["Odd"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["Caught"], "ResultPath": "$.e", "Next": "Last"}]},
        "Last": {"Type": "Pass", "End": true}
    }});
    Definition::parse(&definition.to_string()).unwrap()
}

/// A small generator: the same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// The next thing that happens.
fn next(execution: &Execution, numbers: &mut Numbers) -> Event {
    if execution.status() != Status::Running {
        return Event::Redriven;
    }
    let tasks: Vec<TaskId> = execution.open_tasks().map(|task| task.task).collect();
    let timers: Vec<_> = execution.timers().collect();
    if tasks.is_empty() || (!timers.is_empty() && numbers.below(6) == 0) {
        let timer = timers[numbers.below(timers.len())].0;
        return Event::TimerFired { timer };
    }
    let task = tasks[numbers.below(tasks.len())];
    if !execution.task_started(task) {
        return Event::TaskStarted {
            task,
            worker_name: Some("w".to_owned()),
        };
    }
    match numbers.below(9) {
        error @ 0..=3 => {
            let error = Some(["Busy", "Odd", "Caught", "Broken"][error].to_owned());
            Event::TaskFailed {
                task,
                error,
                cause: None,
            }
        }
        _ => Event::TaskSucceeded {
            task,
            output: "{}".to_owned(),
        },
    }
}

/// Names of the Task states that somebody is asked to work for.
fn asked(view: &ExecutionView) -> Vec<String> {
    let open = view
        .steps
        .iter()
        .filter(|step| step.kind == StateKind::Task && step.end.is_none());
    let asked = open.filter(|step| {
        step.attempts
            .last()
            .is_some_and(|attempt| attempt.end.is_none())
    });
    let mut names: Vec<String> = asked.map(|step| step.name.clone()).collect();
    names.sort();
    names
}

fn status(status: Status) -> ExecutionStatus {
    match status {
        Status::Running => ExecutionStatus::Running,
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed => ExecutionStatus::Failed,
        Status::TimedOut => ExecutionStatus::TimedOut,
        Status::Aborted => ExecutionStatus::Aborted,
    }
}

#[test]
fn interpreter_and_folds_agree_at_every_moment() {
    let definition = machine();
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let input = json!({"list": [1, 2, 3]}).to_string();
        let mut execution = Execution::new(ExecutionInfo::default(), &input).unwrap();
        let mut events: Vec<event::Event> = Vec::new();
        let mut now = 1_700_000_000_000;
        let mut happens = Event::Started;
        for _ in 0..60 {
            now += 1_000;
            let moment = Moment {
                now: Timestamp(now),
                seed,
            };
            let stepped = step(&definition, execution, happens.clone(), moment);
            execution = stepped.execution;
            let written: Vec<Value> = stepped
                .history
                .iter()
                .map(|event| event.to_api(true))
                .collect();
            events.extend(
                written
                    .iter()
                    .map(|event| event::Event::from_api(event).unwrap()),
            );
            let view = fold("run", &events);
            let mut open: Vec<String> = execution
                .open_tasks()
                .map(|task| task.state.clone())
                .collect();
            open.sort();
            assert_eq!(asked(&view), open, "seed {seed} after {happens:?}");
            assert_eq!(view.status, status(execution.status()), "seed {seed}");
            if execution.status() == Status::Succeeded {
                assert!(
                    view.steps.iter().all(|step| step.end.is_some()),
                    "seed {seed}"
                );
                break;
            }
            happens = next(&execution, &mut numbers);
        }
    }
}
