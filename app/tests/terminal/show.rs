//! `--show`: pictures among a command's lines.

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::support::{Home, PATIENCE, photo};

const SIZE: (u16, u16) = (100, 30);

fn with_photo() -> Home {
    let home = Home::new();
    home.file("board.png", &photo(900, 700, 1));
    home
}

/// Cleans the photograph, shows it, and waits for the end.
fn cleaned(home: &Home, more: &[&str], env: &[(&str, &str)], answers: Answers) -> FakeTerminal {
    let mut arguments = vec!["clean", "board.png", "-o", "out", "--show"];
    arguments.extend(more);
    let mut terminal = home.start_with(&arguments, env, SIZE, answers);
    let status = terminal.wait_exit(PATIENCE);
    assert!(status.success(), "{}", terminal.text());
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
    assert_eq!(terminal.line_settings(), terminal.first_line_settings());
    terminal
}

/// The heading stands above the picture, and what the command says at its end below.
#[track_caller]
fn in_order(terminal: &FakeTerminal, picture: impl Fn(&str) -> bool) {
    let text = terminal.text();
    let row = |wanted: &dyn Fn(&str) -> bool| text.lines().position(wanted);
    let heading = row(&|line| line.trim_end() == "out/board.png.png");
    let picture = row(&|line| picture(line));
    let end = row(&|line| line.contains("1 cleaned"));
    assert!(
        heading.is_some() && heading < picture && picture < end,
        "{heading:?} {picture:?} {end:?}\n{text}"
    );
}

fn blocks(line: &str) -> bool {
    line.contains(['▀', '▄'])
}

#[test]
fn half_blocks_are_printed_anywhere_and_nobody_is_asked() {
    for answers in [Answers::Plain, Answers::Silent] {
        let home = with_photo();
        let terminal = cleaned(&home, &[], &[], answers);
        in_order(&terminal, blocks);
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(!raw.contains("\u{1b}[c") && !raw.contains("\u{1b}[5n"));
    }
}

#[test]
fn who_seems_to_be_kitty_and_is_not_gets_half_blocks() {
    // The variables are inherited by terminals that are started in kitty.
    let kitty = [("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")];
    for answers in [Answers::Plain, Answers::Silent] {
        let home = with_photo();
        let terminal = cleaned(&home, &[], &kitty, answers);
        in_order(&terminal, blocks);
    }
}

#[test]
fn sixels_lie_between_the_lines() {
    let home = with_photo();
    let terminal = cleaned(&home, &["--graphics", "sixel"], &[], Answers::Sixel);
    // 66 × 20 cells: two thirds of the height.
    assert!(terminal.picture_cells() > 1000);
    let text = terminal.text();
    let heading = text
        .lines()
        .position(|line| line.contains("out/board.png.png"));
    let end = text.lines().position(|line| line.contains("1 cleaned"));
    assert!(
        heading
            .zip(end)
            .is_some_and(|(heading, end)| end > heading + 18),
        "{text}"
    );
}

#[test]
fn without_colour_the_picture_is_made_of_shades() {
    let home = with_photo();
    let terminal = cleaned(&home, &[], &[("NO_COLOR", "1")], Answers::Silent);
    in_order(&terminal, |line| line.contains(['░', '▒', '▓', '█']));
    let home = with_photo();
    let terminal = cleaned(&home, &["--ascii"], &[], Answers::Silent);
    in_order(&terminal, |line| line.contains("@@@"));
    assert!(terminal.raw().is_ascii());
}

#[test]
fn an_item_of_a_batch_is_shown_before_and_after() {
    let home = with_photo();
    let submit = ["submit", "board.png", "--wait", "--quiet"];
    assert!(
        home.start(&submit, Answers::Silent)
            .wait_exit(PATIENCE)
            .success()
    );
    let show = ["runs", "show", "latest/board.png", "--show"];
    let mut terminal = home.start_with(&show, &[], (80, 70), Answers::Silent);
    let status = terminal.wait_exit(PATIENCE);
    let text = terminal.text();
    assert!(status.success(), "{text}");
    let row = |wanted: &str| text.lines().position(|line| line.trim_end() == wanted);
    let (before, after) = (row("before"), row("after"));
    assert!(before.is_some() && before < after, "{text}");
    let pictures = text.lines().filter(|line| blocks(line)).count();
    assert!(pictures > 40, "{pictures} rows\n{text}");
}
