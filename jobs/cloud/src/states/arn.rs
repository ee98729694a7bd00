//! Names and ARNs of state machines, executions and activities.

use super::error::ApiError;

/// The names that begin every ARN of this engine: `arn:aws:states:REGION:ACCOUNT:`.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// For example `us-east-1`.
    pub(crate) region: String,
    /// Twelve digits.
    pub(crate) account: String,
}

impl Home {
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:states:{}:{}:{resource}", self.region, self.account)
    }

    pub(crate) fn machine(&self, name: &str) -> String {
        self.arn(&format!("stateMachine:{name}"))
    }

    pub(crate) fn execution(&self, machine: &str, name: &str) -> String {
        self.arn(&format!("execution:{machine}:{name}"))
    }

    /// An express execution; the same name may be used again.
    pub(crate) fn express(&self, machine: &str, name: &str, id: &str) -> String {
        self.arn(&format!("express:{machine}:{name}:{id}"))
    }

    /// A child of a distributed Map by the name of its row, which for an express one is `NAME:ID`.
    pub(crate) fn child(&self, machine: &str, row_name: &str) -> String {
        match row_name.split_once(':') {
            Some((name, id)) => self.express(machine, name, id),
            None => self.execution(machine, row_name),
        }
    }

    pub(crate) fn activity(&self, name: &str) -> String {
        self.arn(&format!("activity:{name}"))
    }
}

/// What an ARN of the service `states` names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// A state machine; versions and aliases carry a qualifier.
    Machine {
        /// Its name.
        name: &'a str,
        /// A version's number or an alias' name.
        qualifier: Option<&'a str>,
    },
    /// An execution of a standard machine.
    Execution {
        /// The machine's name.
        machine: &'a str,
        /// The execution's name.
        name: &'a str,
    },
    /// An activity.
    Activity {
        /// Its name.
        name: &'a str,
    },
    /// A kind that exists on AWS and that no operation here takes, for example `express`.
    Other {
        /// The kind, as in the ARN.
        kind: &'a str,
    },
}

impl<'a> Named<'a> {
    /// Reads an ARN. Region and account are not compared: what is not here does not exist.
    pub(crate) fn parse(arn: &'a str) -> Result<Self, ApiError> {
        let Some(rest) = arn.strip_prefix("arn:") else {
            return Err(ApiError::invalid_arn(&format!("Invalid ARN prefix: {arn}")));
        };
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let [partition, "states", _region, _account, resource] = parts.as_slice() else {
            return Err(ApiError::invalid_arn(&format!("Invalid ARN: {arn}")));
        };
        if !partition.starts_with("aws") {
            return Err(ApiError::invalid_arn(&format!("Invalid ARN prefix: {arn}")));
        }
        let pieces: Vec<&str> = resource.split(':').collect();
        match pieces.as_slice() {
            ["stateMachine", name] => Ok(Self::Machine {
                name,
                qualifier: None,
            }),
            ["stateMachine", name, qualifier] => Ok(Self::Machine {
                name,
                qualifier: Some(qualifier),
            }),
            ["execution", machine, name] => Ok(Self::Execution { machine, name }),
            ["activity", name] => Ok(Self::Activity { name }),
            [kind @ ("express" | "mapRun"), ..] => Ok(Self::Other { kind }),
            _ => Err(ApiError::invalid_arn(&format!("Invalid ARN: {arn}"))),
        }
    }

    fn kind(&self) -> &'a str {
        match self {
            Self::Machine { .. } => "stateMachine",
            Self::Execution { .. } => "execution",
            Self::Activity { .. } => "activity",
            Self::Other { kind } => kind,
        }
    }

    fn wrong_kind(&self) -> ApiError {
        ApiError::invalid_arn(&format!(
            "Resource type not valid in this context: {}",
            self.kind()
        ))
    }
}

/// The machine's name in an ARN of a machine, a version or an alias, and what names the latter.
pub(crate) fn machine_parts(arn: &str) -> Result<(&str, Option<&str>), ApiError> {
    match Named::parse(arn)? {
        Named::Machine { name, qualifier } => Ok((name, qualifier)),
        other => Err(other.wrong_kind()),
    }
}

/// The machine's name in an ARN that must be a machine's, and not that of a version or alias.
pub(crate) fn machine_name(arn: &str) -> Result<&str, ApiError> {
    match Named::parse(arn)? {
        Named::Machine {
            name,
            qualifier: None,
        } => Ok(name),
        Named::Machine { .. } => Err(ApiError::machine_missing(arn)),
        other => Err(other.wrong_kind()),
    }
}

/// Names of machine and execution in an ARN that must be an execution's.
pub(crate) fn execution_names(arn: &str) -> Result<(&str, &str), ApiError> {
    match Named::parse(arn)? {
        Named::Execution { machine, name } => Ok((machine, name)),
        other => Err(other.wrong_kind()),
    }
}

/// The activity's name in an ARN that must be an activity's.
pub(crate) fn activity_name(arn: &str) -> Result<&str, ApiError> {
    match Named::parse(arn)? {
        Named::Activity { name } => Ok(name),
        other => Err(other.wrong_kind()),
    }
}

/// Whether a name obeys the service's rules: 1 to 80 characters, without white space, wildcards,
/// brackets, most punctuation, and control characters.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let forbidden = |c: char| {
        c.is_whitespace()
            || "?*<>{}[]\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
    };
    !name.is_empty() && name.chars().count() <= 80 && !name.chars().any(forbidden)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn arns_name_what_they_name() {
        let home = Home {
            region: "us-east-1".into(),
            account: "000000000000".into(),
        };
        assert_eq!(machine_name(&home.machine("m")), Ok("m"));
        assert_eq!(execution_names(&home.execution("m", "e")), Ok(("m", "e")));
        assert_eq!(activity_name(&home.activity("a")), Ok("a"));
        assert_eq!(
            machine_name("arn:aws:states:us-east-1:000000000000:stateMachine:m:1")
                .unwrap_err()
                .code,
            "StateMachineDoesNotExist"
        );
    }

    #[test]
    fn wrong_arns_are_refused_in_the_services_words() {
        assert_eq!(
            execution_names("xyz").unwrap_err().message,
            "Invalid Arn: 'Invalid ARN prefix: xyz'"
        );
        assert_eq!(
            execution_names("arn:aws:states:us-east-1:000000000000:express:m:e:u").unwrap_err(),
            ApiError::new(
                "InvalidArn",
                "Invalid Arn: 'Resource type not valid in this context: express'"
            )
        );
        assert!(activity_name("arn:aws:s3:::bucket").is_err());
        assert!(activity_name("arn:aws:states:us-east-1").is_err());
    }

    #[test]
    fn names_obey_the_rules() {
        for good in ["a", "Größe-1_x.y", &"n".repeat(80), "é(1)!@+='"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in [
            "",
            " ",
            "a b",
            "a/b",
            "a:b",
            "a\u{7f}",
            "<a>",
            "a,b",
            &"n".repeat(81),
        ] {
            assert!(!is_valid_name(bad), "{bad:?}");
        }
    }
}
