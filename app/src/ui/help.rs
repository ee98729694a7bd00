//! A list of keys and what they do, in sections.

use ratatui::text::{Line, Span};

use crate::term::text;
use crate::term::theme::Theme;

/// Columns for the keys' names.
const KEYS: usize = 16;
/// Columns for the actions' names, where there is room for them.
const NAMES: usize = 18;
/// From so many columns on there is.
const NAMES_FROM: u16 = 90;

/// A key with what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its names, with arrows as arrows.
    pub keys: String,
    /// The same as they are written in the configuration.
    pub written: String,
    /// What the configuration calls the action.
    pub name: String,
    /// What it does.
    pub help: &'static str,
}

impl Entry {
    /// Whether all of these words (in small letters) are in it.
    fn has(&self, words: &[String]) -> bool {
        let text = format!("{} {} {} {}", self.keys, self.written, self.name, self.help);
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    }
}

/// A section: its name, and its keys.
pub type Section = (&'static str, Vec<Entry>);

/// What is left of the sections when only entries with all words of the filter are wanted. A filter that is a key's
/// name finds what that key does before anything that has it in its words.
pub fn filtered(sections: &[Section], filter: &str) -> Vec<Section> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let is_key = |entry: &Entry| {
        let mut keys = entry.written.split(' ').chain(entry.keys.split(' '));
        keys.any(|key| key == filter.trim())
    };
    let some = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<Section> {
        sections
            .iter()
            .map(|(heading, entries)| {
                let entries = entries.iter().filter(|entry| wanted(entry));
                (*heading, entries.cloned().collect::<Vec<Entry>>())
            })
            .filter(|(_, entries)| !entries.is_empty())
            .collect()
    };
    if words.is_empty() {
        return sections.to_vec();
    }
    let mut found = some(&is_key);
    found.extend(some(&|entry| !is_key(entry) && entry.has(&words)));
    found
}

/// A line of the list, fitted into a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Between sections.
    Blank,
    /// A section's name.
    Heading(&'static str),
    /// Keys, a line of explanation and the action's name; the first and the last are empty where an explanation goes on.
    Key(String, String, String),
}

/// Fits the sections into a width.
pub fn rows(sections: &[Section], columns: u16) -> Vec<Row> {
    let names = if columns >= NAMES_FROM { NAMES } else { 0 };
    let room = usize::from(columns)
        .saturating_sub(KEYS + 2 + names)
        .max(10);
    let mut rows = Vec::new();
    for (heading, entries) in sections {
        if !rows.is_empty() {
            rows.push(Row::Blank);
        }
        rows.push(Row::Heading(heading));
        for entry in entries {
            let mut keys = entry.keys.clone();
            let mut name = if names > 0 {
                format!("{:room$} {}", "", entry.name)
            } else {
                String::new()
            };
            for line in wrap(entry.help, room) {
                let skip = text::width(&line).min(name.len());
                let name = std::mem::take(&mut name).split_off(skip);
                rows.push(Row::Key(std::mem::take(&mut keys), line, name));
            }
        }
    }
    rows
}

/// Draws a row.
pub fn line(row: Row, theme: &Theme) -> Line<'static> {
    match row {
        Row::Blank => Line::default(),
        Row::Heading(name) => Line::styled(format!(" {name}"), theme.strong),
        Row::Key(keys, help, name) => {
            let pad = KEYS.saturating_sub(text::width(&keys)) + 1;
            Line::from(vec![
                Span::raw(" "),
                Span::styled(keys, theme.accent),
                Span::raw(" ".repeat(pad)),
                Span::styled(help, theme.plain),
                Span::styled(name, theme.faint),
            ])
        }
    }
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

    fn entry(keys: &str, name: &str, help: &'static str) -> Entry {
        Entry {
            keys: keys.replace("Left", "←"),
            written: keys.to_owned(),
            name: name.to_owned(),
            help,
        }
    }

    #[test]
    fn explanations_go_on_in_their_own_column() {
        let sections = [(
            "Studio",
            vec![entry("u", "undo", "take the last step back again")],
        )];
        let key = |keys: &str, help: &str, name: &str| {
            Row::Key(keys.to_owned(), help.to_owned(), name.to_owned())
        };
        assert_eq!(
            rows(&sections, 34),
            [
                Row::Heading("Studio"),
                key("u", "take the last", ""),
                key("", "step back again", ""),
            ]
        );
        // A wide screen has room for the name that the configuration knows it by.
        let theme = Theme::of(&crate::term::Terminal::detect(
            crate::term::ColorChoice::Never,
            true,
            false,
            0,
        ));
        let wide = line(rows(&sections, 90).pop().unwrap(), &theme).to_string();
        assert!(wide.ends_with(" undo"), "{wide}");
        assert_eq!(wide.len(), 90 - NAMES + 1 + "undo".len());
    }

    #[test]
    fn a_filter_finds_keys_names_and_words() {
        let sections = [
            (
                "One",
                vec![
                    entry("u", "undo", "take the last step back"),
                    entry("Shift-Left", "pan-left", "what lies to the left"),
                ],
            ),
            ("Two", vec![entry("b", "before", "the photograph")]),
        ];
        let found = |filter: &str| -> Vec<String> {
            let sections = filtered(&sections, filter).into_iter();
            sections
                .flat_map(|(_, entries)| entries.into_iter().map(|entry| entry.name))
                .collect()
        };
        assert_eq!(found(""), ["undo", "pan-left", "before"]);
        assert_eq!(found("last back"), ["undo"]);
        assert_eq!(found("PAN"), ["pan-left"]);
        assert_eq!(found("shift-left"), ["pan-left"]);
        assert_eq!(found("Shift-←"), ["pan-left"]);
        // The key `b` comes before words with a b in them.
        assert_eq!(found("b"), ["before", "undo"]);
        assert_eq!(found("nothing like it"), [""; 0]);
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
