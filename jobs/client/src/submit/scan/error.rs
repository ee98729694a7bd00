//! Why nothing can be submitted.

use std::path::PathBuf;

use whiteboarder_core::image::Format;

use super::Skipped;

/// Why nothing can be submitted.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path that does not exist.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// As it was given.
        path: PathBuf,
    },
    /// A path that cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The only file named is no picture we read. (Among others it is [`Skipped`], and they go on.)
    #[error("{path}: {reason}")]
    Unsupported {
        /// As it was given.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Neither of the paths holds a picture.
    #[error("no pictures ({}) in {}", Format::LIST, list(.paths))]
    Empty {
        /// As they were given.
        paths: Vec<PathBuf>,
        /// What was there instead.
        skipped: Vec<Skipped>,
        /// How many files the patterns kept out.
        excluded: usize,
    },
    /// A pattern that cannot be read as one.
    #[error("`{pattern}` is no pattern: {reason}")]
    BadPattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two files would get the same name.
    #[error("{first} and {second} would both be called `{name}`")]
    Collision {
        /// The name.
        name: String,
        /// The file that had it first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A name that cannot be a key.
    #[error("{path}: {reason}")]
    BadName {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl ScanError {
    /// What to try next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Empty { excluded: 0, .. } => {
                Some("pictures end in .jpg, .png, .tif, .webp or .bmp")
            }
            Self::Empty { .. } => Some("the patterns of --include and --exclude leave none over"),
            Self::BadPattern { .. } => {
                Some("for example `*.jpg`, `scans/**` or `page_[0-9]*.{png,tif}`")
            }
            Self::Collision { .. } => Some("submit their common folder, or one after the other"),
            _ => None,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
