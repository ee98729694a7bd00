//! What a Task state calls, read from its `Resource` field.

use serde::{Deserialize, Serialize};

/// The kinds of work that a Task state may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    /// Work that a worker fetches: `arn:aws:states:REGION:ACCOUNT:activity:NAME`.
    Activity {
        /// The activity's ARN.
        arn: String,
    },
    /// A Lambda function named directly: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`.
    LambdaFunction {
        /// The function's ARN, with its qualifier when there is one.
        arn: String,
    },
    /// A service integration: `arn:aws:states:::lambda:invoke`, `arn:aws:states:::aws-sdk:s3:putObject`.
    Service {
        /// The service, for example `lambda` or `s3`.
        service: String,
        /// The action, for example `invoke` or `putObject`, without the pattern.
        action: String,
        /// When the task counts as done.
        pattern: Pattern,
        /// Whether it is a plain API call (`aws-sdk:`) instead of an optimised integration.
        sdk: bool,
    },
}

/// When a service integration counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// When the call is answered.
    RequestResponse,
    /// When the job that was started has ended (`.sync`).
    Sync,
    /// The same, with an answer whose texts of JSON are JSON (`.sync:2`, of `startExecution` only).
    Sync2,
    /// When somebody answers with the task's token (`.waitForTaskToken`).
    WaitForTaskToken,
}

impl Pattern {
    /// Whether the task goes on after the call has been answered.
    #[must_use]
    pub fn waits(self) -> bool {
        self != Pattern::RequestResponse
    }
}

impl Resource {
    /// Reads an ARN; nothing when it names no kind of work.
    #[must_use]
    pub fn parse(arn: &str) -> Option<Resource> {
        let mut parts = arn.splitn(6, ':');
        if parts.next()? != "arn" || !parts.next()?.starts_with("aws") {
            return None;
        }
        let (service, region, account, rest) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        match service {
            "lambda" => {
                let name = rest.strip_prefix("function:")?;
                let named = !region.is_empty() && !account.is_empty() && !name.is_empty();
                named.then(|| Resource::LambdaFunction {
                    arn: arn.to_owned(),
                })
            }
            "states" if region.is_empty() && account.is_empty() => Resource::parse_service(rest),
            "states" => {
                let name = rest.strip_prefix("activity:")?;
                let named = !region.is_empty() && !account.is_empty() && !name.is_empty();
                named.then(|| Resource::Activity {
                    arn: arn.to_owned(),
                })
            }
            _ => None,
        }
    }

    fn parse_service(rest: &str) -> Option<Resource> {
        let (sdk, rest) = match rest.strip_prefix("aws-sdk:") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (service, action) = rest.split_once(':')?;
        let (action, pattern) = match action.split_once('.') {
            None => (action, Pattern::RequestResponse),
            Some((action, "sync")) => (action, Pattern::Sync),
            Some((action, "sync:2")) => (action, Pattern::Sync2),
            Some((action, "waitForTaskToken")) => (action, Pattern::WaitForTaskToken),
            Some(_) => return None,
        };
        let word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        (word(service) && word(action)).then(|| Resource::Service {
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
            sdk,
        })
    }

    /// `resourceType` of the history's Task events: `lambda`, `aws-sdk:s3`, `activity`.
    #[must_use]
    pub fn resource_type(&self) -> String {
        match self {
            Resource::Activity { .. } => "activity".to_owned(),
            Resource::LambdaFunction { .. } => "lambda".to_owned(),
            Resource::Service {
                service, sdk: true, ..
            } => format!("aws-sdk:{service}"),
            Resource::Service { service, .. } => service.clone(),
        }
    }

    /// `resource` of the history's events: the ARN of an activity or function, or the action with
    /// its pattern (`invoke`, `runTask.sync`).
    #[must_use]
    pub fn resource(&self) -> String {
        match self {
            Resource::Activity { arn } | Resource::LambdaFunction { arn } => arn.clone(),
            Resource::Service {
                action, pattern, ..
            } => match pattern {
                Pattern::RequestResponse => action.clone(),
                Pattern::Sync => format!("{action}.sync"),
                Pattern::Sync2 => format!("{action}.sync:2"),
                Pattern::WaitForTaskToken => format!("{action}.waitForTaskToken"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(service: &str, action: &str, pattern: Pattern, sdk: bool) -> Resource {
        let (service, action) = (service.to_owned(), action.to_owned());
        Resource::Service {
            service,
            action,
            pattern,
            sdk,
        }
    }

    #[test]
    fn arns_say_what_is_called() {
        use Pattern::{RequestResponse, Sync, Sync2, WaitForTaskToken};
        let activity = "arn:aws:states:us-east-1:000000000000:activity:whiteboarder-clean";
        let function = "arn:aws:lambda:us-east-1:000000000000:function:plan:live";
        let table = [
            (
                activity,
                Some(Resource::Activity {
                    arn: activity.to_owned(),
                }),
            ),
            (
                function,
                Some(Resource::LambdaFunction {
                    arn: function.to_owned(),
                }),
            ),
            (
                "arn:aws:states:::lambda:invoke",
                Some(service("lambda", "invoke", RequestResponse, false)),
            ),
            (
                "arn:aws:states:::aws-sdk:s3:putObject",
                Some(service("s3", "putObject", RequestResponse, true)),
            ),
            (
                "arn:aws-cn:states:::ecs:runTask.sync",
                Some(service("ecs", "runTask", Sync, false)),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                Some(service("states", "startExecution", Sync2, false)),
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                Some(service("sqs", "sendMessage", WaitForTaskToken, false)),
            ),
            ("arn:aws:states:::lambda", None),
            ("arn:aws:states:::lambda:", None),
            ("arn:aws:states:::lambda:invoke.later", None),
            ("arn:aws:states:us-east-1:000000000000:stateMachine:m", None),
            ("arn:aws:states:us-east-1:000000000000:activity:", None),
            ("arn:aws:s3:::bucket", None),
            ("${Arn}", None),
            ("", None),
        ];
        for (arn, expected) in table {
            assert_eq!(Resource::parse(arn), expected, "{arn}");
        }
    }

    #[test]
    fn history_names_come_back_out_of_them() {
        let resource = Resource::parse("arn:aws:states:::aws-sdk:s3:putObject").unwrap();
        assert_eq!(
            (resource.resource_type(), resource.resource()),
            ("aws-sdk:s3".into(), "putObject".into())
        );
        let resource = Resource::parse("arn:aws:states:::ecs:runTask.sync").unwrap();
        assert_eq!(
            (resource.resource_type(), resource.resource()),
            ("ecs".into(), "runTask.sync".into())
        );
    }
}
