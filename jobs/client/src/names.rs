//! The bucket layout: which key belongs to which item.
//!
//! ```
//! use whiteboarder_jobs::names;
//! let key = names::inbox_key("01JD", "monday/board.jpg");
//! assert_eq!(key, "inbox/01JD/monday/board.jpg");
//! assert_eq!(names::parse_inbox_key(&key), Some(("01JD", "monday/board.jpg")));
//! assert_eq!(names::cleaned_key("01JD", "board.jpg"), "cleaned/01JD/board.jpg.png");
//! ```

/// Longest name of an item, in bytes of UTF-8. S3 allows keys of 1,024 bytes; the longest key
/// that holds a name is `runs/inbox/<batch>/<name>/<execution>` with an execution name of ≤ 80
/// characters.
pub const MAX_NAME_BYTES: usize = 880;

/// Metadata key: the recipe's differences from the defaults, compact ASCII JSON.
pub const META_RECIPE: &str = "wb-recipe";
/// Metadata key: hash of the whole recipe and the algorithm version.
pub const META_RECIPE_HASH: &str = "wb-recipe-hash";
/// Metadata key: hexadecimal sha256 of the object's bytes.
pub const META_SHA256: &str = "wb-sha256";
/// Metadata key: the wished place, or on a result the place it was made.
pub const META_PLACE: &str = "wb-place";
/// Metadata key: the algorithm version.
pub const META_VERSION: &str = "wb-version";
/// Metadata key on a result: `ETag` of the original.
pub const META_SOURCE_ETAG: &str = "wb-source-etag";
/// Metadata key on a result: hexadecimal sha256 of the original.
pub const META_SOURCE_SHA256: &str = "wb-source-sha256";

/// Where the manifests are.
pub const MANIFESTS: &str = "batches/";

/// The original of an item.
#[must_use]
pub fn inbox_key(batch: &str, name: &str) -> String {
    format!("inbox/{batch}/{name}")
}

/// All originals of a batch.
#[must_use]
pub fn inbox_prefix(batch: &str) -> String {
    format!("inbox/{batch}/")
}

/// The result of an item.
#[must_use]
pub fn cleaned_key(batch: &str, name: &str) -> String {
    format!("cleaned/{batch}/{name}.png")
}

/// All results of a batch.
#[must_use]
pub fn cleaned_prefix(batch: &str) -> String {
    format!("cleaned/{batch}/")
}

/// Why an item failed.
#[must_use]
pub fn failed_key(batch: &str, name: &str) -> String {
    format!("failed/{batch}/{name}.json")
}

/// All failures of a batch.
#[must_use]
pub fn failed_prefix(batch: &str) -> String {
    format!("failed/{batch}/")
}

/// The run records of a batch: one LIST finds all its executions.
#[must_use]
pub fn runs_prefix(batch: &str) -> String {
    format!("runs/inbox/{batch}/")
}

/// The manifest of a batch.
#[must_use]
pub fn manifest_key(batch: &str) -> String {
    format!("{MANIFESTS}{batch}.json")
}

/// Who does the work for this content with this recipe: whoever wrote the claim first.
#[must_use]
pub fn claim_key(recipe_hash: &str, sha256: &str) -> String {
    format!("claims/{recipe_hash}/{sha256}.json")
}

/// Says that batch `by` has items whose work batch `home` does: a deletion of `home` has to know.
#[must_use]
pub fn share_key(home: &str, by: &str) -> String {
    format!("{}{by}.json", shares_prefix(home))
}

/// The notes of all batches that share a batch's results.
#[must_use]
pub fn shares_prefix(home: &str) -> String {
    format!("shares/{home}/")
}

/// The batch that a [`share_key`] of `home` names.
#[must_use]
pub fn parse_share_key<'a>(home: &str, key: &'a str) -> Option<&'a str> {
    key.strip_prefix("shares/")?
        .strip_prefix(home)?
        .strip_prefix('/')?
        .strip_suffix(".json")
}

/// Batch and name of an inbox key.
#[must_use]
pub fn parse_inbox_key(key: &str) -> Option<(&str, &str)> {
    let (batch, name) = key.strip_prefix("inbox/")?.split_once('/')?;
    (!batch.is_empty() && !name.is_empty()).then_some((batch, name))
}

/// Batch, name and execution name of a run record's key.
///
/// The last part is the execution's name, which cannot contain a slash; everything before it is
/// the inbox key, which can.
#[must_use]
pub fn parse_run_key(key: &str) -> Option<(&str, &str, &str)> {
    let (inbox, execution) = key.strip_prefix("runs/")?.rsplit_once('/')?;
    let (batch, name) = parse_inbox_key(inbox)?;
    (!execution.is_empty()).then_some((batch, name, execution))
}

/// The name of a result's key within a batch.
#[must_use]
pub fn parse_cleaned_key<'a>(batch: &str, key: &'a str) -> Option<&'a str> {
    key.strip_prefix("cleaned/")?
        .strip_prefix(batch)?
        .strip_prefix('/')?
        .strip_suffix(".png")
}

/// The name of a failure's key within a batch.
#[must_use]
pub fn parse_failed_key<'a>(batch: &str, key: &'a str) -> Option<&'a str> {
    key.strip_prefix("failed/")?
        .strip_prefix(batch)?
        .strip_prefix('/')?
        .strip_suffix(".json")
}
