//! What any screen can have over it: all its keys, the commands that can be done now, and the log. They take the whole
//! screen: nothing is ever laid over a picture, since cells that cover one do not give it back in every terminal.
//!
//! Everything here is the same for all screens and made from their tables of keys, see [`Keyed`]. [`Overlay::key`] is a
//! pure function, as the screens' own updates are.

mod commands;
mod keys;
mod log;
mod view;

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use self::commands::Command;
use self::keys::Action;
use super::Call;
use super::fuzzy::{self, Match};
use super::help::{self, Section};
use super::keys::{Keyed, Keymap, action};
use super::mouse;
use super::prompt::LineEdit;
use crate::term::log::{self as kept, Entry};
pub use view::draw;

/// How often the log looks whether more has happened.
const LOOK_MS: u64 = 500;

/// What lies over a screen.
pub struct Overlay {
    kind: Kind,
    /// The screen's name: `studio`.
    of: &'static str,
    keymap: Arc<Keymap>,
    size: (u16, u16),
    /// What is searched for.
    line: LineEdit,
    /// Whether that is typed now.
    typing: bool,
    /// Rows above the first that is shown, or the selected command.
    at: usize,
}

enum Kind {
    /// All keys of the screen.
    Keys(Vec<Section>),
    /// What can be done now, and what is found of it.
    Commands {
        all: Vec<Command>,
        found: Vec<Match>,
    },
    /// What has happened, the newest at the end, and the number that changes with it.
    Log(Vec<Entry>, u64),
}

/// What the program's loop has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Draw it again.
    Stay,
    /// Take it away.
    Close,
    /// Take it away and do what this row of the screen's table does.
    Do(usize),
    /// The key means nothing here.
    Pass,
}

impl Overlay {
    /// What a call asks for, when it is something to lie over the screen.
    pub fn called<M: Keyed>(
        call: Call,
        model: &M,
        keymap: &Arc<Keymap>,
        unicode: bool,
    ) -> Option<Overlay> {
        match call {
            Call::Keys => Some(Overlay::keys(model, keymap, unicode)),
            Call::Commands => Some(Overlay::commands(model, keymap, unicode)),
            Call::Log => {
                let (entries, version) = kept::entries();
                Some(Overlay::log(M::NAME, keymap, entries, version))
            }
            Call::Mouse => None,
        }
    }

    /// All keys of a screen, and of this.
    pub fn keys<M: Keyed>(model: &M, keymap: &Arc<Keymap>, unicode: bool) -> Overlay {
        let mut sections = super::keys::sections::<M>(model.keymap(), unicode);
        sections.extend(super::keys::sections::<Overlay>(keymap, unicode));
        Overlay::new(Kind::Keys(sections), M::NAME, keymap)
    }

    /// Everything that would do something in the screen now.
    pub fn commands<M: Keyed>(model: &M, keymap: &Arc<Keymap>, unicode: bool) -> Overlay {
        let kind = Kind::Commands {
            all: commands::live(model, unicode),
            found: Vec::new(),
        };
        let mut overlay = Overlay::new(kind, M::NAME, keymap);
        overlay.search();
        overlay
    }

    /// What has happened.
    fn log(of: &'static str, keymap: &Arc<Keymap>, entries: Vec<Entry>, version: u64) -> Overlay {
        let mut overlay = Overlay::new(Kind::Log(entries, version), of, keymap);
        overlay.at = usize::MAX;
        overlay
    }

    /// Looks whether more has happened. Who looks at the end goes on looking at the end.
    pub fn refresh(&mut self) {
        let Kind::Log(_, version) = &self.kind else {
            return;
        };
        if *version != kept::version() {
            let (entries, version) = kept::entries();
            self.replace(entries, version);
        }
    }

    fn replace(&mut self, entries: Vec<Entry>, version: u64) {
        let at_end = self.at >= self.last();
        self.kind = Kind::Log(entries, version);
        self.go(if at_end { isize::MAX } else { 0 });
    }

    /// When there may be something new to show.
    pub fn wake_ms(&self, now_ms: u64) -> Option<u64> {
        matches!(self.kind, Kind::Log(..)).then_some(now_ms + LOOK_MS)
    }

