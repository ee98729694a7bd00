//! `TestState`: one state by itself, with its work mocked or really done.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use states_language::{
    Definition, ExecutionInfo, Moment, Outcome, Resource, StateTest, TaskRequest, Tested,
    TestedError, Timestamp, test_state,
};

use super::checks::{Checks, Shown};
use super::definition::MAX_DEFINITION;
use super::{Request, given, without_nulls};
use crate::states::arn::Home;
use crate::states::error::ApiError;
use crate::states::integrations::{CallContext, Integrations, Started};
use crate::states::message::TaskKey;

/// The longest input, in characters.
const MAX_INPUT: usize = 262_144;

/// How long a state's real work may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a state is called that is given without its machine.
const NAMELESS: &str = "TestState";

/// The request. It runs outside of the engine's thread, which it needs nothing of.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestState {
    definition: Option<String>,
    role_arn: Option<String>,
    input: Option<String>,
    inspection_level: Option<String>,
    state_name: Option<String>,
    variables: Option<String>,
    context: Option<String>,
    mock: Option<Mock>,
    state_configuration: Option<StateConfiguration>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mock {
    result: Option<String>,
    error_output: Option<ErrorOutput>,
    field_validation_mode: Option<String>,
}

#[derive(Clone, Deserialize)]
struct ErrorOutput {
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateConfiguration {
    #[serde(default)]
    retrier_retry_count: u32,
}

impl Request for TestState {
    fn check(&self, checks: &mut Checks) {
        checks.required("definition", self.definition.is_some());
        let definition = self.definition.as_deref();
        checks.length("definition", definition, (1, MAX_DEFINITION), Shown::No);
        checks.length("input", self.input.as_deref(), (0, MAX_INPUT), Shown::No);
        checks.length("roleArn", self.role_arn.as_deref(), (1, 256), Shown::Yes);
        checks.length("stateName", self.state_name.as_deref(), (1, 80), Shown::Yes);
        checks.one_of(
            "inspectionLevel",
            self.inspection_level.as_deref(),
            &["INFO", "DEBUG", "TRACE"],
        );
        let mode = self.mock.as_ref();
        let mode = mode.and_then(|mock| mock.field_validation_mode.as_deref());
        let modes = &["STRICT", "PRESENT", "NONE"];
        checks.one_of("mock.fieldValidationMode", mode, modes);
    }
}

fn invalid_input(detail: &str) -> ApiError {
    ApiError::new(
        "InvalidExecutionInput",
        format!("Invalid State Machine Execution Input: '{detail}'"),
    )
}

/// A field that is a JSON object as text.
fn object(field: &str, text: Option<&str>) -> Result<Map<String, Value>, ApiError> {
    let Some(text) = text else {
        return Ok(Map::new());
    };
    serde_json::from_str(text)
        .map_err(|error| ApiError::validation(format!("Value at '{field}' is no object: {error}")))
}

impl TestState {
    /// Tests the state.
    pub(crate) async fn test(
        &self,
        home: &Home,
        integrations: &dyn Integrations,
        moment: Moment,
    ) -> Result<Value, ApiError> {
        let text = given(self.definition.as_deref());
        let (definition, state) = match &self.state_name {
            Some(name) => (Definition::parse(text), name.clone()),
            None => (Definition::parse_state(text, NAMELESS), NAMELESS.to_owned()),
        };
        let definition = definition.map_err(|error| ApiError::invalid_definition(&error))?;
        if !definition.has_state(&state) {
            let message = format!("The definition has no state '{state}'");
            return Err(ApiError::validation(&message));
        }
        let mut test = StateTest {
            state,
            input: self.input.clone().unwrap_or_else(|| "{}".to_owned()),
            info: self.info(home),
            variables: object("variables", self.variables.as_deref())?
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            context: object("context", self.context.as_deref())?,
            result: self.mocked()?,
            retries: self
                .state_configuration
                .as_ref()
                .map_or(0, |configuration| configuration.retrier_retry_count),
        };
        let mut tested = run(&definition, &test, moment)?;
        if let Tested::Needs(request) = tested {
            test.result = Some(call(&request, home, integrations).await?);
            tested = run(&definition, &test, moment)?;
        }
        match tested {
            Tested::Done(outcome) => Ok(self.answer(&outcome)),
            Tested::Needs(_) | Tested::NeedsMock => Err(ApiError::validation(
                "A mock is required to test a state of this type",
            )),
        }
    }

