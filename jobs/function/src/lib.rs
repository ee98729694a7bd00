//! The Whiteboarder function: plan, clean, record.

/// Serves invocations of the Lambda Runtime API until the platform ends the process.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    Ok(())
}
