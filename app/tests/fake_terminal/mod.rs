//! A terminal that a test can look at: the real binary runs in a pseudo-terminal, this answers its questions as
//! the chosen kind of terminal would, and shows what a person would see there, as text or as a picture.
//!
//! Shared by the test target `terminal` and by the tool `screenshots`.

#![allow(dead_code, reason = "each of the two users needs another part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot open a terminal has failed"
)]

mod diacritics;
mod emulator;
mod font;
mod graphics;
mod paint;
mod shapes;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use emulator::Modes;
use emulator::{END, Emulator};
use image::RgbImage;
#[allow(unused_imports, reason = "the tests take no picture with a frame")]
pub use paint::{BACKGROUND, save};
pub use portable_pty::ExitStatus;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::termios::Termios;

/// A terminal shows an update that does not end after this long.
const UPDATE: Duration = Duration::from_secs(1);

/// What the terminal tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Sixel pictures, cells of 8×16 pixels.
    Sixel,
    /// Kitty's pictures, cells of 10×20 pixels.
    Kitty,
    /// Answers, but has no pictures; cells of 8×16 pixels.
    Plain,
    /// The same with dark text on a light background.
    Light,
    /// Says nothing at all.
    Silent,
}

impl Answers {
    /// Pixels of a cell, width × height.
    pub fn cell(self) -> (u16, u16) {
        match self {
            Answers::Kitty => (10, 20),
            _ => (8, 16),
        }
    }
}

/// A running program and the screen that it draws on.
pub struct FakeTerminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    /// The program's side, kept open so that its settings can be read after the program has gone.
    slave: Option<File>,
    input: Option<Sender<Vec<u8>>>,
    emulator: Arc<Mutex<Emulator>>,
    paused: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    answers: Answers,
    before: Termios,
}

impl FakeTerminal {
    /// Runs the program in a pseudo-terminal of this size.
    ///
    /// Its environment is only what every program needs, plus `env`; it starts in the folder that `PWD` names there.
    pub fn start<S: AsRef<str>>(
        program: &Path,
        args: &[S],
        env: &[(&str, &str)],
        columns: u16,
        rows: u16,
        answers: Answers,
    ) -> FakeTerminal {
        let pair = native_pty_system()
            .openpty(size(columns, rows, answers))
            .expect("a pseudo-terminal");
        let name = pair.master.tty_name().expect("the terminal's name");
        let slave = open(&name);
        let before = rustix::termios::tcgetattr(&slave).unwrap();
        let child = pair
            .slave
            .spawn_command(command(program, args, env))
            .expect("the program starts");
        drop(pair.slave);

        let emulator = Arc::new(Mutex::new(Emulator::new(columns, rows, answers)));
        let paused = Arc::new(AtomicBool::new(false));
        let stopping = Arc::new(AtomicBool::new(false));
        let (input, queue) = channel::<Vec<u8>>();

        let mut to_program = pair.master.take_writer().unwrap();
        let writer = thread::spawn(move || {
            // Ends when the sender is dropped, or when nobody can read any more.
            for bytes in queue {
                if to_program.write_all(&bytes).is_err() {
                    break;
                }
            }
        });

        let mut from_program = pair.master.try_clone_reader().unwrap();
        let reader = thread::spawn({
            let (emulator, paused) = (Arc::clone(&emulator), Arc::clone(&paused));
            let (stopping, answer) = (Arc::clone(&stopping), input.clone());
            move || {
                let mut buffer = vec![0; 64 * 1024];
                loop {
                    while paused.load(Ordering::SeqCst) && !stopping.load(Ordering::SeqCst) {
                        thread::sleep(Duration::from_millis(2));
                    }
                    match from_program.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) if !stopping.load(Ordering::SeqCst) => {
                            let said = lock(&emulator).feed(&buffer[..count]);
                            if !said.is_empty() {
                                let _ = answer.send(said);
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Ok(_) | Err(_) => break,
                    }
                }
            }
        });
        FakeTerminal {
            child,
            master: Some(pair.master),
            slave: Some(slave),
            input: Some(input),
            emulator,
            paused,
            stopping,
            reader: Some(reader),
            writer: Some(writer),
            answers,
            before,
        }
    }

    /// Types: raw bytes, as `"\x1b[A"` for the arrow up. Never waits for the program to read them.
    pub fn keys(&mut self, text: &str) {
        let input = self.input.as_ref().expect("the terminal is open");
        input.send(text.as_bytes().to_vec()).expect("keys are sent");
    }

