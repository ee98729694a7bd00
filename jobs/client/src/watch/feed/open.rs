//! The open execution: its whole history, in portions, and then what is new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ask::{Asker, Call};
use super::read::{WHOLE, newest};
use crate::error::JobsError;
use crate::track::calls::Described;
use crate::track::event::Event;
use crate::track::history::Fold;
use crate::watch::message::Opened;

/// A history without news is read again after this part of the time that it has had none, …
const PATIENCE_PART: u32 = 6;
/// … at least so often.
const AT_LEAST: Duration = Duration::from_secs(10);
/// A long history is told of again when it has grown by this part.
const PORTION: usize = 2;

/// What was asked for the open execution.
pub(super) struct Answer {
    /// Which opening it was for: another one may be open by now.
    pub(super) turn: u64,
    pub(super) told: Told,
}

/// What an answer says.
pub(super) enum Told {
    Described(Result<Box<Described>, JobsError>),
    Definition(Result<String, JobsError>),
    /// A page of the history, oldest first, and where the next begins.
    Page(Result<(Vec<Event>, Option<String>), JobsError>),
    /// What is new.
    New(Result<Vec<Event>, JobsError>),
}

/// What is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Page(Option<String>),
    New(u64),
}

/// The open execution.
pub(super) struct Opening {
    pub(super) arn: String,
    pub(super) turn: u64,
    fold: Fold,
    events: Vec<Arc<Event>>,
    owners: Vec<Option<usize>>,
    described: Option<Box<Described>>,
    definition: Option<String>,
    next: Option<String>,
    complete: bool,
    /// How many events were told of.
    told: usize,
    busy: bool,
    due: Instant,
    news: Instant,
}

impl Opening {
    pub(super) fn new(arn: String, turn: u64, now: Instant) -> Self {
        let name = arn.rsplit(':').next().unwrap_or_default();
        Self {
            fold: Fold::new(name),
            arn,
            turn,
            events: Vec::new(),
            owners: Vec::new(),
            described: None,
            definition: None,
            next: None,
            complete: false,
            told: 0,
            busy: false,
            due: now,
            news: now,
        }
    }

    /// Whether anything was told of it.
    pub(super) fn was_told(&self) -> bool {
        self.told > 0
    }

    /// Whether its history was read to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether nothing more will come, as far as its history says.
    pub(super) fn is_over(&self) -> bool {
        self.complete && self.fold.is_ended()
    }

    /// When something should be asked for.
    pub(super) fn due(&self, redriven: bool) -> Option<Instant> {
        (!self.busy && (redriven || !self.is_over())).then_some(self.due)
    }

    /// What to ask for now.
    pub(super) fn begin(&mut self) -> Want {
        self.busy = true;
        if self.complete {
            Want::New(self.fold.last_event())
        } else {
            Want::Page(self.next.clone())
        }
    }

    pub(super) fn failed(&mut self, now: Instant) {
        self.busy = false;
        self.due = now + Duration::from_secs(1);
    }

    pub(super) fn described(&mut self, described: Box<Described>) {
        self.described = Some(described);
    }

    /// The definition it was started with; true when it is another one than the machine has now.
    pub(super) fn defined(&mut self, definition: String, present: Option<&str>) -> bool {
        let other = present != Some(definition.as_str());
        self.definition = other.then_some(definition);
        other
    }

    /// Takes events in. True when there is enough new to tell of it.
    pub(super) fn took(
        &mut self,
        events: Vec<Event>,
        next: Option<String>,
        every: Duration,
        now: Instant,
    ) -> bool {
        self.busy = false;
        if !events.is_empty() {
            self.news = now;
        }
        for event in events {
            if event.id <= self.fold.last_event() {
                continue;
            }
            self.fold.apply(&event);
            self.owners.push(self.fold.owner(event.id));
            self.events.push(Arc::new(event));
        }
        let was_complete = self.complete;
        self.complete |= next.is_none();
        self.next = next;
        let silent = now.saturating_duration_since(self.news);
        self.due = if self.complete {
            now + (silent / PATIENCE_PART).clamp(every, AT_LEAST.max(every))
        } else {
            now
        };
        let grown = self.events.len() >= self.told * PORTION;
        let new = self.events.len() > self.told;
        (self.complete && (new || !was_complete)) || (new && grown)
    }

    /// Everything that is known.
    pub(super) fn tell(&mut self) -> Arc<Opened> {
        self.told = self.events.len();
        let view = self.fold.view();
        let described = self.described.as_deref();
        let first = self.events.first().filter(|event| event.id == 1);
        let last = self.events.iter().rev();
        let mut last = last.filter(|event| event.kind == "ExecutionSucceeded");
        let input = described.and_then(|described| described.input.clone());
        let output = described.and_then(|described| described.output.clone());
        let opened = Opened {
            arn: self.arn.clone(),
            view,
            events: self.events.clone(),
            owners: self.owners.clone(),
            complete: self.complete,
            definition: self.definition.clone(),
            input: input.or_else(|| first?.input.clone()),
            output: output.or_else(|| last.next()?.output.clone()),
        };
        Arc::new(opened)
    }
}

/// Asks what the service says of the execution itself.
pub(super) async fn describe(ask: Asker, turn: u64, arn: String) -> Answer {
    ask.wait(Call::Describe).await;
    let described = ask.describe(&arn).await.map(Box::new);
    let told = Told::Described(described);
    Answer { turn, told }
}

/// Asks for the definition that the execution was started with.
pub(super) async fn define(ask: Asker, turn: u64, arn: String) -> Answer {
    ask.wait(Call::MachineOf).await;
    let told = Told::Definition(ask.definition_of(&arn).await);
    Answer { turn, told }
}

/// Asks for events.
pub(super) async fn fetch(ask: Asker, turn: u64, arn: String, want: Want) -> Answer {
    let told = match want {
        Want::Page(next) => {
            ask.wait(Call::History).await;
            Told::Page(ask.history(&arn, false, WHOLE, next).await)
        }
        Want::New(last) => Told::New(newest(&ask, &arn, last).await),
    };
    Answer { turn, told }
}
