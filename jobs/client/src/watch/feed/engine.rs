//! What is known, what is wanted, and what is asked for next.

mod answers;
mod looks;
mod opened;

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use super::FeedOptions;
use super::ask::{Asker, Call};
use super::health::Teller;
use super::jobs::Outcome;
use super::listing::Listing;
use super::open::Opening;
use super::records::{self, Records};
use super::table::{Scope, Table};
use super::{pictures, read};
use crate::track::budget::Pace;
use crate::watch::act;
use crate::watch::cache::Cache;
use crate::watch::message::{Action, Machine, News, Order};

/// Histories read at the same time.
const READERS: usize = 8;
/// Of the account's bucket of histories, so many stay for what is on screen.
const RESERVE: usize = 20;
/// Longest pause between tries of a target that does not answer.
const OFFLINE: Duration = Duration::from_secs(15);
/// Bound of the pauses while the service asks to slow down.
const THROTTLED: Duration = Duration::from_secs(30);
/// What changed is told at most so often.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// What was learnt is written to disk at most so often.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// The clock while something waits for budget or is due some time, and while nothing is.
const TICKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// The feed's task.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts that come and go by themselves"
)]
pub(super) struct Engine {
    ask: Asker,
    tell: UnboundedSender<News>,
    jobs: JoinSet<Outcome>,
    loopback: bool,
    /// ARN of the machine that is watched, and whether it is the profile's.
    arn: String,
    ours: bool,
    machine: Option<Machine>,
    machine_asked: bool,
    machine_due: Instant,
    cache: Cache,
    cache_folder: Option<std::path::PathBuf>,
    cache_ready: bool,
    written: Instant,
    table: Table,
    told: Instant,
    listing: Listing,
    records: Option<Records>,
    opening: Option<Opening>,
    turn: u64,
    readers: usize,
    acts: VecDeque<(Action, Vec<String>)>,
    acting: bool,
    teller: Teller,
    pace: Pace,
    /// The look at the lists: when it comes, when it began, what ran then, what it has named, whether
    /// anything was new.
    look_at: Instant,
    look_began: Instant,
    look_running: Vec<usize>,
    named: HashSet<usize>,
    changed: bool,
    /// When the list was last read, ms since the epoch.
    listed_ms: i64,
    /// The way through all goes on not before.
    all_at: Instant,
    /// Calls in a row that nobody answered.
    strikes: u32,
    offline: bool,
    paused: bool,
    /// Somebody asked for a look.
    forced: bool,
}

impl Engine {
    pub(super) fn new(ask: Asker, options: FeedOptions, tell: UnboundedSender<News>) -> Self {
        let now = Instant::now();
        let profile = ask.target().profile();
        let loopback = profile.is_loopback();
        let (fastest, slowest) = (options.fastest(loopback), options.slowest(loopback));
        let arn = options.machine_arn(&profile);
        let ours = arn == profile.state_machine_arn;
        let batch = options.batch.filter(|_| ours);
        let every = Duration::from_secs(if loopback { 1 } else { 3 });
        let records = ours.then(|| Records::new(batch.as_deref(), every, now));
        Self {
            ask,
            tell,
            jobs: JoinSet::new(),
            loopback,
            arn,
            ours,
            machine: None,
            machine_asked: false,
            machine_due: now,
            cache: Cache::in_memory(),
            cache_ready: options.cache.is_none(),
            cache_folder: options.cache,
            written: now,
            table: Table::new(batch.map(Scope::of)),
            told: now,
            listing: Listing::default(),
            records,
            opening: None,
            turn: 0,
            readers: 0,
            acts: VecDeque::new(),
            acting: false,
            teller: Teller::default(),
            pace: Pace::new(fastest, slowest, THROTTLED),
            look_at: now,
            look_began: now,
            look_running: Vec::new(),
            named: HashSet::new(),
            changed: false,
            listed_ms: 0,
            all_at: now,
            strikes: 0,
            offline: false,
            paused: false,
            forced: false,
        }
    }

