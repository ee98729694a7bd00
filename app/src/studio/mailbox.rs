//! A mailbox of length one in front of a thread: the latest letter wins, and nothing piles up.
//!
//! A held key asks for thirty pictures a second, and only the last is ever wanted. What waits is
//! overwritten. What runs is cancelled when its result could not be used any more; a draft is not, as long
//! as it is of the same photograph: it ends soon, and a key that is held for long would otherwise
//! show nothing until it is let go.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use whiteboarder_core::cancel::Cancel;
use whiteboarder_core::preview::Quality;

use super::message::Request;

/// The sending side. Dropping it cancels what runs; nobody waits for the thread, which soon ends.
pub struct Mailbox {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Option<Request>,
    running: Option<(Request, Cancel)>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request; `None` when there will be none.
    fn take(&self) -> Option<(Request, Cancel)> {
        let mut state = self.lock();
        state.running = None;
        loop {
            if state.closed {
                return None;
            }
            if let Some(request) = state.waiting.take() {
                let cancel = Cancel::new();
                state.running = Some((request.clone(), cancel.clone()));
                return Some((request, cancel));
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Mailbox {
    /// Starts the thread that works off what is posted.
    pub fn start(
        mut work: impl FnMut(&Request, &Cancel) + Send + 'static,
    ) -> std::io::Result<Mailbox> {
        let shared = Arc::new(Shared::default());
        thread::Builder::new().name("preview".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                while let Some((request, cancel)) = shared.take() {
                    work(&request, &cancel);
                }
            }
        })?;
        Ok(Mailbox { shared })
    }

    /// Posts a request, in place of one that still waits.
    pub fn post(&self, request: Request) {
        let mut state = self.shared.lock();
        if let Some((running, cancel)) = &state.running
            && (running.quality == Quality::Exact || running.photo != request.photo)
        {
            cancel.cancel();
        }
        state.waiting = Some(request);
        self.shared.arrived.notify_one();
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        if let Some((_, cancel)) = &state.running {
            cancel.cancel();
        }
        self.shared.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::model::Look;
    use crate::studio::viewport::Viewport;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;
    use whiteboarder_core::recipe::Recipe;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn request(ticket: u64, photo: usize, quality: Quality) -> Request {
        Request {
            ticket,
            generation: ticket,
            photo,
            quality,
            recipe: Recipe::default(),
            pane: (40, 20),
            look: Look::After,
            split: 50,
            viewport: Viewport::default(),
            clipping: false,
            against: None,
        }
    }

    /// A renderer that is waited for.
    struct Slow {
        mailbox: Mailbox,
        begun: Receiver<u64>,
        go: Sender<()>,
        /// The request, and whether it was cancelled.
        ended: Receiver<(u64, bool)>,
    }

    /// Says when it begins, goes on only when told to, and says how it ended.
    fn slow() -> Slow {
        let (begin, begun) = channel();
        let (go, may_go) = channel();
        let (end, ended) = channel();
        let mailbox = Mailbox::start(move |request, cancel| {
            let _ = begin.send(request.ticket);
            let _ = may_go.recv_timeout(PATIENCE);
            let _ = end.send((request.ticket, cancel.is_cancelled()));
        })
        .unwrap();
        Slow {
            mailbox,
            begun,
            go,
            ended,
        }
    }

    #[test]
    fn of_all_that_is_posted_meanwhile_only_the_last_is_rendered() {
        let Slow {
            mailbox,
            begun,
            go,
            ended,
        } = slow();
        mailbox.post(request(1, 0, Quality::Draft));
        assert_eq!(begun.recv_timeout(PATIENCE), Ok(1));
        for ticket in 2..=50 {
            mailbox.post(request(ticket, 0, Quality::Draft));
        }
        go.send(()).unwrap();
        go.send(()).unwrap();
        // The draft that ran was let to its end, so that a held key shows something.
        assert_eq!(ended.recv_timeout(PATIENCE), Ok((1, false)));
        assert_eq!(begun.recv_timeout(PATIENCE), Ok(50));
        assert_eq!(ended.recv_timeout(PATIENCE), Ok((50, false)));
        drop(mailbox);
        assert!(
            begun.recv_timeout(PATIENCE).is_err(),
            "nothing else was begun"
        );
    }

    #[test]
    fn an_exact_preview_and_another_photograph_are_cancelled_by_what_is_newer() {
        for (first, second) in [
            (request(1, 0, Quality::Exact), request(2, 0, Quality::Draft)),
            (request(1, 0, Quality::Draft), request(2, 1, Quality::Draft)),
        ] {
            let Slow {
                mailbox,
                begun,
                go,
                ended,
            } = slow();
            mailbox.post(first);
            assert_eq!(begun.recv_timeout(PATIENCE), Ok(1));
            mailbox.post(second);
            go.send(()).unwrap();
            go.send(()).unwrap();
            assert_eq!(ended.recv_timeout(PATIENCE), Ok((1, true)));
            assert_eq!(ended.recv_timeout(PATIENCE), Ok((2, false)));
        }
    }

    #[test]
    fn leaving_cancels_what_runs_and_forgets_what_waits() {
        let Slow {
            mailbox,
            begun,
            go,
            ended,
        } = slow();
        mailbox.post(request(1, 0, Quality::Draft));
        assert_eq!(begun.recv_timeout(PATIENCE), Ok(1));
        mailbox.post(request(2, 0, Quality::Draft));
        drop(mailbox);
        go.send(()).unwrap();
        assert_eq!(ended.recv_timeout(PATIENCE), Ok((1, true)));
        assert!(begun.recv_timeout(PATIENCE).is_err());
    }
}
