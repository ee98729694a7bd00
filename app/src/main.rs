//! `whiteboarder`: cleans photographs of whiteboards, here or as a batch through Step Functions,
//! Lambda and ECS.
//!
//! The program is the top of the house: it knows every other crate, and nothing knows it. Start reading
//! at [`cli`] (one file per subcommand), then [`config`] (what the flags, the environment and the
//! configuration file mean together) and [`local`] (how the embedded cloud is found, started and ended).
//! [`error`] is the one place that turns an error into a sentence, a hint and an exit code.

mod background;
mod batch;
mod cleaning;
mod cli;
mod config;
mod error;
mod interrupt;
mod local;
mod notify;
mod presets;
mod studio;
mod term;
mod ui;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let (result, terminal) = cli::run();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => error::report(&error, &terminal).into(),
    }
}
