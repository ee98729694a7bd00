//! What a worker is doing, for whoever watches it: `/health`, `/ready`, `/metrics`.

mod page;
mod serve;

pub use serve::serve;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::function::Completed;
use crate::source::SourceError;

/// Upper bounds of the histogram of invocations, in seconds.
const BOUNDS: [f64; 12] = [
    0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0,
];

/// Counts and gauges of one worker. Every part of it writes here; nobody waits for anybody.
#[derive(Debug)]
pub struct WorkerStatus {
    slots: Vec<AtomicU8>,
    draining: AtomicBool,
    polls: [AtomicU64; 3],
    heartbeats: [AtomicU64; 2],
    /// The longest time between two heartbeats of one task, in milliseconds.
    heartbeat_gap_ms: AtomicU64,
    answers_failed: AtomicU64,
    tasks: [AtomicU64; 4],
    starts: [AtomicU64; 2],
    memory_mb: AtomicU64,
    invocations: Mutex<Invocations>,
    refusal: Mutex<Option<SourceError>>,
}

#[derive(Debug, Default)]
struct Invocations {
    count: u64,
    seconds: f64,
    /// How many took at most as long as each of [`BOUNDS`], not added up.
    buckets: [u64; BOUNDS.len()],
    /// Failures by name.
    failures: BTreeMap<String, u64>,
}

/// What a slot is at, as far as a watcher cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Gets a process ready.
    Starting,
    /// Asks for a task.
    Polling,
    /// The function works.
    Working,
    /// The answer is on its way.
    Answering,
    /// Rests after a failure.
    Resting,
    /// Has ended.
    Ended,
}

impl Phase {
    const ALL: [Phase; 6] = [
        Phase::Starting,
        Phase::Polling,
        Phase::Working,
        Phase::Answering,
        Phase::Resting,
        Phase::Ended,
    ];

    fn name(self) -> &'static str {
        match self {
            Phase::Starting => "starting",
            Phase::Polling => "polling",
            Phase::Working => "working",
            Phase::Answering => "answering",
            Phase::Resting => "resting",
            Phase::Ended => "ended",
        }
    }
}

/// How a poll ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Poll {
    Task,
    Nothing,
    Failed,
}

/// How a task ended; the order is that of [`page`]'s names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TaskEnd {
    Succeeded,
    Failed,
    Gone,
    Undelivered,
}

impl WorkerStatus {
    /// A worker with this many slots that has not begun.
    #[must_use]
    pub fn new(slots: usize) -> WorkerStatus {
        WorkerStatus {
            slots: (0..slots.max(1))
                .map(|_| AtomicU8::new(Phase::Starting as u8))
                .collect(),
            draining: AtomicBool::default(),
            polls: Default::default(),
            heartbeats: Default::default(),
            heartbeat_gap_ms: AtomicU64::default(),
            answers_failed: AtomicU64::default(),
            tasks: Default::default(),
            starts: Default::default(),
            memory_mb: AtomicU64::default(),
            invocations: Mutex::default(),
            refusal: Mutex::default(),
        }
    }

    /// Why the source would not have this worker from the start, if it would not.
    #[must_use]
    pub fn refusal(&self) -> Option<SourceError> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a slot still lives.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.in_phase(Phase::Ended) < self.slots.len()
    }

    /// Whether the function starts and the source answers: a slot polls, works or answers, and the
    /// worker takes more tasks.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let at_work = [Phase::Polling, Phase::Working, Phase::Answering];
        !self.draining.load(Ordering::Relaxed)
            && at_work.iter().any(|phase| self.in_phase(*phase) > 0)
    }

    /// The longest time that a task was without a heartbeat so far.
    #[must_use]
    pub fn longest_heartbeat_gap(&self) -> Duration {
        Duration::from_millis(self.heartbeat_gap_ms.load(Ordering::Relaxed))
    }

    fn in_phase(&self, phase: Phase) -> usize {
        let is_in = |slot: &&AtomicU8| slot.load(Ordering::Relaxed) == phase as u8;
        self.slots.iter().filter(is_in).count()
    }

    fn invocations(&self) -> MutexGuard<'_, Invocations> {
        self.invocations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn slot_is(&self, slot: usize, phase: Phase) {
        if let Some(slot) = self.slots.get(slot) {
            slot.store(phase as u8, Ordering::Relaxed);
        }
    }

    pub(crate) fn drains(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn polled(&self, end: Poll) {
        add(&self.polls[end as usize]);
    }

    /// Whether this failure of a poll says that the worker is wrong here. A source that has answered
    /// any poll before is only out of order.
    pub(crate) fn is_turned_away_by(&self, error: &SourceError) -> bool {
        let answered = [Poll::Task, Poll::Nothing]
            .iter()
            .any(|end| self.polls[*end as usize].load(Ordering::Relaxed) > 0);
        let refused = matches!(
            error,
            SourceError::Rejected { .. } | SourceError::NoCredentials(_)
        );
        refused && !answered
    }

    pub(crate) fn turned_away(&self, error: &SourceError) {
        self.polled(Poll::Failed);
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
    }

    pub(crate) fn beat(&self, sent: bool, gap: Duration) {
        add(&self.heartbeats[usize::from(!sent)]);
        self.heartbeat_gap_ms
            .fetch_max(gap.as_millis() as u64, Ordering::Relaxed);
    }

    pub(crate) fn answer_failed(&self) {
        add(&self.answers_failed);
    }

    pub(crate) fn task_ended(&self, end: TaskEnd) {
        add(&self.tasks[end as usize]);
    }

    /// A process was made ready, or could not be.
    pub(crate) fn prepared(&self, well: bool) {
        add(&self.starts[usize::from(!well)]);
    }

    pub(crate) fn invoked(&self, completed: &Completed) {
        let seconds = completed.report.duration.as_secs_f64();
        self.memory_mb
            .fetch_max(completed.report.max_memory_mb.into(), Ordering::Relaxed);
        let mut all = self.invocations();
        all.count += 1;
        all.seconds += seconds;
        if let Some(bucket) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            all.buckets[bucket] += 1;
        }
        if let Err(error) = &completed.result {
            // A function's own names are without number; the platform's are few.
            let platform = ["Runtime.", "Sandbox.", "Function.", "Extension."];
            let is_platform = platform
                .iter()
                .any(|prefix| error.error_type.starts_with(prefix));
            let name = if is_platform && error.error_type.len() <= 64 {
                error.error_type.clone()
            } else {
                "function".to_owned()
            };
            *all.failures.entry(name).or_default() += 1;
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
