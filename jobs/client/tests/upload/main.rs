//! Uploads, claims and downloads against the local cloud's S3 over loopback, with faults in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod claims;
mod delete;
#[cfg(unix)]
mod disk;
mod download;
mod faults;
mod resume;
mod world;
