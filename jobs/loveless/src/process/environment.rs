//! The environment of a function process: little, and the same everywhere.
//!
//! Nothing of the supervisor's own environment reaches the function except the handful of names
//! in [`INHERITED`]; the rest is what Lambda sets (AWS's page "Using Lambda environment
//! variables") and what the [`FunctionSpec`] adds.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::function::FunctionSpec;

/// Taken over from the supervisor when set there: where programs, libraries, homes, temporary
/// files and certificates are.
const INHERITED: [&str; 10] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Names that a specification may not change, and that mean nothing good when they come from
/// outside: `AWS_LAMBDA_MAX_CONCURRENCY`, for one, puts every client into another mode.
const PLATFORM: [&str; 8] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
];

/// What `_HANDLER` says: the specification's, else the last word of the command, which is where
/// images have it (`CMD ["app.handler"]`).
pub(super) fn handler(spec: &FunctionSpec) -> String {
    spec.env
        .get("_HANDLER")
        .or_else(|| spec.command.last())
        .cloned()
        .unwrap_or_default()
}

/// All variables of a process that finds its Runtime API at `api`.
pub(super) fn variables(spec: &FunctionSpec, api: SocketAddr) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = INHERITED
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    set("TZ", ":UTC");
    set("AWS_REGION", &spec.region);
    set("AWS_DEFAULT_REGION", &spec.region);
    for (name, value) in &spec.env {
        // Names that start with an underscore are the platform's, too.
        if !PLATFORM.contains(&name.as_str()) && !name.starts_with('_') {
            set(name, value);
        }
    }
    set("_HANDLER", &handler(spec));
    set("AWS_LAMBDA_RUNTIME_API", &api.to_string());
    set("AWS_LAMBDA_FUNCTION_NAME", &spec.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        &spec.memory_mb.to_string(),
    );
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set(
        "AWS_LAMBDA_LOG_GROUP_NAME",
        &format!("/aws/lambda/{}", spec.name),
    );
    set(
        "AWS_LAMBDA_LOG_STREAM_NAME",
        &format!("$LATEST/{}", api.port()),
    );
    all
}

/// Whether a variable may go from a worker's environment into its function's: everything that is
/// not the platform's or the worker's own (`LOVELESS_…`, task tokens).
#[cfg(feature = "cli")]
pub(crate) fn may_pass(name: &str) -> bool {
    !PLATFORM.contains(&name)
        && !name.starts_with('_')
        && !name.starts_with("LOVELESS_")
        && !name.starts_with("TASK_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn variables_with(env: &[(&str, &str)]) -> BTreeMap<String, String> {
        let spec = FunctionSpec {
            name: "resize".into(),
            command: vec!["python".into(), "app.handler".into()],
            env: env
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            memory_mb: 512,
            timeout: Duration::from_secs(3),
            region: "eu-west-1".into(),
            arn: "arn".into(),
            extensions: None,
        };
        variables(&spec, ([127, 0, 0, 1], 4000).into())
    }

    #[test]
    fn clients_find_what_they_need() {
        let all = variables_with(&[]);
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:4000"),
            ("AWS_LAMBDA_FUNCTION_NAME", "resize"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_REGION", "eu-west-1"),
            ("_HANDLER", "app.handler"),
            ("TZ", ":UTC"),
        ] {
            assert_eq!(all.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn the_specification_adds_but_does_not_touch_what_is_the_platforms() {
        let all = variables_with(&[
            ("STAGE", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_LAMBDA_RUNTIME_API", "elsewhere:1"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "9"),
            ("_HANDLER", "other.main"),
            ("_SECRET", "no"),
        ]);
        assert_eq!(all["STAGE"], "test");
        assert_eq!(all["AWS_REGION"], "us-east-1");
        assert_eq!(all["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:4000");
        assert_eq!(all["_HANDLER"], "other.main");
        assert!(!all.contains_key("AWS_LAMBDA_MAX_CONCURRENCY"));
        assert!(!all.contains_key("_SECRET"));
    }

    #[test]
    fn nothing_else_of_the_supervisors_environment_is_seen() {
        // Cargo sets this one for every test.
        assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
        assert!(!variables_with(&[]).contains_key("CARGO_MANIFEST_DIR"));
    }
}
