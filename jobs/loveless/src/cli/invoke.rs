//! `loveless invoke`.

use std::io::{Read, Write};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::worker::passed_environment;
use super::{EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, duration, limits};
use crate::function::{FunctionSpec, Invocation};
use crate::pool::FunctionPool;

const EXAMPLES: &str = "\
Examples:
  loveless invoke -- ./bootstrap
  loveless invoke --event '{\"width\": 10}' -- python3 -m awslambdaric app.handler
  loveless invoke --event @event.json --memory-mb 512 --timeout 3s -- ./bootstrap
  generate-event | loveless invoke --event - -- ./bootstrap

The result, or the error document, goes to standard output; logs and the REPORT line to standard
error. The exit code is 0 for a result, 1 for a failure, 2 for wrong usage.";

/// Give one event to a Lambda function, as a local test
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = EXAMPLES)]
pub struct InvokeArguments {
    /// The event: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "{}")]
    pub event: String,

    /// The function's name, as it sees itself
    #[arg(long, value_name = "NAME", default_value = "function")]
    pub name: String,

    /// Memory limit of the function process (default: what the container has)
    #[arg(long, value_name = "MB")]
    pub memory_mb: Option<u32>,

    /// Time limit
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration::parse)]
    pub timeout: Duration,

    /// The function's command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Runs one invocation and prints its outcome; the number is the exit code.
///
/// # Errors
///
/// An event that cannot be read, or a standard output that cannot be written.
pub async fn invoke(arguments: InvokeArguments) -> anyhow::Result<u8> {
    let payload = event(&arguments.event)?;
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| "us-east-1".to_owned());
    let pool = FunctionPool::new(
        FunctionSpec {
            arn: format!(
                "arn:aws:lambda:{region}:000000000000:function:{}",
                arguments.name
            ),
            name: arguments.name,
            command: arguments.command,
            env: passed_environment(),
            memory_mb: arguments.memory_mb.unwrap_or_else(limits::memory_mb),
            timeout: arguments.timeout,
            region,
        },
        1,
    );
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let completed = tokio::select! {
        completed = pool.invoke(Invocation::new(payload)) => completed?,
        _ = tokio::signal::ctrl_c() => return Ok(EXIT_INTERRUPTED),
        _ = terminate.recv() => return Ok(EXIT_INTERRUPTED),
    };
    pool.shutdown().await;
    let (answer, code) = match completed.result {
        Ok(answer) => (answer, EXIT_OK),
        Err(error) => (error.body, EXIT_FAILED),
    };
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(&answer)
        .and_then(|()| stdout.write_all(b"\n"))
        .context("cannot print")?;
    Ok(code)
}

fn event(given: &str) -> anyhow::Result<Bytes> {
    let text = match given.strip_prefix('@') {
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {path}"))?,
        None if given == "-" => {
            let mut text = Vec::new();
            std::io::stdin()
                .read_to_end(&mut text)
                .context("cannot read standard input")?;
            text
        }
        None => given.as_bytes().to_vec(),
    };
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).context("the event is not JSON")?;
    Ok(text.into())
}
