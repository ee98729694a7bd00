//! The terminal's modes while we own it, and the one way back, whoever calls for it first: the screen
//! that is dropped, a panic, or a signal.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::tty::Tty;
use super::{Input, mouse};
use crate::ui::picture::Images;

/// Alternate screen, bracketed paste, no cursor, empty.
const ENTER: &str = "\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[2J";
/// No colours, no paste marks, a cursor, the screen from before.
const LEAVE: &str = "\x1b[m\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// Ends a frame that was cut off, perhaps in the middle of a picture.
const CUT: &str = "\x1b\\\x1b[?2026l";
/// Keeps the window's title, and fetches it back; where that is unknown the shell sets its own.
pub const TITLE_KEEP: &str = "\x1b[22;2t";
const TITLE_BACK: &str = "\x1b]2;\x07\x1b[23;2t";

/// How long the frame under way may take to get out before it is cut off.
const LAST_FRAME: Duration = Duration::from_secs(1);
/// How long the way back itself may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// What the threads of one screen have in common.
pub struct Shared {
    tty: Tty,
    on_input: Box<dyn Fn(Input) + Send + Sync>,
    /// Held by whoever writes.
    pen: Mutex<()>,
    /// The modes are ours.
    entered: AtomicBool,
    /// Frames are given up.
    closing: AtomicBool,
    /// Everything has to be drawn anew.
    pub redraw: AtomicBool,
    pub titled: AtomicBool,
    /// Whether we want to hear of the mouse; otherwise it selects text, as the terminal has it.
    pub mouse: AtomicBool,
    /// Whether we stopped ourselves, and the sign that we go on.
    stopped: Mutex<Stop>,
    goes_on: Condvar,
    pub images: Arc<Images>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    No,
    Stopping,
    GoesOn,
}

impl Shared {
    pub fn new(
        tty: Tty,
        images: Arc<Images>,
        on_input: impl Fn(Input) + Send + Sync + 'static,
    ) -> Shared {
        Shared {
            tty,
            on_input: Box::new(on_input),
            pen: Mutex::new(()),
            entered: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            redraw: AtomicBool::new(false),
            titled: AtomicBool::new(false),
            mouse: AtomicBool::new(true),
            stopped: Mutex::new(Stop::No),
            goes_on: Condvar::new(),
            images,
        }
    }

    pub fn tty(&self) -> &Tty {
        &self.tty
    }

    pub fn input(&self, input: Input) {
        (self.on_input)(input);
    }

    pub fn entered(&self) -> bool {
        self.entered.load(Ordering::Acquire)
    }

    /// Takes the terminal over.
    pub fn enter(&self) -> io::Result<()> {
        self.closing.store(false, Ordering::Release);
        self.tty.set_raw()?;
        self.entered.store(true, Ordering::Release);
        let mouse = if self.mouse.load(Ordering::Acquire) {
            mouse::TAKE
        } else {
            ""
        };
        let _pen = self.take_pen(LAST_FRAME);
        self.tty
            .write_within(format!("{ENTER}{mouse}").as_bytes(), LAST_FRAME)
    }

    /// Gives the terminal back as it was. Only the first call does anything; nobody can be told of a
    /// terminal that does not take it.
    pub fn leave(&self, patience: Duration, images: bool) {
        if !self.entered.swap(false, Ordering::AcqRel) {
            return;
        }
        let mut modes = String::new();
        let pen = self.take_pen(patience).or_else(|| {
            // Cuts off the frame that does not get out.
            self.closing.store(true, Ordering::Release);
            modes.push_str(CUT);
            self.take_pen(GOODBYE)
        });
        if images {
            modes.push_str(&self.images.delete_all());
        }
        // Also when it is released already: a frame that takes or releases it may have been cut off.
        modes.push_str(mouse::RELEASE);
        modes.push_str(LEAVE);
        if images && self.titled.load(Ordering::Acquire) {
            modes.push_str(TITLE_BACK);
        }
        let _ = self.tty.write_within(modes.as_bytes(), GOODBYE);
        let _ = self.tty.restore();
        drop(pen);
    }

    /// Leaves for good, with the time a last frame may need.
    pub fn leave_for_good(&self) {
        self.leave(LAST_FRAME, true);
    }

    /// Writes a frame, unless we have left. False when the terminal is gone.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let _pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.entered() {
            return true;
        }
        match self
            .tty
            .write(bytes, || self.closing.load(Ordering::Acquire))
        {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::TimedOut,
        }
    }

    /// The right to write. A panic may come from the thread that holds it, so nobody waits for ever.
    fn take_pen(&self, patience: Duration) -> Option<MutexGuard<'_, ()>> {
        let end = Instant::now() + patience;
        loop {
            match self.pen.try_lock() {
                Ok(pen) => return Some(pen),
                Err(std::sync::TryLockError::Poisoned(pen)) => return Some(pen.into_inner()),
                Err(std::sync::TryLockError::WouldBlock) if Instant::now() >= end => return None,
                Err(std::sync::TryLockError::WouldBlock) => {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }

    /// Leaves, stops the process as the terminal's own Ctrl-Z would, and comes back.
    pub fn suspend(&self) -> io::Result<()> {
        self.set_stopped(Stop::Stopping);
        self.leave(LAST_FRAME, false);
        // The whole group, as the terminal does it: whoever started us from a script waits with us. Where
        // there is no shell to continue us, the system discards the signal, and so we go on by ourselves.
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        let waited = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        // The signal may reach another thread first: do not take the terminal back before it has.
        drop(
            self.goes_on
                .wait_timeout_while(waited, Duration::from_millis(300), |stop| {
                    *stop == Stop::Stopping
                }),
        );
        self.set_stopped(Stop::No);
        self.come_back()?;
        stopped.map_err(io::Error::from)
    }

    /// The process was continued. If it stopped without our doing, a shell has had the terminal.
    pub fn continued(&self) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        match *stopped {
            Stop::No => {
                drop(stopped);
                if self.entered() && self.come_back().is_err() {
                    self.input(Input::Terminate);
                }
            }
            Stop::Stopping | Stop::GoesOn => {
                *stopped = Stop::GoesOn;
                self.goes_on.notify_all();
            }
        }
    }

    fn come_back(&self) -> io::Result<()> {
        self.enter()?;
        self.redraw.store(true, Ordering::Release);
        self.input(Input::Resumed);
        Ok(())
    }

    fn set_stopped(&self, stop: Stop) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = stop;
    }
}

/// The screen that panics and signals have to know of. There is one terminal, so there is one screen.
static ACTIVE: Mutex<Option<Arc<Shared>>> = Mutex::new(None);

/// Makes it the screen of this process.
pub fn activate(shared: &Arc<Shared>) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // First the terminal, so that the message can be read.
            let shared = active();
            if let Some(shared) = &shared {
                shared.leave(Duration::from_millis(300), true);
            }
            print(panic);
            // Whichever thread it was: without a screen there is nothing to go on for.
            if let Some(shared) = shared {
                shared.input(Input::Terminate);
            }
        }));
    });
    *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(shared));
}

/// There is no screen any more.
pub fn deactivate() {
    *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// The screen of this process, if it has one.
pub fn active() -> Option<Arc<Shared>> {
    // Held for moments only, and never over a call that could panic.
    ACTIVE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}
