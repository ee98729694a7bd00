//! What is told of what changed between two looks.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::follower::{Follower, now_ms};
use super::outcome::{ItemState, ItemStatus, Waiting};
use crate::progress::{Progress, Reporter};

/// Items that wait for the same thing, ordered by since when.
#[derive(Debug, Default)]
struct Queue {
    /// (since in ms, item): those that were not told yet, …
    untold: BTreeSet<(i64, usize)>,
    /// … and those that were.
    told: BTreeSet<(i64, usize)>,
    /// Seconds of waiting after which all are told together (again); none: not any more.
    next: Option<f64>,
}

/// Tells what changed between two looks, and what waits too long.
pub(super) struct Teller<'a> {
    reporter: &'a Reporter,
    /// State that was told.
    told: Vec<Option<ItemState>>,
    waiting: HashMap<usize, (Waiting, i64)>,
    queues: HashMap<Waiting, (Duration, Queue)>,
    began_ms: i64,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        reporter: &'a Reporter,
        items: usize,
        no_execution_after: Duration,
        no_worker_after: Duration,
    ) -> Self {
        let queue = |patience: Duration| {
            let next = Some(patience.as_secs_f64());
            (
                patience,
                Queue {
                    next,
                    ..Queue::default()
                },
            )
        };
        Self {
            reporter,
            told: vec![None; items],
            waiting: HashMap::new(),
            queues: HashMap::from([
                (Waiting::Upload, queue(no_execution_after)),
                (Waiting::Execution, queue(no_execution_after)),
                (Waiting::Worker, queue(no_worker_after)),
            ]),
            began_ms: now_ms(),
        }
    }

    /// Tells the items that changed; true when there was anything to tell.
    pub(super) fn tell(&mut self, follower: &Follower<'_>, changed: &[usize]) -> bool {
        let mut any = false;
        for &index in changed {
            let item = follower.item(index);
            self.queue(index, item);
            let before = self.told[index];
            let untouched = item.state == ItemState::Queued && item.executions.is_empty();
            if before.is_none() && untouched {
                continue;
            }
            any = true;
            self.told[index] = Some(item.state);
            let news = Box::new(item.clone());
            self.reporter.tell(match item.state {
                ItemState::Cleaned if before != Some(ItemState::Cleaned) => {
                    Progress::Cleaned { item: news }
                }
                ItemState::Failed | ItemState::Stopped if before != Some(item.state) => {
                    Progress::Failed { item: news }
                }
                _ => Progress::Execution { item: news },
            });
        }
        self.tell_waiting(follower);
        any
    }

    /// Puts an item into the queue of what it waits for.
    fn queue(&mut self, index: usize, item: &ItemStatus) {
        let now = match (item.waiting, item.waiting_since_ms, &item.same_as) {
            // Our own uploads are told by whoever makes them; another batch's by nobody.
            (Some(Waiting::Upload), _, None) => None,
            (Some(Waiting::Upload), since, Some(_)) => {
                Some((Waiting::Upload, since.unwrap_or(self.began_ms)))
            }
            (Some(waiting), Some(since), _) => Some((waiting, since)),
            _ => None,
        };
        let before = match now {
            Some(now) => self.waiting.insert(index, now),
            None => self.waiting.remove(&index),
        };
        if before == now {
            return;
        }
        if let Some((waiting, since)) = before
            && let Some((_, queue)) = self.queues.get_mut(&waiting)
        {
            queue.untold.remove(&(since, index));
            queue.told.remove(&(since, index));
        }
        if let Some((waiting, since)) = now
            && let Some((_, queue)) = self.queues.get_mut(&waiting)
        {
            queue.untold.insert((since, index));
        }
    }

    fn tell_waiting(&mut self, follower: &Follower<'_>) {
        let now = now_ms();
        let seconds = |since: i64| (now - since).max(0) as f64 / 1000.0;
        for (&waiting, (patience, queue)) in &mut self.queues {
            while let Some(&(since, index)) = queue.untold.first() {
                if seconds(since) <= patience.as_secs_f64() {
                    break;
                }
                queue.untold.pop_first();
                queue.told.insert((since, index));
                self.reporter.tell(Progress::Stuck {
                    item: follower.item(index).name.clone(),
                    waiting,
                    seconds: seconds(since),
                });
            }
            let (Some(&(since, first)), Some(next)) = (queue.told.first(), queue.next) else {
                continue;
            };
            if seconds(since) < next {
                continue;
            }
            // A rule that is missing is missing for all; a queue may grow and shrink.
            queue.next = (waiting == Waiting::Worker).then_some(seconds(since) * 2.0);
            self.reporter.tell(Progress::Waiting {
                waiting,
                items: queue.told.len() + queue.untold.len(),
                first: follower.item(first).name.clone(),
                seconds: seconds(since),
                advice: advice(follower, waiting, first),
            });
        }
    }
}

/// What to check.
fn advice(follower: &Follower<'_>, waiting: Waiting, item: usize) -> String {
    let profile = follower.target.profile();
    let entry = &follower.manifest().items[item];
    let (batch, name) = follower.manifest().home(entry);
    match waiting {
        Waiting::Upload => format!(
            "batch {batch} has to upload it: `whiteboarder submit --resume {batch}` goes on with that"
        ),
        Waiting::Execution => format!(
            "check the event rule (EventBridge) of bucket `{}`",
            profile.bucket
        ),
        Waiting::Worker => {
            let home = follower.find(batch, name).map(|home| &follower.homes[home]);
            let activity = home.and_then(super::home::Home::activity);
            let activity = activity.unwrap_or_else(|| "of the state machine".to_owned());
            if profile.name == "local" {
                format!(
                    "no worker polls the activity {activity}, or all are busy: \
                     `whiteboarder local stop`, then `whiteboarder local start --workers N` starts more"
                )
            } else {
                format!(
                    "no worker polls the activity {activity}, or all are busy: start one with \
                     `loveless worker --activity {activity} -- FUNCTION`"
                )
            }
        }
    }
}
