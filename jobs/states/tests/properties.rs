//! What must hold for any definition, any path, any call and any order of events.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{ACTIVITY, Host, INVOKE, info, machine};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use states_language::{
    Command, Definition, Event, Execution, HistoryEvent, Moment, Status, Step, TaskId, TimerId,
    Timestamp, step,
};

/// A machine with something of everything.
fn rich_machine() -> Value {
    let mut definition = machine(&json!({
        "Begin": { "Type": "Pass", "Parameters": {"n.$": "States.MathRandom(0, 100)", "in.$": "$"},
                   "Next": "Call" },
        "Call": {
            "Type": "Task", "Resource": INVOKE,
            "Parameters": {"FunctionName": "f", "Payload": {"id.$": "States.UUID()"}},
            "ResultPath": "$.call", "TimeoutSeconds": 30, "Next": "Which",
            "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Work"}]
        },
        "Which": { "Type": "Choice", "Default": "Pause",
                   "Choices": [{"Variable": "$.n", "NumericLessThan": 50, "Next": "Work"}] },
        "Pause": { "Type": "Wait", "Seconds": 7, "Next": "Work" },
        "Work": {
            "Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 3, "TimeoutSeconds": 20,
            "ResultPath": "$.work", "Next": "Both",
            "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["B"], "Next": "Begin"}]
        },
        "Both": {
            "Type": "Parallel", "ResultPath": "$.both", "Assign": {"both.$": "$[0]"}, "Next": "Each",
            "Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["B"], "ResultPath": "$.error", "Next": "Each"}],
            "Branches": [
                {"StartAt": "Left", "States": {
                    "Left": {"Type": "Task", "Resource": INVOKE, "TimeoutSeconds": 5, "End": true,
                             "Parameters": {"FunctionName": "l"}, "Retry": [{"ErrorEquals": ["A"]}]}}},
                {"StartAt": "Right", "States": {
                    "Right": {"Type": "Wait", "Seconds": 2, "Next": "Then"},
                    "Then": {"Type": "Task", "Resource": ACTIVITY, "QueryLanguage": "JSONata",
                             "Arguments": {"n": "{% $states.input.n * 2 %}", "id": "{% $uuid() %}"},
                             "Assign": {"then": "{% $states.result %}"}, "End": true}}}
            ]
        },
        "Each": {
            "Type": "Map", "ItemsPath": "$.in.list", "MaxConcurrency": 2, "ResultPath": "$.each",
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}, "Next": "Done",
            "Catch": [{"ErrorEquals": ["B"], "ResultPath": "$.error", "Next": "Done"}],
            "ItemProcessor": {"StartAt": "Item", "States": {
                "Item": {"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 9, "Next": "Say",
                         "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]},
                "Say": {"Type": "Pass", "Parameters": {"said.$": "$$.Map.Item.Value"}, "End": true}}}
        },
        "Done": { "Type": "Succeed" }
    }));
    definition["TimeoutSeconds"] = json!(90);
    definition
}

/// An event, where "the" task and timer are looked up when it happens.
#[derive(Clone, Debug)]
enum Draft {
    Start,
    TaskStarted(Which),
    Succeeded(Which, String),
    Failed(Which, Option<String>),
    Heartbeat(Which),
    Fire(Index),
    FireStranger(u64),
    Stop,
    Redrive,
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Open(Index),
    Stranger(u64),
}

impl Which {
    fn task(self, execution: &Execution) -> TaskId {
        match self {
            Which::Open(index) => {
                let open: Vec<TaskId> = execution.open_tasks().map(|task| task.task).collect();
                if open.is_empty() {
                    TaskId(0)
                } else {
                    *index.get(&open)
                }
            }
            Which::Stranger(id) => TaskId(id),
        }
    }
}

