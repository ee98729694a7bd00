//! The open store: its folder, its settings, and what every operation shares.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::blobs::{Blobs, Pin, Sha256};
use super::checksum::{Algorithm, Expected};
use super::error::StoreError;
use super::headers::Headers;
use super::index::Index;
use super::objects::PutRequest;
use super::receive::Spooled;
use super::{buckets, outbox, service};
use crate::config::Durability;
use crate::events::EventSink;

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The region of every bucket, for example `us-east-1`.
    pub region: String,
    /// The account that owns everything: twelve digits.
    pub account: String,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            durability: Durability::default(),
        }
    }
}

/// An object that was just written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutResult {
    /// The entity tag without quotes: hex MD5 of the body.
    pub etag: String,
    /// Bytes of the body.
    pub size: u64,
    /// The CRC-64/NVME of the body in base64.
    pub checksum_crc64nvme: String,
}

/// The buckets and objects of one folder. One process at a time has a folder open.
pub struct ObjectStore {
    pub(super) settings: StoreSettings,
    pub(super) index: Index,
    pub(super) blobs: Arc<Blobs>,
    /// Rings when the outbox has something new.
    pub(super) events: Notify,
    root: PathBuf,
    _lock: File,
}

/// The index, in the store's folder.
pub(crate) const INDEX_FILE: &str = "objects.db";

impl ObjectStore {
    /// Opens (or creates) the store in this folder and collects what an interrupted process left.
    /// Blocks; the folder must not be open elsewhere ([`StoreError::InUse`]).
    pub fn open(root: &Path, settings: StoreSettings) -> Result<Arc<Self>, StoreError> {
        fs::create_dir_all(root).map_err(StoreError::io(root))?;
        let lock = take_lock(root)?;
        let index = Index::open(&root.join(INDEX_FILE), settings.durability)?;
        let blobs = Blobs::open(root, settings.durability)?;
        let named = index.read(|connection| {
            let mut statement = connection.prepare("SELECT sha256 FROM blob")?;
            let names = statement.query_map([], |row| row.get(0))?;
            Ok(names.collect::<Result<HashSet<Sha256>, _>>()?)
        })?;
        let orphans = blobs.sweep(&named)?;
        if orphans > 0 {
            tracing::info!(orphans, "collected bodies that nothing names");
        }
        let (events, root) = (Notify::new(), root.to_owned());
        Ok(Arc::new(Self {
            settings,
            index,
            blobs,
            events,
            root,
            _lock: lock,
        }))
    }

    /// Creates a bucket unless it is there already. Blocks, shortly.
    pub fn create_bucket(&self, name: &str) -> Result<(), StoreError> {
        match buckets::create(self, name) {
            Err(StoreError::BucketAlreadyOwnedByYou { .. }) => Ok(()),
            other => other,
        }
    }

    /// Puts an object as `PutObject` does, with its event. `metadata` is user metadata: names in lower
    /// case, without `x-amz-meta-`.
    pub async fn put_object(
        self: &Arc<Self>,
        bucket: &str,
        key: &str,
        body: Bytes,
        content_type: Option<&str>,
        metadata: BTreeMap<String, String>,
    ) -> Result<PutResult, StoreError> {
        let content_type = content_type.map(str::to_owned);
        let request = PutRequest {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            headers: Headers {
                content_type,
                ..Headers::default()
            },
            metadata,
            expected: Expected::default(),
            algorithm: Algorithm::Crc64Nvme,
            conditions: super::conditions::WriteConditions::default(),
            request_id: service::request_id(),
        };
        let (store, body) = (Arc::clone(self), Spooled::whole(&self.blobs, body));
        let written = blocking(move || store.put(&request, body)).await?;
        Ok(PutResult {
            etag: written.etag,
            size: written.size,
            checksum_crc64nvme: written.checksum.value,
        })
    }

    /// The S3 service for hyper. It knows one access key and refuses requests that another signed.
    pub fn service(self: &Arc<Self>, access_key: &str, secret_key: &str) -> service::Service {
        service::build(Arc::clone(self), access_key, secret_key)
    }

    /// Hands events to the sink until `stop`, milliseconds after the write: in order for one key, several
    /// keys at a time, again (with growing pauses) after a failure. At least once; an event has the same id
    /// each time. Run one such loop for a store.
    pub async fn deliver_events(
        self: Arc<Self>,
        sink: Arc<dyn EventSink>,
        stop: CancellationToken,
    ) {
        outbox::deliver(self, sink, stop).await;
    }

    /// Bytes that the store takes on disk: bodies and index. Blocks, shortly.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        let bodies: i64 = self.index.read(|connection| {
            let query = "SELECT coalesce(sum(size), 0) FROM blob";
            Ok(connection.query_row(query, [], |row| row.get(0))?)
        })?;
        let index: u64 = ["objects.db", "objects.db-wal", "objects.db-shm"]
            .into_iter()
            .filter_map(|name| fs::metadata(self.root.join(name)).ok())
            .map(|file| file.len())
            .sum();
        Ok(bodies as u64 + index)
    }

    /// Runs a writing transaction that may name the pinned bodies and forget others, then removes the
    /// files that nothing names any more and wakes the outbox. `work` collects what it forgot.
    pub(super) fn commit<T>(
        &self,
        pin: Option<Pin>,
        work: impl FnOnce(&Transaction<'_>, &mut Vec<Sha256>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut forgotten = Vec::new();
        let result = self
            .index
            .write(|transaction| work(transaction, &mut forgotten));
        if result.is_err() {
            // Rolled back: nothing was forgotten, and what was published for it may have no name.
            forgotten = pin
                .as_ref()
                .map(|pin| pin.names().to_vec())
                .unwrap_or_default();
        }
        drop(pin);
        self.events.notify_one();
        let named = |name: &Sha256| self.index.read(|connection| is_named(connection, name));
        if let Err(error) = self.blobs.collect(forgotten, named) {
            // The operation itself has succeeded; the next start collects what is left.
            tracing::warn!(
                error = error.chain(),
                "could not remove a body that nothing names"
            );
        }
        result
    }
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ObjectStore")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

fn is_named(connection: &Connection, name: &Sha256) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM blob WHERE sha256 = ?1")?;
    Ok(statement
        .query_row([name], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Two processes collecting each other's unfinished bodies would be the end of both. The lock goes with
/// the process, however it ends.
fn take_lock(root: &Path) -> Result<File, StoreError> {
    let path = root.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(StoreError::io(&path))?;
    match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse {
            root: root.to_owned(),
        }),
        Err(error) => Err(StoreError::io(&path)(error.into())),
    }
}

/// Runs blocking work on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Stopped),
        },
    }
}
