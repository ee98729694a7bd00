//! What did a step's work, told from the event that asked for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::track::Place;
use crate::track::event::Event;

/// How the state machine asks a service, and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// The resource is the function's or activity's own ARN.
    #[default]
    Direct,
    /// The call's own answer is the result.
    Request,
    /// The end of the job that the call began (`.sync`, `.sync:2`).
    Sync,
    /// Somebody sends the task token back (`.waitForTaskToken`).
    TaskToken,
}

/// What did a step's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Compute {
    /// A Lambda function.
    Lambda {
        /// Its ARN or name.
        function: String,
        /// By its ARN, or through `lambda:invoke`.
        #[serde(default)]
        pattern: Pattern,
    },
    /// A task on ECS that the state machine runs.
    Ecs {
        /// The cluster, as the request names it.
        cluster: String,
        /// The task definition, as the request names it.
        task_definition: String,
        /// `FARGATE`, `EC2`; empty when the request does not say.
        launch_type: String,
        /// What is waited for. [`Pattern::Request`] means that success is only that the task was accepted.
        pattern: Pattern,
        /// ARN of the task, once the service has answered.
        task: Option<String>,
    },
    /// Another state machine.
    Execution {
        /// Its ARN, as the request names it.
        machine: String,
        /// What is waited for.
        pattern: Pattern,
        /// ARN of the execution, once the service has answered.
        child: Option<String>,
    },
    /// A worker that polls an activity.
    Activity {
        /// Its ARN.
        activity: String,
    },
    /// A plain call of a service: `aws-sdk:s3`, `putObject`.
    Service {
        /// The service.
        service: String,
        /// The action.
        action: String,
    },
}

impl Compute {
    /// The lane, of computes that are lanes.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Lambda { .. } => Some(Place::Lambda),
            Self::Activity { .. } | Self::Ecs { .. } => Some(Place::Ecs),
            Self::Execution { .. } | Self::Service { .. } => None,
        }
    }

    /// Whether success is only that the job was accepted: how it went, and how long it took, nobody waits for.
    #[must_use]
    pub fn is_only_asked(&self) -> bool {
        matches!(
            self,
            Self::Ecs {
                pattern: Pattern::Request,
                ..
            } | Self::Execution {
                pattern: Pattern::Request,
                ..
            }
        )
    }

    /// Name of a Lambda function: of `arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER`, or what stands there alone.
    #[must_use]
    pub fn function_name(&self) -> Option<&str> {
        let Self::Lambda { function, .. } = self else {
            return None;
        };
        let name = function
            .split_once(":function:")
            .map_or(function.as_str(), |(_, name)| name);
        Some(name.split(':').next().unwrap_or(name))
    }

    /// Name of an activity: the end of its ARN.
    #[must_use]
    pub fn activity_name(&self) -> Option<&str> {
        match self {
            Self::Activity { activity } => activity.rsplit(':').next(),
            _ => None,
        }
    }

    /// Of an event that asks for work.
    pub(super) fn of(event: &Event) -> Self {
        let resource = event.resource.clone().unwrap_or_default();
        if event.kind == "ActivityScheduled" {
            return Self::Activity { activity: resource };
        }
        if event.kind == "LambdaFunctionScheduled" {
            return Self::Lambda {
                function: resource,
                pattern: Pattern::Direct,
            };
        }
        let (action, waits) = resource.split_once('.').unwrap_or((&resource, ""));
        let pattern = match waits {
            "waitForTaskToken" => Pattern::TaskToken,
            waits if waits.starts_with("sync") => Pattern::Sync,
            _ => Pattern::Request,
        };
        let request = || Request::read(event.parameters.as_deref());
        match (event.resource_type.as_deref(), action) {
            (Some("lambda"), "invoke") => Self::Lambda {
                function: text(request().function_name),
                pattern,
            },
            (Some("ecs"), "runTask") => {
                let request = request();
                Self::Ecs {
                    cluster: text(request.cluster),
                    task_definition: text(request.task_definition),
                    launch_type: text(request.launch_type),
                    pattern,
                    task: None,
                }
            }
            (Some("states"), "startExecution") => Self::Execution {
                machine: text(request().state_machine_arn),
                pattern,
                child: None,
            },
            (service, _) => Self::Service {
                service: service.unwrap_or_default().to_owned(),
                action: resource,
            },
        }
    }

    /// Takes in what the service, or the end of the job, said: what it is that runs, if that is not known yet.
    ///
    /// The result of a callback is somebody's own, and is not read.
    pub(super) fn answered(&mut self, event: &Event) {
        let callback = event.kind != "TaskSubmitted";
        let (runs, pattern) = match self {
            Self::Ecs { task, pattern, .. } => (task, *pattern),
            Self::Execution { child, pattern, .. } => (child, *pattern),
            _ => return,
        };
        if runs.is_some() || (callback && pattern == Pattern::TaskToken) {
            return;
        }
        let said = event.output.as_deref().or(event.cause.as_deref());
        let Some(said) = said.and_then(|said| serde_json::from_str::<Answer>(said).ok()) else {
            return;
        };
        let first = said.tasks.and_then(|tasks| tasks.into_iter().next());
        let first = first.and_then(|task| task.task_arn);
        *runs = said.execution_arn.or(first).or(said.task_arn);
    }
}

/// The fields of a request that tell what computes. The rest, which may be large, is skipped.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Request {
    function_name: Value,
    cluster: Value,
    task_definition: Value,
    launch_type: Value,
    state_machine_arn: Value,
}

impl Request {
    fn read(parameters: Option<&str>) -> Self {
        let read = parameters.and_then(|parameters| serde_json::from_str(parameters).ok());
        read.unwrap_or_default()
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        _ => String::new(),
    }
}

/// What an answer, a job's description or its cause of failure names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    task_arn: Option<String>,
    execution_arn: Option<String>,
    tasks: Option<Vec<Task>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    task_arn: Option<String>,
}
