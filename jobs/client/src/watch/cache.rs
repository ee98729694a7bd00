//! Finished executions on this machine's disk: what a history came down to never has to be asked for again.
//!
//! One file for each state machine of each target, lines of JSON that are only ever appended, a whole line in
//! one write, so that several programs may have it open. Its first line names its version. It is a cache:
//! what cannot be read is left out, and whatever goes wrong with it is only slower.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::run::{Digest, Run, Subject};

/// The format of the lines; another one's file is begun anew.
const VERSION: u32 = 1;
/// What the first line says.
const KIND: &str = "whiteboarder executions";
/// A file with more lines than this that nobody needs is written anew, …
const SUPERSEDED: usize = 1_000;
/// … and so is one with a half more executions than this: the newest stay.
const MOST: usize = 100_000;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    kind: String,
    version: u32,
}

/// An execution, as it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    /// Its name: the machine's ARN is the file's.
    #[serde(rename = "n")]
    name: String,
    /// How often it had been redriven by then.
    #[serde(rename = "r", default, skip_serializing_if = "is_zero")]
    redrives: u32,
    /// When it ended. Another cloud may have an execution of the same name, but not of the same end.
    #[serde(rename = "t")]
    stopped_ms: i64,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    #[serde(rename = "d")]
    digest: Arc<Digest>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks with a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What is known of the finished executions of one machine.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashMap<String, Line>,
    file: Option<File>,
    /// Lines that are to be written.
    pending: Vec<u8>,
    /// Whether the file ends within a line.
    torn: bool,
}

impl Cache {
    /// One that forgets.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Reads the file of this machine in this folder, and keeps it open. `place` tells targets apart that have
    /// machines of the same ARN. When the file cannot be used the cache only remembers as long as it lives.
    #[must_use]
    pub fn open(folder: &Path, machine: &str, place: &str) -> Self {
        let mut cache = Self::in_memory();
        // Whatever was read before something went wrong is good.
        if let Ok(file) = cache.load(&path_of(folder, machine, place)) {
            cache.file = Some(file);
        }
        cache
    }

    fn load(&mut self, path: &Path) -> std::io::Result<File> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        // Alone with it, we may write it anew; otherwise others append to it, and so do we.
        let alone = file.try_lock().is_ok();
        if !alone {
            // Whoever writes it anew has it for a moment only.
            let _ = file.lock_shared();
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let read = self.parse(&bytes);
        let known = self.known.len();
        let crowded = known > MOST + MOST / 2;
        let superseded = read.lines.saturating_sub(known);
        if alone && (!read.ours || crowded || superseded > SUPERSEDED.max(known / 2)) {
            self.keep_newest(MOST);
            let text = self.text();
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&text)?;
            self.torn = false;
        } else if !read.ours {
            // A newer program has it open, in its own format.
            return Err(std::io::ErrorKind::Unsupported.into());
        }
        if alone {
            // Nobody writes it anew while it is open here.
            let _ = file.unlock();
            let _ = file.try_lock_shared();
        }
        Ok(file)
    }

    fn parse(&mut self, bytes: &[u8]) -> Parsed {
        let mut lines = bytes
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        let header = lines.next().map(serde_json::from_slice::<Header>);
        let ours = match header {
            Some(Ok(header)) => header.kind == KIND && header.version == VERSION,
            _ => false,
        };
        self.torn = bytes.last().is_some_and(|&byte| byte != b'\n');
        let mut count = 0;
        if ours {
            for line in lines {
                count += 1;
                if let Ok(line) = serde_json::from_slice::<Line>(line) {
                    self.known.insert(line.name.clone(), line);
                }
            }
        }
        Parsed { ours, lines: count }
    }

    fn keep_newest(&mut self, most: usize) {
        if self.known.len() <= most {
            return;
        }
        let mut ends: Vec<i64> = self.known.values().map(|line| line.stopped_ms).collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let oldest = ends.get(most - 1).copied().unwrap_or(i64::MIN);
        self.known.retain(|_, line| line.stopped_ms >= oldest);
    }

    /// The whole file.
    fn text(&self) -> Vec<u8> {
        let header = Header {
            kind: KIND.to_owned(),
            version: VERSION,
        };
        let mut text = serde_json::to_vec(&header).unwrap_or_default();
        text.push(b'\n');
        for line in self.known.values() {
            text.extend(written(line));
        }
        text
    }

    /// What is known of an execution that ended at this time for the last time.
    #[must_use]
    pub fn get(
        &self,
        name: &str,
        redrives: u32,
        stopped_ms: i64,
    ) -> Option<(&Arc<Digest>, Option<&Subject>)> {
        let line = self.known.get(name)?;
        let same = line.redrives == redrives && line.stopped_ms == stopped_ms;
        same.then_some((&line.digest, line.subject.as_ref()))
    }

    /// Remembers a finished execution; one that runs or was not read is passed over.
    pub fn put(&mut self, run: &Run) {
        let (Some(digest), Some(stopped_ms)) = (&run.digest, run.stopped_ms) else {
            return;
        };
        let line = Line {
            name: run.name.clone(),
            redrives: run.redrives,
            stopped_ms,
            subject: run.subject.clone(),
            digest: Arc::clone(digest),
        };
        if self.known.get(&line.name) == Some(&line) {
            return;
        }
        if self.file.is_some() {
            self.pending.extend(written(&line));
        }
        self.known.insert(line.name.clone(), line);
    }

    /// How many executions are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Writes what was remembered since the last time.
    pub fn flush(&mut self) {
        let Some(file) = &mut self.file else {
            return;
        };
        if self.pending.is_empty() {
            return;
        }
        let mut text = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.torn) {
            text.insert(0, b'\n');
        }
        // One write of whole lines: what others append comes before or after it, not in between.
        if file.write_all(&text).is_err() {
            // A full disk: the next lines would not fit either, and half a line may stand there.
            self.file = None;
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.flush();
    }
}

struct Parsed {
    ours: bool,
    lines: usize,
}

/// A line, without the fields that have nothing to say.
fn written(line: &Line) -> Vec<u8> {
    let mut value = serde_json::to_value(line).unwrap_or_default();
    prune(&mut value);
    let mut text = serde_json::to_vec(&value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Removes fields that are read as the same when they are missing.
fn prune(value: &mut Value) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    object.values_mut().for_each(prune);
    object.retain(|_, value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    });
}

/// The machine's file.
fn path_of(folder: &Path, machine: &str, place: &str) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update(machine);
    hash.update([0]);
    hash.update(place);
    let hash = hex::encode(hash.finalize());
    folder.join(format!("executions-{}.jsonl", &hash[..24]))
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
