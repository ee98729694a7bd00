//! What has happened, for the log that every screen can show: kept in memory, bounded, and without secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::redact::redacted;
use crate::ui::toast::{Kind, Told};

/// So many entries are kept.
const MOST: usize = 1000;
/// So many lines of an entry, and so many characters of a line.
const LINES: usize = 40;
const CHARACTERS: usize = 2000;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, for the last time, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How often, one directly behind the other.
    pub times: u32,
    /// What it was.
    pub kind: Kind,
    /// In a line.
    pub text: String,
    /// What else is known of it: why, and what to do about it.
    pub more: Vec<String>,
}

/// The last entries, the newest at the end.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Entry>,
    /// Changes with every entry.
    version: u64,
}

impl Ring {
    /// Nothing has happened yet.
    pub const fn new() -> Ring {
        Ring {
            entries: VecDeque::new(),
            version: 0,
        }
    }

    /// Keeps something. What is told directly behind the same is counted.
    pub fn push(&mut self, at_ms: i64, kind: Kind, text: &str, more: &[String]) {
        self.version += 1;
        let text = shortened(text);
        let more: Vec<String> = more
            .iter()
            .take(LINES)
            .map(|line| shortened(line))
            .collect();
        if let Some(last) = self.entries.back_mut().filter(|last| last.text == text) {
            // An error is logged where it happens and told where it is seen: that is one thing. The same thing
            // again comes as it came before.
            if more.is_empty() == last.more.is_empty() {
                last.times += 1;
            }
            last.at_ms = at_ms;
            if last.more.is_empty() {
                last.more = more;
            }
            return;
        }
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            at_ms,
            times: 1,
            kind,
            text,
            more,
        });
    }
}

/// Without secrets, and of a length that can be shown.
fn shortened(text: &str) -> String {
    let text = redacted(text);
    if text.chars().count() <= CHARACTERS {
        return text;
    }
    text.chars().take(CHARACTERS).collect::<String>() + "..."
}

static RING: Mutex<Ring> = Mutex::new(Ring::new());

fn ring() -> MutexGuard<'static, Ring> {
    RING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps something in the program's log.
pub fn keep(kind: Kind, text: &str, more: &[String]) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let at_ms = since.map_or(0, |since| since.as_millis() as i64);
    ring().push(at_ms, kind, text, more);
}

/// Keeps what a screen has told.
pub fn keep_told(told: &mut Vec<Told>) {
    for one in told.drain(..) {
        keep(one.kind, &one.text, &[]);
    }
}

/// The program's log, and a number that changes with it.
pub fn entries() -> (Vec<Entry>, u64) {
    let ring = ring();
    (ring.entries.iter().cloned().collect(), ring.version)
}

/// The number that changes with every entry.
pub fn version() -> u64 {
    ring().version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ring: &Ring) -> Vec<(&str, u32)> {
        let entries = ring.entries.iter();
        entries
            .map(|entry| (entry.text.as_str(), entry.times))
            .collect()
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let mut ring = Ring::new();
        for number in 0..MOST + 5 {
            ring.push(0, Kind::Note, &number.to_string(), &[]);
        }
        assert_eq!(ring.entries.len(), MOST);
        assert_eq!(ring.entries[0].text, "5");
        assert_eq!(ring.version, MOST as u64 + 5);
    }

    #[test]
    fn what_is_told_again_is_counted() {
        let mut ring = Ring::new();
        for (at, text) in [(1, "offline"), (2, "offline"), (3, "live"), (4, "offline")] {
            ring.push(at, Kind::Failed, text, &[]);
        }
        assert_eq!(texts(&ring), [("offline", 2), ("live", 1), ("offline", 1)]);
        assert_eq!(ring.entries[0].at_ms, 2);
    }

    #[test]
    fn an_error_and_the_message_about_it_are_one_entry() {
        let mut ring = Ring::new();
        let why = vec!["because: connection refused".to_owned()];
        ring.push(1, Kind::Failed, "cannot reach it", &why);
        ring.push(2, Kind::Failed, "cannot reach it", &[]);
        assert_eq!(texts(&ring), [("cannot reach it", 1)]);
        assert_eq!(ring.entries[0].more, why);
    }

    #[test]
    fn nothing_that_is_kept_is_long_or_secret() {
        let mut ring = Ring::new();
        let long = "ü".repeat(CHARACTERS * 3);
        ring.push(0, Kind::Note, &long, &vec![long.clone(); 100]);
        let entry = &ring.entries[0];
        assert!(entry.text.chars().count() < CHARACTERS + 10);
        assert_eq!(entry.more.len(), LINES);
        ring.push(
            0,
            Kind::Note,
            "secret_access_key=abc",
            &["token=x".to_owned()],
        );
        assert_eq!(ring.entries[1].text, "secret_access_key=***");
        assert_eq!(ring.entries[1].more, ["token=***"]);
    }
}
