//! Ctrl-C and SIGTERM: the first asks the command to end tidily, the second ends it at once.

use std::sync::mpsc::channel;
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Exit;

/// Calls `first` from another thread when somebody interrupts us, from the moment on when this returns.
pub fn on_interrupt(first: impl FnOnce() + Send + 'static) {
    let (ready, listening) = channel::<()>();
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
        else {
            // Without a runtime the signals keep their default effect: the process ends.
            return;
        };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                return;
            };
            drop(ready);
            either(&mut interrupt, &mut terminate).await;
            first();
            either(&mut interrupt, &mut terminate).await;
            std::process::exit(i32::from(Exit::Interrupted.code()));
        });
    };
    // A machine that cannot start one more thread will not notice Ctrl-C tidily; it still works.
    let _ = thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(wait);
    // Nothing is ever sent: the wait ends when the other end is dropped, also where nobody can listen.
    let _ = listening.recv();
}

/// Waits for one of two signals.
pub async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
