//! Opaque texts that clients hold for us: task tokens and page tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::ApiError;

/// How long a page token may be used.
const PAGE_TOKEN_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// Which task a token names, and the secret that proves that we gave it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskToken {
    /// The execution's row.
    pub(crate) execution: i64,
    /// The task within the execution.
    pub(crate) task: u64,
    secret: [u8; 32],
}

impl TaskToken {
    /// A new token: two random UUIDs, 244 random bits.
    pub(crate) fn random(execution: i64, task: u64) -> Self {
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        secret[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self {
            execution,
            task,
            secret,
        }
    }

    /// As stored beside the task.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// A token from the parts in the store; `None` when the secret has the wrong length.
    pub(crate) fn from_parts(execution: i64, task: u64, secret: &[u8]) -> Option<Self> {
        Some(Self {
            execution,
            task,
            secret: secret.try_into().ok()?,
        })
    }

    /// Compares in a time that does not depend on where the secrets differ.
    pub(crate) fn matches(&self, secret: &[u8]) -> bool {
        self.secret.ct_eq(secret).into()
    }

    /// The text that workers get.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(49);
        bytes.push(1); // The layout's version.
        bytes.extend_from_slice(&self.execution.to_be_bytes());
        bytes.extend_from_slice(&self.task.to_be_bytes());
        bytes.extend_from_slice(&self.secret);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what a worker sends.
    pub(crate) fn decode(text: &str) -> Result<Self, ApiError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| ApiError::invalid_token())?;
        let parts = (bytes.len() == 49 && bytes[0] == 1).then(|| {
            let execution = i64::from_be_bytes(bytes[1..9].try_into().ok()?);
            let task = u64::from_be_bytes(bytes[9..17].try_into().ok()?);
            Self::from_parts(execution, task, &bytes[17..])
        });
        parts.flatten().ok_or_else(ApiError::invalid_token)
    }
}

/// What is stored of a token that the interpreter made: who reads the store cannot answer for others.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Where the next page of a list begins.
#[derive(Serialize, Deserialize)]
struct PageToken {
    /// Digest of everything that must not change between pages.
    list: String,
    /// The last key of the page before, in the list's own terms.
    after: (i64, i64),
    /// Milliseconds since the epoch.
    expires: i64,
}

/// Names a list by its operation and by every argument but the page's size.
pub(crate) fn list_identity(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(&digest.finalize()[..8])
}

/// The token for the page behind `after`.
pub(crate) fn encode_page(
    list: String,
    after: (i64, i64),
    now_ms: i64,
) -> Result<String, ApiError> {
    let token = PageToken {
        list,
        after,
        expires: now_ms.saturating_add(PAGE_TOKEN_LIFE_MS),
    };
    let json = serde_json::to_vec(&token).map_err(|error| ApiError::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The key behind which a page begins. Tokens of another list and expired ones are refused.
pub(crate) fn decode_page(text: &str, list: &str, now_ms: i64) -> Result<(i64, i64), ApiError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| ApiError::invalid_token())?;
    let token: PageToken = serde_json::from_slice(&bytes).map_err(|_| ApiError::invalid_token())?;
    if token.list != list || token.expires < now_ms {
        return Err(ApiError::invalid_token());
    }
    Ok(token.after)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_task_token_reads_back_and_no_two_are_alike() {
        let token = TaskToken::random(7, 3);
        let read = TaskToken::decode(&token.encode()).unwrap();
        assert_eq!((read.execution, read.task), (7, 3));
        assert!(read.matches(token.secret()));
        assert!(!TaskToken::random(7, 3).matches(token.secret()));
    }

    #[test]
    fn foreign_task_tokens_are_invalid() {
        for text in ["", "abc", "ä", &"A".repeat(66), &"A".repeat(2000)] {
            assert_eq!(
                TaskToken::decode(text),
                Err(ApiError::invalid_token()),
                "{text}"
            );
        }
    }

    #[test]
    fn page_tokens_belong_to_their_list_and_expire() {
        let list = list_identity(&["ListExecutions", "arn", "RUNNING"]);
        let token = encode_page(list.clone(), (5, 9), 1_000).unwrap();
        assert_eq!(decode_page(&token, &list, 2_000), Ok((5, 9)));
        let other = list_identity(&["ListExecutions", "arnR", "UNNING"]);
        assert!(decode_page(&token, &other, 2_000).is_err());
        assert!(decode_page(&token, &list, 1_001 + PAGE_TOKEN_LIFE_MS).is_err());
        assert!(decode_page("zzz", &list, 0).is_err());
    }
}
