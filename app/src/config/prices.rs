//! Which prices costs are estimated with.

use std::path::PathBuf;

use anyhow::Result;
use whiteboarder_jobs::price::PriceTable;

use super::Settings;
use super::read::{read_text, read_text_there};
use crate::error::Failure;
use crate::term::text;

/// How messages call the file.
const WHAT: &str = "the prices";

impl Settings {
    /// The prices: those of the file that the configuration names, or of `prices.toml` in the configuration folder,
    /// with the bundled ones for regions that it does not have.
    pub fn prices(&self) -> Result<PriceTable> {
        let bundled = PriceTable::bundled();
        let (path, content) = if let Some(path) = self.prices_path() {
            let content = read_text_there(WHAT, &path)?;
            (path, Some(content))
        } else {
            let path = self.dirs.prices_file();
            let content = read_text(WHAT, &path)?;
            (path, content)
        };
        let Some(content) = content else {
            return Ok(bundled);
        };
        let own = PriceTable::parse(&content).map_err(|error| {
            let path = text::path(&path);
            Failure::usage(format!("the prices in {path}: {error}"))
                .hint("docs/configuration.md has the table that ships, to start from")
        })?;
        Ok(own.over(bundled))
    }

    /// What `prices` of the configuration file names, beside that file when it is relative.
    fn prices_path(&self) -> Option<PathBuf> {
        let named = self.file.prices.as_ref()?;
        let file = self.file_path();
        Some(
            file.parent()
                .map_or_else(|| named.into(), |folder| folder.join(named)),
        )
    }
}
