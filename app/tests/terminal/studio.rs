//! The studio: opened on every kind of terminal, tuned, written, with hostile windows and input.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::support::{Home, PATIENCE, photo};

/// Every kind of terminal.
pub const KINDS: [Answers; 4] = [
    Answers::Sixel,
    Answers::Kitty,
    Answers::Plain,
    Answers::Silent,
];

/// The studio's usual size.
pub const SIZE: (u16, u16) = (120, 36);

/// A home with one small photograph, `board.png`.
pub fn with_photo() -> Home {
    let home = Home::new();
    home.file("board.png", &photo(400, 300, 1));
    home
}

/// The studio on that photograph.
pub fn studio(home: &Home, answers: Answers) -> FakeTerminal {
    home.start_with(&["board.png"], &[], SIZE, answers)
}

/// Waits until the preview is the full-size run's own.
#[track_caller]
pub fn exact(terminal: &mut FakeTerminal) -> String {
    terminal.wait_for(|text| text.contains("✓ exact"), PATIENCE)
}

/// Waits until the radius, which the studio opens on, is so many tenths of a per cent.
#[track_caller]
pub fn radius(terminal: &mut FakeTerminal, wanted: &str) -> String {
    terminal.wait_for(|text| shows_radius(text, wanted), PATIENCE)
}

fn shows_radius(text: &str, wanted: &str) -> bool {
    let mut rows = text.lines().filter(|line| line.contains("▸ radius"));
    rows.next()
        .is_some_and(|row| row.contains(&format!(" {wanted} %")))
}

/// Leaves without a question.
pub fn leave(mut terminal: FakeTerminal) -> String {
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
    terminal.text()
}

#[test]
fn a_sixel_terminal_gets_sixel() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Sixel);
    let text = exact(&mut terminal);
    assert!(terminal.pictures() > 0, "{text}");
    assert!(terminal.picture_cells() > 500, "{text}");
    assert!(!text.contains('▀'), "{text}");
    leave(terminal);
}

#[test]
fn a_kitty_gets_its_own_pictures() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Kitty);
    let text = exact(&mut terminal);
    assert!(terminal.pictures() > 0, "{text}");
    assert!(terminal.picture_cells() > 500, "{text}");
    leave(terminal);
}

#[test]
fn a_terminal_without_pictures_gets_half_blocks() {
    for answers in [Answers::Plain, Answers::Silent] {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        let text = exact(&mut terminal);
        assert_eq!(terminal.pictures(), 0);
        assert!(text.matches('▀').count() > 500, "{answers:?}\n{text}");
        leave(terminal);
    }
}

#[test]
fn the_picture_on_screen_is_the_cleaned_one() {
    for answers in KINDS {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        let bright = |terminal: &FakeTerminal| {
            let image = terminal.image(1);
            // Well inside the pane with the picture.
            let pixels =
                (0..image.height() / 2).flat_map(|y| (0..image.width() / 2).map(move |x| (x, y)));
            pixels
                .filter(|(x, y)| {
                    image
                        .get_pixel(*x, *y)
                        .0
                        .iter()
                        .all(|channel| *channel > 235)
                })
                .count()
        };
        let after = bright(&terminal);
        assert!(after > 5_000, "{answers:?} {after}");
        terminal.keys("b");
        terminal.wait_for(|text| text.contains("before: the photograph"), PATIENCE);
        let started = Instant::now();
        while bright(&terminal) * 10 > after {
            assert!(started.elapsed() < PATIENCE, "{answers:?} {after}");
            thread::sleep(Duration::from_millis(20));
        }
        leave(terminal);
    }
}

#[test]
fn keys_typed_from_the_very_start_all_arrive() {
    for answers in KINDS {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        // Before it has asked anything, while it asks, and while it waits for answers that may not come.
        for _ in 0..10 {
            terminal.keys("l");
            thread::sleep(Duration::from_millis(40));
        }
        radius(&mut terminal, "3.2");
        terminal.keys("lllll");
        radius(&mut terminal, "3.7");
        assert!(terminal.raw_mode(), "{answers:?}");
        leave(terminal);
    }
}

#[test]
fn a_silent_terminal_stays_raw_long_after_the_questions() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Silent);
    exact(&mut terminal);
    thread::sleep(Duration::from_secs(3));
    assert!(terminal.raw_mode());
    terminal.keys("lllll");
    radius(&mut terminal, "2.7");
    leave(terminal);
}

#[test]
fn every_frame_is_a_whole_update() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Sixel);
    exact(&mut terminal);
    terminal.keys("lllll");
    radius(&mut terminal, "2.7");
    leave_whole(terminal);
}

