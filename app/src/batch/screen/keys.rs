//! The key table of the Batch screen.

use super::model::{Layer, Model, Phase};
use crate::ui;
use crate::ui::keys::{Keyed, Keymap, key};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Towards the top of the list.
    Up,
    /// Towards its end.
    Down,
    /// Half a page.
    PageUp,
    /// Half a page.
    PageDown,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Leave the selected picture out, or take it in again.
    LeaveOut,
    /// Submit what is planned; go on with what is paused.
    Submit,
    /// Pause the uploads.
    Pause,
    /// The next place.
    Place,
    /// With or without subfolders.
    Subfolders,
    /// Skip what is unchanged, or not.
    Unchanged,
    /// Download the results, or not.
    Download,
    /// Look at the files again.
    Rescan,
    /// Type a filter.
    Filter,
    /// Back to the studio.
    Studio,
    /// To the dashboard.
    Watch,
    /// Release the mouse, or take it again.
    Mouse,
    /// All keys.
    Help,
    /// Search for what can be done now, and do it.
    Commands,
    /// What has happened.
    Log,
    /// Leave.
    Quit,
    /// Leave at once.
    Leave,
    /// Give the shell its terminal back for a while.
    Suspend,
    /// Accept what was typed.
    Accept,
    /// Yes.
    Yes,
    /// Away with the top layer.
    Close,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No layer is open.
    Batch,
    /// A filter is typed.
    Prompt,
    /// A question waits for yes or no.
    Ask,
    /// In all of them.
    Everywhere,
}

/// A row of the table.
pub type Binding = ui::keys::Binding<Model, Action, Mode>;

fn always(_: &Model) -> bool {
    true
}

fn listed(model: &Model) -> bool {
    !model.rows.is_empty()
}

fn planning(model: &Model) -> bool {
    matches!(
        model.phase,
        Phase::Planned | Phase::Scanning | Phase::Ended | Phase::Unplanned
    )
}

fn planned(model: &Model) -> bool {
    model.phase == Phase::Planned && listed(model)
}

/// Every key, in the order in which the footer offers them.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    key(Mode::Batch, &["Enter"], Action::Submit, Model::can_submit, "submit", "submit what is planned; go on with what is paused; plan the next batch where pictures have recipes of their own"),
    key(Mode::Batch, &["p"], Action::Pause, Model::can_pause, "pause", "pause: what is uploaded goes on, the rest waits"),
    key(Mode::Batch, &["Space"], Action::LeaveOut, planned, "leave out", "leave the selected picture out, or take it in again"),
    key(Mode::Batch, &["r"], Action::Rescan, planning, "rescan", "look at the files again, with the studio's recipe as it is now"),
    key(Mode::Batch, &["o"], Action::Place, planning, "place", "where to run: auto, lambda, ecs"),
    key(Mode::Batch, &["f"], Action::Subfolders, planning, "folders", "with or without subfolders"),
    key(Mode::Batch, &["c"], Action::Unchanged, planning, "unchanged", "skip what an earlier batch has cleaned already, or clean it again"),
    key(Mode::Batch, &["d"], Action::Download, planning, "download", "download the results when they are there, or not"),
    key(Mode::Batch, &["/"], Action::Filter, listed, "filter", "show only the pictures whose name or state has this in it"),
    key(Mode::Batch, &["j", "Down"], Action::Down, listed, "", "the picture below"),
    key(Mode::Batch, &["k", "Up"], Action::Up, listed, "", "the picture above"),
    key(Mode::Batch, &["PgDn", "Ctrl-D"], Action::PageDown, listed, "", "half a page down"),
    key(Mode::Batch, &["PgUp", "Ctrl-U"], Action::PageUp, listed, "", "half a page up"),
    key(Mode::Batch, &["g", "Home"], Action::First, listed, "", "the first picture"),
    key(Mode::Batch, &["G", "End"], Action::Last, listed, "", "the last picture"),
    key(Mode::Batch, &["1", "Esc"], Action::Studio, always, "studio", "back to the studio; the batch goes on"),
    key(Mode::Batch, &["3"], Action::Watch, always, "", "the Watch screen: executions, where they run and what became of them"),
    key(Mode::Batch, &["m"], Action::Mouse, always, "", "release the mouse, so that it selects text; take it again"),
    key(Mode::Batch, &[":", "Ctrl-P"], Action::Commands, always, "", "search for anything that can be done now, and do it"),
    key(Mode::Batch, &["!"], Action::Log, always, "", "the log: what was told, with all its details"),
    key(Mode::Batch, &["?", "F1"], Action::Help, always, "keys", "all keys"),
    key(Mode::Batch, &["q"], Action::Quit, always, "quit", "leave; asks while something is uploaded"),
    key(Mode::Prompt, &["Enter"], Action::Accept, always, "accept", "keep the filter"),
    key(Mode::Prompt, &["Esc"], Action::Close, always, "back", "show all again"),
    key(Mode::Ask, &["y", "Y"], Action::Yes, always, "yes", "yes"),
    key(Mode::Ask, &["n", "N", "Esc", "q"], Action::Close, always, "no", "no"),
    key(Mode::Everywhere, &["Ctrl-Z"], Action::Suspend, always, "", "back to the shell for a while; `fg` returns"),
    key(Mode::Everywhere, &["Ctrl-C"], Action::Leave, always, "", "leave without a question; what is not uploaded waits for `submit --resume`"),
];

impl Keyed for Model {
    type Action = Action;
    type Mode = Mode;
    const NAME: &'static str = "batch";
    const TABLE: &'static [Binding] = TABLE;
    const SECTIONS: &'static [(Mode, &'static str)] = &[
        (Mode::Batch, "Batch"),
        (Mode::Everywhere, "Batch, everywhere"),
        (Mode::Prompt, "Batch, while typing a filter"),
        (Mode::Ask, "Batch, at a question"),
    ];
    const PLACES: &'static [&'static [Mode]] = &[
        &[Mode::Batch, Mode::Everywhere],
        &[Mode::Prompt, Mode::Everywhere],
        &[Mode::Ask, Mode::Everywhere],
    ];
    const TYPING: &'static [Mode] = &[Mode::Prompt];
    const LAYERS: &'static [Mode] = &[Mode::Prompt, Mode::Ask];
    const NEEDED: &'static [&'static str] = &["leave"];

    fn modes(&self) -> &'static [Mode] {
        match self.layer {
            None => &[Mode::Batch, Mode::Everywhere],
            Some(Layer::Filter { .. }) => &[Mode::Prompt, Mode::Everywhere],
            Some(Layer::AskLeave) => &[Mode::Ask, Mode::Everywhere],
        }
    }

    fn keymap(&self) -> &Keymap {
        &self.keymap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_one_meaning_and_can_be_typed() {
        ui::keys::check::<Model>();
    }
}
