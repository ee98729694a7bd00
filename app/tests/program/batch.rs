//! Batches through the whole system: S3, event, state machine, both lanes, download.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::{Profile, Target, names};

use crate::support::{Ended, Home, Lane, arg, board, picture, truncated_jpeg, wait_until};

/// Everything in a folder by its path.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// Asserts that a batch's results are, byte for byte, what `clean` gives.
#[track_caller]
pub fn same_as_clean(home: &Home, photos: &str, results: &str) {
    home.run(&["clean", photos, "-o", "by-clean"]).expect(0);
    let (clean, batch) = (
        contents(&home.path("by-clean")),
        contents(&home.path(results)),
    );
    assert_eq!(
        clean.keys().collect::<Vec<_>>(),
        batch.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &clean {
        assert!(batch[name] == *bytes, "{name} differs");
    }
}

/// The items of the newest batch, by name.
fn items(home: &Home) -> (String, BTreeMap<String, Value>) {
    let list = home.run(&["runs", "list", "--json"]).expect(0).json();
    let batch = list["batches"][0]["batch"]
        .as_str()
        .expect("there is a batch")
        .to_owned();
    let shown = home
        .run(&["runs", "show", &batch, "--json"])
        .expect(0)
        .json();
    let items = shown["items"].as_array().unwrap().iter();
    (
        batch,
        items
            .map(|item| (item["name"].as_str().unwrap().to_owned(), item.clone()))
            .collect(),
    )
}

pub fn last_object(ended: &Ended) -> Value {
    ended
        .objects()
        .pop()
        .expect("a stream ends with its summary")
}

#[test]
fn a_batch_runs_in_both_lanes_and_its_results_are_those_of_clean() {
    // With the documented defaults: the plan alone divides the work.
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("small.png"), picture(640, 480, 1)).unwrap();
    fs::copy(board("wall.jpg"), photos.join("wall.jpg")).unwrap();

    let dry = home.run(&["submit", "photos", "--dry-run"]).expect(0);
    assert!(
        dry.out.lines().all(|line| line.starts_with("dry run: ")),
        "{}",
        dry.out
    );
    assert!(home.record().is_none(), "a dry run starts nothing");

    let ended = home.run(&["submit", "photos", "-o", "cleaned"]).expect(0);
    let row = |name: &str| {
        ended
            .out
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(
        row("small.png").contains("✓ cleaned  λ lambda"),
        "{}",
        ended.out
    );
    assert!(
        row("wall.jpg").contains("✓ cleaned  ▣ ecs"),
        "{}",
        ended.out
    );
    assert!(
        row("wall.jpg").ends_with("cleaned/wall.jpg.png"),
        "{}",
        ended.out
    );
    same_as_clean(&home, "photos", "cleaned");

    let (batch, items) = items(&home);
    assert_eq!(items["small.png"]["places"], serde_json::json!(["lambda"]));
    assert_eq!(items["wall.jpg"]["places"], serde_json::json!(["ecs"]));
    let plan = &items["wall.jpg"]["plan"];
    assert!(
        plan["why"].as_str().unwrap().contains("needs about"),
        "the plan says why: {plan}"
    );

    let story = home
        .run(&["runs", "show", &format!("{batch}/wall.jpg")])
        .expect(0)
        .out;
    for state in ["Register", "Plan", "Place", "CleanOnEcs", "Done"] {
        assert!(story.contains(state), "{state} is not in\n{story}");
    }
    home.run(&["runs", "download", &batch, "-o", "again"])
        .expect(0);
    assert!(contents(&home.path("again")) == contents(&home.path("cleaned")));
    let watched = home.run(&["watch", &batch[..12], "--plain"]).expect(0);
    assert!(watched.out.contains("✓ cleaned"), "{}", watched.out);
}

#[test]
fn json_tells_a_batch_as_objects_with_stable_names() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(320, 240, 1)).unwrap();
    let ended = home
        .run(&["submit", "photos", "-o", "cleaned", "--json"])
        .expect(0);
    let events: Vec<String> = ended
        .objects()
        .iter()
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    for wanted in [
        "scan",
        "plan",
        "batch",
        "upload_started",
        "uploaded",
        "cleaned",
        "downloaded",
    ] {
        assert!(
            events.iter().any(|event| event == wanted),
            "{wanted} is not in {events:?}"
        );
    }
    let summary = last_object(&ended);
    assert_eq!(summary["event"], "summary");
    assert_eq!(
        (&summary["items"], &summary["cleaned"]),
        (&1.into(), &1.into())
    );
    assert!(summary["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_picture_that_is_too_slow_for_lambda_moves_to_ecs_and_ends_with_the_same_bytes() {
    // The function gets stuck and the sender insists on Lambda: the safety valve has to open.
    let home = Home::new().with("WHITEBOARDER_LOCAL_LAMBDA_TIMEOUT_S", "1");
    let photos = home.folder("photos");
    fs::copy(board("roadmap.jpg"), photos.join("slow.jpg")).unwrap();
    fs::write(home.path("recipe.toml"), SLOW_RECIPE).unwrap();
    let submit = [
        "submit",
        "photos",
        "--place",
        "lambda",
        "-o",
        "cleaned",
        "--recipe",
        "recipe.toml",
    ];
    let (is_over, was_frozen) = (AtomicBool::new(false), AtomicBool::new(false));
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                was_frozen.fetch_or(home.freeze(Lane::Lambda), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(10));
            }
        });
        let ended = catch_unwind(AssertUnwindSafe(|| home.run(&submit)));
        is_over.store(true, Ordering::Relaxed);
        ended.unwrap()
    })
    .expect(0);
    assert!(was_frozen.load(Ordering::Relaxed));
    assert!(ended.out.contains("⇄ moved"), "{}", ended.out);
    let (batch, items) = items(&home);
    let item = &items["slow.jpg"];
    assert_eq!(
        (&item["state"], &item["moved"]),
        (&"cleaned".into(), &true.into())
    );
    assert_eq!(item["places"], serde_json::json!(["lambda", "ecs"]));
    let story = home
        .run(&["runs", "show", &format!("{batch}/slow.jpg")])
        .expect(0)
        .out;
    assert!(
        story.contains("Timedout") || story.contains("States.Timeout"),
        "{story}"
    );
    home.run(&[
        "clean",
        "photos",
        "-o",
        "by-clean",
        "--recipe",
        "recipe.toml",
    ])
    .expect(0);
    assert!(contents(&home.path("by-clean")) == contents(&home.path("cleaned")));
}

