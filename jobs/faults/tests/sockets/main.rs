//! Every fault over real sockets, as a client and an upstream see it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod connections;
mod damage;
mod expect;
mod pass;
mod program;
mod upstream;
mod wire;
