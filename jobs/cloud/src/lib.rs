//! An embedded cloud on loopback: S3, the Step Functions API, Lambda's Invoke API, event rules and two
//! compute lanes, in one process behind one port, durable in SQLite and plain files.
//!
//! Programs written for AWS run against it unchanged: set `AWS_ENDPOINT_URL` to the cloud's address and
//! use its credentials. Everything that was acknowledged survives SIGKILL; children die with their parent.
//!
//! Start reading at [`CloudConfig`] (what a cloud is made of), then [`events`] (how services and rules meet).

pub mod config;
pub mod events;
pub mod s3;

pub use config::{
    CloudConfig, Durability, FunctionConfig, Rule, Stack, StateMachineConfig, Target, WorkerGroup,
};
pub use events::{CloudEvent, DeliveryError, EventSink};
