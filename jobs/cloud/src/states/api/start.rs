//! Starting executions.

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::{Execution, ExecutionInfo, PayloadError, Timestamp};
use tokio::sync::oneshot;

use super::checks::{Checks, Shown};
use super::versions::{self, Resolved};
use super::{Request, given, seconds, without_nulls};
use crate::states::arn::is_valid_name;
use crate::states::error::{ApiError, Fault};
use crate::states::message::Operation;
use crate::states::mocks::{check_case, split_case};
use crate::states::store;
use crate::states::turn::{Effect, Turn};

/// The longest input in characters.
const MAX_INPUT: usize = 262_144;

/// The longest time that an express execution may take, in seconds.
pub(crate) const EXPRESS_SECONDS: u64 = 300;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartExecution {
    state_machine_arn: Option<String>,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
}

impl Request for StartExecution {
    fn check(&self, checks: &mut Checks) {
        checks.arn("stateMachineArn", self.state_machine_arn.as_deref());
        checks.length("name", self.name.as_deref(), (1, 80), Shown::Yes);
        checks.length("input", self.input.as_deref(), (0, MAX_INPUT), Shown::No);
        checks.length(
            "traceHeader",
            self.trace_header.as_deref(),
            (0, 256),
            Shown::Yes,
        );
    }
}

fn invalid_input(detail: &str) -> ApiError {
    ApiError::new(
        "InvalidExecutionInput",
        format!("Invalid State Machine Execution Input: '{detail}'"),
    )
}

impl Operation for StartExecution {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let started = start(turn, self.to_start())?;
        Ok(json!({ "executionArn": started.arn, "startDate": seconds(started.started) }))
    }
}

/// `StartSyncExecution`: the same request, whose answer waits for the end.
pub(crate) struct StartSync {
    pub(crate) request: StartExecution,
    /// Where the answer goes.
    pub(crate) end: Arc<Mutex<Option<oneshot::Sender<Value>>>>,
}

impl Operation for StartSync {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let machine = given(self.request.state_machine_arn.as_deref());
        let (machine, _) = split_case(turn.mocks, machine);
        if !versions::resolve(turn, machine, 0)?.machine.express {
            return Err(ApiError::type_not_supported().into());
        }
        let begun = start(turn, self.request.to_start())?;
        turn.after(Effect::Await {
            execution: begun.id,
            end: Arc::clone(&self.end),
        });
        Ok(Value::Null)
    }
}

impl StartExecution {
    fn to_start(&self) -> Start<'_> {
        Start {
            machine: given(self.state_machine_arn.as_deref()),
            name: self.name.clone(),
            input: self.input.as_deref().unwrap_or("{}"),
            trace_header: self.trace_header.as_deref(),
        }
    }
}

/// What `StartSyncExecution` answers.
pub(crate) fn sync_answer(execution: &Execution) -> Value {
    let info = execution.info();
    let seconds = |at: Option<Timestamp>| at.map(Timestamp::to_seconds);
    let took = match (execution.start_date(), execution.stop_date()) {
        (Some(started), Some(stopped)) => stopped.0.saturating_sub(started.0).max(0),
        _ => 0,
    };
    // The service bills in steps of 100 milliseconds and 64 megabytes.
    let billed = ((took + 99) / 100).max(1) * 100;
    without_nulls(json!({
        "executionArn": info.arn,
        "stateMachineArn": info.state_machine_arn,
        "name": info.name,
        "startDate": seconds(execution.start_date()),
        "stopDate": seconds(execution.stop_date()),
        "status": execution.status().as_str(),
        "error": execution.error(),
        "cause": execution.cause(),
        "input": execution.input(),
        "inputDetails": { "included": true },
        "output": execution.output(),
        "outputDetails": execution.output().map(|_| json!({ "included": true })),
        "billingDetails": {
            "billedMemoryUsedInMB": 64,
            "billedDurationInMilliseconds": billed,
        },
    }))
}

/// What an execution is started with.
pub(crate) struct Start<'a> {
    /// The machine's ARN, with `#` and the name of a test case where there is a mock file.
    pub(crate) machine: &'a str,
    /// The execution's name; a new one is made without.
    pub(crate) name: Option<String>,
    /// JSON text.
    pub(crate) input: &'a str,
    pub(crate) trace_header: Option<&'a str>,
}

/// An execution that was started, or that was running already with the same name and input.
pub(crate) struct Begun {
    pub(crate) id: i64,
    pub(crate) arn: String,
    /// Milliseconds since the epoch.
    pub(crate) started: i64,
    pub(crate) is_new: bool,
}

/// Starts an execution of a machine.
pub(crate) fn start(turn: &mut Turn<'_>, wanted: Start<'_>) -> Result<Begun, Fault> {
    let draw = (uuid::Uuid::new_v4().as_u128() % 100) as u32;
    let (machine_arn, case) = split_case(turn.mocks, wanted.machine);
    let Resolved { machine, by, .. } = versions::resolve(turn, machine_arn, draw)?;
    if machine.deleting {
        return Err(ApiError::machine_deleting(machine_arn).into());
    }
    if let (Some(case), Some(mocks)) = (case, turn.mocks) {
        let definition = turn.definition(machine.revision.id)?;
        check_case(mocks, &definition, &machine.name, case)?;
    }
    let name = wanted
        .name
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    if !is_valid_name(&name) {
        return Err(ApiError::invalid_name(&name).into());
    }
    let input = wanted.input;
    let mut row_name = name.clone();
    let arn = if machine.express {
        let id = uuid::Uuid::new_v4().to_string();
        row_name = format!("{name}:{id}");
        turn.home.express(&machine.name, &name, &id)
    } else {
        turn.home.execution(&machine.name, &name)
    };
    let info = ExecutionInfo {
        arn: arn.clone(),
        name: name.clone(),
        role_arn: machine.revision.role.clone(),
        state_machine_arn: turn.home.machine(&machine.name),
        state_machine_name: machine.name.clone(),
        region: turn.home.region.clone(),
    };
    let mut execution = Execution::new(info, input).map_err(|error| match error {
        PayloadError::NotJson(_) if input.is_empty() => invalid_input("Invalid execution input."),
        error => invalid_input(&error.to_string()),
    })?;

    if machine.express {
        execution = execution.with_time_limit(EXPRESS_SECONDS);
    } else if let Some(former) = store::executions::find(turn.store, machine.id, &name)? {
        let same = former.is_running()
            && store::executions::input(turn.store, former.id)?.as_deref() == Some(input)
            && store::mocks::find(turn.store, former.id)?
                .map(|mocked| mocked.case)
                .as_deref()
                == case;
        if same {
            return Ok(Begun {
                id: former.id,
                arn,
                started: former.started,
                is_new: false,
            });
        }
        return Err(ApiError::new(
            "ExecutionAlreadyExists",
            format!("Execution Already Exists: '{arn}'"),
        )
        .into());
    }
    let id = store::executions::insert(
        turn.store,
        machine.id,
        machine.revision.id,
        &row_name,
        input,
        wanted.trace_header,
        turn.now.0,
    )?;
    store::versions::qualify(turn.store, id, &by)?;
    if let Some(case) = case {
        store::mocks::insert(turn.store, id, None, &machine.name, case)?;
    }
    turn.begin(id, machine.revision.id, execution)?;
    Ok(Begun {
        id,
        arn,
        started: turn.now.0,
        is_new: true,
    })
}
