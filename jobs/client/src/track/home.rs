//! What is known of one item's home: the place in the bucket where the work on it is done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::calls::ListedExecution;
use super::event::Event;
use super::history::{Compute, ExecutionStatus, ExecutionView, Fold};
use super::outcome::FailureRecord;

/// How often an execution that ended badly is read again at most: it may have been redriven.
const REDRIVE_CHECK: Duration = Duration::from_secs(5);
/// A history without news is read again after this part of the time that it has had none.
const PATIENCE_PART: u32 = 4;

/// Which histories are read first when not all can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Something says that it has ended.
    Ending,
    /// Nothing is known of it.
    Unread,
    /// It runs.
    Running,
    /// It ended badly, and may have been redriven.
    Redrive,
}

/// One execution.
#[derive(Debug)]
pub(super) struct Watched {
    fold: Fold,
    /// When it was read.
    pub(super) read: Option<Instant>,
    /// When there was last anything new.
    news: Instant,
    /// When something first said that it has ended.
    ending: Option<Instant>,
    /// What `ListExecutions` said.
    listed: Option<ListedExecution>,
    /// Milliseconds since the epoch when its record was written.
    recorded_ms: i64,
    /// The service does not know it (yet, or any more).
    unknown: bool,
}

impl Watched {
    pub(super) fn new(execution: &str, recorded_ms: i64, now: Instant) -> Self {
        Self {
            fold: Fold::new(execution),
            read: None,
            news: now,
            ending: None,
            listed: None,
            recorded_ms,
            unknown: false,
        }
    }

    pub(super) fn last_event(&self) -> u64 {
        self.fold.last_event()
    }

    /// Whether nothing more is to be learnt of it.
    pub(super) fn is_known(&self) -> bool {
        self.fold.is_ended() || self.unknown
    }

    pub(super) fn ended_badly(&self) -> bool {
        self.fold.is_ended() && self.fold.status() != ExecutionStatus::Succeeded
    }

    pub(super) fn succeeded(&self) -> bool {
        self.fold.status() == ExecutionStatus::Succeeded
    }

    /// Whether and how urgently its history should be read.
    pub(super) fn due(&self, base: Duration, now: Instant) -> Option<Urgency> {
        let Some(read) = self.read else {
            let ending = self.ending.is_some();
            return Some(if ending {
                Urgency::Ending
            } else {
                Urgency::Unread
            });
        };
        if self.succeeded() {
            return None;
        }
        let part = |since: Instant| now.saturating_duration_since(since) / PATIENCE_PART;
        let (urgency, interval) = match self.ending {
            _ if self.is_known() => (Urgency::Redrive, REDRIVE_CHECK.max(part(self.news))),
            Some(since) => (Urgency::Ending, base.max(part(since))),
            None => (Urgency::Running, base.max(part(self.news))),
        };
        (now.saturating_duration_since(read) >= interval).then_some(urgency)
    }

    /// Something says that it has ended.
    pub(super) fn hint(&mut self, now: Instant) {
        if !self.is_known() {
            self.ending.get_or_insert(now);
        }
    }

    /// Takes events in; true when they are news.
    pub(super) fn apply(&mut self, events: &[Event], now: Instant) -> bool {
        let new = !events.is_empty() || self.unknown || self.read.is_none();
        self.read = Some(now);
        self.unknown = false;
        for event in events {
            self.fold.apply(event);
        }
        if new {
            self.news = now;
        }
        if self.fold.is_ended() {
            self.ending = None;
        }
        new
    }

    /// The service knows no such execution; true when that is news.
    pub(super) fn forget(&mut self, now: Instant) -> bool {
        self.read = Some(now);
        if !self.unknown {
            self.news = now;
        }
        !std::mem::replace(&mut self.unknown, true)
    }

    /// Takes in what `ListExecutions` says; true when that is news.
    pub(super) fn list(&mut self, listed: ListedExecution, now: Instant) -> bool {
        if listed.status != ExecutionStatus::Running {
            self.hint(now);
        }
        let new = self.listed.as_ref() != Some(&listed);
        self.listed = Some(listed);
        new && self.last_event() == 0
    }

    /// What is known of it: by its history, or by what was listed as long as that was not read.
    fn view(&self, record: Option<&FailureRecord>) -> Option<ExecutionView> {
        if self.last_event() > 0 {
            return Some(self.fold.view());
        }
        if self.unknown {
            return None;
        }
        let mut view = self.fold.view();
        view.started_ms = Some(self.recorded_ms);
        let Some(listed) = &self.listed else {
            return Some(view);
        };
        view.started_ms = Some(listed.started_ms);
        // A failure without its reason is no answer yet.
        if listed.status == ExecutionStatus::Succeeded || record.is_some() {
            view.status = listed.status;
            view.stopped_ms = listed.stopped_ms;
        }
        if let Some(record) = record.filter(|_| view.status != ExecutionStatus::Succeeded) {
            view.error.clone_from(&record.error);
            view.cause = Some(record.message.clone());
        }
        Some(view)
    }
}

