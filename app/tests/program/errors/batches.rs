//! What goes wrong while a batch is sent, fetched and deleted.

#![allow(
    clippy::unnecessary_wraps,
    reason = "scenarios have one shape, and some are impossible on some machines"
)]

use std::fs;
use std::io::{BufRead, BufReader};

use fault_proxy::{Fault, Plan, Rule};
use serde_json::Value;

use super::here::{full, home};
use super::{Scenario, Told};
use crate::batch::put;
use crate::faults::BadLine;
use crate::support::{Ended, Home, board, picture};

pub const SCENARIOS: &[(&str, Scenario)] = &[
    // The target.
    ("access-denied", || {
        Some(Told::of(&submitted(denied().path(INBOX))))
    }),
    ("credentials-expired", || {
        Some(Told::of(&submitted(Rule::new(Fault::Expired).path(INBOX))))
    }),
    ("clock-wrong", || {
        let skew = Fault::Skew { ahead: 86_400 };
        Some(Told::of(&submitted(Rule::new(skew).path(INBOX))))
    }),
    ("target-objects", || {
        let fault = Fault::error_code(400, "InvalidRequest", "said the test");
        let line = bad_line(Rule::new(fault).method("GET").path("/wb-local"));
        Some(Told::of(&line.machine().run(&["runs", "list"])))
    }),
    // Downloads.
    ("download-disk-full", || {
        let home = home();
        fs::copy(board("retro.png"), home.path("noisy.png")).unwrap();
        home.run(&["submit", "noisy.png", "--wait"]).expect(0);
        let ended = full(&home, "8k", "runs download latest -o small")?;
        Some(Told::of(&ended))
    }),
    ("download-in-the-way", || {
        let home = home();
        home.run(&["submit", "a.png", "b.png", "--wait"]).expect(0);
        home.folder("out/a.png.png");
        Some(of_download(&home, "out"))
    }),
    ("download-over-original", || {
        let home = home();
        let photos = home.folder("photos");
        fs::copy(home.path("a.png"), photos.join("a.png")).unwrap();
        fs::copy(home.path("b.png"), photos.join("a.png.png")).unwrap();
        home.run(&["submit", "photos", "--wait"]).expect(0);
        Some(of_download(&home, "photos"))
    }),
    ("download-damaged", || {
        let home = home();
        let submit = ["submit", "a.png", "--wait", "--json"];
        let ended = home.run(&submit).expect(0);
        let batch = crate::batch::last_object(&ended)["batch"].clone();
        let key = format!("cleaned/{}/a.png.png", batch.as_str().unwrap());
        put(&home, &key, b"something else".to_vec());
        Some(of_download(&home, "out"))
    }),
    // Uploads.
    ("upload-occupied", upload_occupied),
    ("upload-changed", upload_changed),
    ("upload-without-file", || {
        let (line, home, batch) = begun();
        fs::remove_file(home.path("a.png")).unwrap();
        line.proxy.calm();
        Some(not_uploaded(&home, &batch))
    }),
    // Deletions.
    ("delete-shared", || {
        let home = home();
        let first = home.run(&["submit", "a.png"]).expect(0).out;
        home.run(&["submit", "a.png"]).expect(0);
        let ended = home.run(&["runs", "delete", first.trim(), "--yes"]);
        let said = ended.err.lines().find(|line| line.starts_with("not del"));
        Some(Told::of_picture(said.unwrap(), ended.code))
    }),
];

const INBOX: &str = "/wb-local/inbox/";

fn denied() -> Rule {
    Rule::new(Fault::error_code(403, "AccessDenied", "Access Denied"))
}

fn bad_line(rule: Rule) -> BadLine {
    BadLine::new(Plan {
        seed: 1,
        rules: vec![rule],
    })
}

/// A machine at the other end of a bad line, with a picture.
fn machine(line: &BadLine) -> Home {
    let home = line.machine();
    fs::write(home.path("a.png"), picture(100, 100, 1)).unwrap();
    home
}

/// What a submit says over such a line.
fn submitted(rule: Rule) -> Ended {
    let line = bad_line(rule);
    machine(&line).run(&["submit", "a.png"])
}

/// A batch whose one picture could not be sent: the line, the machine that has the picture, and the batch.
fn begun() -> (BadLine, Home, String) {
    let line = bad_line(denied().path(INBOX));
    let home = machine(&line);
    home.run(&["submit", "a.png"]).expect(3);
    let list = line.cloud.run(&["runs", "list", "--json"]).expect(0).json();
    let batch = list["batches"][0]["batch"].as_str().unwrap().to_owned();
    (line, home, batch)
}

/// What is said of the one picture that is not uploaded when its batch goes on.
fn not_uploaded(home: &Home, batch: &str) -> Told {
    let ended = home.run(&["submit", "--resume", batch, "--json"]);
    let failed = ended.objects().into_iter();
    let mut failed = failed.filter(|event| event["event"] == "upload_failed");
    let error = failed.next().expect("one is not uploaded")["error"].clone();
    Told::of_picture(error.as_str().unwrap(), ended.code)
}

/// What is said of the one result of the latest batch that cannot be had.
fn of_download(home: &Home, to: &str) -> Told {
    let ended = home.run(&["runs", "download", "latest", "-o", to, "--json"]);
    let document = ended.json();
    let [failed] = &document["failed"].as_array().unwrap()[..] else {
        panic!("not one failed: {document}")
    };
    Told::of_picture(failed["error"].as_str().unwrap(), ended.code)
}

fn upload_occupied() -> Option<Told> {
    let (line, home, batch) = begun();
    put(
        &line.cloud,
        &format!("inbox/{batch}/a.png"),
        b"another".to_vec(),
    );
    line.proxy.calm();
    Some(not_uploaded(&home, &batch))
}

/// Written to once the first try of its upload was turned away.
fn upload_changed() -> Option<Told> {
    let line = bad_line(Rule::new(Fault::Throttle).path(INBOX));
    let home = machine(&line);
    let submit = ["submit", "a.png", "--json"];
    let mut child = home.command(&submit).spawn().unwrap();
    let events = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut error = None;
    for event in events {
        let event: Value = serde_json::from_str(&event.unwrap()).unwrap();
        if event["event"] == "upload_retry" && error.is_none() {
            fs::write(home.path("a.png"), picture(90, 90, 3)).unwrap();
            line.proxy.calm();
        }
        if event["event"] == "upload_failed" {
            error = event["error"].as_str().map(str::to_owned);
        }
    }
    let code = child.wait().unwrap().code();
    Some(Told::of_picture(error.expect("it is not uploaded"), code))
}
