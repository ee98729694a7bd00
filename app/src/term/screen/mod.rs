//! The whole terminal as one picture that is drawn again and again.
//!
//! [`Screen::enter`] asks the terminal what it can do ([`probe`], [`brand`]) and takes it over
//! ([`shared`]); from then on one thread reads ([`reader`]), one writes ([`writer`]), one waits for
//! signals ([`signals`]), and all of them only call back. Who owns the screen draws into memory
//! ([`memory`]), whenever it likes: at most one frame is on its way.
//!
//! However the program ends, the terminal is given back as it was.

mod brand;
mod input;
mod memory;
mod mouse;
mod probe;
mod reader;
mod shared;
mod signals;
mod tty;
mod writer;

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use clap::ValueEnum;
use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

use self::brand::{Surroundings, choose};
use self::input::Parser;
use self::memory::{Drawn, Memory};
use self::probe::{Answers, Probed};
use self::reader::Reader;
use self::shared::Shared;
use self::tty::Tty;
pub use self::tty::{Extent, extent};
use self::writer::Writer;
use super::Terminal;
use super::theme::{self, Ground};
use crate::error::{Failure, system};
use crate::ui::picture::{Encoder, HALF, Images, Paint, Placed, repair};

/// A cell's pixels where nobody tells.
const CELL: (u16, u16) = (8, 16);
const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
const END_UPDATE: &[u8] = b"\x1b[?2026l";

/// How pictures are to be drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphicsChoice {
    /// The best that the terminal says it can.
    #[default]
    Auto,
    /// Kitty's graphics protocol.
    Kitty,
    /// Sixel.
    Sixel,
    /// Inline images as iTerm2 has them.
    Iterm2,
    /// Coloured half blocks: two pixels a cell, everywhere.
    Half,
    /// No pictures.
    None,
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Kitty's graphics protocol, with placeholders.
    Kitty,
    /// Sixel.
    Sixel,
    /// Inline images as iTerm2 has them.
    Iterm2,
    /// Half blocks.
    Half,
    /// Not at all.
    None,
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Protocol::Kitty => "kitty",
            Protocol::Sixel => "sixel",
            Protocol::Iterm2 => "iTerm2",
            Protocol::Half => "half blocks",
            Protocol::None => "none",
        })
    }
}

/// What the terminal can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graphics {
    /// How pictures are drawn.
    pub protocol: Protocol,
    /// A cell's pixels, width × height; 1 × 2 for half blocks.
    pub cell: (u16, u16),
    /// Why it is not better than this, if there is something to say.
    pub note: Option<String>,
}

/// What comes from the terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A key was pressed or repeats itself; releases are left out.
    Key(KeyEvent),
    /// The mouse: buttons, drags and the wheel, in cells from the upper left corner.
    Mouse(MouseEvent),
    /// Text was pasted; its lines end in `\n`.
    Paste(String),
    /// The terminal has this many columns and rows now; also when only the size of its cells changed.
    Resize(u16, u16),
    /// The last frame has left for the terminal. Does not come for a frame that changed nothing: nothing
    /// was sent for it.
    Written,
    /// After Ctrl-Z and `fg`: draw everything again.
    Resumed,
    /// Somebody wants us to end, or the terminal is gone. May come more than once.
    Terminate,
}

/// The terminal while we own it. Dropping it gives the terminal back as it was.
pub struct Screen {
    shared: Arc<Shared>,
    graphics: Graphics,
    ground: Ground,
    encoder: Encoder,
    terminal: ratatui::Terminal<Memory>,
    drawn: Drawn,
    /// What the last frame had where.
    placed: Vec<Placed>,
    area: Rect,
    /// Bytes that go out with the next frame.
    before: Vec<u8>,
    writer: Writer,
    reader: Reader,
}

