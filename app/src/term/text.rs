//! Numbers and names as people read them.

use std::path::Path;

use std::time::Duration;
use time::{OffsetDateTime, UtcOffset};

use unicode_width::UnicodeWidthStr;

/// Bytes in decimal units, as file managers show them: `8.1 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be rounded to "1000.0".
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Seconds with a digit that matters: `0.04 s`, `2.4 s`, `31 s`, `1m50s`, `2h05m`.
pub fn seconds(value: f64) -> String {
    if value < 0.095 {
        format!("{value:.2} s")
    } else if value < 9.95 {
        format!("{value:.1} s")
    } else if value < 59.5 {
        format!("{value:.0} s")
    } else {
        let whole = value.round() as u64;
        if whole < 3600 {
            format!("{}m{:02}s", whole / 60, whole % 60)
        } else {
            format!("{}h{:02}m", whole / 3600, whole % 3600 / 60)
        }
    }
}

/// A duration, see [`seconds`].
pub fn duration(value: Duration) -> String {
    seconds(value.as_secs_f64())
}

/// An amount of money with the digits that matter: `$12.30`, `$0.31`, `$0.0041`, `<$0.0001`; other currencies follow
/// their number: `0.31 EUR`.
pub fn money(amount: f64, currency: &str) -> String {
    let (less, number) = if amount > 0.0 && amount < 0.00005 {
        ("<", "0.0001".to_owned())
    } else if amount == 0.0 || amount >= 0.0995 {
        ("", format!("{amount:.2}"))
    } else {
        ("", format!("{amount:.4}"))
    };
    match currency {
        "USD" => format!("{less}${number}"),
        other => format!("{less}{number} {}", safe(other)),
    }
}

/// Words in lines of at most so many columns, a space between them. A word that is longer has a line of its own.
pub fn wrap(words: &[String], columns: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if columns.is_none_or(|most| width(line) + 1 + width(word) <= most) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// `1 picture`, `3 pictures`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// `, 1 failed, 2 stopped`: the numbers that are not zero, to follow another.
pub fn counts(numbers: &[(usize, &str)]) -> String {
    let mut text = String::new();
    for (number, word) in numbers.iter().filter(|(number, _)| *number > 0) {
        text.extend([", ", &number.to_string(), " ", word]);
    }
    text
}

/// Columns that the text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A name that cannot do anything to the terminal: control characters are shown, not sent.
pub fn safe(name: &str) -> String {
    if name.chars().any(char::is_control) {
        name.chars()
            .flat_map(|c| {
                if c.is_control() {
                    c.escape_default().collect()
                } else {
                    vec![c]
                }
            })
            .collect()
    } else {
        name.to_owned()
    }
}

/// A path for messages.
pub fn path(path: &Path) -> String {
    safe(&path.to_string_lossy())
}

/// The text in at most `columns`, its middle left out when it must be.
pub fn shorten(text: &str, columns: usize, unicode: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let dots = if unicode { "…" } else { ".." };
    let room = columns.saturating_sub(width(dots));
    let (front, back) = (room / 2, room - room / 2);
    let head = take(text.chars(), front);
    let tail: String = take(text.chars().rev(), back).chars().rev().collect();
    format!("{head}{dots}{tail}")
}

/// `12:04:11` of a time in milliseconds since the Unix epoch, in UTC.
pub fn clock(ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000));
    let at = at
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .to_offset(UtcOffset::UTC);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// The nearest of `names` by edit distance, when it is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (strsim::levenshtein(&wrong.to_lowercase(), name), name))
        .filter(|&(distance, _)| distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// `; did you mean `NAME`?`, or nothing when no name is near.
pub fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// Characters as long as they fit.
fn take(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut taken = String::new();
    for character in characters {
        taken.push(character);
        if width(&taken) > columns {
            taken.pop();
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_change_unit_before_they_need_four_digits() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 kB");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(8_100_000), "8.1 MB");
    }

    #[test]
    fn seconds_show_the_digits_that_matter() {
        assert_eq!(seconds(0.041), "0.04 s");
        assert_eq!(seconds(2.44), "2.4 s");
        assert_eq!(seconds(9.96), "10 s");
        assert_eq!(seconds(59.6), "1m00s");
        assert_eq!(seconds(110.0), "1m50s");
        assert_eq!(seconds(7500.0), "2h05m");
    }

    #[test]
    fn money_shows_the_digits_that_matter() {
        assert_eq!(money(12.304, "USD"), "$12.30");
        assert_eq!(money(0.3149, "USD"), "$0.31");
        assert_eq!(money(0.0041, "USD"), "$0.0041");
        assert_eq!(money(0.00003, "USD"), "<$0.0001");
        assert_eq!(money(0.0, "USD"), "$0.00");
        assert_eq!(money(0.0041, "EUR"), "0.0041 EUR");
    }

    #[test]
    fn words_are_put_into_lines_that_are_no_longer_than_asked() {
        let words = ["one,", "two,", "three,", "four"].map(str::to_owned);
        assert_eq!(wrap(&words, None), ["one, two, three, four"]);
        assert_eq!(wrap(&words, Some(11)), ["one, two,", "three, four"]);
        assert_eq!(wrap(&words, Some(1)).len(), 4);
    }

    #[test]
    fn a_long_name_loses_its_middle_and_keeps_its_ends() {
        assert_eq!(shorten("board.jpg", 9, true), "board.jpg");
        assert_eq!(
            shorten("a-very-long-board-name.jpg", 11, true),
            "a-ver…e.jpg"
        );
        assert_eq!(shorten("白板白板白板", 7, true), "白…板");
        assert!(width(&shorten("白板白板白板", 7, true)) <= 7);
    }

    #[test]
    fn control_characters_of_a_name_are_shown_and_not_sent() {
        assert_eq!(safe("a\u{1b}[2Jb.jpg"), "a\\u{1b}[2Jb.jpg");
        assert_eq!(safe("tafel ü.jpg"), "tafel ü.jpg");
    }
}
