//! The command line of `loveless`, also for programs that embed parts of it.
//!
//! `loveless` itself calls [`main`]. A program that wants the worker as a subcommand of its own
//! takes [`WorkerArguments`] into its parser and calls [`worker()`].

mod duration;
mod endpoints;
mod function;
mod input;
mod invoke;
mod limits;
mod run;
mod run_task;
mod shelter;
mod validate;
mod worker;

pub use function::{FunctionArguments, PaceArguments};
pub use invoke::{InvokeArguments, invoke};
pub use run_task::{RunTaskArguments, run_task};
pub use validate::{ValidateArguments, validate};
pub use worker::{EventChoice, WorkerArguments, worker};

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

/// All well.
pub const EXIT_OK: u8 = 0;
/// The function failed.
pub const EXIT_FAILED: u8 = 1;
/// Wrong usage.
pub const EXIT_USAGE: u8 = 2;
/// The activity or queue cannot be used: it is not there, or does not take these credentials.
pub const EXIT_REFUSED: u8 = 3;
/// Interrupted from the keyboard.
pub const EXIT_INTERRUPTED: u8 = 130;

/// Runs an unmodified Lambda function behind any queue of work.
#[derive(Debug, Parser)]
#[command(name = "loveless", version, about, max_term_width = 100)]
#[command(after_help = "Logs go to standard error; RUST_LOG chooses which (default: info).")]
struct Cli {
    /// How logs are written; json is one object a line, with the request id as a field
    #[arg(
        long,
        value_name = "FORMAT",
        env = "LOVELESS_LOG_FORMAT",
        default_value = "text",
        global = true
    )]
    log_format: LogFormat,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Worker(WorkerArguments),
    RunTask(RunTaskArguments),
    Invoke(InvokeArguments),
    Validate(ValidateArguments),
}

/// The whole program: parse, run, exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            return ExitCode::from(EXIT_FAILED);
        }
    };
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Worker(arguments) => worker(arguments).await,
            Command::RunTask(arguments) => run_task(arguments).await,
            Command::Invoke(arguments) => invoke(arguments).await,
            Command::Validate(arguments) => validate(&arguments),
        }
    });
    // What is still held open (a poll, a pipe) ends with the process.
    runtime.shutdown_background();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
