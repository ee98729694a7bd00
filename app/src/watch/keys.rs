//! The key table of the dashboard.

use super::model::{Focus, Layer, Model, Tab};
use crate::ui;
use crate::ui::keys::{Keyed, Keymap, key};

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Open the selected execution.
    Open,
    /// Mark it, or take the mark away.
    Mark,
    /// Mark all that are shown, or none.
    MarkAll,
    /// The next column to sort by.
    Sort,
    /// The other way round.
    Reverse,
    /// The next status filter.
    Chip,
    /// Type a filter.
    Filter,
    /// Lanes, or not.
    Lanes,
    /// A tab of the details.
    Show(Tab),
    NextTab,
    PreviousTab,
    /// The next, previous state of the graph.
    NextState,
    PreviousState,
    /// Fold or unfold what the cursor is on.
    Fold,
    FoldAll,
    UnfoldAll,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    /// Only failures in the events.
    FailedOnly,
    /// Only the selected state's events.
    OfState,
    Stop,
    Redrive,
    StartAgain,
    Download,
    Copy,
    Link,
    Pause,
    Refresh,
    Log,
    Studio,
    Batch,
    Mouse,
    Commands,
    Help,
    Quit,
    Leave,
    Suspend,
    Accept,
    Yes,
    Close,
    Back,
}

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The keys move in the list.
    List,
    /// The keys move in the details.
    Details,
    /// In both.
    Watch,
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
    !model.shown.is_empty()
}

fn any(model: &Model) -> bool {
    !model.runs.is_empty()
}

fn on_graph(model: &Model) -> bool {
    matches!(
        model.details.tab,
        Tab::Overview | Tab::Graph | Tab::Timeline | Tab::Events
    )
}

fn on_timeline(model: &Model) -> bool {
    matches!(model.details.tab, Tab::Overview | Tab::Timeline)
}

fn on_events(model: &Model) -> bool {
    model.details.tab == Tab::Events
}

fn on_folds(model: &Model) -> bool {
    matches!(
        model.details.tab,
        Tab::Events | Tab::Payloads | Tab::Timeline
    )
}

fn on_payloads(model: &Model) -> bool {
    model.details.tab == Tab::Payloads
}

fn ours(model: &Model) -> bool {
    listed(model) && model.is_ours()
}

fn linked(model: &Model) -> bool {
    listed(model)
        && model
            .machine
            .as_ref()
            .is_some_and(|machine| machine.console.is_some())
}

fn together(model: &Model) -> bool {
    !model.alone
}

