//! Reading the small text files that people write.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::Result;

use crate::error::Failure;
use crate::term::text;

/// What people write by hand takes some kilobytes; what is larger than this is another file.
const MOST_BYTES: u64 = 1 << 20;

/// The text of a file, or none when there is no such file. `what` names it: `the recipe`.
///
/// # Errors
///
/// A file that cannot be read, is larger than 1 MB, or is not UTF-8.
pub fn read_text(what: &str, path: &Path) -> Result<Option<String>> {
    let failed = |error: &std::io::Error| Failure::file(&format!("read {what}"), path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error).into()),
    };
    let mut bytes = Vec::new();
    // Not more than that, for what has no end: /dev/zero.
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    let refused =
        |why: &str| Failure::usage(format!("cannot read {what} {}: it {why}", text::path(path)));
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refused("is larger than 1 MB").into());
    }
    match String::from_utf8(bytes) {
        Ok(content) => Ok(Some(content)),
        Err(_) => Err(refused("is not text in UTF-8").into()),
    }
}

/// The same for a file that must be there.
pub fn read_text_there(what: &str, path: &Path) -> Result<String> {
    read_text(what, path)?.ok_or_else(|| {
        Failure::file(&format!("read {what}"), path, &ErrorKind::NotFound.into()).into()
    })
}
