//! What a Task state asks `RunTask` for, checked against the stack.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::{CloudConfig, TaskDefinition};

/// What ECS takes of overrides, as JSON, in characters.
const MAX_OVERRIDES: usize = 8_192;

/// The cluster that is meant when none is named. It is always there.
const DEFAULT_CLUSTER: &str = "default";

/// Task definitions and clusters of a stack.
pub(super) struct Catalogue {
    pub(super) region: String,
    pub(super) account: String,
    clusters: Vec<String>,
    pub(super) definitions: Vec<TaskDefinition>,
}

/// A task that can be run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) family: String,
    pub(super) container: String,
    pub(super) cluster: String,
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) stop_timeout: Duration,
    pub(super) overrides: Overrides,
    pub(super) group: String,
    pub(super) launch_type: String,
    pub(super) started_by: Option<String>,
    pub(super) tags: Value,
}

/// Why a task is not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Cluster not found.")]
    ClusterNotFound,
    #[error("TaskDefinition not found.")]
    DefinitionNotFound,
    #[error("{0}")]
    Invalid(String),
    #[error("The Parameters '{parameters}' could not be used to start the Task: [{reason}]")]
    Unreadable { parameters: String, reason: String },
    #[error("{0}")]
    Server(String),
}

impl Refusal {
    /// The service's name for it with the HTTP status; none when the parameters do not reach the service.
    pub(super) fn code(&self) -> Option<(&'static str, u16)> {
        match self {
            Self::ClusterNotFound => Some(("ClusterNotFoundException", 400)),
            Self::DefinitionNotFound | Self::Invalid(_) => Some(("InvalidParameterException", 400)),
            Self::Unreadable { .. } => None,
            Self::Server(_) => Some(("ServerException", 500)),
        }
    }
}

/// The parameters of `RunTask`. Those that place and connect a task mean nothing on one machine; they are known, so
/// that a misspelt one is not taken for one of them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(dead_code)]
struct Parameters {
    task_definition: String,
    cluster: Option<String>,
    count: Option<i64>,
    overrides: Option<Overrides>,
    group: Option<String>,
    launch_type: Option<String>,
    started_by: Option<String>,
    tags: Option<Vec<Map<String, Value>>>,
    capacity_provider_strategy: Option<Value>,
    client_token: Option<String>,
    #[serde(rename = "EnableECSManagedTags")]
    enable_ecs_managed_tags: Option<bool>,
    enable_execute_command: Option<bool>,
    network_configuration: Option<Value>,
    placement_constraints: Option<Value>,
    placement_strategy: Option<Value>,
    platform_version: Option<String>,
    propagate_tags: Option<String>,
    reference_id: Option<String>,
    volume_configurations: Option<Value>,
}

/// What a run changes of its definition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Overrides {
    #[serde(rename = "ContainerOverrides")]
    containers: Vec<ContainerOverride>,
    #[serde(rename = "InferenceAcceleratorOverrides")]
    accelerators: Vec<Value>,
    /// `Cpu`, `Memory`, roles, storage: told, and without meaning here.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What a run changes of a container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ContainerOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    environment: Vec<Variable>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Variable {
    name: String,
    value: String,
}

impl Catalogue {
    pub(super) fn new(config: &CloudConfig) -> Self {
        Self {
            region: config.region.clone(),
            account: config.account.clone(),
            clusters: config.stack.clusters.clone(),
            definitions: config.stack.task_definitions.clone(),
        }
    }

    /// `arn:aws:ecs:REGION:ACCOUNT:` and what follows.
    pub(super) fn arn(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{rest}", self.region, self.account)
    }

    /// What these parameters ask for.
    pub(super) fn plan(&self, parameters: Map<String, Value>) -> Result<Plan, Refusal> {
        let text = Value::Object(parameters);
        let asked = Parameters::deserialize(&text).map_err(|error| Refusal::Unreadable {
            parameters: text.to_string(),
            reason: error.to_string(),
        })?;
        let cluster = self.cluster(asked.cluster.as_deref())?;
        let definition = self.definition(&asked.task_definition)?;
        if asked.count.is_some_and(|count| count != 1) {
            let words = "Count must be 1: this local cloud runs one task for one state";
            return Err(Refusal::Invalid(words.to_owned()));
        }
        let launch_type = asked.launch_type.unwrap_or_else(|| "FARGATE".to_owned());
        if !["EC2", "FARGATE", "EXTERNAL"].contains(&launch_type.as_str()) {
            let words = format!("Launch type {launch_type} is none of EC2, FARGATE, EXTERNAL.");
            return Err(Refusal::Invalid(words));
        }
        let overrides = asked.overrides.unwrap_or_default();
        if serde_json::to_string(&overrides).map_or(0, |text| text.chars().count()) > MAX_OVERRIDES
        {
            let words = format!("Container Overrides length must be at most {MAX_OVERRIDES}");
            return Err(Refusal::Invalid(words));
        }
        let mut arguments = definition.command.clone();
        let mut environment = definition.env.clone();
        for container in &overrides.containers {
            let name = container.name.as_deref();
            if name != Some(&definition.container) {
                return Err(Refusal::Invalid(format!(
                    "Override for container named {} is not a container in the TaskDefinition.",
                    name.unwrap_or("null")
                )));
            }
            if let Some(command) = &container.command {
                arguments.clone_from(command);
            }
            let variables = container.environment.iter();
            environment.extend(variables.map(|set| (set.name.clone(), set.value.clone())));
        }
        let mut command = definition.entry_point.clone();
        command.extend(arguments);
        Ok(Plan {
            cluster,
            command,
            environment,
            overrides,
            launch_type,
            group: asked
                .group
                .unwrap_or_else(|| format!("family:{}", definition.family)),
            family: definition.family.clone(),
            container: definition.container.clone(),
            stop_timeout: definition.stop_timeout,
            started_by: asked.started_by,
            tags: asked
                .tags
                .map_or_else(|| Value::Array(Vec::new()), Into::into),
        })
    }

