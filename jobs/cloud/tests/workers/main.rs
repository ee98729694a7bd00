//! Queues, and workers that do what is in them: the SQS API through its SDK, `loveless` workers on activities and
//! queues, tasks of their own, real Lambda clients in them, and what is left when everything is killed at random.
//!
//! Functions, workers and clouds are this same test program, started again as [`roles::role`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod chaos;
mod clients;
mod fifo;
mod queues;
mod roles;
mod stand;
mod tasks;
mod work;
