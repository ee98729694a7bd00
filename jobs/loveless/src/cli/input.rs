//! Events from the command line, files and standard input.

use std::io::Read;

use anyhow::Context;
use bytes::Bytes;

/// What is meant by JSON, `@FILE` or `-`.
pub(super) fn read(given: &str) -> anyhow::Result<Bytes> {
    let text = match given.strip_prefix('@') {
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {path}"))?,
        None if given == "-" => {
            let mut text = Vec::new();
            std::io::stdin()
                .read_to_end(&mut text)
                .context("cannot read standard input")?;
            text
        }
        None => given.as_bytes().to_vec(),
    };
    Ok(text.into())
}

/// The same bytes, if they are JSON.
pub(super) fn check(text: Bytes) -> anyhow::Result<Bytes> {
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).context("the event is not JSON")?;
    Ok(text)
}
