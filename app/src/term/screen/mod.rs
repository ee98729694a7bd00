//! The whole terminal as one picture that is drawn again and again.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use crossterm::event::{self, Event, KeyEvent, KeyEventKind, MouseEvent};
use crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

use super::Terminal;
use crate::ui::picture::{Encoder, HALF};

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
    /// iTerm2's inline images.
    Iterm2,
    /// Coloured half blocks: two pixels a cell, everywhere.
    Half,
    /// No pictures.
    None,
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Kitty's graphics protocol with placeholders.
    Kitty,
    /// Sixel.
    Sixel,
    /// iTerm2's inline images.
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
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The mouse.
    Mouse(MouseEvent),
    /// The last frame has left for the terminal. Does not come for a frame that changed nothing: nothing
    /// was sent for it.
    Written,
    /// After Ctrl-Z and `fg`: draw everything again.
    Resumed,
    /// Somebody wants us to end, or the terminal is gone.
    Terminate,
}

/// What ratatui has drawn.
#[derive(Clone, Default)]
struct Drawn(Arc<Mutex<Vec<u8>>>);

impl Drawn {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Drawn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while we own it. Dropping it gives the terminal back as it was.
pub struct Screen {
    graphics: Graphics,
    terminal: ratatui::Terminal<CrosstermBackend<Drawn>>,
    drawn: Drawn,
    busy: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    frames: Option<SyncSender<Vec<u8>>>,
    writer: Option<thread::JoinHandle<()>>,
    on_input: Arc<dyn Fn(Input) + Send + Sync>,
}

impl Screen {
    /// Probes the terminal and enters. `on_input` is called from other threads; it only sends on a channel.
    pub fn enter(
        _terminal: &Terminal,
        graphics: GraphicsChoice,
        on_input: impl Fn(Input) + Send + Sync + 'static,
    ) -> Result<Screen> {
        let on_input: Arc<dyn Fn(Input) + Send + Sync> = Arc::new(on_input);
        let graphics = Graphics {
            protocol: match graphics {
                GraphicsChoice::None => Protocol::None,
                _ => Protocol::Half,
            },
            cell: HALF,
            note: None,
        };
        terminal::enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        let busy = Arc::new(AtomicBool::new(false));
        let stop = Arc::new(AtomicBool::new(false));
        let (frames, receive) = mpsc::sync_channel::<Vec<u8>>(1);
        let writer = thread::spawn({
            let (busy, on_input) = (busy.clone(), on_input.clone());
            move || {
                while let Ok(frame) = receive.recv() {
                    let mut out = io::stdout();
                    let written = out.write_all(&frame).and_then(|()| out.flush());
                    busy.store(false, Ordering::Release);
                    on_input(match written {
                        Ok(()) => Input::Written,
                        Err(_) => Input::Terminate,
                    });
                }
            }
        });
        thread::spawn({
            let (stop, on_input) = (stop.clone(), on_input.clone());
            move || {
                while !stop.load(Ordering::Acquire) {
                    match event::poll(Duration::from_millis(50)) {
                        Ok(true) => match event::read() {
                            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                                on_input(Input::Key(key));
                            }
                            Ok(Event::Paste(text)) => on_input(Input::Paste(text)),
                            Ok(Event::Resize(columns, rows)) => {
                                on_input(Input::Resize(columns, rows));
                            }
                            Ok(_) => {}
                            Err(_) => return on_input(Input::Terminate),
                        },
                        Ok(false) => {}
                        Err(_) => return on_input(Input::Terminate),
                    }
                }
            }
        });
        let drawn = Drawn::default();
        Ok(Screen {
            graphics,
            terminal: ratatui::Terminal::new(CrosstermBackend::new(drawn.clone()))?,
            drawn,
            busy,
            stop,
            frames: Some(frames),
            writer: Some(writer),
            on_input,
        })
    }

    /// What the terminal can show.
    pub fn graphics(&self) -> &Graphics {
        &self.graphics
    }

    /// Encodes pictures for this terminal, on any thread.
    pub fn encoder(&self) -> Encoder {
        Encoder::new(&self.graphics)
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        terminal::size().unwrap_or((80, 24))
    }

    /// Draws into memory and hands the change to the writer thread. `Ok(false)`: the writer is still busy
    /// with an earlier frame and nothing was drawn; draw again at [`Input::Written`].
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<bool> {
        if self.busy.load(Ordering::Acquire) {
            return Ok(false);
        }
        self.terminal.draw(view)?;
        let frame = self.drawn.take();
        self.busy.store(true, Ordering::Release);
        if let Some(frames) = &self.frames {
            let _ = frames.send(frame);
        }
        Ok(true)
    }

    /// Leaves, stops as Ctrl-Z does, and comes back at `fg`.
    pub fn suspend(&mut self) -> Result<()> {
        self.terminal.clear()?;
        (self.on_input)(Input::Resumed);
        Ok(())
    }

    /// The terminal window's title, until we leave.
    pub fn set_title(&mut self, title: &str) {
        let _ = execute!(io::stdout(), terminal::SetTitle(title));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.frames = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
