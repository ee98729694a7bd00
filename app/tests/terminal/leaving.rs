//! However the studio ends, the terminal is as it was before.

use std::path::Path;

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::studio::{KINDS, SIZE, exact, radius, studio, with_photo};
use crate::support::{PATIENCE, PROGRAM};

const SIGHUP: i32 = 1;
const SIGTERM: i32 = 15;

/// Nothing that the studio has set is left.
#[track_caller]
fn restored(terminal: &FakeTerminal) {
    let modes = terminal.modes();
    assert!(modes.untouched(), "{modes:?}");
    assert_eq!(terminal.line_settings(), terminal.first_line_settings());
    // Nothing of the screen is left either; what was said at the end may be.
    assert!(!terminal.text().contains("STUDIO"), "{}", terminal.text());
    assert_eq!(terminal.picture_cells(), 0);
}

/// The modes of a studio that is open.
#[track_caller]
fn taken(terminal: &FakeTerminal) {
    let modes = terminal.modes();
    assert!(modes.alternate_screen && modes.cursor_hidden, "{modes:?}");
    assert!(modes.mouse && modes.mouse_numbers, "{modes:?}");
}

#[test]
fn quitting_restores_every_kind_of_terminal() {
    for answers in KINDS {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        taken(&terminal);
        terminal.keys("q");
        assert!(terminal.wait_exit(PATIENCE).success());
        restored(&terminal);
    }
}

#[test]
fn quitting_with_changes_asks_first() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("l");
    radius(&mut terminal, "2.3");
    terminal.keys("q");
    terminal.wait_for(|text| text.contains("leave?"), PATIENCE);
    terminal.keys("n");
    terminal.wait_for(|text| !text.contains("leave?"), PATIENCE);
    terminal.keys("q");
    terminal.wait_for(|text| text.contains("leave?"), PATIENCE);
    terminal.keys("y");
    assert!(terminal.wait_exit(PATIENCE).success());
    restored(&terminal);
}

#[test]
fn ctrl_c_restores() {
    for answers in KINDS {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        terminal.keys("\u{3}");
        assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
        restored(&terminal);
    }
}

#[test]
fn sigterm_and_sighup_restore() {
    for signal in [SIGTERM, SIGHUP] {
        for answers in [Answers::Sixel, Answers::Silent] {
            let home = with_photo();
            let mut terminal = studio(&home, answers);
            exact(&mut terminal);
            terminal.signal(signal);
            assert!(!terminal.wait_exit(PATIENCE).success());
            restored(&terminal);
        }
    }
}

#[test]
fn a_closed_window_ends_the_program() {
    for answers in [Answers::Kitty, Answers::Silent] {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        terminal.hang_up();
        terminal.wait_exit(PATIENCE);
    }
}

#[test]
fn ctrl_z_gives_the_shell_a_whole_terminal_and_fg_comes_back() {
    for answers in [Answers::Sixel, Answers::Silent] {
        let home = with_photo();
        let shell = Path::new("/bin/sh");
        let variables = [("PS1", "prompt> "), ("ENV", "")];
        let mut terminal = home.launch(shell, &["-i"], &variables, SIZE, answers);
        terminal.wait_for(|text| text.contains("prompt>"), PATIENCE);
        terminal.keys(&format!("{PROGRAM} board.png\n"));
        exact(&mut terminal);
        taken(&terminal);
        terminal.keys("l");
        radius(&mut terminal, "2.3");

        terminal.keys("\u{1a}");
        terminal.wait_for(
            |text| !text.contains("STUDIO") && text.trim_end().ends_with("prompt>"),
            PATIENCE,
        );
        let modes = terminal.modes();
        assert!(modes.untouched(), "{modes:?}");
        // Through the shell as people see it: what is typed is echoed, and works.
        terminal.keys("echo a-$((1+1))-z\n");
        terminal.wait_for(
            |text| text.contains("echo a-$((1+1))-z") && text.contains("\na-2-z"),
            PATIENCE,
        );

        terminal.keys("fg\n");
        radius(&mut terminal, "2.3");
        taken(&terminal);
        terminal.keys("l");
        radius(&mut terminal, "2.4");
        exact(&mut terminal);
        terminal.keys("\u{3}");
        terminal.wait_for(|text| text.trim_end().ends_with("prompt>"), PATIENCE);
        let modes = terminal.modes();
        assert!(modes.untouched(), "{modes:?}");
        terminal.keys("exit\n");
        terminal.wait_exit(PATIENCE);
    }
}

#[test]
fn the_mouse_is_released_for_selecting_text_until_it_is_asked_for_again() {
    let home = with_photo();
    let shell = Path::new("/bin/sh");
    let variables = [("PS1", "prompt> "), ("ENV", "")];
    let mut terminal = home.launch(shell, &["-i"], &variables, SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("prompt>"), PATIENCE);
    terminal.keys(&format!("{PROGRAM} board.png\n"));
    exact(&mut terminal);
    taken(&terminal);
    terminal.keys("m");
    terminal.wait_for(|text| text.contains("the mouse selects text now"), PATIENCE);
    let modes = terminal.modes();
    assert!(modes.alternate_screen && !modes.mouse, "{modes:?}");

    // It stays released over a while in the shell.
    terminal.keys("\u{1a}");
    terminal.wait_for(|text| !text.contains("STUDIO"), PATIENCE);
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
    terminal.keys("fg\n");
    exact(&mut terminal);
    assert!(!terminal.modes().mouse, "{:?}", terminal.modes());

    terminal.keys("m");
    terminal.wait_for(|text| text.contains("the mouse works here again"), PATIENCE);
    taken(&terminal);
    terminal.keys("\u{3}");
    terminal.wait_for(|text| text.trim_end().ends_with("prompt>"), PATIENCE);
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
    terminal.keys("exit\n");
    terminal.wait_exit(PATIENCE);
}

#[test]
fn a_mouse_that_sends_rubbish_changes_nothing() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("\u{1b}[<0;0;0M\u{1b}[<999999999999;5;5M\u{1b}[<0;70000;3M\u{1b}[<35;4;4M\u{1b}[<;;m\u{1b}[M\u{1}\u{1}\u{1}");
    // Presses and releases everywhere, and a wheel that never stops turning.
    for row in 1..40 {
        terminal.keys(&format!(
            "\u{1b}[<0;{};{row}M\u{1b}[<0;{};{row}m",
            row * 3,
            row * 3
        ));
        terminal.keys(&format!(
            "\u{1b}[<2;{};{row}M\u{1b}[<2;{};{row}m",
            row * 3,
            row * 3
        ));
    }
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
    restored(&terminal);
}
