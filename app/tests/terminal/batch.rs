//! The Batch screen: a folder through the whole system without leaving the studio.

use crate::fake_terminal::Answers;
use crate::studio::{SIZE, leave};
use crate::support::{Home, PATIENCE, photo};

fn with_photos(count: u32) -> Home {
    let home = Home::new();
    for number in 1..=count {
        home.file(
            &format!("photos/board-{number}.png"),
            &photo(400, 300, number),
        );
    }
    home.file("photos/notes.txt", b"not a picture");
    home
}

#[test]
fn a_folder_is_planned_submitted_and_fetched_while_the_studio_stays_open() {
    let home = with_photos(3);
    let mut terminal = home.start_with(&["photos"], &[], SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("STUDIO"), PATIENCE);
    terminal.keys("S");
    let text = terminal.wait_for(|text| text.contains("3 pictures"), PATIENCE);
    assert!(text.contains("photos/notes.txt"), "{text}");

    // One stays at home.
    terminal.keys("j ");
    terminal.wait_for(|text| text.contains("1 picture by you"), PATIENCE);
    terminal.keys("\r");
    terminal.wait_for(|text| text.contains("BATCH  01"), PATIENCE);
    // The studio works meanwhile, and says how far the batch is until it is done.
    terminal.keys("1");
    terminal.wait_for(|text| text.contains("STUDIO"), PATIENCE);
    terminal.keys("2");
    let text = terminal.wait_for(|text| text.contains("✓ done"), PATIENCE);
    assert!(text.contains("2 results in cleaned"), "{text}");
    let result = |number| home.path(&format!("cleaned/board-{number}.png.png"));
    assert!(result(1).is_file() && result(3).is_file());
    assert!(!result(2).exists());

    terminal.keys("q");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 0);
    assert!(
        terminal.text().contains(": 2 cleaned"),
        "{}",
        terminal.text()
    );
}

#[test]
fn a_target_that_is_away_is_one_sentence_and_the_plan_stays() {
    let home = with_photos(1);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = format!(
        "[profiles.far]\nendpoint = \"http://127.0.0.1:{port}\"\nregion = \"us-east-1\"\nbucket = \"b\"\n\
         state_machine_arn = \"arn:aws:states:us-east-1:000000000000:stateMachine:m\"\n"
    );
    home.file("wb/config/config.toml", config.as_bytes());
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let arguments = ["--profile", "far", "photos"];
    let mut terminal = home.start_with(&arguments, &keys, SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("STUDIO"), PATIENCE);
    terminal.keys("S");
    terminal.wait_for(|text| text.contains("s3://b/inbox/"), PATIENCE);
    terminal.keys("\r");
    let text = terminal.wait_for(|text| text.contains("cannot reach"), PATIENCE);
    assert!(text.contains("board-1.png"), "{text}");
    leave(terminal);
}
