//! How the AWS sources reach their services.
//!
//! Endpoint, Region and credentials come from the usual places (`AWS_*` variables, profiles,
//! container and instance roles); `AWS_ENDPOINT_URL` may be plain HTTP. A worker that should not
//! share its function's credentials has its own in `LOVELESS_AWS_ACCESS_KEY_ID`,
//! `LOVELESS_AWS_SECRET_ACCESS_KEY` and `LOVELESS_AWS_SESSION_TOKEN`, which no function sees.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::SourceError;

/// All calls but polls answer at once or not at all.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(15);

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What clients of every service are made from. Nothing is called for it. Without a Region it is
/// looked for in the usual places, of which the last, the instance's metadata, can take seconds.
pub(crate) async fn shared_config(region: Option<&str>) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        // The worker's own state machine decides what is tried again, and when.
        .retry_config(RetryConfig::disabled())
        // A poll that is held open looks like a stalled stream.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(own) = own_credentials(|name| std::env::var(name).ok()) {
        loader = loader.credentials_provider(own);
    }
    let shared = loader.load().await;
    if let Some(endpoint) = shared.endpoint_url() {
        tracing::info!("AWS is called at {endpoint}");
    }
    shared
}

/// The worker's own credentials, when it has any.
fn own_credentials(
    variable: impl Fn(&str) -> Option<String>,
) -> Option<aws_credential_types::Credentials> {
    Some(aws_credential_types::Credentials::new(
        variable("LOVELESS_AWS_ACCESS_KEY_ID")?,
        variable("LOVELESS_AWS_SECRET_ACCESS_KEY")?,
        variable("LOVELESS_AWS_SESSION_TOKEN"),
        None,
        "LovelessEnvironment",
    ))
}

/// Limits for polls, which are held open; this much silence means that the connection is dead.
pub(super) fn poll_limits(read: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(read)
        .build()
}

/// Limits for all other calls.
pub(super) fn call_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_LIMIT)
        .operation_timeout(CALL_LIMIT)
        .build()
}

/// Why a call failed: by `meaning` of status, code and message where the service answered.
pub(crate) fn why<E>(
    error: &SdkError<E, HttpResponse>,
    meaning: fn(u16, &str, &str) -> SourceError,
) -> SourceError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(refusal) = error else {
        return unanswered(error);
    };
    let status = refusal.raw().status().as_u16();
    let code = refusal.err().code().unwrap_or_default();
    let message = refusal.err().message().unwrap_or_default();
    meaning(status, code, message)
}

/// Why there is no answer of the service: no connection, none in time, no credentials, or one that
/// makes no sense.
fn unanswered<E>(error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: Error + 'static,
{
    let mut causes: Vec<&(dyn Error + 'static)> = vec![error];
    while let Some(cause) = causes.last().copied().and_then(Error::source) {
        causes.push(cause);
    }
    // What is innermost says most: who wraps it repeats it, or says that something is wrong.
    let innermost = causes.last().map_or(String::new(), ToString::to_string);
    let no_credentials = causes.iter().any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(CredentialsError::CredentialsNotLoaded(_))
        )
    });
    if no_credentials {
        return SourceError::NoCredentials(innermost);
    }
    SourceError::Unreachable(match error {
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "no answer in time".to_owned()
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            format!("no connection: {innermost}")
        }
        _ => innermost,
    })
}

/// What an error of any AWS service means; a service's own names are looked at before.
pub(crate) fn common_meaning(status: u16, code: &str, message: &str) -> SourceError {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestLimitExceeded"
        | "SlowDown" => SourceError::Throttled,
        // Credentials are renewed by themselves; the next call has new ones.
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            SourceError::Unreachable(format!("{code}: {message}"))
        }
        _ if status == 429 => SourceError::Throttled,
        _ if status >= 500 => SourceError::Unreachable(format!("{status} {code}: {message}")),
        _ => SourceError::Rejected {
            code: code.to_owned(),
            message: message.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_can_have_credentials_of_its_own() {
        let own = own_credentials(|name| match name {
            "LOVELESS_AWS_ACCESS_KEY_ID" => Some("id".to_owned()),
            "LOVELESS_AWS_SECRET_ACCESS_KEY" => Some("secret".to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(own.access_key_id(), "id");
        assert_eq!(own.session_token(), None);
        assert!(own_credentials(|_| None).is_none());
    }
}
