#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::sync::Arc;

use whiteboarder_core::cost::Capacity;

use super::*;
use crate::price::PriceTable;
use crate::track::CleanReport;
use crate::track::outcome::Predicted;
use crate::watch::{Digest, LaneWork, Subject, Usage};

fn setup() -> Setup {
    Setup::shipped(Capacity {
        memory_mb: 1024,
        timeout_s: 30.0,
        vcpus: 0.5,
    })
}

fn rates() -> Rates {
    PriceTable::bundled().of("us-east-1").unwrap().rates
}

fn run(status: ExecutionStatus, digest: Option<Digest>) -> Run {
    Run {
        name: "r".into(),
        status,
        subject: Some(Subject {
            batch: "b".into(),
            name: "a.jpg".into(),
        }),
        digest: digest.map(Arc::new),
        ..Run::default()
    }
}

/// Cleaned on a lane in so many seconds, as predicted times two.
fn cleaned(place: Place, seconds: f64) -> Run {
    let mut result = CleanReport {
        place: Some(place),
        peak_memory_mb: Some(seconds * 100.0),
        cold_start: seconds > 3.0,
        ..CleanReport::default()
    };
    result.seconds.total = seconds;
    let usage = match place {
        Place::Lambda => Usage {
            lambda_runs: 1,
            lambda_seconds: seconds,
            ..Usage::default()
        },
        Place::Ecs => Usage {
            ecs_seconds: seconds,
            ..Usage::default()
        },
    };
    let digest = Digest {
        places: vec![place],
        lanes: vec![LaneWork {
            place,
            seconds: Some(seconds),
            failures: 0,
        }],
        predicted: Some(Predicted {
            seconds: seconds * 2.0,
            memory_mb: 0.0,
        }),
        result: Some(result),
        usage,
        ..Digest::default()
    };
    run(ExecutionStatus::Succeeded, Some(digest))
}

fn totals(runs: &[Run]) -> Totals {
    Totals::of(runs.iter(), 10_000, Some((&setup(), &rates())))
}

#[test]
fn statuses_are_counted_of_all_and_the_rest_of_what_was_read() {
    use ExecutionStatus::{Aborted, Failed, Running, Succeeded, TimedOut};
    let mut runs: Vec<_> = [Running, Running, Succeeded, Failed, TimedOut, Aborted]
        .into_iter()
        .map(|status| run(status, None))
        .collect();
    let waiting = Digest {
        waiting_since_ms: Some(4_000),
        at: Some(Place::Ecs),
        ..Digest::default()
    };
    runs.push(run(Running, Some(waiting)));
    let totals = totals(&runs);
    assert_eq!((totals.runs, totals.digests), (7, 1));
    assert_eq!((totals.running, totals.queued), (3, 1));
    assert_eq!((totals.succeeded, totals.failed), (1, 1));
    assert_eq!((totals.timed_out, totals.aborted), (1, 1));
    assert_eq!((totals.ecs.queued, totals.ecs.running), (1, 0));
    assert_eq!(totals.ecs.longest_wait, Some(6.0));
}

#[test]
fn percentiles_are_of_seconds_of_work_by_lane() {
    let mut runs: Vec<_> = (1..=100)
        .map(|second| cleaned(Place::Lambda, f64::from(second)))
        .collect();
    runs.push(cleaned(Place::Ecs, 7.0));
    let totals = totals(&runs);
    assert_eq!(totals.lambda.p50, Some(50.0));
    assert_eq!(totals.lambda.p95, Some(95.0));
    assert_eq!((totals.lambda.done, totals.lambda.cold_starts), (100, 97));
    assert_eq!(totals.lambda.peak_memory_mb, Some(10_000.0));
    assert_eq!(totals.lambda.peak_memory_p95_mb, Some(9_500.0));
    assert_eq!((totals.ecs.p50, totals.ecs.p95), (Some(7.0), Some(7.0)));
    assert_eq!(totals.accuracy, Some(2.0));
    let nothing = Totals::of(std::iter::empty(), 0, None);
    assert_eq!(nothing, Totals::default());
}

#[test]
fn workers_are_told_by_name_with_what_they_did_and_have() {
    let worked = |name: &str| Digest {
        workers: vec!["silent".into(), name.to_owned()],
        done_by: vec![name.to_owned()],
        ..Digest::default()
    };
    let holds = Digest {
        workers: vec!["b".into()],
        held_by: Some("b".into()),
        at: Some(Place::Ecs),
        ..Digest::default()
    };
    let runs = [
        run(ExecutionStatus::Succeeded, Some(worked("b"))),
        run(ExecutionStatus::Succeeded, Some(worked("a"))),
        run(ExecutionStatus::Succeeded, Some(worked("b"))),
        run(ExecutionStatus::Running, Some(holds)),
    ];
    let totals = totals(&runs);
    let told: Vec<_> = totals
        .workers
        .iter()
        .map(|worker| (worker.name.as_str(), worker.done, worker.has.len()))
        .collect();
    assert_eq!(told, [("a", 1, 0), ("b", 2, 1), ("silent", 0, 0)]);
    assert_eq!(totals.ecs.running, 1);
}

#[test]
fn reasons_of_moves_come_in_order_of_how_often() {
    let moved = |error: &str| {
        let digest = Digest {
            moved: true,
            moved_by: Some(error.to_owned()),
            ..Digest::default()
        };
        run(ExecutionStatus::Succeeded, Some(digest))
    };
    let totals = totals(&[
        moved("Runtime.OutOfMemory"),
        moved("States.Timeout"),
        moved("States.Timeout"),
    ]);
    assert_eq!(totals.moved, 3);
    let expected = [("States.Timeout", 2), ("Runtime.OutOfMemory", 1)];
    let expected = expected.map(|(error, count)| (error.to_owned(), count));
    assert_eq!(totals.moved_by, expected);
}

#[test]
fn what_placement_saved_is_ecs_alone_less_what_it_cost() {
    let setup = setup();
    let rates = rates();
    // 4 s on half a processor are 2 s on a worker's one.
    let runs = [cleaned(Place::Lambda, 4.0), cleaned(Place::Ecs, 9.0)];
    let cost = totals(&runs).cost.unwrap();
    let lambda = setup.lambda_run(4.0, 1024, &rates);
    let expected = setup.worker_time(2.0, &rates) - lambda;
    assert!((cost.saved.unwrap() - expected).abs() < 1e-12);
    let spent = lambda + setup.worker_time(9.0, &rates);
    assert!((cost.spent.known() - spent).abs() < 1e-12);
    assert_eq!(cost.by_batch.len(), 1);
    assert_eq!(cost.failed_share, Some(0.0));
}

#[test]
fn nothing_is_saved_by_what_nobody_can_price() {
    let mut foreign = cleaned(Place::Lambda, 4.0);
    let digest = Arc::make_mut(foreign.digest.as_mut().unwrap());
    digest.usage.unknown = 1;
    let runs = [foreign];
    let cost = totals(&runs).cost.unwrap();
    assert_eq!((cost.saved, cost.unknown_runs), (None, 1));
    let unpriced = Totals::of(runs.iter(), 0, None);
    assert_eq!(unpriced.cost, None);
}
