//! What a newer program does with the files and the running cloud of an older one, and the other way round.
//!
//! `fixtures/home-0.1.0.tar.gz` was made by the release itself (`fixtures/make-home.sh`); `.ci/upgrade`
//! meets a running cloud of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::batch::{contents, put, same_as_clean, with_target};
use crate::support::{Ended, Home, end, picture, wait_until};

const FOREIGN: &str = "arn:aws:states:us-east-1:000000000000:execution:foreign:patient";

/// A home as 0.1.0 left it: `wb`, and what it said of it in `told`.
fn home_of_0_1_0() -> Home {
    let home = Home::new();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/home-0.1.0.tar.gz");
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .current_dir(home.path("."))
        .status()
        .unwrap();
    assert!(unpacked.success());
    home
}

fn told(home: &Home, name: &str) -> Value {
    serde_json::from_slice(&fs::read(home.path("told").join(name)).unwrap()).unwrap()
}

/// The ids of the batches in the fixture, oldest first.
fn batches(home: &Home) -> [String; 3] {
    ["first", "second", "third"].map(|name| {
        told(home, &format!("{name}.json"))["batch"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}

/// All files below a folder with their content, but for locks.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("lock") {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn what_an_older_build_has_done_is_read_as_it_was_told() {
    let home = home_of_0_1_0();
    let [first, second, _] = batches(&home);
    let listed = home.run(&["runs", "list", "--json"]).expect(0).json();
    let before = told(&home, "list.json");
    for (now, before) in listed["batches"]
        .as_array()
        .unwrap()
        .iter()
        .zip(before["batches"].as_array().unwrap())
    {
        for field in ["batch", "created", "wish", "items", "bytes", "recipe_hash"] {
            assert_eq!(now[field], before[field], "{field}");
        }
    }
    assert_eq!(listed["batches"].as_array().unwrap().len(), 3);
    assert_eq!(listed["unreadable"], json!([]));

    for (name, batch) in [("first", &first), ("second", &second)] {
        let now = home
            .run(&["runs", "show", batch, "--json"])
            .expect(0)
            .json();
        let before = told(&home, &format!("{name}.json"));
        assert_eq!(now["items"], before["items"], "{name}");
        home.run(&["runs", "download", batch, "-o", name]).expect(0);
        assert!(
            contents(&home.path(name)) == contents(&home.path("told").join(name)),
            "{name}: its results are the bytes that were stored"
        );
    }
    let story = home
        .run(&["runs", "show", &format!("{first}/wide.png")])
        .expect(0)
        .out;
    assert!(story.contains("CleanOnLambda"), "{story}");
    // The note of where its pictures were is read as well; everything is uploaded already.
    home.run(&["submit", "--resume", &first]).expect(0);
}

#[test]
fn what_an_older_build_left_running_goes_on() {
    let home = home_of_0_1_0();
    let [_, _, third] = batches(&home);
    // Its picture waits for a worker, and now there is one.
    home.run(&["watch", &third, "--plain"]).expect(0);
    home.run(&["runs", "download", &third, "-o", "third"])
        .expect(0);
    assert!(home.path("third/patient.png.png").is_file());

    let status = || {
        with_target(&home, async |target| {
            let execution = target.sfn().describe_execution().execution_arn(FOREIGN);
            execution.send().await.unwrap().status().as_str().to_owned()
        })
    };
    assert_eq!(status(), "RUNNING", "nobody serves its activity");
    with_target(&home, async |target| {
        let stop = target.sfn().stop_execution().execution_arn(FOREIGN);
        stop.send().await.unwrap();
    });
    assert_eq!(status(), "ABORTED");

    let photos = home.folder("photos");
    fs::write(photos.join("new.png"), picture(200, 150, 1)).unwrap();
    home.run(&["submit", "photos", "-o", "new"]).expect(0);
    same_as_clean(&home, "photos", "new");
    let listed = home.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(listed["batches"].as_array().unwrap().len(), 4);
}

#[test]
fn what_failed_with_an_older_build_is_redriven_by_the_newer() {
    let home = home_of_0_1_0();
    let [_, second, _] = batches(&home);
    // The picture is still cut short.
    let again = home.run(&["runs", "redrive", &second, "--wait"]).expect(1);
    assert!(again.out.contains("ImageCorrupt"), "{}", again.out);
    let whole = picture(80, 80, 3);
    put(&home, &format!("inbox/{second}/torn.png"), whole.clone());
    home.run(&["runs", "redrive", &second, "--wait"]).expect(0);
    let item = home
        .run(&["runs", "show", &format!("{second}/torn.png"), "--json"])
        .expect(0)
        .json()["item"]
        .clone();
    assert_eq!(item["state"], "cleaned", "{item}");
    home.folder("photos");
    fs::write(home.path("photos/torn.png"), whole).unwrap();
    home.run(&["runs", "download", &second, "-o", "results"])
        .expect(0);
    fs::remove_file(home.path("results/whole.png.png")).unwrap();
    same_as_clean(&home, "photos", "results");
}

/// Sets `PRAGMA user_version` of a database that nobody has open: four bytes of its header.
pub fn set_version(database: &Path, version: u32) {
    let mut bytes = fs::read(database).unwrap();
    bytes[60..64].copy_from_slice(&version.to_be_bytes());
    fs::write(database, bytes).unwrap();
}

#[track_caller]
fn refused(home: &Home, starts: &str, hint: &str) -> Ended {
    let data = home.path("wb/data");
    let before = files(&data);
    let ended = home.run(&["runs", "list"]).expect(3);
    let [error] = ended.errors()[..] else {
        panic!("one sentence: {}", ended.err)
    };
    assert!(error.starts_with(&format!("error: {starts}")), "{error}");
    assert!(ended.err.contains(hint), "{}", ended.err);
    assert!(files(&data) == before, "nothing was changed");
    ended
}

#[test]
fn a_store_of_a_newer_build_is_refused_and_left_as_it_is() {
    for name in ["states.sqlite", "lambda.sqlite"] {
        let home = home_of_0_1_0();
        let database = home.path("wb/data/cloud").join(name);
        set_version(&database, 99);
        let sentence = format!(
            "{} has version 99, and this build reads",
            database.display()
        );
        refused(&home, &sentence, "hint: a newer whiteboarder wrote it");
    }
}

#[test]
fn a_damaged_store_is_named_and_left_as_it_is() {
    for name in ["states.sqlite", "lambda.sqlite", "s3/objects.db"] {
        let home = home_of_0_1_0();
        let database = home.path("wb/data/cloud").join(name);
        for content in [
            b"this was a database once".to_vec(),
            // Its first half: a copy that did not end.
            fs::read(&database).unwrap()[..4096].to_vec(),
        ] {
            fs::write(&database, content).unwrap();
            let sentence = format!("{} is damaged", database.display());
            refused(&home, &sentence, "hint: put a copy back");
        }
    }
}

#[test]
fn credentials_of_a_newer_build_are_kept() {
    let home = home_of_0_1_0();
    let path = home.path("wb/data/credentials.json");
    fs::write(&path, r#"{"version": 2, "keys": []}"#).unwrap();
    let sentence = format!("{} has version 2", path.display());
    refused(&home, &sentence, "hint: use the newer whiteboarder");
}

#[test]
fn a_manifest_or_a_recipe_of_a_newer_build_is_told_as_such() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    let manifest = json!({ "version": 1, "batch": "01KB00000000000000000000R3",
        "recipe": { "version": 99, "finish": { "sparkle": 1 } } });
    let other = json!({ "version": 2, "batch": "01KB00000000000000000000M2" });
    for manifest in [&manifest, &other] {
        let key = format!("batches/{}.json", manifest["batch"].as_str().unwrap());
        put(&home, &key, manifest.to_string().into_bytes());
    }
    let ended = home
        .run(&["runs", "show", "01KB00000000000000000000R3"])
        .expect(3);
    assert_eq!(
        ended.errors(),
        [
            "error: the manifest of batch `01KB00000000000000000000R3` cannot be read: its recipe has version 99, \
             and this build reads versions 1 to 3"
        ]
    );
    let listed = home.run(&["runs", "list"]).expect(0).err;
    for left_out in [
        "left out batch 01KB00000000000000000000M2: it has version 2, and this build reads version 1",
        "left out batch 01KB00000000000000000000R3: its recipe has version 99",
    ] {
        assert!(listed.contains(left_out), "{listed}");
    }
}

#[test]
fn a_record_of_a_newer_build_is_no_reason_to_start_a_second_cloud() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    let mut record = home.record().unwrap();
    record["version"] = 2.into();
    fs::write(home.path("wb/state/local.json"), record.to_string()).unwrap();
    let ended = home.run(&["runs", "list"]).expect(3);
    assert!(
        ended.errors()[0].ends_with("local.json has version 2, and this build reads version 1"),
        "{}",
        ended.err
    );
    home.run(&["local", "stop"]).expect(0);
    home.run(&["local", "start"]).expect(0);
}

/// A copy of the program with an older file time: to the handshake, an older build.
fn older_build(home: &Home) -> PathBuf {
    let old = home.path("old-whiteboarder");
    fs::copy(crate::support::PROGRAM, &old).unwrap();
    let touched = Command::new("touch")
        .args(["-t", "202001010000"])
        .arg(&old)
        .status()
        .unwrap();
    assert!(touched.success());
    old
}

#[test]
fn an_older_cloud_is_replaced_in_the_middle_of_its_work_and_nothing_is_lost() {
    let home = Home::new();
    let old = older_build(&home);
    for (folder, seeds) in [("before", 0..8), ("after", 8..12)] {
        let folder = home.folder(folder);
        for seed in seeds {
            fs::write(
                folder.join(format!("{seed}.png")),
                picture(1600, 1200, seed),
            )
            .unwrap();
        }
    }
    // The older program waits for its batch all the time, while its cloud is taken away.
    let waiting = home
        .command_of(&old, &["submit", "before", "-o", "cleaned-before"])
        .spawn()
        .unwrap();
    let state = |home: &Home| {
        home.record()?;
        let like = home.command_of(&old, &["runs", "list", "--json"]);
        let list = run(like).json();
        Some(list["batches"][0].clone()).filter(Value::is_object)
    };
    wait_until("the first picture is cleaned", || {
        state(&home).is_some_and(|batch| batch["cleaned"].as_u64() > Some(0))
    });
    let first = home.record().unwrap();
    let ended = home
        .run(&["submit", "after", "-o", "cleaned-after"])
        .expect(0);
    assert!(
        ended.err.contains("is of an older build") && ended.err.contains("is replaced"),
        "{}",
        ended.err
    );
    assert_ne!(home.record().unwrap()["build"], first["build"]);
    let waited = end(waiting).expect(0);
    assert!(waited.err.contains(": 8 cleaned"), "{}", waited.err);
    same_as_clean(&home, "before", "cleaned-before");
    fs::remove_dir_all(home.path("by-clean")).unwrap();
    same_as_clean(&home, "after", "cleaned-after");

    // The other way round: the newer cloud serves the older program.
    let newer = home.record().unwrap();
    let ended = run(home.command_of(&old, &["submit", "after", "-o", "again"])).expect(0);
    assert!(!ended.err.contains("replaced"), "{}", ended.err);
    assert_eq!(home.record().unwrap()["pid"], newer["pid"]);
    assert!(contents(&home.path("again")) == contents(&home.path("cleaned-after")));
}

fn run(mut command: Command) -> Ended {
    end(command.spawn().unwrap())
}
