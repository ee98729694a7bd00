//! A line that is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// More characters than any value or name needs; a paste of a megabyte stops here.
const LONGEST: usize = 200;

/// Text and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEdit {
    characters: Vec<char>,
    cursor: usize,
}

impl LineEdit {
    /// What is typed so far.
    pub fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The text before, at and after the cursor.
    pub fn parts(&self) -> (String, Option<char>, String) {
        let (before, rest) = self.characters.split_at(self.cursor);
        let after = rest.get(1..).unwrap_or_default();
        (
            before.iter().collect(),
            rest.first().copied(),
            after.iter().collect(),
        )
    }

    /// Edits by one key. What means nothing here changes nothing.
    pub fn key(&mut self, key: &KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.characters.len(),
            KeyCode::Char('u') if control => {
                self.characters.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c);
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.characters.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.characters.len() => {
                self.characters.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.characters.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.characters.len(),
            _ => {}
        }
    }

    /// Inserts text from the clipboard, as far as it can stand in a line.
    pub fn paste(&mut self, text: &str) {
        text.chars()
            .filter(|c| !c.is_control())
            .take(LONGEST)
            .for_each(|c| self.insert(c));
    }

    fn insert(&mut self, character: char) {
        if self.characters.len() < LONGEST {
            self.characters.insert(self.cursor, character);
            self.cursor += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut LineEdit, code: KeyCode) {
        line.key(&KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn typing_happens_at_the_cursor() {
        let mut line = LineEdit::default();
        line.paste("2.2");
        press(&mut line, KeyCode::Left);
        press(&mut line, KeyCode::Backspace);
        press(&mut line, KeyCode::Char(','));
        assert_eq!(line.text(), "2,2");
        assert_eq!(line.parts(), ("2,".to_owned(), Some('2'), String::new()));
        press(&mut line, KeyCode::Home);
        press(&mut line, KeyCode::Delete);
        press(&mut line, KeyCode::End);
        press(&mut line, KeyCode::Char('ü'));
        assert_eq!(line.text(), ",2ü");
        line.key(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(line.text(), "");
        press(&mut line, KeyCode::Backspace);
        press(&mut line, KeyCode::Delete);
        press(&mut line, KeyCode::Left);
        assert_eq!(line, LineEdit::default());
    }

    #[test]
    fn a_paste_is_kept_within_a_line() {
        let mut line = LineEdit::default();
        line.paste(&"a\n\u{1b}b".repeat(1000));
        assert_eq!(line.text().chars().count(), LONGEST);
        assert!(line.text().chars().all(|c| c == 'a' || c == 'b'));
    }
}
