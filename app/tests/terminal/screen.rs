//! The screen's dealings with the terminal itself.

use crate::fake_terminal::{Answers, FakeTerminal};
use crate::studio::{SIZE, exact, leave, radius, studio, with_photo};
use crate::support::PATIENCE;

const SIGCONT: i32 = if cfg!(target_os = "macos") { 19 } else { 18 };
const SIGSTOP: i32 = if cfg!(target_os = "macos") { 17 } else { 19 };

fn count(terminal: &FakeTerminal, what: &str) -> usize {
    let raw = terminal.raw();
    raw.windows(what.len())
        .filter(|window| *window == what.as_bytes())
        .count()
}

#[test]
fn inside_tmux_nobody_asks_for_kitty() {
    // tmux would make the question the window's title.
    let home = with_photo();
    let tmux = [("TMUX", "/tmp/tmux-0/default,1,0")];
    let mut terminal = home.start_with(&["board.png"], &tmux, SIZE, Answers::Plain);
    exact(&mut terminal);
    assert_eq!(count(&terminal, "\u{1b}_G"), 0);
    leave(terminal);
}

#[test]
fn stopped_from_outside_it_comes_back_as_it_was() {
    let home = with_photo();
    let mut terminal = studio(&home, Answers::Sixel);
    exact(&mut terminal);
    terminal.keys("l");
    radius(&mut terminal, "2.3");
    exact(&mut terminal);
    let (entered, pictures) = (count(&terminal, "\u{1b}[?1049h"), terminal.pictures());
    terminal.signal(SIGSTOP);
    terminal.signal(SIGCONT);
    // It cannot know what was done to the terminal meanwhile: it takes it again and draws all of it.
    let end = std::time::Instant::now() + PATIENCE;
    while count(&terminal, "\u{1b}[?1049h") == entered || terminal.pictures() == pictures {
        assert!(std::time::Instant::now() < end, "{}", terminal.text());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    exact(&mut terminal);
    terminal.keys("l");
    radius(&mut terminal, "2.4");
    assert!(terminal.raw_mode());
    terminal.keys("\u{3}");
    terminal.wait_exit(PATIENCE);
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
}
