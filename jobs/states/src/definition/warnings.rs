//! What can be done, and bites people.

use super::fields::Object;
use super::findings::Findings;
use super::state::{Kind, State, Task, Transition};
use crate::error::{ALL, HEARTBEAT_TIMEOUT, RUNTIME, TASK_FAILED, TIMEOUT};
use crate::resource::{Pattern, Resource};

/// Warns of a Task state that may wait for ever, or far too long.
pub(super) fn task(object: &Object<'_>, task: &Task, findings: &mut Findings<'_>) {
    let offset = object.key_offset("Resource");
    let somebody = match &task.resource {
        Resource::Activity { .. } => Some("a worker"),
        Resource::Service {
            pattern: Pattern::WaitForTaskToken,
            ..
        } => Some("whoever has the task token"),
        _ => None,
    };
    if let Some(somebody) = somebody.filter(|_| task.heartbeat.is_none()) {
        let message = format!(
            "Without HeartbeatSeconds nobody notices when {somebody} dies, until the time-out passes"
        );
        findings.warn("NO_HEARTBEAT", &object.location, offset, message);
    }
    let function = match &task.resource {
        Resource::LambdaFunction { .. } => true,
        Resource::Service {
            service, action, ..
        } => service == "lambda" && action == "invoke",
        Resource::Activity { .. } => false,
    };
    if function && task.timeout.is_none() {
        let message = "Without TimeoutSeconds a function that hangs holds up its execution for as \
                       long as the service lets it";
        findings.warn("NO_TIMEOUT", &object.location, offset, message);
    }
}

/// Warns of entries of `Retry` or `Catch` that no error ever reaches. `entries` are their names.
pub(super) fn handlers<'e>(
    object: &Object<'_>,
    field: &str,
    entries: impl Iterator<Item = &'e [String]>,
    findings: &mut Findings<'_>,
) {
    let mut earlier: Vec<&str> = Vec::new();
    for (index, names) in entries.enumerate() {
        let reason = |name: &&String| {
            let name = name.as_str();
            let taken = |by: &str| format!("an earlier entry takes '{by}'");
            if name == RUNTIME {
                return Some(format!("nothing takes '{RUNTIME}'"));
            }
            if earlier.contains(&name) {
                return Some(taken(name));
            }
            let covered = match name {
                ALL | TASK_FAILED | TIMEOUT => None,
                HEARTBEAT_TIMEOUT => earlier.contains(&TIMEOUT).then_some(TIMEOUT),
                _ => earlier.contains(&TASK_FAILED).then_some(TASK_FAILED),
            };
            covered.map(taken)
        };
        let reasons: Vec<String> = names.iter().filter_map(|name| reason(&name)).collect();
        if let Some(reason) = reasons.first().filter(|_| reasons.len() == names.len()) {
            let location = format!("{}[{index}]/ErrorEquals", object.at(field));
            let message = format!("This entry can never match: {reason}");
            findings.warn(
                "NEVER_MATCHES",
                &location,
                object.key_offset(field),
                message,
            );
        }
        earlier.extend(names.iter().map(String::as_str));
    }
}

/// Warns of Fail states that a catcher leads to: a redriven execution goes on with the Fail state, and
/// not with what went wrong.
pub(super) fn redrive(states: &[State], object: &Object<'_>, findings: &mut Findings<'_>) {
    let named = |name: &str| states.iter().find(|state| &*state.name == name);
    let mut told: Vec<&str> = Vec::new();
    for state in states {
        for catcher in &state.catch {
            let mut target = named(&catcher.next);
            // States on the way that do nothing change nothing about it.
            for _ in 0..states.len() {
                target = match target.map(|state| (&state.kind, &state.transition)) {
                    Some((Kind::Pass(_), Transition::Next(next))) => named(next),
                    _ => break,
                };
            }
            let Some(target) = target.filter(|state| matches!(state.kind, Kind::Fail { .. }))
            else {
                continue;
            };
            if told.contains(&&*target.name) {
                continue;
            }
            told.push(&target.name);
            let message = format!(
                "A redrive of an execution that ended here only fails again: what '{}' catches is \
                 not tried once more",
                state.name
            );
            let offset = object.key_offset(&target.name);
            findings.warn("DEFEATS_REDRIVE", &target.location, offset, message);
        }
    }
}
