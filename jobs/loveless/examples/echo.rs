//! The smallest Lambda function: answers with its event, and with where it runs.
//!
//! ```sh
//! cargo build --release -p loveless --example echo
//! loveless invoke --event '{"a": 1}' -- target/release/examples/echo
//! ```

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let user = rustix::process::getuid().as_raw();
    Ok(json!({"event": event.payload, "user": user}))
}
