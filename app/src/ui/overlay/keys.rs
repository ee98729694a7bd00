//! The key table of what lies over the screens.

use super::{Kind, Overlay};
use crate::ui::keys::{Keyed, Keymap, Row, key};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Towards the top.
    Up,
    /// Towards the end.
    Down,
    /// Half a page.
    PageUp,
    /// Half a page.
    PageDown,
    /// To the top.
    First,
    /// To the end.
    Last,
    /// Type a filter.
    Filter,
    /// Keep the filter.
    Accept,
    /// Do the selected command.
    Do,
    /// Away with the filter, else with the layer.
    Back,
    /// Away with the layer.
    Close,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Keys, or the log, are read.
    Read,
    /// A filter of them is typed.
    Filter,
    /// A command is searched for.
    Commands,
}

fn always(_: &Overlay) -> bool {
    true
}

fn found(overlay: &Overlay) -> bool {
    overlay.selected().is_some()
}

#[rustfmt::skip]
const TABLE: &[Row<Overlay>] = &[
    key(Mode::Read, &["/"], Action::Filter, always, "search", "type what to look for"),
    key(Mode::Read, &["j", "Down"], Action::Down, always, "down", "scroll down"),
    key(Mode::Read, &["k", "Up"], Action::Up, always, "up", "scroll up"),
    key(Mode::Read, &["PgDn", "Ctrl-D"], Action::PageDown, always, "", "half a page down"),
    key(Mode::Read, &["PgUp", "Ctrl-U"], Action::PageUp, always, "", "half a page up"),
    key(Mode::Read, &["g", "Home"], Action::First, always, "", "to the top"),
    key(Mode::Read, &["G", "End"], Action::Last, always, "", "to the end"),
    key(Mode::Read, &["q", "?", "F1", "!"], Action::Close, always, "", "back to the screen"),
    key(Mode::Read, &["Esc"], Action::Back, always, "back", "show all again when something was searched for, else back to the screen"),
    key(Mode::Filter, &["Enter"], Action::Accept, always, "keep", "keep the filter, and scroll"),
    key(Mode::Filter, &["Esc"], Action::Back, always, "all", "show all again"),
    key(Mode::Filter, &["Down"], Action::Down, always, "down", "scroll down"),
    key(Mode::Filter, &["Up"], Action::Up, always, "up", "scroll up"),
    key(Mode::Filter, &["PgDn"], Action::PageDown, always, "", "half a page down"),
    key(Mode::Filter, &["PgUp"], Action::PageUp, always, "", "half a page up"),
    key(Mode::Commands, &["Enter"], Action::Do, found, "do it", "do the selected one"),
    key(Mode::Commands, &["Down", "Ctrl-N"], Action::Down, always, "next", "the one below"),
    key(Mode::Commands, &["Up", "Ctrl-P"], Action::Up, always, "previous", "the one above"),
    key(Mode::Commands, &["PgDn"], Action::PageDown, always, "", "half a page down"),
    key(Mode::Commands, &["PgUp"], Action::PageUp, always, "", "half a page up"),
    key(Mode::Commands, &["Esc"], Action::Close, always, "back", "back to the screen"),
];

impl Keyed for Overlay {
    type Action = Action;
    type Mode = Mode;
    const NAME: &'static str = "lists";
    const TABLE: &'static [Row<Overlay>] = TABLE;
    const SECTIONS: &'static [(Mode, &'static str)] = &[
        (Mode::Read, "In the list of keys and in the log"),
        (Mode::Filter, "While searching there"),
        (Mode::Commands, "In the list of commands"),
    ];
    const PLACES: &'static [&'static [Mode]] = &[&[Mode::Read], &[Mode::Filter], &[Mode::Commands]];
    const TYPING: &'static [Mode] = &[Mode::Filter, Mode::Commands];
    const LAYERS: &'static [Mode] = &[Mode::Filter, Mode::Commands];
    const NEEDED: &'static [&'static str] = &["back", "filter-back", "commands-close"];

    fn modes(&self) -> &'static [Mode] {
        match self.kind {
            Kind::Commands { .. } => &[Mode::Commands],
            Kind::Keys(_) | Kind::Log(..) if self.typing => &[Mode::Filter],
            Kind::Keys(_) | Kind::Log(..) => &[Mode::Read],
        }
    }

    fn keymap(&self) -> &Keymap {
        &self.keymap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keys::check;

    #[test]
    fn every_key_can_be_typed() {
        check::<Overlay>();
    }
}
