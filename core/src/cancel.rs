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

/// What may end work early, and is told how far it has come. Loops ask it about once per row of pixels.
pub trait Interrupt: Sync {
    /// Why the work ended.
    type Stopped: Send;

    /// An error when the work shall end.
    fn check(&self) -> Result<(), Self::Stopped>;

    /// So many more pixels are done (counted once for each pass over them); called from any thread.
    fn advance(&self, _pixels: u64) {}
}

/// A [`Cancel`] together with somebody who counts the pixels that are done.
#[derive(Debug)]
pub struct Progress<'a, F> {
    /// What ends the work.
    pub cancel: &'a Cancel,
    /// Told how many more pixels are done; from any thread.
    pub advanced: F,
}

impl<F: Fn(u64) + Sync> Interrupt for Progress<'_, F> {
    type Stopped = Cancelled;

    fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    fn advance(&self, pixels: u64) {
        (self.advanced)(pixels);
    }
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

/// An interrupt whose type is forgotten, so that what it is handed to is compiled once, in this crate and with its
/// optimisation, instead of in every crate that has an interrupt of its own.
pub(crate) struct Erased<'a> {
    /// Whether the work shall end.
    pub check: &'a (dyn Fn() -> bool + Sync),
    /// So many more pixels are done.
    pub advance: &'a (dyn Fn(u64) + Sync),
}

/// The work ended early.
#[derive(Debug)]
pub(crate) struct Ended;

impl Interrupt for Erased<'_> {
    type Stopped = Ended;

    fn check(&self) -> Result<(), Ended> {
        if (self.check)() { Err(Ended) } else { Ok(()) }
    }

    fn advance(&self, pixels: u64) {
        (self.advance)(pixels);
    }
}

/// Nothing ends the work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl Interrupt for Never {
    type Stopped = Infallible;

    fn check(&self) -> Result<(), Infallible> {
        Ok(())
    }
}
