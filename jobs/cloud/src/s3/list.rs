//! Listings: keys and uploads in byte order, with prefix, delimiter and pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::rows::{OBJECT_COLUMNS, ObjectRow, bucket_id, object_row};
use super::store::ObjectStore;

/// Entries of one page at most.
pub(super) const MAX_ENTRIES: usize = 1000;

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// After this key or common prefix: `start-after`, `marker`. Empty is the beginning.
    After(String),
    /// At this key: what a continuation token holds.
    At(Vec<u8>),
}

/// What is listed.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub bucket: String,
    pub prefix: String,
    /// Keys that go on after this, past the prefix, are rolled up to a common prefix.
    pub delimiter: Option<String>,
    pub from: From,
    /// Objects and common prefixes together.
    pub limit: usize,
}

/// A page of objects.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub objects: Vec<ObjectRow>,
    pub common_prefixes: Vec<String>,
    /// Where the next page begins, when there is more.
    pub next: Option<Next>,
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// The last key or common prefix of this page, for markers.
    pub last: String,
    /// The first key that may be on the next page, for tokens.
    pub at: Vec<u8>,
}

impl Next {
    /// A continuation token: opaque to clients.
    pub(super) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode([b"1", self.at.as_slice()].concat())
    }
}

impl From {
    /// Reads a continuation token.
    pub(super) fn token(token: &str) -> Result<Self, StoreError> {
        let cursor = URL_SAFE_NO_PAD.decode(token).ok();
        let cursor = cursor.as_deref().and_then(|bytes| bytes.strip_prefix(b"1"));
        cursor
            .map(|cursor| Self::At(cursor.to_vec()))
            .ok_or_else(|| StoreError::argument("the continuation token provided is incorrect"))
    }
}

impl ObjectStore {
    /// A page of objects. Blocks.
    pub(super) fn list_objects(&self, listing: &Listing) -> Result<Page, StoreError> {
        self.index.read(|connection| {
            let bucket = bucket_id(connection, &listing.bucket)?;
            page(connection, bucket, listing)
        })
    }
}

/// Up to `limit` objects of the bucket from the key `from` on, before `until`, in order.
fn fetch(
    connection: &Connection,
    bucket: i64,
    from: &[u8],
    until: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<ObjectRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {OBJECT_COLUMNS} FROM object
         WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3) ORDER BY key LIMIT ?4"
    ))?;
    let mut rows = statement.query(params![bucket, from, until, limit as i64])?;
    let mut objects = Vec::new();
    while let Some(row) = rows.next()? {
        objects.push(object_row(row)?);
    }
    Ok(objects)
}

/// Walks the keys, jumping over what is rolled up.
fn page(connection: &Connection, bucket: i64, listing: &Listing) -> Result<Page, StoreError> {
    let mut page = Page::default();
    let (prefix, delimiter) = (listing.prefix.as_bytes(), listing.delimiter.as_deref());
    let until = successor(prefix);
    let mut cursor = match &listing.from {
        From::At(key) => key.clone(),
        From::After(key) if key.is_empty() => Vec::new(),
        From::After(key) => match rolled_up(key, &listing.prefix, delimiter) {
            // A marker that is a common prefix stands for all keys under it.
            Some(common) if common == key => successor(common.as_bytes()).unwrap_or_default(),
            _ => [key.as_bytes(), b"\0"].concat(),
        },
    };
    if cursor.as_slice() < prefix {
        cursor = prefix.to_vec();
    }
    let mut last = String::new();
    while until.as_ref().is_none_or(|until| cursor < *until) {
        let room = listing.limit - page.objects.len() - page.common_prefixes.len();
        let fetched = fetch(connection, bucket, &cursor, until.as_deref(), room + 1)?;
        let exhausted = fetched.len() <= room;
        let mut jumped: Option<Vec<u8>> = None;
        for object in fetched {
            if jumped
                .as_ref()
                .is_some_and(|jumped| object.key.as_bytes() < jumped.as_slice())
            {
                continue;
            }
            if page.objects.len() + page.common_prefixes.len() == listing.limit {
                // A page of nothing has no "more": the client would ask for ever.
                let at = object.key.as_bytes().to_vec();
                page.next = (listing.limit > 0).then_some(Next { last, at });
                return Ok(page);
            }
            if let Some(common) = rolled_up(&object.key, &listing.prefix, delimiter) {
                common.clone_into(&mut last);
                page.common_prefixes.push(last.clone());
                jumped = successor(common.as_bytes());
                if jumped.is_none() {
                    return Ok(page);
                }
            } else {
                last.clone_from(&object.key);
                page.objects.push(object);
            }
        }
        if exhausted {
            break;
        }
        let after_last = [last.as_bytes(), b"\0"].concat();
        cursor = jumped.map_or(after_last.clone(), |jumped| jumped.max(after_last));
    }
    Ok(page)
}

