//! The program's loop with its three screens: it turns effects into threads, files and requests, and what these
//! have to say into messages.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use whiteboarder_core::recipe::Recipe;

use super::acting::cleaner::Cleaner;
use super::acting::order::order;
use super::acting::{Existing, Group, News};
use super::bench::Bench;
use super::estimate;
use super::files::{self, Gate};
use super::film::maker::Maker;
use super::mailbox::Mailbox;
use super::message::{Effect, Msg, WriteJob};
use super::model::{Leave, Model};
use super::picker;
use super::preview::Painter;
use super::session::Journal;
use super::update::update;
use super::view;
use crate::batch::screen as batch;
use crate::config::{Dirs, Settings};
use crate::error::{Failure, sentence};
use crate::presets;
use crate::term::log;
use crate::term::screen::{GraphicsChoice, Input, Screen};
use crate::term::theme::{self, Theme};
use crate::ui::Call;
use crate::ui::keys::{Keymap, is_everywhere};
use crate::ui::overlay::{self, Outcome, Overlay};
use crate::ui::picture::Encoder;
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
    pub theme: theme::Choice,
    pub sources: Sources,
    pub watch: watch::Options,
    /// The screen that is seen first.
    pub front: Front,
    /// Where the studio's steps are kept.
    pub journal: Option<Journal>,
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
    bench: &mut Option<Bench>,
) -> Result<Leave> {
    let (graphics, chosen) = (opening.graphics, opening.theme);
    let (sender, events) = channel();
    let mut screen = Screen::enter(&settings.terminal, graphics, &chosen, {
        let sender = sender.clone();
        move |input| {
            let _ = sender.send(Event::Input(input));
        }
    })?;
    model.protocol = screen.graphics().protocol.to_string();
    if let (Some(note), None) = (&screen.graphics().note, &model.toast) {
        model.toast = Some(Toast::new(Kind::Note, note.clone(), 0));
    }
    // What was told before the screen was there.
    if let Some(toast) = &model.toast {
        log::keep(toast.kind, &toast.text, &[]);
    }
    let paths: Vec<PathBuf> = model
        .photos
        .iter()
        .map(|photo| photo.path.clone())
        .collect();
    let encoder = screen.encoder();
    let (mailbox, maker) = readers(paths, &encoder, &sender)?;
    let mut runner = Runner {
        dirs: settings.dirs.clone(),
        theme: Theme::chosen(&chosen, &settings.terminal, screen.ground()),
        started: Instant::now(),
        overlay: None,
        lists: Arc::new(Keymap::of::<Overlay>(&settings.file.keys.lists).unwrap_or_default()),
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
        watch: watch::Screen::new(settings, opening.watch, encoder.clone(), {
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
        maker,
        encoder,
        cleaner: None,
        journal: opening.journal,
        bench: bench.take(),
    };
    let leave = runner.run(model, &mut screen, &events);
    *bench = runner.bench.take();
    // What it is writing is finished.
    drop(runner.cleaner.take());
    runner.gate.close();
    // Without a terminal nobody has left: the steps stay.
    if let (Ok(_), Some(journal)) = (&leave, runner.journal.take()) {
        journal.close();
    }
    *batch_lines = runner.batch.farewell();
    leave
}

/// The threads that read photographs: for the picture, and for thumbnails.
fn readers(
    paths: Vec<PathBuf>,
    encoder: &Encoder,
    sender: &Sender<Event>,
) -> Result<(Mailbox, Maker), Failure> {
    let tell = || {
        let sender = sender.clone();
        move |message| {
            let _ = sender.send(Event::Message(message));
        }
    };
    let failed = |error: std::io::Error| Failure::usage(format!("cannot start a thread: {error}"));
    let mut painter = Painter::new(paths.clone(), encoder.clone(), tell());
    let maker = Maker::start(paths, encoder.clone(), tell()).map_err(failed)?;
    let mailbox = Mailbox::start(move |request, cancel| painter.work(request, cancel));
    Ok((mailbox.map_err(failed)?, maker))
}

/// Turns effects into deeds, and deeds' ends into messages.
struct Runner {
    dirs: Dirs,
    theme: Theme,
    started: Instant,
    /// What lies over the screen in front, and has the keys.
    overlay: Option<Overlay>,
    /// Its keys.
    lists: Arc<Keymap>,
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
    maker: Maker,
    encoder: Encoder,
    cleaner: Option<Cleaner>,
    journal: Option<Journal>,
    bench: Option<Bench>,
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
            // When the writer is busy, it says so at its end, and then this is tried again.
            if stale && self.draw(model, screen)? {
                stale = false;
                if let Some(bench) = &mut self.bench {
                    bench.drawn(model, Instant::now());
                }
            }
            stale |= self.press(model, screen)?;
            if let Some(leave) = self.leave {
                return Ok(leave);
            }
            let wakes = [
                model.wake_ms(),
                self.batch.wake_ms(),
                self.watch.wake_ms(),
                self.script_ms(),
                self.overlay
                    .as_ref()
                    .and_then(|overlay| overlay.wake_ms(self.now_ms())),
            ];
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

    /// Presses the next key of the script, if it is time.
    fn press(&mut self, model: &mut Model, screen: &mut Screen) -> Result<bool> {
        let Some(bench) = &mut self.bench else {
            return Ok(false);
        };
        let at = Instant::now();
        if let Some(key) = bench.next(at) {
            let before = model.generation;
            let stale = self.event(model, screen, Event::Input(Input::Key(key)))?;
            if let Some(bench) = &mut self.bench {
                bench.pressed(before, model, at);
            }
            return Ok(stale);
        }
        if bench.is_over() {
            self.leave = Some(Leave::Quit);
        }
        Ok(false)
    }

    /// When the script goes on, if only time has to pass.
    fn script_ms(&self) -> Option<u64> {
        let wait = self.bench.as_ref()?.wait(Instant::now())?;
        // Rounded up, so that it is time then.
        Some(self.now_ms() + wait.as_millis() as u64 + 1)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn draw(&self, model: &Model, screen: &mut Screen) -> Result<bool> {
        let theme = &self.theme;
        if let Some(overlay) = &self.overlay {
            return screen.draw(|frame| overlay::draw(overlay, theme, frame, frame.area()));
        }
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
        self.watch(model, screen, watch::Msg::Tick(now))?;
        if let Some(overlay) = &mut self.overlay {
            overlay.refresh();
        }
        Ok(())
    }

    /// Whether the screen is out of date now.
    fn event(&mut self, model: &mut Model, screen: &mut Screen, event: Event) -> Result<bool> {
        self.tick(model, screen)?;
        let input = match event {
            Event::Message(message) => {
                if let (
                    Some(bench),
                    Msg::Rendered {
                        preview: Ok(preview),
                        ..
                    },
                ) = (&mut self.bench, &message)
                {
                    bench.rendered(preview.seconds, preview.quality);
                }
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
        let Some(input) = self.over(model, screen, input)? else {
            return Ok(true);
        };
        match (input, self.front) {
            (Input::Key(key), Front::Studio) => self.message(model, screen, Msg::Key(key))?,
            (Input::Key(key), Front::Batch) => {
                self.batch(model, screen, batch::Msg::Key(key))?;
            }
            (Input::Key(key), Front::Watch) => {
                self.watch(model, screen, watch::Msg::Key(key))?;
            }
            (Input::Mouse(event), Front::Studio) => {
                self.message(model, screen, Msg::Mouse(event))?;
            }
            (Input::Mouse(event), Front::Batch) => {
                self.batch(model, screen, batch::Msg::Mouse(event))?;
            }
            (Input::Mouse(event), Front::Watch) => {
                self.watch(model, screen, watch::Msg::Mouse(event))?;
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
            (Input::Written, _) => {
                if let Some(bench) = &mut self.bench {
                    bench.written(Instant::now());
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What lies over the screen takes the input in; what is not for it comes back.
    fn over(
        &mut self,
        model: &mut Model,
        screen: &mut Screen,
        input: Input,
    ) -> Result<Option<Input>> {
        let Some(overlay) = &mut self.overlay else {
            return Ok(Some(input));
        };
        let outcome = match &input {
            Input::Key(key) => overlay.key(key),
            Input::Mouse(event) => overlay.mouse(*event),
            Input::Paste(text) => {
                overlay.paste(text);
                Outcome::Stay
            }
            _ => return Ok(Some(input)),
        };
        match (outcome, &input) {
            (Outcome::Stay, _) => return Ok(None),
            (Outcome::Pass, Input::Key(key)) => {
                let passes = match self.front {
                    Front::Studio => is_everywhere(model, key),
                    Front::Batch => self.batch.is_everywhere(key),
                    Front::Watch => self.watch.is_everywhere(key),
                };
                if !passes {
                    return Ok(None);
                }
                self.overlay = None;
                return Ok(Some(input));
            }
            (Outcome::Close | Outcome::Do(_) | Outcome::Pass, _) => self.overlay = None,
        }
        if let Outcome::Do(row) = outcome {
            match self.front {
                Front::Studio => self.message(model, screen, Msg::Do(row))?,
                Front::Batch => self.batch(model, screen, batch::Msg::Do(row))?,
                Front::Watch => self.watch(model, screen, watch::Msg::Do(row))?,
            }
        }
        Ok(None)
    }

    fn resize(
        &mut self,
        model: &mut Model,
        screen: &mut Screen,
        (columns, rows): (u16, u16),
    ) -> Result<()> {
        if let Some(overlay) = &mut self.overlay {
            overlay.resize((columns, rows));
        }
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
        self.overlay = None;
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
                watch::Wish::Call(call) => self.call(model, screen, call)?,
                watch::Wish::Suspend => screen.suspend()?,
                watch::Wish::Quit { interrupted } => self.quit(model, screen, interrupted)?,
            }
        }
        Ok(())
    }

    /// Does what every screen can ask for.
    fn call(&mut self, model: &mut Model, screen: &mut Screen, call: Call) -> Result<()> {
        let (lists, unicode) = (&self.lists, !self.theme.ascii());
        self.overlay = match self.front {
            Front::Studio => Overlay::called(call, model, lists, unicode),
            Front::Batch => self.batch.overlay(call, lists, unicode),
            Front::Watch => self.watch.overlay(call, lists, unicode),
        };
        if let Some(overlay) = &mut self.overlay {
            overlay.resize(screen.size());
        }
        match call {
            Call::Keys | Call::Commands | Call::Log => Ok(()),
            Call::Mouse => {
                let taken = screen.toggle_mouse();
                match self.front {
                    Front::Studio => self.message(model, screen, Msg::MouseTaken(taken)),
                    Front::Batch => self.batch(model, screen, batch::Msg::MouseTaken(taken)),
                    Front::Watch => self.watch(model, screen, watch::Msg::MouseTaken(taken)),
                }
            }
        }
    }

    /// Leaves; the Batch screen asks first when its uploads would stop.
    fn quit(&mut self, model: &mut Model, screen: &mut Screen, interrupted: bool) -> Result<()> {
        if interrupted {
            self.leave = Some(Leave::Interrupted);
        } else if model.acting.running {
            self.show_studio(model, screen)?;
            self.message(model, screen, Msg::Leave)?;
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
                batch::Wish::Call(call) => self.call(model, screen, call)?,
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
        let order = order(model, &self.sources.paths, &self.sources.output);
        self.batch(model, screen, batch::Msg::Open(Box::new(order)))
    }

    fn message(&mut self, model: &mut Model, screen: &mut Screen, message: Msg) -> Result<()> {
        if let Msg::Gathered(Ok(found)) = &message {
            let paths = found.photos.iter().map(|photo| photo.path.clone());
            (self.mailbox, self.maker) = readers(paths.collect(), &self.encoder, &self.sender)?;
            self.sources.paths.clone_from(&found.paths);
        }
        let effects = update(model, message);
        log::keep_told(&mut model.told);
        if let Some(journal) = &mut self.journal {
            journal.note(model);
        }
        for effect in effects {
            match effect {
                Effect::Render(request) => self.mailbox.post(request),
                Effect::Thumbs(photos) => self.maker.wish(photos),
                Effect::Write(job) => self.write(job),
                Effect::Measure(photo) => {
                    if let Some(entry) = model.photos.get(photo) {
                        let path = entry.path.clone();
                        self.ask(move || Msg::Measured {
                            photo,
                            measured: estimate::measure(&path),
                        });
                    }
                }
                Effect::List(folder) => self.ask(move || Msg::Listed {
                    entries: picker::list(&folder),
                    folder,
                }),
                Effect::Open(paths) => {
                    let output = self.sources.output.clone();
                    self.ask(move || {
                        let found = files::gather(&paths, Some(&output));
                        Msg::Gathered(found.map_err(|error| sentence(&error)))
                    });
                }
                Effect::Clean { groups, existing } => self.clean(groups, existing),
                Effect::StopCleaning => {
                    if let Some(cleaner) = &self.cleaner {
                        cleaner.stop();
                    }
                }
                Effect::SavePreset {
                    name,
                    recipe,
                    replace,
                } => {
                    let saved = save(&self.dirs, name, recipe, replace);
                    let _ = self.sender.send(Event::Message(saved));
                }
                Effect::SetTitle(title) => screen.set_title(&title),
                Effect::ListPresets => {
                    // A dozen files of a kilobyte.
                    let list = presets::list(&self.dirs).map_err(|error| sentence(&error));
                    // At once: what is typed after the key is meant for the list.
                    self.message(model, screen, Msg::Presets(list))?;
                }
                Effect::Copy(text) => screen.copy(&text),
                Effect::Batch => self.show_batch(model, screen)?,
                Effect::Watch => self.show_watch(model, screen)?,
                Effect::Call(call) => self.call(model, screen, call)?,
                Effect::Suspend => screen.suspend()?,
                Effect::Quit(leave) => {
                    self.quit(model, screen, leave == Leave::Interrupted)?;
                }
            }
        }
        Ok(())
    }

    /// Lets a thread find something out that the disk may take long for.
    fn ask(&self, find: impl FnOnce() -> Msg + Send + 'static) {
        let sender = self.sender.clone();
        let spawned = thread::Builder::new()
            .name("files".to_owned())
            .spawn(move || {
                let _ = sender.send(Event::Message(find()));
            });
        if let Err(error) = spawned {
            tracing::warn!(%error, "files cannot be looked for: no thread");
        }
    }

    fn clean(&mut self, groups: Vec<Group>, existing: Existing) {
        let sender = self.sender.clone();
        let tell = move |news| {
            let _ = sender.send(Event::Message(Msg::Cleaning(news)));
        };
        match Cleaner::start(groups, existing, tell) {
            Ok(cleaner) => self.cleaner = Some(cleaner),
            Err(error) => {
                let why = format!("cannot start a thread: {error}");
                let news = News::Ended(Some(why));
                let _ = self.sender.send(Event::Message(Msg::Cleaning(news)));
            }
        }
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
    let path = presets::save(dirs, &name, &recipe, replace).map_err(|error| sentence(&error));
    Msg::Saved { name, recipe, path }
}
