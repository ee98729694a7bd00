//! Lists that come in pages.

use serde_json::{Value, json};

use super::checks::{Checks, Shown};
use crate::states::error::ApiError;
use crate::states::tokens::{decode_page, encode_page};

/// Elements of a page when the request does not say.
const DEFAULT_PAGE: i64 = 100;

/// Checks the arguments that every list has. `token_length` is the longest token that the model allows.
pub(super) fn check(
    checks: &mut Checks,
    max_results: Option<i64>,
    next_token: Option<&str>,
    token_length: usize,
) {
    checks.range("maxResults", max_results, (0, 1000));
    checks.length("nextToken", next_token, (1, token_length), Shown::Yes);
}

/// One page of a list that is identified by everything but the page's size.
pub(super) struct Page {
    list: String,
    now_ms: i64,
    size: i64,
    /// The last key of the page before.
    pub(super) after: Option<(i64, i64)>,
}

impl Page {
    pub(super) fn new(
        list: String,
        max_results: Option<i64>,
        next_token: Option<&str>,
        now_ms: i64,
    ) -> Result<Self, ApiError> {
        let after = next_token
            .map(|token| decode_page(token, &list, now_ms))
            .transpose()?;
        let size = max_results.filter(|size| *size > 0).unwrap_or(DEFAULT_PAGE);
        Ok(Self {
            list,
            now_ms,
            size,
            after,
        })
    }

    /// How many rows to read: one more than the page has, to know whether another page follows.
    pub(super) fn rows(&self) -> i64 {
        self.size + 1
    }

    /// Cuts the extra row off, and gives the next page's token if there was one.
    pub(super) fn finish<T>(
        self,
        rows: &mut Vec<T>,
        key: impl Fn(&T) -> (i64, i64),
    ) -> Result<Value, ApiError> {
        if rows.len() as i64 <= self.size {
            return Ok(Value::Null);
        }
        rows.truncate(self.size as usize);
        match rows.last() {
            Some(last) => Ok(json!(encode_page(self.list, key(last), self.now_ms)?)),
            None => Ok(Value::Null),
        }
    }
}
