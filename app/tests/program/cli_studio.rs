//! `whiteboarder [PATH…]` as far as it goes without a terminal.

use std::fs;

use crate::support::{Home, picture};

#[test]
fn without_a_terminal_and_without_a_path_there_is_help() {
    let home = Home::new();
    let ended = home.run::<&str>(&[]).expect(0);
    assert!(
        ended
            .out
            .contains("Usage: whiteboarder [OPTIONS] [PATH]... [COMMAND]")
    );
    assert!(ended.out.contains("open a photograph in the studio"));
}

#[test]
fn a_photograph_needs_a_terminal_and_the_way_without_one_is_told() {
    let home = Home::new();
    fs::write(home.path("board.png"), picture(60, 40, 1)).unwrap();
    let ended = home.run(&["board.png"]).expect(2);
    assert_eq!(ended.errors(), ["error: the studio needs a terminal"]);
    assert!(ended.err.contains("whiteboarder clean PHOTO -o FOLDER"));
    assert!(!home.path("cleaned").exists());
}

#[test]
fn wrong_words_are_told_before_anything_is_opened() {
    let home = Home::new();
    fs::write(home.path("board.png"), picture(60, 40, 1)).unwrap();
    for (line, error) in [
        (
            vec!["recipes"],
            "error: recipes: there is no such file, folder or command; did you mean `recipe`?",
        ),
        (
            vec!["board.png", "clean", "board.png"],
            "error: the command `clean` stands behind a file",
        ),
        (
            vec!["--recipe", "page", "runs", "list"],
            "error: --recipe stands before the command, which does not see it",
        ),
        (
            vec!["board.png", "--recipe", "pge"],
            "error: there is no recipe `pge`; did you mean `page`?",
        ),
        (
            vec!["board.png", "-o", "board.png"],
            "error: the result of board.png would overwrite board.png, which is an input",
        ),
    ] {
        let ended = home.run(&line).expect(2);
        assert_eq!(ended.errors(), [error], "{line:?}");
    }
}
