//! A running proxy, and how it is started and stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ledger::{Counts, Event, Injection, Ledger, Observer};
use crate::plan::{Decider, Plan, PlanError};
use crate::rule::Rule;
use crate::serve::{Front, serve};

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The upstream's address is none that the proxy can use.
    #[error(
        "`{0}` is no upstream: expected http://host:port without a path (https is not supported)"
    )]
    Endpoint(String),
    /// The proxy would be open to the network.
    #[error("{0} is not a loopback address: the proxy is for tests on one machine")]
    NotLoopback(SocketAddr),
    /// The plan cannot be followed.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The socket or the thread could not be made.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// What a proxy is started with; made by [`FaultProxy::to`].
pub struct Builder {
    endpoint: String,
    listen: SocketAddr,
    plan: Plan,
    calm: bool,
    observer: Option<Observer>,
}

impl Builder {
    /// Where to listen, a loopback address; 127.0.0.1 and a free port unless said otherwise.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Builder {
        self.listen = address;
        self
    }

    /// The seed of the plan, 0 unless said otherwise.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Builder {
        self.plan.seed = seed;
        self
    }

    /// Adds a rule behind those that are there. The first rule that fires decides about a request.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Builder {
        self.plan.rules.push(rule);
        self
    }

    /// Replaces seed and rules.
    #[must_use]
    pub fn plan(mut self, plan: Plan) -> Builder {
        self.plan = plan;
        self
    }

    /// Starts without faults, until [`FaultProxy::resume`].
    #[must_use]
    pub fn calm(mut self) -> Builder {
        self.calm = true;
        self
    }

    /// Calls this for each event, on the proxy's thread, before the client can notice a fault. It should be quick.
    #[must_use]
    pub fn on_event(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Builder {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts the proxy on a thread of its own; it needs no async runtime and uses none that is there. The
    /// upstream is not contacted before the first request.
    pub fn start(self) -> Result<FaultProxy, ProxyError> {
        let upstream = upstream(&self.endpoint)?;
        if !self.listen.ip().is_loopback() {
            return Err(ProxyError::NotLoopback(self.listen));
        }
        let ledger = Ledger::new(Decider::new(self.plan)?, self.calm, self.observer);
        let listen = |source| ProxyError::Listen {
            address: self.listen,
            source,
        };
        let listener = std::net::TcpListener::bind(self.listen).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        // One thread: what one task does is not interrupted by another, which `serve` relies on.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(listen)?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(listen)?
        };
        let stop = CancellationToken::new();
        let front = Arc::new(Front::new(Arc::clone(&ledger), upstream));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("fault-proxy".into())
            .spawn(move || {
                runtime.block_on(serve(listener, front, stopped));
                // A name that is being resolved must not hold up the end.
                runtime.shutdown_background();
            })
            .map_err(listen)?;
        Ok(FaultProxy {
            address,
            ledger,
            stop: Some(stop.drop_guard()),
            thread: Some(thread),
        })
    }
}

fn upstream(endpoint: &str) -> Result<Authority, ProxyError> {
    let wrong = || ProxyError::Endpoint(endpoint.to_owned());
    let uri: Uri = endpoint.parse().map_err(|_| wrong())?;
    let parts = uri.into_parts();
    let path = parts.path_and_query.as_ref();
    if parts.scheme != Some(Scheme::HTTP) || path.is_some_and(|path| path.as_str() != "/") {
        return Err(wrong());
    }
    parts
        .authority
        .filter(|it| !it.as_str().contains('@'))
        .ok_or_else(wrong)
}

/// A running proxy. It stops when it is dropped, and with it every connection.
pub struct FaultProxy {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    stop: Option<DropGuard>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Begins a proxy to an endpoint, for example `http://127.0.0.1:4566`.
    pub fn to(endpoint: impl Into<String>) -> Builder {
        Builder {
            endpoint: endpoint.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            plan: Plan::default(),
            calm: false,
            observer: None,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint for clients, for example `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.ledger.counts()
    }

    /// The faults that happened, oldest first; the newest 10,000.
    #[must_use]
    pub fn injections(&self) -> Vec<Injection> {
        self.ledger.injections()
    }

    /// From the next request on everything passes, and the plan stands still: rules count no requests.
    pub fn calm(&self) {
        self.ledger.set_calm(true);
    }

    /// Goes on with the plan where it stood.
    pub fn resume(&self) {
        self.ledger.set_calm(false);
    }

    /// Whether faults are switched off.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.ledger.is_calm()
    }

    /// Stops the proxy and tells what it has counted.
    #[must_use]
    pub fn stop(self) -> Counts {
        let ledger = Arc::clone(&self.ledger);
        drop(self);
        ledger.counts()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends at its next turn; a panic there has been printed already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_without_a_path_is_an_upstream() {
        for endpoint in [
            "http://127.0.0.1:4566",
            "http://localhost:9000/",
            "http://[::1]:1",
        ] {
            assert!(upstream(endpoint).is_ok(), "{endpoint}");
        }
        for endpoint in [
            "https://s3.amazonaws.com",
            "http://host/path",
            "http://host?query",
            "http://user@host",
            "127.0.0.1:4566",
            "",
        ] {
            assert!(upstream(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn it_listens_on_loopback_only() {
        let open = FaultProxy::to("http://127.0.0.1:1").listen(([0, 0, 0, 0], 0).into());
        assert!(matches!(open.start(), Err(ProxyError::NotLoopback(_))));
    }
}
