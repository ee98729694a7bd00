//! The local S3 as programs see it: the real AWS SDK over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]
// A test reads best as one piece, and the SDK's getters best as they are called.
#![allow(clippy::too_many_lines, clippy::redundant_closure_for_method_calls)]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::single_match_else
)]

mod auth;
mod buckets;
mod checksums;
mod crash;
mod events;
mod gate;
mod listing;
mod multipart;
mod objects;
mod server;
