//! What is done with executions: asked first, counted, told.

use whiteboarder_jobs::watch::{Acted, Action, News, Order, Refused};

use super::super::model::{Effect, Layer};
use super::super::panes::tests::fixture::failed_in_plan;
use super::fixture::{arn, drawn, hear, open, press, watching};

#[test]
fn stopping_takes_the_marked_ones_that_run_and_says_how_many() {
    let mut model = watching(70, (120, 40));
    press(&mut model, &["A", "x"]);
    let text = drawn(&model);
    assert!(
        text.contains("stop 20 executions (50 others do not need it)?"),
        "{text}"
    );
    assert_eq!(press(&mut model, &["n"]), []);
    assert!(model.layer.is_none());
    let effects = press(&mut model, &["x", "y"]);
    let Effect::Order(Order::Act(Action::Stop, arns)) = &effects[0] else {
        panic!("{effects:?}");
    };
    assert_eq!(arns.len(), 20);
}

#[test]
fn what_makes_no_sense_is_not_asked() {
    let mut model = watching(7, (120, 40));
    press(&mut model, &["R"]);
    assert!(model.layer.is_none(), "the selected one runs");
    assert!(drawn(&model).contains("nothing to redrive"));
}

#[test]
fn redriving_says_what_stays_done() {
    let mut model = watching(7, (120, 40));
    press(&mut model, &["j", "j", "Enter"]);
    open(&mut model, failed_in_plan());
    press(&mut model, &["R"]);
    let text = drawn(&model);
    assert!(
        text.contains("redrive 1 execution? Register stays done, Plan runs again"),
        "{text}"
    );
    assert_eq!(
        press(&mut model, &["y"])[0],
        Effect::Order(Order::Act(Action::Redrive, vec![arn(2)]))
    );
}

#[test]
fn progress_is_shown_and_refusals_are_told_with_their_reason() {
    let mut model = watching(70, (120, 40));
    press(&mut model, &["A", "R", "y"]);
    let acted = |done: usize, refused: Vec<Refused>, complete| {
        News::Acted(Acted {
            action: Action::Redrive,
            of: 20,
            done: (0..done).map(|number| arn(7 * number + 2)).collect(),
            refused,
            complete,
        })
    };
    hear(&mut model, vec![acted(8, Vec::new(), false)]);
    assert!(drawn(&model).contains("redriven: 8 of 20"));
    let refused = Refused {
        arn: arn(4),
        why: "it is older than 14 days".to_owned(),
    };
    let marks = model.marks.len();
    let effects = hear(&mut model, vec![acted(10, vec![refused], true)]);
    assert!(effects.contains(&Effect::Order(Order::Refresh)));
    let text = drawn(&model);
    assert!(
        text.contains("10 executions redriven, one not: it is older than 14 days"),
        "{text}"
    );
    assert_eq!(
        model.marks.len(),
        marks - 10,
        "what was done is marked no longer"
    );
    assert!(
        model
            .told
            .iter()
            .any(|told| told.text.contains("run-00004"))
    );
}

#[test]
fn arns_are_copied_and_links_are_opened() {
    let mut model = watching(7, (120, 40));
    assert!(press(&mut model, &["y"]).contains(&Effect::Copy(arn(0))));
    press(&mut model, &["Space", "Space"]);
    let copied = press(&mut model, &["y"]);
    assert!(copied.contains(&Effect::Copy(format!("{}\n{}", arn(0), arn(1)))));
    let link = format!("https://console.example/{}", arn(2));
    assert!(press(&mut model, &["o"]).contains(&Effect::Link(link)));
}

#[test]
fn downloads_are_offered_for_what_succeeded() {
    let mut model = watching(7, (120, 40));
    press(&mut model, &["A", "d"]);
    let text = drawn(&model);
    assert!(text.contains("download 3 results to cleaned?"), "{text}");
    assert!(matches!(model.layer, Some(Layer::Ask { .. })));
}
