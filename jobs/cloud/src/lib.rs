//! An embedded cloud on loopback: S3, the Step Functions API, Lambda's Invoke API, SQS, event rules and two
//! compute lanes, in one process behind one port, durable in SQLite and plain files.
//!
//! Programs written for AWS run against it unchanged: set `AWS_ENDPOINT_URL` to the cloud's address and
//! use its credentials. Everything that was acknowledged survives SIGKILL; children die with their parent.
//!
//! ```
//! use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Stack};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let cloud = Cloud::start(CloudConfig {
//!     root: folder.path().to_owned(),
//!     port: None,
//!     access_key: "local".into(),
//!     secret_key: "secret".into(),
//!     region: "us-east-1".into(),
//!     account: "000000000000".into(),
//!     build: "1.0".into(),
//!     idle_after: None,
//!     durability: Durability::Normal,
//!     keep: None,
//!     rehearsal: Rehearsal::default(),
//!     stack: Stack { buckets: vec!["boards".into()], ..Stack::default() },
//! })
//! .await?;
//! println!("AWS_ENDPOINT_URL=http://{}", cloud.address());
//! cloud.stop(true).await;
//! # Ok(())
//! # }
//! ```
//!
//! Start reading at [`CloudConfig`] (what a cloud is made of) and `cloud` (start and stop), then [`events`]
//! (how services and rules meet), `server` (the front), [`s3`], [`states`] and `lanes`.

mod cloud;
pub mod config;
pub mod control;
mod database;
mod error;
pub mod events;
mod lanes;
mod purge;
mod rules;
pub mod s3;
mod server;
pub mod sigv4;
mod sqs;
pub mod states;
mod versions;

pub use cloud::{Cloud, DRAIN_LIMIT};
pub use config::{
    CloudConfig, Durability, FunctionConfig, Rehearsal, Rule, Stack, StateMachineConfig, Target,
    TaskDefinition, WorkerGroup,
};
pub use error::CloudError;
pub use events::{CloudEvent, DeliveryError, EventSink};
pub use purge::{Purged, bytes_on_disk, purge};
pub use rules::{InvalidPattern, Pattern};
pub use states::{Mocks, MocksError};
pub use states_language::TimeScale;
