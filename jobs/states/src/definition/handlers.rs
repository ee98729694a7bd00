//! Reading `Retry` and `Catch`.

use super::assign::read_assign;
use super::fields::{Object, wrong_kind};
use super::findings::Findings;
use super::kinds::result_path;
use super::position::Json;
use super::state::Language;
use crate::error::ALL;
use crate::filters::ResultPath;
use crate::retry::{Catcher, Retrier};

/// Bounds that the service gives (both exclusive there).
const MAX_ATTEMPTS: u64 = 99_999_999;
const MAX_MAX_DELAY: u64 = 31_622_399;

pub(super) fn read_retry(state: &Object<'_>, findings: &mut Findings<'_>) -> Vec<Retrier> {
    let entries = state.objects("Retry", findings);
    let last = entries.len().saturating_sub(1);
    let mut retriers = Vec::with_capacity(entries.len());
    for (index, object) in entries.iter().enumerate() {
        object.only(
            &[
                "ErrorEquals",
                "IntervalSeconds",
                "MaxAttempts",
                "BackoffRate",
                "MaxDelaySeconds",
                "JitterStrategy",
                "Comment",
            ],
            findings,
        );
        let errors = error_equals(object, index == last, findings);
        let interval = object
            .integer("IntervalSeconds", 1, MAX_ATTEMPTS, findings)
            .unwrap_or(1);
        let max_attempts = object
            .integer("MaxAttempts", 0, MAX_ATTEMPTS, findings)
            .unwrap_or(3);
        let backoff = object.float("BackoffRate", 1.0, findings).unwrap_or(2.0);
        let max_delay = object.integer("MaxDelaySeconds", 1, MAX_MAX_DELAY, findings);
        if max_delay.is_some_and(|delay| delay <= interval) {
            let message = "MaxDelaySeconds must be greater than IntervalSeconds";
            let offset = object.key_offset("MaxDelaySeconds");
            findings.schema(&object.at("MaxDelaySeconds"), offset, message);
        }
        let full_jitter = match object.string("JitterStrategy", findings) {
            None | Some("NONE") => false,
            Some("FULL") => true,
            Some(other) => {
                let message = format!("There is no jitter strategy '{other}', only FULL and NONE");
                let offset = object.key_offset("JitterStrategy");
                findings.schema(&object.at("JitterStrategy"), offset, message);
                false
            }
        };
        retriers.push(Retrier {
            errors,
            interval,
            max_attempts: u32::try_from(max_attempts).unwrap_or(u32::MAX),
            backoff,
            max_delay,
            full_jitter,
        });
    }
    retriers
}

pub(super) fn read_catch(state: &Object<'_>, findings: &mut Findings<'_>) -> Vec<Catcher> {
    let entries = state.objects("Catch", findings);
    let last = entries.len().saturating_sub(1);
    let mut catchers = Vec::with_capacity(entries.len());
    for (index, object) in entries.iter().enumerate() {
        let mut fields = vec!["ErrorEquals", "Next", "Assign", "Comment"];
        fields.push(match object.language {
            Language::JsonPath => "ResultPath",
            Language::Jsonata => "Output",
        });
        object.only(&fields, findings);
        let errors = error_equals(object, index == last, findings);
        object.require(&["Next"], findings);
        let next = object.string("Next", findings).unwrap_or_default().into();
        let assign = read_assign(object, findings);
        let (result_path, output) = match object.language {
            Language::JsonPath => (result_path(object, findings), None),
            Language::Jsonata => (ResultPath::Replace, object.template("Output", findings)),
        };
        catchers.push(Catcher {
            errors,
            next,
            result_path,
            assign,
            output,
        });
    }
    catchers
}

/// `ErrorEquals`: names, of which `States.ALL` stands alone and in the last entry.
fn error_equals(object: &Object<'_>, last: bool, findings: &mut Findings<'_>) -> Vec<String> {
    if !object.require(&["ErrorEquals"], findings) {
        return Vec::new();
    }
    let location = object.at("ErrorEquals");
    let Some(items) = object.array("ErrorEquals", findings) else {
        return Vec::new();
    };
    let offset = object.key_offset("ErrorEquals");
    if items.is_empty() {
        findings.schema(&location, offset, "There must be at least one error name");
    }
    let mut names = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match &item.json {
            Json::String(name) => names.push(name.clone()),
            _ => wrong_kind(item, "a string", &format!("{location}[{index}]"), findings),
        }
    }
    if names.iter().any(|name| name == ALL) {
        if names.len() > 1 {
            findings.schema(&location, offset, "States.ALL must appear alone");
        }
        if !last {
            findings.schema(&location, offset, "States.ALL must be in the last entry");
        }
    }
    names
}
