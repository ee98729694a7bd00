//! Signals: the window has a new size, we should end, we were stopped and go on.

use std::sync::Once;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Input;
use super::shared::active;
use super::tty::{Extent, extent};

/// A dragged window corner sends a signal for every cell; one look at the size does for all of them.
const STORM: Duration = Duration::from_millis(15);

/// Starts the thread that waits for signals, once. It lives as long as the process: a signal that was
/// listened to once never gets its default effect back.
pub fn listen() {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        // Without the thread the signals keep their default effect.
        let _ = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(wait);
    });
}

struct Signals {
    resize: Signal,
    end: Signal,
    hang_up: Signal,
    interrupt: Signal,
    goes_on: Signal,
}

fn signals() -> std::io::Result<Signals> {
    Ok(Signals {
        resize: signal(SignalKind::window_change())?,
        end: signal(SignalKind::terminate())?,
        hang_up: signal(SignalKind::hangup())?,
        interrupt: signal(SignalKind::interrupt())?,
        goes_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
    })
}

fn wait() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let Ok(mut signals) = signals() else {
            return;
        };
        let mut size = extent();
        loop {
            tokio::select! {
                _ = signals.resize.recv() => {
                    tokio::time::sleep(STORM).await;
                    resized(&mut size);
                }
                _ = signals.end.recv() => end(SignalKind::terminate()),
                _ = signals.hang_up.recv() => end(SignalKind::hangup()),
                _ = signals.interrupt.recv() => end(SignalKind::interrupt()),
                _ = signals.goes_on.recv() => {
                    resized(&mut size);
                    if let Some(shared) = active() {
                        shared.continued();
                    }
                }
            }
        }
    });
}

fn resized(known: &mut Extent) {
    let now = extent();
    if now != *known {
        *known = now;
        if let Some(shared) = active() {
            shared.images.set_cell_from(now);
            shared.input(Input::Resize(now.columns, now.rows));
        }
    }
}

/// Asks the screen's owner to end. Who has left the screen already has nothing to tidy up.
fn end(kind: SignalKind) {
    match active() {
        Some(shared) => shared.input(Input::Terminate),
        None => std::process::exit(128 + kind.as_raw_value()),
    }
}
