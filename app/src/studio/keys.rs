//! The key table: the one place that knows which key does what, when, and how it is told.
//!
//! Input, the footer, the list of keys, the commands and `docs/keys.md` are all read from [`TABLE`], so none of them can
//! disagree with another; other keys that somebody wants are laid over it (`ui/keys/map.rs`).

use super::model::{Layer, Look, Model, PhotoState};
use super::rows;
use super::viewport::Zoom;
use crate::ui;
use crate::ui::keys::{Keyed, Keymap, key};

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
    /// The next view.
    NextLook,
    /// The result.
    ViewAfter,
    /// Before and after with a split.
    ViewSplit,
    /// Before and after side by side.
    ViewBeside,
    /// The background.
    ViewBackground,
    /// What was changed.
    ViewDifference,
    /// What counts as ink.
    ViewMask,
    /// The photograph.
    ViewBefore,
    /// Colour what is clipped.
    Clipping,
    /// Compare with the photograph or with a slot's result.
    Against,
    /// Nearer.
    ZoomIn,
    /// Further away.
    ZoomOut,
    /// All of the photograph.
    Fit,
    /// Pixel for pixel.
    OneToOne,
    /// Move what is seen.
    PanLeft,
    /// Move what is seen.
    PanRight,
    /// Move what is seen.
    PanUp,
    /// Move what is seen.
    PanDown,
    /// Take up the recipe of a slot.
    TakeA,
    /// Take up the recipe of a slot.
    TakeB,
    /// Take up the recipe of a slot.
    TakeC,
    /// Take up the recipe of a slot.
    TakeD,
    /// Put the recipe into a slot.
    KeepA,
    /// Put the recipe into a slot.
    KeepB,
    /// Put the recipe into a slot.
    KeepC,
    /// Put the recipe into a slot.
    KeepD,
    /// Leave to the picture what can be left to it.
    Auto,
    /// The recipe onto the clipboard.
    Copy,
    /// Choose a preset.
    Presets,
    /// Move the split.
    SplitLeft,
    /// Move the split.
    SplitRight,
    /// The photograph before this one in the list.
    PreviousPhoto,
    /// The photograph after this one in the list.
    NextPhoto,
    /// The first photograph of the list.
    FirstPhoto,
    /// The last one.
    LastPhoto,
    /// As many photographs back as the strip shows.
    PreviousPage,
    /// As many on.
    NextPage,
    /// Mark the photograph, or take its mark away.
    Mark,
    /// Mark all photographs, or none when some are.
    MarkAll,
    /// Look for a photograph by name, or for files to open.
    Open,
    /// The entry above.
    PickUp,
    /// The entry below.
    PickDown,
    /// Half a page up.
    PickPageUp,
    /// Half a page down.
    PickPageDown,
    /// Take the selected entry.
    Pick,
    /// Scroll the list of failures.
    ScrollUp,
    /// Scroll it.
    ScrollDown,
    /// Clean many photographs here.
    CleanMany,
    /// Stop that.
    StopCleaning,
    /// Submit many photographs.
    Submit,
    /// All of them.
    DoAll,
    /// The marked ones.
    DoMarked,
    /// Replace results that are there.
    ReplaceAll,
    /// Leave out the photographs whose results are there.
    SkipExisting,
    /// For whom the recipe counts.
    Scope,
    /// For all photographs.
    ForAll,
    /// For the marked ones.
    ForMarked,
    /// For this one alone.
    ForThis,
    /// This one has the shared recipe again.
    UseShared,
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
    /// Release the mouse, or take it again.
    Mouse,
    /// All keys.
    Help,
    /// Search for what can be done now, and do it.
    Commands,
    /// What has happened.
    Log,
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
    /// The preset above.
    PresetUp,
    /// The preset below.
    PresetDown,
    /// Take the preset.
    TakePreset,
    /// The recipe as it was.
    LeavePresets,
    /// Away with the top layer.
    Close,
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
    /// It is asked for which photographs the recipe counts.
    Scope,
    /// It is asked for which photographs something is done.
    Which,
    /// A photograph is looked for by name.
    Picker,
    /// It is asked about results that are there already.
    Existing,
    /// It is listed what could not be cleaned.
    Failures,
    /// What was left to the picture is told.
    Auto,
    /// A preset is chosen.
    Presets,
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
            Some(Layer::Scope) => Mode::Scope,
            Some(Layer::Which(_)) => Mode::Which,
            Some(Layer::Picker(_)) => Mode::Picker,
            Some(Layer::Existing(_)) => Mode::Existing,
            Some(Layer::Failures { .. }) => Mode::Failures,
            Some(Layer::Auto { .. }) => Mode::Auto,
            Some(Layer::Presets { .. }) => Mode::Presets,
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

