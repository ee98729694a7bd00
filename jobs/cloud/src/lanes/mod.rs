//! The compute lanes: functions that are pushed to (Lambda) and workers that pull (ECS).

mod integrations;
pub(crate) mod lambda;
mod queue;
mod workers;

pub(crate) use integrations::ServiceIntegrations;
pub(crate) use lambda::{FunctionError, LambdaLane, LaneError};
pub(crate) use queue::{AsyncQueue, VERSION as QUEUE_VERSION};
pub(crate) use workers::WorkerLane;

use std::collections::BTreeMap;

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
