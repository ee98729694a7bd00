//! What this program is when a test starts it again.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use local_cloud::{Cloud, Stack};
use loveless::cli::{FunctionArguments, PaceArguments, RunTaskArguments};
use loveless::source::sqs::{EventShape, SqsSettings};
use loveless::{ActivitySource, FunctionSpec, SqsSource, TaskSource, WorkerSettings};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::stand;

const ROLE: &str = "LOCAL_CLOUD_TEST_ROLE";

/// The command line that starts this program in a role, and the environment that says which.
pub fn command(role: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let program = std::env::current_exe().unwrap();
    let command = [
        program.to_str().unwrap(),
        "roles::role",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    let env = [(ROLE.to_owned(), role.to_owned())];
    (command.map(str::to_owned).to_vec(), env.into())
}

/// A function process of this program.
pub fn function() -> FunctionSpec {
    let (command, env) = command("function");
    FunctionSpec {
        name: "tests".to_owned(),
        command,
        env,
        memory_mb: 1024,
        timeout: Duration::from_mins(1),
        region: stand::REGION.to_owned(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:tests".to_owned(),
        extensions: None,
    }
}

/// Not a test: does nothing unless a test started this program in a role.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match role.as_str() {
        "function" => runtime
            .block_on(lambda_runtime::run(service_fn(handle)))
            .unwrap(),
        "broken function" => std::process::exit(7),
        "worker" => runtime.block_on(work()),
        "run-task" => runtime.block_on(run_task()),
        "cloud" => runtime.block_on(cloud()),
        other => panic!("no role {other}"),
    }
}

/// The test function; `clients/app.py` is its twin in Python. Messages of a queue come as records whose bodies are
/// events; those that fail are told by name.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Diagnostic> {
    let Some(records) = event.payload["Records"].as_array() else {
        return act(&event.payload).await;
    };
    let mut failed = Vec::new();
    for record in records {
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        if act(&body).await.is_err() {
            failed.push(json!({"itemIdentifier": record["messageId"]}));
        }
    }
    Ok(json!({"batchItemFailures": failed}))
}

async fn act(event: &Value) -> Result<Value, lambda_runtime::Diagnostic> {
    let number = |name: &str| event[name].as_u64().unwrap_or_default();
    // Who was called, for tests that count: one line for each time.
    if let Some(path) = event["trace"].as_str() {
        trace(path.as_ref(), event["id"].as_str().unwrap_or("-"));
    }
    match event["do"].as_str() {
        Some("echo") => Ok(event["value"].clone()),
        Some("fail") => Err(as_you_wish()),
        Some("fail once") => {
            let called = std::fs::read_to_string(event["trace"].as_str().unwrap()).unwrap();
            let id = event["id"].as_str().unwrap();
            if called.lines().filter(|line| *line == id).count() == 1 {
                return Err(as_you_wish());
            }
            Ok(Value::Null)
        }
        Some("sleep") => {
            tokio::time::sleep(Duration::from_millis(number("ms"))).await;
            Ok(event["value"].clone())
        }
        Some("exit") => std::process::exit(number("code") as i32),
        Some("kill") => {
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
            std::future::pending().await
        }
        Some("hang") => std::future::pending().await,
        Some("big") => Ok(json!("x".repeat(number("bytes") as usize - 2))),
        Some("length") => Ok(json!(event["ballast"].as_str().unwrap().len())),
        Some("log") => {
            let mut out = std::io::stdout().lock();
            for line in 0..number("lines") {
                writeln!(out, "line {line}").unwrap();
            }
            Ok(Value::Null)
        }
        Some("orphan") => {
            let path = event["file"].as_str().unwrap();
            let script =
                format!("setsid sleep 1000 & echo $! > {path}.half; mv {path}.half {path}");
            let _ = Command::new("sh").args(["-c", &script]).status();
            std::future::pending().await
        }
        other => Err(lambda_runtime::Diagnostic {
            error_type: "Unknown".to_owned(),
            error_message: format!("cannot do {other:?}"),
        }),
    }
}

fn as_you_wish() -> lambda_runtime::Diagnostic {
    lambda_runtime::Diagnostic {
        error_type: "AsYouWish".to_owned(),
        error_message: "as you wish".to_owned(),
    }
}

/// A process of this program in a role, killed when it is dropped.
pub struct Process(Child);

