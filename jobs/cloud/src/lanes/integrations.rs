//! The services that Task states can call: Lambda (both ways to name it), ECS, S3, SQS, EventBridge and SNS. Activities
//! and nested executions are the engine's own.
//!
//! | Resource | parameters | result |
//! |---|---|---|
//! | `arn:aws:states:::lambda:invoke` | `FunctionName`, `Payload`, `Qualifier` | `{"ExecutedVersion","Payload","SdkHttpMetadata","StatusCode"}` |
//! | a function's ARN | the payload | the function's answer |
//! | `arn:aws:states:::ecs:runTask` | see `tasks` | `{"Failures","Tasks",…}`; with `.sync` the task after its end |
//! | `arn:aws:states:::aws-sdk:s3:…` | see `s3_calls` | as the SDK answers |
//! | `arn:aws:states:::sqs:…`, `events:…`, `sns:…` | see `message_calls` | as the service answers |

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use loveless::Invocation;
use serde_json::{Map, Value, json};
use states_language::{ItemReader, Items, MapRunError, Pattern, Resource, ResultFile, TaskRequest};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::message_calls::{self, Messages};
use super::s3_calls::{self, S3Calls};
use crate::lanes::{FunctionError, LambdaLane, LaneError, TaskLane};
use crate::s3::ObjectStore;
use crate::states::{CallContext, Integrations, Started, TaskError, TaskKey};

/// Causes are cut to this many bytes, as Step Functions does.
const MAX_CAUSE: usize = 32_768;

/// Serves the calls of Task states.
pub(crate) struct ServiceIntegrations {
    lambda: Arc<LambdaLane>,
    store: Arc<ObjectStore>,
    messages: Arc<Messages>,
    tasks: Arc<TaskLane>,
    drain: CancellationToken,
}

impl ServiceIntegrations {
    /// After `drain` is cancelled no call begins any more: it waits, has no answer when the engine closes, and is
    /// made by the next start.
    pub(crate) fn new(
        lambda: Arc<LambdaLane>,
        store: Arc<ObjectStore>,
        messages: Arc<Messages>,
        tasks: Arc<TaskLane>,
        drain: CancellationToken,
    ) -> Self {
        Self {
            lambda,
            store,
            messages,
            tasks,
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
}

#[async_trait]
impl Integrations for ServiceIntegrations {
    fn supports(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Activity { .. } | Resource::LambdaFunction { .. } => true,
            Resource::Service {
                service,
                action,
                pattern,
                sdk,
            } => match (service.as_str(), *pattern) {
                ("lambda", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
                    action == "invoke" && !sdk
                }
                ("ecs", pattern) => action == "runTask" && !sdk && pattern != Pattern::Sync2,
                // Readers and writers of Maps name the same actions without `aws-sdk:`.
                ("s3", Pattern::RequestResponse) => s3_calls::supports(action),
                (service, pattern) => message_calls::supports(service, action, pattern, *sdk),
            },
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
            Resource::Service {
                service, pattern, ..
            } if service == "ecs" => {
                let waited_for = *pattern == Pattern::Sync;
                self.tasks
                    .run(parameters(request)?, context, waited_for)
                    .await
            }
            Resource::Service {
                service,
                action,
                sdk,
                ..
            } if service != "s3" => {
                let resource = (service.as_str(), action.as_str(), *sdk);
                let parameters = parameters(request)?;
                self.messages.call(resource, parameters, context).await
            }
            Resource::Service { action, .. } => {
                let calls = S3Calls { store: &self.store };
                calls.call(action, &parameters(request)?).await
            }
            Resource::Activity { arn } => {
                let message = format!("{arn} is an activity and has no service to call");
                Err(task_error("States.Runtime", &message))
            }
        }
    }

    fn follows(&self, resource: &Resource) -> bool {
        matches!(
            resource,
            Resource::Service {
                pattern: Pattern::Sync,
                ..
            }
        )
    }

    async fn outcome(
        &self,
        _request: &TaskRequest,
        context: &CallContext,
    ) -> Result<String, TaskError> {
        self.tasks.end(context.task).await
    }

    fn forget(&self, task: TaskKey) {
        self.tasks.forget(task);
    }

    async fn read_items(&self, reader: &ItemReader) -> Result<Items, MapRunError> {
        S3Calls { store: &self.store }.items(reader).await
    }

    async fn write_result(&self, bucket: &str, file: ResultFile) -> Result<(), MapRunError> {
        S3Calls { store: &self.store }.write(bucket, file).await
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
