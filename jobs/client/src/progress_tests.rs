//! `docs/formats.md` names every event and every field of it: held against what is written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

const PAGE: &str = include_str!("../../../docs/formats.md");

fn between(begin: &str, end: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(begin).unwrap();
    rest.split_once(end).unwrap().0
}

/// The rows of a table of the page by their first cell, each with the names in backticks that begin a clause of its last.
fn documented(section: &str) -> BTreeMap<String, BTreeSet<String>> {
    let table = between(
        &format!("<!-- {section} -->"),
        &format!("<!-- end of {section} -->"),
    );
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let names = cells[cells.len() - 1].split("; ").filter_map(|clause| {
            let (name, _) = clause.strip_prefix('`')?.split_once('`')?;
            Some(name.to_owned())
        });
        (cells[0].trim_matches('`').to_owned(), names.collect())
    })
    .collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let keys = value.as_object().unwrap().keys();
    keys.filter(|key| *key != "event").cloned().collect()
}

/// One of each; a new variant is missed by the match below and has to be added to both.
fn samples() -> Vec<Progress> {
    let item = || "a.jpg".to_owned();
    let status = || Box::new(ItemStatus::default());
    vec![
        Progress::Scan {
            files: 1,
            bytes: 1,
            skipped: 0,
            excluded: 0,
        },
        Progress::Hashed {
            files: 1,
            bytes: 1,
            of_files: 1,
            of_bytes: 1,
        },
        Progress::Batch {
            batch: "01J".to_owned(),
            items: 1,
            bytes: 1,
        },
        Progress::Same {
            item: item(),
            batch: "01J".to_owned(),
            name: "b.jpg".to_owned(),
        },
        Progress::UploadStarted {
            item: item(),
            bytes: 1,
        },
        Progress::UploadProgress {
            item: item(),
            sent: 1,
            bytes: 1,
        },
        Progress::UploadRetry {
            item: item(),
            attempt: 2,
            reason: String::new(),
        },
        Progress::Uploaded {
            item: item(),
            bytes: 1,
            already: false,
        },
        Progress::UploadFailed {
            item: item(),
            error: String::new(),
        },
        Progress::Execution { item: status() },
        Progress::Cleaned { item: status() },
        Progress::Failed { item: status() },
        Progress::Stuck {
            item: item(),
            waiting: Waiting::Worker,
            seconds: 1.0,
        },
        Progress::Waiting {
            waiting: Waiting::Worker,
            items: 2,
            first: item(),
            seconds: 1.0,
            advice: String::new(),
        },
        Progress::Polled {
            next_ms: 1,
            throttled: false,
        },
        Progress::Offline {
            error: String::new(),
            next_ms: 1,
        },
        Progress::Downloaded {
            item: item(),
            path: PathBuf::new(),
            bytes: 1,
            already: false,
        },
        Progress::DownloadRetry {
            item: item(),
            attempt: 2,
            reason: String::new(),
        },
        Progress::DownloadFailed {
            item: item(),
            error: String::new(),
        },
        Progress::Deleted {
            batch: String::new(),
            objects: 1,
            of: 1,
        },
        Progress::Acted {
            item: item(),
            action: String::new(),
            was: ItemState::Failed,
        },
    ]
}

/// Whether `submit --json` has it; the compiler asks for each new variant.
fn is_of_submit(progress: &Progress) -> bool {
    match progress {
        Progress::Scan { .. }
        | Progress::Hashed { .. }
        | Progress::Batch { .. }
        | Progress::Same { .. }
        | Progress::UploadStarted { .. }
        | Progress::UploadProgress { .. }
        | Progress::UploadRetry { .. }
        | Progress::Uploaded { .. }
        | Progress::UploadFailed { .. }
        | Progress::Execution { .. }
        | Progress::Cleaned { .. }
        | Progress::Failed { .. }
        | Progress::Stuck { .. }
        | Progress::Waiting { .. }
        | Progress::Offline { .. }
        | Progress::Downloaded { .. }
        | Progress::DownloadRetry { .. }
        | Progress::DownloadFailed { .. } => true,
        // Polls are not told; deleting and acting are of `runs`.
        Progress::Polled { .. } | Progress::Deleted { .. } | Progress::Acted { .. } => false,
    }
}

#[test]
fn every_event_is_documented_with_its_fields() {
    let page = documented("events");
    for sample in samples().iter().filter(|sample| is_of_submit(sample)) {
        let value = serde_json::to_value(sample).unwrap();
        let event = value["event"].as_str().unwrap();
        assert_eq!(page.get(event), Some(&keys(&value)), "{event}");
    }
}

#[test]
fn the_fields_of_an_item_are_documented() {
    let page = documented("item");
    // A field that is left out when there is nothing to say is documented, too.
    let status = ItemStatus {
        same_as: Some(crate::submit::SameAs {
            batch: "01J".to_owned(),
            name: "b.jpg".to_owned(),
        }),
        ..ItemStatus::default()
    };
    let written = serde_json::to_value(status).unwrap();
    let page: BTreeSet<String> = page.into_keys().collect();
    assert_eq!(page, keys(&written));
}

#[test]
fn every_event_has_an_example_with_its_fields() {
    let mut page = documented("events");
    let lines = between("<!-- examples -->\n\n```json\n", "```\n");
    for line in lines.lines() {
        let value: Value = serde_json::from_str(line).expect(line);
        let event = value["event"].as_str().unwrap();
        let mut fields = page.remove(event).expect("documented, and once");
        fields.insert("time".to_owned());
        assert_eq!(keys(&value), fields, "{event}");
    }
    assert!(page.is_empty(), "no example of {:?}", page.keys());
}