/// Every key, in the order in which the footer offers them.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    key(Mode::List, &["Enter"], Action::Open, listed, "open", "open the selected execution"),
    key(Mode::List, &["/"], Action::Filter, any, "filter", "type a filter: words, or status:failed place:ecs started<1h took>30s is:moved"),
    key(Mode::List, &["f"], Action::Chip, any, "status", "only running, succeeded, failed, stopped, moved; all again"),
    key(Mode::List, &["s"], Action::Sort, any, "sort", "sort by the next column"),
    key(Mode::List, &["S"], Action::Reverse, any, "", "sort the other way round"),
    key(Mode::List, &["Space"], Action::Mark, listed, "mark", "mark the selected execution, or take its mark away"),
    key(Mode::List, &["A"], Action::MarkAll, listed, "", "mark all that are shown, or take all marks away"),
    key(Mode::List, &["L"], Action::Lanes, any, "lanes", "with or without the lanes"),
    key(Mode::List, &["j", "Down"], Action::Down, listed, "", "the execution below"),
    key(Mode::List, &["k", "Up"], Action::Up, listed, "", "the execution above"),
    key(Mode::Details, &["Esc", "Backspace"], Action::Back, always, "back", "back to the list"),
    key(Mode::Details, &["Tab", "]"], Action::NextTab, always, "next", "the next view of the execution"),
    key(Mode::Details, &["Shift-Tab", "["], Action::PreviousTab, always, "", "the view before"),
    key(Mode::Details, &["l", "Right"], Action::NextState, on_graph, "state", "select the next state: events and timeline show which is its"),
    key(Mode::Details, &["h", "Left"], Action::PreviousState, on_graph, "", "select the state before"),
    key(Mode::Details, &["Enter"], Action::Fold, on_folds, "unfold", "unfold or fold what the cursor is on"),
    key(Mode::Details, &["Z"], Action::FoldAll, on_payloads, "", "fold everything"),
    key(Mode::Details, &["z"], Action::UnfoldAll, on_payloads, "", "unfold everything"),
    key(Mode::Details, &["+", "="], Action::ZoomIn, on_timeline, "zoom", "stretch the timeline"),
    key(Mode::Details, &["-"], Action::ZoomOut, on_timeline, "", "shrink the timeline"),
    key(Mode::Details, &[">", "Shift-Right"], Action::PanRight, on_timeline, "", "later in a stretched timeline"),
    key(Mode::Details, &["<", "Shift-Left"], Action::PanLeft, on_timeline, "", "earlier in a stretched timeline"),
    key(Mode::Details, &["/"], Action::Filter, on_events, "filter", "only the events that have this in them"),
    key(Mode::Details, &["f"], Action::FailedOnly, on_events, "failed", "only the events that tell of a failure; all again"),
    key(Mode::Details, &["s"], Action::OfState, on_events, "of state", "only the events of the selected state; all again"),
    key(Mode::Details, &["j", "Down"], Action::Down, always, "", "down"),
    key(Mode::Details, &["k", "Up"], Action::Up, always, "", "up"),
    key(Mode::Watch, &["t"], Action::Show(Tab::Timeline), listed, "timeline", "when which state waited and worked"),
    key(Mode::Watch, &["v"], Action::Show(Tab::Graph), listed, "graph", "the whole state machine"),
    key(Mode::Watch, &["e"], Action::Show(Tab::Events), listed, "events", "the history"),
    key(Mode::Watch, &["i"], Action::Show(Tab::Payloads), listed, "in, out", "input and output"),
    key(Mode::Watch, &["b"], Action::Show(Tab::Pictures), ours, "pictures", "before and after"),
    key(Mode::Watch, &["w"], Action::Show(Tab::Why), listed, "why here", "why it ran where it ran"),
    key(Mode::Watch, &["c"], Action::Show(Tab::Cost), listed, "cost", "what it did cost"),
    key(Mode::Watch, &["x"], Action::Stop, listed, "stop", "stop the marked executions, else the selected one; asks first"),
    key(Mode::Watch, &["R"], Action::Redrive, listed, "redrive", "go on with the marked ones from where they failed; asks first"),
    key(Mode::Watch, &["n"], Action::StartAgain, listed, "again", "start new executions with the same input; asks first"),
    key(Mode::Watch, &["d"], Action::Download, ours, "download", "download the results of the marked ones; asks first"),
    key(Mode::Watch, &["y"], Action::Copy, listed, "copy", "copy the ARNs of the marked ones, else of the selected one"),
    key(Mode::Watch, &["o"], Action::Link, linked, "console", "open it in the AWS console"),
    key(Mode::Watch, &["p"], Action::Pause, always, "pause", "pause the updates, or go on with them"),
    key(Mode::Watch, &["r"], Action::Refresh, always, "", "look at once"),
    key(Mode::Watch, &["PgDn", "Ctrl-D"], Action::PageDown, always, "", "half a page down"),
    key(Mode::Watch, &["PgUp", "Ctrl-U"], Action::PageUp, always, "", "half a page up"),
    key(Mode::Watch, &["g", "Home"], Action::First, always, "", "to the top"),
    key(Mode::Watch, &["G", "End"], Action::Last, always, "", "to the end"),
    key(Mode::Watch, &["!"], Action::Log, always, "", "the log: what was told, with all its details"),
    key(Mode::Watch, &["1"], Action::Studio, together, "studio", "to the studio"),
    key(Mode::Watch, &["2"], Action::Batch, together, "", "to the Batch screen"),
    key(Mode::Watch, &["m"], Action::Mouse, always, "", "release the mouse, so that it selects text; take it again"),
    key(Mode::Watch, &[":", "Ctrl-P"], Action::Commands, always, "", "search for anything that can be done now, and do it"),
    key(Mode::Watch, &["?", "F1"], Action::Help, always, "keys", "all keys"),
    key(Mode::Watch, &["q"], Action::Quit, always, "quit", "back to the list; in the list, leave"),
    key(Mode::Prompt, &["Enter"], Action::Accept, always, "accept", "keep the filter"),
    key(Mode::Prompt, &["Esc"], Action::Close, always, "back", "the filter as it was before"),
    key(Mode::Ask, &["y", "Y"], Action::Yes, always, "yes", "yes"),
    key(Mode::Ask, &["n", "N", "Esc", "q"], Action::Close, always, "no", "no"),
    key(Mode::Everywhere, &["Ctrl-Z"], Action::Suspend, always, "", "back to the shell for a while; `fg` returns"),
    key(Mode::Everywhere, &["Ctrl-C"], Action::Leave, always, "", "leave without a question; what runs goes on"),
];

impl Keyed for Model {
    type Action = Action;
    type Mode = Mode;
    const NAME: &'static str = "watch";
    const TABLE: &'static [Binding] = TABLE;
    const SECTIONS: &'static [(Mode, &'static str)] = &[
        (Mode::List, "Watch, in the list"),
        (Mode::Details, "Watch, in the details"),
        (Mode::Watch, "Watch, in both"),
        (Mode::Everywhere, "Watch, everywhere"),
        (Mode::Prompt, "Watch, while typing a filter"),
        (Mode::Ask, "Watch, at a question"),
    ];
    const PLACES: &'static [&'static [Mode]] = &[
        &[Mode::List, Mode::Watch, Mode::Everywhere],
        &[Mode::Details, Mode::Watch, Mode::Everywhere],
        &[Mode::Prompt, Mode::Everywhere],
        &[Mode::Ask, Mode::Everywhere],
    ];
    const TYPING: &'static [Mode] = &[Mode::Prompt];
    const LAYERS: &'static [Mode] = &[Mode::Prompt, Mode::Ask];
    const NEEDED: &'static [&'static str] = &["leave"];

    fn modes(&self) -> &'static [Mode] {
        match (&self.layer, self.focus) {
            (None, Focus::List) => &[Mode::List, Mode::Watch, Mode::Everywhere],
            (None, Focus::Details) => &[Mode::Details, Mode::Watch, Mode::Everywhere],
            (Some(Layer::Filter { .. } | Layer::EventFilter { .. }), _) => {
                &[Mode::Prompt, Mode::Everywhere]
            }
            (Some(Layer::Ask { .. }), _) => &[Mode::Ask, Mode::Everywhere],
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
