//! Batches over a bad line: the real client and the real local cloud, with a proxy between them that throttles, breaks,
//! cuts, delays and falsifies. What is promised is that nothing gets lost and nothing is done twice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use fault_proxy::{Counts, Fault, FaultKind, FaultProxy, Plan, Rule};
use serde_json::Value;

use crate::batch::{contents, last_object};
use crate::support::{Ended, Home, arg, end, noise, picture, wait_until};

/// A home whose default profile is the cloud of another home, seen through a proxy.
pub struct BadLine {
    pub cloud: Home,
    pub proxy: FaultProxy,
}

impl BadLine {
    pub fn new(plan: Plan) -> BadLine {
        let cloud = Home::new();
        cloud.run(&["local", "start"]).expect(0);
        let endpoint = format!("http://127.0.0.1:{}", cloud.record().unwrap()["port"]);
        let proxy = FaultProxy::to(endpoint).plan(plan).start().unwrap();
        BadLine { cloud, proxy }
    }

    /// Another machine with the same profile: nothing of one home is known to the next.
    pub fn machine(&self) -> Home {
        let text = |name: &str| {
            let record = self.cloud.record().unwrap();
            record[name].as_str().unwrap().to_owned()
        };
        let home = Home::new()
            .with("AWS_CONFIG_FILE", "/dev/null")
            .with("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .with("AWS_EC2_METADATA_DISABLED", "true")
            .with("AWS_ACCESS_KEY_ID", &text("access_key"))
            .with("AWS_SECRET_ACCESS_KEY", &text("secret_key"));
        home.folder("wb/config");
        let profile = format!(
            "profile = \"far\"\n[profiles.far]\nendpoint = \"{}\"\nregion = \"us-east-1\"\nbucket = \"wb-local\"\n\
             state_machine_arn = \"arn:aws:states:us-east-1:000000000000:stateMachine:whiteboarder\"\n",
            self.proxy.endpoint()
        );
        fs::write(home.path("wb/config/config.toml"), profile).unwrap();
        home
    }
}

/// Each kind of fault that a client can get over, in so many of a hundred requests.
fn every_kind(percent: f64, seed: u64) -> Plan {
    let share = percent / 100.0;
    let slow = Fault::Slow {
        latency: Duration::from_millis(300),
        rate: None,
    };
    let faults = [
        Fault::Throttle,
        Fault::error(500),
        Fault::error(503),
        Fault::Reset,
        Fault::ResetAfterRequest,
        Fault::ResetInUpload { after: None },
        Fault::ResetInResponse { after: None },
        Fault::Truncate { after: None },
        Fault::Corrupt { at: None },
        Fault::CorruptRequest { at: None },
        slow,
    ];
    let each = share / faults.len() as f64;
    Plan {
        seed,
        rules: faults
            .into_iter()
            .map(|fault| {
                // A request of Step Functions that was falsified has a wrong signature, which is what wrong
                // credentials have: nobody tries those again.
                let falsified = fault.kind() == FaultKind::CorruptRequest;
                let rule = Rule::new(fault).share(each);
                if falsified {
                    rule.path("/wb-local/")
                } else {
                    rule
                }
            })
            .collect(),
    }
}

/// Small pictures, no two alike, in a folder of their own.
fn pictures(folder: &Path, count: u32) {
    fs::create_dir_all(folder).unwrap();
    for number in 0..count {
        let path = folder.join(format!("{number:03}.png"));
        fs::write(path, picture(64 + number % 50, 48, number)).unwrap();
    }
}

/// Asserts that a batch is whole: each item cleaned by one execution, each result what `clean` makes of the picture.
#[track_caller]
fn whole(line: &BadLine, ended: &Ended, photos: &Path, results: &Path, count: usize) {
    let summary = last_object(ended);
    assert_eq!(summary["cleaned"], count, "{summary}");
    assert_eq!(summary["downloaded"], count, "{summary}");
    let batch = summary["batch"].as_str().unwrap();
    // Looked at over a good line.
    let shown = line
        .cloud
        .run(&["runs", "show", batch, "--json"])
        .expect(0)
        .json();
    let mut doubled = Vec::new();
    for item in shown["items"].as_array().unwrap() {
        assert_eq!(item["state"], "cleaned", "{item}");
        if item["executions"].as_array().unwrap().len() != 1 {
            doubled.push(item["name"].clone());
        }
    }
    assert!(doubled.is_empty(), "ran more than once: {doubled:?}");
    let by_clean = line.cloud.path("by-clean");
    line.cloud
        .run(&["clean", &arg(photos), "-o", &arg(&by_clean)])
        .expect(0);
    let (wanted, found) = (contents(&by_clean), contents(results));
    let names = |all: &BTreeMap<String, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&wanted), names(&found), "and no half-written file");
    for (name, bytes) in &wanted {
        assert!(found[name] == *bytes, "{name} differs");
    }
}

