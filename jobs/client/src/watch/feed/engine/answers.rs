//! What is done with the answers.

use std::time::{Duration, Instant};

use super::Engine;
use crate::error::JobsError;
use crate::track::calls::is_gone;
use crate::watch::feed::ask::Call;
use crate::watch::feed::health::{Trouble, trouble};
use crate::watch::feed::jobs::Outcome;
use crate::watch::feed::read::Read;
use crate::watch::feed::records;
use crate::watch::message::{Health, Machine, News};

/// How often a machine's definition is looked at.
const MACHINE_EVERY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(5));
/// After a machine that cannot be watched, or must not be looked at.
const MACHINE_AGAIN: Duration = Duration::from_mins(1);

impl Engine {
    pub(super) fn take(&mut self, outcome: Outcome) {
        let now = Instant::now();
        match outcome {
            Outcome::Cache(cache) => {
                self.cache = *cache;
                self.cache_ready = true;
                self.table.recall(&mut self.cache);
            }
            Outcome::Machine(answer) => self.machine_said(answer, now),
            Outcome::Page(page, answer) => self.listed(&page, answer, now),
            Outcome::Described(index, answer) => self.described(index, answer, now),
            Outcome::Records(page) => self.recorded(page, now),
            Outcome::Read(read) => self.was_read(*read, now),
            Outcome::Open(answer) => self.opened(answer, now),
            Outcome::Pictures(pictures) => {
                if let Some(error) = &pictures.error {
                    let denied = self.teller.denied(error);
                    self.say_health(denied);
                }
                self.say(News::Pictures {
                    arn: pictures.arn,
                    before: pictures.before,
                    after: pictures.after,
                });
            }
            Outcome::Acted => {
                self.acting = false;
                self.forced = true;
                self.look_at = now;
            }
        }
    }

    fn machine_said(&mut self, answer: Result<(String, String, bool), JobsError>, now: Instant) {
        self.machine_asked = false;
        let every = if self.loopback {
            MACHINE_EVERY.0
        } else {
            MACHINE_EVERY.1
        };
        self.machine_due = now + every;
        match answer {
            Ok((name, _, true)) => {
                self.machine_due = now + MACHINE_AGAIN;
                self.say(News::Health(Health::Failed {
                    why: format!(
                        "the executions of {name} cannot be listed: it is an EXPRESS state machine, \
                         whose executions are only in its logs"
                    ),
                    hint: None,
                }));
            }
            Ok((name, definition, false)) => {
                self.teller.allowed(Call::Machine.action());
                self.strikes = 0;
                self.show_machine(name, definition);
            }
            Err(error) if trouble(&error) == Trouble::Denied => {
                self.machine_due = now + MACHINE_AGAIN;
                let denied = self.teller.denied(&error);
                self.say_health(denied);
                if self.machine.is_none() {
                    let name = self.arn.rsplit(':').next().unwrap_or_default();
                    self.show_machine(name.to_owned(), String::new());
                }
            }
            // A known machine is no reason to alarm anybody: the lists tell how it goes.
            Err(_) if self.machine.is_some() => {}
            Err(error) => {
                let pause = self.trouble(&error, now).unwrap_or(MACHINE_EVERY.0 / 10);
                self.machine_due = now + pause;
            }
        }
    }

    fn show_machine(&mut self, name: String, definition: String) {
        let profile = self.ask.target().profile();
        let region = self.arn.split(':').nth(3).unwrap_or(&profile.region);
        let console = profile.endpoint.is_none().then(|| {
            format!(
                "https://{region}.console.aws.amazon.com/states/home?region={region}\
                 #/v2/executions/details/{{}}"
            )
        });
        let machine = Machine {
            arn: self.arn.clone(),
            name,
            definition,
            ours: self.ours,
            console,
        };
        if self.machine.as_ref() != Some(&machine) {
            self.say(News::Machine(Box::new(machine.clone())));
            self.machine = Some(machine);
        }
    }

    fn recorded(&mut self, page: records::Page, now: Instant) {
        let Some(records) = &mut self.records else {
            return;
        };
        let entries = &self.table.entries;
        let name_of = |index: usize| {
            let entry = entries.get(index);
            entry
                .map(|entry| entry.run.name.clone())
                .unwrap_or_default()
        };
        let (resolved, error) = records.take(page, now, name_of);
        for (index, subject) in resolved {
            if self.table.set_subject(index, &subject) {
                self.table.remember(index, &mut self.cache);
            }
        }
        let denied = error.and_then(|error| self.teller.denied(&error));
        self.say_health(denied);
    }

    fn was_read(&mut self, read: Read, now: Instant) {
        self.readers -= 1;
        let index = read.index;
        let Some(error) = read.error else {
            self.teller.allowed(Call::History.action());
            self.worked_on(index, read.subject);
            self.table.read(index, read.fold, &mut self.cache, now);
            return;
        };
        self.table.unread(index, read.fold, is_gone(&error), now);
        match trouble(&error) {
            Trouble::Denied => {
                let denied = self.teller.denied(&error);
                self.say_health(denied);
            }
            Trouble::Silent | Trouble::Refused => self.look_soon(now),
            Trouble::Throttled | Trouble::Call => {}
        }
    }

    /// An execution's own input says which item it works on.
    pub(super) fn worked_on(&mut self, index: usize, subject: Option<crate::watch::Subject>) {
        if let Some(subject) = subject
            && let Some(records) = &mut self.records
            && self.table.entries[index].run.subject.is_none()
        {
            records.forget(index);
            self.table.set_subject(index, &subject);
        }
    }
}