/// Leaves, and holds that each synchronized update that began has ended.
fn leave_whole(mut terminal: FakeTerminal) {
    terminal.keys("\u{3}");
    terminal.wait_exit(PATIENCE);
    let modes = terminal.modes();
    assert!(modes.updates_begun > 0);
    assert_eq!(modes.updates_begun, modes.updates_ended);
}

#[test]
fn the_split_shows_both_and_moves() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("s");
    terminal.wait_for(|text| text.contains("split at 50 %"), PATIENCE);
    terminal.keys("]");
    terminal.wait_for(
        |text| text.contains("split at ") && !text.contains("split at 50 %"),
        PATIENCE,
    );
    leave(terminal);
}

#[test]
fn a_change_can_be_taken_back_and_done_again() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("l");
    radius(&mut terminal, "2.3");
    terminal.keys("u");
    radius(&mut terminal, "2.2");
    terminal.keys("\u{12}");
    radius(&mut terminal, "2.3");
    leave(terminal);
}

#[test]
fn a_written_file_is_what_clean_writes() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Silent);
    exact(&mut terminal);
    terminal.keys("w");
    terminal.wait_for(|text| text.contains("wrote "), PATIENCE);
    terminal.keys("q");
    assert!(terminal.wait_exit(PATIENCE).success());
    assert!(
        home.run(&["clean", "board.png", "-o", "other"])
            .status
            .success()
    );
    let studio = fs::read(home.path("cleaned/board.png.png")).unwrap();
    assert!(studio == fs::read(home.path("other/board.png.png")).unwrap());
}

#[test]
fn the_command_named_at_the_end_cleans_as_was_seen() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Silent);
    exact(&mut terminal);
    terminal.keys("lllll");
    radius(&mut terminal, "2.7");
    terminal.keys("w");
    terminal.wait_for(|text| text.contains("wrote "), PATIENCE);
    terminal.keys("q");
    assert!(terminal.wait_exit(PATIENCE).success());
    let wanted = fs::read(home.path("cleaned/board.png.png")).unwrap();
    let plain = home.run(&["clean", "board.png", "-o", "plain"]);
    assert!(plain.status.success());
    assert!(wanted != fs::read(home.path("plain/board.png.png")).unwrap());

    fs::remove_dir_all(home.path("cleaned")).unwrap();
    let mut terminal = studio(&home, Answers::Silent);
    exact(&mut terminal);
    terminal.keys("lllll");
    radius(&mut terminal, "2.7");
    terminal.keys("q");
    terminal.wait_for(|text| text.contains("leave?"), PATIENCE);
    terminal.keys("y");
    assert!(terminal.wait_exit(PATIENCE).success());
    // The terminal has broken the line where it was too long.
    let text = terminal.text().replace('\n', "");
    let told = "this cleans it as seen: whiteboarder ";
    let (_, command) = text.split_once(told).expect(&text);
    let words: Vec<&str> = command.split_whitespace().collect();
    let ended = home.run(&words);
    assert!(ended.status.success(), "{command}\n{ended:?}");
    let again = fs::read(home.path("cleaned/board.png.png")).unwrap();
    assert!(wanted == again, "{command}");
}

#[test]
fn a_storm_of_resizes_ends_with_a_whole_screen() {
    for answers in [Answers::Plain, Answers::Sixel] {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        for turn in 0..50_u16 {
            terminal.resize(30 + turn * 37 % 170, 8 + turn * 23 % 60);
            thread::sleep(Duration::from_millis(5));
        }
        terminal.resize(110, 32);
        let mut fresh = home.start_with(&["board.png"], &[], (110, 32), answers);
        let wanted = body(&exact(&mut fresh));
        terminal.wait_for(
            |text| text.contains("✓ exact") && body(text) == wanted,
            PATIENCE,
        );
        leave(terminal);
        leave(fresh);
    }
}

/// The screen without the header, which tells times.
fn body(text: &str) -> String {
    text.lines().skip(1).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_million_pasted_bytes_are_no_keys() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    let mut paste = String::from("\u{1b}[200~");
    paste.push_str(&"lq\u{3}w\n".repeat(200_000));
    paste.push_str("\u{1b}[201~");
    terminal.keys(&paste);
    terminal.keys("l");
    radius(&mut terminal, "2.3");
    assert!(!home.path("cleaned").exists());
    leave(terminal);
}

#[test]
fn a_terminal_that_does_not_read_holds_nothing_up() {
    for answers in [Answers::Sixel, Answers::Kitty, Answers::Plain] {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        terminal.pause(true);
        // More frames than the line between us can hold.
        for keys in ["b", "l", "s", "l", "b", "l", "s", "l"] {
            terminal.keys(keys);
            thread::sleep(Duration::from_millis(120));
        }
        terminal.keys("uuuu");
        terminal.keys("w");
        let started = Instant::now();
        while !home.path("cleaned/board.png.png").exists() {
            assert!(
                started.elapsed() < PATIENCE,
                "{answers:?}: nothing is written"
            );
            thread::sleep(Duration::from_millis(10));
        }
        terminal.pause(false);
        terminal.keys("l");
        terminal.wait_for(|text| text.contains("▸ radius*"), PATIENCE);
        leave(terminal);
    }
}

