//! What all requests of an upload pass: as many at a time as the [`Limiter`] says, and never more bytes
//! in memory than the budget, whatever the files' sizes.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::limiter::Limiter;

/// Memory is counted in units of so many bytes.
const UNIT: u64 = 1024;

#[derive(Debug)]
pub(super) struct Gate {
    began: Instant,
    slots: Semaphore,
    memory: Semaphore,
    units: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    /// Slots there are: free, taken, and owed.
    slots: usize,
    /// Slots that are taken away as soon as they come back.
    owed: usize,
    last_success: Instant,
}

/// A request that may be made now. Without an end that is told it only gives its place back.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    slot: Option<SemaphorePermit<'a>>,
    _memory: Option<SemaphorePermit<'a>>,
}

impl Gate {
    pub(super) fn new(most: usize, memory: u64) -> Self {
        let limiter = Limiter::new(most);
        let slots = limiter.limit();
        let units = u32::try_from(memory.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let units = units.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize) as u32);
        let now = Instant::now();
        Self {
            began: now,
            slots: Semaphore::new(slots),
            memory: Semaphore::new(units as usize),
            units,
            state: Mutex::new(State {
                limiter,
                slots,
                owed: 0,
                last_success: now,
            }),
        }
    }

    /// Waits for a place and for memory. A request that is larger than the budget gets all of it.
    pub(super) async fn pass(&self, bytes: u64) -> Pass<'_> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        // Neither is ever closed; and who has a place always gets memory at last, since only those
        // with a place have any.
        let slot = self.slots.acquire().await.ok();
        let memory = self.memory.acquire_many(units.min(self.units)).await.ok();
        Pass {
            gate: self,
            slot,
            _memory: memory,
        }
    }

    /// How long ago the last request succeeded.
    pub(super) fn idle(&self) -> Duration {
        self.lock().last_success.elapsed()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn adjust(&self, state: &mut State) {
        let limit = state.limiter.limit();
        while state.slots < limit {
            state.slots += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.slots.add_permits(1);
            }
        }
        while state.slots > limit {
            state.slots -= 1;
            if self.slots.forget_permits(1) == 0 {
                state.owed += 1;
            }
        }
    }
}

impl Pass<'_> {
    pub(super) fn succeeded(self, bytes: u64) {
        let mut state = self.gate.lock();
        state.last_success = Instant::now();
        let full = self.gate.slots.available_permits() == 0;
        let now = self.gate.began.elapsed();
        state.limiter.succeeded(now, bytes, full);
        self.gate.adjust(&mut state);
    }

    pub(super) fn objected(self) {
        let mut state = self.gate.lock();
        let now = self.gate.began.elapsed();
        state.limiter.objected(now);
        self.gate.adjust(&mut state);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let mut state = self.gate.lock();
        if state.owed > 0 {
            state.owed -= 1;
            slot.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn memory_is_bounded_whatever_the_sizes() {
        let gate = Gate::new(32, 1_000_000);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let sizes = (0..300_u64).map(|n| n * 7_919 % 2_000_000);
        futures::stream::iter(sizes)
            .map(|bytes| {
                let (gate, now, most) = (&gate, &now, &most);
                async move {
                    let pass = gate.pass(bytes).await;
                    // One that is larger than the budget has it for itself.
                    let counted = bytes.min(1_000_000);
                    most.fetch_max(
                        now.fetch_add(counted, Ordering::SeqCst) + counted,
                        Ordering::SeqCst,
                    );
                    tokio::task::yield_now().await;
                    now.fetch_sub(counted, Ordering::SeqCst);
                    pass.succeeded(bytes);
                }
            })
            .buffer_unordered(100)
            .collect::<Vec<_>>()
            .await;
        let most = most.into_inner();
        assert!((1..=1_000_448).contains(&most), "{most}");
    }

    #[tokio::test]
    async fn places_follow_the_limit_down_and_none_is_lost() {
        let gate = Gate::new(4, 1 << 20);
        let four = [
            gate.pass(1).await,
            gate.pass(1).await,
            gate.pass(1).await,
            gate.pass(1).await,
        ];
        let [one, two, three, four] = four;
        one.objected();
        assert_eq!(gate.slots.available_permits(), 0, "two of three are left");
        drop((two, three));
        assert_eq!(gate.slots.available_permits(), 1);
        drop(four);
        assert_eq!(gate.slots.available_permits(), 2);
        assert_eq!(gate.lock().owed, 0);
    }
}
