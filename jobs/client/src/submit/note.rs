//! Where a batch's files were, noted on this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Batch, Scan, SourceFile};
use crate::error::JobsError;

/// Version of the shape of what [`Batch::remember`] writes. A field that is only added does not raise it.
const REMEMBERED_VERSION: u32 = 1;

/// What [`Batch::remember`] writes.
#[derive(Serialize, Deserialize)]
struct Remembered {
    version: u32,
    batch: String,
    sources: BTreeMap<String, PathBuf>,
}

impl Batch {
    /// Remembers where the files are, in `folder/<batch>.json`, for a later [`Batch::recall`].
    /// Paths of this machine stay on this machine: the bucket does not get them.
    pub fn remember(&self, folder: &Path) -> Result<(), JobsError> {
        let path = folder.join(format!("{}.json", self.id()));
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let remembered = Remembered {
            version: REMEMBERED_VERSION,
            batch: self.id().to_owned(),
            sources: self
                .sources
                .iter()
                .map(|(name, path)| (name.clone(), absolute(path)))
                .collect(),
        };
        let write = || {
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, &remembered)?;
            file.persist(&path).map_err(|error| error.error).map(|_| ())
        };
        write().map_err(|error| JobsError::io(&path, error))
    }

    /// The files that [`Batch::remember`] noted for a batch; none when it noted nothing. Files that
    /// are gone are left out.
    pub fn recall(folder: &Path, batch: &str) -> Result<Option<Scan>, JobsError> {
        let path = folder.join(format!("{batch}.json"));
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JobsError::io(path, error)),
        };
        let bad = |reason: String| JobsError::BadNote {
            path: path.clone(),
            reason,
        };
        let remembered: Remembered =
            serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if remembered.version > REMEMBERED_VERSION {
            return Err(bad(format!(
                "it has version {}, and this build reads version {REMEMBERED_VERSION}",
                remembered.version
            )));
        }
        let files = remembered.sources.into_iter().filter_map(|(name, path)| {
            let bytes = std::fs::metadata(&path).ok()?.len();
            Some(SourceFile { path, name, bytes })
        });
        Ok(Some(Scan {
            files: files.collect(),
            ..Scan::default()
        }))
    }
}
