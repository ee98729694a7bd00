use std::sync::Arc;

use insta::assert_snapshot;
use ratatui::text::Line;
use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::price::Spent;
use whiteboarder_jobs::submit::Wish;
use whiteboarder_jobs::track::outcome::{CleanReport, Predicted, Seconds};
use whiteboarder_jobs::track::{ExecutionStatus, Place};
use whiteboarder_jobs::watch::{Digest, Kind, Run, Subject};

use super::fixture::{START, fits, shown, theme};
use crate::watch::panes::facts::{Known, facts};
use crate::watch::panes::why::why;

fn run(status: ExecutionStatus, digest: Option<Digest>) -> Run {
    Run {
        arn: "arn:aws:states:eu-west-1:123456789012:execution:whiteboarder:0f3c".to_owned(),
        name: "0f3c".to_owned(),
        status,
        started_ms: START,
        stopped_ms: (status != ExecutionStatus::Running).then_some(START + 120_000),
        redrives: 1,
        subject: Some(Subject {
            batch: "01JD0000000000000000000000".to_owned(),
            name: "scan_A0.tif".to_owned(),
        }),
        digest: digest.map(Arc::new),
    }
}

fn moved() -> Digest {
    Digest {
        wished: Some(Wish::Auto),
        planned: Some(Place::Lambda),
        why: "about 4.1 s and 310 MB fit Lambda with 512 MB and 15 s".to_owned(),
        predicted: Some(Predicted {
            seconds: 4.1,
            memory_mb: 310.0,
        }),
        places: vec![Place::Lambda, Place::Ecs],
        moved: true,
        moved_by: Some("States.Timeout".to_owned()),
        kinds: vec![Kind::Lambda, Kind::Worker],
        attempts: 3,
        workers: vec!["laptop/1".to_owned()],
        result: Some(CleanReport {
            seconds: Seconds {
                total: 33.2,
                ..Seconds::default()
            },
            peak_memory_mb: Some(298.0),
            cold_start: true,
            ..CleanReport::default()
        }),
        ..Digest::default()
    }
}

fn spent() -> Spent {
    Spent {
        lambda: 0.0005,
        ecs: 0.0036,
        failed: 0.0005,
        plan: 0.000_01,
        transitions: 0.000_15,
        unknown: 0,
    }
}

fn picture(run: &Run, spent: Option<&Spent>, columns: u16, ascii: bool) -> String {
    let known = Known {
        run,
        spent,
        currency: "USD",
        now_ms: START + 200_000,
    };
    let mut lines = facts(&known, columns, &theme(ascii));
    lines.push(Line::default());
    let lambda = Capacity::lambda(512, 15.0);
    lines.extend(why(run, Some(&lambda), columns, &theme(ascii)));
    fits(&lines, usize::from(columns));
    shown(&lines)
}

#[test]
fn a_picture_that_moved() {
    let run = run(ExecutionStatus::Succeeded, Some(moved()));
    assert_snapshot!(picture(&run, Some(&spent()), 80, false));
}

#[test]
fn a_picture_that_moved_in_a_narrow_pane_with_ascii_only() {
    let run = run(ExecutionStatus::Succeeded, Some(moved()));
    let text = picture(&run, Some(&spent()), 50, true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn a_picture_that_failed_says_why() {
    let digest = Digest {
        wished: Some(Wish::Lambda),
        planned: Some(Place::Lambda),
        why: "asked for".to_owned(),
        places: vec![Place::Lambda],
        attempts: 1,
        error: Some("ImageUnsupported".to_owned()),
        cause: Some(r#"{"errorType":"ImageUnsupported","errorMessage":"12-bit JPEG"}"#.to_owned()),
        failed_in: Some("CleanOnLambda".to_owned()),
        ..Digest::default()
    };
    assert_snapshot!(picture(
        &run(ExecutionStatus::Failed, Some(digest)),
        None,
        80,
        false
    ));
}

#[test]
fn a_picture_that_no_worker_has_taken_is_queued() {
    let digest = Digest {
        wished: Some(Wish::Ecs),
        planned: Some(Place::Ecs),
        why: "asked for".to_owned(),
        kinds: vec![Kind::Worker],
        state: Some("CleanOnEcs".to_owned()),
        waiting_since_ms: Some(START + 20_000),
        ..Digest::default()
    };
    assert_snapshot!(picture(
        &run(ExecutionStatus::Running, Some(digest)),
        None,
        80,
        false
    ));
}

#[test]
fn an_execution_whose_history_was_not_read_says_so() {
    let text = picture(&run(ExecutionStatus::Running, None), None, 80, false);
    assert!(text.contains("history    not read yet"), "{text}");
}

#[test]
fn no_width_is_too_small() {
    for columns in 0..60 {
        picture(
            &run(ExecutionStatus::Succeeded, Some(moved())),
            Some(&spent()),
            columns,
            columns % 2 == 0,
        );
    }
}

#[test]
fn a_worker_of_another_s_machine_is_nowhere_we_know_of() {
    let digest = Digest {
        places: vec![Place::Ecs],
        kinds: vec![Kind::Service, Kind::Worker],
        workers: vec!["gpu-box/1".to_owned()],
        attempts: 1,
        ..Digest::default()
    };
    let run = run(ExecutionStatus::Succeeded, Some(digest));
    let known = Known {
        run: &run,
        spent: None,
        currency: "USD",
        now_ms: START + 120_000,
    };
    let text = shown(&facts(&known, 80, &theme(false)));
    assert!(text.contains("◆ worker") && !text.contains("ecs"), "{text}");
    let text = shown(&why(&run, None, 80, &theme(false)));
    assert!(
        text.contains("Ran: ◆ worker, in 1 attempt, taken by gpu-box/1."),
        "{text}"
    );
}
