//! Checking definitions: the language's rules, and what this cloud can call.

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::{Definition, Diagnostic, Pattern, Resource, Severity};

use super::checks::{Checks, Shown};
use super::{Request, given};
use crate::states::error::{ApiError, Fault};
use crate::states::integrations::{self, Integrations};
use crate::states::message::Operation;
use crate::states::nested::starts_execution;
use crate::states::turn::Turn;

/// The longest definition in characters.
pub(super) const MAX_DEFINITION: usize = 1_048_576;

/// Refuses a definition that cannot run here, in the words of `InvalidDefinition`. What a state calls does not matter
/// when a test case answers for it.
pub(super) fn refuse_unusable(
    text: &str,
    express: bool,
    integrations: &dyn Integrations,
    mocked: &dyn Fn(&str) -> bool,
) -> Result<(), ApiError> {
    let definition =
        Definition::parse(text).map_err(|error| ApiError::invalid_definition(&error))?;
    let unsupported: Vec<String> = unsupported(&definition, express, integrations, mocked)
        .iter()
        .map(|(location, message)| format!("SCHEMA_VALIDATION_FAILED: {message} at {location}"))
        .collect();
    if unsupported.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid_definition(&unsupported.join(", ")))
}

/// Location and message for every resource that nobody here can call.
fn unsupported(
    definition: &Definition,
    express: bool,
    integrations: &dyn Integrations,
    mocked: &dyn Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let callable = |resource: &Resource| {
        matches!(resource, Resource::Activity { .. })
            || starts_execution(resource).is_some()
            || integrations.supports(resource)
    };
    let mut calls = definition.calls();
    calls.retain(|(location, resource)| {
        !callable(resource) && !definition.task_at(location).is_some_and(mocked)
    });
    let told = calls
        .into_iter()
        .map(|(location, resource)| (location, integrations::unsupported(&resource)));
    let mut told: Vec<(String, String)> = told.collect();
    if express {
        told.extend(not_express(definition));
    } else {
        // Of children that are express executions the same holds as of machines.
        let inside = definition.express_processors();
        let within = |location: &str| {
            let mut processors = inside.iter();
            processors.any(|place| {
                let rest = location.strip_prefix(place.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let found = not_express(definition).into_iter();
        told.extend(found.filter(|(location, _)| within(location)));
    }
    told
}

/// Express executions wait for nobody. The texts are the service's, blanks and all.
fn not_express(definition: &Definition) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (location, resource) in definition.calls() {
        let what = match &resource {
            Resource::Activity { .. } => "activities",
            Resource::Service {
                pattern: Pattern::Sync | Pattern::Sync2,
                ..
            } => "'.sync' service integration ",
            Resource::Service {
                pattern: Pattern::WaitForTaskToken,
                ..
            } => "'.waitForTaskToken' service integration ",
            _ => continue,
        };
        found.push((
            location,
            format!("Express state machine does not support {what}"),
        ));
    }
    for state in definition.distributed_maps() {
        let message = "Express state machine does not support DISTRIBUTED mode".to_owned();
        found.push((format!("/States/{state}"), message));
    }
    found
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValidateStateMachineDefinition {
    definition: Option<String>,
    r#type: Option<String>,
    severity: Option<String>,
    max_results: Option<i64>,
}

impl Request for ValidateStateMachineDefinition {
    fn check(&self, checks: &mut Checks) {
        checks.required("definition", self.definition.is_some());
        checks.length(
            "definition",
            self.definition.as_deref(),
            (0, MAX_DEFINITION),
            Shown::No,
        );
        checks.one_of("type", self.r#type.as_deref(), &["STANDARD", "EXPRESS"]);
        checks.one_of("severity", self.severity.as_deref(), &["ERROR", "WARNING"]);
        checks.range("maxResults", self.max_results, (0, 100));
    }
}

impl Operation for ValidateStateMachineDefinition {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let diagnostics: Vec<Diagnostic> =
            match Definition::parse(given(self.definition.as_deref())) {
                Err(invalid) => invalid.diagnostics,
                Ok(definition) => unsupported(
                    &definition,
                    self.r#type.as_deref() == Some("EXPRESS"),
                    turn.integrations,
                    &|_| false,
                )
                .into_iter()
                .map(|(location, message)| Diagnostic {
                    severity: Severity::Error,
                    code: "SCHEMA_VALIDATION_FAILED".to_owned(),
                    message,
                    location,
                    line: 0,
                    column: 0,
                })
                .chain(definition.warnings().iter().cloned())
                .collect(),
            };
        let failed = diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error);
        // Without a wish, warnings are not shown.
        let warnings = self.severity.as_deref() == Some("WARNING");
        let shown: Vec<Value> = diagnostics
            .iter()
            .filter(|found| warnings || found.severity == Severity::Error)
            .map(|found| {
                let severity = match found.severity {
                    Severity::Error => "ERROR",
                    Severity::Warning => "WARNING",
                };
                json!({
                    "severity": severity,
                    "code": found.code,
                    "message": found.message,
                    "location": found.location,
                })
            })
            .collect();
        let limit = self.max_results.filter(|limit| *limit > 0).unwrap_or(100) as usize;
        let truncated = shown.len() > limit;
        Ok(json!({
            "result": if failed { "FAIL" } else { "OK" },
            "diagnostics": shown.into_iter().take(limit).collect::<Vec<_>>(),
            "truncated": truncated,
        }))
    }
}
