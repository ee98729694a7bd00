//! Our own conformance suite: tables of machines, what is done to them, and what they must give. The
//! tables are in `tables/`; `docs/conformance.md` is written from their results.
//!
//! `UPDATE_CONFORMANCE=1 cargo test -p states-language --test conformance` writes the page anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod page;
mod run;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One feature.
#[derive(Deserialize)]
struct Table {
    feature: String,
    cases: Vec<Case>,
    /// What is to be said besides.
    missing: Vec<String>,
}

/// One machine and what it must do.
#[derive(Deserialize)]
struct Case {
    name: String,
    states: Value,
    input: Value,
    /// The machine's query language, when it is not `JSONPath`.
    language: Option<String>,
    /// For each Task state, how it goes each time that it asks for work.
    #[serde(default)]
    answers: BTreeMap<String, Vec<Value>>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(default, deserialize_with = "some")]
    output: Option<Value>,
    error: Option<String>,
    /// A part of the cause.
    cause: Option<String>,
    /// Milliseconds of every timer that fired, in order.
    waits: Option<Vec<i64>>,
}

/// `"output": null` is an output, too.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn tables() -> Vec<Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/tables");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).unwrap();
            serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
        .collect()
}

#[test]
fn every_case_does_what_its_table_says() {
    let mut wrong = Vec::new();
    for table in tables() {
        for case in &table.cases {
            if let Err(reason) = run::check(case) {
                wrong.push(format!("{}: {}: {reason}", table.feature, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_tells_what_the_tables_show() {
    let written = page::write(&tables(), |case| run::check(case).is_ok());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == written,
        "docs/conformance.md is behind the tables: write it anew with UPDATE_CONFORMANCE=1"
    );
}
