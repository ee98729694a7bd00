//! Checking definitions: the language's rules, and what this cloud can call.

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::{Definition, Diagnostic, Resource, Severity};

use super::checks::{Checks, Shown};
use super::{Request, given};
use crate::states::error::{ApiError, Fault};
use crate::states::integrations::Integrations;
use crate::states::message::Operation;
use crate::states::turn::Turn;

/// The longest definition in characters.
pub(super) const MAX_DEFINITION: usize = 1_048_576;

/// Refuses a definition that cannot run here, in the words of `InvalidDefinition`.
pub(super) fn refuse_unusable(text: &str, integrations: &dyn Integrations) -> Result<(), ApiError> {
    let definition =
        Definition::parse(text).map_err(|error| ApiError::invalid_definition(&error))?;
    let unsupported: Vec<String> = unsupported(&definition, integrations)
        .iter()
        .map(|(location, message)| format!("SCHEMA_VALIDATION_FAILED: {message} at {location}"))
        .collect();
    if unsupported.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid_definition(&unsupported.join(", ")))
}

/// Location and message for every resource that nobody here can call.
fn unsupported(definition: &Definition, integrations: &dyn Integrations) -> Vec<(String, String)> {
    let callable = |resource: &Resource| {
        matches!(resource, Resource::Activity { .. }) || integrations.supports(resource)
    };
    let resources = definition.resources();
    let uncallable = resources.iter().filter(|(_, resource)| !callable(resource));
    uncallable
        .map(|(state, resource)| {
            let location = format!("/States/{state}/Resource");
            (
                location,
                format!(
                    "The resource '{}' is not supported by this cloud",
                    arn(resource)
                ),
            )
        })
        .collect()
}

fn arn(resource: &Resource) -> String {
    match resource {
        Resource::Activity { arn } | Resource::LambdaFunction { arn } => arn.clone(),
        Resource::Service { .. } => {
            format!(
                "arn:aws:states:::{}:{}",
                resource.resource_type(),
                resource.resource()
            )
        }
    }
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
                Ok(definition) => unsupported(&definition, turn.integrations)
                    .into_iter()
                    .map(|(location, message)| Diagnostic {
                        severity: Severity::Error,
                        code: "SCHEMA_VALIDATION_FAILED".to_owned(),
                        message,
                        location,
                        line: 0,
                        column: 0,
                    })
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
