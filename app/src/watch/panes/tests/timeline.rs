use std::collections::HashSet;

use insta::assert_snapshot;
use proptest::prelude::*;
use whiteboarder_jobs::track::ExecutionView;

use super::fixture::{START, failed_in_plan, fits, many, moved, shown, theme};
use crate::watch::panes::timeline::rows::Content;
use crate::watch::panes::timeline::{Row, Window, draw, rows};

fn window(columns: u16, height: u16) -> Window<'static> {
    Window {
        columns,
        height,
        top: 0,
        zoom: 1.0,
        offset_ms: 0,
        selected: None,
        now_ms: START + 100_000,
    }
}

fn picture(view: &ExecutionView, window: &Window<'_>, ascii: bool) -> String {
    let lines = draw(view, &rows(view, &HashSet::new()), window, &theme(ascii));
    fits(&lines, usize::from(window.columns));
    assert_eq!(lines.len(), usize::from(window.height));
    shown(&lines)
}

#[test]
fn a_picture_that_moved_and_was_tried_again() {
    let selected = Window {
        selected: Some("CleanOnEcs"),
        ..window(80, 13)
    };
    assert_snapshot!(picture(&moved(false), &selected, false));
}

#[test]
fn a_picture_that_moved_is_done_in_a_wide_pane() {
    assert_snapshot!(picture(&moved(true), &window(120, 12), false));
}

#[test]
fn a_narrow_timeline_with_ascii_only() {
    let text = picture(&moved(false), &window(50, 12), true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn the_beginning_is_seen_when_zoomed_in() {
    let zoomed = Window {
        zoom: 20.0,
        offset_ms: 500,
        ..window(80, 12)
    };
    assert_snapshot!(picture(&moved(false), &zoomed, false));
}

#[test]
fn a_failure_ends_its_bar_with_its_name() {
    assert_snapshot!(picture(&failed_in_plan(), &window(80, 6), false));
}

#[test]
fn many_items_are_told_together_and_few_one_by_one() {
    let wide = Window {
        now_ms: START + 9_000,
        ..window(100, 12)
    };
    assert_snapshot!("many", picture(&many(30), &wide, false));
    let few = Window {
        now_ms: START + 9_000,
        ..window(100, 18)
    };
    assert_snapshot!("few", picture(&many(4), &few, false));
}

#[test]
fn many_items_are_told_one_by_one_when_asked() {
    let view = many(30);
    let map = rows(&view, &HashSet::new())
        .iter()
        .find_map(|row| row.map(&view))
        .unwrap();
    let folded = rows(&view, &HashSet::new());
    let unfolded = rows(&view, &HashSet::from([map]));
    let summaries = |rows: &[Row]| {
        rows.iter()
            .filter(|row| matches!(row.content, Content::Summary(_)))
            .count()
    };
    assert_eq!((summaries(&folded), summaries(&unfolded)), (2, 0));
    assert_eq!(unfolded.len(), view.steps.len());
}

#[test]
fn a_history_of_many_thousand_steps_shows_what_is_asked_for() {
    let view = many(12_500);
    let all: HashSet<usize> = HashSet::from([7]);
    let rows = rows(&view, &all);
    assert!(rows.len() > 24_000);
    let window = Window {
        top: rows.len() - 10,
        ..window(80, 11)
    };
    let lines = draw(&view, &rows, &window, &theme(false));
    assert!(
        shown(&lines).contains("[12499] Resize"),
        "{}",
        shown(&lines)
    );
}

proptest! {
    #[test]
    fn no_window_makes_a_line_too_wide(
        columns in 0..200_u16, height in 0..30_u16, top in 0..100_usize,
        zoom in prop_oneof![Just(f64::NAN), Just(0.0), Just(1e300), 1.0..1e4],
        offset_ms in prop_oneof![Just(i64::MAX), Just(-1), 0..200_000_i64],
        ascii in any::<bool>(), done in any::<bool>(), items in 0..40_u32,
    ) {
        for view in [moved(done), many(items.max(1)), failed_in_plan(), ExecutionView::default()] {
            let window = Window { columns, height, top, zoom, offset_ms, selected: Some("Plan"), now_ms: START + 100_000 };
            let lines = draw(&view, &rows(&view, &HashSet::new()), &window, &theme(ascii));
            for line in &lines {
                prop_assert!(line.width() <= usize::from(columns), "{line}");
            }
        }
    }
}