    fn new(kind: Kind, of: &'static str, keymap: &Arc<Keymap>) -> Overlay {
        Overlay {
            kind,
            of,
            keymap: Arc::clone(keymap),
            size: (0, 0),
            line: LineEdit::default(),
            typing: false,
            at: 0,
        }
    }

    /// The terminal has so many columns and rows.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.go(0);
    }

    /// Takes a key in.
    pub fn key(&mut self, key: &KeyEvent) -> Outcome {
        if let Some(action) = action(self, key) {
            return self.act(action);
        }
        let before = self.line.clone();
        if self.is_typed() {
            self.line.key(key);
        }
        if self.line == before {
            return Outcome::Pass;
        }
        self.search();
        Outcome::Stay
    }

    /// Takes text from the clipboard in.
    pub fn paste(&mut self, text: &str) {
        if self.is_typed() {
            self.line.paste(text);
            self.search();
        }
    }

    /// Takes the mouse in: the wheel scrolls; a click selects a command, and another one does it.
    pub fn mouse(&mut self, event: MouseEvent) -> Outcome {
        if let Some(by) = mouse::wheel(event) {
            self.go(by);
            return Outcome::Stay;
        }
        let row = mouse::row_in(event, view::body(self.size));
        let (Kind::Commands { found, .. }, Some(row), true) =
            (&self.kind, row, mouse::is_click(event))
        else {
            return Outcome::Stay;
        };
        let at = view::first(self.at, found.len(), self.size) + row;
        if at == self.at {
            return self.act(Action::Do);
        }
        if at < found.len() {
            self.at = at;
        }
        Outcome::Stay
    }

    fn act(&mut self, action: Action) -> Outcome {
        let page = (usize::from(view::body(self.size).height) / 2).max(1) as isize;
        match action {
            Action::Up => self.go(-1),
            Action::Down => self.go(1),
            Action::PageUp => self.go(-page),
            Action::PageDown => self.go(page),
            Action::First => self.go(isize::MIN),
            Action::Last => self.go(isize::MAX),
            Action::Filter => self.typing = true,
            Action::Accept => self.typing = false,
            Action::Do => {
                return self
                    .selected()
                    .map_or(Outcome::Stay, |command| Outcome::Do(command.row));
            }
            Action::Back if !self.typing && self.filter().is_empty() => return Outcome::Close,
            Action::Back => {
                self.typing = false;
                self.line = LineEdit::default();
                self.search();
            }
            Action::Close => return Outcome::Close,
        }
        Outcome::Stay
    }

    fn is_typed(&self) -> bool {
        self.typing || matches!(self.kind, Kind::Commands { .. })
    }

    /// What is searched for.
    fn filter(&self) -> String {
        self.line.text()
    }

    /// The selected command.
    fn selected(&self) -> Option<&Command> {
        match &self.kind {
            Kind::Commands { all, found } => all.get(found.get(self.at)?.index),
            Kind::Keys(_) | Kind::Log(..) => None,
        }
    }

    /// What is searched for has changed.
    fn search(&mut self) {
        let wanted = self.filter();
        if let Kind::Commands { all, found } = &mut self.kind {
            *found = fuzzy::matches(&wanted, all.iter().map(|command| command.words.as_str()));
        }
        self.at = 0;
        if matches!(self.kind, Kind::Log(..)) {
            self.go(isize::MAX);
        }
    }

    /// The rows of the list of keys that the filter leaves.
    fn rows(&self, sections: &[Section]) -> Vec<help::Row> {
        help::rows(&help::filtered(sections, &self.filter()), self.size.0)
    }

    /// The greatest value that `at` can have.
    fn last(&self) -> usize {
        let room = usize::from(view::body(self.size).height);
        match &self.kind {
            Kind::Commands { found, .. } => found.len().saturating_sub(1),
            Kind::Keys(sections) => self.rows(sections).len().saturating_sub(room),
            Kind::Log(entries, _) => {
                let rows = log::rows(entries, &self.filter(), self.size.0).len();
                rows.saturating_sub(room)
            }
        }
    }

    fn go(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.last());
    }
}

#[cfg(test)]
mod tests;
