//! What a queue can be set to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::SqsError;

/// Attributes as they are on the wire: texts by names.
pub(super) type Texts = BTreeMap<String, String>;

/// A number that can be set: its name, range, and what it is when it is not.
struct Number {
    name: &'static str,
    least: i64,
    most: i64,
    usual: i64,
}

const NUMBERS: [Number; 5] = [
    number("DelaySeconds", 0, 900, 0),
    number("MaximumMessageSize", 1024, 1_048_576, 1_048_576),
    number("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    number("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    number("VisibilityTimeout", 0, 43_200, 30),
];

/// Taken and kept, without an effect here: nobody else reads this disk.
const KEPT: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
];

/// Told, but not to be set.
pub(super) const COMPUTED: [&str; 6] = [
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
];

/// What only FIFO queues have: its name, its values, the usual one first.
const FIFO: [(&str, [&str; 2]); 3] = [
    (BY_CONTENT, ["false", "true"]),
    (SCOPE, ["queue", "messageGroup"]),
    (THROUGHPUT, ["perQueue", "perMessageGroupId"]),
];

const IS_FIFO: &str = "FifoQueue";
const BY_CONTENT: &str = "ContentBasedDeduplication";
const SCOPE: &str = "DeduplicationScope";
const THROUGHPUT: &str = "FifoThroughputLimit";
const REDRIVE: &str = "RedrivePolicy";

const fn number(name: &'static str, least: i64, most: i64, usual: i64) -> Number {
    Number {
        name,
        least,
        most,
        usual,
    }
}

/// What a queue is set to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(pub(super) Texts);

/// When a message counts as dead, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redrive {
    /// The dead-letter queue's ARN.
    pub(super) target: String,
    /// Receipts after which the next one finds it there.
    pub(super) receipts: i64,
}

impl Settings {
    /// The settings of a new queue of this name, which ends in `.fifo` if and only if it is a FIFO queue.
    pub(super) fn new(name: &str, given: &Texts) -> Result<Self, SqsError> {
        let refuse = |rule: &str| Err(SqsError::of_sender("InvalidParameterValue", rule));
        let is_fifo = given.get(IS_FIFO).is_some_and(|value| value == "true");
        match (name.strip_suffix(".fifo").is_some(), is_fifo) {
            (false, true) => {
                return refuse(
                    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, \
                     must end with .fifo suffix and be 1 to 80 in length",
                );
            }
            (true, false) => {
                return refuse(
                    "A queue whose name ends with .fifo needs the attribute FifoQueue=true",
                );
            }
            _ => {}
        }
        let mut settings = Self::default();
        if is_fifo {
            settings.0.insert(IS_FIFO.to_owned(), "true".to_owned());
        }
        settings.set(given)?;
        Ok(settings)
    }