impl Screen {
    /// Asks the terminal what it can do (300 ms at most) and takes it over. `theme` says whether the colour of its
    /// background matters. `on_input` is called from other threads, for everything that comes; it should only send on a
    /// channel.
    pub fn enter(
        terminal: &Terminal,
        graphics: GraphicsChoice,
        theme: &theme::Choice,
        on_input: impl Fn(Input) + Send + Sync + 'static,
    ) -> Result<Screen> {
        let around = Surroundings::here();
        check(&around)?;
        let tty = Tty::open().map_err(|error| failed(&error))?;
        let images = Arc::new(Images::new());
        let shared = Arc::new(Shared::new(tty, images, on_input));
        shared::activate(&shared);
        signals::listen();
        // From here on every way out gives the terminal back.
        let mut owned = Owned(Some(Arc::clone(&shared)));
        shared.enter().map_err(|error| failed(&error))?;

        let pictures = !matches!(graphics, GraphicsChoice::Half | GraphicsChoice::None);
        let asked = pictures && around.answers();
        let probed = if asked {
            let background = terminal.color_out && theme.asks();
            probe::probe(shared.tty(), &around, background).map_err(|error| failed(&error))?
        } else {
            Probed {
                answers: Answers::default(),
                early: Vec::new(),
                parser: Parser::new(),
            }
        };
        let answers = asked.then_some(&probed.answers);
        let (protocol, note) = choose(graphics, answers, &around);
        let cell = match protocol {
            Protocol::Half | Protocol::None => HALF,
            _ => cell_size(&probed.answers, extent()),
        };
        shared.images.set_cell(cell);
        let ground = Ground {
            background: probed.answers.background,
            light: around.light(),
            true_color: around.true_color(),
        };
        let graphics = Graphics {
            protocol,
            cell,
            note,
        };
        // What is coloured is decided here, by flags and environment together, and not by crossterm, which
        // would take the colours off that kitty's placeholders are numbered with.
        crossterm::style::force_color_output(true);
        let encoder = Encoder::new(
            protocol,
            Paint::of(terminal, around.true_color()),
            Arc::clone(&shared.images),
            around.remote(),
        );
        let drawn = Drawn::default();
        let memory = Memory::new(drawn.clone());
        let terminal = ratatui::Terminal::new(memory).map_err(|error| failed(&error))?;
        let writer = Writer::start(Arc::clone(&shared)).map_err(|error| failed(&error))?;
        let reader = Reader::start(Arc::clone(&shared), probed.early, probed.parser)
            .map_err(|error| failed(&error))?;
        owned.0 = None;
        Ok(Screen {
            shared,
            graphics,
            ground,
            encoder,
            terminal,
            drawn,
            placed: Vec::new(),
            area: Rect::ZERO,
            before: Vec::new(),
            writer,
            reader,
        })
    }

    /// What the terminal can show.
    pub fn graphics(&self) -> &Graphics {
        &self.graphics
    }

    /// What its colours are.
    pub fn ground(&self) -> Ground {
        self.ground
    }

    /// Encodes pictures for this terminal, on any thread. It follows the size of the terminal's cells.
    pub fn encoder(&self) -> Encoder {
        self.encoder.clone()
    }

