//! Distributed Map: the state, and the run that it asks for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    missing_docs
)]

mod common;

use common::{Host, START, info};
use serde_json::{Value, json};
use states_language::{
    Command, Event, Execution, ItemSource, Items, MapRun, MapRunRequest, MapRunStatus, Moment,
    ResultRecord, Status, Timestamp, Verdict, step,
};

fn each(fields: &Value) -> Value {
    let mut state = json!({
        "Type": "Map", "Label": "Pictures", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "One",
            "States": {"One": {"Type": "Pass", "End": true}}
        }
    });
    for (key, value) in fields.as_object().unwrap() {
        state[key] = value.clone();
    }
    json!({ "Each": state })
}

fn asked(host: &Host) -> MapRunRequest {
    host.execution
        .open_map_runs()
        .next()
        .expect("a run")
        .clone()
}

fn moment() -> Moment {
    Moment {
        now: Timestamp(START),
        seed: 1,
    }
}

fn items(values: &[Value]) -> Items {
    Items {
        values: values.to_vec(),
        keys: Vec::new(),
        source: "STATE_DATA".to_owned(),
    }
}

#[test]
fn the_state_asks_for_a_run_and_goes_on_with_its_result() {
    let mut host = Host::start(
        &each(&json!({"ItemsPath": "$.list", "ResultPath": "$.done"})),
        &json!({"list": [1, 2]}),
    );
    let run = asked(&host);
    assert_eq!(run.source, ItemSource::Items("[1,2]".to_owned()));
    assert!(
        run.arn
            .starts_with("arn:aws:states:us-east-1:000000000000:mapRun:machine/Pictures:")
    );
    host.send(Event::TaskSucceeded {
        task: run.task,
        output: "[3,4]".to_owned(),
    });
    assert_eq!(
        host.lines(),
        [
            "1 ExecutionStarted <- 0",
            "2 MapStateEntered <- 0",
            "3 MapStateStarted <- 2",
            "4 MapRunStarted <- 3",
            "5 MapRunSucceeded <- 4",
            "6 MapStateSucceeded <- 5",
            "7 MapStateExited <- 5",
            "8 ExecutionSucceeded <- 7",
        ]
    );
    assert_eq!(host.details(3), json!({"length": 0}));
    assert_eq!(host.details(4), json!({"mapRunArn": run.arn}));
    assert_eq!(host.output(), json!({"list": [1, 2], "done": [3, 4]}));
}

#[test]
fn a_run_that_fails_fails_the_state_and_is_redriven_as_a_whole() {
    let mut host = Host::start(&each(&json!({})), &json!([1]));
    let run = asked(&host);
    host.send(Event::TaskFailed {
        task: run.task,
        error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
        cause: Some("too many".to_owned()),
    });
    assert_eq!(
        host.lines()[4..],
        [
            "5 MapRunFailed <- 4",
            "6 MapStateFailed <- 5",
            "7 ExecutionFailed <- 6"
        ]
    );
    let step = host.send(Event::Redriven);
    assert!(matches!(&step.commands[..], [Command::RedriveMapRun(again)] if again.arn == run.arn));
    assert_eq!(
        host.lines()[7..],
        ["8 ExecutionRedriven <- 0", "9 MapRunRedriven <- 2"]
    );
    host.send(Event::TaskSucceeded {
        task: run.task,
        output: "[]".to_owned(),
    });
    assert_eq!(host.status(), Status::Succeeded);
}

#[test]
fn a_stopped_parent_stops_its_run() {
    let mut host = Host::start(&each(&json!({})), &json!([1]));
    let run = asked(&host);
    let step = host.send(Event::Stopped {
        error: None,
        cause: None,
    });
    assert!(
        step.commands
            .contains(&Command::CancelMapRun { task: run.task })
    );
    assert_eq!(host.execution.open_map_runs().count(), 0);
}

