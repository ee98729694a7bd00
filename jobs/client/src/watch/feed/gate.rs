//! When a call may be made at all: not while the service asks for fewer, denies it, or is gone.

use std::time::{Duration, Instant};

use crate::error::JobsError;
use crate::track::calls::is_throttling;

/// First pause of a call that the service asked to make less often, and the longest.
const SLOW: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// After a call that nobody answered.
const SILENT: Duration = Duration::from_millis(250);
/// What is not permitted is tried again after so long: somebody may have granted it.
const DENIED: Duration = Duration::from_mins(1);

/// Whether a call may be made at all now.
#[derive(Debug, Default)]
pub(super) struct Gate {
    pub(super) until: Option<Instant>,
    /// The pause that the last throttling led to; zero when it was long ago.
    pause: Duration,
}

impl Gate {
    /// Whether the service has asked for fewer calls lately.
    pub(super) fn is_slowed(&self) -> bool {
        !self.pause.is_zero()
    }

    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    pub(super) fn after(&mut self, error: Option<&JobsError>, now: Instant) {
        match error {
            Some(error) if is_throttling(error) => {
                // Calls that were on their way together are one sign, not many.
                if self.is_open(now) {
                    self.pause = (self.pause * 2).clamp(SLOW.0, SLOW.1);
                    self.until = Some(now + self.pause);
                }
            }
            Some(JobsError::AccessDenied { .. }) => self.until = Some(now + DENIED),
            // Nobody answers: those that come after need not find out one by one.
            Some(error) if error.is_transient() => self.until = Some(now + SILENT),
            Some(_) => {}
            None => {
                self.pause /= 2;
                if self.pause < SLOW.0 / 2 {
                    self.pause = Duration::ZERO;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
