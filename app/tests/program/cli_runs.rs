//! `whiteboarder runs delete`: what goes, what stays, and who is asked.

use std::fs;

use serde_json::json;
use whiteboarder_core::cost::Capacity;
use whiteboarder_jobs::{Profile, Target};

use crate::support::{Home, picture, wait_until};
use crate::typed::typed;

/// Every key in the cloud's bucket.
fn keys(home: &Home) -> Vec<String> {
    let record = home.record().unwrap();
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    let profile = Profile::local(
        format!("http://127.0.0.1:{}", record["port"]),
        &text("region"),
        &text("account"),
        text("access_key"),
        text("secret_key"),
        Capacity::lambda(512, 15.0),
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let target = Target::connect(profile).await.unwrap();
        let listed = target
            .s3()
            .list_objects_v2()
            .bucket("wb-local")
            .send()
            .await
            .unwrap();
        let keys = listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned());
        keys.collect()
    })
}

/// Submits a picture and waits for its result; gives the batch.
fn cleaned(home: &Home, seed: u32) -> String {
    // No two alike: what is alike is cleaned once.
    fs::write(home.path("a.png"), picture(80 + seed, 60, seed)).unwrap();
    let ended = home
        .run(&["submit", "a.png", "-o", "out", "--json"])
        .expect(0);
    ended.objects().last().unwrap()["batch"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_deleted_batch_leaves_nothing_in_the_bucket_and_everything_on_the_disk() {
    let home = Home::new();
    let (one, two) = (cleaned(&home, 1), cleaned(&home, 2));
    let note = home.path(&format!("wb/state/batches/{one}.json"));
    assert!(note.exists());

    let refused = home.run(&["runs", "delete", &one]).expect(2);
    assert!(refused.errors()[0].contains("5 objects"), "{}", refused.err);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert_eq!(keys(&home).len(), 10, "nothing was done without a yes");

    // Twice the same is once.
    let done = home
        .run(&["runs", "delete", &one, &one[..20], "--yes", "--json"])
        .expect(0)
        .json();
    assert_eq!(done["deleted"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(done["deleted"][0]["batch"], one.as_str());
    // Original, result, run record, claim and manifest.
    assert_eq!(done["deleted"][0]["objects"], 5);
    assert_eq!(done["failed"], json!([]));
    let left = keys(&home);
    assert_eq!(left.len(), 5);
    let other = |key: &String| key.contains(&two) || key.starts_with("claims/");
    assert!(left.iter().all(other), "{left:?}");
    assert!(!note.exists(), "its note went too");
    assert!(home.path("a.png").exists() && home.path("out/a.png.png").exists());

    for what in [one.as_str(), "nonsense", ""] {
        let show = home.run(&["runs", "show", what]);
        let delete = home.run(&["runs", "delete", what, "--yes"]).expect(2);
        assert_eq!(
            (delete.code, delete.errors()),
            (show.code, show.errors()),
            "{what}"
        );
    }
    let item = home
        .run(&["runs", "delete", &format!("{two}/a.png"), "--yes"])
        .expect(2);
    assert!(
        item.errors()[0].contains("only whole batches"),
        "{}",
        item.err
    );
    // One that does not exist among others: none is deleted.
    home.run(&["runs", "delete", &two, "nonsense", "--yes"])
        .expect(2);
    assert_eq!(keys(&home).len(), 5);
}

#[test]
fn what_runs_is_stopped_before_it_is_deleted() {
    // Nobody takes what is planned for ECS: it waits, and counts as running.
    let home = Home::new().with("WHITEBOARDER_LOCAL_WORKERS", "0");
    fs::write(home.path("a.png"), picture(80, 60, 1)).unwrap();
    let batch = home
        .run(&["submit", "a.png", "--place", "ecs"])
        .expect(0)
        .out;
    let batch = batch.trim();
    wait_until("it waits for a worker", || {
        let show = home
            .run(&["runs", "show", batch, "--json"])
            .expect(0)
            .json();
        show["items"][0]["waiting"] == "worker"
    });
    let status = || home.run(&["local", "status", "--json"]).expect(0).json();
    assert_eq!(status()["running_executions"], 1);
    let done = home
        .run(&["runs", "delete", batch, "--yes", "--json"])
        .expect(0)
        .json();
    assert_eq!(done["deleted"][0]["stopped"], 1, "{done}");
    assert_eq!(status()["running_executions"], 0);
    assert_eq!(
        keys(&home),
        Vec::<String>::new(),
        "also not what the end of the execution left"
    );
}

#[test]
fn old_batches_go_by_their_age() {
    let home = Home::new();
    cleaned(&home, 1);
    let none = home
        .run(&["runs", "delete", "--older-than", "1h", "--yes", "--json"])
        .expect(0);
    assert_eq!(none.json()["deleted"], json!([]));
    assert_eq!(keys(&home).len(), 5);
    wait_until("it is older than nothing", || {
        let all = home
            .run(&["runs", "delete", "--older-than", "0h", "--yes", "--json"])
            .expect(0);
        all.json()["deleted"].as_array().unwrap().len() == 1
    });
    assert_eq!(keys(&home), Vec::<String>::new());
    for wrong in ["30", "soon", "-1d"] {
        home.run(&["runs", "delete", &format!("--older-than={wrong}"), "--yes"])
            .expect(2);
    }
    home.run(&["runs", "delete", "--yes"]).expect(2);
    home.run(&["runs", "delete", "latest", "--older-than", "1h", "--yes"])
        .expect(2);
}

#[test]
fn on_a_terminal_it_asks_and_takes_no_for_an_answer() {
    let home = Home::new();
    let batch = cleaned(&home, 1);
    let line = ["runs", "delete", &batch];
    let (code, screen) = typed(&home, &line, &[("too?", "n\n")]);
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("nothing was deleted"), "{screen}");
    let (code, screen) = typed(&home, &line, &[("too?", "\u{3}")]);
    assert_eq!(code, 130, "{screen}");
    assert_eq!(keys(&home).len(), 5);
    let (code, screen) = typed(&home, &line, &[("too?", "yes\n")]);
    assert_eq!(code, 0, "{screen}");
    assert_eq!(keys(&home), Vec::<String>::new());
}
