//! Step Functions activities and task tokens, over the AWS SDK.
//!
//! How the service is reached is in `aws`. What it promises and does not is on AWS's page
//! "Activities in Step Functions"; the two traps: a poll is held open for 60 seconds, and a task
//! that is given out is given out once.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sfn::Client;
use bytes::Bytes;

use super::aws::{call_limits, common_meaning, poll_limits, shared_config, why};
use super::{SourceError, Task, TaskSource};

/// A poll is held open for up to 60 s; this much silence means that the connection is dead.
const POLL_READ_LIMIT: Duration = Duration::from_secs(75);

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

/// Calls about tasks by their tokens.
#[derive(Debug, Clone)]
pub struct TaskTokens {
    client: Client,
}

impl TaskTokens {
    /// Tokens of this Region; without one, of the Region that the environment says. Makes no call
    /// to the service.
    pub async fn connect(region: Option<&str>) -> TaskTokens {
        let shared = shared_config(region).await;
        TaskTokens {
            client: client(&shared, call_limits()),
        }
    }

    /// Says that the task is still being worked on.
    pub async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        let call = self.client.send_task_heartbeat().task_token(token);
        call.send()
            .await
            .map(drop)
            .map_err(|error| why(&error, meaning))
    }

    /// Ends the task with its result.
    pub async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        let output = String::from_utf8(output.into()).map_err(|_| SourceError::Rejected {
            code: "InvalidOutput".to_owned(),
            message: "the output is not UTF-8".to_owned(),
        })?;
        let call = self
            .client
            .send_task_success()
            .task_token(token)
            .output(output);
        call.send()
            .await
            .map(drop)
            .map_err(|error| why(&error, meaning))
    }

    /// Ends the task with a failure.
    pub async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        let call = self
            .client
            .send_task_failure()
            .task_token(token)
            .error(error)
            .cause(cause);
        call.send()
            .await
            .map(drop)
            .map_err(|error| why(&error, meaning))
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
    tokens: TaskTokens,
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
        // With the Region given, nothing asks the instance metadata service for it, which costs
        // seconds where there is none; credentials in the environment are found before it, too.
        let shared = shared_config(Some(&arn.region)).await;
        Ok(ActivitySource {
            activity_arn: activity_arn.to_owned(),
            worker_name: worker_name.to_owned(),
            polls: client(&shared, poll_limits(POLL_READ_LIMIT)),
            tokens: TaskTokens {
                client: client(&shared, call_limits()),
            },
        })
    }
}

fn client(shared: &aws_config::SdkConfig, limits: TimeoutConfig) -> Client {
    let config = aws_sdk_sfn::config::Builder::from(shared)
        .timeout_config(limits)
        .build();
    Client::from_conf(config)
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
            .map_err(|error| why(&error, meaning))?;
        // No task is an answer with no token, a null token, or an empty one.
        let token = answer.task_token.filter(|token| !token.is_empty());
        Ok(token.map(|token| Task {
            token,
            input: answer.input.unwrap_or_default().into(),
        }))
    }

    async fn heartbeat(&self, token: &str) -> Result<(), SourceError> {
        self.tokens.heartbeat(token).await
    }

    async fn succeed(&self, token: &str, output: Bytes) -> Result<(), SourceError> {
        self.tokens.succeed(token, output).await
    }

    async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<(), SourceError> {
        self.tokens.fail(token, error, cause).await
    }
}

/// What an error of the service means for a worker.
fn meaning(status: u16, code: &str, message: &str) -> SourceError {
    match code {
        "TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken" => SourceError::TaskGone,
        "ActivityWorkerLimitExceeded" => SourceError::Throttled,
        _ => common_meaning(status, code, message),
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
