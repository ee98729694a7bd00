//! The services that Task states can call: Lambda (both ways to name it) and S3's `PutObject`. Activities are the
//! engine's own.
//!
//! | Resource | parameters | result |
//! |---|---|---|
//! | `arn:aws:states:::lambda:invoke` | `FunctionName`, `Payload`, `Qualifier` | `{"ExecutedVersion","Payload","SdkHttpMetadata","StatusCode"}` |
//! | a function's ARN | the payload | the function's answer |
//! | `arn:aws:states:::aws-sdk:s3:putObject` | `Bucket`, `Key`, `Body`, `ContentType`, `Metadata` | `{"ETag", …}` |

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use loveless::Invocation;
use serde_json::{Map, Value, json};
use states_language::{Pattern, Resource, TaskRequest};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::lanes::{FunctionError, LambdaLane, LaneError};
use crate::s3::{ObjectStore, StoreError};
use crate::states::{CallContext, Integrations, Started, TaskError};

/// Causes are cut to this many bytes, as Step Functions does.
const MAX_CAUSE: usize = 32_768;

/// Serves the calls of Task states.
pub(crate) struct ServiceIntegrations {
    lambda: Arc<LambdaLane>,
    store: Arc<ObjectStore>,
    drain: CancellationToken,
}

impl ServiceIntegrations {
    /// After `drain` is cancelled no call begins any more: it waits, has no answer when the engine closes, and is
    /// made by the next start.
    pub(crate) fn new(
        lambda: Arc<LambdaLane>,
        store: Arc<ObjectStore>,
        drain: CancellationToken,
    ) -> Self {
        Self {
            lambda,
            store,
            drain,
        }
    }

    async fn lambda_invoke(
        &self,
        request: &TaskRequest,
        started: &Started,
    ) -> Result<String, TaskError> {
        let parameters = parameters(request)?;
        let Some(function) = parameters.get("FunctionName").and_then(Value::as_str) else {
            started.tell();
            return Err(invalid_parameter("The field 'FunctionName' is required"));
        };
        let mut reference = function.to_owned();
        if let Some(qualifier) = parameters.get("Qualifier").and_then(Value::as_str) {
            reference = format!("{reference}:{qualifier}");
        }
        if let Some(kind) = parameters.get("InvocationType").and_then(Value::as_str)
            && kind != "RequestResponse"
        {
            started.tell();
            let message = format!("InvocationType {kind} is not implemented by this local cloud");
            return Err(invalid_parameter(&message));
        }
        let payload = parameters.get("Payload").unwrap_or(&Value::Null);
        let payload = match payload {
            Value::Null => Bytes::new(),
            payload => Bytes::from(payload.to_string()),
        };
        let (id, answer) = self.invoke(&reference, payload, started).await?;
        let size = answer.len();
        // A function may answer with text that is no JSON; then it is a string here, as on AWS.
        let payload = serde_json::from_slice(&answer)
            .unwrap_or_else(|_| String::from_utf8_lossy(&answer).into());
        Ok(invoke_result(&id, size, &payload).to_string())
    }

    async fn lambda_arn(
        &self,
        arn: &str,
        request: &TaskRequest,
        started: &Started,
    ) -> Result<String, TaskError> {
        let payload = Bytes::copy_from_slice(request.input.as_bytes());
        let (_, answer) = self.invoke(arn, payload, started).await?;
        String::from_utf8(answer.to_vec())
            .map_err(|_| task_error("States.Runtime", "The function's answer is not UTF-8"))
    }

    async fn invoke(
        &self,
        reference: &str,
        payload: Bytes,
        started: &Started,
    ) -> Result<(String, Bytes), TaskError> {
        let name = self.lambda.resolve(reference).map_err(|error| {
            started.tell();
            lane_error(&error)
        })?;
        let invocation = Invocation::new(crate::lanes::lambda::event_or_empty(payload));
        let id = invocation.request_id.clone();
        let completed = self
            .lambda
            .invoke_in_turn(&name, invocation, || started.tell());
        match completed.await {
            Ok(completed) => match completed.result {
                Ok(answer) => Ok((id, answer)),
                Err(error) => Err(function_error(&error)),
            },
            // The lane closes with the cloud: the call has no answer, and is made again.
            Err(LaneError::Throttled) if self.drain.is_cancelled() => std::future::pending().await,
            Err(error) => Err(lane_error(&error)),
        }
    }

    async fn put_object(&self, request: &TaskRequest) -> Result<String, TaskError> {
        let parameters = parameters(request)?;
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let known = ["Bucket", "Key", "Body", "ContentType", "Metadata"];
        if let Some(unknown) = parameters
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            let message = format!("The field '{unknown}' is not supported by this local cloud");
            return Err(task_error("States.Runtime", &message));
        }
        let (Some(bucket), Some(key)) = (text("Bucket"), text("Key")) else {
            return Err(task_error(
                "States.Runtime",
                "The fields 'Bucket' and 'Key' are required",
            ));
        };
        // Objects are written as JSON, text as it is.
        let body = match parameters.get("Body") {
            None | Some(Value::Null) => Bytes::new(),
            Some(Value::String(text)) => Bytes::from(text.clone()),
            Some(body) => Bytes::from(body.to_string()),
        };
        let metadata: BTreeMap<String, String> = parameters
            .get("Metadata")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                (name.to_lowercase(), value)
            })
            .collect();
        let put = self
            .store
            .put_object(bucket, key, body, text("ContentType"), metadata)
            .await
            .map_err(|error| s3_error(&error))?;
        Ok(json!({
            "ETag": format!("\"{}\"", put.etag),
            "ChecksumCRC64NVME": put.checksum_crc64nvme,
            "ChecksumType": "FULL_OBJECT",
            "ServerSideEncryption": "AES256",
        })
        .to_string())
    }
}

