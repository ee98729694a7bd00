//! External extensions: programs beside the function, which the worker starts as Lambda does.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod function;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use function::{eventually, is_gone, spec};
use loveless::{FunctionPool, FunctionSpec, Invocation};
use serde_json::{Value, json};

#[test]
#[ignore = "is the function that the other tests start"]
fn function_process() {
    function::serve();
}

/// An extension, in this executable like the function: registers under its file's name, writes down each event, and
/// ends when told to, or when `EXTENSION_ENDS` says so.
#[test]
#[ignore = "is the extension that the other tests start"]
fn extension_process() {
    let Ok(name) = std::env::var("EXTENSION_NAME") else {
        return;
    };
    let log = std::env::var("EXTENSION_LOG").unwrap();
    let ends = std::env::var("EXTENSION_ENDS").unwrap_or_default();
    if ends == "at once" {
        std::process::exit(0);
    }
    let register = r#"{"events":["INVOKE","SHUTDOWN"]}"#;
    let header = format!("Lambda-Extension-Name: {name}");
    let (identifier, _) = call("POST", "/2020-01-01/extension/register", &header, register);
    let header = format!("Lambda-Extension-Identifier: {}", identifier.unwrap());
    if ends == "init error" {
        let header =
            format!("{header}\r\nLambda-Extension-Function-Error-Type: Extension.NoConfig");
        call("POST", "/2020-01-01/extension/init/error", &header, "{}");
        std::process::exit(1);
    }
    append(&log, &format!("registered {}", std::process::id()));
    loop {
        let (_, event) = call("GET", "/2020-01-01/extension/event/next", &header, "");
        let event: Value = serde_json::from_str(&event).unwrap();
        let kind = event["eventType"].as_str().unwrap().to_owned();
        append(
            &log,
            &format!("{kind} {}", event["shutdownReason"].as_str().unwrap_or("")),
        );
        if kind == "SHUTDOWN" || ends == "in between" {
            std::process::exit(0);
        }
    }
}

/// One request; the identifier of the answer, if it has one, and its body.
fn call(method: &str, path: &str, header: &str, body: &str) -> (Option<String>, String) {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(&api).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\n{header}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reader = BufReader::new(stream);
    let mut identifier = None;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("lambda-extension-identifier")
        {
            identifier = Some(value.to_owned());
        }
    }
    let mut body = String::new();
    reader.read_to_string(&mut body).unwrap();
    (identifier, body)
}

fn append(path: &str, line: &str) {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path);
    file.unwrap()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}

/// A folder with one extension that writes to a log beside it, and a function that starts it.
fn with_extension(folder: &Path, ends: &str) -> FunctionSpec {
    let extensions = folder.join("extensions");
    std::fs::create_dir(&extensions).unwrap();
    let program = extensions.join("side");
    let script = format!(
        "#!/bin/sh\nexport EXTENSION_NAME=side EXTENSION_LOG={} EXTENSION_ENDS='{ends}'\n\
         exec {} --ignored --exact extension_process --nocapture -q\n",
        folder.join("log").display(),
        std::env::current_exe().unwrap().display(),
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    // What is no program is no extension.
    std::fs::write(extensions.join("readme.txt"), "not a program").unwrap();
    FunctionSpec {
        extensions: Some(extensions),
        timeout: Duration::from_secs(20),
        ..spec()
    }
}

fn logged(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

async fn invoke(pool: &FunctionPool, event: Value) -> Result<Value, String> {
    let completed = pool
        .invoke(Invocation::new(event.to_string()))
        .await
        .unwrap();
    match completed.result {
        Ok(result) => Ok(serde_json::from_slice(&result).unwrap()),
        Err(error) => Err(error.error_type),
    }
}

#[tokio::test]
async fn an_extension_is_started_told_of_events_and_shut_down() {
    let folder = tempfile::tempdir().unwrap();
    let pool = FunctionPool::new(with_extension(folder.path(), ""), 1);
    invoke(&pool, json!({"do": "echo"})).await.unwrap();
    invoke(&pool, json!({"do": "echo"})).await.unwrap();
    let lines = eventually("both events", || {
        let lines = logged(folder.path());
        (lines.len() == 3).then_some(lines)
    })
    .await;
    assert_eq!(lines[1..], ["INVOKE ", "INVOKE "]);
    pool.shutdown().await;
    assert_eq!(logged(folder.path()).last().unwrap(), "SHUTDOWN spindown");
    let pid = lines[0].strip_prefix("registered ").unwrap();
    is_gone(pid.parse().unwrap()).await;
}

#[tokio::test]
async fn an_extension_hears_of_time_outs_and_failures_and_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let spec = FunctionSpec {
        timeout: Duration::from_secs(1),
        ..with_extension(folder.path(), "")
    };
    let pool = FunctionPool::new(spec, 1);
    let hang = invoke(&pool, json!({"do": "hang"})).await;
    assert_eq!(hang.unwrap_err(), "Sandbox.Timedout");
    assert_eq!(logged(folder.path()).last().unwrap(), "SHUTDOWN timeout");
    let exit = invoke(&pool, json!({"do": "exit", "code": 3})).await;
    assert_eq!(exit.unwrap_err(), "Runtime.ExitError");
    assert_eq!(logged(folder.path()).last().unwrap(), "SHUTDOWN failure");
    invoke(&pool, json!({"do": "echo"})).await.unwrap();
}

#[tokio::test]
async fn an_extension_that_ends_takes_the_function_with_it() {
    for (ends, name) in [
        ("at once", "Extension.Crash"),
        ("in between", "Extension.Crash"),
        ("init error", "Extension.NoConfig"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let pool = FunctionPool::new(with_extension(folder.path(), ends), 1);
        let error = invoke(&pool, json!({"do": "hang"})).await.unwrap_err();
        assert_eq!(error, name, "{ends}");
    }
    let folder = tempfile::tempdir().unwrap();
    let spec = with_extension(folder.path(), "");
    std::fs::write(folder.path().join("extensions/side"), "#!/nowhere\n").unwrap();
    let error = invoke(&FunctionPool::new(spec, 1), json!({}))
        .await
        .unwrap_err();
    assert_eq!(error, "Extension.LaunchError");
}