    /// Waits until the screen's text is as wanted, and gives it.
    #[track_caller]
    pub fn wait_for(&mut self, what: impl Fn(&str) -> bool, patience: Duration) -> String {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() {
                self.drain();
            }
            let text = self.text();
            if what(&text) {
                return text;
            }
            assert!(
                ended.is_none(),
                "the program ended ({ended:?}), and the wanted text never came:\n{text}"
            );
            assert!(
                started.elapsed() < patience,
                "the wanted text never came:\n{text}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The screen's text, a line per row, without trailing space; pictures are blank.
    pub fn text(&self) -> String {
        self.whole().text()
    }

    /// Everything that the program wrote.
    pub fn raw(&self) -> Vec<u8> {
        lock(&self.emulator).raw.clone()
    }

    /// How many pictures arrived, whatever became of them.
    pub fn pictures(&self) -> usize {
        lock(&self.emulator).graphics.arrived
    }

    /// Cells that show a part of a picture now.
    pub fn picture_cells(&self) -> usize {
        self.whole().picture_cells()
    }

    /// Makes the window another size, which the program hears of.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        lock(&self.emulator).resize(columns, rows);
        let master = self.master.as_ref().expect("the terminal is open");
        master.resize(size(columns, rows, self.answers)).unwrap();
    }

    /// Writes what the screen looks like. `scale` multiplies each pixel.
    pub fn png(&self, path: &Path, scale: u32) {
        save(&self.image(scale), path);
    }

    /// What the screen looks like.
    pub fn image(&self, scale: u32) -> RgbImage {
        paint::paint(&self.whole(), scale)
    }

    /// Stops or goes on reading what the program writes; its writes block while the terminal does not read.
    pub fn pause(&mut self, pause: bool) {
        self.paused.store(pause, Ordering::SeqCst);
    }

    /// The modes that the program has set.
    pub fn modes(&self) -> Modes {
        lock(&self.emulator).modes()
    }

    /// Waits until the program has ended and all that it wrote has been seen.
    #[track_caller]
    pub fn wait_exit(&mut self, patience: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.drain();
                return status;
            }
            assert!(
                started.elapsed() < patience,
                "the program does not end:\n{}",
                self.text()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the program still runs.
    pub fn running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The program's process id.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: i32) {
        let signal = rustix::process::Signal::from_named_raw(signal).expect("a signal");
        let id = rustix::process::Pid::from_raw(self.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// The terminal's line settings now, as `stty -a` would show them.
    pub fn line_settings(&self) -> String {
        settings(&rustix::termios::tcgetattr(self.slave.as_ref().unwrap()).unwrap())
    }

    /// Whether keys go to the program one by one and are not echoed.
    pub fn raw_mode(&self) -> bool {
        use rustix::termios::LocalModes;
        let now = rustix::termios::tcgetattr(self.slave.as_ref().unwrap()).unwrap();
        !now.local_modes
            .intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// The line settings before the program started.
    pub fn first_line_settings(&self) -> String {
        settings(&self.before)
    }

    /// Closes the window under the program, which gets SIGHUP and can write nowhere.
    pub fn hang_up(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.paused.store(false, Ordering::SeqCst);
        self.input = None;
        if let Some(slave) = &mut self.slave {
            // Wakes the reader, which then sees that it shall stop.
            let _ = slave.write_all(b"\n");
        }
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if let Some(writer) = self.writer.take() {
            // A writer that waits for a program that does not read is left alone; it ends with the program.
            if writer.is_finished() || self.running() {
                let _ = writer.join();
            }
        }
        self.slave = None;
        self.master = None;
    }

    /// The screen when no synchronized update is under way, as people see it; after a while, as it is.
    fn whole(&self) -> MutexGuard<'_, Emulator> {
        let started = Instant::now();
        loop {
            let emulator = lock(&self.emulator);
            if !emulator.updating() || started.elapsed() > UPDATE {
                return emulator;
            }
            drop(emulator);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until everything that has been written has been seen: a mark goes the same way.
    fn drain(&mut self) {
        if let Some(slave) = &mut self.slave
            && !self.paused.load(Ordering::SeqCst)
        {
            let wanted = lock(&self.emulator).ends + 1;
            slave.write_all(END).unwrap();
            while lock(&self.emulator).ends < wanted {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Drop for FakeTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.master.is_some() {
            self.hang_up();
        }
    }
}

/// Only what every program needs, so that nothing of the developer's own settings or terminal is seen.
fn command<S: AsRef<str>>(program: &Path, args: &[S], env: &[(&str, &str)]) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(args.iter().map(AsRef::as_ref));
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("LC_ALL", "C.UTF-8");
    command.env("TERM", "xterm-256color");
    command.cwd(std::env::current_dir().unwrap());
    for (name, value) in env {
        command.env(name, value);
        if *name == "PWD" {
            command.cwd(value);
        }
    }
    command
}

fn size(columns: u16, rows: u16, answers: Answers) -> PtySize {
    let (width, height) = match answers {
        Answers::Silent => (0, 0),
        answers => answers.cell(),
    };
    PtySize {
        rows,
        cols: columns,
        pixel_width: columns * width,
        pixel_height: rows * height,
    }
}

/// Opens the program's side without making it the test's own terminal.
fn open(name: &Path) -> File {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    File::from(rustix::fs::open(name, flags, Mode::empty()).expect("the terminal opens"))
}

fn settings(termios: &Termios) -> String {
    format!(
        "{:?} {:?} {:?} {:?}",
        termios.input_modes, termios.output_modes, termios.control_modes, termios.local_modes
    )
}

/// A failed assertion elsewhere must not hide the screen.
fn lock(emulator: &Mutex<Emulator>) -> MutexGuard<'_, Emulator> {
    emulator
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
