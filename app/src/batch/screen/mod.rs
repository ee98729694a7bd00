//! The Batch screen: what would be sent where, and what becomes of it.
//!
//! As in the studio, [`model`] is what the screen knows, [`mod@update`] what a message does to it (pure), [`mod@view`]
//! how it looks and [`keys`] its one table of keys. [`Screen`] holds them together for the program's loop, with the
//! [`engine`] that does what they want done.

mod engine;
mod keys;
mod layout;
mod list;
mod model;
mod update;
mod view;

use std::sync::Arc;

use crossterm::event::KeyEvent;
use ratatui::Frame;

use crate::config::Settings;
use crate::term::theme::Theme;
use crate::term::{log, text};
use crate::ui::Call;
use crate::ui::keys::{Keymap, Mistake, Wanted};
use crate::ui::overlay::Overlay;
use engine::Engine;
pub use model::{Effect, Msg, Order};
use model::{Model, Phase};

/// The screen with what it needs to work.
pub struct Screen {
    model: Model,
    settings: Settings,
    engine: Option<Engine>,
    tell: Box<dyn Fn() -> Box<dyn Fn(Msg) + Send + Sync>>,
}

/// What the program's loop has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Show the studio.
    Studio,
    /// Show the dashboard.
    Watch,
    /// Name the terminal's window.
    Title(String),
    /// What every screen can ask for.
    Call(Call),
    /// Give the shell its terminal for a while.
    Suspend,
    /// End.
    Quit {
        /// Whether without a question.
        interrupted: bool,
    },
}

impl Screen {
    /// A screen that has not been shown yet; `tell` makes what brings messages to the program's loop.
    pub fn new(
        settings: &Settings,
        tell: impl Fn() -> Box<dyn Fn(Msg) + Send + Sync> + 'static,
    ) -> Screen {
        Screen {
            model: Model {
                profile: settings.profile.clone(),
                // It was checked when the configuration was read.
                keymap: Arc::new(keymap(&settings.file.keys.batch).unwrap_or_default()),
                ..Model::default()
            },
            settings: settings.clone(),
            engine: None,
            tell: Box::new(tell),
        }
    }

    /// Takes a message in; what the loop has to do comes back.
    pub fn message(&mut self, message: Msg) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let effects = update::update(&mut self.model, message);
        log::keep_told(&mut self.model.told);
        for effect in effects {
            match effect {
                Effect::Plan {
                    generation,
                    order,
                    choices,
                } => match self.engine() {
                    Ok(engine) => engine.plan(generation, order, choices),
                    Err(why) => {
                        let plan = Err(why);
                        wishes.extend(self.message(Msg::Planned { generation, plan }));
                    }
                },
                Effect::Submit { without, choices } => match self.engine() {
                    Ok(engine) => engine.submit(without, choices),
                    Err(why) => wishes.extend(self.message(Msg::Ended(Err(why)))),
                },
                Effect::Pause => {
                    if let Some(engine) = &self.engine {
                        engine.pause();
                    }
                }
                Effect::Studio => wishes.push(Wish::Studio),
                Effect::Watch => wishes.push(Wish::Watch),
                Effect::SetTitle(title) => wishes.push(Wish::Title(title)),
                Effect::Call(call) => wishes.push(Wish::Call(call)),
                Effect::Suspend => wishes.push(Wish::Suspend),
                Effect::Quit { interrupted } => wishes.push(Wish::Quit { interrupted }),
            }
        }
        wishes
    }

    /// The thread is started when there is something to do for it.
    fn engine(&mut self) -> Result<&Engine, String> {
        if self.engine.is_none() {
            let tell = (self.tell)();
            let started = Engine::start(&self.settings, tell);
            self.engine = Some(started.map_err(|error| format!("cannot start a thread: {error}"))?);
        }
        self.engine
            .as_ref()
            .ok_or_else(|| "cannot start a thread".to_owned())
    }

    /// Draws it.
    pub fn draw(&self, theme: &Theme, frame: &mut Frame<'_>) {
        view::view(&self.model, theme, frame, frame.area());
    }

    /// What was asked to lie over it.
    pub fn overlay(&self, call: Call, keymap: &Arc<Keymap>, unicode: bool) -> Option<Overlay> {
        Overlay::called(call, &self.model, keymap, unicode)
    }

    /// Whether a key works here also under what lies over it.
    pub fn is_everywhere(&self, key: &KeyEvent) -> bool {
        crate::ui::keys::is_everywhere(&self.model, key)
    }

    /// When a tick would change something.
    pub fn wake_ms(&self) -> Option<u64> {
        self.model.wake_ms()
    }

    /// A few words for the other screens while a batch is under way: `batch 12/40`.
    pub fn running(&self) -> Option<String> {
        let settled = self.model.numbers.tally.count().settled();
        match self.model.phase {
            Phase::Running | Phase::Pausing => {
                Some(format!("batch {settled}/{}", self.model.numbers.items))
            }
            Phase::Paused => Some("batch paused".to_owned()),
            _ => None,
        }
    }

    /// What is told after leaving, when a batch was begun.
    pub fn farewell(&self) -> Vec<String> {
        let mut lines = self.model.earlier.clone();
        let Some(batch) = &self.model.batch else {
            return lines;
        };
        let numbers = &self.model.numbers;
        let output = text::path(&self.model.order.output);
        if let Some(summary) = self.model.summary() {
            lines.push(summary);
            return lines;
        }
        if numbers.uploaded < numbers.items {
            lines.extend([
                format!(
                    "{} of {} uploaded",
                    numbers.uploaded,
                    text::count(numbers.items, "picture")
                ),
                format!(
                    "`whiteboarder submit --resume {batch} -o {output}` goes on where it stopped"
                ),
            ]);
            return lines;
        }
        lines.push(format!(
            "batch {batch} goes on without us: `whiteboarder watch {batch}` follows it, `whiteboarder submit --resume {batch} -o {output}` fetches its results"
        ));
        lines
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

/// The key table as Markdown, for `docs/keys.md`.
#[cfg(test)]
pub fn markdown() -> String {
    crate::ui::keys::markdown::<Model>()
}

#[cfg(test)]
mod tests;