impl Draft {
    fn event(&self, execution: &Execution) -> Event {
        match self {
            Draft::Start => Event::Started,
            Draft::TaskStarted(which) => Event::TaskStarted {
                task: which.task(execution),
                worker_name: Some("worker".to_owned()),
            },
            Draft::Succeeded(which, output) => Event::TaskSucceeded {
                task: which.task(execution),
                output: output.clone(),
            },
            Draft::Failed(which, error) => Event::TaskFailed {
                task: which.task(execution),
                error: error.clone(),
                cause: None,
            },
            Draft::Heartbeat(which) => Event::TaskHeartbeat {
                task: which.task(execution),
            },
            Draft::Fire(index) => {
                let timers: Vec<_> = execution.timers().collect();
                let timer = if timers.is_empty() {
                    TimerId(0)
                } else {
                    timers[index.index(timers.len())].0
                };
                Event::TimerFired { timer }
            }
            Draft::FireStranger(id) => Event::TimerFired {
                timer: TimerId(*id),
            },
            Draft::Stop => Event::Stopped {
                error: None,
                cause: Some("stopped".to_owned()),
            },
            Draft::Redrive => Event::Redriven,
        }
    }
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![6 => any::<Index>().prop_map(Which::Open), 1 => (0_u64..8).prop_map(Which::Stranger)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let output = select(vec![
        "{}",
        "{\"Payload\":1}",
        "5",
        "null",
        "not json",
        "[[[]]]",
    ]);
    let error = select(vec![None, Some("A"), Some("B"), Some("States.Runtime")]);
    prop_oneof![
        1 => Just(Draft::Start),
        6 => which().prop_map(Draft::TaskStarted),
        4 => (which(), output).prop_map(|(which, text)| Draft::Succeeded(which, text.to_owned())),
        4 => (which(), error).prop_map(|(which, e)| Draft::Failed(which, e.map(str::to_owned))),
        2 => which().prop_map(Draft::Heartbeat),
        4 => any::<Index>().prop_map(Draft::Fire),
        1 => (0_u64..20).prop_map(Draft::FireStranger),
        1 => Just(Draft::Stop),
        2 => Just(Draft::Redrive),
    ]
}

fn drafts() -> impl Strategy<Value = Vec<(Draft, u64, u64)>> {
    prop::collection::vec((draft(), 0_u64..10_000, any::<u64>()), 0..90)
}

/// Lets all of it happen; `between` stands for what a host does with an execution between steps.
fn play(
    drafts: &[(Draft, u64, u64)],
    between: impl Fn(Execution) -> Execution,
) -> (Vec<Step>, Vec<HistoryEvent>, Vec<Command>) {
    let definition = Definition::parse(&rich_machine().to_string()).unwrap();
    let mut execution = Execution::new(info(), r#"{"f": 0.1, "list": [1, 2.50, "x"]}"#).unwrap();
    let (mut steps, mut history, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    let mut now = common::START;
    let start = (Draft::Start, 0, 1);
    for (draft, millis, seed) in std::iter::once(&start).chain(drafts) {
        now += *millis as i64;
        let event = draft.event(&execution);
        let moment = Moment {
            now: Timestamp(now),
            seed: *seed,
        };
        let step = step(&definition, between(execution), event, moment);
        history.extend(step.history.iter().cloned());
        commands.extend(step.commands.iter().cloned());
        execution = step.execution.clone();
        steps.push(step);
    }
    (steps, history, commands)
}

/// A path of random parts, most of them right.
fn path_text() -> impl Strategy<Value = String> {
    let part = select(vec![
        ".a",
        ".b",
        "['a']",
        "[\"b\"]",
        "[0]",
        "[-1]",
        "[*]",
        ".*",
        "[1:]",
        "[::2]",
        "[:-1]",
        "['a','b']",
        "[0,1]",
        "..a",
        "..*",
        "..[0]",
        "[?(@.a)]",
        "[?(@.a > 1)]",
        "[?(@.a == 'x' || !@.b)]",
        "[?(@ in [1, 'x'])]",
        "[?($.a != @.b)]",
        ".",
        "[",
        "]",
        "..",
        "[?(",
        ")]",
        "'",
        "(",
        "@",
        "&&",
        " ",
        "é",
        "\u{1F600}",
        "$",
        "[9999999999]",
        "[-]",
    ]);
    prop::collection::vec(part, 0..7).prop_map(|parts| format!("${}", parts.concat()))
}

/// A call of random parts.
fn call_text() -> impl Strategy<Value = String> {
    let name = select(vec![
        "Format",
        "StringToJson",
        "JsonToString",
        "Array",
        "ArrayPartition",
        "ArrayContains",
        "ArrayRange",
        "ArrayGetItem",
        "ArrayLength",
        "ArrayUnique",
        "Base64Encode",
        "Base64Decode",
        "Hash",
        "JsonMerge",
        "MathRandom",
        "MathAdd",
        "StringSplit",
        "UUID",
        "Nothing",
    ]);
    let leaf = prop_oneof![
        path_text(),
        select(vec![
            "'{}'",
            "'a,b'",
            "'SHA-256'",
            "'\\{'",
            "'",
            "1",
            "-5",
            "0",
            "1.5",
            "1e300",
            "9223372036854775807",
            "-9223372036854775808",
            "null",
            "true",
            "false",
            "''",
            "'é{}'",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        (name.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, arguments)| format!("States.{name}({})", arguments.join(", ")))
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Definitions of right and wrong parts.
fn definition_like() -> impl Strategy<Value = Value> {
    let key = select(vec![
        "Type",
        "StartAt",
        "States",
        "Next",
        "End",
        "Choices",
        "Default",
        "Variable",
        "And",
        "Not",
        "Resource",
        "Parameters",
        "x.$",
        "ResultPath",
        "InputPath",
        "Retry",
        "Catch",
        "ErrorEquals",
        "Seconds",
        "TimestampPath",
        "IsNull",
        "StringEqualsPath",
        "TimeoutSeconds",
        "A",
        "B",
        "HeartbeatSeconds",
        "Error",
        "CausePath",
        "Comment",
        "MaxAttempts",
        "BackoffRate",
        "StartAt",
        "States",
        "Branches",
        "ItemProcessor",
        "ProcessorConfig",
        "Mode",
        "ItemSelector",
        "ItemBatcher",
        "Items",
        "Assign",
        "Output",
        "Arguments",
        "Condition",
        "QueryLanguage",
    ]);
    let leaf = prop_oneof![
        select(vec![
            "A",
            "B",
            "Task",
            "Pass",
            "Choice",
            "Wait",
            "Succeed",
            "Fail",
            "Map",
            "Parallel",
            "JSONata",
            "DISTRIBUTED",
            "{% $states.input %}",
            "{% $states.input.a & $b %}",
            "$x",
            "$.a",
            "$$",
            "$",
            ACTIVITY,
            INVOKE,
            "States.ALL",
            "States.UUID()",
            "arn:aws:states:::a:b.sync",
            "\u{0}",
        ])
        .prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-2_i64..100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            3 => prop::collection::vec((key.clone(), inner.clone()), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

/// Pieces of expressions, most of which fit together.
const QUERY_PARTS: &[&str] = &[
    "$states.input",
    ".a",
    ".*",
    ".**",
    "[0]",
    "[$ > 1]",
    " + ",
    " & ",
    " = ",
    " ? ",
    " : ",
    "(",
    ")",
    "[",
    "]",
    "{'k': ",
    "}",
    "1",
    "'x'",
    "/a.b/",
    "^(a)",
    "%.b",
    "@$v",
    "#$i",
    "~>",
    " := ",
    "$x",
    ";",
    "$map(",
    "$sum(",
    "$string(",
    "$range(1, 3, 1)",
    "$parse('[1]')",
    "$hash(",
    "$partition(",
    ", ",
    "function($v){ $v }",
    "$now()",
    "$uuid()",
    "$random()",
    "|$|{'a': 1}|",
    "!",
    "null",
    "..",
    "-",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn the_same_events_give_the_same_steps(drafts in drafts()) {
        prop_assert_eq!(play(&drafts, |execution| execution).0, play(&drafts, |e| e).0);
    }

    #[test]
    fn storing_an_execution_between_steps_changes_nothing(drafts in drafts()) {
        let stored = play(&drafts, |execution| {
            serde_json::from_str(&serde_json::to_string(&execution).unwrap()).unwrap()
        });
        prop_assert_eq!(stored, play(&drafts, |execution| execution));
    }

    #[test]
    fn any_order_of_events_keeps_the_books_right(drafts in drafts()) {
        let (steps, history, commands) = play(&drafts, |execution| execution);
        for (position, event) in history.iter().enumerate() {
            prop_assert_eq!(event.id, position as u64 + 1);
            prop_assert!(event.previous_event_id < event.id);
        }
        // Tasks and timers are numbered once, and what is open is what was begun and not ended.
        let mut tasks = Vec::new();
        let mut timers = Vec::new();
        for command in &commands {
            match command {
                Command::StartTask(request) => {
                    prop_assert!(!tasks.contains(&request.task));
                    tasks.push(request.task);
                }
                Command::SetTimer { timer, .. } => {
                    prop_assert!(!timers.contains(timer));
                    timers.push(*timer);
                }
                Command::CancelTask { task } => prop_assert!(tasks.contains(task)),
                Command::CancelTimer { timer } => prop_assert!(timers.contains(timer)),
                Command::StartMapRun(run) | Command::RedriveMapRun(run) => {
                    tasks.push(run.task);
                }
                Command::CancelMapRun { task } => prop_assert!(tasks.contains(task)),
                Command::Finish => {}
            }
        }
        for step in &steps {
            let execution = &step.execution;
            prop_assert_eq!(
                step.commands.contains(&Command::Finish),
                execution.status() != Status::Running && !step.ignored
            );
            for task in execution.open_tasks() {
                prop_assert!(tasks.contains(&task.task));
            }
            if execution.status() == Status::Running {
                let waits = execution.open_tasks().count() + execution.timers().count();
                prop_assert!(waits > 0, "a running execution waits for something");
            }
        }
    }

    #[test]
    fn a_running_execution_ends_when_its_timers_fire(drafts in drafts()) {
        let definition = Definition::parse(&rich_machine().to_string()).unwrap();
        let (steps, ..) = play(&drafts, |execution| execution);
        let mut execution = steps.last().unwrap().execution.clone();
        for _ in 0..1000 {
            let Some((timer, at)) = execution.timers().min_by_key(|(_, at)| *at) else { break };
            let moment = Moment { now: at, seed: 3 };
            execution = step(&definition, execution, Event::TimerFired { timer }, moment).execution;
        }
        prop_assert_ne!(execution.status(), Status::Running);
    }

    #[test]
    fn any_path_is_read_and_walked_or_refused(path in path_text(), input in any_json()) {
        let states = json!({ "P": { "Type": "Pass", "InputPath": path, "End": true } });
        if let Ok(definition) = Definition::parse(&machine(&states).to_string()) {
            let mut host = Host::with(definition, &input);
            host.send(Event::Started);
            prop_assert_ne!(host.status(), Status::Running);
        }
    }

    #[test]
    fn any_result_path_is_written_to_or_refused(path in path_text(), input in any_json()) {
        let states = json!({
            "P": { "Type": "Pass", "Result": "R", "ResultPath": path, "OutputPath": path, "End": true }
        });
        if let Ok(definition) = Definition::parse(&machine(&states).to_string()) {
            let mut host = Host::with(definition, &input);
            host.send(Event::Started);
            // What was written is found again.
            if host.status() == Status::Succeeded {
                prop_assert_eq!(host.output(), json!("R"));
            } else {
                prop_assert_eq!(host.failure().0, "States.ResultPathMatchFailure");
            }
        }
    }

    #[test]
    fn any_call_is_evaluated_or_refused(call in call_text(), input in any_json()) {
        let states = json!({ "P": { "Type": "Pass", "Parameters": {"x.$": call}, "End": true } });
        if let Ok(definition) = Definition::parse(&machine(&states).to_string()) {
            let mut host = Host::with(definition, &input);
            host.send(Event::Started);
            prop_assert_ne!(host.status(), Status::Running);
        }
    }

    #[test]
    fn any_definition_is_accepted_or_refused_with_places(definition in definition_like()) {
        let text = serde_json::to_string_pretty(&definition).unwrap();
        let lines = text.lines().count();
        if let Err(invalid) = Definition::parse(&text) {
            prop_assert!(!invalid.diagnostics.is_empty());
            for finding in invalid.diagnostics {
                prop_assert!(finding.line >= 1 && finding.line as usize <= lines);
                prop_assert!(finding.column >= 1);
            }
        }
    }

    #[test]
    fn any_states_run_or_are_refused(states in definition_like(), input in any_json()) {
        let definition = json!({ "StartAt": "A", "States": {"A": states} });
        if let Ok(definition) = Definition::parse(&definition.to_string()) {
            let mut host = Host::with(definition, &input);
            host.send(Event::Started);
            if host.execution.open_tasks().next().is_some() {
                host.task_fails("E");
            }
        }
    }

    #[test]
    fn any_query_is_evaluated_or_refused(
        parts in prop::collection::vec(select(QUERY_PARTS), 0..12), input in any_json()
    ) {
        let query = format!("{{% {} %}}", parts.join(""));
        let states = json!({ "P": {
            "Type": "Pass", "QueryLanguage": "JSONata", "Output": query, "End": true } });
        if let Ok(definition) = Definition::parse(&machine(&states).to_string()) {
            let mut host = Host::with(definition, &input);
            host.send(Event::Started);
            prop_assert_ne!(host.status(), Status::Running);
        }
    }

    #[test]
    fn any_text_is_no_definition_without_a_word(text in any::<String>()) {
        prop_assert!(!Definition::parse(&text).unwrap_err().to_string().is_empty());
    }
}
