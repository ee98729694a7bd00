//! The interpreter alone: transitions of each kind on a payload of one kilobyte.
//!
//! `cargo bench -p states-language`; the throughput is transitions per second, one transition being a
//! state that is entered and left.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Map, Value, json};
use states_language::{
    Definition, Event, Execution, ExecutionInfo, Moment, Status, Timestamp, step,
};

/// States in a chain, and items of a Map.
const LENGTH: usize = 200;

fn main() {
    divan::main();
}

/// About a kilobyte of JSON, as an object of several kinds of values.
fn payload() -> Value {
    let rows: Vec<Value> = (0..10)
        .map(|row| json!({"id": row, "name": format!("row number {row}"), "share": row as f64 / 7.0, "done": row % 2 == 0}))
        .collect();
    json!({"rows": rows, "n": 5, "note": "x".repeat(250)})
}

/// A chain of states, each of which leads to the next.
fn chain(state: impl Fn(&str) -> Value) -> Definition {
    let mut states = Map::new();
    for index in 0..LENGTH {
        states.insert(format!("S{index}"), state(&format!("S{}", index + 1)));
    }
    states.insert(format!("S{LENGTH}"), json!({"Type": "Succeed"}));
    let machine = json!({"StartAt": "S0", "States": states});
    Definition::parse(&machine.to_string()).unwrap()
}

fn moment() -> Moment {
    Moment {
        now: Timestamp(1_700_000_000_000),
        seed: 7,
    }
}

fn run(bencher: Bencher<'_, '_>, definition: &Definition, input: &Value, transitions: usize) {
    let text = input.to_string();
    bencher
        .counter(ItemsCount::new(transitions))
        .with_inputs(|| Execution::new(ExecutionInfo::default(), &text).unwrap())
        .bench_values(|execution| {
            let step = step(definition, execution, Event::Started, moment());
            assert_eq!(step.execution.status(), Status::Succeeded);
            step
        });
}

#[divan::bench]
fn pass(bencher: Bencher<'_, '_>) {
    let definition = chain(|next| json!({"Type": "Pass", "Next": next}));
    run(bencher, &definition, &payload(), LENGTH);
}

#[divan::bench]
fn choice(bencher: Bencher<'_, '_>) {
    let definition = chain(|next| {
        json!({"Type": "Choice", "Choices": [
            {"Variable": "$.rows[3].name", "StringEquals": "nobody", "Next": next},
            {"Variable": "$.n", "NumericLessThan": 6, "Next": next}
        ]})
    });
    run(bencher, &definition, &payload(), LENGTH);
}

#[divan::bench]
fn pass_with_result_path(bencher: Bencher<'_, '_>) {
    let definition =
        chain(|next| json!({"Type": "Pass", "Result": 1, "ResultPath": "$.done", "Next": next}));
    run(bencher, &definition, &payload(), LENGTH);
}

#[divan::bench]
fn pass_with_parameters(bencher: Bencher<'_, '_>) {
    let definition = chain(|next| {
        json!({"Type": "Pass", "Next": next, "Parameters": {
            "rows.$": "$.rows", "n.$": "States.MathAdd($.n, 1)", "note.$": "$.note"}})
    });
    run(bencher, &definition, &payload(), LENGTH);
}

#[divan::bench]
fn pass_in_jsonata(bencher: Bencher<'_, '_>) {
    let definition = chain(|next| {
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "Next": next,
               "Assign": {"total": "{% $sum($states.input.rows.id) %}"}})
    });
    run(bencher, &definition, &payload(), LENGTH);
}

#[divan::bench]
fn map_of_200(bencher: Bencher<'_, '_>) {
    let machine = json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
        "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}}}}});
    let definition = Definition::parse(&machine.to_string()).unwrap();
    let items: Vec<Value> = (0..LENGTH).map(Value::from).collect();
    run(bencher, &definition, &json!(items), LENGTH);
}

#[divan::bench]
fn three_states(bencher: Bencher<'_, '_>) {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Pass", "End": true}}});
    let definition = Definition::parse(&machine.to_string()).unwrap();
    run(bencher, &definition, &payload(), 3);
}
