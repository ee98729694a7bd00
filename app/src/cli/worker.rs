//! `whiteboarder worker` (hidden): this program as a worker of the local cloud's ECS lane. It is
//! `loveless worker`, brought along so that one binary does everything here.

use anyhow::Result;
use loveless::cli::{EXIT_OK, WorkerArguments, worker};

use crate::error::{Exit, Failure};

pub fn run(args: WorkerArguments) -> Result<Exit> {
    crate::term::log::of_lane();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(worker(args));
    // A poll that is still held open ends with the process.
    runtime.shutdown_background();
    match ended {
        Ok(EXIT_OK) => Ok(Exit::Success),
        Ok(_) => Ok(Exit::Interrupted),
        Err(error) => Err(Failure::usage(format!("{error:#}")).into()),
    }
}
