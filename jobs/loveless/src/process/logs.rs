//! What a function writes to standard output and standard error.
//!
//! The pipes are read always, whatever else happens: a process whose pipe is full stops. Each
//! line goes to `tracing` with the id of the invocation it belongs to, and the end of it all is
//! kept for the caller.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;

/// How much of an invocation's log the caller gets, in bytes.
pub(super) const TAIL: usize = 4096;

/// Longer lines are cut into pieces of this many bytes.
const LONGEST_LINE: usize = 16 * 1024;

/// One visit to a pipe reads no more than this, so that a chatty function leaves time to others.
const VISIT: usize = 1 << 20;

const STREAMS: [&str; 2] = ["stdout", "stderr"];

#[derive(Debug)]
pub(super) struct Logs {
    shared: Arc<Shared>,
    readers: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Shared {
    function: String,
    pipes: [Receiver; 2],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    request_id: String,
    tail: Vec<u8>,
    partial: [Vec<u8>; 2],
}

enum Visit {
    Empty,
    More,
    Ended,
}

impl Logs {
    /// Begins to read both pipes.
    pub fn collect(function: &str, output: [OwnedFd; 2]) -> io::Result<Logs> {
        let [stdout, stderr] = output;
        let shared = Arc::new(Shared {
            function: function.to_owned(),
            pipes: [
                Receiver::from_owned_fd(stdout)?,
                Receiver::from_owned_fd(stderr)?,
            ],
            state: Mutex::default(),
        });
        let readers = [0, 1].map(|stream| tokio::spawn(read(shared.clone(), stream)));
        Ok(Logs { shared, readers })
    }

    /// What comes from now on belongs to this invocation.
    pub fn begin(&self, request_id: &str) {
        let mut state = self.shared.drain();
        state.tail.clear();
        request_id.clone_into(&mut state.request_id);
    }

    /// Ends the invocation; the end of its log. What the process wrote before its answer is
    /// there, because the pipes are looked at once more.
    pub fn end(&self) -> Vec<u8> {
        let mut state = self.shared.drain();
        let tail = std::mem::take(&mut state.tail);
        state.request_id.clear();
        tail[tail.len().saturating_sub(TAIL)..].to_vec()
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        drop(self.shared.drain());
        for reader in &self.readers {
            reader.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is there now, without waiting.
    fn drain(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        for (stream, pipe) in self.pipes.iter().enumerate() {
            // Past tokio's notion of readiness, which may not have heard of the latest bytes.
            self.visit(&mut state, stream, |buffer| {
                Ok(rustix::io::read(pipe, buffer)?)
            });
        }
        state
    }

    /// Reads one pipe until it is empty, ended, or has had its share.
    fn visit(
        &self,
        state: &mut State,
        stream: usize,
        read: impl Fn(&mut [u8]) -> io::Result<usize>,
    ) -> Visit {
        let mut buffer = [0u8; 16 * 1024];
        let mut taken = 0;
        while taken < VISIT {
            match read(&mut buffer) {
                Ok(0) => {
                    self.flush(state, stream);
                    return Visit::Ended;
                }
                Ok(length) => {
                    taken += length;
                    self.take(state, stream, &buffer[..length]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Visit::Empty,
                Err(error) => {
                    tracing::warn!(%error, function = self.function, "cannot read a log");
                    return Visit::Ended;
                }
            }
        }
        Visit::More
    }

    fn take(&self, state: &mut State, stream: usize, bytes: &[u8]) {
        state.tail.extend_from_slice(bytes);
        if state.tail.len() > 4 * TAIL {
            let excess = state.tail.len() - TAIL;
            state.tail.drain(..excess);
        }
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            state.partial[stream].extend_from_slice(piece);
            if piece.ends_with(b"\n") || state.partial[stream].len() >= LONGEST_LINE {
                self.flush(state, stream);
            }
        }
    }

    fn flush(&self, state: &mut State, stream: usize) {
        let line = std::mem::take(&mut state.partial[stream]);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if !line.is_empty() {
            tracing::info!(
                target: "loveless::function",
                function = self.function,
                request_id = state.request_id,
                stream = STREAMS[stream],
                "{line}"
            );
        }
    }
}

async fn read(shared: Arc<Shared>, stream: usize) {
    let pipe = &shared.pipes[stream];
    while pipe.readable().await.is_ok() {
        let visit = shared.visit(&mut shared.lock(), stream, |buffer| pipe.try_read(buffer));
        match visit {
            Visit::Empty => {}
            Visit::More => tokio::task::yield_now().await,
            Visit::Ended => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn logs() -> (Logs, io::PipeWriter, io::PipeWriter) {
        let (stdout, out) = io::pipe().unwrap();
        let (stderr, err) = io::pipe().unwrap();
        (
            Logs::collect("f", [stdout.into(), stderr.into()]).unwrap(),
            out,
            err,
        )
    }

    #[tokio::test]
    async fn what_was_written_before_the_end_belongs_to_the_invocation() {
        let (logs, mut out, mut err) = logs();
        out.write_all(b"before\n").unwrap();
        logs.begin("a");
        out.write_all(b"out\n").unwrap();
        err.write_all(b"err").unwrap();
        assert_eq!(logs.end(), b"out\nerr");
        logs.begin("b");
        out.write_all(b"later\n").unwrap();
        assert_eq!(logs.end(), b"later\n");
    }

    #[tokio::test]
    async fn only_the_last_four_kib_are_kept() {
        let (logs, mut out, _err) = logs();
        logs.begin("a");
        for line in 0..2000 {
            writeln!(out, "line {line:04}").unwrap();
        }
        let tail = logs.end();
        assert_eq!(tail.len(), TAIL);
        assert!(tail.ends_with(b"line 1999\n"));
    }

    #[tokio::test]
    async fn a_full_pipe_never_stops_the_writer() {
        let (logs, mut out, _err) = logs();
        logs.begin("a");
        // Many times what a pipe holds: this thread ends only if somebody reads.
        let writer = tokio::task::spawn_blocking(move || {
            for _ in 0..1000 {
                out.write_all(&[b'x'; 4096]).unwrap();
            }
        });
        writer.await.unwrap();
        assert_eq!(logs.end().len(), TAIL);
    }
}
