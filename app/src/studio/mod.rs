//! The studio: one photograph at a time, its recipe under the fingers, and the result in sight.
//!
//! [`model`] is what the studio knows, [`mod@update`] what a message does to it (pure), [`mod@view`] how it
//! looks, [`keys`] the one table of keys. Here is the runner: it turns effects into threads, files and
//! requests, and what these have to say into messages. Pixels are rendered behind a [`mailbox`] of length
//! one by [`preview`].

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
mod update;
mod view;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use whiteboarder_core::recipe::Recipe;

use crate::batch::screen as batch;
use crate::cleaning::write::write_private;
use crate::config::{Dirs, Settings};
use crate::error::{Exit, Failure};
use crate::local::private_folder;
use crate::presets;
use crate::term::screen::{GraphicsChoice, Input, Screen};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::toast::{Kind, Toast};
use files::Gate;
use mailbox::Mailbox;
use model::{Effect, Leave, Model, Msg, Photo, WriteJob};
use preview::Painter;
use update::update;

/// More messages than this are not taken in before the next frame.
const AT_ONCE: usize = 1000;

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
    })
}

/// A studio that is ready to be shown.
pub struct Studio {
    model: Model,
    paths: Vec<PathBuf>,
    output: Option<PathBuf>,
    graphics: GraphicsChoice,
}

impl Studio {
    /// Takes the screen until somebody leaves, and tells then what was done.
    pub fn run(mut self, settings: &Settings) -> Result<Exit> {
        let model = &mut self.model;
        model.profile.clone_from(&settings.profile);
        let sources = Sources {
            paths: self.paths,
            output: self.output.clone().unwrap_or_else(|| files::OUTPUT.into()),
        };
        let mut batch_lines = Vec::new();
        let left = show(model, self.graphics, sources, settings, &mut batch_lines);
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

/// What wakes the loop.
#[allow(
    clippy::large_enum_variant,
    reason = "there are few of them, each used at once"
)]
enum Event {
    Input(Input),
    Message(Msg),
    Batch(batch::Msg),
}

/// What the Batch screen submits.
struct Sources {
    paths: Vec<PathBuf>,
    output: PathBuf,
}

/// Which screen is shown and has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Studio,
    Batch,
}

fn show(
    model: &mut Model,
    graphics: GraphicsChoice,
    sources: Sources,
    settings: &Settings,
    batch_lines: &mut Vec<String>,
) -> Result<Leave> {
    let (sender, events) = channel();
    let mut screen = Screen::enter(&settings.terminal, graphics, {
        let sender = sender.clone();
        move |input| {
            let _ = sender.send(Event::Input(input));
        }
    })?;
    model.protocol = screen.graphics().protocol.to_string();
    if let (Some(note), None) = (&screen.graphics().note, &model.toast) {
        model.toast = Some(Toast::new(Kind::Note, note.clone(), 0));
    }
    let paths = model
        .photos
        .iter()
        .map(|photo| photo.path.clone())
        .collect();
    let tell = sender.clone();
    let mut painter = Painter::new(paths, screen.encoder(), move |message| {
        let _ = tell.send(Event::Message(message));
    });
    let mailbox = Mailbox::start(move |request, cancel| painter.work(request, cancel))
        .map_err(|error| Failure::usage(format!("cannot start a thread: {error}")))?;
    let mut runner = Runner {
        dirs: settings.dirs.clone(),
        theme: Theme::of(&settings.terminal),
        started: Instant::now(),
        gate: Gate::default(),
        leave: None,
        batch: batch::Screen::new(settings, {
            let sender = sender.clone();
            move || {
                let sender = sender.clone();
                Box::new(move |message| {
                    let _ = sender.send(Event::Batch(message));
                })
            }
        }),
        sources,
        front: Front::Studio,
        sender,
        mailbox,
    };
    let leave = runner.run(model, &mut screen, &events);
    runner.gate.close();
    *batch_lines = runner.batch.farewell();
    leave
}

/// Turns effects into deeds, and deeds' ends into messages.
struct Runner {
    dirs: Dirs,
    theme: Theme,
    started: Instant,
    gate: Gate,
    leave: Option<Leave>,
    batch: batch::Screen,
    sources: Sources,
    front: Front,
    sender: Sender<Event>,
    mailbox: Mailbox,
}

