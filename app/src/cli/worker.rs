//! `whiteboarder worker` (hidden): this program as a worker of the local cloud's ECS lane.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use loveless::{ActivitySource, FunctionSpec, WorkerSettings, run_worker};
use tokio_util::sync::CancellationToken;

use crate::error::{Exit, Failure};
use crate::interrupt::on_interrupt;

/// A task that is not done after this long is given up; the state machine's own limits come first.
const LONGEST_TASK: Duration = Duration::from_secs(24 * 3600);

/// Take tasks from an activity and have a function do them.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// ARN of the activity
    #[arg(long)]
    activity: String,
    /// Seconds between two heartbeats
    #[arg(long, default_value_t = 6)]
    heartbeat_s: u64,
    /// Tasks at the same time
    #[arg(long, default_value_t = 1)]
    slots: usize,
    /// Memory limit of the function in MB; 0 means none
    #[arg(long, default_value_t = 0)]
    memory_mb: u32,
    /// The name under which tasks are taken
    #[arg(long, env = "LOVELESS_WORKER_NAME", default_value = "worker")]
    name: String,
    /// The function's program and arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub fn run(args: WorkerArgs) -> Result<Exit> {
    crate::term::log::of_service();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(work(args))
}

async fn work(args: WorkerArgs) -> Result<Exit> {
    let source = ActivitySource::connect(&args.activity, &args.name)
        .await
        .map_err(|error| Failure::target(error.to_string()))?;
    let variable = |name: &str| std::env::var(name).ok();
    // The function in a worker works for the worker's own account: it needs what the worker was given.
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_") && !name.starts_with("AWS_LAMBDA_"))
        .collect();
    let function = FunctionSpec {
        name: args.activity.rsplit(':').next().unwrap_or("function").to_owned(),
        command: args.command,
        env,
        memory_mb: args.memory_mb,
        timeout: LONGEST_TASK,
        region: variable("AWS_REGION").unwrap_or_else(|| crate::local::REGION.to_owned()),
        arn: args.activity.replacen(":states:", ":lambda:", 1).replacen(":activity:", ":function:", 1),
    };
    let settings = WorkerSettings {
        slots: args.slots.max(1),
        heartbeat: Duration::from_secs(args.heartbeat_s.max(1)),
        name: args.name,
    };
    let stop = CancellationToken::new();
    let asked = stop.clone();
    on_interrupt(move || asked.cancel());
    let summary = run_worker(settings, function, Arc::new(source), stop).await;
    tracing::info!(?summary, "the worker has ended");
    Ok(Exit::Success)
}
