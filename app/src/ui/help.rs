//! A list of keys and what they do, in sections, scrolled.

use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::keys::{Binding, pretty};
use crate::term::text;
use crate::term::theme::Theme;

/// Columns for the keys' names.
const KEYS: usize = 16;

/// A line of the list, fitted into a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Between sections.
    Blank,
    /// A section's name.
    Heading(String),
    /// Keys (empty where an explanation goes on) and a line of explanation.
    Key(String, String),
}

/// A section: its name, and its keys with what they do.
pub type Section = (String, Vec<(String, String)>);

/// Fits the sections into a width.
pub fn rows(sections: &[Section], columns: u16) -> Vec<Row> {
    let room = usize::from(columns).saturating_sub(KEYS + 2).max(10);
    let mut rows = Vec::new();
    for (heading, keys) in sections {
        if !rows.is_empty() {
            rows.push(Row::Blank);
        }
        rows.push(Row::Heading(heading.clone()));
        for (names, help) in keys {
            let mut names = names.clone();
            for line in wrap(help, room) {
                rows.push(Row::Key(std::mem::take(&mut names), line));
            }
        }
    }
    rows
}

/// The rows of a table of keys, fitted into a width.
pub fn of_keys<M, A, D: Copy + PartialEq>(
    table: &[Binding<M, A, D>],
    sections: &[(D, &str)],
    columns: u16,
    unicode: bool,
) -> Vec<Row> {
    let section = |(mode, heading): &(D, &str)| {
        let found = table.iter().filter(|row| row.mode == *mode);
        let keys = found.map(|row| {
            let names: Vec<String> = row.keys.iter().map(|key| pretty(key, unicode)).collect();
            (names.join(" "), row.help.to_owned())
        });
        ((*heading).to_owned(), keys.collect())
    };
    let sections: Vec<Section> = sections.iter().map(section).collect();
    rows(&sections, columns)
}

/// Draws a row.
pub fn line(row: Row, theme: &Theme) -> Line<'static> {
    match row {
        Row::Blank => Line::default(),
        Row::Heading(name) => Line::styled(format!(" {name}"), theme.strong),
        Row::Key(names, help) => {
            let pad = KEYS.saturating_sub(text::width(&names)) + 1;
            Line::from(vec![
                Span::raw(" "),
                Span::styled(names, theme.accent),
                Span::raw(" ".repeat(pad)),
                Span::styled(help, theme.plain),
            ])
        }
    }
}

/// As many rows as fit from one on; never past the end, since a resize may have made the list shorter.
pub fn page(rows: Vec<Row>, scroll: u16, height: u16, theme: &Theme) -> Paragraph<'static> {
    let height = usize::from(height);
    let most = rows.len().saturating_sub(height);
    let lines: Vec<Line<'static>> = rows
        .into_iter()
        .skip(usize::from(scroll).min(most))
        .take(height)
        .map(|row| line(row, theme))
        .collect();
    Paragraph::new(lines)
}

/// Breaks text between words.
pub fn wrap(words: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(word);
        } else if text::width(last) + 1 + text::width(word) <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_go_on_in_their_own_column() {
        let sections = vec![(
            "Studio".to_owned(),
            vec![("u".to_owned(), "take the last step back again".to_owned())],
        )];
        let key = |names: &str, help: &str| Row::Key(names.to_owned(), help.to_owned());
        assert_eq!(
            rows(&sections, 34),
            [
                Row::Heading("Studio".to_owned()),
                key("u", "take the last"),
                key("", "step back again"),
            ]
        );
    }

    #[test]
    fn a_word_too_long_for_the_line_has_one_of_its_own() {
        assert_eq!(
            wrap("an extraordinarily long word", 8),
            ["an", "extraordinarily", "long", "word"]
        );
        assert_eq!(wrap("", 8), [""]);
    }
}
