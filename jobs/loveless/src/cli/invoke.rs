//! `loveless invoke`.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::function::{FunctionArguments, Place};
use super::{EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, input, shelter};
use crate::function::Invocation;
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

    /// The function and its limits.
    #[command(flatten)]
    pub function: FunctionArguments,
}

/// What Lambda allows at most.
const TIMEOUT: Duration = Duration::from_mins(15);

/// Runs one invocation and prints its outcome; the number is the exit code.
///
/// # Errors
///
/// An event that cannot be read, or a standard output that cannot be written.
pub async fn invoke(arguments: InvokeArguments) -> anyhow::Result<u8> {
    shelter::take();
    let payload = input::check(input::read(&arguments.event)?)?;
    let mut function = arguments
        .function
        .spec(Place::somewhere(&arguments.name), 1);
    function.timeout = arguments.function.timeout.unwrap_or(TIMEOUT);
    let pool = FunctionPool::new(function, 1);
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
