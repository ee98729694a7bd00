//! `whiteboarder man`: the manual's pages, from the same words as `--help`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use crate::cleaning::write::write_atomic;
use crate::error::{Exit, Failure};
use crate::term::{Terminal, text};

/// Print the manual page, or write one for every command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder man | man -l -
  whiteboarder man --output ~/.local/share/man/man1     then: man whiteboarder-submit")]
pub struct ManArgs {
    /// Write one page for every command into this folder
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn run(args: &ManArgs, terminal: &Terminal) -> Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.output else {
        terminal.line(page(&command)?.trim_end())?;
        return Ok(Exit::Success);
    };
    let mut written = 0;
    write(&command, folder, terminal, &mut written)?;
    terminal.note(&format!(
        "wrote {} to {}",
        text::count(written, "page"),
        text::path(folder)
    ));
    Ok(Exit::Success)
}

fn write(command: &Command, folder: &Path, terminal: &Terminal, written: &mut usize) -> Result<()> {
    // `whiteboarder-runs-list`, as clap has named it when it built the command.
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = folder.join(format!("{name}.1"));
    write_atomic(&path, page(command)?.as_bytes())
        .map_err(|error| Failure::file("write", &path, &error))?;
    terminal.line(&text::path(&path))?;
    *written += 1;
    for command in command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        write(command, folder, terminal, written)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<String> {
    let mut roff = Vec::new();
    Man::new(command.clone()).render(&mut roff)?;
    Ok(String::from_utf8(roff)?)
}