#[test]
fn a_child_runs_the_processor_alone() {
    let host = Host::start(&each(&json!({})), &json!([1]));
    let child = Execution::new_child(info(), "Each", r#"{"item": 1}"#).unwrap();
    let stepped = step(&host.definition, child, Event::Started, moment());
    assert_eq!(stepped.execution.output(), Some(r#"{"item": 1}"#));
    let entered = stepped.history[1].details.as_ref().unwrap().to_value();
    assert_eq!(entered["name"], "One");
}

#[test]
fn the_selector_sees_item_input_context_and_variables() {
    let mut states = json!({"Set": {"Type": "Pass", "Assign": {"v": "var"}, "Next": "Each"}});
    states["Each"] = each(&json!({
        "ItemsPath": "$.list",
        "ItemSelector": {
            "value.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index", "of.$": "$.name",
            "source.$": "$$.Map.Item.Source", "run.$": "$$.Execution.Name", "v.$": "$v"
        }
    }))["Each"]
        .clone();
    let host = Host::start(&states, &json!({"list": ["a", "b"], "name": "n"}));
    let run = asked(&host);
    let found = Items::of_request(&run).unwrap();
    let children = run.children(&host.definition, &found, moment()).unwrap();
    let inputs: Vec<Value> = children
        .iter()
        .map(|child| serde_json::from_str(&child.input).unwrap())
        .collect();
    assert_eq!(
        inputs[1],
        json!({"value": "b", "index": 1, "of": "n", "source": "STATE_DATA", "run": "run", "v": "var"})
    );
}

#[test]
fn items_are_put_into_batches() {
    let count = |batcher: Value, values: &[Value]| {
        let host = Host::start(&each(&json!({"ItemBatcher": batcher})), &json!([]));
        let run = asked(&host);
        let children = run
            .children(&host.definition, &items(values), moment())
            .unwrap();
        children
            .iter()
            .map(|child| (child.items, child.input.clone()))
            .collect::<Vec<_>>()
    };
    let numbers: Vec<Value> = (0..5).map(Value::from).collect();
    assert_eq!(
        count(
            json!({"MaxItemsPerBatch": 2, "BatchInput": {"x": 1}}),
            &numbers
        ),
        [
            (2, r#"{"BatchInput":{"x":1},"Items":[0,1]}"#.to_owned()),
            (2, r#"{"BatchInput":{"x":1},"Items":[2,3]}"#.to_owned()),
            (1, r#"{"BatchInput":{"x":1},"Items":[4]}"#.to_owned()),
        ]
    );
    let texts: Vec<Value> = (0..4).map(|_| Value::from("0123456789")).collect();
    for (items, input) in count(json!({"MaxInputBytesPerBatch": 40}), &texts) {
        assert_eq!(items, 2);
        assert!(input.len() <= 40, "{input}");
    }
}

fn reader(config: Value) -> MapRunRequest {
    let host = Host::start(
        &each(&json!({"ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "b", "Key.$": "$.key"}}})),
        &json!({"key": "k"}),
    );
    asked(&host)
}

fn read(config: Value, text: &str) -> Result<Vec<Value>, String> {
    let run = reader(config);
    let ItemSource::Read(reader) = &run.source else {
        panic!("{:?}", run.source)
    };
    assert_eq!(reader.arguments, r#"{"Bucket":"b","Key":"k"}"#);
    Items::of_file(reader, "S3://b/k", text.as_bytes())
        .map(|items| items.values)
        .map_err(|error| error.to_string())
}

#[test]
fn files_of_every_kind_are_read() {
    let table = [
        (
            json!({"InputType": "JSON"}),
            "[1, {\"a\": 2}]",
            json!([1, {"a": 2}]),
        ),
        (
            json!({"InputType": "JSON", "MaxItems": 1}),
            "[1, 2]",
            json!([1]),
        ),
        (
            json!({"InputType": "JSON", "ItemsPointer": "/in/list"}),
            "{\"in\": {\"list\": [7]}}",
            json!([7]),
        ),
        (
            json!({"InputType": "JSON"}),
            "{\"x\": 1, \"y\": 2}",
            json!([1, 2]),
        ),
        (
            json!({"InputType": "JSONL"}),
            "1\n{\"a\":2}\r\n\n",
            json!([1, {"a": 2}]),
        ),
        (
            json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
            "\u{feff}a,b\n1,\"x, \"\"y\"\"\"\n2,\n",
            json!([{"a": "1", "b": "x, \"y\""}, {"a": "2", "b": ""}]),
        ),
        (
            json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["k"],
                   "CSVDelimiter": "TAB"}),
            "one\ntwo\n",
            json!([{"k": "one"}, {"k": "two"}]),
        ),
    ];
    for (config, text, expected) in table {
        assert_eq!(
            read(config.clone(), text).map(Value::Array),
            Ok(expected),
            "{config}"
        );
    }
    for (config, text) in [
        (json!({"InputType": "JSON"}), "nonsense"),
        (json!({"InputType": "JSON"}), "5"),
        (json!({"InputType": "JSON", "ItemsPointer": "/x"}), "{}"),
        (json!({"InputType": "JSONL"}), "{\n"),
        (json!({"InputType": "CSV"}), "a\n1,2\n"),
    ] {
        let error = read(config, text).unwrap_err();
        assert!(error.starts_with("States.ItemReaderFailed"), "{error}");
    }
}

#[test]
fn a_run_begins_as_many_as_it_may_and_ends_with_the_last() {
    let host = Host::start(&each(&json!({"MaxConcurrency": 2})), &json!([]));
    let mut run = MapRun::new(&asked(&host), 5, 5);
    assert_eq!(run.begin(100, |_| 1), 0..2);
    assert_eq!(run.begin(100, |_| 1), 2..2);
    assert_eq!(run.ended(Status::Succeeded, 1), Verdict::Continue);
    assert_eq!(run.begin(100, |_| 1), 2..3);
    for _ in 0..3 {
        assert_eq!(run.ended(Status::Succeeded, 1), Verdict::Continue);
        run.begin(100, |_| 1);
    }
    assert_eq!(run.ended(Status::Succeeded, 1), Verdict::Complete);
    assert_eq!(run.status, MapRunStatus::Succeeded);
    assert_eq!(run.executions.succeeded, 5);
}

#[test]
fn failures_are_tolerated_up_to_the_limits() {
    let verdicts = |fields: Value, failures: usize| {
        let host = Host::start(&each(&fields), &json!([]));
        let mut run = MapRun::new(&asked(&host), 10, 10);
        run.begin(100, |_| 1);
        for _ in 0..failures {
            if let Verdict::Exceeded(error) = run.ended(Status::Failed, 1) {
                assert_eq!(error.error, "States.ExceedToleratedFailureThreshold");
                return false;
            }
        }
        true
    };
    assert!(!verdicts(json!({}), 1));
    assert!(verdicts(json!({"ToleratedFailureCount": 2}), 2));
    assert!(!verdicts(json!({"ToleratedFailureCount": 2}), 3));
    assert!(verdicts(json!({"ToleratedFailurePercentage": 30}), 3));
    assert!(!verdicts(json!({"ToleratedFailurePercentage": 30}), 4));
    let both = json!({"ToleratedFailurePercentage": 90, "ToleratedFailureCount": 1});
    assert!(!verdicts(both, 2));
}

fn record(index: u64, status: Status, output: Option<&str>) -> ResultRecord {
    ResultRecord {
        execution_arn: format!("arn:execution:{index}"),
        name: format!("name-{index}"),
        state_machine_arn: "arn:machine".to_owned(),
        input: index.to_string(),
        output: output.map(str::to_owned),
        error: None,
        cause: None,
        status,
        start_date: Some(Timestamp(START)),
        stop_date: Some(Timestamp(START + 1)),
        redrive_count: 0,
    }
}

#[test]
fn results_are_an_array_or_files_with_a_manifest() {
    let records = [
        record(0, Status::Succeeded, Some("[1,2]")),
        record(1, Status::Failed, None),
        record(2, Status::Succeeded, Some("3")),
    ];
    let host = Host::start(&each(&json!({})), &json!([]));
    let written = asked(&host).results(&records).unwrap();
    assert_eq!(written.output, "[[1,2],3]");
    assert_eq!(written.files, []);

    let writer = |config: Value| {
        let host = Host::start(
            &each(&json!({"ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject", "WriterConfig": config,
                "Parameters": {"Bucket": "out", "Prefix": "results/"}}})),
            &json!([]),
        );
        let run = asked(&host);
        (run.clone(), run.results(&records).unwrap())
    };
    let (run, written) = writer(json!({"Transformation": "NONE"}));
    let uuid = run.arn.rsplit(':').next().unwrap();
    let keys: Vec<_> = written.files.iter().map(|file| file.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            format!("results/{uuid}/FAILED_0.json"),
            format!("results/{uuid}/SUCCEEDED_0.json"),
            format!("results/{uuid}/manifest.json"),
        ]
    );
    assert_eq!(
        serde_json::from_str::<Value>(&written.output).unwrap(),
        json!({"MapRunArn": run.arn, "ResultWriterDetails": {
            "Bucket": "out", "Key": format!("results/{uuid}/manifest.json")}})
    );
    let succeeded: Value = serde_json::from_str(&written.files[1].body).unwrap();
    assert_eq!(succeeded[0]["Output"], "[1,2]");
    assert_eq!(succeeded[0]["Status"], "SUCCEEDED");
    let (_, written) = writer(json!({"Transformation": "FLATTEN", "OutputType": "JSONL"}));
    assert_eq!(written.files[1].body, "1\n2\n3\n");
    let (_, written) = writer(json!({"Transformation": "COMPACT"}));
    assert_eq!(written.files[1].body, "[[1,2],3]");
}
