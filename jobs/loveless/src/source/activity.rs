//! Step Functions activities, over the AWS SDK.
//!
//! Endpoint, region and credentials come from the usual places (`AWS_*` variables, profiles,
//! container and instance roles); `AWS_ENDPOINT_URL` may be plain HTTP. What the service promises
//! and does not is on AWS's page "Activities in Step Functions"; the two traps: a poll is held
//! open for 60 seconds, and a task that is given out is given out once.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::http::HttpResponse;
use aws_sdk_sfn::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;

use super::{SourceError, Task, TaskSource};

/// A poll is held open for up to 60 s; this much silence means that the connection is dead.
const POLL_READ_LIMIT: Duration = Duration::from_secs(75);

/// All other calls answer at once or not at all.
const CALL_LIMIT: Duration = Duration::from_secs(15);

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Why an [`ActivitySource`] could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Not the ARN of an activity.
    #[error("`{arn}` is not an activity's ARN (arn:aws:states:REGION:ACCOUNT:activity:NAME)")]
    NotAnActivity {
        /// What was given.
        arn: String,
    },
    /// Not a name that the service would take.
    #[error("the worker's name `{name}` must have 1 to 80 characters")]
    WorkerName {
        /// What was given.
        name: String,
    },
}

/// An activity's ARN in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityArn {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The Region.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
    /// The activity's name.
    pub name: String,
}

impl std::str::FromStr for ActivityArn {
    type Err = ConnectError;

    fn from_str(arn: &str) -> Result<ActivityArn, ConnectError> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            [
                "arn",
                partition,
                "states",
                region,
                account,
                "activity",
                name,
            ] if [partition, region, account, name]
                .iter()
                .all(|part| !part.is_empty()) =>
            {
                Ok(ActivityArn {
                    partition: (*partition).to_owned(),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    name: (*name).to_owned(),
                })
            }
            _ => Err(ConnectError::NotAnActivity {
                arn: arn.to_owned(),
            }),
        }
    }
}

/// The tasks of one activity.
#[derive(Debug, Clone)]
pub struct ActivitySource {
    activity_arn: String,
    worker_name: String,
    /// Patient, for polls.
    polls: Client,
    /// Impatient, for everything else.
    calls: Client,
}

impl ActivitySource {
    /// A source for one activity. The Region is the ARN's: an activity is nowhere else. Makes no
    /// call to the service.
    pub async fn connect(
        activity_arn: &str,
        worker_name: &str,
    ) -> Result<ActivitySource, ConnectError> {
        let arn: ActivityArn = activity_arn.parse()?;
        if !(1..=80).contains(&worker_name.chars().count()) {
            return Err(ConnectError::WorkerName {
                name: worker_name.to_owned(),
            });
        }
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        // With the Region given, nothing asks the instance metadata service for it, which costs
        // seconds where there is none; credentials in the environment are found before it, too.
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(arn.region))
            .http_client(http)
            // The worker's own state machine decides what is tried again, and when.
            .retry_config(RetryConfig::disabled())
            // A poll that is held open looks like a stalled stream.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        let with_limits = |limits: TimeoutConfig| {
            let config = aws_sdk_sfn::config::Builder::from(&shared)
                .timeout_config(limits)
                .build();
            Client::from_conf(config)
        };
        let polls = TimeoutConfig::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(POLL_READ_LIMIT)
            .build();
        let calls = TimeoutConfig::builder()
            .connect_timeout(CONNECT_LIMIT)
            .operation_timeout(CALL_LIMIT)
            .build();
        Ok(ActivitySource {
            activity_arn: activity_arn.to_owned(),
            worker_name: worker_name.to_owned(),
            polls: with_limits(polls),
            calls: with_limits(calls),
        })
    }
}

#[async_trait::async_trait]
impl TaskSource for ActivitySource {
    async fn poll(&self) -> Result<Option<Task>, SourceError> {
        let answer = self
            .polls
            .get_activity_task()
            .activity_arn(&self.activity_arn)
            .worker_name(&self.worker_name)
            .send()
            .await
            .map_err(|error| why(&error))?;
        // No task is an answer with no token, a null token, or an empty one.
        let token = answer.task_token.filter(|token| !token.is_empty());
        Ok(token.map(|token| Task {
            token,
            input: answer.input.unwrap_or_default().into(),
        }))
    }

    async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        let call = self.calls.send_task_heartbeat().task_token(token);
        call.send().await.map(drop).map_err(|error| why(&error))
    }

    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        let output = String::from_utf8(output.into()).map_err(|_| SourceError::Rejected {
            code: "InvalidOutput".to_owned(),
            message: "the output is not UTF-8".to_owned(),
        })?;
        let call = self
            .calls
            .send_task_success()
            .task_token(token)
            .output(output);
        call.send().await.map(drop).map_err(|error| why(&error))
    }

    async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        let call = self
            .calls
            .send_task_failure()
            .task_token(token)
            .error(error)
            .cause(cause);
        call.send().await.map(drop).map_err(|error| why(&error))
    }
}

fn why<E>(error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(refusal) = error else {
        // No connection, no answer in time, no credentials yet, an answer that makes no sense.
        return SourceError::Unreachable(DisplayErrorContext(error).to_string());
    };
    let status = refusal.raw().status().as_u16();
    let code = refusal.err().code().unwrap_or_default();
    let message = refusal.err().message().unwrap_or_default();
    meaning(status, code, message)
}

/// What an error of the service means for a worker.
fn meaning(status: u16, code: &str, message: &str) -> SourceError {
    match code {
        "TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken" => SourceError::TaskGone,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "ActivityWorkerLimitExceeded" => SourceError::Throttled,
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
    fn each_error_of_the_service_has_its_meaning() {
        let rejected = |code: &str| SourceError::Rejected {
            code: code.into(),
            message: "m".into(),
        };
        for (status, code, expected) in [
            (400, "TaskTimedOut", SourceError::TaskGone),
            (400, "TaskDoesNotExist", SourceError::TaskGone),
            (400, "InvalidToken", SourceError::TaskGone),
            (400, "ThrottlingException", SourceError::Throttled),
            (400, "ActivityWorkerLimitExceeded", SourceError::Throttled),
            (429, "", SourceError::Throttled),
            (503, "", SourceError::Unreachable("503 : m".into())),
            (
                500,
                "InternalFailure",
                SourceError::Unreachable("500 InternalFailure: m".into()),
            ),
            (
                400,
                "ExpiredTokenException",
                SourceError::Unreachable("ExpiredTokenException: m".into()),
            ),
            (
                400,
                "ActivityDoesNotExist",
                rejected("ActivityDoesNotExist"),
            ),
            (400, "InvalidOutput", rejected("InvalidOutput")),
            (
                400,
                "AccessDeniedException",
                rejected("AccessDeniedException"),
            ),
        ] {
            assert_eq!(meaning(status, code, "m"), expected, "{status} {code}");
        }
    }

    #[test]
    fn an_arn_is_taken_apart_or_refused() {
        let arn: ActivityArn = "arn:aws:states:eu-west-1:123456789012:activity:resize"
            .parse()
            .unwrap();
        assert_eq!(
            (arn.region.as_str(), arn.name.as_str()),
            ("eu-west-1", "resize")
        );
        for bad in [
            "",
            "resize",
            "arn:aws:states:eu-west-1:123456789012:stateMachine:resize",
            "arn:aws:states::123456789012:activity:resize",
            "arn:aws:states:eu-west-1:123456789012:activity:",
        ] {
            assert!(bad.parse::<ActivityArn>().is_err(), "{bad}");
        }
    }
}
