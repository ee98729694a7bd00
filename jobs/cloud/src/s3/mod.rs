//! Amazon S3 on loopback: the wire protocol by `s3s`, the store our own.
//!
//! Bodies are files named by their SHA-256 under `objects/`, each written, synced and renamed before a
//! row of the SQLite index names it; equal bodies share a file. Keys are bytes, never paths. Every object
//! that comes into being writes its "Object Created" event in the same transaction
//! ([`ObjectStore::deliver_events`] takes it from there), so that after SIGKILL at any moment what was
//! acknowledged is there, with its event.
//!
//! ```
//! # use local_cloud::s3::{ObjectStore, StoreSettings};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = ObjectStore::open(folder.path(), StoreSettings::default())?;
//! store.create_bucket("boards")?;
//! let put = store
//!     .put_object("boards", "monday.txt", "wipe me".into(), Some("text/plain"), [].into())
//!     .await?;
//! assert_eq!(put.size, 7);
//! let service = store.service("access", "secret"); // give it to hyper
//! # Ok(())
//! # }
//! ```
//!
//! Start reading at `store` (what an open store is), then `blobs` (files), `objects` (the life of an
//! object) and `service` (the protocol).

mod blobs;
mod buckets;
mod checksum;
mod conditions;
mod error;
mod headers;
mod index;
mod list;
mod multipart;
mod objects;
mod outbox;
mod plain;
mod read;
mod receive;
mod rows;
mod schema;
mod service;
mod store;

pub use error::StoreError;
pub(crate) use plain::{ListWish, ObjectInfo};
pub(crate) use schema::VERSION as INDEX_VERSION;
pub use service::Service;
pub(crate) use store::INDEX_FILE;
pub use store::{ObjectStore, PutResult, StoreSettings};
