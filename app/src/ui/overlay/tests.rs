use crossterm::event::MouseEventKind;
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::super::keys::{Row, key, typed};
use super::super::mouse::{CLICK, at};
use super::super::toast::Kind as Told;
use super::*;
use crate::term::theme::Theme;
use crate::term::{ColorChoice, Terminal as Streams};

/// A screen with a few keys.
#[derive(Default)]
struct Demo {
    empty: bool,
    keymap: Keymap,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    ZoomIn,
    ZoomOut,
    Undo,
    Redo,
    NextPhoto,
    Write,
    ViewMask,
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Demo,
    Everywhere,
}

fn always(_: &Demo) -> bool {
    true
}

fn full(demo: &Demo) -> bool {
    !demo.empty
}

#[rustfmt::skip]
const TABLE: &[Row<Demo>] = &[
    key(Place::Demo, &["+"], Deed::ZoomIn, always, "zoom", "nearer, up to single pixels, as far as there are any to be seen at all"),
    key(Place::Demo, &["-"], Deed::ZoomOut, always, "out", "further away"),
    key(Place::Demo, &["u"], Deed::Undo, full, "undo", "take the last step back"),
    key(Place::Demo, &["Ctrl-R", "Shift-Right"], Deed::Redo, full, "redo", "do it again"),
    key(Place::Demo, &["."], Deed::NextPhoto, full, "next", "the photograph after this one"),
    key(Place::Demo, &["w"], Deed::Write, full, "write", "write the cleaned picture"),
    key(Place::Demo, &[], Deed::ViewMask, always, "", "view: the ink mask"),
    key(Place::Everywhere, &["Ctrl-C"], Deed::Leave, always, "", "leave without a question"),
];

impl Keyed for Demo {
    type Action = Deed;
    type Mode = Place;
    const NAME: &'static str = "demo";
    const TABLE: &'static [Row<Demo>] = TABLE;
    const SECTIONS: &'static [(Place, &'static str)] =
        &[(Place::Demo, "Demo"), (Place::Everywhere, "Everywhere")];
    const PLACES: &'static [&'static [Place]] =
        &[&[Place::Demo, Place::Everywhere], &[Place::Everywhere]];
    const TYPING: &'static [Place] = &[];
    const LAYERS: &'static [Place] = &[];
    const NEEDED: &'static [&'static str] = &["leave"];

    fn modes(&self) -> &'static [Place] {
        &[Place::Demo, Place::Everywhere]
    }

    fn keymap(&self) -> &Keymap {
        &self.keymap
    }
}

fn theme(color: bool, ascii: bool) -> Theme {
    let mut streams = Streams::detect(ColorChoice::Never, ascii, false, 0);
    streams.unicode = !ascii;
    streams.color_out = color;
    Theme::of(&streams)
}

fn screen(overlay: &Overlay, theme: &Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(overlay.size.0, overlay.size.1)).unwrap();
    terminal
        .draw(|frame| draw(overlay, theme, frame, frame.area()))
        .unwrap();
    terminal
}

fn drawn(overlay: &Overlay) -> String {
    screen(overlay, &theme(true, false)).backend().to_string()
}

const USUAL: (u16, u16) = (80, 24);
const SMALLEST: (u16, u16) = (50, 15);

fn over(call: Call, size: (u16, u16)) -> Overlay {
    let mut overlay = Overlay::called(call, &Demo::default(), &Arc::default(), true).unwrap();
    overlay.resize(size);
    overlay
}

/// Presses keys, told by name; the last one's outcome.
fn press(overlay: &mut Overlay, keys: &[&str]) -> Outcome {
    let mut outcome = Outcome::Stay;
    for key in keys {
        outcome = overlay.key(&typed(key));
    }
    outcome
}

fn row_of(deed: Deed) -> usize {
    TABLE.iter().position(|row| row.action == deed).unwrap()
}

#[test]
fn all_keys() {
    assert_snapshot!(drawn(&over(Call::Keys, USUAL)));
}

#[test]
fn all_keys_on_a_wide_screen_with_the_names_of_the_configuration() {
    assert_snapshot!(drawn(&over(Call::Keys, (100, 20))));
}

#[test]
fn keys_searched_in_the_smallest_terminal() {
    let mut overlay = over(Call::Keys, SMALLEST);
    press(&mut overlay, &["/", "p", "h", "o"]);
    assert_snapshot!(drawn(&overlay));
}

#[test]
fn commands() {
    assert_snapshot!(drawn(&over(Call::Commands, USUAL)));
}

#[test]
fn commands_searched_in_the_smallest_terminal() {
    let mut overlay = over(Call::Commands, SMALLEST);
    press(&mut overlay, &["z", "o", "Down"]);
    assert_snapshot!(drawn(&overlay));
}