    /// Goes on until nobody listens.
    pub(super) async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        self.load_cache();
        while !self.tell.is_closed() {
            let now = Instant::now();
            self.schedule(now);
            let wake = self.wake(now);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                Some(done) = self.jobs.join_next(), if !self.jobs.is_empty() => {
                    let mut done = Some(done);
                    while let Some(outcome) = done {
                        if let Ok(outcome) = outcome {
                            self.take(outcome);
                        }
                        done = self.jobs.try_join_next();
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn say(&self, news: News) {
        // Whoever listened is gone: the loop notices.
        let _ = self.tell.send(news);
    }

    fn load_cache(&mut self) {
        let Some(folder) = self.cache_folder.clone() else {
            return;
        };
        let profile = self.ask.target().profile();
        // The local cloud has another port each time.
        let place = if self.loopback {
            "loopback".to_owned()
        } else {
            profile.endpoint.clone().unwrap_or_default()
        };
        let arn = self.arn.clone();
        self.jobs
            .spawn_blocking(move || Outcome::Cache(Box::new(Cache::open(&folder, &arn, &place))));
    }

    fn obey(&mut self, order: Order) {
        let now = Instant::now();
        match order {
            Order::Visible(arns) => self.table.set_visible(&arns),
            Order::Open(arn) => self.open(arn, now),
            Order::Pictures(arn) => {
                let run = self.table.run(&arn).cloned().unwrap_or_default();
                let run = crate::watch::Run { arn, ..run };
                let fetch = Box::pin(pictures::fetch(self.ask.clone(), run));
                self.jobs
                    .spawn(async { Outcome::Pictures(Box::new(fetch.await)) });
            }
            Order::Pause(paused) => self.paused = paused,
            Order::Refresh => {
                self.forced = true;
                self.look_at = now;
                self.machine_due = now;
            }
            Order::Act(action, arns) => self.acts.push_back((action, arns)),
        }
    }

    /// Whether lists are asked for.
    fn is_active(&self) -> bool {
        self.machine.is_some() && (!self.paused || self.forced)
    }

    /// Whether the way through all may go on.
    fn may_sweep(&self, now: Instant) -> bool {
        !self.offline && !self.paused && self.all_at <= now
    }

    /// Starts everything that is due and within budget.
    fn schedule(&mut self, now: Instant) {
        if self.machine_due <= now
            && !self.machine_asked
            && !(self.paused && self.machine.is_some())
        {
            self.machine_asked = true;
            let (ask, arn) = (self.ask.clone(), self.arn.clone());
            self.jobs.spawn(async move {
                ask.wait(Call::Machine).await;
                Outcome::Machine(ask.machine(&arn).await)
            });
        }
        if self.is_active() {
            self.list(now);
        }
        self.follow_open(now);
        if self.machine.is_some() && self.cache_ready && !self.offline {
            self.read_histories(now);
        }
        if !self.paused && !self.offline && self.machine.is_some() {
            self.list_records(now);
        }
        if !self.acting
            && let Some((action, arns)) = self.acts.pop_front()
        {
            self.acting = true;
            let chosen = arns.into_iter().map(|arn| {
                let run = self.table.run(&arn).cloned();
                (arn, run)
            });
            let acting = Box::pin(act::run(
                self.ask.clone(),
                action,
                chosen.collect(),
                self.tell.clone(),
            ));
            self.jobs.spawn(async {
                acting.await;
                Outcome::Acted
            });
        }
        if now.saturating_duration_since(self.told) >= TELL_EVERY {
            self.tell_changed(now);
        }
        if now.saturating_duration_since(self.written) >= WRITE_EVERY {
            self.written = now;
            self.cache.flush();
        }
    }

    fn read_histories(&mut self, now: Instant) {
        while self.readers < READERS {
            let available = self.ask.available(Call::History, now);
            // Those that were started and have not taken their right yet.
            let available = available.saturating_sub(self.readers);
            let spare = self.loopback || available > RESERVE;
            if available == 0 {
                return;
            }
            let Some(index) = self.table.pick(spare, self.paused, now) else {
                return;
            };
            self.readers += 1;
            let arn = self.table.entries[index].run.arn.clone();
            let fold = self.table.fold(index);
            let reading = read::read(self.ask.clone(), index, arn, fold);
            self.jobs
                .spawn(async { Outcome::Read(Box::new(reading.await)) });
        }
    }

    fn list_records(&mut self, now: Instant) {
        if let Some(records) = &mut self.records
            && let Some((after, next)) = records.next(now)
        {
            let listing = records::list(self.ask.clone(), after, next);
            self.jobs.spawn(async { Outcome::Records(listing.await) });
        }
    }

    /// Tells what changed since the last time.
    fn tell_changed(&mut self, now: Instant) {
        if self.table.changed.is_empty() {
            return;
        }
        self.told = now;
        let runs = self.table.take_changed();
        if !runs.is_empty() {
            self.say(News::Runs(runs));
        }
    }

    /// When to look up at the latest.
    fn wake(&self, now: Instant) -> Instant {
        let works = self.table.has_backlog()
            || !self.table.running.is_empty()
            || self.listing.is_waiting(self.may_sweep(now));
        let mut wake = now + if works { TICKS.0 } else { TICKS.1 };
        let mut at_least = |at: Option<Instant>| wake = at.map_or(wake, |at| wake.min(at));
        at_least((!self.machine_asked).then_some(self.machine_due));
        let looks = self.is_active() && !self.listing.is_looking();
        at_least(looks.then_some(self.look_at));
        at_least((!self.table.changed.is_empty()).then(|| self.told + TELL_EVERY));
        at_least(self.open_due());
        // What is overdue waits for something else: an answer, a budget, the end of a pause.
        wake.max(now + Duration::from_millis(5))
    }
}
