//! The open execution.

use std::time::{Duration, Instant};

use super::Engine;
use crate::error::JobsError;
use crate::track::ExecutionStatus;
use crate::track::calls::is_gone;
use crate::watch::feed::health::{Trouble, trouble};
use crate::watch::feed::jobs::Outcome;
use crate::watch::feed::open::{self, Answer, Opening, Told};
use crate::watch::feed::read::subject_of;
use crate::watch::message::News;

/// How often the open execution is read while it runs.
const EVERY: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(1));

impl Engine {
    pub(super) fn open(&mut self, arn: Option<String>, now: Instant) {
        self.table.set_open(arn.as_deref());
        let Some(arn) = arn else {
            self.opening = None;
            return;
        };
        if self.opening.as_ref().is_some_and(|open| open.arn == arn) {
            self.tell_opened(now);
            return;
        }
        self.turn += 1;
        self.opening = Some(Opening::new(arn.clone(), self.turn, now));
        let describing = open::describe(self.ask.clone(), self.turn, arn);
        self.jobs.spawn(async { Outcome::Open(describing.await) });
    }

    /// When something of the open execution should be asked for.
    pub(super) fn open_due(&self) -> Option<Instant> {
        let opening = self.opening.as_ref()?;
        if self.offline || (self.paused && opening.is_complete()) {
            return None;
        }
        // It was over, and runs again.
        let run = self.table.run(&opening.arn);
        let runs = run.is_some_and(|run| run.status == ExecutionStatus::Running);
        opening.due(runs)
    }

    /// Asks for what is next of the open execution.
    pub(super) fn follow_open(&mut self, now: Instant) {
        if self.open_due().is_some_and(|due| due <= now)
            && let Some(opening) = &mut self.opening
        {
            let (arn, turn) = (opening.arn.clone(), opening.turn);
            let fetching = open::fetch(self.ask.clone(), turn, arn, opening.begin());
            self.jobs.spawn(async { Outcome::Open(fetching.await) });
        }
    }

    pub(super) fn opened(&mut self, answer: Answer, now: Instant) {
        let Some(opening) = self
            .opening
            .as_mut()
            .filter(|opening| opening.turn == answer.turn)
        else {
            return;
        };
        let every = if self.loopback { EVERY.0 } else { EVERY.1 };
        let tells = match answer.told {
            Told::Described(Ok(described)) => {
                opening.described(described);
                opening.was_told()
            }
            Told::Definition(Ok(definition)) => {
                let machine = self.machine.as_ref();
                let present = machine.map(|machine| machine.definition.as_str());
                opening.defined(definition, present) && opening.was_told()
            }
            Told::Page(Ok((events, next))) => {
                let first = !opening.was_told();
                let tells = opening.took(events, next, every, now);
                if first {
                    let (arn, turn) = (opening.arn.clone(), opening.turn);
                    let defining = open::define(self.ask.clone(), turn, arn);
                    self.jobs.spawn(async { Outcome::Open(defining.await) });
                }
                tells
            }
            Told::New(Ok(events)) => opening.took(events, None, every, now),
            // The history alone tells nearly everything.
            Told::Described(Err(error)) if !is_gone(&error) => {
                self.not_told(&error);
                false
            }
            Told::Definition(Err(error)) => {
                self.not_told(&error);
                false
            }
            Told::Described(Err(error)) | Told::Page(Err(error)) | Told::New(Err(error)) => {
                self.not_opened(&error, now);
                false
            }
        };
        if tells {
            self.tell_opened(now);
        }
    }

    fn tell_opened(&mut self, now: Instant) {
        let Some(opening) = &mut self.opening else {
            return;
        };
        let complete = opening.is_complete();
        let arn = opening.arn.clone();
        let opened = opening.tell();
        if let Some(index) = self.table.find(&arn)
            && complete
        {
            let bucket = self.ask.target().profile().bucket.clone();
            let input = opened.input.as_deref();
            let subject = input.and_then(|input| subject_of(&bucket, input));
            self.worked_on(index, subject);
            self.table.learn(index, &opened.view, &mut self.cache, now);
        }
        self.say(News::Opened(opened));
    }

    /// Something beside the history is not to be had.
    fn not_told(&mut self, error: &JobsError) {
        let denied = self.teller.denied(error);
        self.say_health(denied);
    }

    fn not_opened(&mut self, error: &JobsError, now: Instant) {
        if let Trouble::Throttled | Trouble::Silent = trouble(error) {
            if let Some(opening) = &mut self.opening {
                opening.failed(now);
            }
            if trouble(error) == Trouble::Silent {
                self.look_soon(now);
            }
            return;
        }
        self.not_told(error);
        let Some(opening) = self.opening.take() else {
            return;
        };
        self.table.set_open(None);
        let why = if is_gone(error) {
            "there is no such execution (any more)".to_owned()
        } else {
            error.to_string()
        };
        self.say(News::NotOpened {
            arn: opening.arn,
            why,
        });
    }
}