/// With the largest of the quick boards this is long enough for a test to step in, see [`Home::freeze`].
const SLOW_RECIPE: &str = "[background]\nmethod = \"ball\"\nradius = 80\n";

#[test]
fn a_killed_cloud_loses_nothing_and_counts_nothing_twice() {
    let home = Home::new();
    let photos = home.folder("photos");
    for number in 0..8 {
        fs::write(
            photos.join(format!("{number}.png")),
            picture(1600, 1200, number),
        )
        .unwrap();
    }
    let batch = home
        .run(&["submit", "photos"])
        .expect(0)
        .out
        .trim()
        .to_owned();
    // In the middle: something is done, not everything is.
    let cleaned = || {
        let shown = home
            .run(&["runs", "show", &batch, "--json"])
            .expect(0)
            .json();
        shown["summary"]["cleaned"].as_u64().unwrap()
    };
    wait_until("the first picture is cleaned", || cleaned() > 0);
    home.kill_cloud();
    home.run(&["local", "start"]).expect(0);
    let ended = home.run(&["watch", &batch, "--json"]).expect(0);
    let summary = last_object(&ended);
    assert_eq!(
        (&summary["items"], &summary["cleaned"]),
        (&8.into(), &8.into()),
        "{summary}"
    );
    let told = ended
        .objects()
        .iter()
        .filter(|event| event["event"] == "cleaned")
        .count();
    assert_eq!(told, 8, "each is told once");
    home.run(&["runs", "download", &batch, "-o", "cleaned"])
        .expect(0);
    same_as_clean(&home, "photos", "cleaned");
    let list = home.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(list["batches"].as_array().unwrap().len(), 1);
    assert_eq!(list["batches"][0]["cleaned"], 8);
}

#[test]
fn a_submit_goes_on_by_itself_when_its_cloud_is_killed() {
    let home = Home::new();
    let photos = home.folder("photos");
    for number in 0..6 {
        fs::write(
            photos.join(format!("{number}.png")),
            picture(1600, 1200, number),
        )
        .unwrap();
    }
    let submit = home
        .command(&["submit", "photos", "-o", "cleaned"])
        .spawn()
        .unwrap();
    wait_until("the cloud is up", || home.record().is_some());
    let batch = loop {
        let list = home.run(&["runs", "list", "--json"]).expect(0).json();
        if list["batches"][0]["cleaned"].as_u64() > Some(0) {
            break list["batches"][0]["batch"].as_str().unwrap().to_owned();
        }
    };
    home.kill_cloud();
    let ended = crate::support::end(submit).expect(0);
    assert!(
        ended.err.contains(&format!("batch {batch}: 6 cleaned")),
        "{}",
        ended.err
    );
    same_as_clean(&home, "photos", "cleaned");
}