#[test]
fn without_colour_and_with_ascii_only() {
    for (call, keys) in [(Call::Keys, &["/", "u"][..]), (Call::Commands, &["u", "n"])] {
        let demo = Demo::default();
        let mut overlay = Overlay::called(call, &demo, &Arc::default(), false).unwrap();
        overlay.resize(USUAL);
        press(&mut overlay, keys);
        let screen = screen(&overlay, &theme(false, true));
        for cell in screen.backend().buffer().content() {
            let style = cell.style();
            let none = |color| matches!(color, None | Some(Color::Reset));
            assert!(none(style.fg) && none(style.bg));
        }
        let text = screen.backend().to_string();
        assert!(text.is_ascii(), "{text}");
        assert_snapshot!(format!("ascii_{call:?}"), text);
    }
}

#[test]
fn what_is_typed_filters_at_once_and_escape_clears_before_it_closes() {
    let mut overlay = over(Call::Keys, USUAL);
    press(&mut overlay, &["/", "u", "n", "d", "o"]);
    let text = drawn(&overlay);
    assert!(text.contains("take the last step back"), "{text}");
    assert!(!text.contains("further away"), "{text}");
    assert_eq!(press(&mut overlay, &["Enter", "j"]), Outcome::Stay);
    assert!(drawn(&overlay).contains("only what has `undo` in it"));
    assert_eq!(press(&mut overlay, &["Esc"]), Outcome::Stay);
    assert!(drawn(&overlay).contains("further away"));
    assert_eq!(press(&mut overlay, &["Esc"]), Outcome::Close);
    // While a filter is typed, too.
    press(&mut overlay, &["/", "x"]);
    assert_eq!(press(&mut overlay, &["Esc"]), Outcome::Stay);
    assert_eq!(press(&mut overlay, &["Esc"]), Outcome::Close);
    assert_eq!(press(&mut overlay, &["q"]), Outcome::Close);
}

#[test]
fn nothing_found_is_told() {
    for (call, keys) in [
        (Call::Keys, &["/", "y", "y"][..]),
        (Call::Commands, &["y", "y"]),
    ] {
        let mut overlay = over(call, USUAL);
        press(&mut overlay, keys);
        assert!(drawn(&overlay).contains("nothing has that in it"));
        assert_eq!(
            press(&mut overlay, &["Enter", "Down", "PgDn"]),
            Outcome::Stay
        );
    }
}

#[test]
fn the_command_that_was_found_is_done() {
    let mut overlay = over(Call::Commands, USUAL);
    let outcome = press(&mut overlay, &["n", "p", "Enter"]);
    assert_eq!(outcome, Outcome::Do(row_of(Deed::NextPhoto)));
    let mut overlay = over(Call::Commands, USUAL);
    assert_eq!(
        press(&mut overlay, &["Down", "Enter"]),
        Outcome::Do(row_of(Deed::ZoomOut))
    );
    // What has no key is there, too.
    let mut overlay = over(Call::Commands, USUAL);
    press(&mut overlay, &["m", "a", "s", "k"]);
    assert_eq!(
        press(&mut overlay, &["Enter"]),
        Outcome::Do(row_of(Deed::ViewMask))
    );
}

#[test]
fn only_what_would_do_something_now_is_a_command() {
    let demo = Demo {
        empty: true,
        ..Demo::default()
    };
    let mut overlay = Overlay::called(Call::Commands, &demo, &Arc::default(), true).unwrap();
    overlay.resize(USUAL);
    let text = drawn(&overlay);
    assert!(text.contains("zoom-in") && !text.contains("undo"), "{text}");
}

#[test]
fn keys_that_somebody_has_chosen_are_shown() {
    let wanted = [("undo".to_owned(), vec!["F9".to_owned()])]
        .into_iter()
        .collect();
    let demo = Demo {
        keymap: Keymap::of::<Demo>(&wanted).unwrap(),
        ..Demo::default()
    };
    for call in [Call::Keys, Call::Commands] {
        let mut overlay = Overlay::called(call, &demo, &Arc::default(), true).unwrap();
        overlay.resize((80, 60));
        assert!(drawn(&overlay).contains("F9"), "{call:?}");
    }
    assert_eq!(action(&demo, &typed("F9")), Some(Deed::Undo));
    assert_eq!(action(&demo, &typed("u")), None);
}

#[test]
fn a_paste_of_a_megabyte_is_a_short_search() {
    let mut overlay = over(Call::Commands, USUAL);
    overlay.paste(&"zoom\n".repeat(200_000));
    drawn(&overlay);
    press(&mut overlay, &["Ctrl-U"]);
    overlay.paste("redo");
    assert_eq!(
        press(&mut overlay, &["Enter"]),
        Outcome::Do(row_of(Deed::Redo))
    );
}

#[test]
fn a_click_selects_a_command_and_another_one_does_it() {
    let mut overlay = over(Call::Commands, USUAL);
    assert_eq!(overlay.mouse(at(CLICK, (10, 3))), Outcome::Stay);
    assert_eq!(
        overlay.mouse(at(CLICK, (10, 3))),
        Outcome::Do(row_of(Deed::Undo))
    );
    for cell in [(10, 20), (0, 0), (10, 23), (u16::MAX, u16::MAX)] {
        assert_eq!(overlay.mouse(at(CLICK, cell)), Outcome::Stay);
    }
}

