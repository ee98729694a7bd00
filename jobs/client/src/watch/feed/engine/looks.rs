//! The lists: looks at what is new, and the way through all.

use std::time::{Duration, Instant};

use super::{Engine, OFFLINE};
use crate::error::JobsError;
use crate::track::ExecutionStatus;
use crate::track::calls::{Described, ListedExecution, is_gone};
use crate::watch::feed::ask::Call;
use crate::watch::feed::health::{self, Trouble, trouble};
use crate::watch::feed::jobs::{Outcome, Page};
use crate::watch::feed::listing::{Ask, Came, Part, Then};
use crate::watch::feed::table::Merged;
use crate::watch::message::{Health, News};

/// Executions that run no more and are described one by one; more are looked for in the list of all.
const DESCRIBED: usize = 20;
/// After the first call that nobody answered: a connection may just have been closed.
const ONCE_MORE: Duration = Duration::from_millis(250);
/// Shortest time between looks that something else gave the reason for.
const SOON: Duration = Duration::from_secs(1);
/// The way through all goes on so long after a page that did not come.
const ALL_AGAIN: Duration = Duration::from_secs(1);

impl Engine {
    /// Asks for the pages that are due.
    pub(super) fn list(&mut self, now: Instant) {
        if !self.listing.is_looking() && self.look_at <= now {
            self.listing.begin();
            self.look_began = now;
            self.look_running = self.table.running.iter().copied().collect();
            self.named.clear();
            self.changed = false;
        }
        self.listing.sweep_if_due(now);
        let all = self.may_sweep(now);
        while self.listing.is_waiting(all) && self.ask.take(Call::List, now) {
            let Some(page) = self.listing.next(all) else {
                return;
            };
            let (ask, arn) = (self.ask.clone(), self.arn.clone());
            self.jobs.spawn(async move {
                let running = page.part == Part::Running;
                let listed = ask.executions(&arn, running, page.size, page.next.clone());
                let listed = listed.await;
                Outcome::Page(page, listed)
            });
        }
    }

    pub(super) fn listed(&mut self, page: &Ask, answer: Result<Page, JobsError>, now: Instant) {
        let (executions, next) = match answer {
            Ok(answer) => answer,
            Err(error) => return self.not_listed(page, &error, now),
        };
        self.strikes = 0;
        self.offline = false;
        self.teller.allowed(Call::List.action());
        self.listed_ms = now_ms();
        let mut last_is_news = false;
        for listed in executions {
            let (index, merged) = self.merge(listed, now);
            last_is_news = merged != Merged::Same;
            self.changed |= last_is_news;
            if page.part != Part::All {
                self.named.insert(index);
            }
        }
        let unseen = !self.unseen().is_empty();
        let came = Came {
            last_is_news,
            next,
            unseen,
        };
        let was_complete = self.listing.complete;
        let then = self.listing.came(page, came, now);
        self.tell_changed(now);
        if then != Then::Looked && page.part != Part::Running && !was_complete {
            self.say(News::Listed {
                count: self.table.count(),
                complete: self.listing.complete,
            });
        }
        if then != Then::More && page.part != Part::All {
            self.looked(now);
        }
    }

    /// Takes in what a list or a description says.
    fn merge(&mut self, listed: ListedExecution, now: Instant) -> (usize, Merged) {
        let records = self.records.as_ref();
        let subject = records.and_then(|records| records.of(&listed.name));
        let started_ms = listed.started_ms;
        let (index, merged) = self.table.merge(listed, subject, &self.cache, now);
        if merged == Merged::Changed {
            self.table.remember(index, &mut self.cache);
        }
        let unknown = self.table.entries[index].run.subject.is_none();
        if merged == Merged::New
            && unknown
            && let Some(records) = &mut self.records
        {
            records.await_record(index, started_ms);
        }
        (index, merged)
    }

    /// What ran when the look began and was not named since.
    fn unseen(&self) -> Vec<usize> {
        let runs = |index: &&usize| self.table.running.contains(index);
        let unseen = self.look_running.iter().filter(runs);
        unseen
            .filter(|index| !self.named.contains(index))
            .copied()
            .collect()
    }

    /// A look is over.
    fn looked(&mut self, now: Instant) {
        let gone = if self.listing.saw_running {
            self.unseen()
        } else {
            Vec::new()
        };
        if gone.len() > DESCRIBED {
            self.listing.sweep();
        }
        for index in gone.into_iter().take(DESCRIBED) {
            if !self.ask.take(Call::Describe, now) {
                break;
            }
            let ask = self.ask.clone();
            let arn = self.table.entries[index].run.arn.clone();
            self.jobs.spawn(async move {
                let described = ask.describe(&arn).await;
                Outcome::Described(index, described.map(Box::new))
            });
        }
        self.forced = false;
        self.rest(now);
    }

    /// Says how it goes, and when the next look comes.
    fn rest(&mut self, now: Instant) {
        let throttled = self.ask.is_slowed();
        let took = now.saturating_duration_since(self.look_began);
        let pause = self.pace.after(took, throttled, self.changed, true);
        self.look_at = now + pause;
        self.say(News::Health(Health::Live {
            at_ms: self.listed_ms,
            throttled,
            next_ms: pause.as_millis() as u64,
        }));
    }

    fn not_listed(&mut self, page: &Ask, error: &JobsError, now: Instant) {
        let bad_token = error.code() == Some("InvalidToken");
        self.listing.failed(page, bad_token);
        self.all_at = now + ALL_AGAIN;
        if let Some(pause) = self.trouble(error, now)
            && page.part != Part::All
        {
            self.look_at = now + pause;
        }
    }

    /// Tells of an error that is not one call's alone; how long to wait before the next try.
    pub(super) fn trouble(&mut self, error: &JobsError, now: Instant) -> Option<Duration> {
        match trouble(error) {
            Trouble::Throttled => {
                self.rest(now);
                None
            }
            Trouble::Denied => {
                let denied = self.teller.denied(error);
                self.say_health(denied);
                Some(OFFLINE)
            }
            Trouble::Silent => {
                self.strikes += 1;
                if self.strikes == 1 {
                    return Some(ONCE_MORE);
                }
                self.offline = true;
                let pause = self.pace.offline(OFFLINE);
                self.say_health(Some(health::offline(error, pause)));
                Some(pause)
            }
            Trouble::Call | Trouble::Refused => {
                self.offline = true;
                let pause = self.pace.offline(OFFLINE);
                self.say_health(Some(health::failed(error)));
                Some(pause)
            }
        }
    }

    pub(super) fn say_health(&self, health: Option<Health>) {
        if let Some(health) = health {
            self.say(News::Health(health));
        }
    }

    /// Something says that all is not well: the next look will tell.
    pub(super) fn look_soon(&mut self, now: Instant) {
        self.look_at = self.look_at.min(now.max(self.look_began + SOON));
    }

    /// What became of one that runs no more.
    pub(super) fn described(
        &mut self,
        index: usize,
        answer: Result<Box<Described>, JobsError>,
        now: Instant,
    ) {
        match answer {
            Ok(described) => {
                let ended = described.listed.status != ExecutionStatus::Running;
                let (_, merged) = self.merge(described.listed, now);
                if ended && merged == Merged::Changed {
                    self.changed = true;
                }
            }
            Err(error) if is_gone(&error) => self.table.gone(index),
            Err(error) => {
                let denied = self.teller.denied(&error);
                self.say_health(denied);
            }
        }
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
