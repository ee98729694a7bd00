//! SIGKILL at any moment loses nothing that was acknowledged. The server is this test program once more,
//! as another process: killed in the middle of a load, started again on the same folder.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use local_cloud::Durability;
use local_cloud::s3::{ObjectStore, StoreError, StoreSettings};
use tokio::net::TcpListener;

use crate::server::{ACCESS_KEY, BUCKET, SECRET_KEY, Server, client, files, noise, serve};

const FOLDER: &str = "S3_CRASH_TEST_FOLDER";
const READY: &str = "listening on ";

/// Not a test: the process that is killed.
#[tokio::test]
#[ignore = "started by the crash test"]
async fn process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let settings = StoreSettings {
        durability: Durability::Full,
        ..StoreSettings::default()
    };
    let store = ObjectStore::open(Path::new(&folder), settings).unwrap();
    store.create_bucket(BUCKET).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{READY}{}", listener.local_addr().unwrap());
    serve(listener, store).await;
}

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::process_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.map_while(Result::ok).find_map(|line| {
            line.split(READY)
                .nth(1)
                .map(|address| address.parse().unwrap())
        });
        Self {
            child,
            address: address.unwrap(),
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a writer was told, by key: the body, or `None` for a delete. The last entry of a key may have
/// happened or not when the server went before answering.
#[derive(Default)]
struct Told {
    acknowledged: BTreeMap<String, Option<Vec<u8>>>,
    asked: BTreeMap<String, Option<Vec<u8>>>,
}

/// Puts, overwrites, uploads in parts, copies and deletes under its own keys until the server is gone.
async fn write(s3: Client, writer: u64, dying: Arc<AtomicBool>) -> Told {
    let mut told = Told::default();
    for step in 0.. {
        let seed = writer * 1_000_000 + step;
        let key = format!("{writer}/{}", step % 7);
        // Some bodies are equal, so that files are shared, forgotten and brought again.
        let length = [10, 3_000, 700_000][(step % 3) as usize];
        let body = noise(length, if step % 4 == 0 { 1 } else { seed });
        let wanted = match step % 7 {
            6 => None,
            3 => told
                .acknowledged
                .get(&format!("{writer}/0"))
                .cloned()
                .flatten(),
            _ => Some(body),
        };
        told.asked.insert(key.clone(), wanted.clone());
        let done = match (step % 7, &wanted) {
            (6, _) | (3, None) => {
                told.asked.insert(key.clone(), None);
                s3.delete_object()
                    .bucket(BUCKET)
                    .key(&key)
                    .send()
                    .await
                    .is_ok()
            }
            (3, Some(_)) => {
                let source = format!("{BUCKET}/{writer}/0");
                let copy = s3
                    .copy_object()
                    .bucket(BUCKET)
                    .key(&key)
                    .copy_source(source);
                copy.send().await.is_ok()
            }
            (5, Some(body)) => in_parts(&s3, &key, body).await.is_some(),
            (_, Some(body)) => {
                let put = s3
                    .put_object()
                    .bucket(BUCKET)
                    .key(&key)
                    .body(body.clone().into());
                put.send().await.is_ok()
            }
            (_, None) => unreachable!(),
        };
        if !done {
            assert!(
                dying.load(Ordering::SeqCst),
                "step {step} failed before the server was killed"
            );
            break;
        }
        if let Some(wanted) = told.asked.remove(&key) {
            told.acknowledged.insert(key, wanted);
        }
    }
    told
}

async fn in_parts(s3: &Client, key: &str, body: &[u8]) -> Option<()> {
    let begun = s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await
        .ok()?;
    let id = begun.upload_id()?;
    let part = s3
        .upload_part()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id)
        .part_number(1);
    let part = part.body(body.to_vec().into()).send().await.ok()?;
    let part = CompletedPart::builder()
        .part_number(1)
        .e_tag(part.e_tag()?)
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id);
    complete.multipart_upload(parts).send().await.ok().map(drop)
}

