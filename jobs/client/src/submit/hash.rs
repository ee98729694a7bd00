//! What a file's content is: read once, for the manifest and for every check on its way.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crc_fast::{CrcAlgorithm, Digest as Crc};
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::parts::{part_count, part_range};
use crate::error::JobsError;
use crate::progress::{Progress, Reporter};

/// Files read at the same time.
const READERS: usize = 2;
/// How much is read at once.
const CHUNK: usize = 512 * 1024;
/// How often progress is told.
const EVERY: Duration = Duration::from_millis(100);

/// The content of a file. The checksums of the parts are taken in the same reading as the sha256: bytes
/// that have them later are the bytes that were hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// CRC-64/NVME of each part.
    pub parts: Arc<[u64]>,
}

/// Reads the files, and answers in their order. Tells [`Progress::Hashed`].
pub(super) async fn hash_all(
    files: Vec<PathBuf>,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<Vec<Print>, JobsError> {
    let sizes = files.iter().filter_map(|path| path.metadata().ok());
    let tally = Arc::new(Tally {
        of_files: files.len(),
        of_bytes: sizes.map(|metadata| metadata.len()).sum(),
        files: AtomicUsize::new(0),
        bytes: AtomicU64::new(0),
        told: std::sync::Mutex::new(Instant::now()),
        reporter: reporter.clone(),
        cancel: cancel.clone(),
    });
    let reads = files.into_iter().map(|path| {
        let tally = Arc::clone(&tally);
        async move {
            let reading = tokio::task::spawn_blocking(move || hash_file(&path, &tally));
            // A task that ended otherwise than by returning was cancelled with its runtime.
            reading.await.unwrap_or(Err(JobsError::Cancelled))
        }
    });
    let reads = futures::stream::iter(reads).buffered(READERS);
    let prints = reads.try_collect().await?;
    if tally.of_files > 0 {
        tally.tell();
    }
    Ok(prints)
}

/// What all readers have read.
struct Tally {
    of_files: usize,
    of_bytes: u64,
    files: AtomicUsize,
    bytes: AtomicU64,
    told: std::sync::Mutex<Instant>,
    reporter: Reporter,
    cancel: CancellationToken,
}

impl Tally {
    fn read(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut told = self
            .told
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.elapsed() >= EVERY {
            *told = Instant::now();
            self.tell();
        }
    }

    fn tell(&self) {
        self.reporter.tell(Progress::Hashed {
            files: self.files.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            of_files: self.of_files,
            of_bytes: self.of_bytes,
        });
    }
}

fn hash_file(path: &Path, tally: &Tally) -> Result<Print, JobsError> {
    let io = |error| JobsError::io(path, error);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let mut sha256 = Sha256::new();
    let mut parts = Vec::new();
    let mut buffer = vec![0; CHUNK.min(bytes.max(1) as usize)];
    for number in 1..=part_count(bytes) {
        let mut crc = Crc::new(CrcAlgorithm::Crc64Nvme);
        let mut left = part_range(bytes, number).1;
        while left > 0 {
            if tally.cancel.is_cancelled() {
                return Err(JobsError::Cancelled);
            }
            let take = buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let count = file.read(&mut buffer[..take]).map_err(io)?;
            if count == 0 {
                return Err(changed(path));
            }
            sha256.update(&buffer[..count]);
            crc.update(&buffer[..count]);
            left -= count as u64;
            tally.read(count);
        }
        parts.push(crc.finalize());
    }
    if file.read(&mut buffer[..1]).map_err(io)? > 0 {
        return Err(changed(path));
    }
    tally.files.fetch_add(1, Ordering::Relaxed);
    Ok(Print {
        bytes,
        sha256: hex::encode(sha256.finalize()),
        parts: parts.into(),
    })
}

fn changed(path: &Path) -> JobsError {
    JobsError::Changed {
        path: path.to_owned(),
    }
}