#[test]
fn a_window_too_small_says_so_and_keys_still_work() {
    let home = with_photo();
    let mut terminal = home.start_with(&["board.png"], &[], (41, 12), Answers::Silent);
    terminal.wait_for(|text| text.contains("needed, this is 41×12"), PATIENCE);
    terminal.keys("lll");
    terminal.resize(120, 36);
    radius(&mut terminal, "2.5");
    terminal.resize(41, 12);
    terminal.wait_for(|text| text.contains("needed, this is 41×12"), PATIENCE);
    leave(terminal);
}

#[test]
fn an_unreadable_photo_says_why_and_the_next_one_opens() {
    let home = Home::new();
    home.file("boards/a.png", b"this is no picture");
    home.file("boards/b.png", &photo(400, 300, 2));
    let mut terminal = home.start_with(&["boards"], &[], SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("✗ unreadable"), PATIENCE);
    terminal.keys(".");
    let text = exact(&mut terminal);
    assert!(text.contains("b.png"), "{text}");
    leave(terminal);
}

#[test]
fn no_colour_still_shows_a_picture() {
    let home = with_photo();
    let no_color = [("NO_COLOR", "1")];
    let mut terminal = home.start_with(&["board.png"], &no_color, SIZE, Answers::Plain);
    let text = exact(&mut terminal);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(
        !raw.contains("\u{1b}[38;") && !raw.contains("\u{1b}[48;"),
        "{raw:?}"
    );
    // Cells that are all alike show nothing.
    let cells: std::collections::BTreeSet<char> = text
        .lines()
        .skip(3)
        .take(20)
        .flat_map(|line| line.chars().take(60).collect::<Vec<_>>())
        .collect();
    assert!(cells.len() > 2, "{cells:?}\n{text}");
    leave(terminal);
}

/// Whether a colour of 256 was used for text.
fn used(terminal: &FakeTerminal, color: u8) -> bool {
    let raw = terminal.raw();
    // Alone, or with a background behind it.
    [format!("38;5;{color}m"), format!("38;5;{color};")]
        .iter()
        .any(|code| raw.windows(code.len()).any(|part| part == code.as_bytes()))
}

/// The blues that the dark and the light theme show what matters in.
const ON_DARK: u8 = 39;
const ON_LIGHT: u8 = 25;

#[test]
fn the_theme_is_light_on_a_light_terminal_and_as_somebody_says_otherwise() {
    for (arguments, answers, variables, light) in [
        (&["board.png"][..], Answers::Plain, &[][..], false),
        (&["board.png"], Answers::Light, &[], true),
        (&["board.png"], Answers::Silent, &[], false),
        (
            &["board.png"],
            Answers::Silent,
            &[("COLORFGBG", "0;15")],
            true,
        ),
        (
            &["board.png", "--theme", "dark"],
            Answers::Light,
            &[],
            false,
        ),
        (
            &["board.png", "--theme", "light"],
            Answers::Silent,
            &[],
            true,
        ),
        (
            &["board.png"],
            Answers::Light,
            &[("WHITEBOARDER_THEME", "dark")],
            false,
        ),
    ] {
        let home = with_photo();
        let mut terminal = home.start_with(arguments, variables, SIZE, answers);
        exact(&mut terminal);
        let seen = (used(&terminal, ON_DARK), used(&terminal, ON_LIGHT));
        assert_eq!(
            seen,
            (!light, light),
            "{arguments:?} {answers:?} {variables:?}"
        );
        leave(terminal);
    }
}

#[test]
fn a_theme_of_ones_own_colours_the_screens_and_a_wrong_one_is_told_before() {
    let home = with_photo();
    home.file("wb/config/themes/dusk.toml", b"accent = \"99 bold\"\n");
    let mut terminal =
        home.start_with(&["board.png", "--theme", "dusk"], &[], SIZE, Answers::Plain);
    exact(&mut terminal);
    assert!(used(&terminal, 99) && !used(&terminal, ON_DARK));
    leave(terminal);

    home.file("wb/config/themes/dusk.toml", b"\naccent = \"blu\"\n");
    let mut terminal =
        home.start_with(&["board.png", "--theme", "dusk"], &[], SIZE, Answers::Plain);
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 2);
    let text = terminal.text().replace('\n', "");
    assert!(
        text.contains("dusk.toml line 2: `accent` has `blu`"),
        "{text}"
    );
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
}