/// Whether it was read.
fn opened(model: &Model) -> bool {
    let state = model.photo().map(|photo| &photo.state);
    matches!(state, Some(PhotoState::Opened(..)))
}

/// Whether not all of it is seen.
fn near(model: &Model) -> bool {
    opened(model) && model.viewport.zoom != Zoom::Fit
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
    key(Mode::Studio, &["H"], Action::MuchLower, photo, "", "its value down by ten steps"),
    key(Mode::Studio, &["L"], Action::MuchHigher, photo, "", "its value up by ten steps"),
    key(Mode::Studio, &["Enter"], Action::Type, photo, "type", "type its value"),
    key(Mode::Studio, &["b"], Action::Before, seen, "before", "the photograph as it was, and back"),
    key(Mode::Studio, &["s"], Action::NextLook, seen, "view", "the next view: after, split, side by side, background, difference, ink mask, before"),
    key(Mode::Studio, &["+"], Action::ZoomIn, opened, "zoom", "nearer, up to single pixels"),
    key(Mode::Studio, &["-"], Action::ZoomOut, near, "out", "further away"),
    key(Mode::Studio, &["0"], Action::Fit, near, "fit", "all of the photograph"),
    key(Mode::Studio, &["="], Action::OneToOne, opened, "", "pixel for pixel"),
    key(Mode::Studio, &["Shift-Left"], Action::PanLeft, near, "pan", "what lies to the left"),
    key(Mode::Studio, &["Shift-Right"], Action::PanRight, near, "", "what lies to the right"),
    key(Mode::Studio, &["Shift-Up"], Action::PanUp, near, "", "what lies above"),
    key(Mode::Studio, &["Shift-Down"], Action::PanDown, near, "", "what lies below"),
    key(Mode::Studio, &["["], Action::SplitLeft, split, "split left", "move the split to the left"),
    key(Mode::Studio, &["]"], Action::SplitRight, split, "split right", "move the split to the right"),
    key(Mode::Studio, &["u"], Action::Undo, Model::can_undo, "undo", "take the last step back"),
    key(Mode::Studio, &["Ctrl-R"], Action::Redo, Model::can_redo, "redo", "do it again"),
    key(Mode::Studio, &["w"], Action::Write, Model::can_write, "write", "write the cleaned picture at full size"),
    key(Mode::Studio, &[","], Action::PreviousPhoto, several, "previous", "the photograph before this one"),
    key(Mode::Studio, &["."], Action::NextPhoto, several, "next", "the photograph after this one"),
    key(Mode::Studio, &["Space"], Action::Mark, several, "mark", "mark this photograph, or take its mark away"),
    key(Mode::Studio, &["M"], Action::MarkAll, several, "", "mark all photographs; when some are marked, none"),
    key(Mode::Studio, &["T"], Action::Scope, several, "for whom", "for which photographs this recipe counts: all, the marked ones, or this one alone"),
    key(Mode::Studio, &["o"], Action::Open, |model| model.photos.len() != 1, "open", "look for a photograph by some letters of its name; where none is open, for a file or folder"),
    key(Mode::Studio, &["g", "Home"], Action::FirstPhoto, several, "", "the first photograph"),
    key(Mode::Studio, &["G", "End"], Action::LastPhoto, several, "", "the last photograph"),
    key(Mode::Studio, &["PgUp", "Ctrl-U"], Action::PreviousPage, several, "", "as many photographs back as the strip shows"),
    key(Mode::Studio, &["PgDn", "Ctrl-D"], Action::NextPage, several, "", "as many photographs on as the strip shows"),
    key(Mode::Studio, &["r"], Action::Reset, rows::selected_is_changed, "reset", "this field back to what the named recipe says"),
    key(Mode::Studio, &["R"], Action::ResetAll, Model::is_changed, "", "all fields back to what the named recipe says"),
    key(Mode::Studio, &["a"], Action::Auto, photo, "auto", "leave to the picture what can be left to it, and tell what that changed and why"),
    key(Mode::Studio, &["p"], Action::Presets, photo, "presets", "choose a recipe: each is shown as you pass it"),
    key(Mode::Studio, &["P"], Action::SavePreset, photo, "save preset", "save the recipe as a preset"),
    key(Mode::Studio, &["F5"], Action::TakeA, |model| model.slots.get(0).is_some(), "", "the recipe of slot A"),
    key(Mode::Studio, &["F6"], Action::TakeB, |model| model.slots.get(1).is_some(), "", "the recipe of slot B"),
    key(Mode::Studio, &["F7"], Action::TakeC, |model| model.slots.get(2).is_some(), "", "the recipe of slot C"),
    key(Mode::Studio, &["F8"], Action::TakeD, |model| model.slots.get(3).is_some(), "", "the recipe of slot D"),
    key(Mode::Studio, &["Shift-F5"], Action::KeepA, photo, "", "put the recipe into slot A"),
    key(Mode::Studio, &["Shift-F6"], Action::KeepB, photo, "", "put the recipe into slot B"),
    key(Mode::Studio, &["Shift-F7"], Action::KeepC, photo, "", "put the recipe into slot C"),
    key(Mode::Studio, &["Shift-F8"], Action::KeepD, photo, "", "put the recipe into slot D"),
    key(Mode::Studio, &["v"], Action::Against, seen, "", "compare with the photograph, or with the result of a slot"),
    key(Mode::Studio, &["c"], Action::Clipping, seen, "", "colour what is clipped: white in blue, black in orange"),
    key(Mode::Studio, &["y"], Action::Copy, photo, "", "copy the recipe as TOML"),
    key(Mode::Studio, &[], Action::ViewAfter, seen, "", "view: after"),
    key(Mode::Studio, &[], Action::ViewSplit, seen, "", "view: before and after with a split"),
    key(Mode::Studio, &[], Action::ViewBeside, seen, "", "view: before and after side by side"),
    key(Mode::Studio, &[], Action::ViewBackground, seen, "", "view: the background that is taken off"),
    key(Mode::Studio, &[], Action::ViewDifference, seen, "", "view: the difference of before and after"),
    key(Mode::Studio, &[], Action::ViewMask, seen, "", "view: the ink mask"),
    key(Mode::Studio, &[], Action::ViewBefore, seen, "", "view: before"),
    key(Mode::Studio, &["Tab"], Action::Panel, photo, "panel", "hide or show the panel of fields"),
    key(Mode::Studio, &["W"], Action::CleanMany, |model| photo(model) && !model.acting.running, "clean all", "clean all photographs here, or the marked ones, each by the recipe that counts for it"),
    key(Mode::Studio, &["Esc"], Action::StopCleaning, |model| model.acting.running && !model.acting.stopping, "stop", "stop the cleaning of all; asks"),
    key(Mode::Studio, &["S"], Action::Submit, photo, "submit", "submit all photographs, or the marked ones, each by the recipe that counts for it: the Batch screen tells first what it takes"),
    key(Mode::Studio, &["2"], Action::Batch, photo, "", "the Batch screen"),
    key(Mode::Studio, &["3"], Action::Watch, always, "", "the Watch screen: executions, where they run and what became of them"),
    key(Mode::Studio, &["m"], Action::Mouse, always, "", "release the mouse, so that it selects text; take it again"),
    key(Mode::Studio, &[":", "Ctrl-P"], Action::Commands, always, "", "search for anything that can be done now, and do it"),
    key(Mode::Studio, &["!"], Action::Log, always, "", "the log: what was told, with all its details"),
    key(Mode::Studio, &["?", "F1"], Action::Help, always, "keys", "all keys"),
    key(Mode::Studio, &["q"], Action::Quit, always, "quit", "leave; asks when changes are not written"),
    key(Mode::Prompt, &["Enter"], Action::Accept, always, "accept", "take what was typed"),
    key(Mode::Prompt, &["Esc"], Action::Close, always, "back", "leave things as they are"),
    key(Mode::Ask, &["y", "Y"], Action::Yes, always, "yes", "yes"),
    key(Mode::Ask, &["n", "N", "Esc", "q"], Action::Close, always, "no", "no"),
    key(Mode::Presets, &["j", "Down"], Action::PresetDown, always, "next", "the preset below, and what it gives"),
    key(Mode::Presets, &["k", "Up"], Action::PresetUp, always, "previous", "the preset above, and what it gives"),
    key(Mode::Presets, &["Enter"], Action::TakePreset, always, "take", "take it; one `u` takes it back"),
    key(Mode::Presets, &["Esc", "q", "p"], Action::LeavePresets, always, "back", "the recipe as it was"),
    key(Mode::Auto, &["Enter", "Esc", "q", "a"], Action::Close, always, "back", "back to the fields"),
    key(Mode::Scope, &["a"], Action::ForAll, always, "all", "for all photographs; none has a recipe of its own any more"),
    key(Mode::Scope, &["m"], Action::ForMarked, |model| !model.film.marked.is_empty(), "marked", "for the marked ones; the others keep what they had when this one came on screen"),
    key(Mode::Scope, &["o"], Action::ForThis, |model| !model.has_own(model.current), "only this", "for this one alone; the others keep what they had when it came on screen"),
    key(Mode::Scope, &["s"], Action::UseShared, |model| model.has_own(model.current), "shared here", "this one has the recipe again that the others share"),
    key(Mode::Scope, &["Esc", "q", "T"], Action::Close, always, "back", "leave things as they are"),
    key(Mode::Which, &["a"], Action::DoAll, always, "all", "all photographs that can be read"),
    key(Mode::Which, &["m"], Action::DoMarked, |model| !model.film.marked.is_empty(), "marked", "the marked ones"),
    key(Mode::Which, &["Esc", "q"], Action::Close, always, "back", "none"),
    key(Mode::Picker, &["Enter"], Action::Pick, always, "open", "go to the photograph, open the file, look into the folder"),
    key(Mode::Picker, &["Down"], Action::PickDown, always, "down", "the name below"),
    key(Mode::Picker, &["Up"], Action::PickUp, always, "up", "the name above"),
    key(Mode::Picker, &["PgDn"], Action::PickPageDown, always, "", "half a page down"),
    key(Mode::Picker, &["PgUp"], Action::PickPageUp, always, "", "half a page up"),
    key(Mode::Picker, &["Esc"], Action::Close, always, "back", "stay where you are"),
    key(Mode::Existing, &["r"], Action::ReplaceAll, always, "replace all", "replace them"),
    key(Mode::Existing, &["s"], Action::SkipExisting, always, "skip them", "leave their photographs out"),
    key(Mode::Existing, &["Esc", "q"], Action::Close, always, "cancel", "clean nothing"),
    key(Mode::Failures, &["j", "Down"], Action::ScrollDown, always, "down", "scroll down"),
    key(Mode::Failures, &["k", "Up"], Action::ScrollUp, always, "up", "scroll up"),
    key(Mode::Failures, &["Esc", "q", "Enter"], Action::Close, always, "back", "back to the studio; the strip shows them, too"),
    key(Mode::Everywhere, &["Ctrl-Z"], Action::Suspend, always, "", "back to the shell for a while; `fg` returns"),
    key(Mode::Everywhere, &["Ctrl-C"], Action::Leave, always, "", "leave without a question; a file that is being written is finished first, unless pressed twice"),
];