    /// A cluster by its name or ARN.
    fn cluster(&self, named: Option<&str>) -> Result<String, Refusal> {
        let named = named.unwrap_or(DEFAULT_CLUSTER);
        let name = named.strip_prefix(&self.arn("cluster/")).unwrap_or(named);
        let known = name == DEFAULT_CLUSTER || self.clusters.iter().any(|cluster| cluster == name);
        known
            .then(|| name.to_owned())
            .ok_or(Refusal::ClusterNotFound)
    }

    /// A definition by `FAMILY`, `FAMILY:REVISION` or its ARN. There is one revision of each, the first.
    fn definition(&self, named: &str) -> Result<&TaskDefinition, Refusal> {
        let short = named
            .strip_prefix(&self.arn("task-definition/"))
            .unwrap_or(named);
        let family = match short.split_once(':') {
            Some((family, "1")) => family,
            Some(_) => return Err(Refusal::DefinitionNotFound),
            None => short,
        };
        let mut known = self.definitions.iter();
        known
            .find(|definition| definition.family == family)
            .ok_or(Refusal::DefinitionNotFound)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn catalogue() -> Catalogue {
        Catalogue {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            clusters: vec!["work".into()],
            definitions: vec![TaskDefinition {
                family: "render".into(),
                container: "main".into(),
                entry_point: vec!["render".into(), "--fast".into()],
                command: vec!["all".into()],
                env: [("A", "1"), ("B", "2")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                concurrency: 1,
                stop_timeout: Duration::from_secs(30),
            }],
        }
    }

    fn plan(parameters: &Value) -> Result<Plan, Refusal> {
        catalogue().plan(parameters.as_object().unwrap().clone())
    }

    #[test]
    fn a_definition_is_run_as_it_is_or_with_what_a_run_overrides() {
        let plain = plan(&json!({ "TaskDefinition": "render" })).unwrap();
        assert_eq!(plain.command, ["render", "--fast", "all"]);
        assert_eq!(
            (plain.cluster.as_str(), plain.group.as_str()),
            ("default", "family:render")
        );
        let changed = plan(&json!({
            "Cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/work",
            "TaskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/render:1",
            "LaunchType": "EC2",
            "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": ["subnet-1"] } },
            "Overrides": { "Cpu": "256", "ContainerOverrides": [{
                "Name": "main",
                "Command": ["one", "two"],
                "Environment": [{ "Name": "B", "Value": "3" }, { "Name": "C", "Value": "" }],
            }] },
        }))
        .unwrap();
        assert_eq!(changed.cluster, "work");
        assert_eq!(changed.command, ["render", "--fast", "one", "two"]);
        let environment: Vec<_> = changed.environment.values().map(String::as_str).collect();
        assert_eq!(environment, ["1", "3", ""]);
        assert_eq!(
            serde_json::to_value(changed.overrides).unwrap()["Cpu"],
            "256"
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused_by_its_name() {
        let long = "x".repeat(MAX_OVERRIDES);
        let container = |container: Value| json!({ "TaskDefinition": "render", "Overrides": { "ContainerOverrides": [container] } });
        let table = [
            (
                json!({ "TaskDefinition": "render", "Cluster": "none" }),
                Some("ClusterNotFoundException"),
                "Cluster not found.",
            ),
            (
                json!({ "TaskDefinition": "paint" }),
                Some("InvalidParameterException"),
                "TaskDefinition not found.",
            ),
            (
                json!({ "TaskDefinition": "render:2" }),
                Some("InvalidParameterException"),
                "TaskDefinition not found.",
            ),
            (
                json!({ "TaskDefinition": "render", "Count": 2 }),
                Some("InvalidParameterException"),
                "Count must be 1",
            ),
            (
                json!({ "TaskDefinition": "render", "LaunchType": "LAPTOP" }),
                Some("InvalidParameterException"),
                "LAPTOP",
            ),
            (
                container(json!({ "Name": "side", "Command": [] })),
                Some("InvalidParameterException"),
                "container named side",
            ),
            (
                container(json!({ "Name": "main", "Command": [long] })),
                Some("InvalidParameterException"),
                "at most 8192",
            ),
            (
                container(json!({ "Name": "main", "Environment": [{ "Name": "N", "Value": 5 }] })),
                None,
                "expected a string",
            ),
            (json!({ "Cluster": "work" }), None, "TaskDefinition"),
            (
                json!({ "TaskDefinition": "render", "Clutser": "work" }),
                None,
                "Clutser",
            ),
        ];
        for (parameters, code, words) in table {
            let refused = plan(&parameters).unwrap_err();
            assert_eq!(refused.code().map(|(code, _)| code), code, "{parameters}");
            assert!(refused.to_string().contains(words), "{refused}");
        }
    }
}
