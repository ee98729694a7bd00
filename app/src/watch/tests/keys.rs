//! What the keys do.

use whiteboarder_jobs::watch::{News, Order};

use super::super::model::{Chip, Column, Effect, Focus, Layer, Tab};
use super::super::panes::tests::fixture::moved;
use super::fixture::{arn, drawn, fresh, hear, open, press, runs, tick, watching};

#[test]
fn a_filter_hides_as_it_is_typed_and_comes_back_as_it_was() {
    let mut model = watching(70, (100, 30));
    press(&mut model, &["/", "s", "t", "a", "t", "u", "s"]);
    assert_eq!(model.shown.len(), 0, "a word that no execution has");
    press(&mut model, &[":", "f"]);
    let text = drawn(&model);
    assert!(text.contains("status is not f"), "{text}");
    assert_eq!(model.shown.len(), 0, "what could be read last holds");
    press(&mut model, &["Enter"]);
    assert!(
        matches!(model.layer, Some(Layer::Filter { .. })),
        "it cannot be kept like that"
    );
    press(&mut model, &["a", "i", "l", "e", "d", "Enter"]);
    assert_eq!(model.shown.len(), 10);
    assert!(model.layer.is_none());
    press(&mut model, &["/", "x", "Esc"]);
    assert_eq!(model.filter, "status:failed");
    assert_eq!(model.shown.len(), 10);
}

#[test]
fn the_status_counts_are_filters_and_those_of_none_are_passed_over() {
    let mut model = watching(14, (100, 30));
    assert_eq!(model.chips, [14, 4, 6, 2, 2, 2]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        press(&mut model, &["f"]);
        seen.push((model.chip, model.shown.len()));
    }
    let each = [
        (Chip::Running, 4),
        (Chip::Succeeded, 6),
        (Chip::Failed, 2),
        (Chip::Aborted, 2),
        (Chip::Moved, 2),
        (Chip::All, 14),
    ];
    assert_eq!(seen, each);
    let mut model = watching(1, (100, 30));
    press(&mut model, &["f", "f"]);
    assert_eq!(model.chip, Chip::All, "there is only one that runs");
}

#[test]
fn sorting_keeps_the_selected_execution_selected() {
    let mut model = watching(70, (100, 30));
    press(&mut model, &["j", "j", "j"]);
    let selected = model.selected().unwrap().arn.clone();
    for _ in 0..6 {
        press(&mut model, &["s"]);
        assert_eq!(model.selected().unwrap().arn, selected, "{:?}", model.sort);
    }
    assert_eq!(model.sort.0, Column::Started);
    press(&mut model, &["S"]);
    let first = &model.runs[model.shown[0]];
    assert_eq!(first.arn, arn(69), "the oldest");
    assert_eq!(model.selected().unwrap().arn, selected);
}

#[test]
fn sorted_by_cost_the_dearest_comes_first_and_by_status_what_failed() {
    let mut model = watching(70, (100, 30));
    press(&mut model, &["s", "s"]);
    assert_eq!(model.sort.0, Column::Cost);
    assert!(model.runs[model.shown[0]].digest.as_ref().unwrap().moved);
    press(&mut model, &["s", "s"]);
    let first = &model.runs[model.shown[0]];
    assert_eq!(
        first.digest.as_ref().unwrap().error.as_deref(),
        Some("ImageUnsupported")
    );
}

#[test]
fn the_feed_is_told_what_is_on_screen_the_selected_one_first() {
    let mut model = fresh((80, 24));
    let effects = hear(&mut model, vec![News::Runs(runs(100))]);
    let visible = effects.iter().find_map(|effect| match effect {
        Effect::Order(Order::Visible(arns)) => Some(arns),
        _ => None,
    });
    let rows = super::super::layout::list_rows(&model);
    assert_eq!(visible.unwrap().len(), rows);
    let effects = press(&mut model, &["G"]);
    let Effect::Order(Order::Visible(arns)) = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!(arns[0], arn(99));
    assert!(tick(&mut model, 10).is_empty(), "nothing new is told once");
}

