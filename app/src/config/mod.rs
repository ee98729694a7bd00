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

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use check::line_of;
pub use dirs::Dirs;
pub use file::{ConfigFile, KeyTables, ProfileTable};
pub use local::{LocalOptions, LocalSettings, capacity};
pub use read::read_text_there;

use crate::term::{Terminal, theme};

/// Everything that more than one command needs, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where a person's files are.
    pub dirs: Dirs,
    /// How to write.
    pub terminal: Terminal,
    /// The profile's name.
    pub profile: String,
    /// The theme's name, when a flag or a variable has one.
    pub theme: Option<String>,
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
            theme: None,
            file: ConfigFile::default(),
            config_path: config,
        })
    }

    /// Where the configuration file is, or would be.
    pub fn file_path(&self) -> PathBuf {
        let named = self.config_path.clone();
        named.unwrap_or_else(|| self.dirs.config_file())
    }

    /// What the local cloud is to be started with: what flags or variables ask for, else the configuration file. Paths
    /// begin here, those of the file at its folder.
    ///
    /// # Errors
    ///
    /// The folder here cannot be told, or has a path that is not Unicode.
    pub fn cloud_options(&self, asked: LocalOptions) -> Result<LocalOptions> {
        let file = self.file_path();
        let folder = file.parent().unwrap_or(Path::new(""));
        let of_file = self.file.local.clone().beginning_at(folder)?;
        Ok(asked.beginning_at(Path::new(""))?.or(&of_file))
    }

    /// The theme that the screens are to have. What a flag or a variable names is looked for from here, what the
    /// configuration names from its folder.
    ///
    /// # Errors
    ///
    /// There is no such theme, or its file has a mistake.
    pub fn theme(&self) -> Result<theme::Choice> {
        let themes = self.dirs.themes();
        match (&self.theme, &self.file.theme) {
            (Some(named), _) => theme::find(named, Path::new(""), &themes),
            (None, Some(named)) => {
                let file = self.file_path();
                theme::find(named, file.parent().unwrap_or(Path::new("")), &themes)
            }
            (None, None) => Ok(theme::Choice::Auto),
        }
    }

    /// Finds the folders and reads the configuration file.
    pub fn resolve(
        terminal: Terminal,
        profile: Option<String>,
        theme: Option<String>,
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
            theme,
            file,
            config_path: config,
        })
    }
}

/// The lines of the example of a file's form, in the documentation of the code that reads it.
#[cfg(test)]
pub fn documented(source: &str) -> Vec<&str> {
    source
        .lines()
        .skip_while(|line| *line != "//! ```toml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").trim_start())
        .collect()
}
