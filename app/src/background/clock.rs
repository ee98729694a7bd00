//! How long rows took to come and to go, also where that happens beside the rolling.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::Instant;

use whiteboarder_core::strips::{Layout, RowSink, RowSource, StripError};

/// Adds up times, of several threads.
#[derive(Debug)]
pub struct Clock {
    home: ThreadId,
    all: AtomicU64,
    blocking: AtomicU64,
}

impl Clock {
    /// At zero. The thread that makes it is the one that waits.
    pub fn new() -> Clock {
        Clock {
            home: thread::current().id(),
            all: AtomicU64::new(0),
            blocking: AtomicU64::new(0),
        }
    }

    /// Seconds in all threads.
    pub fn all(&self) -> f64 {
        seconds(&self.all)
    }

    /// Seconds in the thread that made the clock.
    pub fn blocking(&self) -> f64 {
        seconds(&self.blocking)
    }

    fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let done = work();
        let nanoseconds = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.all.fetch_add(nanoseconds, Ordering::Relaxed);
        if thread::current().id() == self.home {
            self.blocking.fetch_add(nanoseconds, Ordering::Relaxed);
        }
        done
    }
}

fn seconds(nanoseconds: &AtomicU64) -> f64 {
    nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
}

/// A source or a sink whose time is taken.
#[derive(Debug)]
pub struct Timed<'a, S> {
    inner: S,
    clock: &'a Clock,
}

impl<'a, S> Timed<'a, S> {
    /// Time goes to this clock.
    pub fn new(inner: S, clock: &'a Clock) -> Timed<'a, S> {
        Timed { inner, clock }
    }
}

impl<T> RowSource<T> for Timed<'_, Box<dyn RowSource<T>>> {
    fn layout(&self) -> Layout {
        self.inner.layout()
    }

    fn read_rows(&mut self, rows: &mut [T]) -> Result<(), StripError> {
        self.clock.time(|| self.inner.read_rows(rows))
    }

    fn rewind(&mut self) -> Result<(), StripError> {
        self.clock.time(|| self.inner.rewind())
    }

    fn buffer_bytes(&self) -> u64 {
        self.inner.buffer_bytes()
    }
}

impl<T> RowSink<T> for Timed<'_, Box<dyn RowSink<T>>> {
    fn write_rows(&mut self, rows: &[T]) -> Result<(), StripError> {
        self.clock.time(|| self.inner.write_rows(rows))
    }

    fn finish(&mut self) -> Result<(), StripError> {
        self.clock.time(|| self.inner.finish())
    }

    fn buffer_bytes(&self) -> u64 {
        self.inner.buffer_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_do_meanwhile_does_not_block() {
        let clock = Clock::new();
        let nap = || thread::sleep(std::time::Duration::from_millis(2));
        clock.time(nap);
        let (all, blocking) = (clock.all(), clock.blocking());
        assert!(all >= 0.002 && (all - blocking).abs() < 1e-9);
        thread::scope(|scope| {
            scope.spawn(|| clock.time(nap));
        });
        assert!(clock.all() > all && (clock.blocking() - blocking).abs() < 1e-9);
    }
}
