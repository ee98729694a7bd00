//! The thread that writes frames: a terminal that reads slowly must not hold up the keys.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Input;
use super::shared::Shared;

/// Where frames are handed over: one at most is on its way.
#[derive(Debug)]
pub struct Writer {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    Idle,
    Frame(Vec<u8>),
    Writing,
    Over,
}

impl Writer {
    pub fn start(shared: Arc<Shared>) -> std::io::Result<Writer> {
        let desk = Arc::new(Desk {
            state: Mutex::new(State::Idle),
            changed: Condvar::new(),
        });
        let thread = thread::Builder::new()
            .name("screen-writer".to_owned())
            .spawn({
                let desk = Arc::clone(&desk);
                move || desk.work(&shared)
            })?;
        Ok(Writer {
            desk,
            thread: Some(thread),
        })
    }

    /// Whether a frame is on its way.
    pub fn busy(&self) -> bool {
        !matches!(*self.desk.lock(), State::Idle)
    }

    /// Hands a frame over. Only when not [`Writer::busy`].
    pub fn submit(&self, frame: Vec<u8>) {
        let mut state = self.desk.lock();
        if matches!(*state, State::Idle) {
            *state = State::Frame(frame);
            self.desk.changed.notify_all();
        }
    }

    /// Ends the thread, after the screen was left: nothing is written any more.
    pub fn end(&mut self) {
        *self.desk.lock() = State::Over;
        self.desk.changed.notify_all();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // On a terminal that takes nothing any more and whose writes block, the thread ends with the process.
        for _ in 0..40 {
            if thread.is_finished() {
                let _ = thread.join();
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, shared: &Shared) {
        loop {
            let waited = self
                .changed
                .wait_while(self.lock(), |state| matches!(state, State::Idle));
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            let State::Frame(frame) = std::mem::replace(&mut *state, State::Writing) else {
                return;
            };
            drop(state);
            let alive = shared.write(&frame);
            let mut state = self.lock();
            if matches!(*state, State::Over) {
                return;
            }
            *state = State::Idle;
            drop(state);
            if !alive {
                return shared.input(Input::Terminate);
            }
            shared.input(Input::Written);
        }
    }
}