async fn read(s3: &Client, key: &str) -> Option<Vec<u8>> {
    match s3.get_object().bucket(BUCKET).key(key).send().await {
        Ok(got) => Some(got.body.collect().await.unwrap().to_vec()),
        Err(error) => {
            let error = error.into_service_error();
            assert!(error.is_no_such_key(), "{key}: {error:?}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(folder.path());
    let mut truth: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for round in 0..3_u64 {
        let dying = Arc::new(AtomicBool::new(false));
        let s3 = client(process.address, ACCESS_KEY, SECRET_KEY);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let number = round * 10 + writer;
                tokio::spawn(write(s3.clone(), number, Arc::clone(&dying)))
            })
            .collect();
        // At another point of the load each time.
        tokio::time::sleep(Duration::from_millis(300 + 70 * round)).await;
        dying.store(true, Ordering::SeqCst);
        process.kill();
        let mut unsure = BTreeMap::new();
        let mut acknowledged = 0;
        for writer in writers {
            let told = writer.await.unwrap();
            acknowledged += told.acknowledged.len();
            truth.extend(told.acknowledged);
            unsure.extend(told.asked);
        }
        assert!(acknowledged > 0, "the load never got going");

        process = Process::start(folder.path());
        let s3 = client(process.address, ACCESS_KEY, SECRET_KEY);
        for (key, wanted) in unsure {
            let found = read(&s3, &key).await;
            let before = truth.get(&key).cloned().flatten();
            assert!(
                found == wanted || found == before,
                "{key} is neither old nor new"
            );
            truth.insert(key, found);
        }
        for (key, expected) in &truth {
            assert!(
                read(&s3, key).await == *expected,
                "{key} is not what was acknowledged"
            );
        }
    }
    process.kill();

    // Every object has had its event in the same transaction, and no file is there that nothing names.
    drop(ObjectStore::open(folder.path(), StoreSettings::default()).unwrap());
    let index = rusqlite::Connection::open(folder.path().join("objects.db")).unwrap();
    let count = |query: &str| -> i64 { index.query_row(query, [], |row| row.get(0)).unwrap() };
    let without_event = "SELECT count(*) FROM object WHERE NOT EXISTS (SELECT 1 FROM outbox
        WHERE event ->> '$.detail.object.sequencer' = printf('%016X', object.id))";
    assert_eq!(count(without_event), 0);
    assert!(count("SELECT count(*) FROM object") > 0);
    assert_eq!(
        count("SELECT count(*) FROM blob") as usize,
        files(folder.path()).len()
    );
    assert_eq!(
        count(
            "SELECT count(*) FROM blob WHERE id NOT IN (SELECT blob FROM segment UNION SELECT blob FROM part)"
        ),
        0
    );
}

#[tokio::test]
async fn what_an_interrupted_write_left_is_collected() {
    let server = Server::start().await;
    let put = server
        .store
        .put_object(BUCKET, "k", "kept".into(), None, [].into());
    put.await.unwrap();
    let root = server.folder.path().to_owned();
    let kept = server.files();
    std::fs::write(root.join("incoming").join("torn"), b"half a bo").unwrap();
    std::fs::create_dir_all(root.join("objects/ab")).unwrap();
    std::fs::write(
        root.join("objects/ab").join("cd".repeat(31)),
        b"renamed, never named",
    )
    .unwrap();
    std::fs::write(root.join("objects/ab/stray"), b"").unwrap();
    assert_eq!(server.files().len(), kept.len() + 3);

    let second = ObjectStore::open(&root, StoreSettings::default());
    assert!(
        matches!(second, Err(StoreError::InUse { .. })),
        "one store at a time"
    );
    let folder = server.stop();
    let mut store = ObjectStore::open(&root, StoreSettings::default());
    for _ in 0..200 {
        if store.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        store = ObjectStore::open(&root, StoreSettings::default());
    }
    drop(store.unwrap());
    assert_eq!(files(folder.path()), kept);
}