/// The common prefix that a key is rolled up to.
pub(super) fn rolled_up<'k>(
    key: &'k str,
    prefix: &str,
    delimiter: Option<&str>,
) -> Option<&'k str> {
    let delimiter = delimiter?;
    let end = prefix.len() + key.strip_prefix(prefix)?.find(delimiter)? + delimiter.len();
    key.get(..end)
}

/// The smallest byte string after all those that begin with `prefix`; `None` when there is none.
pub(super) fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if last < u8::MAX {
            next.push(last + 1);
            return Some(next);
        }
    }
    None
}

/// Keys in XML with `encoding-type=url`.
pub(super) fn url_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(byte as char);
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// All pages of a listing, one entry after the other.
    fn all(store: &ObjectStore, mut listing: Listing, tokens: bool) -> Vec<String> {
        let mut entries = Vec::new();
        loop {
            let page = store.list_objects(&listing).unwrap();
            let mut found: Vec<_> = page.objects.into_iter().map(|object| object.key).collect();
            found.extend(page.common_prefixes);
            found.sort();
            assert!(found.len() <= listing.limit);
            entries.extend(found);
            let Some(next) = page.next else {
                return entries;
            };
            listing.from = if tokens {
                From::token(&next.token()).unwrap()
            } else {
                From::After(next.last)
            };
        }
    }

    /// What a listing is, said in the plainest way.
    fn plainly(keys: &[&str], prefix: &str, delimiter: Option<&str>) -> Vec<String> {
        let mut entries: Vec<String> = keys
            .iter()
            .filter(|key| key.starts_with(prefix))
            .map(|key| rolled_up(key, prefix, delimiter).unwrap_or(key).to_owned())
            .collect();
        entries.sort();
        entries.dedup();
        entries
    }

    #[tokio::test]
    async fn every_way_of_paging_finds_the_same() {
        const KEYS: [&str; 16] = [
            "a",
            "a/",
            "a/b",
            "a/b/c",
            "a/b/d",
            "a//",
            "a//x",
            "a0",
            "ab",
            "b/",
            "b/\u{10ffff}",
            "b/\u{10ffff}x",
            "c\0",
            "c\0d",
            "ü/ü",
            "\u{10ffff}\u{10ffff}",
        ];
        let folder = tempfile::tempdir().unwrap();
        let store = ObjectStore::open(folder.path(), crate::s3::StoreSettings::default()).unwrap();
        store.create_bucket("keys").unwrap();
        for key in KEYS {
            store
                .put_object("keys", key, "".into(), None, [].into())
                .await
                .unwrap();
        }
        for prefix in [
            "",
            "a",
            "a/",
            "a/b",
            "b/",
            "c",
            "ü",
            "\u{10ffff}",
            "nothing",
        ] {
            for delimiter in [None, Some("/"), Some("b"), Some("\u{10ffff}"), Some("//")] {
                let expected = plainly(&KEYS, prefix, delimiter);
                for limit in [1, 2, 3, 5, 1000] {
                    for tokens in [true, false] {
                        let listing = Listing {
                            bucket: "keys".to_owned(),
                            prefix: prefix.to_owned(),
                            delimiter: delimiter.map(str::to_owned),
                            from: From::After(String::new()),
                            limit,
                        };
                        let found = all(&store, listing, tokens);
                        assert_eq!(found, expected, "{prefix:?} {delimiter:?} {limit} {tokens}");
                    }
                }
            }
        }
    }
}
