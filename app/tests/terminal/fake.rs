//! The fake terminal itself: a shell stands in for the program.

use std::path::Path;

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::support::PATIENCE;

fn shell(script: &str, answers: Answers) -> FakeTerminal {
    FakeTerminal::start(Path::new("/bin/sh"), &["-c", script], &[], 40, 10, answers)
}

/// Asks, waits for the answer to end with `end`, and shows it with ESC as `^`.
fn asking(question: &str, end: &str) -> String {
    format!(
        "stty raw -echo; printf '{question}'; a=; while :; do \
         c=$(dd bs=1 count=1 2>/dev/null; echo .); a=\"$a${{c%.}}\"; \
         case \"$a\" in *'{end}') break;; esac; done; stty sane; \
         printf '%s\\n' \"$a\" | tr '\\033' '^'"
    )
}

#[test]
fn it_answers_as_the_chosen_terminal_does() {
    let asked = |question: &str, end: &str, answers: Answers| {
        let mut terminal = shell(&asking(question, end), answers);
        terminal.wait_exit(PATIENCE);
        terminal.text().trim().to_owned()
    };
    assert_eq!(asked(r"\033[c", "c", Answers::Sixel), "^[?62;4;22c");
    assert_eq!(asked(r"\033[c", "c", Answers::Plain), "^[?62;22c");
    assert_eq!(asked(r"\033[16t", "t", Answers::Sixel), "^[6;16;8t");
    assert_eq!(asked(r"\033[16t", "t", Answers::Kitty), "^[6;20;10t");
    assert_eq!(
        asked(r"\033[?2026$p\033[5n", "n", Answers::Plain),
        "^[?2026;2$y^[0n"
    );
    let kitty = r"\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[5n";
    assert_eq!(asked(kitty, "n", Answers::Kitty), r"^_Gi=31;OK^\^[0n");
    assert_eq!(asked(kitty, "n", Answers::Sixel), "^[0n");
}

#[test]
fn a_silent_one_says_nothing() {
    let mut terminal = shell(
        r"stty raw -echo; printf '\033[c\033[5n'; sleep 0.2; stty -icanon min 0 time 2; wc -c; stty sane",
        Answers::Silent,
    );
    terminal.wait_exit(PATIENCE);
    assert_eq!(terminal.text().trim(), "0");
}

/// A red rectangle of 16×12 pixels.
const SIXEL: &str = r#"\033Pq"1;1;16;12#1;2;100;0;0#1!16~-#1!16~\033\\"#;

#[test]
fn a_sixel_picture_lies_at_the_cursor_and_text_over_it_takes_its_cells() {
    let mut terminal = shell(
        &format!("printf '\\033[3;5H{SIXEL}'; sleep 0.3; printf '\\033[3;6Hx'"),
        Answers::Sixel,
    );
    terminal.wait_for(|text| text.contains('x'), PATIENCE);
    assert_eq!(terminal.pictures(), 1);
    // Two cells wide, one high; one of them is a letter now.
    assert_eq!(terminal.picture_cells(), 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("screen.png");
    terminal.png(&path, 1);
    let image = image::open(&path).unwrap().to_rgb8();
    assert_eq!(image.dimensions(), (320, 160));
    assert_eq!(image.get_pixel(4 * 8 + 1, 2 * 16 + 1).0, [255, 0, 0]);
    assert_ne!(image.get_pixel(5 * 8, 2 * 16 + 1).0, [255, 0, 0]);
    assert_ne!(image.get_pixel(4 * 8 + 1, 2 * 16 + 13).0, [255, 0, 0]);
}

#[test]
fn a_kitty_picture_is_shown_where_its_placeholders_are() {
    // Two pixels, blue and green, over two cells; the second cell goes on from the first.
    let show = concat!(
        r"\033_Ga=T,U=1,i=5,f=24,s=2,v=1,c=2,r=1,m=1,q=2;AAD/\033\\",
        r"\033_Gm=0;AP8A\033\\",
        r"\033[2;3H\033[38;2;0;0;5m\364\216\273\256\314\205\314\205\314\205\364\216\273\256",
    );
    let mut terminal = shell(&format!("printf '{show}'"), Answers::Kitty);
    terminal.wait_exit(PATIENCE);
    assert_eq!(terminal.pictures(), 1);
    assert_eq!(terminal.picture_cells(), 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("screen.png");
    terminal.png(&path, 1);
    let image = image::open(&path).unwrap().to_rgb8();
    assert_eq!(image.get_pixel(2 * 10 + 5, 20 + 10).0, [0, 0, 255]);
    assert_eq!(image.get_pixel(3 * 10 + 5, 20 + 10).0, [0, 255, 0]);
}

#[test]
fn modes_that_a_program_leaves_behind_are_seen() {
    let mut terminal = shell(
        r"printf '\033[?1049h\033[?25l\033[?2004h\033[?1004h\033[?2026h\033]2;my title\007'",
        Answers::Plain,
    );
    terminal.wait_exit(PATIENCE);
    let modes = terminal.modes();
    assert!(modes.alternate_screen && modes.cursor_hidden && modes.bracketed_paste);
    assert_eq!(modes.title, "my title");
    assert_eq!((modes.updates_begun, modes.updates_ended), (1, 0));
    assert!(modes.others.contains(&1004));
    assert!(!modes.untouched());
}

#[test]
fn line_settings_are_compared_with_those_before() {
    let mut terminal = shell("stty raw -echo", Answers::Plain);
    terminal.wait_exit(PATIENCE);
    assert_ne!(terminal.line_settings(), terminal.first_line_settings());
    let mut terminal = shell("stty raw -echo; stty sane", Answers::Plain);
    terminal.wait_exit(PATIENCE);
    assert!(terminal.line_settings().contains("ECHO"));
}
