//! Executions made by hand.

use std::sync::Arc;

use ratatui::text::Line;
use whiteboarder_jobs::track::event::Event;
use whiteboarder_jobs::track::{
    Attempt, AttemptEnd, Compute, ExecutionStatus, ExecutionView, Pattern, StateKind, Step, StepEnd,
};
use whiteboarder_jobs::watch::Opened;
use whiteboarder_jobs::watch::graph::Graph;

use crate::term::theme::Theme;
use crate::term::{ColorChoice, Terminal};

/// When everything starts.
pub const START: i64 = 1_700_000_000_000;

pub fn theme(ascii: bool) -> Theme {
    let mut terminal = Terminal::detect(ColorChoice::Never, ascii, false, 0);
    terminal.unicode = !ascii;
    terminal.color_out = false;
    Theme::of(&terminal)
}

/// The lines as text; what is selected stands between `[` and `]`.
pub fn shown(lines: &[Line<'_>]) -> String {
    let reversed = |style: ratatui::style::Style| {
        style
            .add_modifier
            .contains(ratatui::style::Modifier::REVERSED)
    };
    let rows: Vec<String> = lines
        .iter()
        .map(|line| {
            let spans = line.spans.iter().map(|span| {
                if reversed(span.style) && !reversed(line.style) {
                    format!("[{}]", span.content.trim_end())
                } else {
                    span.content.to_string()
                }
            });
            let text = spans.collect::<String>();
            let text = text.trim_end();
            if reversed(line.style) {
                format!("[{text}]")
            } else {
                text.to_owned()
            }
        })
        .collect();
    rows.join("\n")
}

/// No line is wider than this.
pub fn fits(lines: &[Line<'_>], columns: usize) {
    for line in lines {
        assert!(
            line.width() <= columns,
            "{} > {columns}: {line}",
            line.width()
        );
    }
}

pub fn whiteboarder() -> Graph {
    let definition = include_str!("../../../../../assets/state-machine/whiteboarder.asl.json");
    Graph::parse(definition).unwrap()
}

pub fn lambda() -> Compute {
    Compute::Lambda {
        function: "whiteboarder-clean".to_owned(),
        pattern: Pattern::Request,
    }
}

pub fn worker() -> Compute {
    Compute::Activity {
        activity: "arn:aws:states:eu-west-1:123456789012:activity:clean".to_owned(),
    }
}

fn put_object() -> Compute {
    Compute::Service {
        service: "aws-sdk:s3".to_owned(),
        action: "putObject".to_owned(),
    }
}

pub fn failed(error: &str) -> AttemptEnd {
    AttemptEnd::Failed {
        error: error.to_owned(),
        cause: String::new(),
    }
}

/// A try from one moment to another, in milliseconds since the start.
pub fn attempt(
    compute: Compute,
    (asked, taken, ended): (i64, Option<i64>, Option<i64>),
    end: Option<AttemptEnd>,
) -> Attempt {
    Attempt {
        worker: matches!(compute, Compute::Activity { .. })
            .then(|| "laptop/1".to_owned())
            .filter(|_| taken.is_some()),
        compute,
        scheduled_ms: START + asked,
        started_ms: taken.map(|at| START + at),
        submitted_ms: None,
        ended_ms: ended.map(|at| START + at),
        end,
    }
}

/// A visit from one moment to another.
pub fn step(
    name: &str,
    kind: StateKind,
    after: Option<usize>,
    from: i64,
    until: Option<i64>,
) -> Step {
    Step {
        name: name.to_owned(),
        kind,
        after,
        entered_ms: START + from,
        exited_ms: until.map(|at| START + at),
        end: until.map(|_| StepEnd::Left),
        ..Step::default()
    }
}

fn with(mut step: Step, attempts: Vec<Attempt>) -> Step {
    step.attempts = attempts;
    step
}

pub fn view(status: ExecutionStatus, steps: Vec<Step>, stopped: Option<i64>) -> ExecutionView {
    ExecutionView {
        name: "board".to_owned(),
        status,
        started_ms: Some(START),
        stopped_ms: stopped.map(|at| START + at),
        steps,
        ..ExecutionView::default()
    }
}

fn begun() -> Vec<Step> {
    let ok = Some(AttemptEnd::Succeeded);
    vec![
        with(
            step("Register", StateKind::Task, None, 0, Some(40)),
            vec![attempt(put_object(), (0, Some(5), Some(40)), ok.clone())],
        ),
        with(
            step("Plan", StateKind::Task, Some(0), 40, Some(3_120)),
            vec![
                attempt(
                    lambda(),
                    (40, Some(60), Some(900)),
                    Some(failed("Lambda.ServiceException")),
                ),
                attempt(lambda(), (3_000, Some(3_010), Some(3_120)), ok),
            ],
        ),
        step("Place", StateKind::Choice, Some(1), 3_120, Some(3_121)),
    ]
}

/// A picture that took too long on Lambda: now on ECS, which has lost a worker already.
pub fn moved(done: bool) -> ExecutionView {
    let mut steps = begun();
    let mut lambda_step = with(
        step(
            "CleanOnLambda",
            StateKind::Task,
            Some(2),
            3_121,
            Some(63_200),
        ),
        vec![attempt(
            lambda(),
            (3_121, Some(3_130), Some(63_190)),
            Some(failed("States.Timeout")),
        )],
    );
    lambda_step.caught = true;
    lambda_step.end = Some(StepEnd::Caught {
        error: "States.Timeout".to_owned(),
    });
    steps.push(lambda_step);
    let ended = done.then_some(120_000);
    steps.push(with(
        step("CleanOnEcs", StateKind::Task, Some(3), 63_200, ended),
        vec![
            attempt(
                worker(),
                (63_200, Some(71_000), Some(80_000)),
                Some(failed("States.HeartbeatTimeout")),
            ),
            attempt(
                worker(),
                (84_000, Some(86_000), ended),
                done.then_some(AttemptEnd::Succeeded),
            ),
        ],
    ));
    if done {
        steps.push(step(
            "Done",
            StateKind::Succeed,
            Some(4),
            120_000,
            Some(120_000),
        ));
    }
    let status = if done {
        ExecutionStatus::Succeeded
    } else {
        ExecutionStatus::Running
    };
    let mut view = view(status, steps, ended);
    view.moved = true;
    view
}

/// A file that is no picture.
pub fn failed_in_plan() -> ExecutionView {
    let mut steps = begun();
    steps.truncate(2);
    let plan = &mut steps[1];
    plan.end = Some(StepEnd::Failed {
        error: "ImageUnsupported".to_owned(),
    });
    plan.exited_ms = None;
    plan.attempts[1].end = Some(failed("ImageUnsupported"));
    view(ExecutionStatus::Failed, steps, Some(3_120))
}

/// A machine with branches, and with many items.
pub fn branches() -> Graph {
    let definition = r#"{"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Next": "Each", "Branches": [
            {"StartAt": "Fetch", "States": {
                "Fetch": {"Type": "Task", "Resource": "x", "Next": "Check"},
                "Check": {"Type": "Choice", "Default": "Keep", "Choices": [{"Next": "Fetch"}]},
                "Keep": {"Type": "Pass", "End": true}}},
            {"StartAt": "Count", "States": {"Count": {"Type": "Task", "Resource": "x", "End": true}}}]},
        "Each": {"Type": "Map", "Next": "Tell", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
            "ItemProcessor": {"StartAt": "Resize", "States": {
                "Resize": {"Type": "Task", "Resource": "x", "Next": "Store"},
                "Store": {"Type": "Task", "Resource": "x", "End": true}}}},
        "Tell": {"Type": "Succeed"},
        "Sorry": {"Type": "Fail"}}}"#;
    Graph::parse(definition).unwrap()
}

