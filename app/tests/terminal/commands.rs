//! Commands that print, on a terminal: bars that move and go, colour and glyphs as asked for, nothing left behind.

use std::fs;

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::support::{Home, PATIENCE, photo};

/// What a command wrote, once it has ended well.
fn written(mut terminal: FakeTerminal) -> (String, String) {
    let status = terminal.wait_exit(PATIENCE);
    let text = terminal.text();
    assert!(status.success(), "{status:?}\n{text}");
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
    assert_eq!(terminal.line_settings(), terminal.first_line_settings());
    (text, String::from_utf8_lossy(&terminal.raw()).into_owned())
}

/// A home with a folder of three photographs.
fn with_photos() -> Home {
    let home = Home::new();
    for seed in 0..3 {
        let name = format!("photos/board{seed}.png");
        home.file(&name, &photo(900, 700, seed));
    }
    home
}

#[test]
fn cleaning_shows_a_bar_while_it_runs_and_only_its_results_afterwards() {
    let home = with_photos();
    let terminal = home.start(&["clean", "photos", "-o", "cleaned"], Answers::Silent);
    let (text, raw) = written(terminal);
    assert!(raw.contains('━') || raw.contains('─'), "no bar: {raw}");
    assert!(!text.contains('━') && !text.contains('─'), "{text}");
    for seed in 0..3 {
        let output = home.path(&format!("cleaned/board{seed}.png.png"));
        assert!(output.exists(), "{text}");
    }
}

#[test]
fn no_color_means_no_colour() {
    let home = with_photos();
    let clean = ["clean", "photos", "-o", "one"];
    let size = (100, 30);
    let colored = |raw: &str| raw.contains("\u{1b}[3") || raw.contains("\u{1b}[9");
    let (_, raw) = written(home.start_with(&clean, &[], size, Answers::Silent));
    assert!(colored(&raw), "{raw:?}");
    let plain = [("NO_COLOR", "1")];
    let clean = ["clean", "photos", "-o", "other"];
    let (_, raw) = written(home.start_with(&clean, &plain, size, Answers::Silent));
    assert!(!colored(&raw), "{raw:?}");
}

#[test]
fn ascii_means_ascii() {
    let home = with_photos();
    let clean = ["clean", "photos", "-o", "cleaned", "--ascii"];
    let (_, raw) = written(home.start(&clean, Answers::Silent));
    assert!(raw.contains("clean"), "{raw:?}");
    assert!(raw.is_ascii(), "{raw:?}");
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_no_half_file() {
    let home = Home::new();
    for seed in 0..40 {
        let name = format!("photos/board{seed:02}.png");
        home.file(&name, &photo(1200, 900, seed));
    }
    let mut terminal = home.start(&["clean", "photos", "-o", "cleaned"], Answers::Silent);
    let begun = |text: &str| text.contains("/40") && !text.contains(" 0/40");
    terminal.wait_for(begun, PATIENCE);
    terminal.keys("\u{3}");
    let status = terminal.wait_exit(PATIENCE);
    assert_eq!(status.exit_code(), 130, "{}", terminal.text());
    assert_eq!(terminal.line_settings(), terminal.first_line_settings());
    for entry in fs::read_dir(home.path("cleaned")).into_iter().flatten() {
        let path = entry.unwrap().path();
        assert!(
            image::open(&path).is_ok(),
            "{} is not a whole picture",
            path.display()
        );
    }
}

#[test]
fn a_batch_shows_its_bars_and_watching_it_plainly_shows_lines() {
    let home = with_photos();
    let submit = ["submit", "photos", "--wait", "-o", "out"];
    let (text, raw) = written(home.start(&submit, Answers::Silent));
    assert!(raw.contains("upload") && raw.contains('━'), "{raw}");
    assert!(!text.contains('━'), "{text}");
    // While bars move, what is done is not told line by line.
    assert_eq!((told(&text), listed(&text)), (0, 3), "{text}");

    let (text, raw) = written(home.start(&["watch", "--plain"], Answers::Silent));
    // Nothing on the screen was drawn over.
    assert!(
        !raw.contains("\u{1b}[1A") && !raw.contains("\u{1b}[2K"),
        "{raw:?}"
    );
    assert_eq!((told(&text), listed(&text)), (3, 3), "{text}");
}

/// Lines that tell that a picture is done.
fn told(text: &str) -> usize {
    let lines = text.lines();
    lines.filter(|line| line.starts_with("✓ cleaned")).count()
}

/// Rows of the table of results.
fn listed(text: &str) -> usize {
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with("board") && line.contains("✓ cleaned"))
        .count()
}

