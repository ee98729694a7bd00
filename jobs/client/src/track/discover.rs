//! Executions that left no run record: their Register failed, or somebody started them by hand.
//!
//! `ListExecutions` names every execution of the machine with its status, a thousand in a page. That
//! finds those, and tells how executions ended whose histories there is no budget to read.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::StreamExt;

use super::calls::{is_throttling, list_executions, started_for};
use super::follower::{Depth, Follower, now_ms};
use super::home::Home;
use crate::error::JobsError;
use crate::names;

/// How often executions are listed at most.
const EVERY: Duration = Duration::from_secs(15);
/// Pages in one round: ten thousand executions.
const PAGES: usize = 10;
/// Executions of others are told from ours by their input, so many at a time.
const DESCRIBED: usize = 50;
/// Clocks of this machine and of the target may differ by so much.
const SKEW_MS: i64 = 5 * 60 * 1000;
/// Histories that can be read within this many seconds need no list.
const BACKLOG_SECONDS: f64 = 10.0;

#[derive(Debug, Default)]
pub(super) struct Discovery {
    silence: Duration,
    last: Option<Instant>,
    /// Executions that are known not to be ours.
    strangers: HashSet<String>,
}

impl Discovery {
    pub(super) fn new(silence: Duration) -> Self {
        Self {
            silence,
            ..Self::default()
        }
    }

    /// Lists executions if there is a reason to; true when one was found that was not known.
    pub(super) async fn look(
        &mut self,
        follower: &mut Follower<'_>,
        depth: Depth,
        now: Instant,
    ) -> Result<bool, JobsError> {
        let before_ms = now_ms() - self.silence.as_millis() as i64;
        let silent = |home: &&Home| {
            let stored = home.stored_ms.is_some_and(|stored| stored <= before_ms);
            home.is_silent() && !home.has_record && stored
        };
        let silent: Vec<_> = follower.homes.iter().filter(silent).collect();
        let unread = |home: &&Home| home.runs.values().any(|run| run.read.is_none());
        let backlog: Vec<_> = follower.homes.iter().filter(unread).collect();
        let limit = follower.budgets.histories.within(BACKLOG_SECONDS);
        let late = backlog.len() > limit || (depth == Depth::All && !backlog.is_empty());
        let rested = self
            .last
            .is_none_or(|last| now.duration_since(last) >= EVERY);
        if (silent.is_empty() && !late) || !rested {
            return Ok(false);
        }
        self.last = Some(now);
        let homes = silent.iter().chain(backlog.iter().filter(|_| late));
        let since_ms = homes.filter_map(|home| began_ms(home)).min();
        let since_ms = since_ms.unwrap_or(0) - SKEW_MS;
        let describe = !silent.is_empty();
        self.round(follower, since_ms, describe, now).await
    }

    async fn round(
        &mut self,
        follower: &mut Follower<'_>,
        since_ms: i64,
        describe: bool,
        now: Instant,
    ) -> Result<bool, JobsError> {
        let known: std::collections::HashMap<String, usize> = follower
            .homes
            .iter()
            .enumerate()
            .flat_map(|(index, home)| home.runs.keys().map(move |name| (name.clone(), index)))
            .collect();
        let mut unknown = Vec::new();
        let mut next = None;
        for _ in 0..follower.budgets.lists.take(PAGES, now) {
            let (page, more) = list_executions(follower.target, next).await?;
            let mut older = page.is_empty();
            for execution in page {
                older |= execution.started_ms < since_ms;
                if let Some(&home) = known.get(&execution.name) {
                    let home = &mut follower.homes[home];
                    if let Some(run) = home.runs.get_mut(&execution.name) {
                        home.dirty |= run.list(execution, now);
                    }
                } else if !older && !self.strangers.contains(&execution.name) {
                    unknown.push(execution);
                }
            }
            next = more;
            if older || next.is_none() {
                break;
            }
        }
        if !describe {
            return Ok(false);
        }
        unknown.truncate(
            follower
                .budgets
                .describes
                .take(unknown.len().min(DESCRIBED), now),
        );
        let target = follower.target;
        let asked = unknown.into_iter().map(|execution| async move {
            (started_for(target, &execution.name).await, execution)
        });
        let mut asked = futures::stream::iter(asked).buffer_unordered(4);
        let bucket = target.profile().bucket.clone();
        let mut found = false;
        while let Some((input, execution)) = asked.next().await {
            let object = match input {
                Ok(object) => object.filter(|(theirs, _)| *theirs == bucket),
                Err(error) if is_throttling(&error) => continue,
                Err(error) => return Err(error),
            };
            let item = object
                .as_ref()
                .and_then(|(_, key)| names::parse_inbox_key(key));
            let home = item.and_then(|(batch, name)| follower.find(batch, name));
            match home {
                Some(home) => {
                    found |= follower.begin(home, &execution.name, execution.started_ms, now);
                }
                None => drop(self.strangers.insert(execution.name)),
            }
        }
        Ok(found)
    }
}

/// When the home's batch was made, by its id; else when its original was stored.
fn began_ms(home: &Home) -> Option<i64> {
    let id = ulid::Ulid::from_string(&home.batch).ok();
    id.map(|id| id.timestamp_ms() as i64).or(home.stored_ms)
}
