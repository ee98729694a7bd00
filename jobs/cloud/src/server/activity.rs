//! Is anybody using this cloud? Counts requests for the idle clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests in flight, and when the last one ended.
///
/// Workers' polls and status requests are not counted: an idle worker must not keep an idle cloud alive.
pub(crate) struct Activity(Mutex<State>);

struct State {
    in_flight: usize,
    last: Instant,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            in_flight: 0,
            last: Instant::now(),
        }))
    }

    /// Counts a request until the guard is dropped.
    pub(crate) fn request(&self) -> InFlight<'_> {
        self.with(|state| state.in_flight += 1);
        InFlight(self)
    }

    /// Something else happened, which may count as use.
    pub(crate) fn touch_if(&self, used: bool) {
        if used {
            self.with(|state| state.last = Instant::now());
        }
    }

    /// How long there has been no request; `None` while there is one.
    pub(crate) fn idle_for(&self) -> Option<Duration> {
        self.with(|state| (state.in_flight == 0).then(|| state.last.elapsed()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request in flight.
pub(crate) struct InFlight<'a>(&'a Activity);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.in_flight -= 1;
            state.last = Instant::now();
        });
    }
}
