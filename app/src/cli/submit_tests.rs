//! `docs/formats.md` names every field of the events that only `submit` has; the client holds the others against it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_jobs::price::{PriceTable, Setup, quote};
use whiteboarder_jobs::submit::{Wish, plan, scan};

use super::*;

const PAGE: &str = include_str!("../../../docs/formats.md");

fn section(name: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let (begin, end) = (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    );
    let (_, rest) = PAGE.split_once(&begin).unwrap();
    let (table, _) = rest.split_once(&end).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

/// The fields of a table with one row for each.
fn fields(name: &str) -> BTreeSet<String> {
    section(name)
        .map(|cells| cells[0].trim_matches('`').to_owned())
        .collect()
}

/// The fields in the last cell of an event's row, each at the beginning of a clause.
fn fields_of_event(event: &str) -> BTreeSet<String> {
    let row = section("events").find(|cells| cells[0].trim_matches('`') == event);
    let clauses = row.unwrap()[2].split("; ").filter_map(|clause| {
        let (name, _) = clause.strip_prefix('`')?.split_once('`')?;
        Some(name.to_owned())
    });
    clauses.collect()
}

fn written(value: &Value) -> BTreeSet<String> {
    let keys = value.as_object().unwrap().keys();
    keys.filter(|key| *key != "event").cloned().collect()
}

#[test]
fn the_last_events_of_submit_are_documented() {
    let counts = Counts {
        items: 1,
        cleaned: 1,
        same: 0,
        failed: 0,
        stopped: 0,
        unfinished: 0,
        moved: 0,
        lambda: 1,
        ecs: 0,
    };
    let told = [
        Told::Summary {
            batch: "01J",
            counts,
            traffic: Traffic {
                bytes_up: 1,
                bytes_down: 1,
                seconds: 1.0,
            },
            downloaded: 1,
            not_downloaded: 0,
        },
        Told::Submitted {
            batch: "01J",
            uploaded: 1,
            failed: 0,
        },
    ];
    for told in told {
        let value = serde_json::to_value(told).unwrap();
        let event = value["event"].as_str().unwrap();
        assert_eq!(fields_of_event(event), written(&value), "{event}");
    }
}

#[test]
fn the_plan_its_items_and_its_cost_are_documented() {
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/boards/retro.png");
    let mut planned = plan(
        scan(&[board]).unwrap(),
        &Recipe::default(),
        Wish::Auto,
        &DEFAULT_LOCAL_LAMBDA,
    );
    let setup = Setup::shipped(DEFAULT_LOCAL_LAMBDA);
    let quoted = quote(
        &mut planned,
        &setup,
        &PriceTable::bundled(),
        "nowhere",
        true,
    );
    let event = Told::Plan(PlanEvent {
        dry_run: true,
        items: &planned.items,
        skipped: &planned.skipped,
        excluded: 0,
        unmatched: &planned.unmatched,
        subfolders: 0,
        bytes: 0,
        lambda: 1,
        ecs: 0,
        seconds: 1.0,
        cost: quoted.as_ref(),
        cost_is_estimate_for: "AWS nowhere",
    });
    let value = serde_json::to_value(event).unwrap();
    assert_eq!(fields_of_event("plan"), written(&value));
    let item = &value["items"][0];
    assert_eq!(fields("plan items"), written(item));
    assert_eq!(fields("plan cost"), written(&value["cost"]));
    let terms: BTreeSet<String> = fields("plan cost")
        .into_iter()
        .filter(|name| !["currency", "region", "date", "note"].contains(&name.as_str()))
        .collect();
    assert_eq!(terms, written(&item["cost"]));
}
