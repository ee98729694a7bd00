//! Bodies as files named by their SHA-256: `objects/ab/cdef…`.
//!
//! A file appears under its name complete and synced, by rename, before the index names it; and it goes
//! only after the index has forgotten it. What lies between (a file that the index does not name yet, or
//! no longer) is an orphan: harmless, and collected when the store opens. While the process lives, *pins*
//! keep a file that is about to be named, or is being read, from going.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::NamedTempFile;

use super::checksum::{Digests, Expected, Hasher};
use super::error::StoreError;
use super::index::lock;
use crate::config::Durability;

/// The name of a body.
pub(super) type Sha256 = [u8; 32];

/// The folder of bodies. Every method blocks.
pub(super) struct Blobs {
    objects: PathBuf,
    temporary: PathBuf,
    durability: Durability,
    pins: Mutex<Pins>,
}

#[derive(Default)]
struct Pins {
    held: HashMap<Sha256, usize>,
    /// The index forgot them while they were pinned.
    doomed: HashSet<Sha256>,
}

/// A body on its way to disk. Dropped, it leaves nothing behind.
pub(super) struct Incoming {
    file: NamedTempFile,
    hasher: Hasher,
}

/// A whole body, synced, that has no name yet.
pub(super) struct Received {
    file: NamedTempFile,
    pub digests: Digests,
}

/// Keeps files from being removed.
pub(super) struct Pin {
    blobs: Arc<Blobs>,
    names: Vec<Sha256>,
}

impl Blobs {
    /// Opens the folders and throws away what was being written when the process last ended.
    pub(super) fn open(root: &Path, durability: Durability) -> Result<Arc<Self>, StoreError> {
        let objects = root.join("objects");
        let temporary = root.join("incoming");
        fs::create_dir_all(&objects).map_err(StoreError::io(&objects))?;
        fs::create_dir_all(&temporary).map_err(StoreError::io(&temporary))?;
        for entry in fs::read_dir(&temporary).map_err(StoreError::io(&temporary))? {
            let path = entry.map_err(StoreError::io(&temporary))?.path();
            fs::remove_file(&path).map_err(StoreError::io(&path))?;
        }
        Ok(Arc::new(Self {
            objects,
            temporary,
            durability,
            pins: Mutex::default(),
        }))
    }

    /// Begins a body.
    pub(super) fn receive(&self, with_sha1: bool) -> Result<Incoming, StoreError> {
        let file =
            NamedTempFile::new_in(&self.temporary).map_err(StoreError::io(&self.temporary))?;
        Ok(Incoming {
            file,
            hasher: Hasher::new(with_sha1),
        })
    }

    /// Gives a body its name. The pin holds until the index names it too, or until that has failed.
    pub(super) fn publish(self: &Arc<Self>, received: Received) -> Result<Pin, StoreError> {
        let name = received.digests.sha256;
        let pin = self.pin(vec![name]);
        let path = self.path(&name);
        let folder = path.parent().unwrap_or(&self.objects);
        if !folder.is_dir() {
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(StoreError::io(folder)(error));
                }
                _ => self.sync(&self.objects)?,
            }
        }
        // A body that is here already, whole, need not come again; it may still be on its way to the
        // disk under another request, so the folder is synced in any case.
        let here = fs::metadata(&path).is_ok_and(|found| found.len() == received.digests.size);
        if !here {
            received
                .file
                .persist(&path)
                .map_err(|error| StoreError::io(&path)(error.error))?;
        }
        self.sync(folder)?;
        Ok(pin)
    }

    /// Makes names in a folder survive a loss of power.
    fn sync(&self, folder: &Path) -> Result<(), StoreError> {
        if self.durability == Durability::Full {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(StoreError::io(folder))?;
        }
        Ok(())
    }

    /// Keeps these files until the pin is dropped.
    pub(super) fn pin(self: &Arc<Self>, names: Vec<Sha256>) -> Pin {
        let mut pins = lock(&self.pins);
        for name in &names {
            *pins.held.entry(*name).or_default() += 1;
        }
        Pin {
            blobs: Arc::clone(self),
            names,
        }
    }

    /// Removes files that the index forgot, now or (when pinned) with a later call. `named` asks the index
    /// again: another request may have brought the same body meanwhile.
    pub(super) fn collect(
        &self,
        forgotten: Vec<Sha256>,
        named: impl Fn(&Sha256) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        // Under this lock nobody pins, so nobody is between finding a file and naming it.
        let mut pins = lock(&self.pins);
        pins.doomed.extend(forgotten);
        let free: Vec<Sha256> = pins
            .doomed
            .iter()
            .filter(|name| !pins.held.contains_key(*name))
            .copied()
            .collect();
        for name in free {
            pins.doomed.remove(&name);
            if !named(&name)? {
                let path = self.path(&name);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(StoreError::io(path)(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Removes every file that the index does not name; only right while nothing else runs.
    pub(super) fn sweep(&self, named: &HashSet<Sha256>) -> Result<u64, StoreError> {
        let mut removed = 0;
        for folder in fs::read_dir(&self.objects).map_err(StoreError::io(&self.objects))? {
            let folder = folder.map_err(StoreError::io(&self.objects))?;
            if !folder.path().is_dir() {
                continue; // what a file manager leaves lying about
            }
            let prefix = folder.file_name();
            for file in fs::read_dir(folder.path()).map_err(StoreError::io(folder.path()))? {
                let file = file.map_err(StoreError::io(folder.path()))?;
                let name = format!(
                    "{}{}",
                    prefix.to_string_lossy(),
                    file.file_name().to_string_lossy()
                );
                let name = hex::decode(name)
                    .ok()
                    .and_then(|name| Sha256::try_from(name).ok());
                if !name.is_some_and(|name| named.contains(&name)) {
                    fs::remove_file(file.path()).map_err(StoreError::io(file.path()))?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// Opens a body for reading. `None` when there is no such file.
    pub(super) fn open_file(&self, name: &Sha256, size: u64) -> Result<Option<File>, StoreError> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(path)(error)),
        };
        let found = file.metadata().map_err(StoreError::io(&path))?.len();
        if found != size {
            return Err(StoreError::DamagedBody {
                path,
                found,
                expected: size,
            });
        }
        Ok(Some(file))
    }

    pub(super) fn path(&self, name: &Sha256) -> PathBuf {
        let name = hex::encode(name);
        self.objects.join(&name[..2]).join(&name[2..])
    }
}

impl Incoming {
    /// Appends bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io(self.file.path()))?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Ends the body: checks what came, then syncs it.
    pub(super) fn finish(self, expected: &Expected) -> Result<Received, StoreError> {
        let digests = self.hasher.finish();
        expected.verify(&digests)?;
        // Also with durability `normal`: otherwise a loss of power could leave a name in the index whose
        // file is there but empty, which is worse than an object that is gone.
        self.file
            .as_file()
            .sync_data()
            .map_err(StoreError::io(self.file.path()))?;
        Ok(Received {
            file: self.file,
            digests,
        })
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = lock(&self.blobs.pins);
        for name in &self.names {
            if let Some(count) = pins.held.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    pins.held.remove(name);
                }
            }
        }
    }
}

/// Reads up to `length` bytes from `offset`.
pub(super) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; length];
    file.read_exact_at(&mut buffer, offset)?;
    Ok(buffer)
}

impl Pin {
    /// The files that it keeps.
    pub(super) fn names(&self) -> &[Sha256] {
        &self.names
    }
}
