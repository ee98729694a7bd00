//! Submit pictures to a target, follow them, fetch the results.
//!
//! A *target* is a [`Profile`] with clients: the local cloud, AWS, or any endpoint with the same
//! protocols. A *batch* is one submit; its items live in the bucket, which is the only ledger, so
//! that any machine with the profile can watch, resume or download any batch.
//!
//! ```no_run
//! # use whiteboarder_jobs::{*, submit::*, track::*};
//! # use tokio_util::sync::CancellationToken;
//! # async fn example(profile: Profile, recipe: whiteboarder_core::recipe::Recipe) -> Result<(), JobsError> {
//! let target = Target::connect(profile).await?;
//! let (reporter, mut events) = Reporter::channel();
//! let cancel = CancellationToken::new();
//! let plan = plan(scan(&["boards".into()])?, &recipe, Wish::Auto, &target.profile().lambda);
//! let batch = Batch::create(&target, plan, &recipe, &CreateOptions::default(), &reporter, &cancel).await?;
//! tokio::spawn(async move { while let Some(event) = events.recv().await { drop(event) } });
//! let status = run(&target, &batch, &SubmitOptions::default(), &reporter, &cancel).await?;
//! download::download(&target, &status, &download::Destination::Folder("cleaned".into()),
//!     &batch.inputs(), &reporter, &cancel).await?;
//! # Ok(()) }
//! ```
//!
//! Start reading at [`submit`] (files → manifest → uploads), then [`track`] (run records and
//! histories → what became of each item). [`track::history`] and [`track::outcome`] are pure, and so is
//! [`price`] (what it costs, before and after).

mod delete;
pub mod download;
pub mod error;
pub mod names;
pub mod price;
pub mod profile;
pub mod progress;
mod retry;
pub mod runs;
pub mod stack;
mod store;
pub mod submit;
pub mod track;
pub mod watch;

pub use error::{ErrorKind, JobsError, in_words};
pub use profile::{Credentials, Profile, Target};
pub use progress::{Progress, Reporter};
