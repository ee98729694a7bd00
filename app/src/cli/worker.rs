//! `whiteboarder worker` and `run-task` (hidden): this program as a worker or as one task of the local cloud's ECS
//! lane. They are those of `loveless`, brought along so that one binary does everything here.

use std::future::Future;

use anyhow::Result;
use loveless::cli::{EXIT_OK, EXIT_REFUSED, RunTaskArguments, WorkerArguments, run_task, worker};

use crate::error::{Exit, Failure};

pub fn run(args: WorkerArguments) -> Result<Exit> {
    in_lane(worker(args), Exit::Interrupted)
}

/// The one task of an `ecs:runTask.waitForTaskToken`.
pub fn one(args: RunTaskArguments) -> Result<Exit> {
    in_lane(run_task(args), Exit::SomeFailed)
}

fn in_lane(work: impl Future<Output = Result<u8>>, otherwise: Exit) -> Result<Exit> {
    crate::term::log::of_lane();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(work);
    // A poll that is still held open ends with the process.
    runtime.shutdown_background();
    match ended {
        Ok(EXIT_OK) => Ok(Exit::Success),
        // It has said why.
        Ok(EXIT_REFUSED) => Ok(Exit::Target),
        Ok(_) => Ok(otherwise),
        Err(error) => Err(Failure::usage(format!("{error:#}")).into()),
    }
}
