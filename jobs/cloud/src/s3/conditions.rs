//! `If-Match` and its relatives, for reading, writing and copying.

use super::error::StoreError;

/// What an entity tag is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `*`: any object, as long as there is one.
    Any,
    /// A tag, without quotes.
    Is(String),
}

impl Tag {
    fn matches(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Is(tag) => tag == etag,
        }
    }
}

/// Conditions on the object that a write would replace, checked in the transaction of the write.
#[derive(Clone, Debug, Default)]
pub(super) struct WriteConditions {
    /// Write only over this object.
    pub if_match: Option<Tag>,
    /// Write only where there is no object (`If-None-Match: *`).
    pub if_absent: bool,
}

impl WriteConditions {
    /// `current` is the entity tag of the object that is there.
    pub(super) fn check(&self, key: &str, current: Option<&str>) -> Result<(), StoreError> {
        if self.if_absent && current.is_some() {
            return Err(StoreError::PreconditionFailed {
                condition: "If-None-Match",
            });
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(StoreError::NoSuchKey {
                key: key.to_owned(),
            }),
            (Some(tag), Some(etag)) if !tag.matches(etag) => Err(StoreError::PreconditionFailed {
                condition: "If-Match",
            }),
            _ => Ok(()),
        }
    }
}

/// Conditions on an object that is read or copied.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_field_names)] // they are the headers' names
pub(super) struct ReadConditions {
    pub if_match: Option<Tag>,
    pub if_none_match: Option<Tag>,
    /// Seconds since the Unix epoch.
    pub if_modified_since: Option<i64>,
    /// Seconds since the Unix epoch.
    pub if_unmodified_since: Option<i64>,
}

impl ReadConditions {
    /// RFC 9110 §13.2.2, which S3 follows: a condition on tags outranks its twin on time.
    pub(super) fn check(&self, etag: &str, modified_s: i64) -> Result<(), StoreError> {
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tag), _) if !tag.matches(etag) => {
                return Err(StoreError::PreconditionFailed {
                    condition: "If-Match",
                });
            }
            (None, Some(since)) if modified_s > since => {
                return Err(StoreError::PreconditionFailed {
                    condition: "If-Unmodified-Since",
                });
            }
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since) {
            (Some(tag), _) if tag.matches(etag) => Err(StoreError::NotModified {
                etag: etag.to_owned(),
            }),
            (None, Some(since)) if modified_s <= since => Err(StoreError::NotModified {
                etag: etag.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// A copy has no "not modified": that is a failed condition too.
    pub(super) fn check_copy(&self, etag: &str, modified_s: i64) -> Result<(), StoreError> {
        self.check(etag, modified_s).map_err(|error| match error {
            StoreError::NotModified { .. } if self.if_none_match.is_some() => {
                StoreError::PreconditionFailed {
                    condition: "x-amz-copy-source-if-none-match",
                }
            }
            StoreError::NotModified { .. } => StoreError::PreconditionFailed {
                condition: "x-amz-copy-source-if-modified-since",
            },
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(tag: &str) -> Tag {
        Tag::Is(tag.to_owned())
    }

    #[test]
    fn a_write_may_ask_for_absence_or_for_one_version() {
        let absent = WriteConditions {
            if_absent: true,
            ..WriteConditions::default()
        };
        assert!(absent.check("k", None).is_ok());
        assert_eq!(
            absent.check("k", Some("a")).map_err(|e| e.status()),
            Err(412)
        );
        let matching = WriteConditions {
            if_match: Some(is("a")),
            ..WriteConditions::default()
        };
        assert!(matching.check("k", Some("a")).is_ok());
        assert_eq!(
            matching.check("k", Some("b")).map_err(|e| e.status()),
            Err(412)
        );
        assert_eq!(
            matching.check("k", None).map_err(|e| e.code()),
            Err("NoSuchKey")
        );
    }

    #[test]
    fn conditions_on_tags_outrank_those_on_time() {
        let status =
            |conditions: ReadConditions| conditions.check("a", 100).map_err(|e| e.status());
        let none = ReadConditions::default();
        assert_eq!(status(none.clone()), Ok(()));
        let unmodified = ReadConditions {
            if_unmodified_since: Some(99),
            ..none.clone()
        };
        assert_eq!(status(unmodified.clone()), Err(412));
        assert_eq!(
            status(ReadConditions {
                if_match: Some(is("a")),
                ..unmodified
            }),
            Ok(())
        );
        let modified = ReadConditions {
            if_modified_since: Some(100),
            ..none.clone()
        };
        assert_eq!(status(modified.clone()), Err(304));
        assert_eq!(
            status(ReadConditions {
                if_none_match: Some(is("b")),
                ..modified
            }),
            Ok(())
        );
        assert_eq!(
            status(ReadConditions {
                if_none_match: Some(Tag::Any),
                ..none
            }),
            Err(304)
        );
    }
}