/// It, with so many items, the last of which runs.
pub fn many(items: u32) -> ExecutionView {
    let inside = |mut step: Step, within, iteration| {
        step.within = Some(within);
        step.iteration = iteration;
        step
    };
    let task = StateKind::Task;
    let mut steps = vec![
        step("Both", StateKind::Parallel, None, 0, Some(5_000)),
        inside(step("Fetch", task, None, 0, Some(1_000)), 0, None),
        inside(step("Count", task, None, 0, Some(5_000)), 0, None),
        inside(
            step("Check", StateKind::Choice, Some(1), 1_000, Some(1_001)),
            0,
            None,
        ),
        inside(step("Fetch", task, Some(3), 1_001, Some(2_400)), 0, None),
        inside(
            step("Check", StateKind::Choice, Some(4), 2_400, Some(2_401)),
            0,
            None,
        ),
        inside(
            step("Keep", StateKind::Pass, Some(5), 2_401, Some(2_402)),
            0,
            None,
        ),
        step("Each", StateKind::Map, Some(0), 5_000, None),
    ];
    steps[7].items = Some(items);
    for item in 0..items {
        let from = 5_000 + i64::from(item) * 100;
        let last = item + 1 == items;
        let until = (!last).then_some(from + 1_000 + i64::from(item % 7) * 150);
        let resize = inside(step("Resize", task, None, from, until), 7, Some(item));
        steps.push(resize);
        if let Some(until) = until {
            let at = steps.len() - 1;
            steps.push(inside(
                step("Store", task, Some(at), until, Some(until + 200)),
                7,
                Some(item),
            ));
        }
    }
    view(ExecutionStatus::Running, steps, None)
}

