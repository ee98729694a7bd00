//! A task as AWS describes it, from `PROVISIONING` to `STOPPED`.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::request::{Catalogue, Plan};
use crate::states::CallContext;

/// What a shell and a container runtime add to the number of the signal that ended a process.
const SIGNAL_BASE: i32 = 128;

/// The description of one task, in the names and with the times (milliseconds since the epoch) of the integration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record(Map<String, Value>);

/// How a task ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'a> {
    /// Its process ended.
    Exited(ExitStatus),
    /// Its process could not be started, for this reason.
    NotStarted(&'a str),
    /// The state that waited for it does not any more.
    Stopped(Option<ExitStatus>),
    /// The cloud ended before it.
    Host,
}

impl Record {
    /// A task that has been accepted.
    pub(super) fn new(
        plan: &Plan,
        catalogue: &Catalogue,
        context: &CallContext,
        now_ms: i64,
    ) -> Self {
        let id = || Uuid::new_v4().simple().to_string();
        let (cluster, family) = (&plan.cluster, &plan.family);
        let arn = catalogue.arn(&format!("task/{cluster}/{}", id()));
        let container = catalogue.arn(&format!("container/{cluster}/{}", id()));
        let architecture = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            other => other,
        };
        let task = json!({
            "Attachments": [],
            "Attributes": [{ "Name": "ecs.cpu-architecture", "Value": architecture }],
            "AvailabilityZone": format!("{}a", context.region),
            "ClusterArn": catalogue.arn(&format!("cluster/{cluster}")),
            "Containers": [{
                "ContainerArn": container,
                "GpuIds": [],
                "LastStatus": "PENDING",
                "ManagedAgents": [],
                "Name": plan.container,
                "NetworkBindings": [],
                "NetworkInterfaces": [],
                "TaskArn": arn,
            }],
            "CreatedAt": now_ms,
            "DesiredStatus": "RUNNING",
            "EnableExecuteCommand": false,
            "Group": plan.group,
            "InferenceAccelerators": [],
            "LastStatus": "PROVISIONING",
            "LaunchType": plan.launch_type,
            "Overrides": plan.overrides,
            "StartedBy": plan.started_by,
            "Tags": plan.tags,
            "TaskArn": arn,
            "TaskDefinitionArn": catalogue.arn(&format!("task-definition/{family}:1")),
            "Version": 1,
        });
        let mut record = Self::from_value(task).unwrap_or_else(|| Self(Map::new()));
        record.0.retain(|_, value| !value.is_null());
        record
    }

    /// One that was written down; nothing when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::from_value(serde_json::from_str(text).ok()?)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    pub(super) fn task(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(super) fn arn(&self) -> &str {
        self.text("TaskArn")
    }

    pub(super) fn family(&self) -> &str {
        let definition = self.text("TaskDefinitionArn");
        let family = definition.rsplit('/').next().unwrap_or_default();
        family.split(':').next().unwrap_or_default()
    }

    /// Its process runs.
    pub(super) fn started(&mut self, process: i32, now_ms: i64) {
        for moment in [
            "PullStartedAt",
            "PullStoppedAt",
            "ConnectivityAt",
            "StartedAt",
        ] {
            self.set(moment, now_ms);
        }
        self.set("Connectivity", "CONNECTED");
        self.change("RUNNING");
        self.container("RuntimeId", process.to_string());
    }

    /// It is over.
    pub(super) fn stopped(&mut self, end: End<'_>, now_ms: i64) {
        let (code, reason, status) = match end {
            End::Exited(status) => (
                "EssentialContainerExited",
                "Essential container in task exited".to_owned(),
                Some(status),
            ),
            End::NotStarted(reason) => (
                "TaskFailedToStart",
                format!("CannotStartContainerError: {reason}"),
                None,
            ),
            End::Stopped(status) => (
                "UserInitiated",
                "Task stopped by AWS Step Functions".to_owned(),
                status,
            ),
            End::Host => (
                "TerminationNotice",
                "The local cloud that ran the task ended.".to_owned(),
                None,
            ),
        };
        for moment in ["StoppingAt", "ExecutionStoppedAt", "StoppedAt"] {
            self.set(moment, now_ms);
        }
        self.set("DesiredStatus", "STOPPED");
        self.set("StopCode", code);
        if let Some(status) = status {
            self.container("ExitCode", exit_code(status));
        }
        if matches!(end, End::NotStarted(_)) {
            self.container("Reason", reason.as_str());
        }
        self.set("StoppedReason", reason);
        self.change("STOPPED");
    }

    /// Whether its container ended by itself, with 0.
    pub(super) fn ended_well(&self) -> bool {
        let container = self.0.get("Containers").and_then(|all| all.get(0));
        self.text("StopCode") == "EssentialContainerExited"
            && container.and_then(|container| container.get("ExitCode")) == Some(&json!(0))
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn change(&mut self, status: &str) {
        self.set("LastStatus", status);
        self.container("LastStatus", status);
        let version = self.0.get("Version").and_then(Value::as_i64).unwrap_or(0);
        self.set("Version", version + 1);
    }

    fn container(&mut self, name: &str, value: impl Into<Value>) {
        let container = self.0.get_mut("Containers").and_then(|all| all.get_mut(0));
        if let Some(Value::Object(container)) = container {
            container.insert(name.to_owned(), value.into());
        }
    }
}

/// As JSON.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(&self.0).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    let signal = status.signal().unwrap_or_default();
    status.code().unwrap_or(SIGNAL_BASE + signal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// As `wait` gives them: the exit code in the second byte, the signal in the first.
    fn status(code: i32, signal: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8 | signal)
    }

    #[test]
    fn a_task_tells_how_it_ended() {
        let table = [
            (
                End::Exited(status(0, 0)),
                true,
                "EssentialContainerExited",
                json!(0),
            ),
            (
                End::Exited(status(3, 0)),
                false,
                "EssentialContainerExited",
                json!(3),
            ),
            (
                End::Exited(status(0, 9)),
                false,
                "EssentialContainerExited",
                json!(137),
            ),
            (
                End::Stopped(Some(status(0, 0))),
                false,
                "UserInitiated",
                json!(0),
            ),
            (
                End::NotStarted("no such file"),
                false,
                "TaskFailedToStart",
                Value::Null,
            ),
            (End::Host, false, "TerminationNotice", Value::Null),
        ];
        for (end, well, code, exit) in table {
            let mut record =
                Record::parse(r#"{"Containers": [{"Name": "main"}], "Version": 1}"#).unwrap();
            record.started(7, 5);
            record.stopped(end, 9);
            assert_eq!(record.ended_well(), well, "{record}");
            let read = Value::Object(record.task().clone());
            assert_eq!(read["StopCode"], code);
            assert_eq!(read["Containers"][0]["ExitCode"], exit, "{record}");
            assert_eq!(read["LastStatus"], "STOPPED");
            assert_eq!(
                (&read["StartedAt"], &read["StoppedAt"]),
                (&json!(5), &json!(9))
            );
            assert_eq!(read["Version"], 3);
            assert!(
                read["StoppedReason"]
                    .as_str()
                    .is_some_and(|reason| !reason.is_empty())
            );
        }
    }
}
