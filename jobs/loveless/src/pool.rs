//! A pool of function processes: Lambda's concurrency on one machine.
//!
//! ```no_run
//! # async fn example() {
//! use std::time::Duration;
//! use loveless::{FunctionPool, FunctionSpec, Invocation};
//!
//! let pool = FunctionPool::new(
//!     FunctionSpec {
//!         name: "resize".into(),
//!         command: vec!["python3".into(), "-m".into(), "awslambdaric".into(), "app.handler".into()],
//!         env: Default::default(),
//!         memory_mb: 1769,
//!         timeout: Duration::from_secs(30),
//!         region: "us-east-1".into(),
//!         arn: "arn:aws:lambda:us-east-1:000000000000:function:resize".into(),
//!         extensions: None,
//!     },
//!     4,
//! );
//! let completed = pool.invoke(Invocation::new(r#"{"width": 10}"#)).await.expect("four may run");
//! assert!(completed.result.is_ok());
//! # }
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::function::{Completed, FunctionSpec, Invocation};
use crate::process::Slot;

/// Idle processes are ended after this long.
const IDLE_AFTER: Duration = Duration::from_mins(5);

/// As many processes of one function as are needed, up to a limit.
///
/// Each process does one invocation at a time and is kept for the next; the one used last is used
/// first, so that the others grow old and are ended. A process that fails (exit, time-out,
/// memory) is never used again. Dropping the pool kills every process.
#[derive(Debug)]
pub struct FunctionPool {
    inner: Arc<Inner>,
}

/// All the function's processes are busy and there may be no more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the concurrency limit of {limit} is reached")]
pub struct Throttled {
    /// The limit; 0 when the pool has been shut down.
    pub limit: usize,
}

#[derive(Debug)]
struct Inner {
    spec: Arc<FunctionSpec>,
    limit: usize,
    idle_after: Duration,
    free: Semaphore,
    /// Slots with a process, the one used last at the end.
    idle: Mutex<Vec<Idle>>,
    watched: AtomicBool,
    closed: CancellationToken,
}

#[derive(Debug)]
struct Idle {
    slot: Slot,
    since: Instant,
}

impl FunctionPool {
    /// A pool with no process yet. `concurrency` is at least 1.
    #[must_use]
    pub fn new(spec: FunctionSpec, concurrency: usize) -> FunctionPool {
        let limit = concurrency.clamp(1, 1 << 20);
        FunctionPool {
            inner: Arc::new(Inner {
                spec: Arc::new(spec),
                limit,
                idle_after: IDLE_AFTER,
                free: Semaphore::new(limit),
                idle: Mutex::default(),
                watched: AtomicBool::new(false),
                closed: CancellationToken::new(),
            }),
        }
    }

    /// The same pool with another time after which idle processes are ended (5 minutes if not
    /// said). To be called before the first invocation.
    #[must_use]
    pub fn with_idle_after(self, idle_after: Duration) -> FunctionPool {
        let spec = FunctionSpec::clone(&self.inner.spec);
        let mut pool = FunctionPool::new(spec, self.inner.limit);
        if let Some(inner) = Arc::get_mut(&mut pool.inner) {
            inner.idle_after = idle_after;
        }
        pool
    }

    /// Runs one invocation to its end on a warm process, else on a new one.
    ///
    /// Every failure of the function or its process is an `Ok` with an error in
    /// [`Completed::result`]; [`Throttled`] means that nothing was run. Dropping the future kills
    /// the process that works on the invocation, with its whole group.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Completed, Throttled> {
        let inner = &self.inner;
        let _permit = inner.free.try_acquire().map_err(|_| Throttled {
            limit: if inner.closed.is_cancelled() {
                0
            } else {
                inner.limit
            },
        })?;
        self.watch();
        let mut slot = inner.take();
        let completed = tokio::select! {
            completed = slot.invoke(invocation) => completed,
            // The process is killed with its slot.
            () = inner.closed.cancelled() => return Err(Throttled { limit: 0 }),
        };
        if slot.is_alive() {
            inner.idle().push(Idle {
                slot,
                since: Instant::now(),
            });
        }
        Ok(completed)
    }

    /// Invocations that run now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.inner.limit - self.inner.free.available_permits()
    }

    /// Ends every process and refuses what comes after. Invocations that still run are killed and
    /// end as [`Throttled`] with limit 0: to drain, stop invoking and wait until
    /// [`running`](FunctionPool::running) is 0.
    pub async fn shutdown(&self) {
        self.inner.closed.cancel();
        // Every permit back means that every invocation has ended.
        if let Ok(all) = self.inner.free.acquire_many(self.inner.limit as u32).await {
            all.forget();
        }
        self.inner.free.close();
        let idle = std::mem::take(&mut *self.inner.idle());
        let mut ends = tokio::task::JoinSet::new();
        for Idle { slot, .. } in idle {
            ends.spawn(slot.end());
        }
        ends.join_all().await;
    }

    /// Starts the task that ends idle processes, once.
    fn watch(&self) {
        if !self.inner.watched.swap(true, Ordering::Relaxed) {
            tokio::spawn(end_idle(Arc::downgrade(&self.inner), self.inner.idle_after));
        }
    }
}

impl Drop for FunctionPool {
    fn drop(&mut self) {
        self.inner.closed.cancel();
    }
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The warm slot used last, before one whose process is still coming back from its last
    /// answer, before an empty one.
    fn take(&self) -> Slot {
        let mut idle = self.idle();
        idle.retain(|idle| idle.slot.is_alive());
        let ready = idle.iter().rposition(|idle| idle.slot.is_ready());
        match ready.or_else(|| idle.len().checked_sub(1)) {
            Some(index) => idle.remove(index).slot,
            None => Slot::new(self.spec.clone()),
        }
    }

    fn take_old(&self) -> Vec<Slot> {
        let mut idle = self.idle();
        let old = idle.extract_if(.., |idle| {
            idle.since.elapsed() >= self.idle_after || !idle.slot.is_alive()
        });
        old.map(|idle| idle.slot).collect()
    }
}

async fn end_idle(pool: Weak<Inner>, idle_after: Duration) {
    let every = (idle_after / 4).clamp(Duration::from_millis(10), Duration::from_secs(15));
    loop {
        tokio::time::sleep(every).await;
        let Some(inner) = pool.upgrade() else { return };
        let old = inner.take_old();
        drop(inner);
        for slot in old {
            slot.end().await;
        }
    }
}