impl Process {
    pub fn start(role: &str, variables: &[(&str, &str)]) -> Self {
        let (command, role) = command(role);
        let process = Command::new(&command[0])
            .args(&command[1..])
            .env_remove("AWS_PROFILE")
            .envs(role)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(process)
    }

    /// A worker that finds its cloud at this endpoint.
    pub fn worker(endpoint: &str, variables: &[(&str, &str)]) -> Self {
        let cloud = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", stand::ACCESS),
            ("AWS_SECRET_ACCESS_KEY", stand::SECRET),
            ("AWS_REGION", stand::REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        Self::start("worker", &[&cloud, variables].concat())
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end and waits for that.
    pub async fn terminate(mut self) {
        let pid = rustix::process::Pid::from_raw(self.0.id() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        while self.0.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Adds a line. Short appends do not mix.
fn trace(path: &Path, line: &str) {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A worker as the program `loveless` would be, on `ACTIVITY_ARN` or `QUEUE_URL`.
async fn work() {
    let slots = variable("SLOTS").map_or(1, |slots| slots.parse().unwrap());
    let source: Arc<dyn TaskSource> = match (variable("ACTIVITY_ARN"), variable("QUEUE_URL")) {
        (Some(arn), _) => Arc::new(ActivitySource::connect(&arn, "worker").await.unwrap()),
        (None, Some(queue)) => {
            let settings = SqsSettings {
                shape: if variable("BATCH").is_some() {
                    EventShape::Lambda
                } else {
                    EventShape::Raw
                },
                batch: variable("BATCH").map_or(1, |batch| batch.parse().unwrap()),
                visibility: Duration::from_secs(2),
                retry_pause: Duration::from_secs(1),
            };
            Arc::new(SqsSource::connect(queue.parse().unwrap(), settings).await)
        }
        (None, None) => panic!("nothing to work on"),
    };
    let settings = WorkerSettings {
        slots,
        heartbeat: Duration::from_millis(500),
        drain: Duration::from_secs(2),
        ..WorkerSettings::default()
    };
    let stop = CancellationToken::new();
    let mut term = signal(SignalKind::terminate()).unwrap();
    let asked = stop.clone();
    tokio::spawn(async move {
        term.recv().await;
        asked.cancel();
    });
    let mut function = function();
    if let Some(command) = variable("FUNCTION") {
        function.command = serde_json::from_str(&command).unwrap();
    }
    if let Some(env) = variable("FUNCTION_ENV") {
        function.env = serde_json::from_str(&env).unwrap();
    }
    if let Some(seconds) = variable("TIMEOUT") {
        function.timeout = Duration::from_secs(seconds.parse().unwrap());
    }
    loveless::run_worker(settings, function, source, stop).await;
}

/// `loveless run-task`, as the container of an ECS task.
async fn run_task() {
    let (command, env) = command("function");
    let variables = env.iter().map(|(name, value)| format!("{name}={value}"));
    // This process's environment, which says another role, is passed on.
    let around = ["/usr/bin/env".to_owned()].into_iter().chain(variables);
    let code = loveless::cli::run_task(RunTaskArguments {
        token: variable("TASK_TOKEN").unwrap(),
        input: variable("TASK_INPUT"),
        input_s3: None,
        pace: PaceArguments {
            heartbeat: Duration::from_millis(500),
            drain: Duration::from_secs(2),
        },
        name: "task".to_owned(),
        function: FunctionArguments {
            memory_mb: Some(1024),
            timeout: None,
            extensions: "/opt/extensions".into(),
            command: around.chain(command).collect(),
        },
    });
    std::process::exit(code.await.unwrap().into());
}

/// A cloud in a process of its own, on the port of its first life.
async fn cloud() {
    let root = variable("CLOUD_ROOT").unwrap();
    let file = variable("CLOUD_ADDRESS_FILE").unwrap();
    let port = std::fs::read_to_string(&file)
        .ok()
        .and_then(|address| address.rsplit(':').next()?.parse().ok());
    let stack = Stack {
        activities: vec!["work".to_owned()],
        ..Stack::default()
    };
    let cloud = Cloud::start(stand::config(root.as_ref(), port, stack))
        .await
        .unwrap();
    std::fs::write(format!("{file}.new"), cloud.address().to_string()).unwrap();
    std::fs::rename(format!("{file}.new"), file).unwrap();
    cloud.wait().await;
}