/// The moved picture's history, as far as the table needs it.
pub fn history() -> Opened {
    let view = moved(true);
    let mut events: Vec<Arc<Event>> = Vec::new();
    let mut owners = Vec::new();
    let mut say = |at: i64, kind: &str, owner: Option<usize>, more: &dyn Fn(&mut Event)| {
        let id = events.len() as u64 + 1;
        let mut event = Event {
            id,
            previous: id - 1,
            time_ms: START + at,
            kind: kind.to_owned(),
            ..Event::default()
        };
        more(&mut event);
        events.push(Arc::new(event));
        owners.push(owner);
    };
    let input = r#"{"detail":{"bucket":{"name":"wb"},"object":{"key":"inbox/01JD/board.jpg"}}}"#;
    say(0, "ExecutionStarted", None, &|event| {
        event.input = Some(input.to_owned());
    });
    say(3_120, "ChoiceStateEntered", Some(2), &|event| {
        event.name = Some("Place".to_owned());
    });
    say(3_121, "TaskStateEntered", Some(3), &|event| {
        event.name = Some("CleanOnLambda".to_owned());
        event.input = Some(input.to_owned());
    });
    say(3_122, "TaskScheduled", Some(3), &|event| {
        event.resource_type = Some("lambda".to_owned());
        event.resource = Some("invoke".to_owned());
        event.parameters = Some(
            r#"{"FunctionName":"arn:aws:lambda:eu-west-1:1:function:whiteboarder-clean","Payload":"{\"action\":\"clean\",\"key\":\"inbox/01JD/board.jpg\"}"}"#.to_owned(),
        );
    });
    say(3_130, "TaskStarted", Some(3), &|_| {});
    say(63_190, "TaskTimedOut", Some(3), &|event| {
        event.error = Some("States.Timeout".to_owned());
    });
    say(63_200, "TaskStateExited", Some(3), &|event| {
        event.name = Some("CleanOnLambda".to_owned());
        event.output = Some(input.to_owned());
    });
    say(63_200, "TaskStateEntered", Some(4), &|event| {
        event.name = Some("CleanOnEcs".to_owned());
    });
    say(63_200, "ActivityScheduled", Some(4), &|event| {
        event.resource = Some("arn:aws:states:eu-west-1:123456789012:activity:clean".to_owned());
    });
    say(71_000, "ActivityStarted", Some(4), &|event| {
        event.worker = Some("laptop/1".to_owned());
    });
    say(120_000, "ActivitySucceeded", Some(4), &|event| {
        event.output = Some("{}".to_owned());
    });
    say(120_000, "ExecutionSucceeded", None, &|event| {
        event.output = Some(input.to_owned());
    });
    Opened {
        arn: "arn".to_owned(),
        view,
        events,
        owners,
        complete: true,
        definition: None,
        input: None,
        output: None,
    }
}
