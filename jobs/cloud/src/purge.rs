//! How much a cloud keeps, and removing all of it.
//!
//! Only files that a cloud has written are counted and removed, by their names and places. Whatever else lies in
//! the data directory is somebody else's, and a symbolic link is never followed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cloud;
use crate::error::CloudError;

/// The databases in the data directory and in `s3`.
const DATABASES: [&str; 5] = [
    "states.sqlite",
    "lambda.sqlite",
    "sqs.sqlite",
    "ecs.sqlite",
    "s3/objects.db",
];
/// What SQLite puts beside a database goes before it: a new one would take an old log for its own.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ""];
/// Locks; removed last.
const LOCKS: [&str; 2] = ["s3/lock", "lock"];
/// Where bodies are, in folders named by the first two digits of their SHA-256.
const BODIES: &str = "s3/objects";
/// Where bodies arrive.
const INCOMING: &str = "s3/incoming";

/// What [`purge`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Files that were removed.
    pub files: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// What was left, because no cloud has written it.
    pub left: Vec<PathBuf>,
}

/// Bytes that the data of a cloud takes on disk, whether it runs or not. Blocks.
#[must_use]
pub fn bytes_on_disk(root: &Path) -> u64 {
    files(root).iter().map(|(_, bytes)| bytes).sum()
}

/// Removes what a cloud keeps in its data directory. Blocks; the cloud must not run. When it fails, what is left can be
/// purged again; a cloud that is started on it finds less or nothing, and nothing damaged.
///
/// # Errors
///
/// [`CloudError::AlreadyRunning`], or a file that cannot be removed.
pub fn purge(root: &Path) -> Result<Purged, CloudError> {
    let mut purged = Purged::default();
    match fs::symlink_metadata(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(purged),
        Err(error) => return Err(CloudError::store(root, error)),
        Ok(found) if !found.is_dir() => {
            purged.left.push(root.to_owned());
            return Ok(purged);
        }
        Ok(_) => {}
    }
    let lock = cloud::lock(root)?;
    for (path, bytes) in files(root) {
        fs::remove_file(&path).map_err(|error| CloudError::store(root, error))?;
        purged.files += 1;
        purged.bytes += bytes;
    }
    drop(lock);
    // The innermost first; one that is not empty stays, and so do those around it.
    let mut folders = body_folders(root);
    folders.extend([BODIES, INCOMING, "s3", ""].map(|name| root.join(name)));
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
    rest(root, &mut purged.left);
    purged.left.sort();
    Ok(purged)
}

/// Every file of a cloud and its size, in the order in which they may go: without its index a body is nothing that
/// anybody could find, while an index without its bodies would be damage.
fn files(root: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf| {
        if let Ok(data) = fs::symlink_metadata(&path)
            && data.is_file()
        {
            found.push((path, data.len()));
        }
    };
    if !real_folder(root) {
        return found;
    }
    let inside = real_folder(&root.join("s3"));
    let ours = |name: &&str| inside || !name.starts_with("s3/");
    for name in DATABASES.iter().filter(|name| ours(name)) {
        for beside in BESIDE {
            add(root.join(format!("{name}{beside}")));
        }
    }
    if inside {
        for path in entries(&root.join(INCOMING)) {
            add(path);
        }
        for folder in body_folders(root) {
            for path in entries(&folder).filter(|path| is_hex(path, 62)) {
                add(path);
            }
        }
    }
    for name in LOCKS.iter().filter(|name| ours(name)) {
        add(root.join(name));
    }
    found
}

fn body_folders(root: &Path) -> Vec<PathBuf> {
    if !real_folder(&root.join("s3")) {
        return Vec::new();
    }
    entries(&root.join(BODIES))
        .filter(|path| is_hex(path, 2) && real_folder(path))
        .collect()
}

/// What is directly in a folder; nothing if it is none, or a link to one.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let read = if real_folder(folder) {
        fs::read_dir(folder).ok()
    } else {
        None
    };
    read.into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

fn real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_dir())
}

fn is_hex(path: &Path, digits: usize) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| {
            name.len() == digits && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// What is still there, without looking behind links.
fn rest(folder: &Path, left: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if real_folder(&path) {
            rest(&path, left);
        } else {
            left.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, bytes: usize) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![0; bytes]).unwrap();
    }

    #[test]
    fn only_what_a_cloud_wrote_goes_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (root, other) = (folder.path().join("cloud"), folder.path().join("other"));
        let body = format!("s3/objects/ab/{}", "c".repeat(62));
        for (name, bytes) in [
            ("lock", 0),
            ("states.sqlite", 100),
            ("states.sqlite-wal", 10),
            ("lambda.sqlite", 20),
            ("s3/lock", 0),
            ("s3/objects.db", 30),
            ("s3/incoming/.tmpX", 5),
            (&body, 1_000),
        ] {
            write(&root.join(name), bytes);
        }
        write(&other.join("cd/").join("d".repeat(62)), 7);
        std::os::unix::fs::symlink(other.join("cd"), root.join("s3/objects/cd")).unwrap();
        write(&root.join("s3/objects/ab/notes.txt"), 3);
        assert_eq!(bytes_on_disk(&root), 1_165);

        let purged = purge(&root).unwrap();
        assert_eq!((purged.files, purged.bytes), (8, 1_165));
        let left = [
            root.join("s3/objects/ab/notes.txt"),
            root.join("s3/objects/cd"),
        ];
        assert_eq!(purged.left, left);
        assert!(other.join("cd/").join("d".repeat(62)).exists());

        for path in left {
            fs::remove_file(path).unwrap();
        }
        let again = purge(&root).unwrap();
        // The lock that the purge itself takes.
        assert_eq!((again.files, again.bytes, again.left), (1, 0, Vec::new()));
        assert!(!root.exists());
        assert_eq!(purge(&root).unwrap(), Purged::default());
    }

    #[test]
    fn a_store_that_is_a_link_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (root, real) = (folder.path().join("cloud"), folder.path().join("real"));
        write(&real.join("states.sqlite"), 9);
        std::os::unix::fs::symlink(&real, &root).unwrap();
        assert_eq!(purge(&root).unwrap().left, [root]);
        assert!(real.join("states.sqlite").exists());
    }
}
