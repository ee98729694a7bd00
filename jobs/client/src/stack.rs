//! The product's stack: names, the state machine and the two event rules, for the local cloud and
//! for AWS alike.

use serde_json::{Value, json};

/// The bucket of the local cloud.
pub const LOCAL_BUCKET: &str = "wb-local";
/// Name of the state machine.
pub const STATE_MACHINE_NAME: &str = "whiteboarder";
/// Name of the function that plans.
pub const PLAN_FUNCTION: &str = "whiteboarder-plan";
/// Name of the function that cleans.
pub const CLEAN_FUNCTION: &str = "whiteboarder-clean";
/// Name of the function that records failures.
pub const RECORD_FUNCTION: &str = "whiteboarder-record";
/// Name of the activity that ECS workers poll.
pub const CLEAN_ACTIVITY: &str = "whiteboarder-clean";
/// Family of the ECS task that does one cleaning for a task token (`ecs:runTask.waitForTaskToken`).
pub const CLEAN_TASK: &str = "whiteboarder-clean";
/// Name of its container.
pub const CLEAN_CONTAINER: &str = "worker";
/// Name of the rule that starts an execution for each new object under `inbox/`.
pub const INBOX_RULE: &str = "whiteboarder-inbox";
/// Name of the rule that has failures recorded.
pub const ENDED_RULE: &str = "whiteboarder-ended";
/// `HeartbeatSeconds` of the activity; workers beat at least every third of it.
pub const ACTIVITY_HEARTBEAT_SECONDS: u32 = 20;

/// The state machine, Amazon States Language, with `${…}` placeholders.
pub const STATE_MACHINE: &str = include_str!("../../../assets/state-machine/whiteboarder.asl.json");

/// Event pattern of [`INBOX_RULE`], with `${Bucket}`.
pub const INBOX_PATTERN: &str = include_str!("../../../assets/state-machine/inbox.rule.json");

/// Event pattern of [`ENDED_RULE`], with `${StateMachineArn}`.
pub const ENDED_PATTERN: &str = include_str!("../../../assets/state-machine/ended.rule.json");

/// What goes into the placeholders of [`STATE_MACHINE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitutions {
    /// ARN of the planning function.
    pub plan_function_arn: String,
    /// ARN of the cleaning function.
    pub clean_function_arn: String,
    /// ARN of the activity.
    pub clean_activity_arn: String,
    /// Memory of the cleaning function, in MB.
    pub lambda_memory_mb: u32,
    /// Time-out of the cleaning function, in seconds.
    pub lambda_timeout_seconds: u32,
}

impl Substitutions {
    /// The ARNs of a stack with the default names.
    #[must_use]
    pub fn new(
        region: &str,
        account: &str,
        lambda_memory_mb: u32,
        lambda_timeout_seconds: u32,
    ) -> Self {
        Self {
            plan_function_arn: function_arn(region, account, PLAN_FUNCTION),
            clean_function_arn: function_arn(region, account, CLEAN_FUNCTION),
            clean_activity_arn: activity_arn(region, account, CLEAN_ACTIVITY),
            lambda_memory_mb,
            lambda_timeout_seconds,
        }
    }
}

/// The state machine with its placeholders filled in.
#[must_use]
pub fn substitute(definition: &str, with: &Substitutions) -> String {
    definition
        .replace("${PlanFunctionArn}", &with.plan_function_arn)
        .replace("${CleanFunctionArn}", &with.clean_function_arn)
        .replace("${CleanActivityArn}", &with.clean_activity_arn)
        .replace("${LambdaMemoryMb}", &with.lambda_memory_mb.to_string())
        .replace(
            "${LambdaTimeoutSeconds}",
            &with.lambda_timeout_seconds.to_string(),
        )
}

/// Event pattern of [`INBOX_RULE`]: objects created under `inbox/` of this bucket.
#[must_use]
pub fn inbox_pattern(bucket: &str) -> Value {
    filled(INBOX_PATTERN, "${Bucket}", bucket)
}

/// Event pattern of [`ENDED_RULE`]: executions of this machine that ended without success.
#[must_use]
pub fn ended_pattern(state_machine_arn: &str) -> Value {
    filled(ENDED_PATTERN, "${StateMachineArn}", state_machine_arn)
}

fn filled(pattern: &str, placeholder: &str, with: &str) -> Value {
    // The patterns are part of this crate; a test parses both.
    serde_json::from_str(&pattern.replace(placeholder, with)).unwrap_or_else(|_| json!({}))
}

/// ARN of a state machine.
#[must_use]
pub fn state_machine_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{account}:stateMachine:{name}")
}

/// ARN of an activity.
#[must_use]
pub fn activity_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{account}:activity:{name}")
}

/// ARN of a function.
#[must_use]
pub fn function_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}
