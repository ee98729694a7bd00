use insta::assert_snapshot;
use proptest::prelude::*;

use super::fixture::{fits, history, shown, theme};
use crate::watch::panes::events::{
    Expanded, Filter, Window, details, draw, line_of, lines, row_at,
};

fn window(columns: u16, height: u16) -> Window<'static> {
    Window {
        columns,
        height,
        top: 0,
        cursor: 3,
        expanded: None,
    }
}

fn all() -> Vec<usize> {
    (0..history().events.len()).collect()
}

fn picture(window: &Window<'_>, rows: &[usize], ascii: bool) -> String {
    let drawn = draw(&history(), rows, window, &theme(ascii));
    fits(&drawn, usize::from(window.columns));
    assert!(drawn.len() <= usize::from(window.height));
    shown(&drawn)
}

#[test]
fn events_in_a_usual_and_in_a_wide_pane() {
    assert_snapshot!("usual", picture(&window(80, 20), &all(), false));
    assert_snapshot!("wide", picture(&window(120, 20), &all(), false));
}

#[test]
fn events_in_a_narrow_pane_with_ascii_only() {
    let text = picture(&window(50, 20), &all(), true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn an_event_is_opened_with_its_payload_below() {
    let mut viewer = details(&history().events[3]);
    viewer.step(isize::MIN);
    viewer.step(4);
    viewer.toggle();
    let expanded = Some(Expanded {
        row: 3,
        details: &viewer,
        inside: true,
    });
    let window = Window {
        expanded,
        ..window(80, 20)
    };
    assert_snapshot!(picture(&window, &all(), false));
}

fn kinds(filter: &Filter) -> Vec<String> {
    let opened = history();
    let rows = filter.rows(&opened);
    rows.iter()
        .map(|row| opened.events[*row].kind.clone())
        .collect()
}

#[test]
fn a_filter_finds_types_states_errors_and_workers_in_capitals_or_not() {
    let text = |text: &str| Filter {
        text: text.to_owned(),
        ..Filter::default()
    };
    assert_eq!(kinds(&text("choice")), ["ChoiceStateEntered"]);
    assert_eq!(kinds(&text("TIMEOUT")), ["TaskTimedOut"]);
    assert_eq!(kinds(&text("laptop")), ["ActivityStarted"]);
    assert_eq!(kinds(&text("cleanonecs")).len(), 4);
    assert_eq!(kinds(&text("")).len(), history().events.len());
    assert_eq!(kinds(&text("nothing like it")), [""; 0]);
}

#[test]
fn a_filter_finds_what_failed_and_what_belongs_to_a_state() {
    let failed = Filter {
        failed_only: true,
        ..Filter::default()
    };
    assert_eq!(kinds(&failed), ["TaskTimedOut"]);
    let state = Filter {
        state: Some("CleanOnLambda".to_owned()),
        ..Filter::default()
    };
    assert_eq!(kinds(&state).len(), 5);
    let both = Filter {
        text: "exited".to_owned(),
        ..state
    };
    assert_eq!(kinds(&both), ["TaskStateExited"]);
}

proptest! {
    #[test]
    fn every_line_belongs_to_its_row(row in 0..12_usize, line in 0..40_usize) {
        let viewer = details(&history().events[row]);
        let expanded = Some(Expanded { row, details: &viewer, inside: false });
        prop_assert_eq!(row_at(line_of(row, expanded), expanded), row);
        let at = row_at(line, expanded);
        let first = line_of(at, expanded);
        let last = first + if at == row { viewer.len() } else { 0 };
        prop_assert!((first..=last).contains(&line));
    }

    #[test]
    fn any_window_is_filled_and_nothing_is_too_wide(
        columns in 0..160_u16, height in 0..30_u16, top in 0..60_usize, cursor in 0..20_usize,
        row in 0..14_usize, inside in any::<bool>(), ascii in any::<bool>(),
    ) {
        let mut viewer = details(&history().events[row.min(11)]);
        viewer.unfold_all();
        let window = Window { columns, height, top, cursor, expanded: Some(Expanded { row, details: &viewer, inside }) };
        let drawn = draw(&history(), &all(), &window, &theme(ascii));
        for line in &drawn {
            prop_assert!(line.width() <= usize::from(columns), "{line}");
        }
        if row < 12 {
            let left = lines(12, window.expanded).saturating_sub(top);
            prop_assert_eq!(drawn.len(), if height == 0 { 0 } else { 1 + left.min(usize::from(height) - 1) });
        }
    }
}
