//! The compute lanes: functions that are pushed to (Lambda), workers that pull and tasks of their own (ECS).

mod integrations;
pub(crate) mod lambda;
mod message_calls;
mod queue;
mod s3_calls;
mod tasks;
mod workers;

pub(crate) use integrations::ServiceIntegrations;
pub(crate) use lambda::{FunctionError, LambdaLane, LaneError};
pub(crate) use message_calls::Messages;
pub(crate) use queue::{AsyncQueue, VERSION as QUEUE_VERSION};
pub(crate) use tasks::{TASKS_VERSION, TaskLane};
pub(crate) use workers::WorkerLane;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use uuid::Uuid;

use crate::config::CloudConfig;

/// The environment in which AWS SDKs find this cloud.
pub(crate) fn sdk_environment(config: &CloudConfig, endpoint: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", &config.access_key),
        ("AWS_SECRET_ACCESS_KEY", &config.secret_key),
        ("AWS_REGION", &config.region),
        ("AWS_DEFAULT_REGION", &config.region),
        // StartSyncExecution and TestState would call sync-127.0.0.1.
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
        // Credentials are here: nobody needs to ask an instance that does not exist.
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// What a process of the ECS lane begins with: this process's environment, and where this cloud is.
fn process_environment(config: &CloudConfig, endpoint: &str) -> BTreeMap<String, String> {
    // The person's own AWS settings (profile, session token) must not mix with ours.
    let mut variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !name.starts_with("AWS_"))
        .collect();
    variables.extend(sdk_environment(config, endpoint));
    variables
}

/// Writes what a process of the ECS lane says to our log, a line at a time, until its last writer is gone.
async fn log_output(who: String, output: OwnedFd) {
    let Ok(output) = pipe::Receiver::from_owned_fd(output) else {
        return;
    };
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        tracing::info!(target: "worker", who, "{line}");
    }
}

/// Optimised integrations tell of the request, too.
fn with_metadata(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        let id = Uuid::new_v4().to_string();
        let http = json!({ "HttpStatusCode": 200, "HttpHeaders": { "x-amzn-RequestId": id } });
        fields.insert("SdkHttpMetadata".to_owned(), http);
        fields.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": id }));
    }
    answer
}
