//! States as glyph, word and colour: never by colour alone.
//!
//! The palette is blue, orange and grey, so that no meaning hangs on telling red from green.

use super::Terminal;

/// What a line or a cell says about its thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Work goes on.
    Running,
    /// Finished well.
    Done,
    /// Finished badly.
    Failed,
    /// Waits for its turn.
    Queued,
    /// Ran in another place than planned.
    Moved,
    /// Somebody stopped it.
    Stopped,
    /// Failed, and is about to be tried again.
    Retrying,
}

impl Mark {
    /// One column wide.
    pub fn glyph(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Mark::Running, true) => "●",
            (Mark::Running, false) => "*",
            (Mark::Done, true) => "✓",
            (Mark::Done, false) => "+",
            (Mark::Failed, true) => "✗",
            (Mark::Failed, false) => "x",
            (Mark::Queued, true) => "◌",
            (Mark::Queued, false) => ".",
            (Mark::Moved, true) => "⇄",
            (Mark::Moved, false) => ">",
            (Mark::Stopped, true) => "■",
            (Mark::Stopped, false) => "#",
            (Mark::Retrying, true) => "↻",
            (Mark::Retrying, false) => "~",
        }
    }

    /// How it looks.
    pub fn style(self) -> Style {
        match self {
            Mark::Running => Style::Strong,
            Mark::Done => Style::Good,
            Mark::Failed => Style::Bad,
            Mark::Queued | Mark::Stopped => Style::Faint,
            Mark::Moved | Mark::Retrying => Style::Notable,
        }
    }
}

/// The glyph of a place, with its word.
pub fn place(name: &str, unicode: bool) -> String {
    match (name, unicode) {
        ("lambda", true) => "λ lambda".to_owned(),
        ("ecs", true) => "▣ ecs".to_owned(),
        _ => name.to_owned(),
    }
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    #[default]
    Plain,
    /// Bold.
    Strong,
    /// Grey.
    Faint,
    /// Blue.
    Good,
    /// Bold orange.
    Bad,
    /// Orange.
    Notable,
}

impl Style {
    /// The text in this style, or the text alone where colour is off.
    pub fn paint(self, text: &str, color: bool) -> String {
        let code = match self {
            Style::Plain => return text.to_owned(),
            Style::Strong => "1",
            Style::Faint => "90",
            Style::Good => "34",
            Style::Bad => "1;38;5;208",
            Style::Notable => "38;5;214",
        };
        if color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

impl Terminal {
    /// A mark's glyph and a word, painted for standard error.
    pub fn marked(&self, mark: Mark, word: &str) -> String {
        let text = format!("{} {word}", mark.glyph(self.unicode));
        mark.style().paint(&text, self.color_err)
    }
}
