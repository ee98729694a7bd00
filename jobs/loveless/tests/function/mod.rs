//! The function that the tests start: a real one, over `lambda_runtime`. It lives in the test's
//! own executable, as an ignored test that serves events for ever, and does what the event says.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use loveless::FunctionSpec;
use serde_json::{Value, json};

/// The command that starts the function; each test file has a test of this name.
pub fn command() -> Vec<String> {
    let own = std::env::current_exe()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let arguments = [
        "--ignored",
        "--exact",
        "function_process",
        "--nocapture",
        "-q",
    ];
    std::iter::once(own)
        .chain(arguments.map(str::to_owned))
        .collect()
}

/// The function with limits that no test comes near by accident.
pub fn spec() -> FunctionSpec {
    FunctionSpec {
        name: "test-function".into(),
        command: command(),
        env: BTreeMap::new(),
        memory_mb: 1024,
        timeout: Duration::from_mins(1),
        region: "us-east-1".into(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:test-function".into(),
        extensions: None,
    }
}

/// A shell script as the function's command, for what `lambda_runtime` would never do.
pub fn script(script: &str) -> FunctionSpec {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    FunctionSpec { command, ..spec() }
}

/// Serves events until the end of the process. Nothing when this is not a function's process.
pub fn serve() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(lambda_runtime::run(service_fn(handle)))
        .unwrap();
}

static CALLS: AtomicU64 = AtomicU64::new(0);

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let (event, context) = (event.payload, event.context);
    let number = |name: &str| event[name].as_u64().unwrap_or_default();
    // Who works on this, for tests that look at processes from outside.
    if let Some(path) = event["pid_file"].as_str() {
        write(path, &std::process::id().to_string());
    }
    match event["do"].as_str().unwrap_or("echo") {
        "echo" => Ok(event),
        "who" => Ok(json!({"pid": std::process::id(), "calls": calls})),
        "context" => Ok(json!({
            "request_id": context.request_id,
            "arn": context.invoked_function_arn,
            "memory": context.env_config.memory,
            "in_time": context.deadline > 0,
        })),
        "environment" => Ok(json!(std::env::vars().collect::<BTreeMap<_, _>>())),
        "error" => Err("it broke".into()),
        "panic" => panic!("it panicked"),
        "exit" => std::process::exit(number("code") as i32),
        "kill" => {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL)?;
            Ok(Value::Null)
        }
        "hang" => std::future::pending().await,
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(number("ms"))).await;
            Ok(event)
        }
        // Takes 16 MB at a time, and touches them, until it is stopped.
        "hog" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1u8; 16 << 20]);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Takes 1 GiB at once, then hangs.
        "gulp" => {
            let all = vec![1u8; 1 << 30];
            let _held = std::hint::black_box(all);
            std::future::pending().await
        }
        // Leaves a process behind in its group, then hangs.
        "grandchild" => {
            let child = Command::new("sleep").arg("1000").spawn()?;
            write(
                event["grandchild_file"].as_str().unwrap(),
                &child.id().to_string(),
            );
            std::future::pending().await
        }
        // Leaves a process behind in a session of its own, whose parent has ended, then does what
        // `then` says.
        "orphan" => {
            let path = event["grandchild_file"].as_str().unwrap();
            let script =
                format!("setsid sleep 1000 & echo $! > {path}.half; mv {path}.half {path}");
            Command::new("sh").args(["-c", &script]).status()?;
            match event["then"].as_str() {
                Some("answer") => Ok(event),
                Some("exit") => std::process::exit(3),
                _ => std::future::pending().await,
            }
        }
        // Answers past its client, then ends.
        "error then exit" => {
            let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
            let path = format!(
                "/2018-06-01/runtime/invocation/{}/error",
                context.request_id
            );
            let body = r#"{"errorType":"Mine","errorMessage":"first"}"#;
            let mut stream = std::net::TcpStream::connect(&api)?;
            write!(
                stream,
                "POST {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
            std::io::read_to_string(stream)?;
            std::process::exit(9)
        }
        // Burns a processor and never comes back to its client.
        "spin" => loop {
            std::hint::spin_loop();
        },
        "big" => Ok(json!("x".repeat(number("bytes") as usize - 2))),
        "log" => {
            let mut out = std::io::stdout().lock();
            for line in 0..number("lines") {
                writeln!(out, "line {line}")?;
            }
            writeln!(std::io::stderr(), "the last line")?;
            Ok(Value::Null)
        }
        other => Err(format!("the tests' function cannot {other}").into()),
    }
}

/// Writes a whole file at once, so that no reader sees half of it.
fn write(path: &str, text: &str) {
    let half = format!("{path}.half");
    std::fs::write(&half, text).unwrap();
    std::fs::rename(half, path).unwrap();
}

/// Waits for something to be so; fails when it is not so for very long.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The process number that the function wrote to a file.
pub async fn written_pid(path: &Path) -> u32 {
    eventually("a process number in a file", || {
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    })
    .await
}

/// Waits until a process is gone; a zombie counts as gone.
pub async fn is_gone(pid: u32) {
    eventually("the end of a process", || (!runs(pid)).then_some(())).await;
}

/// Whether a process runs.
pub fn runs(pid: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// A file name in a directory as JSON can have it.
pub fn file(directory: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = directory.path().join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}
