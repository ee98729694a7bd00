//! What has happened: counts, the list of injected faults, and the shot that records itself when it hits.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fault::{Fault, FaultKind};
use crate::plan::{Decider, Facts};

/// How many injections are kept for [`crate::FaultProxy::injections`]: the newest.
const KEPT: usize = 10_000;

/// What a proxy has counted since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that arrived, with faults and without, also while calm.
    pub requests: u64,
    /// Faults that really happened, by kind; kinds that did not are missing.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Requests for which the upstream could not be reached, or broke off before it answered, by itself.
    pub upstream_failures: u64,
}

impl Counts {
    /// How many faults of one kind happened.
    #[must_use]
    pub fn of(&self, kind: FaultKind) -> u64 {
        self.faults.get(&kind).copied().unwrap_or(0)
    }

    /// How many faults happened, of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl fmt::Display for Counts {
    /// For example `requests 57, faults 3: throttle 2, reset 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "requests {}, faults {}", self.requests, self.total())?;
        for (place, (kind, count)) in self.faults.iter().enumerate() {
            write!(f, "{} {kind} {count}", if place == 0 { ":" } else { "," })?;
        }
        match self.upstream_failures {
            0 => Ok(()),
            failures => write!(f, "; failures of the upstream itself {failures}"),
        }
    }
}

/// One fault that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// Number of the request, from 1 in the order of arrival.
    pub request: u64,
    /// Number of the rule in the plan, from 1.
    pub rule: usize,
    /// What happened.
    pub kind: FaultKind,
    /// The request's method.
    pub method: String,
    /// The request's path as sent, without its query, which may hold a signature.
    pub path: String,
}

impl fmt::Display for Injection {
    /// For example `request 12: reset_after_request, PUT /boards/inbox/a.jpg (rule 2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Injection {
            request,
            rule,
            kind,
            method,
            path,
        } = self;
        write!(
            f,
            "request {request}: {kind}, {method} {path} (rule {rule})"
        )
    }
}

/// Something that a person who watches the proxy should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A fault happened, before the client could notice it.
    Injected(Injection),
    /// The upstream failed without the proxy's doing; the client's connection was reset.
    UpstreamFailed {
        /// Number of the request, from 1.
        request: u64,
        /// Why.
        reason: String,
    },
}

/// Called for each event, on the proxy's thread: it should be quick.
pub(crate) type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// The state that all connections share.
pub(crate) struct Ledger {
    state: Mutex<State>,
    observer: Option<Observer>,
}

struct State {
    decider: Decider,
    calm: bool,
    counts: Counts,
    injections: VecDeque<Injection>,
}

impl Ledger {
    pub(crate) fn new(decider: Decider, calm: bool, observer: Option<Observer>) -> Arc<Ledger> {
        let state = State {
            decider,
            calm,
            counts: Counts::default(),
            injections: VecDeque::new(),
        };
        Arc::new(Ledger {
            state: Mutex::new(state),
            observer,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a request and decides about it.
    pub(crate) fn arrived(self: &Arc<Self>, facts: &Facts<'_>) -> (u64, Option<Shot>) {
        let mut state = self.state();
        state.counts.requests += 1;
        let number = state.counts.requests;
        if state.calm {
            return (number, None);
        }
        let shot = state.decider.decide(facts).map(|decision| Shot {
            ledger: Arc::clone(self),
            injection: Injection {
                request: number,
                rule: decision.rule + 1,
                kind: decision.fault.kind(),
                method: facts.method.to_owned(),
                path: facts.path.to_owned(),
            },
            fault: decision.fault,
            draw: decision.draw,
            has_hit: false,
        });
        (number, shot)
    }

    pub(crate) fn upstream_failed(&self, request: u64, reason: String) {
        self.state().counts.upstream_failures += 1;
        self.tell(&Event::UpstreamFailed { request, reason });
    }

    fn tell(&self, event: &Event) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }

    pub(crate) fn set_calm(&self, calm: bool) {
        self.state().calm = calm;
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.state().calm
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    pub(crate) fn injections(&self) -> Vec<Injection> {
        self.state().injections.iter().cloned().collect()
    }
}

/// A fault on its way. It counts when it [hits](Shot::hit); one that is dropped before is given back to the plan.
pub(crate) struct Shot {
    ledger: Arc<Ledger>,
    injection: Injection,
    pub(crate) fault: Fault,
    pub(crate) draw: u64,
    has_hit: bool,
}

impl Shot {
    /// The fault happens now; to be called before the client can notice it, so that counts are never behind.
    pub(crate) fn hit(&mut self) {
        if std::mem::replace(&mut self.has_hit, true) {
            return;
        }
        let mut state = self.ledger.state();
        *state.counts.faults.entry(self.injection.kind).or_default() += 1;
        if state.injections.len() == KEPT {
            state.injections.pop_front();
        }
        state.injections.push_back(self.injection.clone());
        drop(state);
        self.ledger.tell(&Event::Injected(self.injection.clone()));
    }
}

impl Drop for Shot {
    fn drop(&mut self) {
        if !self.has_hit {
            self.ledger
                .state()
                .decider
                .give_back(self.injection.rule - 1);
        }
    }
}
