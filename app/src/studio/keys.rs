//! The key table: the one place that knows which key does what, when, and how it is told.
//!
//! Input, the footer, the `?` layer and `docs/keys.md` are all read from [`TABLE`], so none of them can
//! disagree with another.

use crossterm::event::KeyEvent;

use super::model::{Layer, Look, Model, PhotoState};
use super::rows;
use crate::ui;
use crate::ui::keys::key;

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The row above.
    RowUp,
    /// The row below.
    RowDown,
    /// One step down, or the choice before.
    Lower,
    /// One step up, or the choice after.
    Higher,
    /// Ten steps down.
    MuchLower,
    /// Ten steps up.
    MuchHigher,
    /// Type a value.
    Type,
    /// The selected field as the named recipe has it.
    Reset,
    /// Every field as the named recipe has it.
    ResetAll,
    /// Take the last step back.
    Undo,
    /// Do it again.
    Redo,
    /// The photograph instead of the result, and back.
    Before,
    /// After, split, before.
    NextLook,
    /// Move the split.
    SplitLeft,
    /// Move the split.
    SplitRight,
    /// The photograph before this one in the list.
    PreviousPhoto,
    /// The photograph after this one in the list.
    NextPhoto,
    /// Write the full-size result.
    Write,
    /// Save the recipe as a preset.
    SavePreset,
    /// Show or hide the panel.
    Panel,
    /// The Batch screen, with these photographs and this recipe.
    Batch,
    /// The dashboard.
    Watch,
    /// All keys.
    Help,
    /// Leave, but ask when something would be lost.
    Quit,
    /// Leave.
    Leave,
    /// Give the shell its terminal back for a while.
    Suspend,
    /// Accept what was typed.
    Accept,
    /// Yes to the question.
    Yes,
    /// Away with the top layer.
    Close,
    /// Scroll.
    ScrollUp,
    /// Scroll.
    ScrollDown,
}

/// Where a binding holds: the layer that has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No layer is open.
    Studio,
    /// A line is typed.
    Prompt,
    /// A question waits for yes or no.
    Ask,
    /// All keys are shown.
    Help,
    /// In all of them.
    Everywhere,
}

impl Mode {
    /// The mode that the top layer makes.
    pub fn of(model: &Model) -> Mode {
        match model.layer {
            None => Mode::Studio,
            Some(Layer::Prompt { .. }) => Mode::Prompt,
            Some(Layer::Ask { .. }) => Mode::Ask,
            Some(Layer::Help { .. }) => Mode::Help,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Mode::Studio => "Studio",
            Mode::Prompt => "While typing a value or a name",
            Mode::Ask => "At a question",
            Mode::Help => "In the list of keys",
            Mode::Everywhere => "Everywhere",
        }
    }
}

/// A row of the table.
pub type Binding = ui::keys::Binding<Model, Action, Mode>;

fn always(_: &Model) -> bool {
    true
}

fn photo(model: &Model) -> bool {
    !model.photos.is_empty()
}

/// Whether the photograph can be read, as far as is known.
fn seen(model: &Model) -> bool {
    model
        .photo()
        .is_some_and(|photo| matches!(photo.state, PhotoState::Unread | PhotoState::Opened(..)))
}

fn several(model: &Model) -> bool {
    model.photos.len() > 1
}

