//! Where an event is on its path, and what went wrong there.

/// Where an event is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// The visit that it is about.
    pub(super) step: usize,
    /// Where a state that is entered after it is.
    pub(super) leads: Leads,
    /// Whether it is an event of that visit, not just after it.
    pub(super) own: bool,
}

/// Where a path leads after an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leads {
    /// To the next state.
    On,
    /// Into a branch or an iteration.
    Into(Option<u32>),
}

/// What went wrong in a visit, other than its attempts.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// The error; empty when it is not told.
    pub(super) error: String,
    /// Whether the visit is over, and only its exit or a failure further out can follow.
    pub(super) over: bool,
}

impl Spot {
    pub(super) fn of(step: usize) -> Self {
        Self {
            step,
            leads: Leads::On,
            own: true,
        }
    }

    pub(super) fn into(step: usize, iteration: Option<u32>) -> Self {
        Self {
            leads: Leads::Into(iteration),
            ..Self::of(step)
        }
    }
}
