//! Where a person's files are: the platform's places, or all of them in `WHITEBOARDER_HOME`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::error::Failure;

/// The variable that moves everything.
pub const HOME_VARIABLE: &str = "WHITEBOARDER_HOME";

/// The folders. None of them is made before something is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// The one folder that holds the others, when `WHITEBOARDER_HOME` says so.
    pub home: Option<PathBuf>,
    /// What a person edits: `config.toml`, presets.
    pub config: PathBuf,
    /// What this machine remembers: the running cloud, its log, where batches came from.
    pub state: PathBuf,
    /// What may be lost at any time.
    pub cache: PathBuf,
    /// What must not be lost: the local cloud's store.
    pub data: PathBuf,
}

impl Dirs {
    /// From the environment.
    pub fn find() -> Result<Dirs> {
        match std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            Some(home) => {
                let home = std::path::absolute(&home)
                    .map_err(|error| Failure::file("use", Path::new(&home), &error))?;
                Ok(Dirs::within(&home))
            }
            None => Dirs::of_platform(),
        }
    }

    /// All folders in one.
    pub fn within(home: &Path) -> Dirs {
        Dirs {
            home: Some(home.to_owned()),
            config: home.join("config"),
            state: home.join("state"),
            cache: home.join("cache"),
            data: home.join("data"),
        }
    }

    fn of_platform() -> Result<Dirs> {
        let dirs = directories::ProjectDirs::from("", "", "whiteboarder").ok_or_else(|| {
            Failure::usage("this account has no home folder to keep state in")
                .hint(format!("set {HOME_VARIABLE} to a folder of your choice"))
        })?;
        let data = dirs.data_local_dir();
        Ok(Dirs {
            home: None,
            config: dirs.config_dir().to_owned(),
            // Only Linux has a place of its own for state.
            state: dirs
                .state_dir()
                .map_or_else(|| data.join("state"), Path::to_owned),
            cache: dirs.cache_dir().to_owned(),
            data: data.to_owned(),
        })
    }

    /// The configuration file, when no other is named.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Prices of one's own, when the configuration names no other file.
    pub fn prices_file(&self) -> PathBuf {
        self.config.join("prices.toml")
    }

    /// A person's own themes.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// The store of the local cloud.
    pub fn cloud_store(&self) -> PathBuf {
        self.data.join("cloud")
    }

    /// The recipe that the studio was left with, when it has no name.
    pub fn studio_recipe(&self) -> PathBuf {
        self.state.join("studio.toml")
    }

    /// What running studios would leave behind, were they interrupted.
    pub fn studios(&self) -> PathBuf {
        self.state.join("studios")
    }

    /// Notes where the files of each batch came from, for `submit --resume`.
    pub fn batches(&self) -> PathBuf {
        self.state.join("batches")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_home_holds_everything() {
        let dirs = Dirs::within(Path::new("/home/ada/wb"));
        for folder in [
            &dirs.config,
            &dirs.state,
            &dirs.cache,
            &dirs.data,
            &dirs.cloud_store(),
        ] {
            assert!(folder.starts_with("/home/ada/wb"), "{}", folder.display());
        }
    }
}
