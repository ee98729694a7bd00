//! The local S3 as programs see it: the real AWS SDK over loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod auth;
mod buckets;
mod checksums;
mod crash;
mod events;
mod listing;
mod multipart;
mod objects;
mod server;
