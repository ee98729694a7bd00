//! `whiteboarder recipe`: what can be set, and what is set.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use whiteboarder_core::recipe::Recipe;

use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::term::text;

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
        file: Option<PathBuf>,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &RecipeArgs, settings: &Settings) -> Result<Exit> {
    match &args.command {
        RecipeCommand::Show { file, json } => {
            let recipe = read(file.as_deref())?;
            if *json {
                settings.terminal.document(&recipe)?;
            } else {
                settings.terminal.line(recipe.to_toml().trim_end())?;
            }
            Ok(Exit::Success)
        }
    }
}

/// The recipe of `--recipe FILE`, or the default one.
pub fn read(file: Option<&Path>) -> Result<Recipe> {
    let Some(path) = file else {
        return Ok(Recipe::default());
    };
    let content = std::fs::read_to_string(path)
        .map_err(|error| Failure::file("read the recipe", path, &error))?;
    Recipe::from_toml(&content).map_err(|error| {
        Failure::usage(format!("{}: {error}", text::path(path)))
            .hint("`whiteboarder recipe show` prints all fields with their defaults")
            .into()
    })
}
