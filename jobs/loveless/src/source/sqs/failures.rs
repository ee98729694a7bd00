//! Which messages of a batch the function's answer says have failed.
//!
//! By AWS's page "Handling errors for an SQS event source in Lambda": nothing, null, an empty list
//! and answers without `batchItemFailures` mean that all went well; an entry that names no message
//! of the batch means that nothing of what it says can be relied on, and all have failed.

use std::collections::BTreeSet;

use serde_json::Value;

/// The messages that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    None,
    These(BTreeSet<String>),
    All,
}

impl Failed {
    pub fn contains(&self, id: &str) -> bool {
        match self {
            Failed::None => false,
            Failed::These(ids) => ids.contains(id),
            Failed::All => true,
        }
    }
}

/// Reads an answer to a batch of these messages.
pub(super) fn in_answer(answer: &[u8], ids: &[&str]) -> Failed {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Failed::None,
        Some(Value::Array(failures)) => failures,
        Some(_) => return Failed::All,
    };
    let mut named = BTreeSet::new();
    for failure in failures {
        match failure["itemIdentifier"].as_str() {
            Some(id) if ids.contains(&id) => named.insert(id.to_owned()),
            _ => return Failed::All,
        };
    }
    if named.is_empty() {
        Failed::None
    } else {
        Failed::These(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_lambda_reads_it() {
        let these = |ids: &[&str]| Failed::These(ids.iter().map(|id| (*id).to_owned()).collect());
        for (answer, failed) in [
            ("", Failed::None),
            ("not JSON", Failed::None),
            ("null", Failed::None),
            ("[1]", Failed::None),
            ("{}", Failed::None),
            (r#"{"statusCode": 200}"#, Failed::None),
            (r#"{"batchItemFailures": null}"#, Failed::None),
            (r#"{"batchItemFailures": []}"#, Failed::None),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "b"}]}"#,
                these(&["b"]),
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}"#,
                these(&["a", "b"]),
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
                Failed::All,
            ),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
                Failed::All,
            ),
            (r#"{"batchItemFailures": [{"id": "a"}]}"#, Failed::All),
            (
                r#"{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "z"}]}"#,
                Failed::All,
            ),
            (r#"{"batchItemFailures": "all"}"#, Failed::All),
        ] {
            assert_eq!(
                in_answer(answer.as_bytes(), &["a", "b"]),
                failed,
                "{answer}"
            );
        }
    }
}
