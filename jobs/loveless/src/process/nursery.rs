//! The thread that spawns every child.
//!
//! On Linux a child can be tied to the life of the thread that spawned it (see `before_exec`).
//! Threads of a runtime come and go, so spawning has a thread of its own that never ends.

use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use tokio::sync::oneshot;

struct Request {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

static NURSERY: OnceLock<Mutex<mpsc::Sender<Request>>> = OnceLock::new();

/// Spawns the command from the nursery thread.
pub(super) async fn spawn(command: Command) -> io::Result<Child> {
    let (answer, spawned) = oneshot::channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    nursery()?
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(Request { command, answer })
        .map_err(|_| gone())?;
    spawned.await.map_err(|_| gone())?
}

fn nursery() -> io::Result<&'static Mutex<mpsc::Sender<Request>>> {
    if let Some(nursery) = NURSERY.get() {
        return Ok(nursery);
    }
    let (sender, requests) = mpsc::channel::<Request>();
    std::thread::Builder::new()
        .name("nursery".to_owned())
        .spawn(move || {
            // Ends only if the static above went away, which it does not.
            for Request {
                mut command,
                answer,
            } in requests
            {
                if let Err(Ok(mut orphan)) = answer.send(command.spawn()) {
                    // The runtime that asked was shut down in the meantime.
                    let _ = orphan.kill();
                    let _ = orphan.wait();
                }
            }
        })?;
    // When two threads come here at once, the second's nursery ends at once: its sender drops.
    Ok(NURSERY.get_or_init(|| Mutex::new(sender)))
}