/// Asserts that the faults really happened.
#[track_caller]
fn happened(counts: &Counts, kinds: &[FaultKind]) {
    for kind in kinds {
        assert!(counts.of(*kind) > 0, "no {kind} among {counts}");
    }
}

#[test]
fn five_hundred_pictures_through_faults_of_every_kind_are_cleaned_once_each() {
    let line = BadLine::new(every_kind(5.0, 11));
    let home = line.machine();
    let photos = home.path("photos");
    pictures(&photos, 500);
    let ended = home
        .run(&["submit", "photos", "-o", "cleaned", "--json"])
        .expect(0);
    let counts = line.proxy.counts();
    happened(
        &counts,
        &[
            FaultKind::Throttle,
            FaultKind::Error,
            FaultKind::Reset,
            FaultKind::ResetAfterRequest,
            FaultKind::ResetInUpload,
            FaultKind::ResetInResponse,
            FaultKind::Truncate,
            FaultKind::Corrupt,
            FaultKind::CorruptRequest,
            FaultKind::Slow,
        ],
    );
    line.proxy.calm();
    whole(&line, &ended, &photos, &home.path("cleaned"), 500);
}

#[test]
fn a_client_killed_at_ten_moments_is_finished_by_another_machine() {
    // A slow line: there is always something on its way when the client is killed.
    let slow = Fault::Slow {
        latency: Duration::from_millis(5),
        rate: std::num::NonZeroU64::new(3_000_000),
    };
    let line = BadLine::new(Plan {
        seed: 3,
        rules: vec![Rule::new(slow)],
    });
    let first = line.machine();
    let photos = first.path("photos");
    pictures(&photos, 60);
    // One that goes up in parts: noise does not get smaller.
    let side = 2600;
    let samples = noise(5).map(|random| random as u8);
    let big = whiteboarder_core::image::Picture::new(
        side,
        side,
        whiteboarder_core::image::Channels::Rgb,
        samples.take((side * side * 3) as usize).collect(),
    )
    .unwrap();
    let big = whiteboarder_core::image::encode_png(&big).unwrap();
    assert!(big.len() > 16 * 1024 * 1024, "{} bytes", big.len());
    fs::write(photos.join("big.png"), big).unwrap();

    let mut batch = String::new();
    let mut moments = noise(17);
    for round in 0..10 {
        let machine = line.machine();
        let photos = arg(&photos);
        let mut words = vec!["submit", photos.as_str(), "-o", "cleaned"];
        if !batch.is_empty() {
            words.extend(["--resume", batch.as_str()]);
        }
        let mut child = machine.command(&words).spawn().unwrap();
        if round == 0 {
            wait_until("the batch exists", || {
                let list = line.cloud.run(&["runs", "list", "--json"]).expect(0).json();
                let id = list["batches"][0]["batch"].as_str();
                batch = id.unwrap_or_default().to_owned();
                !batch.is_empty()
            });
        }
        let moment = u64::from(moments.next().unwrap() % 1500);
        thread::sleep(Duration::from_millis(moment));
        // SIGKILL: it cannot tidy anything up.
        let _ = child.kill();
        child.wait().unwrap();
    }
    line.proxy.calm();
    let last = line.machine();
    let words = [
        "submit",
        &arg(&photos),
        "--resume",
        &batch,
        "-o",
        "cleaned",
        "--json",
    ];
    let ended = end(last.command(&words).spawn().unwrap()).expect(0);
    whole(&line, &ended, &photos, &last.path("cleaned"), 61);
}