/// Every key, in the order in which the footer offers them.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    key(Mode::Studio, &["j", "Down"], Action::RowDown, photo, "", "the field below"),
    key(Mode::Studio, &["k", "Up"], Action::RowUp, photo, "", "the field above"),
    key(Mode::Studio, &["h", "Left"], Action::Lower, photo, "less", "its value down by one step, or the choice before"),
    key(Mode::Studio, &["l", "Right"], Action::Higher, photo, "more", "its value up by one step, or the choice after"),
    key(Mode::Studio, &["H", "Shift-Left"], Action::MuchLower, photo, "", "its value down by ten steps"),
    key(Mode::Studio, &["L", "Shift-Right"], Action::MuchHigher, photo, "", "its value up by ten steps"),
    key(Mode::Studio, &["Enter"], Action::Type, photo, "type", "type its value"),
    key(Mode::Studio, &["b"], Action::Before, seen, "before", "the photograph as it was, and back"),
    key(Mode::Studio, &["s"], Action::NextLook, seen, "view", "the next view: after, split, before"),
    key(Mode::Studio, &["["], Action::SplitLeft, split, "split left", "move the split to the left"),
    key(Mode::Studio, &["]"], Action::SplitRight, split, "split right", "move the split to the right"),
    key(Mode::Studio, &["u"], Action::Undo, |model| model.history.can_undo(), "undo", "take the last step back"),
    key(Mode::Studio, &["Ctrl-R"], Action::Redo, |model| model.history.can_redo(), "redo", "do it again"),
    key(Mode::Studio, &["w"], Action::Write, Model::can_write, "write", "write the cleaned picture at full size"),
    key(Mode::Studio, &[","], Action::PreviousPhoto, several, "previous", "the photograph before this one"),
    key(Mode::Studio, &["."], Action::NextPhoto, several, "next", "the photograph after this one"),
    key(Mode::Studio, &["r"], Action::Reset, rows::selected_is_changed, "reset", "this field back to what the named recipe says"),
    key(Mode::Studio, &["R"], Action::ResetAll, Model::is_changed, "", "all fields back to what the named recipe says"),
    key(Mode::Studio, &["P"], Action::SavePreset, photo, "save preset", "save the recipe as a preset"),
    key(Mode::Studio, &["Tab"], Action::Panel, photo, "panel", "hide or show the panel of fields"),
    key(Mode::Studio, &["S", "2"], Action::Batch, photo, "submit", "the Batch screen: submit these photographs with this recipe"),
    key(Mode::Studio, &["3"], Action::Watch, always, "", "the Watch screen: executions, where they run and what became of them"),
    key(Mode::Studio, &["?", "F1"], Action::Help, always, "keys", "all keys"),
    key(Mode::Studio, &["q"], Action::Quit, always, "quit", "leave; asks when changes are not written"),
    key(Mode::Prompt, &["Enter"], Action::Accept, always, "accept", "take what was typed"),
    key(Mode::Prompt, &["Esc"], Action::Close, always, "back", "leave things as they are"),
    key(Mode::Ask, &["y", "Y"], Action::Yes, always, "yes", "yes"),
    key(Mode::Ask, &["n", "N", "Esc", "q"], Action::Close, always, "no", "no"),
    key(Mode::Help, &["j", "Down"], Action::ScrollDown, always, "down", "scroll down"),
    key(Mode::Help, &["k", "Up"], Action::ScrollUp, always, "up", "scroll up"),
    key(Mode::Help, &["Esc", "q", "?", "F1"], Action::Close, always, "back", "back to the studio"),
    key(Mode::Everywhere, &["Ctrl-Z"], Action::Suspend, always, "", "back to the shell for a while; `fg` returns"),
    key(Mode::Everywhere, &["Ctrl-C"], Action::Leave, always, "", "leave without a question; a file that is being written is finished first, unless pressed twice"),
];

fn split(model: &Model) -> bool {
    seen(model) && model.look() == Look::Split
}

/// What a key means now.
pub fn action(model: &Model, key: &KeyEvent) -> Option<Action> {
    ui::keys::find(TABLE, model, [Mode::of(model), Mode::Everywhere], key)
}

/// The keys that would do something now, for the footer.
pub fn live(model: &Model) -> impl Iterator<Item = &Binding> {
    ui::keys::live(TABLE, model, Mode::of(model))
}

/// The table by sections, as the list of keys and the documentation show it.
pub fn sections() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static Binding>)> {
    [
        Mode::Studio,
        Mode::Everywhere,
        Mode::Prompt,
        Mode::Ask,
        Mode::Help,
    ]
    .into_iter()
    .map(|mode| {
        let rows = TABLE.iter().filter(move |binding| binding.mode == mode);
        (mode.heading(), rows)
    })
}

/// The table as Markdown, for `docs/keys.md`.
#[cfg(test)]
pub fn markdown() -> String {
    let headings = [
        Mode::Studio,
        Mode::Everywhere,
        Mode::Prompt,
        Mode::Ask,
        Mode::Help,
    ]
    .map(|mode| (mode, mode.heading()));
    ui::keys::markdown(TABLE, &headings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md");
        let wanted = format!(
            "# Keys\n\nWritten by the program's own key tables; `?` shows the same.\n{}{}",
            markdown(),
            crate::batch::screen::markdown() + &crate::watch::markdown()
        );
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == wanted,
            "docs/keys.md is not the key tables; UPDATE_DOCS=1 cargo test -p whiteboarder keys writes it"
        );
    }

    #[test]
    fn every_key_has_one_meaning_and_can_be_typed() {
        ui::keys::check(TABLE, Mode::Everywhere);
    }
}
