//! The configuration file, `config.toml`.
//!
//! ```toml
//! profile = "local"                  # the target when --profile is not given
//! prices = "prices.toml"             # what costs are estimated with, beside this file
//! theme = "light"                    # auto, dark, light, contrast, or a theme of one's own
//!
//! [local]                            # the local cloud; see `whiteboarder local start --help`
//! lambda_timeout_s = 60
//! idle_minutes = 10
//!
//! [keys.studio]                      # other keys; docs/keys.md has the names
//! write = ["w", "Ctrl-S"]
//! panel = []                         # none
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
use serde::{Deserialize, Deserializer};

use super::check::first_mistake;
use super::local::LocalOptions;
use super::read::{read_text, read_text_there};
use crate::error::Failure;
use crate::notify::rule::NotifyRule;
use crate::term::text;
use crate::ui::keys::{Keymap, Mistake, Wanted};
use crate::ui::overlay::Overlay;

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
    /// How the screens are coloured.
    pub theme: Option<String>,
    /// The local cloud.
    pub local: LocalOptions,
    /// Other keys.
    pub keys: KeyTables,
    /// Other targets by name.
    pub profiles: BTreeMap<String, ProfileTable>,
    /// Who is told of what.
    pub notify: Vec<NotifyRule>,
}

/// What a screen says of the keys that it is to have.
type Check = fn(&Wanted) -> Option<Mistake>;

/// Other keys for each screen, and for what lies over them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyTables {
    /// The studio's.
    #[serde(deserialize_with = "keys")]
    pub studio: Wanted,
    /// The Batch screen's.
    #[serde(deserialize_with = "keys")]
    pub batch: Wanted,
    /// The dashboard's.
    #[serde(deserialize_with = "keys")]
    pub watch: Wanted,
    /// Those of the lists of keys and commands and of the log.
    #[serde(deserialize_with = "keys")]
    pub lists: Wanted,
}

impl KeyTables {
    /// The sections, and what each says of what it is given.
    pub const EACH: [(&'static str, Check); 4] = [
        ("studio", |wanted| crate::studio::keymap(wanted).err()),
        ("batch", |wanted| crate::batch::screen::keymap(wanted).err()),
        ("watch", |wanted| crate::watch::keymap(wanted).err()),
        ("lists", |wanted| Keymap::of::<Overlay>(wanted).err()),
    ];
}

/// One key, or a list of keys.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Wanted, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Keys {
        One(String),
        Some(Vec<String>),
    }
    let tables = BTreeMap::<String, Keys>::deserialize(deserializer)?;
    let list = |keys| match keys {
        Keys::One(key) => vec![key],
        Keys::Some(keys) => keys,
    };
    Ok(tables
        .into_iter()
        .map(|(name, keys)| (name, list(keys)))
        .collect())
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
        let documented = super::super::documented(include_str!("file.rs"))
            .into_iter()
            .map(|line| line.trim_start_matches("# "))
            .collect::<Vec<_>>()
            .join("\n");
        let file = ConfigFile::parse(&documented, Path::new("config.toml")).unwrap();
        assert_eq!(file.profiles["work"].region, "eu-central-1");
        assert!(file.profiles["work"].endpoint.is_some());
        assert_eq!(file.local.lambda_timeout_s, Some(60));
        assert!(file.notify[0].way().is_ok());
    }
}
