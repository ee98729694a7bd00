//! What the running cloud leaves for others to find, and the store's credentials.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, Result};
use local_cloud::TimeScale;
use local_cloud::control::Client;
use serde::{Deserialize, Serialize};
use whiteboarder_core::cost::Capacity;

use super::lock::private_folder;
use crate::cleaning::write::write_private;
use crate::config::{LocalSettings, capacity};
use crate::error::Failure;
use crate::term::text;

/// Version of the record's shape. A field that is only added does not raise it: an older program
/// overlooks it, and here it has `#[serde(default)]`. A program that does not know the version knows
/// only that there is a cloud.
const VERSION: u32 = 1;
/// Version of the credentials' shape, by the same rule. 0.1.0 wrote none, and means 1.
const KEYS_VERSION: u32 = 1;

/// `local.json`: how to reach the cloud that runs now.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Shape of this document.
    pub version: u32,
    /// The cloud's process.
    pub pid: u32,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Its region.
    pub region: String,
    /// Its account.
    pub account: String,
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
    /// Its build, see [`super::Build`].
    pub build: String,
    /// When it was started, RFC 3339, UTC.
    pub started: String,
    /// Memory of its functions, MB.
    pub lambda_memory_mb: u32,
    /// Time-out of its functions, seconds.
    pub lambda_timeout_s: u32,
    /// Workers of its ECS lane.
    pub workers: usize,
    /// The mock file that it was started with.
    #[serde(default)]
    pub mocks: Option<String>,
    /// How much of their time its waits take.
    #[serde(default)]
    pub time_scale: TimeScale,
}

impl std::fmt::Debug for Record {
    /// Never shows the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Record")
            .field("pid", &self.pid)
            .field("port", &self.port)
            .field("build", &self.build)
            .finish_non_exhaustive()
    }
}

impl Record {
    /// The record of a cloud that this process has just started.
    pub fn new(port: u16, keys: &Keys, build: &str, settings: &LocalSettings) -> Record {
        Record {
            version: VERSION,
            pid: std::process::id(),
            port,
            region: super::REGION.to_owned(),
            account: super::ACCOUNT.to_owned(),
            access_key: keys.access_key.clone(),
            secret_key: keys.secret_key.clone(),
            build: build.to_owned(),
            started: now(),
            lambda_memory_mb: settings.lambda_memory_mb,
            lambda_timeout_s: settings.lambda_timeout_s,
            workers: settings.workers,
            mocks: settings
                .mocks
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
            time_scale: settings.time_scale,
        }
    }

    /// Reads the record. A file that cannot be understood was left by something else, or half a disk
    /// ago: that is no record. One of a newer shape is an error, since its cloud may well be alive.
    pub fn read(path: &Path) -> Result<Option<Record>> {
        match std::fs::read(path) {
            Ok(content) => match version_of(&content) {
                Some(found) if found > VERSION => Err(newer(path, found, VERSION)
                    .hint("use the newer whiteboarder that runs this cloud, or end it with `whiteboarder local stop`")
                    .into()),
                Some(VERSION) => Ok(serde_json::from_slice(&content).ok()),
                _ => Ok(None),
            },
            // Where no folder can be, writing will tell better why.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(Failure::file("read", path, &error).into()),
        }
    }

    /// Leaves the record, whole and readable by its owner only.
    pub fn write(&self, path: &Path) -> Result<()> {
        let content = serde_json::to_vec_pretty(self).context("the record")?;
        write_private(path, &content).map_err(|error| Failure::file("write", path, &error))?;
        Ok(())
    }