impl Runner {
    fn run(
        &mut self,
        model: &mut Model,
        screen: &mut Screen,
        events: &Receiver<Event>,
    ) -> Result<Leave> {
        let size = screen.size();
        self.resize(model, screen, size)?;
        let mut stale = true;
        loop {
            if let Some(leave) = self.leave {
                return Ok(leave);
            }
            // When the writer is busy, it says so at its end, and then this is tried again.
            if stale && self.draw(model, screen)? {
                stale = false;
            }
            let wakes = [model.wake_ms(), self.batch.wake_ms()];
            let first = match wakes.into_iter().flatten().min() {
                None => events.recv().ok(),
                Some(at_ms) => {
                    let wait = Duration::from_millis(at_ms.saturating_sub(self.now_ms()));
                    match events.recv_timeout(wait) {
                        Ok(event) => Some(event),
                        Err(RecvTimeoutError::Timeout) => None,
                        Err(RecvTimeoutError::Disconnected) => return Ok(Leave::Interrupted),
                    }
                }
            };
            stale |= first.is_none();
            for event in first.into_iter().chain(events.try_iter().take(AT_ONCE)) {
                stale |= self.event(model, screen, event)?;
            }
            self.tick(model, screen)?;
        }
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn draw(&self, model: &Model, screen: &mut Screen) -> Result<bool> {
        let theme = &self.theme;
        Ok(match self.front {
            Front::Studio => screen.draw(|frame| view::view(model, theme, frame, frame.area()))?,
            Front::Batch => screen.draw(|frame| self.batch.draw(theme, frame))?,
        })
    }

    fn tick(&mut self, model: &mut Model, screen: &mut Screen) -> Result<()> {
        let now = self.now_ms();
        self.message(model, screen, Msg::Tick(now))?;
        self.batch(model, screen, batch::Msg::Tick(now))
    }

    /// Whether the screen is out of date now.
    fn event(&mut self, model: &mut Model, screen: &mut Screen, event: Event) -> Result<bool> {
        self.tick(model, screen)?;
        let input = match event {
            Event::Message(message) => {
                self.message(model, screen, message)?;
                return Ok(true);
            }
            Event::Batch(message) => {
                self.batch(model, screen, message)?;
                let words = self.batch.running().unwrap_or_default();
                self.message(model, screen, Msg::Elsewhere(words))?;
                return Ok(true);
            }
            Event::Input(input) => input,
        };
        match (input, self.front) {
            (Input::Key(key), Front::Studio) => self.message(model, screen, Msg::Key(key))?,
            (Input::Key(key), Front::Batch) => {
                self.batch(model, screen, batch::Msg::Key(key))?;
            }
            (Input::Paste(text), Front::Studio) => {
                self.message(model, screen, Msg::Paste(text))?;
            }
            (Input::Paste(text), Front::Batch) => {
                self.batch(model, screen, batch::Msg::Paste(text))?;
            }
            (Input::Resize(columns, rows), _) => {
                self.resize(model, screen, (columns, rows))?;
            }
            (Input::Resumed, _) => {
                let size = screen.size();
                self.resize(model, screen, size)?;
            }
            (Input::Terminate, _) => self.message(model, screen, Msg::Terminate)?,
            (Input::Written, _) => return Ok(false),
        }
        Ok(true)
    }

    fn resize(
        &mut self,
        model: &mut Model,
        screen: &mut Screen,
        (columns, rows): (u16, u16),
    ) -> Result<()> {
        self.message(model, screen, Msg::Resize(columns, rows))?;
        self.batch(model, screen, batch::Msg::Resize(columns, rows))
    }

    /// Takes in what concerns the Batch screen.
    fn batch(&mut self, model: &mut Model, screen: &mut Screen, message: batch::Msg) -> Result<()> {
        for wish in self.batch.message(message) {
            match wish {
                batch::Wish::Studio => {
                    self.front = Front::Studio;
                    self.message(model, screen, Msg::Shown)?;
                }
                batch::Wish::Title(title) if self.front == Front::Batch => {
                    screen.set_title(&title);
                }
                batch::Wish::Title(_) => {}
                batch::Wish::Suspend => screen.suspend()?,
                batch::Wish::Quit { interrupted: true } => self.leave = Some(Leave::Interrupted),
                batch::Wish::Quit { interrupted: false } => self.leave = Some(Leave::Quit),
            }
        }
        Ok(())
    }

    /// Brings the Batch screen to the front, with what the studio has now.
    fn show_batch(&mut self, model: &mut Model, screen: &mut Screen) -> Result<()> {
        self.front = Front::Batch;
        let changed = if model.is_changed() { "*" } else { "" };
        let order = batch::Order {
            paths: self.sources.paths.clone(),
            output: self.sources.output.clone(),
            recipe_name: format!("{}{changed}", model.recipe_name),
            recipe: model.recipe.clone(),
        };
        self.batch(model, screen, batch::Msg::Open(Box::new(order)))
    }

    fn message(&mut self, model: &mut Model, screen: &mut Screen, message: Msg) -> Result<()> {
        for effect in update(model, message) {
            match effect {
                Effect::Render(request) => self.mailbox.post(request),
                Effect::Write(job) => self.write(job),
                Effect::SavePreset {
                    name,
                    recipe,
                    replace,
                } => {
                    let saved = save(&self.dirs, name, recipe, replace);
                    let _ = self.sender.send(Event::Message(saved));
                }
                Effect::SetTitle(title) => screen.set_title(&title),
                Effect::Batch => self.show_batch(model, screen)?,
                Effect::Suspend => screen.suspend()?,
                // The other screen asks when its uploads would stop.
                Effect::Quit(Leave::Quit) if self.batch.running().is_some() => {
                    self.front = Front::Batch;
                    self.batch(model, screen, batch::Msg::Leave)?;
                }
                Effect::Quit(leave) => self.leave = Some(leave),
            }
        }
        Ok(())
    }

    fn write(&self, job: WriteJob) {
        let (gate, sender) = (self.gate.clone(), self.sender.clone());
        let named = job.clone();
        let spawned = thread::Builder::new()
            .name("write".to_owned())
            .spawn(move || {
                if let Some(message) = files::write(job, &gate) {
                    let _ = sender.send(Event::Message(message));
                }
            });
        if let Err(error) = spawned {
            let _ = self.sender.send(Event::Message(Msg::Written {
                job: named,
                seconds: Err(format!("cannot start a thread: {error}")),
            }));
        }
    }
}

/// Saves a preset. It is a kilobyte: not worth a thread.
fn save(dirs: &Dirs, name: String, recipe: Recipe, replace: bool) -> Msg {
    let there = presets::place_for(dirs, &name).is_ok_and(|path| Path::exists(&path));
    if there && !replace {
        return Msg::PresetExists { name, recipe };
    }
    let path = presets::save(dirs, &name, &recipe, replace)
        .map_err(|error| text::safe(&format!("{error:#}")));
    Msg::Saved { name, recipe, path }
}
