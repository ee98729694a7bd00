//! The rules of batch requests: one to ten entries with ids of their own, each with an end of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::SqsError;

/// The most entries of a request.
const MOST: usize = 10;

/// A batch request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<E> {
    pub(super) queue_url: String,
    #[serde(default = "Vec::new")]
    pub(super) entries: Vec<Entry<E>>,
}

/// An entry: its id and what it says.
#[derive(Deserialize)]
pub(super) struct Entry<E> {
    #[serde(rename = "Id")]
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) says: E,
}

/// What became of the entries.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer<R> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<Success<R>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failure>,
}

#[derive(Serialize)]
struct Success<R> {
    #[serde(rename = "Id")]
    id: String,
    #[serde(flatten)]
    result: R,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    id: String,
    sender_fault: bool,
    code: String,
    message: String,
}

impl<E> Batch<E> {
    /// Whether the request as a whole is sound.
    pub(super) fn check(&self) -> Result<(), SqsError> {
        let refuse = |code: &str, message: String| Err(SqsError::of_sender(code, message));
        if self.entries.is_empty() {
            let message = "There should be at least one entry in the request.";
            return refuse("EmptyBatchRequest", message.to_owned());
        }
        if self.entries.len() > MOST {
            let message = format!(
                "Maximum number of entries per request are {MOST}. You have sent {}.",
                self.entries.len()
            );
            return refuse("TooManyEntriesInBatchRequest", message);
        }
        let mut ids = BTreeSet::new();
        for Entry { id, .. } in &self.entries {
            let sound = (1..=80).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !sound {
                let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                               It can be at most 80 letters long.";
                return refuse("InvalidBatchEntryId", message.to_owned());
            }
            if !ids.insert(id) {
                let message = format!("Id {id} repeated.");
                return refuse("BatchEntryIdsNotDistinct", message);
            }
        }
        Ok(())
    }

    /// Does each entry. What is the caller's fault fails that entry; what is ours fails the request, which leaves no
    /// trace.
    pub(super) fn each<R>(
        &self,
        mut act: impl FnMut(&E) -> Result<R, SqsError>,
    ) -> Result<Answer<R>, SqsError> {
        let mut answer = Answer {
            successful: Vec::new(),
            failed: Vec::new(),
        };
        for Entry { id, says } in &self.entries {
            let id = id.clone();
            match act(says) {
                Ok(result) => answer.successful.push(Success { id, result }),
                Err(error) if error.is_senders() => answer.failed.push(Failure {
                    id,
                    sender_fault: true,
                    code: error.query_code,
                    message: error.message,
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(ids: &[&str]) -> Batch<()> {
        Batch {
            queue_url: String::new(),
            entries: ids
                .iter()
                .map(|id| Entry {
                    id: (*id).to_owned(),
                    says: (),
                })
                .collect(),
        }
    }

    #[test]
    fn a_batch_has_one_to_ten_entries_with_ids_of_their_own() {
        let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
        let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
        for (ids, code) in [
            (&["a", "b-_1"][..], ""),
            (&[], "EmptyBatchRequest"),
            (&eleven, "TooManyEntriesInBatchRequest"),
            (&["a", "a"], "BatchEntryIdsNotDistinct"),
            (&["a b"], "InvalidBatchEntryId"),
            (&[""], "InvalidBatchEntryId"),
        ] {
            let refused = batch(ids).check().err();
            assert_eq!(refused.map_or(String::new(), |error| error.code), code);
        }
    }
}