#[test]
fn beside_the_list_an_execution_opens_only_when_the_cursor_rests() {
    let mut model = watching(70, (120, 40));
    tick(&mut model, 300);
    assert_eq!(model.details.arn, Some(arn(0)));
    let effects = press(&mut model, &["j", "j", "j", "j"]);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Order(Order::Open(_))))
    );
    assert!(model.wake_ms().unwrap() <= model.now_ms + 250);
    let effects = tick(&mut model, 300);
    assert!(effects.contains(&Effect::Order(Order::Open(Some(arn(4))))));
    assert_eq!(model.focus, Focus::List);
}

#[test]
fn in_a_narrow_terminal_nothing_is_opened_that_is_not_seen() {
    let mut model = watching(70, (80, 24));
    let effects = tick(&mut model, 1_000);
    assert!(effects.is_empty(), "{effects:?}");
    let effects = press(&mut model, &["Enter"]);
    assert_eq!(effects[0], Effect::Order(Order::Open(Some(arn(0)))));
    press(&mut model, &["q"]);
    assert_eq!(model.focus, Focus::List);
    assert_eq!(
        press(&mut model, &["q"]),
        [Effect::Quit { interrupted: false }]
    );
}

#[test]
fn views_are_one_key_away_and_follow_one_another() {
    let mut model = watching(7, (100, 30));
    press(&mut model, &["t"]);
    assert_eq!(
        (model.focus, model.details.tab),
        (Focus::Details, Tab::Timeline)
    );
    press(&mut model, &["Tab"]);
    assert_eq!(model.details.tab, Tab::Events);
    press(&mut model, &["Esc", "v"]);
    assert_eq!(model.details.tab, Tab::Graph);
    for _ in 0..Tab::EACH.len() {
        press(&mut model, &["Tab"]);
    }
    assert_eq!(model.details.tab, Tab::Graph);
}

#[test]
fn events_are_filtered_by_text_by_failure_and_by_state() {
    let mut model = watching(7, (100, 30));
    press(&mut model, &["e"]);
    open(&mut model, moved(true));
    let all = model.details.events.rows.len();
    press(&mut model, &["f"]);
    let failed = model.details.events.rows.len();
    assert!(0 < failed && failed < all);
    press(
        &mut model,
        &["f", "/", "E", "n", "t", "e", "r", "e", "d", "Enter"],
    );
    let entered = model.details.events.rows.len();
    assert!(0 < entered && entered < all);
    assert!(drawn(&model).contains("with `Entered`"));
    press(&mut model, &["/", "Esc", "h", "s"]);
    let of_state = model.details.events.rows.len();
    assert!(0 < of_state && of_state < all, "{:?}", model.details.state);
    press(&mut model, &["s", "Enter"]);
    assert!(model.details.events.unfolded.is_some());
    press(&mut model, &["Enter", "j", "Esc"]);
    assert_eq!(
        model.focus,
        Focus::Details,
        "out of the event's details first"
    );
    press(&mut model, &["Esc"]);
    assert_eq!(model.focus, Focus::List);
}

#[test]
fn what_happens_to_the_open_execution_moves_the_selection_until_somebody_does() {
    let mut model = watching(7, (100, 30));
    press(&mut model, &["Enter"]);
    open(&mut model, moved(false));
    assert_eq!(model.details.state.as_deref(), Some("CleanOnEcs"));
    press(&mut model, &["h", "h"]);
    let chosen = model.details.state.clone();
    open(&mut model, moved(true));
    assert_eq!(model.details.state, chosen);
}

#[test]
fn thousands_of_executions_are_filtered_and_drawn() {
    let mut model = watching(10_000, (120, 40));
    press(
        &mut model,
        &[
            "/", "b", "o", "a", "r", "d", "_", "9", "9", "9", "9", "Enter",
        ],
    );
    assert_eq!(model.shown.len(), 1);
    assert!(drawn(&model).contains("board_9999.jpg"));
}
