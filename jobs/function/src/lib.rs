//! The Whiteboarder function: plan, clean, record.
//!
//! One binary serves all three; the event says which. It is stateless, speaks to S3 only, and does
//! not know whether Lambda pushed the event or a worker pulled it.
//!
//! | event | answer |
//! | --- | --- |
//! | `{"action":"plan",…}` | where a picture should be cleaned, and why ([`plan`]) |
//! | `{"action":"clean",…}` | the picture is cleaned; where the time went ([`clean`]) |
//! | an execution's status change | `failed/<batch>/<name>.json` says why ([`record`]) |
//!
//! ```
//! use whiteboarder_function::event::Request;
//! let event = serde_json::json!({"action": "clean", "bucket": "b", "key": "inbox/1/a.jpg",
//!     "execution": "e", "place": "ecs"});
//! assert!(matches!(Request::parse(&event), Ok(Request::Clean(_))));
//! ```
//!
//! Everything that is wrong with a picture is an error with a name of its own
//! ([`FunctionError::name`]), which state machines match on. Start reading at [`handle`].

pub mod clean;
pub mod error;
pub mod event;
mod machine;
pub mod objects;
pub mod plan;
pub mod record;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

pub use error::FunctionError;
use event::Request;
pub use machine::Machine;
use objects::{Objects, S3Objects};

/// Serves invocations of the Lambda Runtime API until the platform ends the process.
///
/// Region, credentials and endpoint come from the usual `AWS_*` variables (`AWS_ENDPOINT_URL`
/// included); the platform sets the `AWS_LAMBDA_*` ones.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    // The runtime's client would panic without these; a sentence is better.
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
    ] {
        if std::env::var_os(name).is_none() {
            return Err(format!(
                "{name} is not set: this program is a Lambda function, which Lambda or the \
                 loveless worker starts"
            )
            .into());
        }
    }
    let objects = S3Objects::from_env().await;
    let machine = Machine::from_env();
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let (objects, machine) = (&objects, &machine);
        async move { handle(objects, machine, &event.payload).await }
    }))
    .await
}

/// Answers one event.
pub async fn handle(
    objects: &impl Objects,
    machine: &Machine,
    event: &Value,
) -> Result<Value, FunctionError> {
    let answer = match Request::parse(event)? {
        Request::Plan(request) => to_value(plan::plan(objects, &request).await?),
        Request::Clean(request) => to_value(clean::clean(objects, machine, &request).await?),
        Request::Record(ended) => to_value(record::record(objects, &ended).await?),
    };
    answer.map_err(|error| FunctionError::InvalidEvent(error.to_string()))
}

fn to_value(answer: impl serde::Serialize) -> Result<Value, serde_json::Error> {
    serde_json::to_value(answer)
}