    /// Takes on new values, or none of them. An empty policy removes the policy.
    pub(super) fn set(&mut self, new: &Texts) -> Result<(), SqsError> {
        let is_fifo = self.is_fifo();
        for (name, value) in new {
            check(name, value, is_fifo)?;
        }
        let mut all = self.0.clone();
        for (name, value) in new {
            if value.is_empty() && !NUMBERS.iter().any(|number| number.name == name) {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        let all = Self(all);
        if all.fifo(THROUGHPUT) == "perMessageGroupId" && !all.deduplicates_by_group() {
            let message = "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for \
                           DeduplicationScope is messageGroup.";
            return Err(SqsError::of_sender("InvalidAttributeValue", message));
        }
        *self = all;
        Ok(())
    }

    /// Whether messages of a group come in their order, one receipt at a time, and repetitions are dropped.
    pub(super) fn is_fifo(&self) -> bool {
        self.0.get(IS_FIFO).is_some_and(|value| value == "true")
    }

    /// Whether a message without a deduplication id has its body's digest as one.
    pub(super) fn deduplicates_by_content(&self) -> bool {
        self.fifo(BY_CONTENT) == "true"
    }

    /// Whether a deduplication id counts in its message group only.
    pub(super) fn deduplicates_by_group(&self) -> bool {
        self.fifo(SCOPE) == "messageGroup"
    }

    /// What a FIFO queue's attribute is.
    fn fifo(&self, name: &str) -> &str {
        let usual = FIFO.iter().find(|(known, _)| *known == name);
        let usual = usual.map_or("", |(_, values)| values[0]);
        self.0.get(name).map_or(usual, String::as_str)
    }

    /// A number that can be set, by its name.
    pub(super) fn number(&self, name: &str) -> i64 {
        let usual = NUMBERS.iter().find(|number| number.name == name);
        let set = self.0.get(name).and_then(|value| value.parse().ok());
        set.unwrap_or_else(|| usual.map_or(0, |number| number.usual))
    }

    /// The redrive policy.
    pub(super) fn redrive(&self) -> Option<Redrive> {
        redrive(self.0.get(REDRIVE)?).ok()
    }

    /// Everything that is set or usual.
    pub(super) fn told(&self) -> Texts {
        let mut told = self.0.clone();
        for number in &NUMBERS {
            told.entry(number.name.to_owned())
                .or_insert_with(|| number.usual.to_string());
        }
        told.entry("SqsManagedSseEnabled".to_owned())
            .or_insert_with(|| "true".to_owned());
        if self.is_fifo() {
            for (name, _) in FIFO {
                told.insert(name.to_owned(), self.fifo(name).to_owned());
            }
        }
        told
    }
}

/// Whether `GetQueueAttributes` may ask for it.
pub(super) fn is_known(name: &str) -> bool {
    name == REDRIVE
        || KEPT.contains(&name)
        || COMPUTED.contains(&name)
        || is_fifos(name)
        || NUMBERS.iter().any(|number| number.name == name)
}

fn is_fifos(name: &str) -> bool {
    name == IS_FIFO || FIFO.iter().any(|(known, _)| *known == name)
}

fn check(name: &str, value: &str, is_fifo: bool) -> Result<(), SqsError> {
    let invalid = |reason: &str| {
        let message = format!("Invalid value for the parameter {name}. Reason: {reason}");
        SqsError::of_sender("InvalidAttributeValue", message)
    };
    if let Some(number) = NUMBERS.iter().find(|number| number.name == name) {
        let fits = value
            .parse()
            .is_ok_and(|value: i64| (number.least..=number.most).contains(&value));
        let range = format!(
            "Must be an integer from {} to {}.",
            number.least, number.most
        );
        return if fits { Ok(()) } else { Err(invalid(&range)) };
    }
    if name == REDRIVE {
        return match value {
            "" => Ok(()),
            value => redrive(value).map(drop).map_err(|reason| invalid(&reason)),
        };
    }
    if name == IS_FIFO {
        // Repeating what it is changes nothing.
        let same = value.parse() == Ok(is_fifo);
        return if same {
            Ok(())
        } else {
            Err(invalid(
                "A queue is made as a FIFO queue or never becomes one.",
            ))
        };
    }
    if let Some((_, values)) = FIFO.iter().find(|(known, _)| *known == name) {
        // Saying of a standard queue that it has none of this is harmless.
        return match values.contains(&value) {
            true if is_fifo || value == values[0] => Ok(()),
            true => Err(invalid("It is for FIFO queues only.")),
            false => Err(invalid(&format!("Must be {} or {}.", values[0], values[1]))),
        };
    }
    if KEPT.contains(&name) {
        return Ok(());
    }
    let message = format!("Unknown Attribute {name}.");
    Err(SqsError::of_sender("InvalidAttributeName", message))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    dead_letter_target_arn: String,
    /// A number, or one as text.
    max_receive_count: Value,
}

fn redrive(policy: &str) -> Result<Redrive, String> {
    let policy: Policy = serde_json::from_str(policy)
        .map_err(|_| "Must be JSON with deadLetterTargetArn and maxReceiveCount.".to_owned())?;
    let receipts = match &policy.max_receive_count {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    match receipts {
        Some(receipts @ 1..=1000) => Ok(Redrive {
            target: policy.dead_letter_target_arn,
            receipts,
        }),
        _ => Err("maxReceiveCount must be an integer from 1 to 1000.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, value: &str) -> Texts {
        Texts::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn values_are_held_to_the_services_ranges() {
        let mut settings = Settings::default();
        assert_eq!(settings.number("VisibilityTimeout"), 30);
        for (name, value, code) in [
            ("VisibilityTimeout", "0", ""),
            ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
            ("DelaySeconds", "-1", "InvalidAttributeValue"),
            ("DelaySeconds", "soon", "InvalidAttributeValue"),
            ("Colour", "red", "InvalidAttributeName"),
            ("FifoQueue", "true", "InvalidAttributeValue"),
            ("FifoQueue", "false", ""),
            ("ContentBasedDeduplication", "true", "InvalidAttributeValue"),
            ("Policy", "{}", ""),
            ("RedrivePolicy", "{}", "InvalidAttributeValue"),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn": "a", "maxReceiveCount": 0}"#,
                "InvalidAttributeValue",
            ),
        ] {
            let refused = settings.set(&texts(name, value)).err();
            let found = refused.map_or(String::new(), |error| error.code);
            assert_eq!(found, code, "{name}={value}");
        }
        assert_eq!(settings.number("VisibilityTimeout"), 0);
    }

    #[test]
    fn a_fifo_queue_is_one_by_its_name_and_its_attribute() {
        let is = |value: &str| texts("FifoQueue", value);
        for (name, given, sound) in [
            ("jobs.fifo", is("true"), true),
            ("jobs.fifo", is("false"), false),
            ("jobs.fifo", Texts::new(), false),
            ("jobs", is("true"), false),
            ("jobs", is("false"), true),
        ] {
            let made = Settings::new(name, &given);
            assert_eq!(made.is_ok(), sound, "{name} {given:?}");
            if let Ok(settings) = made {
                assert_eq!(settings.is_fifo(), name != "jobs");
            }
        }
    }

    #[test]
    fn deduplication_is_set_within_what_fits_together() {
        let mut settings = Settings::new("jobs.fifo", &texts("FifoQueue", "true")).unwrap();
        assert!(!settings.deduplicates_by_content() && !settings.deduplicates_by_group());
        let limit = texts("FifoThroughputLimit", "perMessageGroupId");
        assert!(settings.set(&limit).is_err(), "the scope is the queue");
        let scope = texts("DeduplicationScope", "messageGroup");
        settings
            .set(&[limit, scope].into_iter().flatten().collect())
            .unwrap();
        settings
            .set(&texts("ContentBasedDeduplication", "true"))
            .unwrap();
        assert!(settings.deduplicates_by_content() && settings.deduplicates_by_group());
        assert_eq!(settings.told()["FifoThroughputLimit"], "perMessageGroupId");
        for (name, value) in [("FifoQueue", "false"), ("DeduplicationScope", "all")] {
            assert!(settings.set(&texts(name, value)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_redrive_policy_is_read_and_removed() {
        let mut settings = Settings::default();
        for count in ["3", "\"3\""] {
            let policy = format!(r#"{{"deadLetterTargetArn": "arn", "maxReceiveCount": {count}}}"#);
            settings.set(&texts("RedrivePolicy", &policy)).unwrap();
            let redrive = settings.redrive().unwrap();
            assert_eq!((redrive.target.as_str(), redrive.receipts), ("arn", 3));
        }
        settings.set(&texts("RedrivePolicy", "")).unwrap();
        assert_eq!(settings.redrive(), None);
    }
}
