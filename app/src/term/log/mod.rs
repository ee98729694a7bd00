//! Where `tracing` goes: to standard error when it is asked for, and never while a screen has the terminal; and into
//! the log in memory ([`ring`]) that the screens show.

mod layer;
mod redact;
mod ring;

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

pub use ring::{Entry, entries, keep, keep_told, version};

use super::Terminal;

/// Overrides what is logged, in `tracing`'s filter language.
const VARIABLE: &str = "WHITEBOARDER_LOG";

/// The log of a command: errors only, more with `-v`.
pub fn to_stderr(terminal: &Terminal) {
    let level = match terminal.verbose {
        0 => "off",
        1 => "warn",
        2 => "info,whiteboarder=debug,whiteboarder_jobs=debug,local_cloud=debug,loveless=debug",
        _ => "debug",
    };
    install(level, terminal.color_err);
}

/// The log of a process in the background: what it does, line by line.
pub fn of_service() {
    install("info", false);
}

/// The log of a process in a lane. Whoever reads it there, the cloud's own log or `CloudWatch`, adds the time.
pub fn of_lane() {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .without_time()
        .with_writer(io::stderr)
        .try_init();
}

fn install(default: &str, color: bool) {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let lines = fmt::layer()
        .with_ansi(color)
        .with_writer(stderr)
        .with_filter(filter);
    // A second installation can only come from a test; the first one stays.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(layer::keeper())
        .try_init();
}

/// Standard error, unless that is the terminal on which a screen is.
fn stderr() -> Box<dyn Write> {
    if super::screen::is_taken() && io::stderr().is_terminal() {
        Box::new(io::sink())
    } else {
        Box::new(io::stderr())
    }
}
