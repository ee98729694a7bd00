//! The studio: one photograph at a time, its recipe under the fingers, and the result in sight.
//!
//! [`model`] is what the studio knows, [`mod@update`] what a message does to it (pure), [`mod@view`] how it
//! looks, [`keys`] the one table of keys. The [`runner`] is the loop of all three screens. Pixels are rendered behind a
//! [`mailbox`] of length one by [`preview`].

mod farewell;
mod files;
#[cfg(test)]
mod fixture;
mod history;
mod keys;
mod layout;
mod mailbox;
mod model;
mod preview;
mod rows;
mod runner;
mod update;
mod view;

use std::path::PathBuf;

use anyhow::Result;
use whiteboarder_core::recipe::Recipe;

use crate::cleaning::write::write_private;
use crate::config::{Dirs, Settings};
use crate::error::{Exit, Failure};
use crate::local::private_folder;
use crate::term::screen::GraphicsChoice;
use crate::ui::toast::{Kind, Toast};
use crate::watch;
use model::{Leave, Model, Photo};
pub use runner::Front;
use runner::{Opening, Sources};

/// What the studio is opened with.
#[derive(Debug)]
pub struct Options {
    /// Photographs and folders.
    pub paths: Vec<PathBuf>,
    /// Where results go.
    pub output: Option<PathBuf>,
    /// The recipe's name and the recipe.
    pub recipe: (String, Recipe),
    /// How pictures are drawn.
    pub graphics: GraphicsChoice,
    /// What the dashboard shows.
    pub watch: watch::Options,
    /// The screen that is seen first.
    pub front: Front,
}

/// Finds the photographs. Apart from [`Studio::run`], so that wrong paths are told before the screen is taken.
pub fn open(options: Options) -> Result<Studio> {
    let gathered = files::gather(&options.paths, options.output.as_deref())?;
    let (recipe_name, recipe) = options.recipe;
    // They are listed by name, and begun with the one that was named first.
    let named_first = |photo: &Photo| {
        let first = options.paths.first();
        first.is_some_and(|first| photo.path.starts_with(first))
    };
    let current = gathered.photos.iter().position(named_first).unwrap_or(0);
    let mut model = Model {
        photos: gathered.photos,
        current,
        recipe_name,
        selected: rows::radius(&recipe),
        named: recipe.clone(),
        kept: recipe.clone(),
        recipe,
        ..Model::default()
    };
    if !gathered.left_out.is_empty() {
        model.toast = Some(Toast::new(Kind::Note, gathered.left_out, 0));
    }
    Ok(Studio {
        model,
        paths: gathered.paths,
        output: options.output,
        graphics: options.graphics,
        watch: options.watch,
        front: options.front,
    })
}

/// A studio that is ready to be shown.
pub struct Studio {
    model: Model,
    paths: Vec<PathBuf>,
    output: Option<PathBuf>,
    graphics: GraphicsChoice,
    watch: watch::Options,
    front: Front,
}

impl Studio {
    /// Takes the screen until somebody leaves, and tells then what was done.
    pub fn run(mut self, settings: &Settings) -> Result<Exit> {
        let model = &mut self.model;
        model.profile.clone_from(&settings.profile);
        let output = self.output.clone().unwrap_or_else(|| files::OUTPUT.into());
        let opening = Opening {
            graphics: self.graphics,
            watch: watch::Options {
                output: output.clone(),
                ..self.watch
            },
            sources: Sources {
                paths: self.paths,
                output,
            },
            front: self.front,
        };
        let mut batch_lines = Vec::new();
        let left = runner::show(model, opening, settings, &mut batch_lines);
        // However it ended: what took effort is not lost.
        let terminal = &settings.terminal;
        let kept = if model.is_changed() {
            match keep(&settings.dirs, &model.recipe) {
                Ok(path) => Some(path),
                Err(failure) => {
                    terminal.complain(&format!("the recipe is lost: {failure}"));
                    None
                }
            }
        } else {
            None
        };
        for line in farewell::lines(model, self.output.as_deref(), kept.as_deref()) {
            terminal.note(&line);
        }
        for line in batch_lines {
            terminal.note(&line);
        }
        Ok(match left? {
            Leave::Quit => Exit::Success,
            Leave::Interrupted => Exit::Interrupted,
        })
    }
}

/// Keeps a recipe that has no name, so that leaving loses nothing that took effort.
fn keep(dirs: &Dirs, recipe: &Recipe) -> Result<PathBuf, Failure> {
    let path = dirs.studio_recipe();
    // The local cloud's record will lie beside it.
    private_folder(&dirs.state)
        .and_then(|()| write_private(&path, recipe.to_toml().as_bytes()))
        .map_err(|error| Failure::file("write", &path, &error))?;
    Ok(path)
}
