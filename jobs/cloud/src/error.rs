//! Why a cloud did not start.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::rules::InvalidPattern;
use crate::versions;

/// Why [`Cloud::start`](crate::Cloud::start) failed. Each variant is one cause that a person can do something
/// about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// Another cloud owns the data directory.
    #[error("another local cloud is running on {}", root.display())]
    AlreadyRunning {
        /// The data directory.
        root: PathBuf,
    },
    /// Something else listens on the port.
    #[error("port {port} is taken by another program")]
    PortTaken {
        /// The port on 127.0.0.1.
        port: u16,
    },
    /// No permission to write where the data should go, or to listen on the port.
    #[error("no permission to use {what}")]
    NoPermission {
        /// A path or a port.
        what: String,
        /// What the system said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no space left for the data.
    #[error("the disk that holds {} is full", root.display())]
    DiskFull {
        /// The data directory.
        root: PathBuf,
        /// What the system or the store said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The data was written by a newer build. Nothing was changed.
    #[error("{} has version {found}, and this build reads versions up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this build reads.
        known: i64,
    },
    /// A file of the data is not what it should be.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The database, or the data directory when it is not known which.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A store could not be opened for another reason.
    #[error("cannot open the data in {}", root.display())]
    Store {
        /// The data directory.
        root: PathBuf,
        /// What the system or the store said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A part of the stack is wrong.
    #[error("the stack's {part} cannot be made: {reason}")]
    Stack {
        /// For example `state machine whiteboarder`.
        part: String,
        /// Why.
        reason: String,
    },
    /// A rule's pattern is wrong.
    #[error("the rule {rule} is wrong: {source}")]
    Rule {
        /// The rule's name.
        rule: String,
        /// What is wrong with its pattern.
        source: InvalidPattern,
    },
}

impl CloudError {
    /// A part of the stack that could not be made: by its own fault, or because the store failed.
    pub(crate) fn part(
        root: &Path,
        kind: &str,
        name: &str,
        reason: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        match Self::store(root, reason) {
            Self::Store { source, .. } => Self::Stack {
                part: format!("{kind} {name}"),
                reason: source.to_string(),
            },
            cause => cause,
        }
    }

    /// Finds the cause that a person can do something about in whatever a store said.
    pub(crate) fn store(root: &Path, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        let root = root.to_owned();
        match cause(source.as_ref()) {
            Cause::DiskFull => Self::DiskFull { root, source },
            Cause::NoPermission => Self::NoPermission {
                what: root.display().to_string(),
                source,
            },
            Cause::Other if versions::is_damage(source.as_ref()) => {
                Self::Damaged { path: root, source }
            }
            Cause::Other => Self::Store { root, source },
        }
    }
}

/// What SQLite says about a full disk.
const SQLITE_FULL: &str = "database or disk is full";

enum Cause {
    DiskFull,
    NoPermission,
    Other,
}

/// Walks the chain of sources to an error of the system or of SQLite.
fn cause(error: &(dyn Error + 'static)) -> Cause {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    return Cause::DiskFull;
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    return Cause::NoPermission;
                }
                _ => {}
            }
        }
        if let Some(rusqlite::Error::SqliteFailure(failure, _)) = error.downcast_ref() {
            match failure.code {
                rusqlite::ErrorCode::DiskFull => return Cause::DiskFull,
                rusqlite::ErrorCode::ReadOnly
                | rusqlite::ErrorCode::PermissionDenied
                | rusqlite::ErrorCode::CannotOpen => return Cause::NoPermission,
                _ => {}
            }
        }
        // An engine's answer to a request carries the store's words only.
        if error.to_string().contains(SQLITE_FULL) {
            return Cause::DiskFull;
        }
        next = error.source();
    }
    Cause::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart_however_deep_it_is() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot write")]
        struct Deep(#[source] Box<dyn Error + Send + Sync>);

        let root = Path::new("/data");
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = CloudError::store(root, Deep(Box::new(Deep(full.into()))));
        assert!(matches!(error, CloudError::DiskFull { .. }), "{error:?}");

        let sqlite = rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
            None,
        );
        let error = CloudError::store(root, Deep(sqlite.into()));
        assert!(matches!(error, CloudError::DiskFull { .. }), "{error:?}");

        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = CloudError::store(root, refused);
        assert!(
            matches!(error, CloudError::NoPermission { .. }),
            "{error:?}"
        );

        let answered = CloudError::store(root, format!("the state store failed: {SQLITE_FULL}"));
        assert!(
            matches!(answered, CloudError::DiskFull { .. }),
            "{answered:?}"
        );

        let other = CloudError::store(root, Deep("odd".into()));
        assert!(matches!(other, CloudError::Store { .. }), "{other:?}");
    }
}
