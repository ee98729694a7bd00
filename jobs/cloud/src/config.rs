//! What a cloud is started with: where it keeps its data, how it is reached, and what lives in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use states_language::TimeScale;

use crate::states::Mocks;

/// Everything [`Cloud::start`](crate::Cloud::start) needs to know.
#[derive(Clone)]
pub struct CloudConfig {
    /// The data directory. Created with mode 0700 when it is missing; one cloud at a time owns it.
    pub root: PathBuf,
    /// The port on 127.0.0.1; `None` takes any free one.
    pub port: Option<u16>,
    /// The only access key that this cloud knows.
    pub access_key: String,
    /// The secret that belongs to [`access_key`](Self::access_key).
    pub secret_key: String,
    /// The region in ARNs, events and the functions' environment, for example `us-east-1`.
    pub region: String,
    /// The account in ARNs and events: twelve digits, for example `000000000000`.
    pub account: String,
    /// Names the build that runs, for the handshake of `/_local/status`.
    pub build: String,
    /// End by itself after this long without a request and without a running execution.
    pub idle_after: Option<Duration>,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// How long an execution that has ended is kept with its history; `None` keeps it for ever. AWS keeps
    /// it for 90 days. Objects are not touched.
    pub keep: Option<Duration>,
    /// What makes state machines run without their services and without waiting, for tests.
    pub rehearsal: Rehearsal,
    /// What exists in this cloud from the start.
    pub stack: Stack,
}

impl std::fmt::Debug for CloudConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secret stays out of logs.
        formatter
            .debug_struct("CloudConfig")
            .field("root", &self.root)
            .field("port", &self.port)
            .field("access_key", &self.access_key)
            .field("region", &self.region)
            .field("account", &self.account)
            .field("build", &self.build)
            .field("idle_after", &self.idle_after)
            .field("durability", &self.durability)
            .field("keep", &self.keep)
            .field("rehearsal", &self.rehearsal)
            .field("stack", &self.stack)
            .finish_non_exhaustive()
    }
}

/// What makes state machines run without their services and without waiting. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Rehearsal {
    /// Answers for the Task states of executions that are started with a test case: `…:stateMachine:NAME#CASE`.
    pub mocks: Option<Mocks>,
    /// How much of their time the waits of executions take that are started by this cloud. An execution keeps the scale
    /// that it was started with.
    pub time_scale: TimeScale,
}

/// What acknowledged state of executions and invocations survives. Objects are always synced to the
/// disk before an upload is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// The end of the process at any moment (SIGKILL), but perhaps not a loss of power.
    #[default]
    Normal,
    /// A loss of power too: everything is synced to the disk before it is acknowledged.
    Full,
}

/// What exists in a cloud from its start. Applied idempotently: starting again with the same stack
/// changes nothing, starting with another definition updates the state machine.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// Names of buckets.
    pub buckets: Vec<String>,
    /// Functions of the Lambda lane.
    pub functions: Vec<FunctionConfig>,
    /// Names of activities.
    pub activities: Vec<String>,
    /// Worker processes of the ECS lane.
    pub workers: Vec<WorkerGroup>,
    /// Clusters in which `ecs:runTask` runs tasks, by name. One called `default` is there always.
    pub clusters: Vec<String>,
    /// What `ecs:runTask` can run.
    pub task_definitions: Vec<TaskDefinition>,
    /// State machines.
    pub state_machines: Vec<StateMachineConfig>,
    /// Event rules on the one event bus.
    pub rules: Vec<Rule>,
}

/// A function of the Lambda lane: a program that speaks the Lambda Runtime API.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The function's name, as in its ARN.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Added to the environment that Lambda gives (which includes this cloud's endpoint and
    /// credentials).
    pub env: BTreeMap<String, String>,
    /// Memory limit in MB; a process above it is killed (`Runtime.OutOfMemory`).
    pub memory_mb: u32,
    /// Time limit of one invocation in seconds (`Sandbox.Timedout`).
    pub timeout_s: u32,
    /// Invocations that run at the same time at most; each has a process of its own.
    pub concurrency: usize,
}

/// Worker processes of the ECS lane for one activity.
#[derive(Clone, Debug)]
pub struct WorkerGroup {
    /// The activity's name. `{activity_arn}` in the command and in values of `env` becomes its ARN.
    pub activity: String,
    /// The program and its arguments, usually `loveless worker …`.
    pub command: Vec<String>,
    /// How many such processes run.
    pub count: usize,
    /// Added to the environment (which includes this cloud's endpoint, region and credentials,
    /// `LOVELESS_WORKER_NAME`, and a `LOVELESS_DRAIN` that fits the cloud's own).
    pub env: BTreeMap<String, String>,
}

/// What a task of the ECS lane runs: one container, told as its image and task definition would.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Its name. It has one revision, the first: `FAMILY`, `FAMILY:1` and the ARN name the same.
    pub family: String,
    /// The container's name, by which a run overrides its command and environment.
    pub container: String,
    /// The program and those arguments that no run overrides.
    pub entry_point: Vec<String>,
    /// Further arguments, which a run may override (`ContainerOverrides[].Command`).
    pub command: Vec<String>,
    /// Added to the environment (which includes this cloud's endpoint, region and credentials); a run may add to it
    /// (`ContainerOverrides[].Environment`).
    pub env: BTreeMap<String, String>,
    /// Tasks that run at the same time at most; the others wait.
    pub concurrency: usize,
    /// How long a task that is stopped has between SIGTERM and SIGKILL. ECS gives it 30 s unless told otherwise.
    pub stop_timeout: Duration,
}

/// A state machine.
#[derive(Clone, Debug)]
pub struct StateMachineConfig {
    /// Its name, as in its ARN.
    pub name: String,
    /// The Amazon States Language text.
    pub definition: String,
}

/// An event rule: events that match the pattern go to the target.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// An EventBridge event pattern.
    pub pattern: serde_json::Value,
    /// Where the whole event goes.
    pub target: Target,
}

/// Where a rule sends its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Starts an execution of this state machine with the event as input and the event's id as name.
    StateMachine {
        /// The state machine's name.
        name: String,
    },
    /// Invokes this function asynchronously with the event as payload.
    Function {
        /// The function's name.
        name: String,
    },
}
