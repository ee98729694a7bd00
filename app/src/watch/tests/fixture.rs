//! A dashboard with executions made by hand.

use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::price::{PriceTable, Setup};
use whiteboarder_jobs::track::{ExecutionStatus, ExecutionView, Place};
use whiteboarder_jobs::watch::{
    Digest, Health, Kind, LaneWork, Machine, News, Opened, Run, Subject, Usage,
};

use super::super::model::{Effect, Model, Msg};
use super::super::panes::tests::fixture::{START, history};
use super::super::price::Pricing;
use super::super::update::update;
use super::super::view::view;
use crate::term::theme::Theme;
use crate::term::{ColorChoice, Terminal as Streams};
use crate::ui::keys::typed;

pub const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:whiteboarder";

pub fn theme(color: bool, ascii: bool) -> Theme {
    let mut streams = Streams::detect(ColorChoice::Never, ascii, false, 0);
    streams.unicode = !ascii;
    streams.color_out = color;
    Theme::of(&streams)
}

pub fn drawn_with(model: &Model, theme: &Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal
        .draw(|frame| view(model, theme, frame, frame.area()))
        .unwrap();
    terminal
}

pub fn drawn(model: &Model) -> String {
    drawn_with(model, &theme(true, false)).backend().to_string()
}

/// Presses keys, told by name, with a tick after each as in the program's loop.
pub fn press(model: &mut Model, keys: &[&str]) -> Vec<Effect> {
    keys.iter()
        .flat_map(|key| {
            let mut effects = update(model, Msg::Key(typed(key)));
            effects.extend(tick(model, 20));
            effects
        })
        .collect()
}

pub fn tick(model: &mut Model, by: u64) -> Vec<Effect> {
    let now = model.now_ms + by;
    update(model, Msg::Tick(now))
}

pub fn hear(model: &mut Model, news: Vec<News>) -> Vec<Effect> {
    let mut effects = update(model, Msg::News(news));
    effects.extend(tick(model, 1));
    effects
}

pub fn arn(number: usize) -> String {
    format!("arn:aws:states:eu-west-1:123456789012:execution:whiteboarder:run-{number:05}")
}

/// Machines of others have no items.
fn run(number: usize, status: ExecutionStatus, digest: Digest) -> Run {
    let started_ms = START - 7_000 * number as i64;
    Run {
        arn: arn(number),
        name: format!("run-{number:05}"),
        status,
        started_ms,
        stopped_ms: (status != ExecutionStatus::Running).then_some(started_ms + 2_100),
        redrives: 0,
        subject: Some(Subject {
            batch: "01JD0000000000000000000000".to_owned(),
            name: format!("board_{number:03}.jpg"),
        }),
        digest: Some(Arc::new(digest)),
    }
}

fn digest(place: Place) -> Digest {
    Digest {
        planned: Some(Place::Lambda),
        why: "about 2.0 s and 310 MB fit Lambda with 512 MB and 15 s".to_owned(),
        places: vec![place],
        kinds: vec![Kind::Lambda],
        attempts: 1,
        lanes: vec![LaneWork {
            place,
            seconds: Some(2.0),
            failures: 0,
        }],
        usage: Usage {
            transitions: 5,
            lambda_runs: 1,
            lambda_seconds: 2.0,
            plan_runs: 1,
            plan_seconds: 0.1,
            ..Usage::default()
        },
        ..Digest::default()
    }
}

/// Of every seven one runs, one is queued, one failed, one moved, one was stopped; the others are done.
pub fn runs(count: usize) -> Vec<Run> {
    (0..count)
        .map(|number| match number % 7 {
            0 => {
                let mut going = digest(Place::Lambda);
                going.state = Some("CleanOnLambda".to_owned());
                going.at = Some(Place::Lambda);
                run(number, ExecutionStatus::Running, going)
            }
            1 => {
                let mut waits = digest(Place::Ecs);
                waits.places.clear();
                waits.planned = Some(Place::Ecs);
                waits.state = Some("CleanOnEcs".to_owned());
                waits.waiting_since_ms = Some(START - 60_000);
                waits.at = Some(Place::Ecs);
                run(number, ExecutionStatus::Running, waits)
            }
            2 => {
                let mut failed = digest(Place::Lambda);
                failed.error = Some("ImageUnsupported".to_owned());
                failed.cause =
                    Some(r#"{"errorMessage":"a 12-bit JPEG cannot be read"}"#.to_owned());
                failed.failed_in = Some("CleanOnLambda".to_owned());
                run(number, ExecutionStatus::Failed, failed)
            }
            3 => {
                let mut moved = digest(Place::Ecs);
                moved.places = vec![Place::Lambda, Place::Ecs];
                moved.moved = true;
                moved.moved_by = Some("States.Timeout".to_owned());
                moved.attempts = 2;
                moved.workers = vec!["laptop/1".to_owned()];
                moved.usage.ecs_seconds = 58.0;
                run(number, ExecutionStatus::Succeeded, moved)
            }
            4 => run(number, ExecutionStatus::Aborted, digest(Place::Lambda)),
            _ => run(number, ExecutionStatus::Succeeded, digest(Place::Lambda)),
        })
        .collect()
}

pub fn machine() -> Machine {
    let definition = include_str!("../../../../assets/state-machine/whiteboarder.asl.json");
    Machine {
        arn: MACHINE.to_owned(),
        name: "whiteboarder".to_owned(),
        definition: definition.to_owned(),
        ours: true,
        console: Some("https://console.example/{}".to_owned()),
    }
}

pub fn live(model: &Model, throttled: bool) -> News {
    News::Health(Health::Live {
        at_ms: model.clock_ms() - 800,
        throttled,
        next_ms: 2_000,
    })
}

/// A dashboard that was just opened and has heard nothing yet.
pub fn fresh(size: (u16, u16)) -> Model {
    let mut model = Model {
        profile: "prod".to_owned(),
        began_ms: START,
        lanes: true,
        output: "cleaned".into(),
        pricing: Some(Arc::new(pricing())),
        ..Model::default()
    };
    update(&mut model, Msg::Resize(size.0, size.1));
    update(&mut model, Msg::Open);
    tick(&mut model, 1);
    model
}

fn pricing() -> Pricing {
    let rates = PriceTable::bundled().of("us-east-1").unwrap().rates;
    let setup = Setup::shipped(Capacity::lambda(2_048, 60.0));
    Pricing::with_rates(setup, rates, "USD", "us-east-1")
}

/// A dashboard with so many executions, all listed and read.
pub fn watching(count: usize, size: (u16, u16)) -> Model {
    let mut model = fresh(size);
    let health = live(&model, false);
    let listed = News::Listed {
        count,
        complete: true,
    };
    let news = vec![
        News::Machine(Box::new(machine())),
        News::Runs(runs(count)),
        listed,
        health,
    ];
    hear(&mut model, news);
    model
}

/// Tells the history of the open execution.
pub fn open(model: &mut Model, view: ExecutionView) {
    let arn = model.details.arn.clone().unwrap();
    let news = News::Opened(Arc::new(Opened {
        arn,
        view,
        ..history()
    }));
    hear(model, vec![news]);
}
