//! What flags, environment and configuration file mean together.
//!
//! A flag beats an environment variable, which beats the configuration file, which beats the default.
//! The rest of the program only ever sees [`Settings`].

mod check;
mod dirs;
mod file;
pub mod keys;
mod local;
#[cfg(test)]
mod pages;
mod prices;
mod read;

use std::path::PathBuf;

use anyhow::Result;

pub use dirs::Dirs;
pub use file::{ConfigFile, ProfileTable};
pub use local::{LocalOptions, LocalSettings, capacity};
pub use read::read_text_there;

use crate::term::Terminal;

/// Everything that more than one command needs, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where a person's files are.
    pub dirs: Dirs,
    /// How to write.
    pub terminal: Terminal,
    /// The profile's name.
    pub profile: String,
    /// The configuration file's content; defaults when there is none.
    pub file: ConfigFile,
    /// Which configuration file was asked for, when one was: the local cloud is started with the same.
    pub config_path: Option<PathBuf>,
}

impl Settings {
    /// The same without a look into the configuration file.
    pub fn without_file(terminal: Terminal, config: Option<PathBuf>) -> Result<Settings> {
        Ok(Settings {
            dirs: Dirs::find()?,
            terminal,
            profile: "local".to_owned(),
            file: ConfigFile::default(),
            config_path: config,
        })
    }

    /// Where the configuration file is, or would be.
    pub fn file_path(&self) -> PathBuf {
        let named = self.config_path.clone();
        named.unwrap_or_else(|| self.dirs.config_file())
    }

    /// Finds the folders and reads the configuration file.
    pub fn resolve(
        terminal: Terminal,
        profile: Option<String>,
        config: Option<PathBuf>,
    ) -> Result<Settings> {
        let dirs = Dirs::find()?;
        let file = match &config {
            Some(path) => ConfigFile::read(path)?,
            None => ConfigFile::read_if_there(&dirs.config_file())?,
        };
        let profile = profile
            .or_else(|| file.profile.clone())
            .unwrap_or_else(|| "local".to_owned());
        Ok(Settings {
            dirs,
            terminal,
            profile,
            file,
            config_path: config,
        })
    }
}
