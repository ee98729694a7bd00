//! Tasks that wait for workers, and workers that wait for tasks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{PoisonError, mpsc};

use super::error::ApiError;
use super::message::{Message, Offer, Shared, TaskKey, Waiter};

/// Pollers that one activity may have at the same time.
const MAX_POLLERS: usize = 1_000;

#[derive(Default)]
struct Queue {
    /// By place, so that a task that comes back stands where it stood.
    tasks: BTreeMap<i64, TaskKey>,
    waiters: VecDeque<Waiter>,
    /// What [`Shared`] says of this queue.
    published: usize,
}

/// The queues of all activities, by ARN: the store's queued tasks in memory.
#[derive(Default)]
pub(crate) struct Queues {
    queues: BTreeMap<String, Queue>,
}

impl Queues {
    /// Adds a task, or gives one back.
    pub(crate) fn push(&mut self, activity: String, place: i64, task: TaskKey) {
        self.queues
            .entry(activity)
            .or_default()
            .tasks
            .insert(place, task);
    }

    /// Takes a task out that is closed.
    pub(crate) fn remove(&mut self, activity: &str, place: i64) {
        if let Some(queue) = self.queues.get_mut(activity) {
            queue.tasks.remove(&place);
        }
    }

    /// Lets a poller wait.
    pub(crate) fn wait(&mut self, waiter: Waiter) {
        let queue = self.queues.entry(waiter.activity.clone()).or_default();
        if queue.waiters.len() >= MAX_POLLERS {
            queue.waiters.retain(|waiter| !waiter.offer.is_closed());
        }
        if queue.waiters.len() >= MAX_POLLERS {
            let error = ApiError::new(
                "ActivityWorkerLimitExceeded",
                "The maximum number of workers concurrently polling for activity tasks has been \
                 reached.",
            );
            // A poller that has gone needs no answer.
            let _ = waiter.offer.send(Err(error));
            return;
        }
        queue.waiters.push_back(waiter);
    }

    /// Offers tasks to pollers, first come first served on both sides, and publishes what is left.
    pub(crate) fn serve(&mut self, engine: &mpsc::Sender<Message>, shared: &Shared) {
        for (activity, queue) in &mut self.queues {
            while let Some(waiter) = next_waiter(queue) {
                let Some((place, task)) = queue.tasks.pop_first() else {
                    queue.waiters.push_front(waiter);
                    break;
                };
                let offer = Offer::new(task, engine.clone());
                if let Err(Ok(offer)) = waiter.offer.send(Ok(offer)) {
                    // The poller vanished just now.
                    offer.accept();
                    queue.tasks.insert(place, task);
                }
            }
            if queue.published != queue.tasks.len() {
                queue.published = queue.tasks.len();
                let mut backlog = shared
                    .backlog
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                backlog.insert(activity.clone(), queue.published);
            }
        }
    }
}

fn next_waiter(queue: &mut Queue) -> Option<Waiter> {
    if queue.tasks.is_empty() {
        return None;
    }
    loop {
        let waiter = queue.waiters.pop_front()?;
        if !waiter.offer.is_closed() {
            return Some(waiter);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tokio::sync::oneshot;

    use super::*;

    fn waiter() -> (Waiter, oneshot::Receiver<Result<Offer, ApiError>>) {
        let (offer, offered) = oneshot::channel();
        (
            Waiter {
                activity: "a".to_owned(),
                offer,
            },
            offered,
        )
    }

    fn task(task: u64) -> TaskKey {
        TaskKey { execution: 1, task }
    }

    #[test]
    fn tasks_are_offered_in_order_and_a_refused_one_comes_first_again() {
        let (engine, messages) = mpsc::channel();
        let (mut queues, shared) = (Queues::default(), Shared::default());
        queues.push("a".to_owned(), 2, task(2));
        queues.push("a".to_owned(), 1, task(1));
        let (gone, receiver) = waiter();
        drop(receiver);
        let (first, mut first_offer) = waiter();
        queues.wait(gone);
        queues.wait(first);
        queues.serve(&engine, &shared);
        assert_eq!(shared.backlog.lock().unwrap()["a"], 1);

        let offer = first_offer.try_recv().unwrap().unwrap();
        assert_eq!(offer.task(), task(1));
        drop(offer);
        assert!(
            matches!(messages.try_recv(), Ok(Message::Run(_))),
            "the offer did not come back"
        );
        queues.push("a".to_owned(), 1, task(1));
        let (second, mut second_offer) = waiter();
        queues.wait(second);
        queues.serve(&engine, &shared);
        assert_eq!(second_offer.try_recv().unwrap().unwrap().task(), task(1));
    }

    #[test]
    fn a_thousand_pollers_are_enough_but_those_that_left_do_not_count() {
        let mut queues = Queues::default();
        let mut waiting: Vec<_> = (0..MAX_POLLERS)
            .map(|_| {
                let (waiter, offered) = waiter();
                queues.wait(waiter);
                offered
            })
            .collect();
        let (one_more, mut answer) = waiter();
        queues.wait(one_more);
        let refused = answer.try_recv().unwrap().err().unwrap();
        assert_eq!(refused.code, "ActivityWorkerLimitExceeded");

        waiting.pop();
        let (one_more, mut answer) = waiter();
        queues.wait(one_more);
        assert!(
            answer.try_recv().is_err(),
            "the place that became free is not given"
        );
    }
}