    /// Columns and rows.
    #[allow(
        clippy::unused_self,
        reason = "the size is asked of the terminal, which only a screen has"
    )]
    pub fn size(&self) -> (u16, u16) {
        let extent = extent();
        (extent.columns, extent.rows)
    }

    /// Draws into memory and hands the change to the writer thread, as one synchronized update.
    /// `Ok(false)`: the writer is still busy with an earlier frame and nothing was drawn; draw again at
    /// [`Input::Written`].
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<bool> {
        if !self.shared.entered() {
            // After a panic in another thread; its message is out already.
            return Err(Failure::usage("the screen was closed by an internal error").into());
        }
        if self.writer.busy() {
            return Ok(false);
        }
        self.graphics.cell = self.shared.images.cell();
        if self.shared.redraw.swap(false, Ordering::AcqRel) {
            self.terminal.backend_mut().forget();
            self.terminal.clear()?;
            self.placed.clear();
        }
        let images = &self.shared.images;
        images.begin_frame();
        let (last, last_area) = (std::mem::take(&mut self.placed), self.area);
        let (mut placed, mut area) = (Vec::new(), last_area);
        self.terminal.draw(|frame| {
            view(frame);
            area = frame.area();
            // A terminal of another size was cleared.
            let last = if area == last_area { last } else { Vec::new() };
            placed = repair(frame.buffer_mut(), images.placed(), &last);
        })?;
        self.placed = placed;
        self.area = area;
        let mut changes = std::mem::take(&mut self.before);
        images.take_transmissions(&mut changes);
        changes.append(&mut self.drawn.take());
        images.take_deletions(&mut changes);
        if !changes.is_empty() {
            let mut frame = Vec::with_capacity(changes.len() + 16);
            frame.extend_from_slice(BEGIN_UPDATE);
            frame.append(&mut changes);
            frame.extend_from_slice(END_UPDATE);
            self.writer.submit(frame);
        }
        Ok(true)
    }

    /// Leaves, stops as Ctrl-Z does elsewhere, and comes back at `fg`; then sends [`Input::Resumed`].
    pub fn suspend(&mut self) -> Result<()> {
        self.shared.suspend().map_err(|error| failed(&error))
    }

    /// The window's title, with the next frame, until we leave.
    pub fn set_title(&mut self, title: &str) {
        if !self.shared.titled.swap(true, Ordering::AcqRel) {
            self.before.extend_from_slice(shared::TITLE_KEEP.as_bytes());
        }
        let title: String = title
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        self.before
            .extend_from_slice(format!("\x1b]2;{title}\x07").as_bytes());
    }

    /// Releases the mouse, so that text can be selected with it, or takes it again; with the next frame. Whether we
    /// have it now.
    pub fn toggle_mouse(&mut self) -> bool {
        let taken = !self.shared.mouse.fetch_xor(true, Ordering::AcqRel);
        let modes = if taken { mouse::TAKE } else { mouse::RELEASE };
        self.before.extend_from_slice(modes.as_bytes());
        taken
    }

    /// Asks the terminal to put text on the clipboard (OSC 52), with the next frame. Terminals that do not do that, or
    /// do not allow it, pass over it.
    pub fn copy(&mut self, text: &str) {
        let text = BASE64_STANDARD.encode(text);
        self.before
            .extend_from_slice(format!("\x1b]52;c;{text}\x07").as_bytes());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.reader.end();
        self.shared.leave_for_good();
        shared::deactivate();
        self.writer.end();
    }
}

/// Whether a screen has the terminal now.
pub fn is_taken() -> bool {
    shared::active().is_some_and(|shared| shared.entered())
}

/// How a command prints a picture among its lines, and whether in all colours. Kitty's protocol is only
/// used where the terminal answers for it: who prints with it waits for answers.
pub fn printing(choice: GraphicsChoice) -> (Protocol, bool) {
    let around = Surroundings::here();
    let wanted = match choice {
        GraphicsChoice::Auto => around.likely(),
        chosen => choose(chosen, None, &around).0,
    };
    let protocol = match wanted {
        Protocol::Kitty if !answers_for_kitty(&around) => Protocol::Half,
        wanted => wanted,
    };
    (protocol, around.true_color())
}

fn answers_for_kitty(around: &Surroundings) -> bool {
    let ask = || {
        let tty = Tty::open()?;
        tty.set_raw()?;
        let probed = probe::probe(&tty, around, false);
        tty.restore()?;
        probed
    };
    io::stdin().is_terminal() && ask().is_ok_and(|probed| probed.answers.kitty)
}

/// Gives the terminal back when entering fails half way.
struct Owned(Option<Arc<Shared>>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.leave_for_good();
            shared::deactivate();
        }
    }
}

fn check(around: &Surroundings) -> Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::usage("standard input and output are no terminal").into());
    }
    if around.dumb() {
        return Err(
            Failure::usage("this terminal cannot show screens (TERM=dumb)")
                .hint("set TERM to what your terminal is, for example xterm-256color")
                .into(),
        );
    }
    Ok(())
}

fn failed(error: &io::Error) -> anyhow::Error {
    Failure::usage(format!("cannot use the terminal: {}", system(error))).into()
}

/// A cell's pixels: as answered, else as the system knows, else by the whole area.
fn cell_size(answers: &Answers, extent: Extent) -> (u16, u16) {
    let of_area = |(width, height): (u16, u16)| (width / extent.columns, height / extent.rows);
    answers
        .cell
        .or(extent.pixels.map(of_area))
        .or(answers.area.map(of_area))
        .filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or(CELL)
}
