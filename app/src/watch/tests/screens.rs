//! What each state of the screen looks like.

use insta::assert_snapshot;
use whiteboarder_jobs::watch::{Health, News};

use super::super::model::{Effect, Focus, Msg};
use super::super::panes::tests::fixture::{failed_in_plan, moved};
use super::super::update::update;
use super::fixture::{drawn, drawn_with, fresh, hear, live, open, press, theme, tick, watching};
use crate::ui::Call;

const WIDE: (u16, u16) = (120, 40);
const USUAL: (u16, u16) = (80, 24);
const SMALLEST: (u16, u16) = (50, 15);

/// Beside the list the selected execution is shown when the cursor has rested.
fn rest(model: &mut super::super::model::Model) {
    tick(model, 300);
}

#[test]
fn executions_with_the_selected_one_beside() {
    let mut model = watching(60, WIDE);
    press(&mut model, &["j", "j", "j"]);
    rest(&mut model);
    open(&mut model, moved(true));
    assert_snapshot!(drawn(&model));
}

#[test]
fn executions_in_a_usual_terminal() {
    let mut model = watching(1_233, USUAL);
    press(&mut model, &["j", "j", "Space"]);
    assert_snapshot!(drawn(&model));
}

#[test]
fn executions_in_the_smallest_terminal() {
    assert_snapshot!(drawn(&watching(60, SMALLEST)));
}

#[test]
fn a_terminal_that_is_too_small() {
    assert!(drawn(&watching(60, (49, 15))).contains("50×15 needed, this is 49×15"));
}

#[test]
fn without_colour_and_with_ascii_only() {
    let mut model = watching(60, WIDE);
    press(&mut model, &["j", "j", "j"]);
    rest(&mut model);
    open(&mut model, moved(false));
    let screen = drawn_with(&model, &theme(false, true));
    let text = screen.backend().to_string();
    assert!(text.is_ascii(), "{text}");
    for cell in screen.backend().buffer().content() {
        let style = cell.style();
        let none = |color| matches!(color, None | Some(ratatui::style::Color::Reset));
        assert!(none(style.fg) && none(style.bg));
    }
    assert_snapshot!(text);
}

#[test]
fn every_view_of_an_execution_that_moved() {
    let mut model = watching(60, (100, 30));
    press(&mut model, &["j", "j", "j", "Enter"]);
    open(&mut model, moved(true));
    let mut screens = String::new();
    for key in ["v", "t", "e", "i", "w", "c"] {
        press(&mut model, &[key]);
        screens += &drawn(&model);
        screens += "\n";
    }
    assert_snapshot!(screens);
}

#[test]
fn an_execution_that_failed_begins_at_the_state_that_failed() {
    let mut model = watching(60, USUAL);
    press(&mut model, &["j", "j", "Enter"]);
    open(&mut model, failed_in_plan());
    assert_eq!(model.details.state.as_deref(), Some("Plan"));
    assert_snapshot!(drawn(&model));
}

#[test]
fn nothing_has_come_yet() {
    let model = fresh(USUAL);
    assert!(drawn(&model).contains("connecting"));
}

#[test]
fn there_are_no_executions_yet() {
    let mut model = watching(0, USUAL);
    assert_snapshot!(drawn(&model));
    // Of another's machine Whiteboarder does not know how they begin.
    let mut machine = super::fixture::machine();
    machine.ours = false;
    hear(&mut model, vec![News::Machine(Box::new(machine))]);
    assert!(!drawn(&model).contains("submit"));
}

#[test]
fn while_they_are_listed_sums_say_what_they_are_from() {
    let mut model = watching(60, USUAL);
    let mut unread = super::fixture::runs(100);
    for run in &mut unread[60..] {
        run.digest = None;
    }
    let listed = News::Listed {
        count: 100,
        complete: false,
    };
    hear(&mut model, vec![News::Runs(unread), listed]);
    assert!(drawn(&model).contains("100 listed so far"));
    let listed = News::Listed {
        count: 100,
        complete: true,
    };
    hear(&mut model, vec![listed]);
    assert!(drawn(&model).contains("sums from 60 of 100"));
}

#[test]
fn throttled_offline_paused_and_denied_leave_what_was_there() {
    let mut model = watching(60, (100, 24));
    let health = live(&model, true);
    hear(&mut model, vec![health]);
    assert!(drawn(&model).contains("throttled, 0.8 s old"));
    let offline = News::Health(Health::Offline {
        why: "cannot reach http://127.0.0.1:4566: connection refused".to_owned(),
        next_ms: 4_000,
    });
    hear(&mut model, vec![offline]);
    tick(&mut model, 1_000);
    let text = drawn(&model);
    assert!(text.contains("✗ offline, again in 3.0 s"), "{text}");
    assert!(text.contains("board_003.jpg"), "{text}");
    let health = live(&model, false);
    hear(&mut model, vec![health]);
    press(&mut model, &["p"]);
    assert!(drawn(&model).contains("■ paused"));
    press(&mut model, &["p"]);
    let denied = News::Health(Health::Denied {
        action: "states:GetExecutionHistory".to_owned(),
        why: "not authorized".to_owned(),
    });
    hear(&mut model, vec![denied]);
    let text = drawn(&model);
    assert!(
        text.contains("not permitted: states:GetExecutionHistory"),
        "{text}"
    );
    assert!(text.contains("board_003.jpg"), "{text}");
}

#[test]
fn without_the_permission_to_list_its_name_is_all_there_is() {
    let mut model = fresh(USUAL);
    let denied = News::Health(Health::Denied {
        action: "states:ListExecutions".to_owned(),
        why: "User is not authorized to perform states:ListExecutions".to_owned(),
    });
    hear(&mut model, vec![denied]);
    assert!(drawn(&model).contains("states:ListExecutions"));
}

#[test]
fn an_execution_that_cannot_be_opened_says_why() {
    let mut model = watching(3, USUAL);
    press(&mut model, &["Enter", "e"]);
    let arn = model.details.arn.clone().unwrap();
    let why = "its history was deleted after 90 days".to_owned();
    hear(&mut model, vec![News::NotOpened { arn, why }]);
    assert!(drawn(&model).contains("deleted after 90 days"));
}

#[test]
fn what_was_told_is_kept_for_the_log() {
    let mut model = watching(60, USUAL);
    model.told.clear();
    update(&mut model, Msg::Trouble("cannot start a thread".to_owned()));
    assert!(drawn(&model).contains("cannot start a thread"));
    assert_eq!(model.told[0].text, "cannot start a thread");
    assert_eq!(press(&mut model, &["!"]), [Effect::Call(Call::Log)]);
}

#[test]
fn the_list_has_more_room_until_the_details_are_looked_at() {
    let mut model = watching(60, WIDE);
    let wide = drawn(&model);
    assert!(wide.contains("started"), "{wide}");
    press(&mut model, &["Enter"]);
    assert_eq!(model.focus, Focus::Details);
    assert!(!drawn(&model).lines().nth(2).unwrap().contains("started"));
}
