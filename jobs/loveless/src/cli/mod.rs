//! The command line, also for programs that embed it.

use std::time::Duration;

/// Arguments of `loveless worker`.
#[derive(Debug, Clone, clap::Args)]
pub struct WorkerArguments {
    /// The activity whose tasks the function shall do.
    #[arg(long, value_name = "ARN")]
    pub activity: String,
    /// Tasks worked on at the same time.
    #[arg(long, default_value_t = 1)]
    pub slots: usize,
    /// Time between two heartbeats.
    #[arg(skip = Duration::from_secs(20))]
    pub heartbeat: Duration,
    /// The function's command.
    #[arg(last = true, required = true)]
    pub command: Vec<String>,
}

/// Runs `loveless worker`; the number is the exit code. The caller has set up logs and a runtime.
pub async fn worker(arguments: WorkerArguments) -> anyhow::Result<u8> {
    let _ = arguments;
    todo!()
}
