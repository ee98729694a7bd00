//! The program's loop with its three screens: it turns effects into threads, files and requests, and what these
//! have to say into messages.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use whiteboarder_core::recipe::Recipe;

use super::files::{self, Gate};
use super::mailbox::Mailbox;
use super::model::{Effect, Leave, Model, Msg, WriteJob};
use super::preview::Painter;
use super::update::update;
use super::view;
use crate::batch::screen as batch;
use crate::config::{Dirs, Settings};
use crate::error::Failure;
use crate::presets;
use crate::term::screen::{GraphicsChoice, Input, Screen};
use crate::term::text;
use crate::term::theme::Theme;
use crate::ui::toast::{Kind, Toast};
use crate::watch;

/// More messages than this are not taken in before the next frame.
const AT_ONCE: usize = 1000;

/// What wakes the loop.
#[allow(
    clippy::large_enum_variant,
    reason = "there are few of them, each used at once"
)]
enum Event {
    Input(Input),
    Message(Msg),
    Batch(batch::Msg),
    Watch(watch::Msg),
}

/// What the Batch screen submits.
pub struct Sources {
    pub paths: Vec<PathBuf>,
    pub output: PathBuf,
}

/// What the screens are opened with, besides the studio's model.
pub struct Opening {
    pub graphics: GraphicsChoice,
    pub sources: Sources,
    pub watch: watch::Options,
    /// The screen that is seen first.
    pub front: Front,
}

/// Which screen is shown and has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    Studio,
    Batch,
    Watch,
}

/// Takes the screen until somebody leaves. What the Batch screen has to say then is put into `batch_lines`.
pub fn show(
    model: &mut Model,
    opening: Opening,
    settings: &Settings,
    batch_lines: &mut Vec<String>,
) -> Result<Leave> {
    let graphics = opening.graphics;
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
    let encoder = screen.encoder();
    let mut painter = Painter::new(paths, encoder.clone(), move |message| {
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
        watch: watch::Screen::new(settings, opening.watch, encoder, {
            let sender = sender.clone();
            move || {
                let sender = sender.clone();
                Box::new(move |message| {
                    let _ = sender.send(Event::Watch(message));
                })
            }
        }),
        sources: opening.sources,
        front: opening.front,
        studio_seen: opening.front == Front::Studio,
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
    watch: watch::Screen,
    sources: Sources,
    front: Front,
    /// Whether the studio was in front already. Before that it renders nothing.
    studio_seen: bool,
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
        match self.front {
            Front::Studio => {}
            Front::Batch => self.show_batch(model, screen)?,
            Front::Watch => self.show_watch(model, screen)?,
        }
        let mut stale = true;
        loop {
            if let Some(leave) = self.leave {
                return Ok(leave);
            }
            // When the writer is busy, it says so at its end, and then this is tried again.
            if stale && self.draw(model, screen)? {
                stale = false;
            }
            let wakes = [model.wake_ms(), self.batch.wake_ms(), self.watch.wake_ms()];
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
            Front::Watch => screen.draw(|frame| self.watch.draw(theme, frame))?,
        })
    }

    fn tick(&mut self, model: &mut Model, screen: &mut Screen) -> Result<()> {
        let now = self.now_ms();
        self.message(model, screen, Msg::Tick(now))?;
        self.batch(model, screen, batch::Msg::Tick(now))?;
        self.watch(model, screen, watch::Msg::Tick(now))
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
            Event::Watch(message) => {
                self.watch(model, screen, message)?;
                return Ok(self.front == Front::Watch);
            }
            Event::Input(input) => input,
        };
        match (input, self.front) {
            (Input::Key(key), Front::Studio) => self.message(model, screen, Msg::Key(key))?,
            (Input::Key(key), Front::Batch) => {
                self.batch(model, screen, batch::Msg::Key(key))?;
            }
            (Input::Key(key), Front::Watch) => {
                self.watch(model, screen, watch::Msg::Key(key))?;
            }
            (Input::Paste(text), Front::Watch) => {
                self.watch(model, screen, watch::Msg::Paste(text))?;
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
        if self.studio_seen {
            self.message(model, screen, Msg::Resize(columns, rows))?;
        }
        self.batch(model, screen, batch::Msg::Resize(columns, rows))?;
        self.watch(model, screen, watch::Msg::Resize(columns, rows))
    }

    /// Another screen comes to the front.
    fn bring(&mut self, model: &mut Model, screen: &mut Screen, front: Front) -> Result<()> {
        if self.front == Front::Watch && front != Front::Watch {
            self.watch(model, screen, watch::Msg::Hide)?;
        }
        self.front = front;
        Ok(())
    }

    /// Brings the studio to the front.
    fn show_studio(&mut self, model: &mut Model, screen: &mut Screen) -> Result<()> {
        self.bring(model, screen, Front::Studio)?;
        if !self.studio_seen {
            self.studio_seen = true;
            let (columns, rows) = screen.size();
            self.message(model, screen, Msg::Resize(columns, rows))?;
        }
        self.message(model, screen, Msg::Shown)
    }

    /// Brings the dashboard to the front.
    fn show_watch(&mut self, model: &mut Model, screen: &mut Screen) -> Result<()> {
        self.bring(model, screen, Front::Watch)?;
        self.watch(model, screen, watch::Msg::Open)
    }

    /// Takes in what concerns the dashboard.
    fn watch(&mut self, model: &mut Model, screen: &mut Screen, message: watch::Msg) -> Result<()> {
        for wish in self.watch.message(message) {
            match wish {
                watch::Wish::Studio => self.show_studio(model, screen)?,
                watch::Wish::Batch => self.show_batch(model, screen)?,
                watch::Wish::Title(title) if self.front == Front::Watch => {
                    screen.set_title(&title);
                }
                watch::Wish::Title(_) => {}
                watch::Wish::Copy(text) => screen.copy(&text),
                watch::Wish::Suspend => screen.suspend()?,
                watch::Wish::Quit { interrupted } => self.quit(model, screen, interrupted)?,
            }
        }
        Ok(())
    }

    /// Leaves; the Batch screen asks first when its uploads would stop.
    fn quit(&mut self, model: &mut Model, screen: &mut Screen, interrupted: bool) -> Result<()> {
        if interrupted {
            self.leave = Some(Leave::Interrupted);
        } else if self.batch.running().is_some() {
            self.bring(model, screen, Front::Batch)?;
            self.batch(model, screen, batch::Msg::Leave)?;
        } else {
            self.leave = Some(Leave::Quit);
        }
        Ok(())
    }

    /// Takes in what concerns the Batch screen.
    fn batch(&mut self, model: &mut Model, screen: &mut Screen, message: batch::Msg) -> Result<()> {
        for wish in self.batch.message(message) {
            match wish {
                batch::Wish::Studio => self.show_studio(model, screen)?,
                batch::Wish::Watch => self.show_watch(model, screen)?,
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
        self.bring(model, screen, Front::Batch)?;
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
                Effect::Watch => self.show_watch(model, screen)?,
                Effect::Suspend => screen.suspend()?,
                Effect::Quit(leave) => {
                    self.quit(model, screen, leave == Leave::Interrupted)?;
                }
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