    /// Takes the record away if it is ours.
    pub fn remove(path: &Path, pid: u32) {
        if let Ok(Some(record)) = Record::read(path)
            && record.pid == pid
        {
            // If it stays, the next reader finds that nobody answers.
            let _ = std::fs::remove_file(path);
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks the cloud about itself, or to end.
    pub fn client(&self) -> Client {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        Client::new(address, &self.access_key, &self.secret_key)
    }

    /// What its Lambda lane has.
    pub fn capacity(&self) -> Capacity {
        capacity(self.lambda_memory_mb, f64::from(self.lambda_timeout_s))
    }
}

/// The version that a document tells, without minding its shape.
fn version_of(content: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let versioned: Versioned = serde_json::from_slice(content).ok()?;
    Some(versioned.version)
}

fn newer(path: &Path, found: u32, known: u32) -> Failure {
    Failure::target(format!(
        "{} has version {found}, and this build reads version {known}",
        text::path(path)
    ))
}

fn keys_version() -> u32 {
    KEYS_VERSION
}

/// Now, RFC 3339, UTC, in whole seconds.
fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    now.replace_nanosecond(0)
        .unwrap_or(now)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

/// The store's credentials. They are random and stay the same, so that a shell that has evaluated
/// `local env` still works after the cloud was started again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Shape of this document.
    #[serde(default = "keys_version")]
    pub version: u32,
    /// Access key id.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
}

impl Keys {
    /// Reads the keys, or makes them when there are none yet.
    pub fn load_or_create(path: &Path) -> Result<Keys> {
        match std::fs::read(path) {
            Ok(content) => match version_of(&content) {
                Some(found) if found > KEYS_VERSION => Err(newer(path, found, KEYS_VERSION)
                    .hint("use the newer whiteboarder that wrote it, or remove it: new credentials are made")
                    .into()),
                _ => serde_json::from_slice(&content).map_err(|_| {
                    Failure::usage(format!("{} is damaged", text::path(path)))
                        .hint("remove it; new credentials are made")
                        .into()
                }),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let keys = Keys::random();
                keys.store(path)
                    .map_err(|error| Failure::file("write", path, &error))?;
                Ok(keys)
            }
            Err(error) => Err(Failure::file("read", path, &error).into()),
        }
    }

    fn store(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        write_private(path, &serde_json::to_vec_pretty(self)?)
    }

    /// In the shapes of AWS's own, because some tools check them. 122 random bits each from the
    /// system's generator.
    fn random() -> Keys {
        let hex = || uuid::Uuid::new_v4().simple().to_string();
        let access_key = format!("AKIA{}", &hex().to_uppercase()[..16]);
        let secret_key = format!("{}{}", hex(), &hex()[..8]);
        Keys {
            version: KEYS_VERSION,
            access_key,
            secret_key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_look_like_those_of_aws() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/credentials.json");
        let keys = Keys::load_or_create(&path).unwrap();
        assert_eq!((keys.access_key.len(), keys.secret_key.len()), (20, 40));
        assert!(Keys::load_or_create(&path).unwrap() == keys);
        assert!(Keys::random() != keys);
    }

    #[test]
    fn keys_of_the_first_release_are_read_and_those_of_a_newer_one_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        std::fs::write(&path, r#"{"access_key": "A", "secret_key": "S"}"#).unwrap();
        assert_eq!(Keys::load_or_create(&path).unwrap().secret_key, "S");
        let newer = r#"{"version": 2, "keys": []}"#;
        std::fs::write(&path, newer).unwrap();
        let Err(error) = Keys::load_or_create(&path) else {
            panic!("it was read")
        };
        assert!(error.to_string().contains("has version 2"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
    }

    #[test]
    fn a_record_of_a_newer_shape_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.json");
        std::fs::write(&path, r#"{"version": 2, "socket": "/run/wb"}"#).unwrap();
        let error = Record::read(&path).unwrap_err();
        assert!(error.to_string().contains("has version 2"), "{error}");
    }

    #[test]
    fn a_record_that_cannot_be_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.json");
        assert!(Record::read(&path).unwrap().is_none());
        std::fs::write(&path, "{\"port\":").unwrap();
        assert!(Record::read(&path).unwrap().is_none());
    }
}
