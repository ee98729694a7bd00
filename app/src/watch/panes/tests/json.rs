use insta::assert_snapshot;
use proptest::prelude::*;

use super::fixture::{fits, shown, theme};
use crate::watch::panes::json::Viewer;

const PAYLOAD: &str = r#"{"plan": {"place": "ecs", "why": "it needs about 212.0 s there, and 5.0 s are allowed (Lambda with 512 MB and 15 s)",
    "predicted": {"seconds": 212.04, "memory_mb": 1893}, "tags": ["a", "b", null, true]},
    "body": "{\"key\": \"inbox/01JD/board.jpg\", \"inner\": \"[1, 2, {\\\"deep\\\": false}]\"}",
    "empty": {}, "none": [], "name": "白板\u001b[2J"}"#;

fn picture(viewer: &Viewer, columns: u16, ascii: bool) -> String {
    let lines = viewer.lines(columns, 0, 40, true, &theme(ascii));
    fits(&lines, usize::from(columns));
    shown(&lines)
}

#[test]
fn a_payload_is_folded_at_first() {
    assert_snapshot!(picture(&Viewer::of(PAYLOAD, 80), 80, false));
}

#[test]
fn a_payload_unfolds_down_to_the_strings_that_are_json() {
    let mut viewer = Viewer::of(PAYLOAD, 80);
    viewer.unfold_all();
    viewer.step(isize::MIN);
    viewer.step(14);
    assert_snapshot!(picture(&viewer, 80, false));
}

#[test]
fn a_narrow_payload_with_ascii_only() {
    let mut viewer = Viewer::of(&PAYLOAD.replace('白', "w").replace('板', "b"), 50);
    viewer.unfold_all();
    let text = picture(&viewer, 50, true);
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn what_is_not_json_is_wrapped() {
    let viewer = Viewer::of(
        "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>, which called what it should not",
        40,
    );
    assert_snapshot!(picture(&viewer, 40, false));
}

#[test]
fn folding_takes_the_cursor_along() {
    let mut viewer = Viewer::of(PAYLOAD, 80);
    viewer.step(2);
    assert_eq!(viewer.path(), "$.plan.place");
    let before = viewer.len();
    viewer.toggle();
    assert_eq!(viewer.path(), "$.plan", "what it is in is folded");
    assert!(viewer.len() < before);
    viewer.toggle();
    assert_eq!(viewer.len(), before);
    viewer.fold_all();
    assert_eq!(viewer.len(), 6, "the outermost and its fields");
    viewer.step(isize::MAX);
    assert_eq!(viewer.cursor(), 5);
    viewer.unfold_all();
    assert_eq!(viewer.path(), "$.name");
    viewer.step(isize::MIN);
    viewer.step(9);
    assert_eq!(viewer.path(), "$.plan.tags[1]");
}

#[test]
fn a_payload_of_the_largest_size_is_shown_with_its_size() {
    let long = format!(r#"{{"text": "{}"}}"#, "x".repeat(300_000));
    let text = picture(&Viewer::of(&long, 60), 60, false);
    assert!(text.contains("(300.0 kB)"), "{text}");
    let items = format!("[{}1]", "[\"x\"],".repeat(40_000));
    let mut viewer = Viewer::of(&items, 60);
    viewer.unfold_all();
    assert_eq!(viewer.len(), 80_002);
    let plain = Viewer::of(&"word ".repeat(60_000), 60);
    let rest = plain.lines(60, plain.len() - 1, 1, false, &theme(false));
    assert!(shown(&rest).contains("kB more"), "{}", shown(&rest));
}

proptest! {
    #[test]
    fn anything_is_shown_in_any_width(payload in any::<String>(), columns in 0..100_u16, ascii in any::<bool>()) {
        let quoted = serde_json::json!({ payload.clone(): [payload.clone(), { "a": payload.clone() }] }).to_string();
        for text in [&payload, &quoted] {
            let mut viewer = Viewer::of(text, columns);
            viewer.unfold_all();
            for line in viewer.lines(columns, 0, 100, true, &theme(ascii)) {
                prop_assert!(line.width() <= usize::from(columns), "{line}");
                prop_assert!(!line.to_string().chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn the_cursor_is_always_on_a_row(moves in prop::collection::vec(0..5_u8, 0..40)) {
        let mut viewer = Viewer::of(PAYLOAD, 80);
        for step in moves {
            match step {
                0 => viewer.toggle(),
                1 => viewer.fold_all(),
                2 => viewer.unfold_all(),
                3 => viewer.step(3),
                _ => viewer.step(-2),
            }
            prop_assert!(viewer.cursor() < viewer.len());
            prop_assert!(viewer.path().starts_with('$'));
        }
    }
}
