//! The terminal's device: raw mode, its size, and writes that can be given up.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::termios::{self, OptionalActions, Termios};

/// Most bytes at once where a write may block.
const PORTION: usize = 1024;
/// How often a write that waits looks whether it should give up.
const LOOK: Duration = Duration::from_millis(50);

/// The terminal on standard input and output.
#[derive(Debug)]
pub struct Tty {
    /// The device, opened once more so that writes need not block: somebody who pressed Ctrl-S must still
    /// be able to end us. `None` where that is not possible: then standard output in small portions.
    own: Option<File>,
    original: Termios,
    raw: Termios,
}

impl Tty {
    /// Fails when standard input is no terminal.
    pub fn open() -> io::Result<Tty> {
        let original = termios::tcgetattr(io::stdin())?;
        let mut raw = original.clone();
        raw.make_raw();
        Ok(Tty {
            own: reopened().ok(),
            original,
            raw,
        })
    }

    /// Keys come one by one, unseen, and no key is a signal.
    pub fn set_raw(&self) -> io::Result<()> {
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.raw)?;
        Ok(())
    }

    /// As it was.
    pub fn restore(&self) -> io::Result<()> {
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.original)?;
        Ok(())
    }

    /// Writes everything, or fails as soon as `give_up` says so.
    pub fn write(&self, mut bytes: &[u8], give_up: impl Fn() -> bool) -> io::Result<()> {
        let stdout = io::stdout();
        let (device, portion) = match &self.own {
            Some(own) => (own.as_fd(), usize::MAX),
            None => (stdout.as_fd(), PORTION),
        };
        while !bytes.is_empty() {
            if !ready(device, PollFlags::OUT, LOOK)? {
                if give_up() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                continue;
            }
            match rustix::io::write(device, &bytes[..bytes.len().min(portion)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if give_up() {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Writes everything, for at most this long.
    pub fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let end = Instant::now() + patience;
        self.write(bytes, || Instant::now() >= end)
    }
}

/// Standard output's terminal as a file of our own.
fn reopened() -> io::Result<File> {
    let name = termios::ttyname(io::stdout(), Vec::new())?;
    OpenOptions::new()
        .write(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32)
        .open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))
}

/// Waits until the device is ready, or until the time is over.
pub fn ready(device: BorrowedFd<'_>, what: PollFlags, patience: Duration) -> io::Result<bool> {
    let mut polled = [PollFd::from_borrowed_fd(device, what)];
    wait(&mut polled, Some(patience))?;
    Ok(!polled[0].revents().is_empty())
}

/// Waits until one of the devices is ready, or until the time is over. A signal ends the wait early.
pub fn wait(devices: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<()> {
    let patience = patience.map(|patience| Timespec {
        tv_sec: patience.as_secs() as _,
        tv_nsec: patience.subsec_nanos().into(),
    });
    match rustix::event::poll(devices, patience.as_ref()) {
        Ok(_) => Ok(()),
        Err(Errno::INTR) => {
            for device in devices {
                device.clear_revents();
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The terminal's size: columns and rows, and the pixels of all of them where it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub columns: u16,
    pub rows: u16,
    pub pixels: Option<(u16, u16)>,
}

/// A terminal that does not know its size is one of 80 × 24, as ever.
pub fn extent() -> Extent {
    let size = termios::tcgetwinsize(io::stdout()).ok();
    let (columns, rows) = size.map_or((0, 0), |size| (size.ws_col, size.ws_row));
    Extent {
        columns: if columns == 0 { 80 } else { columns },
        rows: if rows == 0 { 24 } else { rows },
        pixels: size
            .map(|size| (size.ws_xpixel, size.ws_ypixel))
            .filter(|(width, height)| *width > 0 && *height > 0),
    }
}
