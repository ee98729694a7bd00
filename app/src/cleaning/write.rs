//! Files that appear whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes a file under its name only when it is complete and on the disk. Folders are made on the way.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    write_with_mode(path, content, 0o666)
}

/// The same, for something that only its owner may read.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    write_with_mode(path, content, 0o600)
}

/// `mode` is what the umask is taken from.
fn write_with_mode(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut draft = Draft::with_mode(path, mode)?;
    draft.file.write_all(content).map_err(plain)?;
    draft.finish()
}

/// A file that is being written beside the name that it will have. Dropped before [`Draft::finish`], it is gone.
#[derive(Debug)]
pub struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// A draft of what shall be at `path`. Folders are made on the way.
    pub fn new(path: &Path) -> io::Result<Draft> {
        Draft::with_mode(path, 0o666)
    }

    fn with_mode(path: &Path, mode: u32) -> io::Result<Draft> {
        let folder = folder_of(path);
        std::fs::create_dir_all(folder).map_err(|error| match error.kind() {
            // What exists there is no folder.
            ErrorKind::AlreadyExists => ErrorKind::NotADirectory.into(),
            _ => error,
        })?;
        // In the same folder, because a rename cannot leave its file system.
        let file = tempfile::Builder::new()
            .prefix(".whiteboarder-")
            .suffix(".part")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)
            .map_err(plain)?;
        Ok(Draft {
            file,
            path: path.to_owned(),
        })
    }

    /// A handle to write with.
    pub fn handle(&self) -> io::Result<File> {
        self.file.as_file().try_clone()
    }

    /// Gives the file its name, when what was written is on the disk.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        // The name is on the disk once its folder is. Some file systems cannot sync folders.
        if let Ok(folder) = File::open(folder_of(&self.path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The crate adds the temporary file's name to the error, and so hides the system's own.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a function for `map_err`, which gives the error away"
)]
fn plain(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/a.png");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["a.png"]);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let draft = Draft::new(&path).unwrap();
        draft.handle().unwrap().write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn private_files_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.json");
        write_private(&path, b"{}").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
