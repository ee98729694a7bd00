//! A whole visit to the studio, from the first look to a submitted folder; and one that is cut short.

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::studio::{SIZE, exact, leave, radius};
use crate::support::{Home, PATIENCE, photo};

const SIGKILL: i32 = 9;

fn with_photos() -> Home {
    let home = Home::new();
    for number in 1..=2 {
        home.file(
            &format!("photos/board-{number}.png"),
            &photo(400, 300, number),
        );
    }
    home
}

fn sees(terminal: &mut FakeTerminal, words: &str) -> String {
    terminal.wait_for(|text| text.contains(words), PATIENCE)
}

/// The same on a terminal that shows pictures and on one that answers nothing.
#[test]
fn open_tune_split_undo_preset_write_submit() {
    for answers in [Answers::Sixel, Answers::Silent] {
        let home = with_photos();
        let mut terminal = home.start_with(&["photos"], &[], SIZE, answers);
        exact(&mut terminal);
        // Tune: by keys, and typed.
        terminal.keys("lll");
        radius(&mut terminal, "2.5");
        terminal.keys("\r3.1\r");
        radius(&mut terminal, "3.1");
        // Look: split, closer, another place, the background, all of it again.
        terminal.keys("s");
        sees(&mut terminal, "split at 50 %");
        terminal.keys("=");
        sees(&mut terminal, "100 %");
        terminal.keys("ss");
        sees(&mut terminal, "background");
        terminal.keys("0");
        exact(&mut terminal);
        // Undo, one gesture at a time.
        terminal.keys("u");
        radius(&mut terminal, "2.5");
        terminal.keys("u");
        sees(&mut terminal, "radius       ");
        // A preset.
        terminal.keys("p");
        sees(&mut terminal, "blackboard");
        terminal.keys("jjj\r");
        sees(&mut terminal, "recipe: hard");
        exact(&mut terminal);
        // Write, and it is what `clean` makes of it.
        terminal.keys("w");
        sees(&mut terminal, "wrote ");
        let cleaned = home.run(&["clean", "photos", "-o", "other", "--recipe", "hard"]);
        assert!(cleaned.status.success(), "{cleaned:?}");
        let same = |name: &str| {
            let read = |folder: &str| std::fs::read(home.path(&format!("{folder}/{name}")));
            read("cleaned").unwrap() == read("other").unwrap()
        };
        assert!(same("board-1.png.png"), "{answers:?}");
        std::fs::remove_dir_all(home.path("cleaned")).unwrap();
        // Submit both, and follow them.
        terminal.keys("2");
        sees(&mut terminal, "2 pictures");
        terminal.keys("\r");
        sees(&mut terminal, "2 results in cleaned");
        assert!(
            same("board-1.png.png") && same("board-2.png.png"),
            "{answers:?}"
        );
        terminal.keys("3");
        sees(&mut terminal, "WATCH");
        sees(&mut terminal, "board-2.png");
        terminal.keys("1");
        sees(&mut terminal, "STUDIO");
        terminal.keys("q");
        assert!(
            terminal.wait_exit(PATIENCE).success(),
            "{}",
            terminal.text()
        );
    }
}

#[test]
fn a_studio_that_is_killed_goes_on_with_its_steps() {
    let home = with_photos();
    let mut terminal = home.start_with(&["photos"], &[], SIZE, Answers::Plain);
    exact(&mut terminal);
    terminal.keys("lll");
    radius(&mut terminal, "2.5");
    terminal.keys("h");
    radius(&mut terminal, "2.4");
    // The last step is on its way to the disk.
    let kept = home.path("wb/state/studios/0.json");
    let started = std::time::Instant::now();
    while !std::fs::read_to_string(&kept).is_ok_and(|text| text.contains("2.4")) {
        assert!(started.elapsed() < PATIENCE, "nothing is kept");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    terminal.signal(SIGKILL);
    terminal.wait_exit(PATIENCE);

    let mut terminal = home.start_with(&["photos"], &[], SIZE, Answers::Plain);
    radius(&mut terminal, "2.4");
    sees(&mut terminal, "the studio was interrupted here");
    terminal.keys("u");
    radius(&mut terminal, "2.5");
    terminal.keys("\u{12}");
    radius(&mut terminal, "2.4");
    leave(terminal);
    assert!(!kept.exists(), "it was left in good order");
}
