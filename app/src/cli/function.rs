//! `whiteboarder function` (hidden): this program as the Lambda function of the local cloud's lanes.

use anyhow::Result;

use crate::error::{Exit, Failure};

pub fn run() -> Result<Exit> {
    crate::term::log::of_lane();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime
        .block_on(whiteboarder_function::run())
        .map_err(|error| Failure::target(format!("the function ended: {error}")))?;
    Ok(Exit::Success)
}
