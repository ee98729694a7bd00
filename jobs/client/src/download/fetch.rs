//! One result → one file, whole or not at all.

use std::path::{Path, PathBuf};

use aws_sdk_s3::config::retry::RetryConfig;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::error::{JobsError, from_sdk};
use crate::names;
use crate::profile::Target;
use crate::progress::{Progress, Reporter};
use crate::retry::{PATIENCE, Retries};
use crate::store;

/// How often a result that arrives damaged is fetched again: what is damaged in the bucket stays so.
const DAMAGED: usize = 3;

/// A result that is on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetched {
    pub bytes: u64,
    /// It was there before.
    pub already: bool,
}

/// Fetches a result, and again when it breaks off or is damaged.
pub(super) async fn patiently(
    target: &Target,
    item: &str,
    key: &str,
    path: &Path,
    reporter: &Reporter,
) -> Result<Fetched, JobsError> {
    let mut retries = Retries::new(PATIENCE);
    let mut damaged = 0;
    loop {
        let error = match fetch_unless_there(target, key, path).await {
            Ok(fetched) => return Ok(fetched),
            Err(error) => error,
        };
        let pause = if let JobsError::Damaged { .. } = error {
            damaged += 1;
            (damaged < DAMAGED).then(|| retries.pause_anyway())
        } else {
            retries.pause(&error)
        };
        let Some(pause) = pause else {
            return Err(error);
        };
        reporter.tell(Progress::DownloadRetry {
            item: item.to_owned(),
            attempt: retries.attempt(),
            reason: error.to_string(),
        });
        tokio::time::sleep(pause).await;
    }
}

async fn fetch_unless_there(target: &Target, key: &str, path: &Path) -> Result<Fetched, JobsError> {
    let there = tokio::fs::metadata(path).await.ok();
    if let Some(there) = there.filter(std::fs::Metadata::is_file) {
        let head = store::head(target, key).await?;
        let head = head.filter(|head| head.bytes == there.len());
        if let Some(wanted) = head.and_then(|head| head.sha256)
            && hash(path).await.is_ok_and(|found| found == wanted)
        {
            let bytes = there.len();
            return Ok(Fetched {
                bytes,
                already: true,
            });
        }
    }
    let bytes = fetch(target, key, path).await?;
    Ok(Fetched {
        bytes,
        already: false,
    })
}

/// Hexadecimal sha256 of a file.
async fn hash(path: &Path) -> std::io::Result<String> {
    let path = path.to_owned();
    let hashing = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match std::io::Read::read(&mut file, &mut buffer)? {
                0 => return Ok(hex::encode(hash.finalize())),
                count => hash.update(&buffer[..count]),
            }
        }
    });
    hashing
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// A file that lies where a folder should be is told as what it is.
fn no_folder(error: std::io::Error) -> std::io::Error {
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => std::io::ErrorKind::NotADirectory.into(),
        _ => error,
    }
}

/// Brings one object into a file: a temporary one beside it first, then synced, then renamed. Whatever
/// fails, nothing of it stays.
async fn fetch(target: &Target, key: &str, path: &Path) -> Result<u64, JobsError> {
    let profile = target.profile();
    let answer = target
        .s3()
        .get_object()
        .bucket(&profile.bucket)
        .key(key)
        .customize()
        // Each try is counted and told here.
        .config_override(aws_sdk_s3::config::Builder::new().retry_config(RetryConfig::disabled()))
        .send()
        .await;
    let object = answer.map_err(|error| {
        let named = from_sdk(error, &profile.describe(), "s3:GetObject", key);
        store::with_bucket(named, &profile.bucket)
    })?;
    let expected = object
        .metadata()
        .and_then(|metadata| metadata.get(names::META_SHA256).cloned());
    let expected = expected.unwrap_or_else(|| "missing in the object's metadata".to_owned());

    let io = |source| JobsError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    tokio::fs::create_dir_all(&folder)
        .await
        .map_err(|error| io(no_folder(error)))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".whiteboarder-").suffix(".part");
    #[cfg(unix)]
    {
        // What a file of the user's own would get, not the private mode of temporary files.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let (file, temporary) = builder.tempfile_in(&folder).map_err(io)?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut body = object.body;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| store::broke_off(target, &error))?;
        hash.update(&chunk);
        bytes += chunk.len() as u64;
        file.write_all(&chunk).await.map_err(io)?;
    }
    file.flush().await.map_err(io)?;
    let found = hex::encode(hash.finalize());
    if found != expected {
        return Err(JobsError::Damaged {
            what: key.to_owned(),
            found,
            expected,
        });
    }
    file.sync_all().await.map_err(io)?;
    drop(file);
    temporary.persist(path).map_err(|error| io(error.error))?;
    #[cfg(unix)]
    if let Ok(folder) = std::fs::File::open(&folder) {
        // The rename is only safe from a power cut with its folder; not every system can.
        let _ = folder.sync_all();
    }
    Ok(bytes)
}
