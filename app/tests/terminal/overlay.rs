//! What lies over the screens: all keys, the commands and the log, on a real terminal; and other keys.

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::studio::{exact, leave, radius, studio, with_photo};
use crate::support::PATIENCE;

#[track_caller]
fn see(terminal: &mut FakeTerminal, what: &str) -> String {
    terminal.wait_for(|text| text.contains(what), PATIENCE)
}

#[test]
fn a_command_that_is_searched_for_is_done() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("l");
    radius(&mut terminal, "2.3");
    terminal.keys(":undo");
    let text = see(&mut terminal, "search: undo");
    assert!(text.contains("take the last step back"), "{text}");
    terminal.keys("\r");
    radius(&mut terminal, "2.2");
    leave(terminal);
}

#[test]
fn the_picture_is_there_again_when_the_list_of_keys_is_gone() {
    for answers in [Answers::Sixel, Answers::Kitty, Answers::Plain] {
        let home = with_photo();
        let mut terminal = studio(&home, answers);
        exact(&mut terminal);
        let cells = terminal.picture_cells();
        terminal.keys("?");
        see(&mut terminal, "KEYS  studio");
        assert_eq!(terminal.picture_cells(), 0, "{answers:?}");
        terminal.keys("/zoom");
        see(&mut terminal, "search: zoom");
        // The first one shows all keys again, the second one goes back.
        terminal.keys("\u{1b}");
        terminal.wait_for(|text| !text.contains("search:"), PATIENCE);
        terminal.keys("\u{1b}");
        exact(&mut terminal);
        assert_eq!(terminal.picture_cells(), cells, "{answers:?}");
        leave(terminal);
    }
}

#[test]
fn the_log_has_what_was_told_and_nothing_is_printed_over_the_screen() {
    let home = with_photo();
    // Everything that the program notes, which would be lines on this very terminal.
    let arguments = ["board.png", "-vvv"];
    let mut terminal = home.start_with(&arguments, &[], (100, 30), Answers::Plain);
    exact(&mut terminal);
    terminal.keys("w");
    see(&mut terminal, "wrote ");
    let text = terminal.text();
    assert!(!text.contains("DEBUG") && !text.contains("INFO"), "{text}");
    terminal.keys("!");
    let text = see(&mut terminal, "LOG  studio");
    assert!(text.contains("wrote cleaned"), "{text}");
    terminal.keys("q");
    exact(&mut terminal);
    leave(terminal);
}

#[test]
fn ctrl_c_leaves_from_every_list() {
    for key in ["?", ":", "!", "?/x"] {
        let home = with_photo();
        let mut terminal = studio(&home, Answers::Silent);
        exact(&mut terminal);
        terminal.keys(key);
        terminal.wait_for(|text| !text.contains("STUDIO"), PATIENCE);
        leave(terminal);
    }
}

#[test]
fn keys_of_ones_own_work_and_are_shown_and_a_wrong_one_is_told_before() {
    let home = with_photo();
    home.file(
        "wb/config/config.toml",
        b"[keys.studio]\nhigher = [\"Ctrl-T\"]\nundo = \"U\"\n",
    );
    let mut terminal = studio(&home, Answers::Plain);
    let text = exact(&mut terminal);
    assert!(text.contains("Ctrl-T more"), "{text}");
    terminal.keys("l\u{14}");
    radius(&mut terminal, "2.3");
    terminal.keys("U");
    radius(&mut terminal, "2.2");
    leave(terminal);

    home.file("wb/config/config.toml", b"[keys.studio]\nundo = \"w\"\n");
    let mut terminal = studio(&home, Answers::Plain);
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 2);
    let text = terminal.text().replace('\n', "");
    assert!(
        text.contains(
            "config.toml line 2: `undo` in [keys.studio] has `w`, which means `write` already"
        ),
        "{text}"
    );
}
