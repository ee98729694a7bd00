//! What the SDK and the services say → one of our errors.

use aws_smithy_types::error::display::DisplayErrorContext;

use super::JobsError;

/// Not a code of any service: it answered that all is well, and what it answered cannot be read.
pub(crate) const UNREADABLE: &str = "UnreadableAnswer";
/// The request's time is too far from the service's; the SDK signs the next one by the service's clock.
pub(super) const SKEWED: &str = "RequestTimeTooSkewed";

/// Codes that ask for fewer requests.
pub(super) const THROTTLES: [&str; 12] = [
    "SlowDown",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "EC2ThrottledException",
];

/// Codes of what may go well the next time. Two are about bytes that changed on their way to the service.
pub(super) const TRANSIENT: [&str; 12] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ConditionalRequestConflict",
    "OperationAborted",
    "BadDigest",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
    SKEWED,
    UNREADABLE,
];

/// What an answer without a readable code means: to a HEAD, or cut short on its way.
fn code_of_status(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDenied",
        404 => "NotFound",
        408 => "RequestTimeout",
        409 => "ConditionalRequestConflict",
        412 => "PreconditionFailed",
        429 => "TooManyRequestsException",
        200..=299 => UNREADABLE,
        503 => "ServiceUnavailable",
        500.. => "InternalError",
        _ => "Unknown",
    }
}

/// Turns an SDK error into ours: `operation` and `resource` are named in the sentence.
// By value: it is what `map_err` gives away.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn from_sdk<E>(
    error: aws_sdk_s3::error::SdkError<E>,
    target: &str,
    operation: &str,
    resource: &str,
) -> JobsError
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    use aws_sdk_s3::error::SdkError;
    match &error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let code = match context.err().code() {
                Some(code) if !code.is_empty() => code.to_owned(),
                _ => code_of_status(status).to_owned(),
            };
            // A code that nobody has listed here is still the service's own trouble.
            let listed = |code| THROTTLES.contains(&code) || TRANSIENT.contains(&code);
            let code = match status {
                500.. if !listed(code.as_str()) => code_of_status(status).to_owned(),
                _ => code,
            };
            let message = match context.err().message() {
                None if code == UNREADABLE => "what it answered cannot be read",
                message => message.unwrap_or_default(),
            };
            let message = message.to_owned();
            by_code(code, message, target, operation, resource)
        }
        SdkError::ConstructionFailure(_) => {
            let reason = format!("{}", DisplayErrorContext(&error));
            if reason.contains("redential") {
                credentials(target, &innermost(&error))
            } else {
                JobsError::Service {
                    operation: operation.to_owned(),
                    code: "InvalidRequest".to_owned(),
                    message: innermost(&error),
                }
            }
        }
        SdkError::DispatchFailure(failure) if failure.is_other() => {
            // A missing credential surfaces here, before anything is sent.
            let reason = innermost(&error);
            if format!("{}", DisplayErrorContext(&error)).contains("redential") {
                credentials(target, &reason)
            } else {
                JobsError::Unreachable {
                    target: target.to_owned(),
                    reason,
                }
            }
        }
        _ => JobsError::Unreachable {
            target: target.to_owned(),
            reason: innermost(&error),
        },
    }
}

/// What the credentials chain said. Its list of all the places where it looked is no sentence.
fn credentials(target: &str, reason: &str) -> JobsError {
    let target = target.to_owned();
    if reason.contains("no credentials found") {
        return JobsError::NoCredentials { target };
    }
    let reason = reason.lines().next().unwrap_or_default().to_owned();
    JobsError::Credentials { target, reason }
}

fn by_code(
    code: String,
    message: String,
    target: &str,
    operation: &str,
    resource: &str,
) -> JobsError {
    match code.as_str() {
        "AccessDenied" | "AccessDeniedException" | "Forbidden" => JobsError::AccessDenied {
            operation: operation.to_owned(),
            resource: resource.to_owned(),
        },
        "NoSuchBucket" => JobsError::NoSuchBucket {
            bucket: resource.to_owned(),
            target: target.to_owned(),
        },
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => {
            JobsError::Expired {
                target: target.to_owned(),
            }
        }
        "StateMachineDoesNotExist" => JobsError::NoSuchStateMachine {
            arn: resource.to_owned(),
        },
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "UnrecognizedClientException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature" => JobsError::Credentials {
            target: target.to_owned(),
            reason: if message.is_empty() { code } else { message },
        },
        _ => JobsError::Service {
            operation: operation.to_owned(),
            code,
            message,
        },
    }
}

/// The last error of the chain: the one that says "Connection refused".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut current = error;
    while let Some(next) = current.source() {
        current = next;
    }
    let text = current.to_string();
    // "Connection refused (os error 111)": the number helps nobody.
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
