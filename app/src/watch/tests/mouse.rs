//! What the mouse does.

use crossterm::event::MouseEventKind;
use ratatui::layout::Rect;
use whiteboarder_jobs::watch::Order;

use super::super::layout::areas;
use super::super::model::{Effect, Focus, Model, Msg, Tab};
use super::super::panes::tests::fixture::moved;
use super::super::update::update;
use super::fixture::{arn, drawn, open, press, watching};
use crate::ui::mouse::{CLICK, at};

fn mouse(model: &mut Model, kind: MouseEventKind, cell: (u16, u16)) -> Vec<Effect> {
    update(model, Msg::Mouse(at(kind, cell)))
}

fn list(model: &Model) -> Rect {
    areas(model).unwrap().list.unwrap()
}

fn details(model: &Model) -> Rect {
    areas(model).unwrap().details.unwrap()
}

/// The cell at which some words are drawn.
fn find(model: &Model, words: &str) -> (u16, u16) {
    for (row, line) in drawn(model).lines().enumerate() {
        if let Some(byte) = line.find(words) {
            // The backend puts each row in quotes.
            let column = line[..byte].chars().count() - 1;
            return (column as u16, row as u16);
        }
    }
    panic!("{words} is not on screen");
}

#[test]
fn a_click_selects_a_row_and_the_next_one_opens_it() {
    let mut model = watching(70, (80, 24));
    let cell = find(&model, "board_004");
    assert!(mouse(&mut model, CLICK, cell).is_empty());
    assert_eq!(model.selected().unwrap().arn, arn(4));
    assert_eq!(model.focus, Focus::List);
    let effects = mouse(&mut model, CLICK, cell);
    assert_eq!(effects, [Effect::Order(Order::Open(Some(arn(4))))]);
    assert_eq!(model.focus, Focus::Details);
}

#[test]
fn a_key_between_two_clicks_makes_the_second_a_first_one() {
    let mut model = watching(70, (80, 24));
    let cell = find(&model, "board_004");
    mouse(&mut model, CLICK, cell);
    press(&mut model, &["j", "k"]);
    mouse(&mut model, CLICK, cell);
    assert_eq!(model.focus, Focus::List);
}

#[test]
fn the_wheel_scrolls_what_it_is_over() {
    let mut model = watching(70, (120, 40));
    press(&mut model, &["Enter", "e"]);
    open(&mut model, moved(true));
    let (list, details) = (list(&model), details(&model));
    let inside = |area: Rect| (area.x + 2, area.y + 4);
    mouse(&mut model, MouseEventKind::ScrollDown, inside(details));
    assert_eq!((model.cursor, model.details.events.cursor), (0, 3));
    mouse(&mut model, MouseEventKind::ScrollDown, inside(list));
    assert_eq!((model.cursor, model.details.events.cursor), (3, 3));
    assert_eq!(model.focus, Focus::Details);
    for _ in 0..10 {
        mouse(&mut model, MouseEventKind::ScrollUp, inside(list));
        mouse(&mut model, MouseEventKind::ScrollUp, inside(details));
    }
    assert_eq!((model.cursor, model.details.events.cursor), (0, 0));
}

#[test]
fn a_click_into_the_other_pane_takes_the_focus_there() {
    let mut model = watching(70, (120, 40));
    let area = details(&model);
    mouse(&mut model, CLICK, (area.x + 3, area.y + 10));
    assert_eq!(model.focus, Focus::Details);
    let area = list(&model);
    mouse(&mut model, CLICK, (area.x + 3, area.bottom() - 1));
    assert_eq!(model.focus, Focus::List);
    assert!(model.cursor > 0);
}

#[test]
fn every_tab_can_be_clicked_where_its_name_stands() {
    for size in [(120, 40), (60, 24)] {
        let mut model = watching(7, size);
        press(&mut model, &["Enter"]);
        open(&mut model, moved(true));
        for tab in [
            Tab::Facts,
            Tab::Graph,
            Tab::Timeline,
            Tab::Events,
            Tab::Payloads,
        ] {
            let cell = find(&model, tab.word());
            mouse(&mut model, CLICK, cell);
            assert_eq!(model.details.tab, tab, "{size:?}");
        }
    }
}

#[test]
fn a_click_on_an_event_selects_it_and_the_next_one_shows_its_details() {
    let mut model = watching(7, (100, 30));
    press(&mut model, &["e"]);
    open(&mut model, moved(true));
    let area = details(&model);
    // Heading, tabs, headings, then the first event.
    let third = (area.x + 5, area.y + 5);
    mouse(&mut model, CLICK, third);
    assert_eq!(model.details.events.cursor, 2);
    assert!(model.details.events.unfolded.is_none());
    mouse(&mut model, CLICK, third);
    assert!(model.details.events.unfolded.is_some());
    // Into the details, and out of them again.
    mouse(&mut model, CLICK, (third.0, third.1 + 1));
    assert!(model.details.events.inside);
    mouse(&mut model, CLICK, (third.0, third.1 - 1));
    assert!(!model.details.events.inside);
    assert_eq!(model.details.events.cursor, 1);
}

#[test]
fn clicks_beside_everything_and_under_a_layer_do_nothing() {
    let mut model = watching(3, (120, 40));
    let before = format!("{:?}", (model.cursor, model.focus, &model.details.arn));
    for cell in [(0, 0), (0, 39), (u16::MAX, u16::MAX), (119, 39), (3, 20)] {
        mouse(&mut model, CLICK, cell);
    }
    press(&mut model, &["/"]);
    let area = list(&model);
    mouse(&mut model, CLICK, (area.x + 2, area.y + 3));
    mouse(
        &mut model,
        MouseEventKind::ScrollDown,
        (area.x + 2, area.y + 3),
    );
    let after = format!("{:?}", (model.cursor, model.focus, &model.details.arn));
    assert_eq!(before, after);
}
