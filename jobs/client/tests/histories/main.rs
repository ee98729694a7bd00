//! Histories that no code of ours wrote, put together by hand from what the service was recorded to write: event types,
//! order and `previousEventId`. Names and payloads are made up. Each is a `GetExecutionHistory` answer, and the tests say
//! what it tells.
//!
//! Of these no recording was at hand, and their order follows the rules only: the `redriven…` ones, `parallel-caught`
//! from the exit on, `parallel-fails` with a second branch, `parallel-in-parallel`, `distributed-map-fails`.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

mod inside;
mod properties;
mod runs;
mod tasks;

use std::path::PathBuf;

use serde_json::Value;
use whiteboarder_jobs::track::event::Event;
use whiteboarder_jobs::track::history::{ExecutionView, Step, StepEnd, fold};

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "histories"]
        .iter()
        .collect()
}

/// Names of all of them.
fn all() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let json = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut names: Vec<_> = json
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn events(name: &str) -> Vec<Event> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    let events = answer["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| Event::from_api(event).unwrap())
        .collect()
}

fn view(name: &str) -> ExecutionView {
    fold(name, &events(name))
}

#[allow(clippy::unnecessary_wraps, reason = "it is what a step's end is")]
fn failed(error: &str) -> Option<StepEnd> {
    let error = error.to_owned();
    Some(StepEnd::Failed { error })
}

#[allow(clippy::unnecessary_wraps, reason = "it is what a step's end is")]
fn caught(error: &str) -> Option<StepEnd> {
    let error = error.to_owned();
    Some(StepEnd::Caught { error })
}

/// Name, what it is inside of, in which iteration, and what it follows.
type Place<'a> = (&'a str, Option<usize>, Option<u32>, Option<usize>);

fn places(view: &ExecutionView) -> Vec<Place<'_>> {
    let place = |step: &'_ Step| (step.within, step.iteration, step.after);
    let steps = view.steps.iter().map(|step| {
        let (within, iteration, after) = place(step);
        (step.name.as_str(), within, iteration, after)
    });
    steps.collect()
}
