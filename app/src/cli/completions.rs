//! `whiteboarder completions`: what a shell needs to complete our commands.

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::error::Exit;
use crate::term::Terminal;

/// Print what makes a shell complete commands and flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Save it where your shell looks for it; a new shell then knows it:

bash
  whiteboarder completions bash > ~/.local/share/bash-completion/completions/whiteboarder
zsh, with `fpath=(~/.zfunc $fpath)` before `compinit` in ~/.zshrc
  whiteboarder completions zsh > ~/.zfunc/_whiteboarder
fish
  whiteboarder completions fish > ~/.config/fish/completions/whiteboarder.fish
elvish
  whiteboarder completions elvish >> ~/.config/elvish/rc.elv
powershell
  whiteboarder completions powershell >> $PROFILE")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    terminal.line(String::from_utf8(script)?.trim_end())?;
    Ok(Exit::Success)
}
