//! What goes wrong with the local cloud, with targets and with batches.

#![allow(
    clippy::unnecessary_wraps,
    reason = "scenarios have one shape, and some are impossible on some machines"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::Command;

use serde_json::json;

use super::here::home;
use super::{Scenario, Told};
use crate::batch::put;
use crate::support::{Ended, Home, interrupt, truncated_jpeg};

pub const SCENARIOS: &[(&str, Scenario)] = &[
    // Pictures, in a lane.
    ("batch-picture", batch_picture),
    // The local cloud.
    ("port-taken", port_taken),
    ("cloud-other-settings", cloud_other_settings),
    ("mocks-wrong", mocks_wrong),
    ("cloud-stuck", cloud_stuck),
    ("store-newer", store_newer),
    ("store-damaged", || {
        with_data("cloud/states.sqlite", "this was a database once")
    }),
    ("record-newer", || {
        let home = home();
        home.folder("wb/state");
        fs::write(home.path("wb/state/local.json"), "{\"version\": 99}").unwrap();
        Some(Told::of(&home.run(&["runs", "list"])))
    }),
    ("credentials-newer", || {
        with_data("credentials.json", "{\"version\": 99}")
    }),
    ("credentials-damaged", || {
        with_data("credentials.json", "{\"access_key\": ")
    }),
    // The target.
    ("target-unreachable", || {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let home = with_profile(&format!("http://127.0.0.1:{port}"), "b", "whiteboarder");
        let home = with_keys(home, "AKIAEXAMPLEEXAMPLE00", "secret");
        Some(Told::of(&home.run(FAR)))
    }),
    ("target-no-url", || {
        let home = with_profile("nonsense", "b", "whiteboarder");
        Some(Told::of(&home.run(FAR)))
    }),
    ("target-no-credentials", || {
        let (home, _cloud) = far("wb-local", "whiteboarder");
        Some(Told::of(&home.run(FAR)))
    }),
    ("target-wrong-secret", || {
        let (home, cloud) = far("wb-local", "whiteboarder");
        let key = text(&cloud, "access_key");
        let home = with_keys(home, &key, "wrong");
        Some(Told::of(&home.run(FAR)))
    }),
    ("target-wrong-key", || {
        let (home, cloud) = far("wb-local", "whiteboarder");
        let secret = text(&cloud, "secret_key");
        let home = with_keys(home, "AKIAWRONGWRONGWRONG0", &secret);
        Some(Told::of(&home.run(FAR)))
    }),
    ("bucket-missing", || {
        far_with_keys("nowhere", "whiteboarder")
    }),
    ("machine-missing", || far_with_keys("wb-local", "nowhere")),
    // Batches.
    ("unknown-batch", || {
        Some(Told::of(&home().run(&["runs", "show", "nowhere"])))
    }),
    ("ambiguous-batch", || {
        let home = home();
        for _ in 0..2 {
            home.run(&["submit", "a.png"]).expect(0);
        }
        Some(Told::of(&home.run(&["runs", "show", "0"])))
    }),
    ("unknown-item", || {
        let home = home();
        home.run(&["submit", "a.png"]).expect(0);
        let ended = home.run(&["runs", "show", "latest/nowhere.png"]);
        Some(Told::of(&ended))
    }),
    ("no-batch", || Some(Told::of(&home().run(&["watch"])))),
    ("manifest-newer", || {
        with_manifest(&json!({ "version": 99, "batch": ID }))
    }),
    ("manifest-recipe-newer", || {
        with_manifest(&json!({ "version": 1, "batch": ID, "recipe": { "version": 99 } }))
    }),
    ("note-damaged", || {
        let home = home();
        let batch = home.run(&["submit", "a.png"]).expect(0).out;
        let note = format!("wb/state/batches/{}.json", batch.trim());
        fs::write(home.path(&note), "{").unwrap();
        let ended = home.run(&["submit", "--resume", batch.trim()]);
        Some(Told::of(&ended))
    }),
    ("download-for-one", || {
        let home = home();
        home.run(&["submit", "a.png", "b.png", "--wait"]).expect(0);
        let ended = home.run(&["runs", "download", "latest", "-o", "x.png"]);
        Some(Told::of(&ended))
    }),
    // Interrupted.
    ("interrupted-submit", || {
        let submit = [
            "submit", "a.png", "--place", "ecs", "-o", "cleaned", "--json",
        ];
        interrupted(&submit, &[], &["uploaded", "execution"])
    }),
    ("interrupted-watch", || {
        let submit = ["submit", "a.png", "--place", "ecs"];
        interrupted(&["watch", "--json"], &submit, &["execution"])
    }),
];

const ID: &str = "01KB0000000000000000000000";
const FAR: &[&str] = &["runs", "list", "--profile", "far"];

