//! `loveless worker`.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{EXIT_INTERRUPTED, EXIT_OK, duration, limits};
use crate::function::FunctionSpec;
use crate::process::may_pass;
use crate::source::activity::{ActivityArn, ActivitySource};
use crate::worker::{WorkerSettings, run_worker};

const HELP: &str = "\
Polls a Step Functions activity and gives each task's input to the function as its event, through \
a Lambda Runtime API on loopback. The function's result, or its failure under the names that Step \
Functions shows for Lambda, is sent back; heartbeats go on in between. When the task is gone \
(timed out, stopped), the work is killed.

On Lambda itself (AWS_LAMBDA_RUNTIME_API is set) this command becomes the function's command and \
does nothing else, so one image serves both.

SIGTERM or Ctrl-C: takes no more tasks, finishes those at work, and ends; a second one ends at once.

The function gets the worker's environment, without what belongs to the worker (LOVELESS_*) or to \
the platform (AWS_LAMBDA_*). Endpoint, credentials and profile come from the usual AWS_* variables.";

const EXAMPLES: &str = "\
Examples:
  loveless worker --activity arn:aws:states:us-east-1:123456789012:activity:resize -- ./bootstrap
  loveless worker --activity \"$ARN\" --slots 4 --heartbeat 30s -- python3 -m awslambdaric app.handler
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 loveless worker --activity \"$ARN\" -- ./bootstrap";

/// Do the tasks of a Step Functions activity with a Lambda function
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(long_about = HELP, after_help = EXAMPLES)]
pub struct WorkerArguments {
    /// The activity whose tasks the function does
    #[arg(long, value_name = "ARN", env = "LOVELESS_ACTIVITY", required = !on_lambda())]
    pub activity: Option<String>,

    /// Tasks worked on at the same time; each has a function process of its own
    #[arg(long, value_name = "N", env = "LOVELESS_SLOTS", default_value = "1")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub slots: u16,

    /// Time between two heartbeats: a third of the limit that the state sets
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_HEARTBEAT",
        default_value = "20s"
    )]
    #[arg(value_parser = duration::parse)]
    pub heartbeat: Duration,

    /// The worker's name, as Step Functions' history shows it (default: host and process number)
    #[arg(long, value_name = "NAME", env = "LOVELESS_WORKER_NAME")]
    pub name: Option<String>,

    /// Memory limit of each function process (default: what the container has, by slots)
    #[arg(long, value_name = "MB", env = "LOVELESS_MEMORY_MB")]
    pub memory_mb: Option<u32>,

    /// Time limit of one task's work
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_TIMEOUT",
        default_value = "24h"
    )]
    #[arg(value_parser = duration::parse)]
    pub timeout: Duration,

    /// The function's command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Runs the worker until SIGTERM or SIGINT; the number is the exit code. Logs go to whatever
/// `tracing` subscriber is there. On Lambda it does not return: the function takes its place.
///
/// # Errors
///
/// Arguments that make no sense, or a command that cannot be executed on Lambda.
pub async fn worker(arguments: WorkerArguments) -> anyhow::Result<u8> {
    if on_lambda() {
        return Err(become_function(&arguments.command));
    }
    let activity = arguments
        .activity
        .clone()
        .context("--activity is missing")?;
    let name = arguments.name.clone().unwrap_or_else(own_name);
    let source = ActivitySource::connect(&activity, &name).await?;
    let function = function(&arguments, activity.parse()?);
    let settings = WorkerSettings {
        slots: usize::from(arguments.slots),
        heartbeat: arguments.heartbeat,
        name,
    };

    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = CancellationToken::new();
    let work = run_worker(settings, function, Arc::new(source), stop.clone());
    tokio::pin!(work);
    let mut code = EXIT_OK;
    loop {
        let (came, from_keyboard) = tokio::select! {
            _ = &mut work => return Ok(code),
            _ = terminate.recv() => ("SIGTERM", false),
            _ = interrupt.recv() => ("SIGINT", true),
        };
        if from_keyboard {
            code = EXIT_INTERRUPTED;
        }
        if stop.is_cancelled() {
            tracing::warn!(
                "{came} again: ending at once; work in hand comes back by its heartbeat"
            );
            return Ok(code);
        }
        tracing::info!("{came}: finishing what is at work; once more to end at once");
        stop.cancel();
    }
}

/// Whether this process was started by Lambda, whose Runtime API the function then uses itself.
fn on_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Replaces this process by the function's.
fn become_function(command: &[String]) -> anyhow::Error {
    let Some((program, arguments)) = command.split_first() else {
        return anyhow!("no command");
    };
    let error = std::process::Command::new(program).args(arguments).exec();
    anyhow::Error::new(error).context(format!("cannot execute `{program}`"))
}

fn function(arguments: &WorkerArguments, activity: ActivityArn) -> FunctionSpec {
    let memory_mb = arguments
        .memory_mb
        .unwrap_or_else(|| (limits::memory_mb() / u32::from(arguments.slots)).max(1));
    FunctionSpec {
        arn: format!(
            "arn:{}:lambda:{}:{}:function:{}",
            activity.partition, activity.region, activity.account, activity.name
        ),
        name: activity.name,
        command: arguments.command.clone(),
        env: passed_environment(),
        memory_mb,
        timeout: arguments.timeout,
        region: activity.region,
    }
}

/// What of this process's environment the function gets.
pub(super) fn passed_environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| may_pass(name))
        .collect()
}

fn own_name() -> String {
    let uname = rustix::system::uname();
    let host: String = uname
        .nodename()
        .to_string_lossy()
        .chars()
        .take(60)
        .collect();
    let host = if host.is_empty() { "worker" } else { &host };
    format!("{host}-{}", std::process::id())
}