/// Where the work on an item is done, and what is known of that.
#[derive(Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts that come and go by themselves"
)]
pub(super) struct Home {
    pub(super) batch: String,
    pub(super) name: String,
    /// The items that it does the work for, by their place in the manifest.
    pub(super) items: Vec<usize>,
    /// Executions by name.
    pub(super) runs: BTreeMap<String, Watched>,
    /// When the original was stored, milliseconds since the epoch; none: it is not there.
    pub(super) stored_ms: Option<i64>,
    pub(super) cleaned: bool,
    /// Whether `failed/…` is there.
    pub(super) has_record: bool,
    /// What it says, when it was read.
    pub(super) record: Option<FailureRecord>,
    /// Whether its batch was deleted.
    pub(super) gone: bool,
    /// Whether anything has changed since its items were folded.
    pub(super) dirty: bool,
    /// Whether all of its items are settled.
    pub(super) settled: bool,
}

impl Home {
    /// No execution is known that could speak for it.
    pub(super) fn is_silent(&self) -> bool {
        !self.cleaned && self.runs.values().all(|run| run.unknown)
    }

    /// Whether its failure has to be read from its record: its executions do not tell.
    pub(super) fn wants_record(&self, now_known: bool) -> bool {
        let untold = self.runs.values().all(|run| run.last_event() == 0);
        let hopeless = self.runs.values().all(Watched::is_known);
        self.has_record && self.record.is_none() && untold && (hopeless || now_known)
    }

    pub(super) fn views(&self) -> Vec<ExecutionView> {
        let views = self.runs.values();
        views
            .filter_map(|run| run.view(self.record.as_ref()))
            .collect()
    }

    /// The activity whose queue it waits in.
    pub(super) fn activity(&self) -> Option<String> {
        let views = self.views();
        let waiting = views
            .iter()
            .filter(|view| view.waiting_for_worker_since_ms.is_some());
        let mut steps = waiting.flat_map(ExecutionView::queued);
        steps.find_map(|step| match &step.attempts.last()?.compute {
            Compute::Activity { activity } => Some(activity.clone()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(200);

    fn event(id: u64, kind: &str) -> Event {
        let kind = kind.to_owned();
        Event {
            id,
            kind,
            ..Event::default()
        }
    }

    /// How often a history is read while it says nothing new for so long.
    fn reads(run: &mut Watched, from: Instant, seconds: u64) -> usize {
        let mut count = 0;
        let mut now = from;
        while now < from + Duration::from_secs(seconds) {
            if run.due(BASE, now).is_some() {
                run.apply(&[], now);
                count += 1;
            }
            now += BASE;
        }
        count
    }

    #[test]
    fn a_history_without_news_is_read_less_and_less() {
        let start = Instant::now();
        let mut run = Watched::new("e", 0, start);
        run.apply(&[event(1, "ExecutionStarted")], start);
        let minute = reads(&mut run, start, 60);
        let more = reads(&mut run, start + Duration::from_mins(1), 540);
        assert!(minute < 40, "{minute}");
        assert!(more < 15, "{more} in the nine minutes after");
    }

    #[test]
    fn one_that_succeeded_is_never_read_again_and_one_that_failed_seldom() {
        let start = Instant::now();
        let mut run = Watched::new("e", 0, start);
        run.apply(
            &[event(1, "ExecutionStarted"), event(2, "ExecutionSucceeded")],
            start,
        );
        assert_eq!(reads(&mut run, start, 3_600), 0);
        let mut run = Watched::new("e", 0, start);
        run.apply(
            &[event(1, "ExecutionStarted"), event(2, "ExecutionFailed")],
            start,
        );
        let failed = reads(&mut run, start, 3_600);
        assert!((1..30).contains(&failed), "{failed}");
    }

    #[test]
    fn what_seems_to_have_ended_is_read_first() {
        let start = Instant::now();
        let mut run = Watched::new("e", 0, start);
        assert_eq!(run.due(BASE, start), Some(Urgency::Unread));
        run.apply(&[event(1, "ExecutionStarted")], start);
        assert_eq!(run.due(BASE, start), None);
        assert_eq!(run.due(BASE, start + BASE), Some(Urgency::Running));
        run.hint(start);
        assert_eq!(run.due(BASE, start + BASE), Some(Urgency::Ending));
    }

    #[test]
    fn what_was_only_listed_speaks_when_it_tells_enough() {
        let start = Instant::now();
        let mut run = Watched::new("e", 5, start);
        let listed = |status| ListedExecution {
            name: "e".into(),
            status,
            started_ms: 10,
            stopped_ms: Some(30),
            ..ListedExecution::default()
        };
        assert_eq!(run.view(None).unwrap().status, ExecutionStatus::Running);
        run.list(listed(ExecutionStatus::Failed), start);
        assert_eq!(run.view(None).unwrap().status, ExecutionStatus::Running);
        let record = FailureRecord {
            error: Some("ImageCorrupt".into()),
            message: "it ends early".into(),
            ..FailureRecord::default()
        };
        let view = run.view(Some(&record)).unwrap();
        assert_eq!(view.status, ExecutionStatus::Failed);
        assert_eq!(view.cause.as_deref(), Some("it ends early"));
        run.list(listed(ExecutionStatus::Succeeded), start);
        let view = run.view(None).unwrap();
        assert_eq!(
            (view.status, view.stopped_ms),
            (ExecutionStatus::Succeeded, Some(30))
        );
    }
}
