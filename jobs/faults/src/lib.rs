//! A reverse proxy that injects faults, for tests: between a real client and a real service, on loopback.
//!
//! It speaks HTTP/1.1 to both sides, passes headers and bodies untouched (`Host` too, so signatures stay valid) and
//! streams with bounded memory. A *plan* says which requests suffer which [`Fault`]: throttling and other answers
//! of the service, connections that are reset before, in and after a request, bodies that are cut, damaged or
//! slow, silence, a clock that differs, credentials that expire. It knows the error formats of S3, of AWS's JSON
//! protocol and of Lambda, by the request; everything else about it is plain HTTP.
//!
//! ```
//! use fault_proxy::{Fault, FaultKind, FaultProxy, Rule};
//! # use std::io::{Read, Write};
//! # use std::net::{TcpListener, TcpStream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let service = TcpListener::bind("127.0.0.1:0")?;
//! # let endpoint = format!("http://{}", service.local_addr()?);
//! let proxy = FaultProxy::to(endpoint)
//!     .seed(7)
//!     .rule(Rule::new(Fault::Throttle).method("GET").times(1))
//!     .rule(Rule::new(Fault::ResetAfterRequest).method("PUT").share(0.02))
//!     .start()?;
//!
//! // The client under test gets `proxy.endpoint()` instead of the service's.
//! let mut client = TcpStream::connect(proxy.address())?;
//! client.write_all(b"GET /bucket/key HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("<Code>SlowDown</Code>"));
//!
//! // A test of faults proves that there were faults.
//! assert_eq!(proxy.counts().of(FaultKind::Throttle), 1);
//! # Ok(())
//! # }
//! ```
//!
//! **Deterministic.** A [`Decider`] is a pure function of the seed, the rules and the sequence of requests. Each rule
//! counts the requests that match it, and draws for the nth of them the same number each time; so a rule's
//! choices do not change when other rules or unrelated requests come and go. Clients that send in parallel arrive in
//! an order that is theirs: then which *place in the sequence* suffers is fixed, not which object.
//!
//! **Honest.** A fault counts when it really happens, before the client can notice it. One that could not happen (a
//! response without a body has no byte to damage) is not counted and goes back to the rule's budget. What the
//! upstream does wrong by itself is passed on as a reset connection and counted apart.
//!
//! **On its own thread.** [`Builder::start`] works from tests with and without a runtime; dropping the proxy stops it.
//!
//! [`FaultProxy::calm`] and [`FaultProxy::resume`] switch the faults off and on: prepare in peace, test in trouble,
//! verify in peace.
//!
//! For people there is the program `fault-proxy`; `fault-proxy --help` has examples. Start reading at [`Fault`] and
//! [`Rule`], then `plan` (the decisions), `serve` and `forward` (a request's way) and `body` (what happens to bytes).

mod answer;
mod body;
mod fault;
mod forward;
mod ledger;
mod pace;
mod plan;
mod proxy;
mod rule;
mod serve;
mod text;
mod wire;

pub use fault::{ErrorAnswer, Fault, FaultKind};
pub use ledger::{Counts, Event, Injection};
pub use plan::{Decider, Decision, Facts, Plan, PlanError};
pub use proxy::{Builder, FaultProxy, ProxyError};
pub use rule::Rule;
