//! What the function's process and its supervisor share: who waits for what.
//!
//! The supervisor [dispatches](Exchange::dispatch) an event and awaits the answer; the function's
//! requests take the event and [settle](Exchange::settle) it. Everything that can end an
//! invocation (answer, error, time-out, memory, exit) goes through `settle`, under one lock:
//! **the first outcome wins** and the others learn that they came too late.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};

use super::Identity;
use super::extensions::Extensions;
use crate::function::FunctionError;

/// The end of an invocation: result or failure.
pub(crate) type Outcome = Result<Bytes, FunctionError>;

/// An event on its way to the function.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub request_id: String,
    /// Unix time in milliseconds.
    pub deadline_ms: u64,
    pub arn: String,
    pub trace_id: Option<String>,
    pub client_context: Option<String>,
    pub payload: Bytes,
}

/// How far the process is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Readiness {
    /// Starting, or at work.
    Busy,
    /// The runtime and every extension asked for their next event.
    Ready,
    /// The runtime posted `/init/error`; the process ends soon.
    InitFailed(FunctionError),
}

/// Why a request of the function does not fit the state; see AWS's names in `routes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misstep {
    /// Not the invocation that is active, or a second answer to it.
    InvalidRequestId,
    /// A call that has no place here, such as `next` while an event is unanswered.
    InvalidStateTransition,
}

#[derive(Debug, PartialEq, Eq)]
enum Runtime {
    Starting,
    Waiting,
    Working,
    Failed,
}

#[derive(Debug)]
struct Active {
    request_id: String,
    /// Gone once the invocation is settled.
    answer: Option<oneshot::Sender<Outcome>>,
}

#[derive(Debug)]
struct State {
    runtime: Runtime,
    pending: Option<Event>,
    active: Option<Active>,
    extensions: Extensions,
}

/// The shared state; see the module's page.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub identity: Identity,
    state: Mutex<State>,
    event_came: Notify,
    /// For the one supervisor that waits for extensions.
    registered: Notify,
    readiness: watch::Sender<Readiness>,
}

