//! The thread that reads the terminal. It ends with the screen: nobody is left behind who would eat the
//! shell's first key.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::Input;
use super::input::{Parser, Token};
use super::shared::Shared;
use super::tty;

/// The reading thread.
#[derive(Debug)]
pub struct Reader {
    /// Closing it wakes the thread, which then ends.
    alive: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Passes `early` on first, then what comes.
    pub fn start(shared: Arc<Shared>, early: Vec<Input>, parser: Parser) -> io::Result<Reader> {
        let (ended, alive) = io::pipe()?;
        let thread = thread::Builder::new()
            .name("screen-reader".to_owned())
            .spawn(move || {
                for input in early {
                    shared.input(input);
                }
                if read(&shared, &ended, parser).is_err() {
                    // The terminal is gone.
                    shared.input(Input::Terminate);
                }
            })?;
        Ok(Reader {
            alive: Some(alive),
            thread: Some(thread),
        })
    }

    pub fn end(&mut self) {
        self.alive = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads until told to end; an error when the terminal is gone.
fn read(shared: &Shared, ended: &PipeReader, mut parser: Parser) -> io::Result<()> {
    let stdin = io::stdin();
    let mut bytes = [0; 4096];
    let mut tokens = Vec::new();
    loop {
        let patience = parser.patience();
        let mut devices = [
            PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN),
        ];
        tty::wait(&mut devices, patience)?;
        let [terminal, end] = devices.map(|device| device.revents());
        if !end.is_empty() {
            return Ok(());
        }
        if terminal.is_empty() {
            parser.flush(&mut tokens);
        } else {
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => parser.feed(&bytes[..count], &mut tokens),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for token in tokens.drain(..) {
            // An answer that comes late changes nothing any more.
            if let Token::Input(input) = token {
                shared.input(input);
            }
        }
    }
}
