//! Stopping long pixel work soon.
//!
//! Every stage is written once, for any `Interrupt`. With `Never` its error cannot exist, so the public functions
//! that promise a result take it out without a way to fail; with a [`Cancel`] they end within some milliseconds of
//! the wish.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that stops long pixel work soon. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// The work was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Cancel {
    /// A flag that nobody has raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag, for good: later work with this flag stops at once.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is raised.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What may end work early. Loops ask it about once per row of pixels.
pub(crate) trait Interrupt: Sync {
    /// Why the work ended.
    type Stopped: Send;

    /// An error when the work shall end.
    fn check(&self) -> Result<(), Self::Stopped>;
}

impl Interrupt for Cancel {
    type Stopped = Cancelled;

    fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// Nothing ends the work.
pub(crate) struct Never;

impl Interrupt for Never {
    type Stopped = Infallible;

    fn check(&self) -> Result<(), Infallible> {
        Ok(())
    }
}
