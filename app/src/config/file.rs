//! The configuration file, `config.toml`.
//!
//! ```toml
//! profile = "local"                  # the target when --profile is not given
//! prices = "prices.toml"             # what costs are estimated with, beside this file
//!
//! [local]                            # the local cloud; see `whiteboarder local start --help`
//! lambda_timeout_s = 60
//! idle_minutes = 10
//!
//! [profiles.work]                    # any other target
//! region = "eu-central-1"
//! aws_profile = "work"               # of ~/.aws/config; the usual chain when absent
//! bucket = "wb-123456789012"
//! state_machine_arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:whiteboarder"
//! # endpoint = "https://…"           # for anything but AWS itself
//!
//! [[notify]]                         # tell somebody when a batch ends
//! on = ["batch-finished", "batch-failed"]
//! after = "30s"                      # only when it took longer
//! terminal = "osc9"                  # or command, webhook, sns
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::check::first_mistake;
use super::local::LocalOptions;
use super::read::{read_text, read_text_there};
use crate::error::Failure;
use crate::notify::rule::NotifyRule;
use crate::term::text;

/// How messages call the file.
const WHAT: &str = "the configuration";

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Name of the profile to use when none is given.
    pub profile: Option<String>,
    /// A file with prices, relative to this one.
    pub prices: Option<String>,
    /// The local cloud.
    pub local: LocalOptions,
    /// Other targets by name.
    pub profiles: BTreeMap<String, ProfileTable>,
    /// Who is told of what.
    pub notify: Vec<NotifyRule>,
}

/// A target that is not the local cloud.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileTable {
    /// Endpoint URL of everything; absent means AWS itself.
    pub endpoint: Option<String>,
    /// Region.
    pub region: String,
    /// A profile of `~/.aws/config`; absent means the SDK's usual chain.
    pub aws_profile: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// What the Lambda there has, in MB.
    pub lambda_memory_mb: Option<u32>,
    /// What the Lambda there has, in seconds.
    pub lambda_timeout_s: Option<u32>,
}

impl ConfigFile {
    /// Reads a file that must be there.
    pub fn read(path: &Path) -> Result<ConfigFile> {
        ConfigFile::parse(&read_text_there(WHAT, path)?, path)
    }

    /// Reads a file if it is there.
    pub fn read_if_there(path: &Path) -> Result<ConfigFile> {
        match read_text(WHAT, path)? {
            Some(content) => ConfigFile::parse(&content, path),
            None => Ok(ConfigFile::default()),
        }
    }

    fn parse(content: &str, path: &Path) -> Result<ConfigFile> {
        let path = text::path(path);
        let told = |sentence: String| {
            Failure::usage(sentence).hint("docs/configuration.md explains every key")
        };
        if let Some((line, mistake)) = first_mistake(content) {
            return Err(told(format!("{path} line {line}: {mistake}")).into());
        }
        // What the check lets through fits.
        toml::from_str(content).map_err(|error| told(format!("{path}: {}", error.message())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_documented_file_is_known() {
        let documented = include_str!("file.rs")
            .lines()
            .skip_while(|line| *line != "//! ```toml")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| {
                line.trim_start_matches("//!")
                    .trim_start()
                    .trim_start_matches("# ")
            })
            .collect::<Vec<_>>()
            .join("\n");
        let file = ConfigFile::parse(&documented, Path::new("config.toml")).unwrap();
        assert_eq!(file.profiles["work"].region, "eu-central-1");
        assert!(file.profiles["work"].endpoint.is_some());
        assert_eq!(file.local.lambda_timeout_s, Some(60));
        assert!(file.notify[0].way().is_ok());
    }
}