#[test]
fn a_narrow_terminal_gets_a_narrow_table() {
    let home = with_photos();
    let submit = ["submit", "photos", "--wait", "-o", "out", "--quiet"];
    written(home.start(&submit, Answers::Silent));
    let show = ["runs", "show", "latest"];
    let terminal = home.start_with(&show, &[], (80, 24), Answers::Silent);
    let (text, _) = written(terminal);
    let fits = |line: &str| line.chars().count() <= 80;
    assert_eq!(listed(&text), 3, "{text}");
    assert!(
        text.lines().filter(|line| !line.is_empty()).all(fits),
        "{text}"
    );
    // Heading, rows and what they come to: no line was broken into two.
    assert_eq!(text.trim_end().lines().count(), 5, "{text}");
}

#[test]
fn what_cannot_be_undone_asks_first_and_no_means_no() {
    let home = with_photos();
    let submit = ["submit", "photos", "--wait", "--quiet"];
    written(home.start(&submit, Answers::Silent));
    for (answer, kept) in [("n\n", true), ("\n", true), ("y\n", false)] {
        let mut terminal = home.start(&["runs", "delete", "latest"], Answers::Silent);
        terminal.wait_for(|text| text.contains("[y/N]"), PATIENCE);
        terminal.keys(answer);
        terminal.wait_exit(PATIENCE);
        assert_eq!(terminal.line_settings(), terminal.first_line_settings());
        let list = home.run(&["runs", "list", "--json"]);
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        assert_eq!(list.contains("\"items\""), kept, "{answer:?} {list}");
    }
}

#[test]
fn ctrl_c_at_a_question_changes_nothing() {
    let home = with_photos();
    let submit = ["submit", "photos", "--wait", "--quiet"];
    written(home.start(&submit, Answers::Silent));
    let mut terminal = home.start(&["runs", "delete", "latest"], Answers::Silent);
    terminal.wait_for(|text| text.contains("[y/N]"), PATIENCE);
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
    let list = home.run(&["runs", "list", "--json"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("\"items\""));
}

#[test]
fn a_result_is_shown_among_the_lines() {
    let kinds = [
        (Answers::Sixel, "sixel"),
        (Answers::Kitty, "kitty"),
        (Answers::Silent, "half"),
    ];
    for (answers, graphics) in kinds {
        let home = Home::new();
        home.file("board.png", &photo(400, 300, 1));
        let clean = ["clean", "board.png", "-o", "out.png", "--show"];
        let arguments = [&clean[..], &["--graphics", graphics]].concat();
        let mut terminal = home.start(&arguments, answers);
        let status = terminal.wait_exit(PATIENCE);
        let text = terminal.text();
        assert!(status.success(), "{graphics}\n{text}");
        assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
        assert_eq!(terminal.line_settings(), terminal.first_line_settings());
        if graphics == "half" {
            assert!(text.matches('▄').count() > 100, "{text}");
        } else {
            assert_eq!(terminal.pictures(), 1, "{graphics}\n{text}");
            assert!(terminal.picture_cells() > 100, "{graphics}\n{text}");
        }
        // It lies between the lines, not over them nor under them.
        assert!(
            text.contains("\nout.png\n") || text.starts_with("out.png\n"),
            "{text}"
        );
        let row = |line: &&str| line.starts_with("board.png") && line.contains("✓ cleaned");
        assert_eq!(text.lines().filter(row).count(), 1, "{graphics}\n{text}");
    }
}
