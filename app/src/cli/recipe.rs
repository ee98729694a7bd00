//! `whiteboarder recipe`: what can be set, what is set, and recipes of one's own.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use whiteboarder_core::recipe::Recipe;

use crate::config::{Dirs, Settings};
use crate::error::{Exit, Failure};
use crate::presets::{self, Origin, edit};
use crate::term::glyph::Style;
use crate::term::table::{Align, Cell, Table};
use crate::term::{Terminal, text};

/// Recipes: every parameter of a cleaning, under a name.
///
/// A recipe is a TOML file. Some come with the program; those that you save lie in the folder `recipes` of the
/// configuration folder. Everything that takes --recipe takes a name or a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder recipe list
  whiteboarder recipe save faint --from soft --set finish.black=20
  whiteboarder recipe edit faint
  whiteboarder clean photos -o cleaned --recipe faint")]
pub struct RecipeArgs {
    #[command(subcommand)]
    command: RecipeCommand,
}

#[derive(Debug, Subcommand)]
enum RecipeCommand {
    /// List the recipes that have a name: those that come with the program, and your own.
    #[command(after_help = "Example:\n  whiteboarder recipe list --json | jq -r '.recipes[].name'")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print a recipe with all its fields, their ranges and what they do.
    #[command(after_help = "\
Examples:
  whiteboarder recipe show blackboard
  whiteboarder recipe show > mine.toml            a start for a recipe of your own")]
    Show {
        /// A name of `recipe list`, or a file
        #[arg(value_name = "NAME|FILE", default_value = presets::DEFAULT)]
        recipe: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Save a recipe under a name.
    #[command(after_help = "\
Examples:
  whiteboarder recipe save faint --from soft --set finish.black=20
  whiteboarder recipe save team --from downloads/team.toml --force")]
    Save {
        /// Its name: a-z, 0-9, `-`, `_` and `.`
        name: String,
        /// What to begin with
        #[arg(long, value_name = "NAME|FILE", default_value = presets::DEFAULT)]
        from: String,
        /// Change a field; may be given more than once
        #[arg(long, value_name = "FIELD=VALUE")]
        set: Vec<String>,
        /// Replace a recipe of this name
        #[arg(long)]
        force: bool,
    },
    /// Open a recipe in your editor ($VISUAL, $EDITOR or vi), and keep it when it is right.
    ///
    /// The editor gets a copy. A copy that is no recipe is never put in place; it is kept, and you are told where.
    #[command(after_help = "\
Examples:
  whiteboarder recipe edit faint
  EDITOR='code --wait' whiteboarder recipe edit ./mine.toml")]
    Edit {
        /// A recipe of your own, or a file
        #[arg(value_name = "NAME|FILE")]
        recipe: String,
    },
    /// Remove a recipe of your own.
    #[command(after_help = "Example:\n  whiteboarder recipe remove faint")]
    Remove {
        /// Its name
        name: String,
    },
}

/// `--recipe` and `--set`, for every command that cleans.
#[derive(Clone, Debug, Default, Args)]
pub struct RecipeChoice {
    /// Recipe to clean by: a name of `recipe list`, or a TOML file [default: whiteboard]
    #[arg(long, value_name = "NAME|FILE")]
    pub recipe: Option<String>,
    /// Change a field of the recipe, as in `--set finish.white=90`; may be given more than once
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Keep what the photographs' EXIF says: when, where, by whom and with what they were taken
    #[arg(long)]
    pub keep_metadata: bool,
}

impl RecipeChoice {
    /// The recipe that is asked for.
    pub fn read(&self, dirs: &Dirs) -> Result<Recipe> {
        let wanted = self.recipe.as_deref().unwrap_or(presets::DEFAULT);
        let mut recipe = presets::find(dirs, wanted)?;
        change(&mut recipe, &self.set)?;
        recipe.output.keep_metadata |= self.keep_metadata;
        Ok(recipe)
    }
}

pub fn run(args: RecipeArgs, settings: &Settings) -> Result<Exit> {
    let (dirs, terminal) = (&settings.dirs, &settings.terminal);
    match args.command {
        RecipeCommand::List { json } => return list(dirs, json, terminal),
        RecipeCommand::Show { recipe, json } => {
            let recipe = presets::find(dirs, &recipe)?;
            if json {
                terminal.document(&recipe)?;
            } else {
                terminal.line(recipe.to_toml().trim_end())?;
            }
        }
        RecipeCommand::Save {
            name,
            from,
            set,
            force,
        } => {
            let mut recipe = presets::find(dirs, &from)?;
            change(&mut recipe, &set)?;
            let path = presets::save(dirs, &name, &recipe, force)?;
            terminal.note(&format!("saved `{name}` as {}", text::path(&path)));
        }
        RecipeCommand::Edit { recipe } => edit::edit(dirs, &recipe, terminal)?,
        RecipeCommand::Remove { name } => {
            presets::remove(dirs, &name)?;
            terminal.note(&format!("removed `{name}`"));
        }
    }
    Ok(Exit::Success)
}

/// Applies `FIELD=VALUE`s.
fn change(recipe: &mut Recipe, set: &[String]) -> Result<()> {
    for asked in set {
        let (field, value) = asked.split_once('=').ok_or_else(|| {
            Failure::usage(format!("`--set {}` has no value", text::safe(asked)))
                .hint("write FIELD=VALUE, as in `--set finish.white=90`")
        })?;
        recipe.set(field.trim(), value.trim()).map_err(|error| {
            Failure::usage(format!("--set: {}", text::safe(&error.to_string())))
                .hint("`whiteboarder recipe show` prints all fields with their ranges")
        })?;
    }
    Ok(())
}

fn list(dirs: &Dirs, json: bool, terminal: &Terminal) -> Result<Exit> {
    let found = presets::list(dirs)?;
    let broken = presets::broken(dirs)?;
    let exit = if broken.is_empty() {
        Exit::Success
    } else {
        Exit::SomeFailed
    };
    if json {
        let recipes: Vec<_> = found
            .iter()
            .map(|preset| {
                let file = match &preset.origin {
                    Origin::BuiltIn => None,
                    Origin::Saved(path) => Some(path),
                };
                json!({
                    "name": preset.name,
                    "built_in": file.is_none(),
                    "file": file,
                    "help": preset.help,
                    "recipe": preset.recipe,
                })
            })
            .collect();
        let broken: Vec<_> = broken
            .iter()
            .map(|(name, error)| json!({ "name": name, "error": error.to_string() }))
            .collect();
        terminal.document(&json!({ "recipes": recipes, "broken": broken }))?;
        return Ok(exit);
    }
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("from", Align::Left),
        ("for", Align::Left),
    ]);
    for preset in &found {
        let from = match preset.origin {
            Origin::BuiltIn => Cell::styled("built in", Style::Faint),
            Origin::Saved(_) => "saved".into(),
        };
        table.row(vec![
            preset.name.as_str().into(),
            from,
            preset.help.as_str().into(),
        ]);
    }
    for line in table.lines(terminal) {
        terminal.line(&line)?;
    }
    for (_, error) in &broken {
        terminal.complain(&format!("cannot be used: {error}"));
    }
    Ok(exit)
}