#[test]
fn two_submits_of_one_folder_at_the_same_time_do_the_work_once() {
    let line = BadLine::new(Plan {
        seed: 1,
        rules: Vec::new(),
    });
    let (one, other) = (line.machine(), line.machine());
    let photos = one.path("photos");
    pictures(&photos, 12);
    let photos = arg(&photos);
    let words = ["submit", photos.as_str(), "-o", "cleaned", "--json"];
    let children = [&one, &other].map(|home| home.command(&words).spawn().unwrap());
    let [first, second] = children.map(|child| end(child).expect(0));
    for ended in [&first, &second] {
        assert_eq!(last_object(ended)["cleaned"], 12);
    }
    assert_eq!(
        contents(&one.path("cleaned")),
        contents(&other.path("cleaned"))
    );
    let executions = executions(&line.cloud);
    assert_eq!(executions, 12, "each picture ran once, in whichever batch");

    // And a third one, later: nothing runs at all.
    let third = line.machine();
    let ended = third.run(&words).expect(0);
    assert_eq!(last_object(&ended)["cleaned"], 12);
    assert_eq!(
        contents(&one.path("cleaned")),
        contents(&third.path("cleaned"))
    );
    assert_eq!(self::executions(&line.cloud), 12);
}

/// How many executions there ever were.
fn executions(cloud: &Home) -> usize {
    let list = cloud.run(&["runs", "list", "--json"]).expect(0).json();
    let mut names: Vec<Value> = Vec::new();
    for batch in list["batches"].as_array().unwrap() {
        let batch = batch["batch"].as_str().unwrap();
        let shown = cloud
            .run(&["runs", "show", batch, "--json"])
            .expect(0)
            .json();
        for item in shown["items"].as_array().unwrap() {
            names.extend(item["executions"].as_array().unwrap().iter().cloned());
        }
    }
    names.sort_by_key(ToString::to_string);
    names.dedup();
    names.len()
}

#[test]
fn a_missing_permission_is_named_in_one_sentence() {
    for (rule, named) in [
        (
            Rule::new(Fault::error_code(403, "AccessDenied", "Access Denied"))
                .path("/wb-local/inbox/"),
            "s3:PutObject",
        ),
        (
            Rule::new(Fault::error_code(403, "AccessDenied", "Access Denied"))
                .method("GET")
                .path("/wb-local/cleaned/"),
            "s3:GetObject",
        ),
        (
            Rule::new(Fault::Expired).path("/wb-local/inbox/"),
            "expired",
        ),
        (
            Rule::new(Fault::Skew { ahead: 86_400 }).path("/wb-local/inbox/"),
            "clock",
        ),
    ] {
        let line = BadLine::new(Plan {
            seed: 1,
            rules: vec![rule],
        });
        let home = line.machine();
        pictures(&home.path("photos"), 2);
        let ended = home.run(&["submit", "photos", "-o", "cleaned"]);
        assert_ne!(ended.code, Some(0), "{named}");
        let errors = ended.errors();
        assert_eq!(errors.len(), 1, "{}", ended.err);
        let said = ended.err.lines().map(str::trim_start);
        let mut said = said.filter(|line| line.starts_with("error:") || line.starts_with("hint:"));
        assert!(said.any(|line| line.contains(named)), "{}", ended.err);
        assert!(line.proxy.counts().total() > 0);
        assert!(contents_if_any(&home.path("cleaned")).is_empty());
    }
}

fn contents_if_any(folder: &Path) -> Vec<String> {
    if folder.is_dir() {
        contents(folder).into_keys().collect()
    } else {
        Vec::new()
    }
}