fn batch_picture() -> Option<Told> {
    let home = home();
    fs::write(home.path("x.jpg"), truncated_jpeg()).unwrap();
    let ended = home.run(&["submit", "x.jpg", "--wait"]);
    let shown = home
        .run(&["runs", "show", "latest", "--json"])
        .expect(0)
        .json();
    let item = &shown["items"][0];
    let part = |name: &str| item[name].as_str().unwrap().to_owned();
    Some(Told::of_picture(
        format!("{}: {}", part("error"), part("message")),
        ended.code,
    ))
}

fn port_taken() -> Option<Told> {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    Some(Told::of(&home().run(&["local", "start", "--port", &port])))
}

fn cloud_other_settings() -> Option<Told> {
    let home = home();
    let start = |seconds| home.run(&["local", "start", "--lambda-timeout-s", seconds]);
    start("7").expect(0);
    Some(Told::of(&start("8")))
}

fn mocks_wrong() -> Option<Told> {
    let home = home();
    let mocks = r#"{"StateMachines": {"orders": {"TestCases": {"Busy": {"Ship": "Shiped"}}}}}"#;
    fs::write(home.path("mocks.json"), mocks).unwrap();
    Some(Told::of(&home.run(&[
        "local",
        "start",
        "--mocks",
        "mocks.json",
    ])))
}

/// Its process sleeps as after Ctrl-Z.
fn cloud_stuck() -> Option<Told> {
    let home = home();
    home.run(&["local", "start"]).expect(0);
    let pid = home.record().unwrap()["pid"].to_string();
    let kill = |signal: &str| {
        Command::new("kill")
            .args([signal, pid.as_str()])
            .status()
            .unwrap()
    };
    assert!(kill("-STOP").success());
    let ended = home.run(&["runs", "list"]);
    assert!(kill("-CONT").success());
    Some(Told::of(&ended))
}

fn store_newer() -> Option<Told> {
    let home = home();
    home.run(&["local", "start"]).expect(0);
    home.run(&["local", "stop"]).expect(0);
    crate::upgrade::set_version(&home.path("wb/data/cloud/states.sqlite"), 99);
    Some(Told::of(&home.run(&["runs", "list"])))
}

fn with_data(name: &str, content: &str) -> Option<Told> {
    let home = home();
    let path = home.path("wb/data").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    Some(Told::of(&home.run(&["runs", "list"])))
}

fn with_manifest(manifest: &serde_json::Value) -> Option<Told> {
    let home = home();
    home.run(&["local", "start"]).expect(0);
    let key = format!("batches/{ID}.json");
    put(&home, &key, manifest.to_string().into_bytes());
    Some(Told::of(&home.run(&["runs", "show", ID])))
}

/// A home with a profile `far`, and no credentials for it anywhere.
fn with_profile(endpoint: &str, bucket: &str, machine: &str) -> Home {
    let home = home()
        .with("AWS_CONFIG_FILE", "/dev/null")
        .with("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .with("AWS_EC2_METADATA_DISABLED", "true");
    home.folder("wb/config");
    let profile = format!(
        "[profiles.far]\nendpoint = \"{endpoint}\"\nregion = \"us-east-1\"\nbucket = \"{bucket}\"\n\
         state_machine_arn = \"arn:aws:states:us-east-1:000000000000:stateMachine:{machine}\"\n"
    );
    fs::write(home.path("wb/config/config.toml"), profile).unwrap();
    home
}

fn with_keys(home: Home, key: &str, secret: &str) -> Home {
    home.with("AWS_ACCESS_KEY_ID", key)
        .with("AWS_SECRET_ACCESS_KEY", secret)
}

/// A home whose profile `far` is the cloud of another one.
fn far(bucket: &str, machine: &str) -> (Home, Home) {
    let cloud = Home::new();
    cloud.run(&["local", "start"]).expect(0);
    let endpoint = format!("http://127.0.0.1:{}", cloud.record().unwrap()["port"]);
    (with_profile(&endpoint, bucket, machine), cloud)
}

fn far_with_keys(bucket: &str, machine: &str) -> Option<Told> {
    let (home, cloud) = far(bucket, machine);
    let (key, secret) = (text(&cloud, "access_key"), text(&cloud, "secret_key"));
    let home = with_keys(home, &key, &secret);
    Some(Told::of(&home.run(FAR)))
}

fn text(cloud: &Home, name: &str) -> String {
    cloud.record().unwrap()[name].as_str().unwrap().to_owned()
}

/// Ctrl-C while a picture waits for a worker that never comes, once these events were told.
fn interrupted(command: &[&str], before: &[&str], events: &[&str]) -> Option<Told> {
    let home = home().with("WHITEBOARDER_LOCAL_WORKERS", "0");
    if !before.is_empty() {
        home.run(before).expect(0);
    }
    let mut child = home.command(command).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for event in events {
        let wanted = format!("\"event\":\"{event}\"");
        assert!(lines.any(|line| line.unwrap().contains(&wanted)), "{event}");
    }
    interrupt(&child);
    // It must not stop for want of a reader.
    let out = lines.map(Result::unwrap).collect();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    let code = child.wait().unwrap().code();
    Some(Told::of(&Ended { code, out, err }))
}
