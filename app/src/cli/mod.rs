//! The command line: one file per subcommand with its arguments, what it does and how it answers.
//!
//! Two steps: [`Cli`] is what was typed; [`Settings`] is what that means together with the environment
//! and the configuration file. Commands take the second.

mod background;
mod clean;
mod completions;
mod config;
mod delete;
mod function;
mod local;
mod logs;
mod man;
mod recipe;
mod runs;
mod studio;
mod submit;
mod watch;
mod worker;

pub use local::ensure as ensure_local;
pub use submit::for_download;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::Settings;
use crate::error::Exit;
use crate::term::{ColorChoice, Terminal};

const EXAMPLES: &str = "\
Examples:
  whiteboarder board.jpg                           open a photograph in the studio
  whiteboarder clean board.jpg -o board.png        clean one photograph, here
  whiteboarder clean photos -o cleaned             clean a folder, here
  whiteboarder background board.jpg -o paper.png   only the paper under the writing
  whiteboarder submit photos -o cleaned            clean a folder as a batch in the (local) cloud
  whiteboarder runs list                           what was submitted, and what became of it

Exit codes: 0 all well, 1 some items failed, 2 wrong usage, 3 cannot reach or use the target, 130 interrupted.";

/// Cleans photographs of whiteboards: here, or as a batch through S3, Step Functions, Lambda and ECS.
///
/// Without an AWS account a cloud on this machine does the batches; it starts by itself.
#[derive(Debug, Parser)]
#[command(name = "whiteboarder", version = env!("WHITEBOARDER_VERSION"), after_help = EXAMPLES)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    studio: studio::StudioArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
struct Global {
    /// The target: `local`, or a profile of the configuration file [default: local]
    #[arg(long, global = true, env = "WHITEBOARDER_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// The configuration file [default: config.toml in the configuration folder]
    #[arg(long, global = true, env = "WHITEBOARDER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// No progress and no messages, only errors and the data that was asked for
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Say more about errors and what goes on; twice for a log
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// When to colour; `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// How to colour the screens: auto, dark, light, contrast, or a theme of your own [default: auto]
    #[arg(
        long,
        global = true,
        env = "WHITEBOARDER_THEME",
        value_name = "NAME|FILE"
    )]
    theme: Option<String>,
    /// Use ASCII only
    #[arg(long, global = true)]
    ascii: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Clean(Box<clean::CleanArgs>),
    Background(background::BackgroundArgs),
    Submit(submit::SubmitArgs),
    Watch(watch::WatchArgs),
    Runs(runs::RunsArgs),
    Local(local::LocalArgs),
    Recipe(recipe::RecipeArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[command(hide = true)]
    Function,
    #[command(hide = true)]
    Worker(loveless::cli::WorkerArguments),
    #[command(hide = true)]
    RunTask(loveless::cli::RunTaskArguments),
}

/// Parses the command line and runs the command. The terminal comes back for the error report.
pub fn run() -> (Result<Exit>, Terminal) {
    let began = std::time::Instant::now();
    // Wrong usage, `--help` and `--version` end here, with clap's words.
    let cli = Cli::parse();
    let global = cli.global;
    let terminal = Terminal::detect(global.color, global.ascii, global.quiet, global.verbose);
    let Some(command) = cli.command else {
        if !cli.studio.opens() {
            return (help(&terminal), terminal);
        }
        crate::term::log::to_stderr(&terminal);
        let ended = Settings::resolve(
            terminal.clone(),
            global.profile,
            global.theme,
            global.config,
        )
        .and_then(|settings| studio::run(cli.studio, &settings, began));
        return (ended, terminal);
    };
    if let Err(error) = cli.studio.expect_none() {
        return (Err(error), terminal);
    }
    let result = match command {
        // These run in the lanes: no configuration, and a log of their own.
        Command::Function => function::run(),
        Command::Worker(args) => worker::run(args),
        Command::RunTask(args) => worker::one(args),
        // These need no configuration, and so work with a broken one.
        Command::Background(args) => background::run(&args, &terminal),
        Command::Completions(args) => completions::run(&args, &terminal),
        Command::Man(args) => man::run(&args, &terminal),
        Command::Config(args) if args.only_path() => {
            Settings::without_file(terminal.clone(), global.config)
                .and_then(|settings| config::run(&args, &settings))
        }
        command => Settings::resolve(
            terminal.clone(),
            global.profile,
            global.theme,
            global.config,
        )
        .and_then(|settings| dispatch(command, &settings)),
    };
    (result, terminal)
}

fn dispatch(command: Command, settings: &Settings) -> Result<Exit> {
    if !matches!(command, Command::Local(ref args) if args.serves()) {
        crate::term::log::to_stderr(&settings.terminal);
    }
    match command {
        Command::Clean(args) => clean::run(&args, settings),
        Command::Background(args) => background::run(&args, &settings.terminal),
        Command::Submit(args) => submit::run(&args, settings),
        Command::Watch(args) => watch::run(&args, settings),
        Command::Runs(args) => runs::run(args, settings),
        Command::Local(args) => local::run(args, settings),
        Command::Recipe(args) => recipe::run(args, settings),
        Command::Config(args) => config::run(&args, settings),
        Command::Completions(args) => completions::run(&args, &settings.terminal),
        Command::Man(args) => man::run(&args, &settings.terminal),
        Command::Function => function::run(),
        Command::Worker(args) => worker::run(args),
        Command::RunTask(args) => worker::one(args),
    }
}

fn help(terminal: &Terminal) -> Result<Exit> {
    let help = Cli::command().render_help();
    let text = if terminal.color_out {
        help.ansi().to_string()
    } else {
        help.to_string()
    };
    terminal.line(text.trim_end())?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_may_stand_anywhere() {
        for line in [
            "whiteboarder --quiet runs list",
            "whiteboarder runs list --quiet",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.global.quiet, "{line}");
        }
    }

    #[test]
    fn what_stands_before_a_command_is_not_lost_in_silence() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap();
        for line in [
            "whiteboarder a.jpg runs list",
            "whiteboarder --recipe page runs list",
            "whiteboarder -o out runs list",
        ] {
            assert!(parse(line).studio.expect_none().is_err(), "{line}");
        }
        let studio = parse("whiteboarder a.jpg b.jpg --recipe page");
        assert!(studio.command.is_none() && studio.studio.expect_none().is_err());
        assert!(parse("whiteboarder runs list").studio.expect_none().is_ok());
    }
}