fn split(model: &Model) -> bool {
    seen(model) && model.look() == Look::Split
}

impl Keyed for Model {
    type Action = Action;
    type Mode = Mode;
    const NAME: &'static str = "studio";
    const TABLE: &'static [Binding] = TABLE;
    const SECTIONS: &'static [(Mode, &'static str)] = &[
        (Mode::Studio, "Studio"),
        (Mode::Everywhere, "Studio, everywhere"),
        (Mode::Prompt, "Studio, while typing a value or a name"),
        (Mode::Ask, "Studio, at a question"),
        (Mode::Scope, "Studio, at the question whom a recipe is for"),
        (Mode::Which, "Studio, at the question which photographs"),
        (
            Mode::Existing,
            "Studio, at the question about results that are there",
        ),
        (Mode::Picker, "Studio, while looking for a photograph"),
        (Mode::Failures, "Studio, in the list of failures"),
        (Mode::Presets, "Studio, in the list of presets"),
        (
            Mode::Auto,
            "Studio, when what was left to the picture is told",
        ),
    ];
    const PLACES: &'static [&'static [Mode]] = &[
        &[Mode::Studio, Mode::Everywhere],
        &[Mode::Prompt, Mode::Everywhere],
        &[Mode::Ask, Mode::Everywhere],
        &[Mode::Scope, Mode::Everywhere],
        &[Mode::Which, Mode::Everywhere],
        &[Mode::Existing, Mode::Everywhere],
        &[Mode::Picker, Mode::Everywhere],
        &[Mode::Failures, Mode::Everywhere],
        &[Mode::Presets, Mode::Everywhere],
        &[Mode::Auto, Mode::Everywhere],
    ];
    const TYPING: &'static [Mode] = &[Mode::Prompt, Mode::Picker];
    const LAYERS: &'static [Mode] = &[
        Mode::Prompt,
        Mode::Ask,
        Mode::Scope,
        Mode::Which,
        Mode::Existing,
        Mode::Picker,
        Mode::Failures,
        Mode::Auto,
    ];
    const NEEDED: &'static [&'static str] = &["leave"];

    fn modes(&self) -> &'static [Mode] {
        match Mode::of(self) {
            Mode::Studio | Mode::Everywhere => &[Mode::Studio, Mode::Everywhere],
            Mode::Prompt => &[Mode::Prompt, Mode::Everywhere],
            Mode::Ask => &[Mode::Ask, Mode::Everywhere],
            Mode::Scope => &[Mode::Scope, Mode::Everywhere],
            Mode::Which => &[Mode::Which, Mode::Everywhere],
            Mode::Existing => &[Mode::Existing, Mode::Everywhere],
            Mode::Picker => &[Mode::Picker, Mode::Everywhere],
            Mode::Failures => &[Mode::Failures, Mode::Everywhere],
            Mode::Presets => &[Mode::Presets, Mode::Everywhere],
            Mode::Auto => &[Mode::Auto, Mode::Everywhere],
        }
    }

    fn keymap(&self) -> &Keymap {
        &self.keymap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keys::{check, markdown};
    use crate::ui::overlay::Overlay;

    #[test]
    fn the_documentation_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/keys.md");
        let wanted = format!(
            "# Keys\n\nWritten by the program's own key tables; `?` shows the same.\n{}{}",
            markdown::<Model>(),
            crate::batch::screen::markdown() + &crate::watch::markdown() + &markdown::<Overlay>()
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
        check::<Model>();
    }
}