    fn mocked(&self) -> Result<Option<Result<String, TestedError>>, ApiError> {
        let Some(mock) = &self.mock else {
            return Ok(None);
        };
        match (&mock.result, &mock.error_output) {
            (Some(result), None) => {
                serde_json::from_str::<serde::de::IgnoredAny>(result).map_err(|error| {
                    ApiError::validation(format!("Value at 'mock.result' is no JSON: {error}"))
                })?;
                Ok(Some(Ok(result.clone())))
            }
            (None, Some(ErrorOutput { error, cause })) => Ok(Some(Err(TestedError {
                error: error.clone(),
                cause: cause.clone(),
            }))),
            _ => Err(ApiError::validation(
                "A mock has either a result or an errorOutput",
            )),
        }
    }

    fn info(&self, home: &Home) -> ExecutionInfo {
        ExecutionInfo {
            arn: home.execution(NAMELESS, NAMELESS),
            name: NAMELESS.to_owned(),
            role_arn: self.role_arn.clone().unwrap_or_default(),
            state_machine_arn: home.machine(NAMELESS),
            state_machine_name: NAMELESS.to_owned(),
            region: home.region.clone(),
        }
    }

    fn answer(&self, outcome: &Outcome) -> Value {
        let detailed = matches!(self.inspection_level.as_deref(), Some("DEBUG" | "TRACE"));
        without_nulls(json!({
            "status": outcome.status.as_str(),
            "output": outcome.output,
            "error": outcome.failure.error,
            "cause": outcome.failure.cause,
            "nextState": outcome.next_state,
            "inspectionData": detailed.then_some(&outcome.inspection),
        }))
    }
}

fn run(definition: &Definition, test: &StateTest, moment: Moment) -> Result<Tested, ApiError> {
    test_state(definition, test, moment).map_err(|error| invalid_input(&error.to_string()))
}

/// Does the state's work as it would be done.
async fn call(
    request: &TaskRequest,
    home: &Home,
    integrations: &dyn Integrations,
) -> Result<Result<String, TestedError>, ApiError> {
    let waits = match &request.resource {
        Resource::Activity { .. } => true,
        Resource::LambdaFunction { .. } => false,
        Resource::Service { pattern, .. } => pattern.waits(),
    };
    if waits || !integrations.supports(&request.resource) {
        return Err(ApiError::validation(
            "A mock is required to test a state that calls this resource",
        ));
    }
    let context = CallContext {
        region: home.region.clone(),
        account: home.account.clone(),
        execution_arn: home.execution(NAMELESS, NAMELESS),
        state_machine_arn: home.machine(NAMELESS),
        // No row has this number.
        task: TaskKey {
            execution: 0,
            task: 0,
        },
        started: Started::default(),
    };
    let limit = request
        .timeout_seconds
        .map_or(PATIENCE, Duration::from_secs);
    let called = tokio::time::timeout(limit.min(PATIENCE), integrations.call(request, &context));
    Ok(match called.await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(failed)) => Err(TestedError {
            error: Some(failed.error),
            cause: Some(failed.cause),
        }),
        Err(_) => Err(TestedError {
            error: Some("States.Timeout".to_owned()),
            cause: None,
        }),
    })
}

/// The moment of a test: now, with randomness of its own.
pub(crate) fn moment() -> Moment {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = clock.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    Moment {
        now: Timestamp(millis),
        seed: uuid::Uuid::new_v4().as_u64_pair().0,
    }
}
