//! `whiteboarder recipe`: what can be set, and what is set.

use anyhow::Result;
use clap::{Args, Subcommand};
use whiteboarder_core::recipe::Recipe;

use crate::config::{Dirs, Settings};
use crate::error::Exit;
use crate::presets;

/// Show recipes: every parameter of a cleaning, as TOML.
#[derive(Debug, Args)]
pub struct RecipeArgs {
    #[command(subcommand)]
    command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
enum RecipeCommand {
    /// Print a recipe with all its fields; the default one when no file is given.
    ///
    /// `whiteboarder recipe show > mine.toml` is a good start for a recipe of your own.
    Show {
        /// A recipe file.
        file: Option<String>,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &RecipeArgs, settings: &Settings) -> Result<Exit> {
    match &args.command {
        RecipeCommand::Show { file, json } => {
            let recipe = read(&settings.dirs, file.as_deref())?;
            if *json {
                settings.terminal.document(&recipe)?;
            } else {
                settings.terminal.line(recipe.to_toml().trim_end())?;
            }
            Ok(Exit::Success)
        }
    }
}

/// The recipe of `--recipe NAME|FILE`, or the default one.
pub fn read(dirs: &Dirs, wanted: Option<&str>) -> Result<Recipe> {
    wanted.map_or_else(
        || Ok(Recipe::default()),
        |wanted| presets::find(dirs, wanted),
    )
}
