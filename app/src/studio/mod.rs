//! The studio: one photograph at a time, its recipe under the fingers, and the result in sight.
//!
//! [`model`] is what the studio knows, [`mod@update`] what a message does to it (pure), [`mod@view`] how it
//! looks, [`keys`] the one table of keys. The [`runner`] is the loop of all three screens. Pixels are rendered behind a
//! [`mailbox`] of length one by [`preview`].

mod acting;
mod bench;
mod compose;
mod estimate;
mod farewell;
mod files;
mod film;
#[cfg(test)]
mod fixture;
mod history;
mod keys;
mod layout;
mod mailbox;
mod message;
mod model;
mod own;
mod panel;
mod picker;
mod preview;
mod rows;
mod runner;
mod session;
mod sight;
mod slots;
mod update;
mod view;
mod viewport;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use whiteboarder_core::recipe::Recipe;

use crate::cleaning::write::write_private;
use crate::config::{Dirs, Settings};
use crate::error::{Exit, Failure};
use crate::local::private_folder;
use crate::term::screen::GraphicsChoice;
use crate::ui::keys::{Keymap, Mistake, Wanted};
use crate::ui::toast::{Kind, Toast};
use crate::watch;
use crate::watch::price::Pricing;
pub use bench::Bench;
use model::{Leave, Model, Photo};
pub use runner::Front;
use runner::{Opening, Sources};
use session::Journal;

/// What the studio is opened with.
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
    /// A script of keys, to measure.
    pub bench: Option<Bench>,
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
        bench: options.bench,
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
    bench: Option<Bench>,
}

impl Studio {
    /// Takes the screen until somebody leaves, and tells then what was done.
    pub fn run(mut self, settings: &Settings) -> Result<Exit> {
        let model = &mut self.model;
        model.profile.clone_from(&settings.profile);
        model.pricing = Pricing::of(settings);
        // They were checked when the configuration was read.
        model.keymap = Arc::new(keymap(&settings.file.keys.studio).unwrap_or_default());
        // A theme that is wrong is told before the screen is taken.
        let theme = settings.theme()?;
        let output = self.output.clone().unwrap_or_else(|| files::OUTPUT.into());
        let opening = Opening {
            graphics: self.graphics,
            theme,
            watch: watch::Options {
                output: output.clone(),
                ..self.watch
            },
            sources: Sources {
                paths: self.paths,
                output,
            },
            front: self.front,
            journal: None,
        };
        let journal = match &self.bench {
            None => journal(&settings.dirs, &opening.sources.paths, model),
            Some(_) => None,
        };
        let opening = Opening { journal, ..opening };
        let mut batch_lines = Vec::new();
        let left = runner::show(model, opening, settings, &mut batch_lines, &mut self.bench);
        let terminal = &settings.terminal;
        if let Some(bench) = self.bench {
            left?;
            terminal.line(bench.report().trim_end())?;
            return Ok(Exit::Success);
        }
        // However it ended: what took effort is not lost.
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

/// The keys that somebody wants here.
///
/// # Errors
///
/// See [`Keymap::of`].
pub fn keymap(wanted: &Wanted) -> Result<Keymap, Mistake> {
    Keymap::of::<Model>(wanted)
}

/// The journal of the steps, and what an interrupted studio has left in it. A studio without one works as well.
fn journal(dirs: &Dirs, paths: &[PathBuf], model: &mut Model) -> Option<Journal> {
    if model.photos.is_empty() {
        return None;
    }
    match Journal::open(&dirs.studios(), paths, &model.recipe_name) {
        Ok((journal, session)) => {
            if session.is_some_and(|session| session.restore(model)) {
                let words =
                    "the studio was interrupted here: its recipe and steps are back, R starts over";
                model.toast = Some(Toast::new(Kind::Note, words, 0));
            }
            Some(journal)
        }
        Err(error) => {
            tracing::warn!(%error, "steps are not kept");
            None
        }
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
