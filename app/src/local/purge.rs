//! Removing what the local cloud keeps, and with `--all` everything that whiteboarder itself has written on this machine.
//!
//! Only files are removed that we know by name; a symbolic link is left alone, wherever it leads.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::lock::Lock;
use super::serve::refused;
use super::start::take_turn;
use super::{Files, stop};
use crate::config::Dirs;
use crate::error::Failure;
use crate::term::Terminal;

/// Letters and digits of a batch's id.
const BATCH_ID: usize = 26;

/// What [`purge`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Files that were removed.
    pub files: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// What was left because it is not ours, or leads elsewhere.
    pub left: Vec<PathBuf>,
}

/// Ends the cloud and removes its store: objects, executions, queues. With `all` also the store's credentials, the log,
/// the notes where batches came from, and the recipe that the studio was left with. Configuration and saved recipes always stay, and so do two empty lock files,
/// without which two starters could not agree.
pub async fn purge(terminal: &Terminal, dirs: &Dirs, all: bool) -> Result<Purged> {
    let files = Files::of(dirs);
    if !dirs.state.exists() && !dirs.data.exists() {
        return Ok(Purged::default());
    }
    // Nobody starts it while we are at it.
    let _starting = take_turn(terminal, &files).await?;
    // Its end already tidies up: what it took before counts as freed.
    let before = local_cloud::bytes_on_disk(&dirs.cloud_store());
    stop(&files, false).await?;
    let _serving = Lock::take_soon(&files.serve_lock)
        .map_err(|error| Failure::file("use", &files.serve_lock, &error))?
        .ok_or_else(|| Failure::target("the local cloud was started again by somebody else"))?;

    let store = local_cloud::purge(&dirs.cloud_store()).map_err(|error| refused(&error))?;
    let mut purged = Purged {
        files: store.files,
        bytes: store.bytes.max(before),
        left: store.left,
    };
    if all {
        let ours = [
            &files.credentials,
            &files.log,
            &files.old_log(),
            &dirs.studio_recipe(),
        ];
        for file in ours {
            remove(file, &mut purged)?;
        }
        for note in notes(&dirs.batches()) {
            remove(&note, &mut purged)?;
        }
        for folder in [&dirs.batches(), &dirs.data, &dirs.cache] {
            // Only an empty one can be removed.
            let _ = std::fs::remove_dir(folder);
        }
    }
    Ok(purged)
}

/// The notes of batches, see `Batch::remember`.
fn notes(folder: &Path) -> Vec<PathBuf> {
    let is_note = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.is_some_and(|stem| {
            stem.len() == BATCH_ID && stem.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }) && path.extension().is_some_and(|ending| ending == "json")
    };
    let is_link = std::fs::symlink_metadata(folder).is_ok_and(|data| data.is_symlink());
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    if is_link {
        return Vec::new();
    }
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(is_note).collect()
}

fn remove(path: &Path, purged: &mut Purged) -> Result<()> {
    let data = match std::fs::symlink_metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::file("remove", path, &error).into()),
    };
    if !data.is_file() {
        purged.left.push(path.to_owned());
        return Ok(());
    }
    std::fs::remove_file(path).map_err(|error| Failure::file("remove", path, &error))?;
    purged.files += 1;
    purged.bytes += data.len();
    Ok(())
}
