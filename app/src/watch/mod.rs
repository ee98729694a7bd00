//! The dashboard: what runs where, what failed and why, and what it costs; of any state machine.
//!
//! As in the studio, [`model`] is what the screen knows, [`mod@update`] what a message does to it (pure), [`mod@view`]
//! how it looks and [`keys`] its one table of keys; [`hear`], [`moves`], [`acts`] and [`sift`] are parts of the update, and
//! [`panes`] what the details are drawn from. [`Screen`] holds them together for the program's loop, with the [`engine`]
//! that has the client's feed.

mod acts;
mod document;
mod engine;
mod hear;
mod keys;
mod layout;
mod model;
mod mouse;
mod moves;
pub mod one;
pub mod panes;
pub mod plain;
pub mod price;
mod sift;
mod update;
mod view;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crossterm::event::KeyEvent;
use ratatui::Frame;

use crate::config::Settings;
use crate::term::log;
use crate::term::theme::Theme;
use crate::ui::Call;
use crate::ui::keys::{Keymap, Mistake, Wanted};
use crate::ui::overlay::Overlay;
use crate::ui::picture::Encoder;
use engine::Engine;
pub use engine::Watched;
pub use model::Msg;
use model::{Effect, Model};
use price::Pricing;
pub use view::moment;

/// What the dashboard is opened with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is watched.
    pub watched: Watched,
    /// The filter that it begins with.
    pub filter: String,
    /// An execution that is opened at once, by its ARN.
    pub open: Option<String>,
    /// Where downloads go.
    pub output: std::path::PathBuf,
}

type Tell = Box<dyn Fn() -> Box<dyn Fn(Msg) + Send + Sync>>;

/// The screen with what it needs to work.
pub struct Screen {
    model: Model,
    settings: Settings,
    watched: Watched,
    encoder: Encoder,
    engine: Option<Engine>,
    tell: Tell,
}

/// What the program's loop has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Show the studio.
    Studio,
    /// Show the Batch screen.
    Batch,
    /// Name the terminal's window.
    Title(String),
    /// Put text on the clipboard.
    Copy(String),
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
        options: Options,
        encoder: Encoder,
        tell: impl Fn() -> Box<dyn Fn(Msg) + Send + Sync> + 'static,
    ) -> Screen {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut model = Model {
            profile: settings.profile.clone(),
            // It was checked when the configuration was read.
            keymap: Arc::new(keymap(&settings.file.keys.watch).unwrap_or_default()),
            began_ms: since_epoch.map_or(0, |since| since.as_millis() as i64),
            lanes: true,
            pricing: Pricing::of(settings).map(Arc::new),
            output: options.output,
            ..Model::default()
        };
        update::set_filter(&mut model, options.filter);
        if let Some(arn) = options.open {
            moves::begin_with(&mut model, arn);
        }
        Screen {
            model,
            settings: settings.clone(),
            watched: options.watched,
            encoder,
            engine: None,
            tell: Box::new(tell),
        }
    }

    /// Takes a message in; what the loop has to do comes back.
    pub fn message(&mut self, message: Msg) -> Vec<Wish> {
        let opens = matches!(message, Msg::Open) && self.engine.is_none();
        let mut wishes = Vec::new();
        if opens {
            let tell = (self.tell)();
            let (settings, watched) = (&self.settings, self.watched.clone());
            match Engine::start(settings, watched, self.encoder.clone(), tell) {
                Ok(engine) => {
                    // What was to be opened at once was not asked for yet.
                    if let Some(arn) = &self.model.details.arn {
                        engine.order(whiteboarder_jobs::watch::Order::Open(Some(arn.clone())));
                    }
                    self.engine = Some(engine);
                }
                Err(error) => {
                    let why = format!("cannot start a thread: {error}");
                    wishes.extend(self.message(Msg::Trouble(why)));
                }
            }
        }
        let effects = update::update(&mut self.model, message);
        log::keep_told(&mut self.model.told);
        for effect in effects {
            match effect {
                Effect::Order(order) => {
                    if let Some(engine) = &self.engine {
                        engine.order(order);
                    }
                }
                Effect::Pictures { arn, size } => {
                    if let Some(engine) = &self.engine {
                        engine.pictures(arn, size);
                    }
                }
                Effect::Copy(text) => wishes.push(Wish::Copy(text)),
                Effect::Link(link) => {
                    if let Err(why) = open_link(&link) {
                        tracing::debug!(%why, "no browser");
                    }
                }
                Effect::Studio => wishes.push(Wish::Studio),
                Effect::Batch => wishes.push(Wish::Batch),
                Effect::SetTitle(title) => wishes.push(Wish::Title(title)),
                Effect::Call(call) => wishes.push(Wish::Call(call)),
                Effect::Suspend => wishes.push(Wish::Suspend),
                Effect::Quit { interrupted } => wishes.push(Wish::Quit { interrupted }),
            }
        }
        wishes
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
}

/// Gives a link to whatever opens links here. Where there is nothing, the link itself was shown.
fn open_link(link: &str) -> std::io::Result<()> {
    use std::process::{Command, Stdio};
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    Command::new(opener)
        .arg(link)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
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