#[test]
fn a_truncated_jpeg_fails_with_a_reason_and_can_be_redriven_once_it_is_whole() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("good.png"), picture(320, 240, 1)).unwrap();
    fs::write(photos.join("half.jpg"), truncated_jpeg()).unwrap();
    let ended = home.run(&["submit", "photos", "-o", "cleaned"]).expect(1);
    assert!(home.path("cleaned/good.png.png").is_file());
    assert!(!home.path("cleaned/half.jpg.png").exists());
    assert!(
        ended.out.contains("✗ failed") && ended.out.contains("ImageCorrupt"),
        "{}",
        ended.out
    );
    let (batch, before) = items(&home);
    assert_eq!(before["half.jpg"]["state"], "failed");
    assert_eq!(before["half.jpg"]["error"], "ImageCorrupt");

    put(
        &home,
        &names::inbox_key(&batch, "half.jpg"),
        fs::read(board("sketch.jpg")).unwrap(),
    );
    home.run(&["runs", "redrive", &batch, "--wait"]).expect(0);
    let (_, after) = items(&home);
    assert_eq!(after["half.jpg"]["state"], "cleaned");
    home.run(&["runs", "download", &batch, "-o", "cleaned"])
        .expect(0);
    home.run(&["clean", &arg(&board("sketch.jpg")), "-o", "sketch.png"])
        .expect(0);
    let (redriven, clean) = (home.path("cleaned/half.jpg.png"), home.path("sketch.png"));
    assert!(fs::read(redriven).unwrap() == fs::read(clean).unwrap());
}

#[test]
fn what_was_stopped_goes_on_where_it_stopped_when_it_is_redriven() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::copy(board("roadmap.jpg"), photos.join("slow.jpg")).unwrap();
    fs::write(home.path("recipe.toml"), SLOW_RECIPE).unwrap();
    let submit = [
        "submit",
        "photos",
        "--place",
        "ecs",
        "--recipe",
        "recipe.toml",
    ];
    let batch = home.run(&submit).expect(0).out.trim().to_owned();
    wait_until("a worker works on it", || home.freeze(Lane::Ecs));
    wait_until("it is known who has taken it", || {
        items(&home).1["slow.jpg"]["worker"].is_string()
    });
    let stopped = home
        .run(&["runs", "stop", &batch, "--json"])
        .expect(0)
        .json();
    assert_eq!(stopped["stopped"], serde_json::json!(["slow.jpg"]));
    let watched = home.run(&["watch", &batch]).expect(1);
    assert!(watched.out.contains("■ stopped"), "{}", watched.out);

    let redriven = home
        .run(&["runs", "redrive", &batch, "--json"])
        .expect(0)
        .json();
    assert_eq!(redriven["redriven"], serde_json::json!(["slow.jpg"]));
    home.run(&["watch", &batch]).expect(0);
    let what = format!("{batch}/slow.jpg");
    let shown = home
        .run(&["runs", "show", &what, "--json"])
        .expect(0)
        .json();
    assert_eq!(shown["item"]["state"], "cleaned");
    let [execution] = shown["executions"].as_array().unwrap().as_slice() else {
        panic!("one execution, redriven: {shown}");
    };
    assert_eq!(
        (&execution["redrives"], &execution["status"]),
        (&1.into(), &"SUCCEEDED".into())
    );
    let steps = execution["steps"].as_array().unwrap();
    let plans = steps.iter().filter(|step| step["name"] == "Plan").count();
    assert_eq!(plans, 1, "it was not planned again");
    home.run(&["runs", "redrive", &batch]).expect(0);
    home.run(&["runs", "stop", "no-such-batch"]).expect(2);
}

/// Puts an object into the cloud's bucket, as any S3 client could.
pub fn put(home: &Home, key: &str, body: Vec<u8>) {
    with_target(home, async |target| {
        let bucket = target.profile().bucket.clone();
        target
            .s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(body.into())
            .send()
            .await
            .unwrap();
    });
}

/// Talks to the home's cloud as any program can.
pub fn with_target<T>(home: &Home, work: impl AsyncFnOnce(Target) -> T) -> T {
    let record = home.record().expect("a cloud runs");
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    let profile = Profile::local(
        format!("http://127.0.0.1:{}", record["port"]),
        &text("region"),
        &text("account"),
        text("access_key"),
        text("secret_key"),
        Capacity::lambda(256, 60.0),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { work(Target::connect(profile).await.unwrap()).await })
}

#[test]
fn an_interrupted_submit_says_how_to_go_on_and_does() {
    let home = Home::new();
    let photos = home.folder("photos");
    for number in 0..6 {
        fs::write(
            photos.join(format!("{number}.png")),
            picture(1600, 1200, number),
        )
        .unwrap();
    }
    let submit = home
        .command(&["submit", "photos", "-o", "cleaned"])
        .spawn()
        .unwrap();
    wait_until("the batch exists", || {
        home.record().is_some()
            && home.run(&["runs", "list", "--json"]).expect(0).json()["batches"][0].is_object()
    });
    let pid = submit.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ended = crate::support::end(submit).expect(130);
    let hint = ended
        .err
        .lines()
        .find(|line| line.contains("--resume"))
        .expect(&ended.err);
    let batch = hint
        .split_whitespace()
        .skip_while(|word| *word != "--resume")
        .nth(1)
        .unwrap();
    home.run(&["submit", "--resume", batch, "-o", "cleaned"])
        .expect(0);
    same_as_clean(&home, "photos", "cleaned");
}
