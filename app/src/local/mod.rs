//! The local cloud's life: found, started, replaced and ended by whoever needs it.
//!
//! The cloud is this same program, `whiteboarder local serve`, in a session of its own. It leaves a
//! *record* (port, credentials, build) in the state folder, which only its owner can read. Whoever needs
//! the cloud reads the record and shakes hands; when nobody answers, or an older build does, it starts
//! one ([`start`]). Two locks make this safe:
//!
//! - the *start lock* is held by whoever is starting or replacing the cloud, so that of two starters the
//!   second finds what the first has started;
//! - the *serve lock* is held by the cloud as long as it lives, and by nobody else: it says for certain
//!   whether there is one, also after SIGKILL.

mod identity;
pub mod lock;
mod purge;
mod record;
mod serve;
mod start;
mod stop;

pub use identity::Build;
pub use lock::private_folder;
pub use purge::{Purged, purge};
pub use record::Record;
pub use serve::serve;
pub use start::{How, ensure};
pub use stop::{Stopped, running, stop};

use std::path::PathBuf;

use crate::config::Dirs;

/// Region of the local cloud.
pub const REGION: &str = "us-east-1";
/// Account of the local cloud.
pub const ACCOUNT: &str = "000000000000";

/// The files of the local cloud in the state folder.
#[derive(Clone, Debug)]
pub struct Files {
    /// Port, credentials and build of the running cloud; mode 0600.
    pub record: PathBuf,
    /// What the cloud has to say.
    pub log: PathBuf,
    /// Held while somebody starts or replaces the cloud.
    pub start_lock: PathBuf,
    /// Held by the cloud; contains its process id.
    pub serve_lock: PathBuf,
    /// Access key and secret of the store, made once; mode 0600.
    pub credentials: PathBuf,
}

impl Files {
    /// The log before the present one.
    pub fn old_log(&self) -> PathBuf {
        self.log.with_extension("log.1")
    }

    /// Where they are.
    pub fn of(dirs: &Dirs) -> Files {
        Files {
            record: dirs.state.join("local.json"),
            log: dirs.state.join("local.log"),
            start_lock: dirs.state.join("local.start.lock"),
            serve_lock: dirs.state.join("local.serve.lock"),
            credentials: dirs.data.join("credentials.json"),
        }
    }
}
