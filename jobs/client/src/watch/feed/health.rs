//! How it goes with the target, told when it changes.

use std::collections::HashSet;
use std::time::Duration;

use crate::error::{ErrorKind, JobsError};
use crate::track::calls::is_throttling;
use crate::watch::message::Health;

/// What follows from an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It concerns this call alone.
    Call,
    /// The service asks to slow down.
    Throttled,
    /// Nobody answers, or only nonsense.
    Silent,
    /// A permission is missing, …
    Denied,
    /// … or everything.
    Refused,
}

/// What kind of trouble an error is.
pub(super) fn trouble(error: &JobsError) -> Trouble {
    match error {
        error if is_throttling(error) => Trouble::Throttled,
        JobsError::AccessDenied { .. } => Trouble::Denied,
        error if error.is_transient() => Trouble::Silent,
        JobsError::Service { .. } | JobsError::Damaged { .. } => Trouble::Call,
        error if error.kind() == ErrorKind::Target => Trouble::Refused,
        _ => Trouble::Call,
    }
}

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Teller {
    denied: HashSet<String>,
}

impl Teller {
    /// A missing permission, the first time that it is noticed.
    pub(super) fn denied(&mut self, error: &JobsError) -> Option<Health> {
        let JobsError::AccessDenied { operation, .. } = error else {
            return None;
        };
        self.denied
            .insert(operation.clone())
            .then(|| Health::Denied {
                action: operation.clone(),
                why: error.to_string(),
            })
    }

    /// It was permitted: should it be denied later, that is news.
    pub(super) fn allowed(&mut self, action: &str) {
        self.denied.remove(action);
    }
}

pub(super) fn offline(error: &JobsError, pause: Duration) -> Health {
    Health::Offline {
        why: error.to_string(),
        next_ms: pause.as_millis() as u64,
    }
}

pub(super) fn failed(error: &JobsError) -> Health {
    Health::Failed {
        why: error.to_string(),
        hint: error.hint().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(operation: &str) -> JobsError {
        JobsError::AccessDenied {
            operation: operation.to_owned(),
            resource: "m".to_owned(),
        }
    }

    #[test]
    fn a_missing_permission_is_named_once_and_again_after_it_was_there() {
        let mut teller = Teller::default();
        let list = denied("states:ListExecutions");
        assert_eq!(
            teller.denied(&list),
            Some(Health::Denied {
                action: "states:ListExecutions".to_owned(),
                why: "access denied: states:ListExecutions on m".to_owned(),
            })
        );
        assert_eq!(teller.denied(&list), None);
        assert!(
            teller
                .denied(&denied("states:GetExecutionHistory"))
                .is_some()
        );
        teller.allowed("states:ListExecutions");
        assert!(teller.denied(&list).is_some());
    }

    #[test]
    fn every_error_is_one_kind_of_trouble() {
        let service = |code: &str| JobsError::Service {
            operation: "states:ListExecutions".to_owned(),
            code: code.to_owned(),
            message: String::new(),
        };
        let at = || "AWS (eu-west-1)".to_owned();
        let unreachable = JobsError::Unreachable {
            target: at(),
            reason: "connection refused".to_owned(),
        };
        for (error, wanted) in [
            (service("ThrottlingException"), Trouble::Throttled),
            (service("InternalError"), Trouble::Silent),
            (service("ExecutionDoesNotExist"), Trouble::Call),
            (unreachable, Trouble::Silent),
            (denied("s3:GetObject"), Trouble::Denied),
            (JobsError::Expired { target: at() }, Trouble::Refused),
            (JobsError::NoCredentials { target: at() }, Trouble::Refused),
        ] {
            assert_eq!(trouble(&error), wanted, "{error}");
        }
    }
}
