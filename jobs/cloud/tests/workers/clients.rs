//! Real Lambda clients through all the ways to a function: called directly, by an activity, by a queue.
//!
//! Python with `awslambdaric` is `WHITEBOARDER_TEST_PYTHON`, else `python3`. Where it is missing the tests say so and
//! pass, unless `WHITEBOARDER_REQUIRE_PYTHON=1`.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use local_cloud::Stack;
use loveless::{FunctionPool, FunctionSpec, Invocation, RESPONSE_LIMIT};
use serde_json::{Value, json};

use crate::roles::{self, Process};
use crate::stand::{
    ACCESS, REGION, Running, SECRET, counts, create_with_dead_letters, eventually, receive, send,
};

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:work";

/// The time limit of a function here, in seconds.
const LIMIT: u64 = 3;

/// One client: how its function is started.
struct Client {
    name: &'static str,
    spec: FunctionSpec,
    /// A function that does not come to its first event, and the name of that failure.
    broken: (FunctionSpec, &'static str),
}

fn rust() -> Client {
    let (command, env) = roles::command("broken function");
    let broken = FunctionSpec {
        command,
        env,
        ..roles::function()
    };
    Client {
        name: "rust",
        spec: limited(roles::function()),
        broken: (broken, "Runtime.ExitError"),
    }
}

/// Python, if it has this package.
pub fn python_with(package: &str) -> Option<String> {
    let python = std::env::var("WHITEBOARDER_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let required = std::env::var_os("WHITEBOARDER_REQUIRE_PYTHON");
    assert!(
        required.is_none_or(|value| value != "1"),
        "Python with {package} is missing, and WHITEBOARDER_REQUIRE_PYTHON is 1"
    );
    // Not by the macro, whose text is kept back from those whose tests pass.
    let line = format!("skipped: Python with {package} is not installed (pip install {package})\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

/// Runs a script of `clients/` with boto3 against a cloud; it checks what it finds, and ends by saying that all is well.
pub async fn says_well(script: &str, running: &Running) {
    let Some(python) = python_with("boto3") else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workers/clients");
    let mut command = Command::new(python);
    command
        .arg(folder.join(script))
        .env_remove("AWS_PROFILE")
        .env("AWS_ENDPOINT_URL", running.endpoint())
        .env("AWS_ACCESS_KEY_ID", ACCESS)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_DEFAULT_REGION", REGION);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"well\n", "{script}: {said}");
}

fn python() -> Option<Client> {
    let python = python_with("awslambdaric")?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workers/clients");
    let spec = |handler: &str| {
        let mut spec = roles::function();
        spec.command = [&python, "-m", "awslambdaric", handler]
            .map(str::to_owned)
            .to_vec();
        let path = folder.to_str().unwrap().to_owned();
        spec.env = [("PYTHONPATH".to_owned(), path)].into();
        // No `__pycache__` in the sources.
        spec.env
            .insert("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned());
        spec
    };
    Some(Client {
        name: "python",
        spec: limited(spec("app.handler")),
        broken: (spec("broken.handler"), "RuntimeError"),
    })
}

fn limited(spec: FunctionSpec) -> FunctionSpec {
    FunctionSpec {
        timeout: Duration::from_secs(LIMIT),
        ..spec
    }
}

/// What has to come of an event.
#[derive(Clone)]
enum Expected {
    Result(Value),
    /// The length of a result's JSON.
    Length(usize),
    /// A failure's name, and a part of its document.
    Failure(&'static str, &'static str),
    /// A failure under a name of the client's own.
    AnyFailure,
}

/// An event and what has to come of it.
struct Case {
    event: String,
    expected: Expected,
    /// Whether it fits through an activity, and through a queue.
    activity: bool,
    queue: bool,
}

impl Case {
    fn new(event: &Value, expected: Expected) -> Case {
        Case {
            event: event.to_string(),
            expected,
            activity: true,
            queue: true,
        }
    }
}

fn cases(orphan: &str) -> Vec<Case> {
    use Expected::{AnyFailure, Failure, Length, Result};
    let exit = "Runtime.ExitError";
    let shapes = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!(12_345_678_901_234_567_u64),
        json!(""),
        json!("é \u{1F600} \" \\ \n \u{0}"),
        json!([]),
        json!([1, [2, [3, {"a": []}]]]),
        json!({"errorType": "NotAnError", "errorMessage": "a result"}),
        json!({"": {"nested": {"é": [null, false]}}}),
    ];
    let mut cases: Vec<Case> = shapes
        .into_iter()
        .map(|value| Case::new(&json!({"do": "echo", "value": value}), Result(value)))
        .collect();
    cases.extend([
        Case::new(&json!({"do": "fail"}), Failure("AsYouWish", "as you wish")),
        Case::new(
            &json!({"do": "exit", "code": 3}),
            Failure(exit, "exit status 3"),
        ),
        Case::new(
            &json!({"do": "exit", "code": 0}),
            Failure(exit, "Runtime exited without providing a reason"),
        ),
        Case::new(&json!({"do": "kill"}), Failure(exit, "signal: killed")),
        Case::new(
            &json!({"do": "hang"}),
            Failure("Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        ),
        Case::new(
            &json!({"do": "orphan", "file": orphan}),
            Failure("Sandbox.Timedout", "timed out"),
        ),
        Case::new(&json!({"do": "log", "lines": 20_000}), Result(Value::Null)),
        Case {
            activity: false,
            queue: false,
            ..Case::new(
                &json!({"do": "length", "ballast": "x".repeat(5 << 20)}),
                Result(json!(5 << 20)),
            )
        },
        Case {
            activity: false,
            ..Case::new(&json!({"do": "big", "bytes": 5 << 20}), Length(5 << 20))
        },
        Case {
            activity: false,
            ..Case::new(
                &json!({"do": "big", "bytes": RESPONSE_LIMIT}),
                Length(RESPONSE_LIMIT),
            )
        },
        Case::new(
            &json!({"do": "big", "bytes": RESPONSE_LIMIT + 1}),
            Failure("Function.ResponseSizeTooLarge", "6291556 bytes"),
        ),
        Case {
            event: "{\"no\": JSON".to_owned(),
            activity: false,
            ..Case::new(&Value::Null, AnyFailure)
        },
    ]);
    cases
}

fn check(what: &str, expected: &Expected, found: Result<&[u8], (&str, &[u8])>) {
    match (expected, found) {
        (Expected::Result(value), Ok(result)) => {
            let result: Value = serde_json::from_slice(result).unwrap();
            assert_eq!(&result, value, "{what}");
        }
        (Expected::Length(length), Ok(result)) => assert_eq!(result.len(), *length, "{what}"),
        (Expected::Failure(name, part), Err((error, document))) => {
            let document = String::from_utf8_lossy(document);
            assert_eq!(error, *name, "{what}: {document}");
            assert!(document.contains(part), "{what}: {document}");
        }
        (Expected::AnyFailure, Err(_)) => {}
        (_, found) => panic!("{what}: {}", short(&format!("{found:?}"))),
    }
}

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(300)]
}

async fn orphan_is_gone(file: &Path) {
    let pid: i32 = std::fs::read_to_string(file)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    eventually("the orphan's end", async || {
        rustix::process::test_kill_process(pid)
            .is_err()
            .then_some(())
    })
    .await;
}

/// Every case, called directly: what a Lambda function would be answered.
async fn directly(client: &Client) {
    let folder = tempfile::tempdir().unwrap();
    let orphan = folder.path().join("orphan");
    let pool = FunctionPool::new(client.spec.clone(), 1);
    for case in cases(orphan.to_str().unwrap()) {
        let what = format!("{}: {}", client.name, short(&case.event));
        let completed = pool.invoke(Invocation::new(case.event)).await.unwrap();
        let found = match &completed.result {
            Ok(result) => Ok(&result[..]),
            Err(error) => Err((error.error_type.as_str(), &error.body[..])),
        };
        check(&what, &case.expected, found);
    }
    orphan_is_gone(&orphan).await;
    let (spec, name) = &client.broken;
    let broken = FunctionPool::new(spec.clone(), 1);
    for _ in 0..2 {
        let completed = broken.invoke(Invocation::new("{}")).await.unwrap();
        let error = completed.result.unwrap_err();
        assert_eq!(&error.error_type, name, "{error}");
    }
}

fn worker(running: &Running, client: &Client, place: (&str, &str)) -> Process {
    let limit = LIMIT.to_string();
    let command = json!(client.spec.command).to_string();
    let env = json!(client.spec.env).to_string();
    let variables = [
        place,
        ("TIMEOUT", limit.as_str()),
        ("FUNCTION", command.as_str()),
        ("FUNCTION_ENV", env.as_str()),
    ];
    Process::worker(&running.endpoint(), &variables)
}

/// The cases that fit, through an activity: what Step Functions shows for them.
async fn by_activity(client: &Client) {
    let running = Running::with(Stack {
        activities: vec!["work".to_owned()],
        ..Stack::default()
    })
    .await;
    let sfn = running.sfn();
    let definition = json!({"StartAt": "Work", "States": {"Work": {
        "Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 100, "HeartbeatSeconds": 5, "End": true,
    }}});
    let machine = sfn
        .create_state_machine()
        .name("flow")
        .definition(definition.to_string())
        .role_arn("arn:aws:iam::000000000000:role/none")
        .send()
        .await
        .unwrap();
    let _worker = worker(&running, client, ("ACTIVITY_ARN", ACTIVITY));
    let orphan = running.folder.path().join("orphan");
    for case in cases(orphan.to_str().unwrap()) {
        if !case.activity {
            continue;
        }
        let what = format!("{}: {}", client.name, short(&case.event));
        let started = sfn
            .start_execution()
            .state_machine_arn(&machine.state_machine_arn)
            .input(&case.event)
            .send()
            .await
            .unwrap();
        let ended = eventually(&what, async || {
            let told = sfn
                .describe_execution()
                .execution_arn(&started.execution_arn);
            let told = told.send().await.unwrap();
            (told.status != ExecutionStatus::Running).then_some(told)
        })
        .await;
        let found = match (&ended.output, &ended.error) {
            (Some(output), _) => Ok(output.as_bytes()),
            (None, error) => Err((
                error.as_deref().unwrap_or_default(),
                ended.cause.as_deref().unwrap_or_default().as_bytes(),
            )),
        };
        check(&what, &case.expected, found);
    }
    orphan_is_gone(&orphan).await;
}

/// The cases that fit, through a queue: what succeeds is gone, what fails is a dead letter.
async fn by_queue(client: &Client) {
    let running = Running::new().await;
    let sqs = running.sqs();
    let (queue, dead) = create_with_dead_letters(&sqs, "jobs", 1).await;
    let _worker = worker(&running, client, ("QUEUE_URL", &queue));
    let orphan = running.folder.path().join("orphan");
    let mut expected = Vec::new();
    for case in cases(orphan.to_str().unwrap()) {
        if case.queue {
            let id = send(&sqs, &queue, &case.event).await;
            if matches!(case.expected, Expected::Failure(..) | Expected::AnyFailure) {
                expected.push(id);
            }
        }
    }
    eventually("an empty queue", async || {
        (counts(&sqs, &queue).await == [0, 0, 0]).then_some(())
    })
    .await;
    let mut dead_letters = Vec::new();
    loop {
        let letters = receive(&sqs, &dead, 0).await;
        if letters.is_empty() {
            break;
        }
        dead_letters.extend(letters.into_iter().filter_map(|letter| letter.message_id));
    }
    dead_letters.sort();
    expected.sort();
    assert_eq!(dead_letters, expected);
    orphan_is_gone(&orphan).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_runtime_directly() {
    directly(&rust()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_runtime_by_an_activity() {
    by_activity(&rust()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda_runtime_by_a_queue() {
    by_queue(&rust()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awslambdaric_directly() {
    if let Some(client) = python() {
        directly(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn awslambdaric_by_an_activity() {
    if let Some(client) = python() {
        by_activity(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn awslambdaric_by_a_queue() {
    if let Some(client) = python() {
        by_queue(&client).await;
    }
}
