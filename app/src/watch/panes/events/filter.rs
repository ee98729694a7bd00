//! Which events somebody wants to see.

use whiteboarder_jobs::track::event::Event;
use whiteboarder_jobs::watch::Opened;

/// What an event must be like; the default lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What its type, state, error, worker or resource has in it, in capitals or not.
    pub text: String,
    /// Only what failed, was stopped or took too long.
    pub failed_only: bool,
    /// Only this state's, and what is inside of it.
    pub state: Option<String>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Indices of the events that it lets through, in order.
    pub fn rows(&self, opened: &Opened) -> Vec<usize> {
        if self.is_empty() {
            return (0..opened.events.len()).collect();
        }
        let needle = self.text.to_lowercase();
        let inside = self.state.as_deref().map(|state| steps_of(opened, state));
        let wanted = |index: &usize| {
            let Some(event) = opened.events.get(*index) else {
                return false;
            };
            if self.failed_only && !is_failure(event) {
                return false;
            }
            if let Some(inside) = &inside {
                let owner = opened.owners.get(*index).copied().flatten();
                if !owner
                    .and_then(|owner| inside.get(owner).copied())
                    .unwrap_or(false)
                {
                    return false;
                }
            }
            if needle.is_empty() {
                return true;
            }
            let texts = [
                Some(event.kind.as_str()),
                state_of(opened, *index),
                event.error.as_deref(),
                event.worker.as_deref(),
                event.resource.as_deref(),
            ];
            texts.into_iter().flatten().any(|text| has(text, &needle))
        };
        (0..opened.events.len()).filter(wanted).collect()
    }
}

/// Of each step, whether it is a visit of this state or inside of one.
fn steps_of(opened: &Opened, state: &str) -> Vec<bool> {
    let mut inside = Vec::with_capacity(opened.view.steps.len());
    for step in &opened.view.steps {
        // A step comes after the one that it is inside of.
        let outer = step.within.and_then(|within| inside.get(within).copied());
        inside.push(step.name == state || outer.unwrap_or(false));
    }
    inside
}

/// Whether the text has the needle, which is in small letters, in it.
fn has(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return text
            .windows(needle.len())
            .any(|part| part.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}

/// The state that an event belongs to.
pub fn state_of(opened: &Opened, index: usize) -> Option<&str> {
    let owner = opened.owners.get(index).copied().flatten();
    let step = owner.and_then(|owner| opened.view.steps.get(owner));
    let own = opened
        .events
        .get(index)
        .and_then(|event| event.name.as_deref());
    step.map(|step| step.name.as_str()).or(own)
}

/// Whether an event says that something went wrong.
pub fn is_failure(event: &Event) -> bool {
    let kind = event.kind.as_str();
    ["Failed", "TimedOut", "Aborted"]
        .iter()
        .any(|end| kind.ends_with(end))
        || event.error.is_some()
}
