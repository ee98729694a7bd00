//! `whiteboarder [PATH…]`: the studio.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, CommandFactory};

use super::Cli;
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::presets;
use crate::studio::{self, Bench, Front, Options};
use crate::term::screen::GraphicsChoice;
use crate::term::text;

/// Arguments without a command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Studio")]
pub struct StudioArgs {
    /// Photographs and folders to open in the studio; without any, the sample boards
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Recipe to begin with: a name of `recipe list`, or a TOML file [default: whiteboard]
    #[arg(long, value_name = "NAME|FILE")]
    recipe: Option<String>,
    /// Folder for what is written, or a file name (.png) for a single photograph [default: cleaned]
    #[arg(long, short, value_name = "DIR|FILE.png")]
    output: Option<PathBuf>,
    /// How to show pictures
    #[arg(long, value_name = "HOW")]
    graphics: Option<GraphicsChoice>,
    /// Press the keys of this script and tell how soon each was seen, docs/benchmarks.md
    #[arg(long, value_name = "FILE", hide = true)]
    bench_script: Option<PathBuf>,
}

impl StudioArgs {
    /// Whether there is something to open, or somebody to look.
    pub fn opens(&self) -> bool {
        !self.paths.is_empty() || on_a_terminal()
    }

    /// Refuses what stands before a command: it would do nothing there.
    pub fn expect_none(&self) -> Result<()> {
        let given = match self {
            StudioArgs { paths, .. } if !paths.is_empty() => text::path(&paths[0]),
            StudioArgs {
                recipe: Some(_), ..
            } => "--recipe".to_owned(),
            StudioArgs {
                output: Some(_), ..
            } => "-o".to_owned(),
            StudioArgs {
                graphics: Some(_), ..
            } => "--graphics".to_owned(),
            _ => return Ok(()),
        };
        Err(Failure::usage(format!(
            "{given} stands before the command, which does not see it"
        ))
        .hint("put it behind the command; a file named like a command is written ./so")
        .into())
    }
}

fn on_a_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Opens the studio.
pub fn run(args: StudioArgs, settings: &Settings, began: Instant) -> Result<Exit> {
    if let Some(word) = args.paths.iter().find(|path| !path.exists()) {
        return Err(no_such(&text::path(word)).into());
    }
    let name = args.recipe.unwrap_or_else(|| presets::DEFAULT.to_owned());
    let recipe = presets::find(&settings.dirs, &name)?;
    let studio = studio::open(Options {
        paths: args.paths,
        output: args.output,
        recipe: (text::safe(presets::called_now(&name)), recipe),
        graphics: args.graphics.unwrap_or_default(),
        watch: crate::watch::Options::default(),
        front: Front::Studio,
        bench: args
            .bench_script
            .map(|script| Bench::read(&script, began))
            .transpose()?,
    })?;
    if !on_a_terminal() {
        return Err(Failure::usage("the studio needs a terminal")
            .hint("`whiteboarder clean PHOTO -o FOLDER` cleans without one")
            .into());
    }
    studio.run(settings)
}

/// A word that is no file may be a command that was mistyped, or that stands in the wrong place.
fn no_such(word: &str) -> Failure {
    let command = Cli::command();
    let names: Vec<&str> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(clap::Command::get_name)
        .collect();
    if names.contains(&word) {
        return Failure::usage(format!("the command `{word}` stands behind a file")).hint(format!(
            "`whiteboarder {word} --help` shows what goes where"
        ));
    }
    let meant = text::did_you_mean(word, names);
    Failure::usage(format!(
        "{word}: there is no such file, folder or command{meant}"
    ))
    .hint("`whiteboarder --help` names the commands")
}
