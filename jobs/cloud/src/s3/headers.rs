//! What is kept with an object beside its bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::StoreError;

/// Names and values of all user metadata together.
const MAX_METADATA: usize = 2048;
/// Bytes of a key.
const MAX_KEY: usize = 1024;

/// User metadata: names in lower case, without `x-amz-meta-`.
pub(super) type Metadata = BTreeMap<String, String>;

/// The standard headers that a client may give an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect_location: Option<String>,
    /// `None` is `STANDARD`. Kept and answered; everything is on the same disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// Refuses metadata above S3's limit.
pub(super) fn check_metadata(metadata: &Metadata) -> Result<(), StoreError> {
    let bytes = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > MAX_METADATA {
        return Err(StoreError::MetadataTooLarge { bytes });
    }
    Ok(())
}

/// Refuses keys that S3 would not have.
pub(super) fn check_key(key: &str) -> Result<(), StoreError> {
    match key.len() {
        0 => Err(StoreError::argument("a key has at least one byte")),
        bytes if bytes > MAX_KEY => Err(StoreError::KeyTooLong { bytes }),
        _ => Ok(()),
    }
}

/// `Content-Encoding` as the object has it: `aws-chunked` was only how it travelled.
pub(super) fn stored_encoding(header: Option<String>) -> Option<String> {
    let codings = header?;
    let kept: Vec<&str> = codings
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_a_body_travelled_is_not_how_it_is_encoded() {
        let stored = |header: &str| stored_encoding(Some(header.to_owned()));
        assert_eq!(stored("aws-chunked"), None);
        assert_eq!(stored("gzip, aws-chunked").as_deref(), Some("gzip"));
        assert_eq!(stored("br").as_deref(), Some("br"));
    }

    #[test]
    fn metadata_ends_at_two_kilobytes() {
        let metadata = |bytes: usize| Metadata::from([("k".to_owned(), "v".repeat(bytes - 1))]);
        assert!(check_metadata(&metadata(2048)).is_ok());
        assert_eq!(
            check_metadata(&metadata(2049)).map_err(|error| error.code()),
            Err("MetadataTooLarge")
        );
    }
}
