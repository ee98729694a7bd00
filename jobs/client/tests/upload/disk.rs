//! Results that cannot be written: one sentence for each, and nothing half-written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use whiteboarder_jobs::download::{Destination, DownloadSummary, download};
use whiteboarder_jobs::submit::load_manifest;
use whiteboarder_jobs::track::snapshot;
use whiteboarder_jobs::{JobsError, Reporter, Target, names};

use crate::world::{World, noise, sent, target_at};

/// A batch whose results are there, of so many bytes each.
async fn cleaned(world: &World, items: &[(&str, usize)]) -> String {
    for (seed, (name, _)) in (1..).zip(items) {
        let file = world.boards().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        world.file(name, &noise(2_000, seed));
    }
    let target = world.target().await;
    let batch = world.create(&target).await;
    sent(&target, &batch).await;
    for (seed, (name, bytes)) in (100..).zip(items) {
        let result = noise(*bytes, seed);
        let sha256 = hex::encode(Sha256::digest(&result));
        let key = names::cleaned_key(batch.id(), name);
        world.put(&key, &result, Some(&sha256)).await;
    }
    batch.id().to_owned()
}

async fn fetch(target: &Target, batch: &str, out: &Path) -> Result<DownloadSummary, JobsError> {
    let manifest = load_manifest(target, batch).await.unwrap();
    let status = snapshot(target, &manifest).await.unwrap();
    let (into, silent) = (Destination::Folder(out.to_owned()), Reporter::silent());
    download(
        target,
        &status,
        &into,
        &[],
        &silent,
        &CancellationToken::new(),
    )
    .await
}

/// Every file below a folder, hidden ones too, with its size.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let inner = files(&entry.path()).into_iter();
            found.extend(inner.map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.insert(name, entry.metadata().unwrap().len());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_something_is_in_the_way_of_is_named_and_the_others_are_written() {
    let world = World::start().await;
    let items = [("a.jpg", 9_000), ("b.jpg", 8_000), ("mo/c.jpg", 7_000)];
    let batch = cleaned(&world, &items).await;
    let out = world.folder.path().join("out");
    std::fs::create_dir_all(out.join("a.jpg.png")).unwrap();
    std::fs::write(out.join("mo"), b"a file").unwrap();

    let done = fetch(&world.target().await, &batch, &out).await.unwrap();
    let at = |name: &str| out.join(name).display().to_string();
    let wanted = [
        (
            "a.jpg".to_owned(),
            format!("cannot write {}: it is a folder", at("a.jpg.png")),
        ),
        (
            "mo/c.jpg".to_owned(),
            format!(
                "cannot write {}: a part of the path is a file, not a folder",
                at("mo/c.jpg.png")
            ),
        ),
    ];
    assert_eq!(done.failed, wanted);
    assert_eq!(done.written, [("b.jpg".to_owned(), out.join("b.jpg.png"))]);
    let wanted = [("b.jpg.png".to_owned(), 8_000), ("mo".to_owned(), 6)];
    assert_eq!(files(&out), BTreeMap::from(wanted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_may_not_be_so_large_fails_alone_and_leaves_nothing() {
    let world = World::start().await;
    let items = [
        ("a.jpg", 20_000),
        ("big.jpg", 300_000),
        ("c.jpg", 20_000),
        ("d.jpg", 20_000),
    ];
    let batch = cleaned(&world, &items).await;
    let out = world.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    // The signal would end the process before the write could fail. A block is 512 bytes or 1024.
    let script = "trap '' XFSZ; ulimit -f 100; exec \"$@\"";
    let told = elsewhere(&world, &["sh", "-c", script, "sh"], &batch, &out).unwrap();
    let sentence = format!(
        "cannot write {}: files of that size are not allowed there",
        out.join("big.jpg.png").display()
    );
    assert_eq!(told["failed"], json!([["big.jpg", sentence]]), "{told}");
    let whole = |name: &str| (name.to_owned(), 20_000);
    let wanted = ["a.jpg.png", "c.jpg.png", "d.jpg.png"].map(whole);
    assert_eq!(told["files"], json!(BTreeMap::from(wanted)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stderr, reason = "it says that it was skipped")]
async fn a_full_disk_ends_the_download_at_once_and_only_whole_results_stay() {
    let world = World::start().await;
    let names: Vec<String> = (0..12).map(|number| format!("{number:02}.jpg")).collect();
    let items: Vec<_> = names.iter().map(|name| (name.as_str(), 300_000)).collect();
    let batch = cleaned(&world, &items).await;
    let out = world.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    world.forget_requests();
    let script = format!(
        "mount -t tmpfs -o size=700k none '{}' || exit 99; exec \"$@\"",
        out.display()
    );
    let within = ["unshare", "-Urm", "sh", "-c", &script, "sh"];
    let Some(told) = elsewhere(&world, &within, &batch, &out) else {
        eprintln!("skipped: no file system of our own can be mounted here");
        return;
    };
    let error = told["error"].as_str().unwrap();
    assert!(error.starts_with("cannot write "), "{error}");
    assert!(error.ends_with(".jpg.png: the disk is full"), "{error}");
    assert_eq!(
        told["hint"],
        "make room there, or choose another place with -o"
    );
    let files = told["files"].as_object().unwrap();
    for (name, bytes) in files {
        assert!(name.ends_with(".jpg.png"), "{name}");
        assert_eq!(*bytes, 300_000, "{name}");
    }
    assert!(files.len() <= 2, "{told}");
    let gets = world.requests(&["GET", "/cleaned/", "x-id=GetObject"]);
    assert!(
        gets < items.len(),
        "{gets} results were fetched for nothing"
    );
}

/// Downloads in a process of its own that `within` starts, and gives what it tells; nothing where that is not possible
/// here.
fn elsewhere(world: &World, within: &[&str], batch: &str, out: &Path) -> Option<Value> {
    let told = world.folder.path().join("told.json");
    let program = std::env::current_exe().unwrap();
    let ended = Command::new(within[0])
        .args(&within[1..])
        .arg(program)
        .args(["--exact", "disk::in_a_process_of_its_own", "--ignored"])
        .env("WB_TEST_ENDPOINT", world.endpoint())
        .env("WB_TEST_BATCH", batch)
        .env("WB_TEST_OUT", out)
        .env("WB_TEST_TOLD", &told)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.code() == Some(99) || said.starts_with("unshare:") {
        return None;
    }
    assert!(ended.status.success(), "{ended:?}");
    Some(serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "other tests start it, in a process with limits"]
async fn in_a_process_of_its_own() {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(endpoint) = variable("WB_TEST_ENDPOINT") else {
        return;
    };
    let path = |name: &str| PathBuf::from(variable(name).unwrap());
    let out = path("WB_TEST_OUT");
    let batch = variable("WB_TEST_BATCH").unwrap();
    let done = fetch(&target_at(endpoint).await, &batch, &out).await;
    let told = match done {
        Ok(done) => json!({ "failed": done.failed, "files": files(&out) }),
        Err(error) => json!({
            "error": error.to_string(),
            "hint": error.hint(),
            "files": files(&out),
        }),
    };
    std::fs::write(path("WB_TEST_TOLD"), told.to_string()).unwrap();
}
