//! The log's entries as rows.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::term::glyph::Mark;
use crate::term::log::Entry;
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::help::wrap;
use crate::ui::toast::Kind;

/// Columns before the words: blank, time, mark.
const BEFORE: usize = 12;

/// A row of the log.
pub struct Row {
    /// Time and mark, on the first row of an entry.
    head: Option<(String, Kind)>,
    words: String,
    /// Whether it tells more of what stands above.
    more: bool,
}

/// The entries that have all words of the filter, fitted into a width.
pub fn rows(entries: &[Entry], filter: &str, columns: u16) -> Vec<Row> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let room = usize::from(columns).saturating_sub(BEFORE + 1).max(10);
    let mut rows = Vec::new();
    for entry in entries.iter().filter(|entry| has(entry, &words)) {
        let times = match entry.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let mut head = Some((text::clock(entry.at_ms), entry.kind));
        for words in lines(&format!("{}{times}", entry.text), room) {
            rows.push(Row {
                head: head.take(),
                words,
                more: false,
            });
        }
        for line in &entry.more {
            // What goes on below is indented.
            rows.extend(
                lines(line, room.saturating_sub(2))
                    .into_iter()
                    .map(|words| Row {
                        head: None,
                        words: format!("  {words}"),
                        more: true,
                    }),
            );
        }
    }
    rows
}

/// How many entries the filter leaves.
pub fn count(entries: &[Entry], filter: &str) -> usize {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    entries.iter().filter(|entry| has(entry, &words)).count()
}

fn has(entry: &Entry, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let all = format!("{} {}", entry.text, entry.more.join(" ")).to_lowercase();
    words.iter().all(|word| all.contains(word))
}

/// Broken between words, and where a word is too long also within it: an ARN must be seen whole.
fn lines(words: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(&text::safe(words), room) {
        let mut left = line.as_str();
        while text::width(left) > room {
            let end = left
                .char_indices()
                .map(|(at, character)| at + character.len_utf8())
                .take_while(|end| text::width(&left[..*end]) <= room)
                .last()
                .unwrap_or(left.len());
            lines.push(left[..end].to_owned());
            left = &left[end..];
        }
        lines.push(left.to_owned());
    }
    lines
}

/// Draws a row.
pub fn line(row: Row, theme: &Theme) -> Line<'static> {
    let unicode = !theme.ascii();
    let (head, style) = match &row.head {
        None => (" ".repeat(BEFORE), theme.plain),
        Some((clock, kind)) => {
            let (mark, style): (&str, Style) = match kind {
                Kind::Done => (Mark::Done.glyph(unicode), theme.good),
                Kind::Failed => (Mark::Failed.glyph(unicode), theme.bad),
                Kind::Note if unicode => ("·", theme.plain),
                Kind::Note => ("-", theme.plain),
            };
            (format!(" {clock} {mark} "), style)
        }
    };
    let words = if row.more { theme.faint } else { theme.plain };
    Line::from(vec![
        Span::styled(head, style),
        Span::styled(row.words, words),
    ])
}