#[async_trait]
impl Integrations for ServiceIntegrations {
    fn supports(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Activity { .. } | Resource::LambdaFunction { .. } => true,
            Resource::Service {
                service,
                action,
                pattern: Pattern::RequestResponse,
                sdk,
            } => matches!(
                (service.as_str(), action.as_str(), sdk),
                ("lambda", "invoke", false) | ("s3", "putObject", true)
            ),
            Resource::Service { .. } => false,
        }
    }

    /// Calls of functions wait in the lane until a process is free.
    fn queues(&self, resource: &Resource) -> bool {
        match resource {
            Resource::LambdaFunction { .. } => true,
            Resource::Service { service, .. } => service == "lambda",
            Resource::Activity { .. } => false,
        }
    }

    async fn call(
        &self,
        request: &TaskRequest,
        context: &CallContext,
    ) -> Result<String, TaskError> {
        if self.drain.is_cancelled() {
            return std::future::pending().await;
        }
        match &request.resource {
            Resource::LambdaFunction { arn } => {
                self.lambda_arn(arn, request, &context.started).await
            }
            Resource::Service { service, .. } if service == "lambda" => {
                self.lambda_invoke(request, &context.started).await
            }
            Resource::Service { .. } => self.put_object(request).await,
            Resource::Activity { arn } => {
                let message = format!("{arn} is an activity and has no service to call");
                Err(task_error("States.Runtime", &message))
            }
        }
    }
}

fn parameters(request: &TaskRequest) -> Result<Map<String, Value>, TaskError> {
    serde_json::from_str(&request.input)
        .map_err(|_| task_error("States.Runtime", "The Parameters are not a JSON object"))
}

fn task_error(error: &str, cause: &str) -> TaskError {
    TaskError {
        error: error.to_owned(),
        cause: cause.to_owned(),
    }
}

fn invalid_parameter(message: &str) -> TaskError {
    task_error("Lambda.InvalidParameterValueException", message)
}

/// A function's own failure: its name, and the error JSON as text.
fn function_error(error: &FunctionError) -> TaskError {
    let mut cause = String::from_utf8_lossy(&error.body).into_owned();
    if cause.len() > MAX_CAUSE {
        cause.truncate(cause.floor_char_boundary(MAX_CAUSE));
    }
    TaskError {
        error: error.error_type.clone(),
        cause,
    }
}

fn lane_error(error: &LaneError) -> TaskError {
    let id = uuid::Uuid::new_v4();
    let (name, status) = match error {
        LaneError::NotFound { .. } => ("Lambda.ResourceNotFoundException", 404),
        LaneError::Throttled => ("Lambda.TooManyRequestsException", 429),
    };
    let cause = format!("{error} (Service: Lambda, Status Code: {status}, Request ID: {id})");
    task_error(name, &cause)
}

/// `NoSuchBucket` is `S3.NoSuchBucketException` for Retry and Catch.
fn s3_error(error: &StoreError) -> TaskError {
    let id = uuid::Uuid::new_v4();
    let name = format!("S3.{}Exception", error.code());
    let cause = format!("{error} (Service: S3, Request ID: {id})");
    task_error(&name, &cause)
}

/// The result of `lambda:invoke`, in the shape that AWS gives it.
fn invoke_result(id: &str, size: usize, payload: &Value) -> Value {
    let date = http_date(OffsetDateTime::now_utc());
    let size = size.to_string();
    json!({
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "X-Amz-Executed-Version": ["$LATEST"],
                "x-amzn-RequestId": [id],
                "Connection": ["keep-alive"],
                "Content-Length": [size],
                "Date": [date],
                "Content-Type": ["application/json"],
            },
            "HttpHeaders": {
                "Connection": "keep-alive",
                "Content-Length": size,
                "Content-Type": "application/json",
                "Date": date,
                "X-Amz-Executed-Version": "$LATEST",
                "x-amzn-RequestId": id,
            },
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": id},
        "StatusCode": 200,
    })
}

fn http_date(at: OffsetDateTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    at.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cause_is_cut_at_a_character() {
        let error = FunctionError {
            error_type: "ImageCorrupt".to_owned(),
            body: Bytes::from("é".repeat(MAX_CAUSE)),
        };
        let error = function_error(&error);
        assert_eq!(error.error, "ImageCorrupt");
        assert_eq!(error.cause.len(), MAX_CAUSE);
    }

    #[test]
    fn the_result_of_an_invocation_has_amazons_shape() {
        let result = invoke_result("id", 2, &json!({}));
        assert_eq!(result["StatusCode"], 200);
        assert_eq!(result["ExecutedVersion"], "$LATEST");
        assert_eq!(result["Payload"], json!({}));
        assert_eq!(result["SdkHttpMetadata"]["HttpStatusCode"], 200);
    }
}
