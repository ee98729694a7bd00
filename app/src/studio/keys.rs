//! The key table: the one place that knows which key does what, when, and how it is told.
//!
//! Input, the footer, the `?` layer and `docs/keys.md` are all read from [`TABLE`], so none of them can
//! disagree with another.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::{Layer, Look, Model, PhotoState};
use super::rows;

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
pub struct Binding {
    /// Names as [`name`] makes them; the first is the one that the footer shows.
    pub keys: &'static [&'static str],
    /// What it does.
    pub action: Action,
    /// Where it holds.
    pub mode: Mode,
    /// Whether it would do anything now.
    pub live: fn(&Model) -> bool,
    /// One or two words for the footer; empty when the footer never shows it.
    pub label: &'static str,
    /// What it does, for the list of keys.
    pub help: &'static str,
}

const fn key(
    mode: Mode,
    keys: &'static [&'static str],
    action: Action,
    live: fn(&Model) -> bool,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        keys,
        action,
        mode,
        live,
        label,
        help,
    }
}

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
    let mode = Mode::of(model);
    let name = name(key)?;
    TABLE
        .iter()
        .filter(|binding| binding.mode == mode || binding.mode == Mode::Everywhere)
        .find(|binding| binding.keys.contains(&name.as_str()) && (binding.live)(model))
        .map(|binding| binding.action)
}

/// The keys that would do something now, for the footer.
pub fn live(model: &Model) -> impl Iterator<Item = &'static Binding> {
    let mode = Mode::of(model);
    TABLE.iter().filter(move |binding| {
        binding.mode == mode && !binding.label.is_empty() && (binding.live)(model)
    })
}

/// A key's name, as the table and people write it: `h`, `H`, `Left`, `Shift-Left`, `Ctrl-R`, `F1`.
pub fn name(key: &KeyEvent) -> Option<String> {
    let base = match key.code {
        // Shift is in the character itself; Ctrl comes with the small one.
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            return Some(format!("Ctrl-{}", c.to_uppercase()));
        }
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::ALT) => {
            return Some(format!("Alt-{c}"));
        }
        KeyCode::Char(c) => return Some(c.to_string()),
        KeyCode::F(number) => format!("F{number}"),
        KeyCode::Left => "Left".to_owned(),
        KeyCode::Right => "Right".to_owned(),
        KeyCode::Up => "Up".to_owned(),
        KeyCode::Down => "Down".to_owned(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        _ => return None,
    };
    Some(if key.modifiers.contains(KeyModifiers::SHIFT) {
        format!("Shift-{base}")
    } else {
        base
    })
}

/// A key's name with arrows as arrows.
pub fn pretty(name: &str, unicode: bool) -> String {
    if !unicode {
        return name.to_owned();
    }
    name.replace("Left", "←")
        .replace("Right", "→")
        .replace("Up", "↑")
        .replace("Down", "↓")
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

/// The table as Markdown: `docs/keys.md`.
#[cfg(test)]
pub fn markdown() -> String {
    let mut text =
        "# The studio's keys\n\nWritten by the program's own key table; `?` shows the same.\n"
            .to_owned();
    for (heading, rows) in sections() {
        text.extend(["\n## ", heading, "\n\n| key | what it does |\n|---|---|\n"]);
        for row in rows {
            let keys: Vec<String> = row
                .keys
                .iter()
                .map(|key| format!("`{}`", pretty(key, true)))
                .collect();
            text.extend(["| ", &keys.join(" "), " | ", row.help, " |\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md");
        let wanted = markdown();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == wanted,
            "docs/keys.md is not the key table; UPDATE_DOCS=1 cargo test -p whiteboarder keys writes it"
        );
    }

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for (index, one) in TABLE.iter().enumerate() {
            for other in &TABLE[index + 1..] {
                let meets = one.mode == other.mode
                    || one.mode == Mode::Everywhere
                    || other.mode == Mode::Everywhere;
                let shared = one.keys.iter().find(|key| other.keys.contains(key));
                assert!(!meets || shared.is_none(), "{shared:?}");
            }
        }
    }

    #[test]
    fn every_key_can_be_typed() {
        let typed = |key: &str| {
            let (modifiers, base) = match key.split_once('-') {
                Some(("Ctrl", base)) => (KeyModifiers::CONTROL, base.to_lowercase()),
                Some(("Shift", base)) => (KeyModifiers::SHIFT, base.to_owned()),
                _ => (KeyModifiers::NONE, key.to_owned()),
            };
            let code = match base.as_str() {
                "Left" => KeyCode::Left,
                "Right" => KeyCode::Right,
                "Up" => KeyCode::Up,
                "Down" => KeyCode::Down,
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Tab" => KeyCode::Tab,
                "F1" => KeyCode::F(1),
                one => KeyCode::Char(one.chars().next().unwrap()),
            };
            name(&KeyEvent::new(code, modifiers)).unwrap()
        };
        for key in TABLE.iter().flat_map(|binding| binding.keys) {
            assert_eq!(typed(key), *key);
        }
    }
}
