//! Which page of which list is asked for next: the newest, those that run, all.

use std::time::{Duration, Instant};

/// Executions of the first page of a look: the first screen comes at once, and often nothing else is new.
pub(super) const FIRST: i32 = 100;
/// … of all others.
pub(super) const PAGE: i32 = 1_000;
/// Those that run are listed at least so often: one that was redriven may be anywhere in the list.
const RUNNING_EVERY: Duration = Duration::from_secs(30);
/// Everything is listed again so often: lists are a little behind, and something may have slipped through.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) part: Part,
    pub(super) size: i32,
    pub(super) next: Option<String>,
}

/// What a page is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The newest of all.
    Top,
    /// Those that run.
    Running,
    /// All.
    All,
}

/// A page that came.
#[derive(Clone, Debug, Default)]
pub(super) struct Came {
    /// Whether its last execution was not known, or not as it is.
    pub(super) last_is_news: bool,
    pub(super) next: Option<String>,
    /// Whether some that are known to run were not named by the look yet.
    pub(super) unseen: bool,
}

/// Where a look is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Rest,
    Wait(Ask),
    Asked(Ask),
}

/// A look at the newest and at those that run; and beside it the way through all.
#[derive(Debug, Default)]
pub(super) struct Listing {
    look: Step,
    all: Step,
    /// Whether all were listed once.
    pub(super) complete: bool,
    swept: Option<Instant>,
    running_listed: Option<Instant>,
    /// Whether this look has listed all that run.
    pub(super) saw_running: bool,
}

/// What follows from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// There is another page.
    More,
    /// The look is over.
    Looked,
    /// All were listed.
    Listed,
}

impl Listing {
    /// Begins a look, unless one is going on.
    pub(super) fn begin(&mut self) {
        if self.look == Step::Rest {
            self.saw_running = false;
            self.look = Step::Wait(Ask {
                part: Part::Top,
                size: FIRST,
                next: None,
            });
        }
    }

    pub(super) fn is_looking(&self) -> bool {
        self.look != Step::Rest
    }

    /// Goes through all once more.
    pub(super) fn sweep(&mut self) {
        if self.all == Step::Rest {
            self.all = Step::Wait(Ask {
                part: Part::All,
                size: PAGE,
                next: None,
            });
        }
    }

    pub(super) fn sweep_if_due(&mut self, now: Instant) {
        let since = self.swept.map(|swept| now.saturating_duration_since(swept));
        if self.complete && since.is_some_and(|since| since >= SWEEP_EVERY) {
            self.sweep();
        }
    }

    /// Whether a page waits to be asked for.
    pub(super) fn is_waiting(&self, all: bool) -> bool {
        matches!(self.look, Step::Wait(_)) || (all && matches!(self.all, Step::Wait(_)))
    }

    /// The page to ask for; the look comes first. `all`: whether one of the way through all may be next.
    pub(super) fn next(&mut self, all: bool) -> Option<Ask> {
        let step = [Some(&mut self.look), all.then_some(&mut self.all)]
            .into_iter()
            .flatten()
            .find(|step| matches!(step, Step::Wait(_)))?;
        let Step::Wait(ask) = std::mem::take(step) else {
            return None;
        };
        *step = Step::Asked(ask.clone());
        Some(ask)
    }

    /// A page came.
    pub(super) fn came(&mut self, ask: &Ask, came: Came, now: Instant) -> Then {
        let more = |next| {
            Step::Wait(Ask {
                part: ask.part,
                size: PAGE,
                next,
            })
        };
        match ask.part {
            Part::All => {
                if came.next.is_some() {
                    self.all = more(came.next);
                    return Then::More;
                }
                self.all = Step::Rest;
                self.swept = Some(now);
                self.complete = true;
                return Then::Listed;
            }
            Part::Top if came.last_is_news && came.next.is_some() && self.complete => {
                // A page's size must not change while one goes through the pages: from the top again.
                let again = ask.size == FIRST;
                self.look = more(if again { None } else { came.next });
                return Then::More;
            }
            Part::Top => {
                if came.next.is_none() {
                    // That was everything.
                    let first = !self.complete;
                    self.complete = true;
                    self.swept = Some(now);
                    self.all = Step::Rest;
                    self.look = Step::Rest;
                    self.saw_running = true;
                    return if first { Then::Listed } else { Then::Looked };
                }
                if self.swept.is_none() {
                    self.sweep();
                }
                let since = self
                    .running_listed
                    .map(|at| now.saturating_duration_since(at));
                if came.unseen || since.is_none_or(|since| since >= RUNNING_EVERY) {
                    self.look = more(None);
                    if let Step::Wait(ask) = &mut self.look {
                        ask.part = Part::Running;
                    }
                    return Then::More;
                }
            }
            Part::Running => {
                if came.next.is_some() {
                    self.look = more(came.next);
                    return Then::More;
                }
                self.running_listed = Some(now);
                self.saw_running = true;
            }
        }
        self.look = Step::Rest;
        Then::Looked
    }

    /// A page did not come: a look is over, the way through all goes on where it is.
    pub(super) fn failed(&mut self, ask: &Ask, token_is_bad: bool) {
        match ask.part {
            Part::All => {
                let next = ask.next.clone().filter(|_| !token_is_bad);
                let ask = Ask {
                    next,
                    ..ask.clone()
                };
                self.all = Step::Wait(ask);
            }
            Part::Top | Part::Running => self.look = Step::Rest,
        }
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