#[test]
fn scrolling_ends_at_both_ends() {
    let mut overlay = over(Call::Keys, SMALLEST);
    let top = drawn(&overlay);
    for _ in 0..100 {
        overlay.mouse(at(MouseEventKind::ScrollDown, (5, 5)));
    }
    let end = drawn(&overlay);
    press(&mut overlay, &["j", "PgDn", "G"]);
    assert_eq!(drawn(&overlay), end);
    press(&mut overlay, &["k"]);
    assert_ne!(drawn(&overlay), end);
    press(&mut overlay, &["g", "k", "PgUp"]);
    assert_eq!(drawn(&overlay), top);
    // A taller window has less to scroll.
    press(&mut overlay, &["G"]);
    overlay.resize((80, 200));
    assert!(drawn(&overlay).contains("nearer"));
}

#[test]
fn a_key_that_means_nothing_here_is_passed_on() {
    let mut overlay = over(Call::Keys, USUAL);
    assert_eq!(press(&mut overlay, &["Ctrl-C"]), Outcome::Pass);
    assert_eq!(press(&mut overlay, &["x"]), Outcome::Pass);
    let mut overlay = over(Call::Commands, USUAL);
    assert_eq!(press(&mut overlay, &["Ctrl-C"]), Outcome::Pass);
    let everywhere = |key| crate::ui::keys::is_everywhere(&Demo::default(), &typed(key));
    assert!(everywhere("Ctrl-C") && !everywhere("u"));
}

#[test]
fn no_size_makes_the_drawing_stumble() {
    for call in [Call::Keys, Call::Commands] {
        for size in [
            (0, 0),
            (1, 1),
            (49, 15),
            (50, 14),
            (50, 15),
            (89, 16),
            (90, 15),
            (400, 3),
            (400, 120),
        ] {
            let mut overlay = over(call, size);
            press(&mut overlay, &["/", "a", "Enter", "G"]);
            if size != (0, 0) {
                drawn(&overlay);
            }
        }
    }
}

fn entry(at_ms: i64, kind: Told, text: &str, more: &[&str]) -> Entry {
    Entry {
        at_ms,
        times: 1,
        kind,
        text: text.to_owned(),
        more: more.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn happened() -> Vec<Entry> {
    let offline = Entry {
        times: 3,
        ..entry(
            7_000,
            Told::Failed,
            "cannot reach http://127.0.0.1:4566: connection refused",
            &[
                "because: connection refused",
                "hint: `whiteboarder local start` starts the local cloud",
            ],
        )
    };
    vec![
        entry(
            1_000,
            Told::Note,
            "the terminal did not answer; half blocks",
            &[],
        ),
        entry(
            5_000,
            Told::Done,
            "wrote cleaned/board-1.jpg.png in 1.9 s",
            &[],
        ),
        offline,
        entry(
            3_723_000,
            Told::Failed,
            "not stopped: arn:aws:states:eu-west-1:123456789012:execution:whiteboarder:board-001-of-a-very-long-batch: denied",
            &[],
        ),
    ]
}

fn log_of(entries: Vec<Entry>, size: (u16, u16)) -> Overlay {
    let mut overlay = Overlay::log("demo", &Arc::default(), entries, 0);
    overlay.resize(size);
    overlay
}

#[test]
fn the_log() {
    assert_snapshot!(drawn(&log_of(happened(), USUAL)));
}

#[test]
fn the_end_of_the_log_in_the_smallest_terminal() {
    assert_snapshot!(drawn(&log_of(happened(), SMALLEST)));
}

#[test]
fn the_log_without_colour_and_with_ascii_only() {
    let screen = screen(&log_of(happened(), USUAL), &theme(false, true));
    let text = screen.backend().to_string();
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(text);
}

#[test]
fn who_reads_the_end_of_the_log_stays_there_and_who_reads_above_is_left_in_peace() {
    let many = |count: i64| -> Vec<Entry> {
        (0..count)
            .map(|at| entry(at * 1000, Told::Note, &format!("entry {at}."), &[]))
            .collect()
    };
    let mut overlay = log_of(many(100), USUAL);
    assert!(drawn(&overlay).contains("entry 99."));
    overlay.replace(many(150), 1);
    assert!(drawn(&overlay).contains("entry 149."));
    press(&mut overlay, &["g"]);
    overlay.replace(many(200), 2);
    assert!(drawn(&overlay).contains("entry 0."));
    press(&mut overlay, &["/", "1", "9", "9"]);
    let text = drawn(&overlay);
    assert!(
        text.contains("entry 199.") && text.contains("1 entry"),
        "{text}"
    );
    assert!(!text.contains("entry 0."), "{text}");
}

#[test]
fn an_empty_log_says_so() {
    assert!(drawn(&log_of(Vec::new(), USUAL)).contains("nothing was told yet"));
}
