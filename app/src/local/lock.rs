//! File locks that the system gives back when a process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A lock that is held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock if nobody holds it.
    pub fn try_take(path: &Path) -> io::Result<Option<Lock>> {
        let file = open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the lock if it becomes free within a second: long enough for those who only ask.
    pub fn take_soon(path: &Path) -> io::Result<Option<Lock>> {
        for _ in 0..50 {
            if let Some(lock) = Lock::try_take(path)? {
                return Ok(Some(lock));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }

    /// Writes this process's id into the lock file, for [`holder`].
    pub fn sign(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        writeln!(self.0, "{}", std::process::id())
    }
}

impl Drop for Lock {
    /// The next holder may be of a build that does not sign: it must not be taken for us.
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
    }
}

/// Whether somebody holds the lock, and who, as far as known.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    if !path.exists() {
        return Ok(None);
    }
    // A shared lock, so that two who ask do not take each other for the holder.
    match flock(open(path)?, FlockOperation::NonBlockingLockShared) {
        Ok(()) => return Ok(None),
        Err(Errno::WOULDBLOCK) => {}
        Err(error) => return Err(error.into()),
    }
    let mut content = String::new();
    File::open(path)?.read_to_string(&mut content)?;
    Ok(Some(Holder {
        pid: content.trim().parse().ok(),
    }))
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id; absent in the moment between taking and signing.
    pub pid: Option<i32>,
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        private_folder(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// Makes a folder, and those above it, that only their owner can look into.
pub fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_is_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/x.lock");
        assert_eq!(holder(&path).unwrap(), None);
        let mut lock = Lock::try_take(&path).unwrap().unwrap();
        lock.sign().unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        let pid = i32::try_from(std::process::id()).unwrap();
        assert_eq!(holder(&path).unwrap(), Some(Holder { pid: Some(pid) }));
        drop(lock);
        assert_eq!(holder(&path).unwrap(), None);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