impl Exchange {
    pub fn new(identity: Identity) -> Exchange {
        Exchange {
            identity,
            state: Mutex::new(State {
                runtime: Runtime::Starting,
                pending: None,
                active: None,
                extensions: Extensions::default(),
            }),
            event_came: Notify::new(),
            registered: Notify::new(),
            readiness: watch::Sender::new(Readiness::Busy),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent after each statement, so a panic elsewhere leaves it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // The supervisor's side.

    /// Whether the process waits for an event now.
    pub fn is_ready(&self) -> bool {
        *self.readiness.borrow() == Readiness::Ready
    }

    /// What the runtime posted to `/init/error`, if it did.
    pub fn init_failure(&self) -> Option<FunctionError> {
        match &*self.readiness.borrow() {
            Readiness::InitFailed(error) => Some(error.clone()),
            Readiness::Busy | Readiness::Ready => None,
        }
    }

    /// Waits until the process waits for an event, or says that its start failed.
    pub async fn ready(&self) -> Result<(), FunctionError> {
        let mut readiness = self.readiness.subscribe();
        // The sender is part of `self`, so there is always an end that is not an error.
        let _ = readiness.wait_for(|state| *state != Readiness::Busy).await;
        self.init_failure().map_or(Ok(()), Err)
    }

    /// Gives the process an event, to be taken by its next `next`; what comes out of the channel
    /// is the invocation's one outcome.
    pub fn dispatch(&self, event: Event) -> oneshot::Receiver<Outcome> {
        let (answer, outcome) = oneshot::channel();
        let mut state = self.lock();
        state.active = Some(Active {
            request_id: event.request_id.clone(),
            answer: Some(answer),
        });
        state.extensions.invoke(&event);
        state.pending = Some(event);
        self.readiness.send_replace(Readiness::Busy);
        drop(state);
        self.event_came.notify_one();
        outcome
    }

    /// Ends an invocation; false when it was over already.
    pub fn settle(&self, request_id: &str, outcome: Outcome) -> bool {
        let mut state = self.lock();
        match &mut state.active {
            Some(active) if active.request_id == request_id => match active.answer.take() {
                // The receiver may be gone (the work was cancelled): nobody to tell, still first.
                Some(answer) => {
                    let _ = answer.send(outcome);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    /// Takes back an event that the function has not fetched yet: as if never dispatched.
    pub fn withdraw(&self) -> Option<Event> {
        let mut state = self.lock();
        let event = state.pending.take()?;
        state.active = None;
        Some(event)
    }

    /// Tells extensions to shut down; the number of those registered, told or not.
    pub fn shut_down(&self, reason: &str, deadline_ms: u64) -> usize {
        self.lock().extensions.shut_down(reason, deadline_ms)
    }

    // The function's side.

    /// `GET /runtime/invocation/next`: held until there is an event.
    pub async fn next(&self) -> Result<Event, Misstep> {
        {
            let mut state = self.lock();
            let unanswered = state.pending.is_none()
                && state
                    .active
                    .as_ref()
                    .is_some_and(|active| active.answer.is_some());
            if unanswered || state.runtime == Runtime::Failed {
                return Err(Misstep::InvalidStateTransition);
            }
            state.runtime = Runtime::Waiting;
            self.publish(&state);
        }
        loop {
            let came = self.event_came.notified();
            {
                let mut state = self.lock();
                if let Some(event) = state.pending.take() {
                    state.runtime = Runtime::Working;
                    return Ok(event);
                }
            }
            came.await;
        }
    }

    /// Whether the id is that of the invocation that waits for its answer.
    pub fn awaits_answer(&self, request_id: &str) -> Result<(), Misstep> {
        let state = self.lock();
        match &state.active {
            Some(active)
                if active.request_id == request_id
                    && active.answer.is_some()
                    && state.pending.is_none() =>
            {
                Ok(())
            }
            _ => Err(Misstep::InvalidRequestId),
        }
    }

    /// `POST /runtime/init/error`.
    pub fn fail_init(&self, error: FunctionError) -> Result<(), Misstep> {
        let mut state = self.lock();
        if state.runtime != Runtime::Starting {
            return Err(Misstep::InvalidStateTransition);
        }
        state.runtime = Runtime::Failed;
        self.readiness.send_replace(Readiness::InitFailed(error));
        Ok(())
    }

    /// `POST /extension/register`: the new extension's identifier.
    pub fn register_extension(&self, name: &str, events: &[String]) -> String {
        let mut state = self.lock();
        let identifier = state.extensions.register(name, events);
        self.publish(&state);
        drop(state);
        self.registered.notify_one();
        identifier
    }

    /// `GET /extension/event/next`: held until there is one; `None` for an unknown identifier.
    pub async fn next_extension_event(&self, identifier: &str) -> Option<serde_json::Value> {
        loop {
            let came = {
                let mut state = self.lock();
                let extension = state.extensions.get(identifier)?;
                if let Some(event) = extension.take() {
                    return Some(event);
                }
                let came = extension.came();
                self.publish(&state);
                came
            };
            came.notified().await;
        }
    }

    /// Names of the external extensions without which nothing is ready.
    pub fn expect_extensions(&self, names: BTreeSet<String>) {
        self.lock().extensions.expect(names);
    }

    /// Waits until every expected extension has registered, or one says that its start failed.
    pub async fn extensions_registered(&self) -> Result<(), FunctionError> {
        loop {
            let came = self.registered.notified();
            if let Some(failure) = self.init_failure() {
                return Err(failure);
            }
            if self.lock().extensions.all_registered() {
                return Ok(());
            }
            came.await;
        }
    }

    /// `POST /extension/init/error`. After the start it says nothing that its exit does not.
    pub fn fail_extension(&self, error: FunctionError) {
        let state = self.lock();
        if matches!(state.runtime, Runtime::Starting | Runtime::Waiting) && state.active.is_none() {
            self.readiness.send_replace(Readiness::InitFailed(error));
        }
        drop(state);
        self.registered.notify_one();
    }

    /// Whether an extension with this identifier is registered.
    pub fn knows_extension(&self, identifier: &str) -> bool {
        self.lock().extensions.get(identifier).is_some()
    }

    fn publish(&self, state: &State) {
        let ready = state.runtime == Runtime::Waiting
            && state.pending.is_none()
            && state.extensions.all_wait();
        self.readiness.send_if_modified(|readiness| {
            let wanted = if ready {
                Readiness::Ready
            } else {
                Readiness::Busy
            };
            let changes = *readiness != wanted && !matches!(readiness, Readiness::InitFailed(_));
            if changes {
                *readiness = wanted;
            }
            changes
        });
    }
}

#[cfg(test)]
mod tests;
