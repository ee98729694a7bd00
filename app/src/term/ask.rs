//! Questions to a person.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Result;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::error::Failure;

/// Whether somebody sits there who can be asked.
pub fn somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks before something that cannot be undone: what `--yes` answers. Everything but yes means no.
///
/// # Errors
///
/// When there is nobody to ask: then `--yes` is needed.
pub fn confirm(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !somebody_there() {
        return Err(
            Failure::usage(format!("{question} Nobody can be asked here"))
                .hint("--yes says yes without being asked")
                .into(),
        );
    }
    Ok(answer(question, false)?)
}

/// The same while other work goes on; Ctrl-C ends the question.
pub async fn confirm_or_cancel(
    question: String,
    yes: bool,
    cancel: &CancellationToken,
) -> Result<bool> {
    let (sender, answered) = oneshot::channel();
    // A thread of its own: nothing waits for it when the person answers with Ctrl-C.
    std::thread::spawn(move || {
        let _ = sender.send(confirm(&question, yes));
    });
    tokio::select! {
        answer = answered => answer?,
        () = cancel.cancelled() => {
            let _ = writeln!(io::stderr());
            Err(Failure::interrupted("nothing was changed").into())
        }
    }
}

/// Asks and reads a line; `else_yes` is what an empty line means. No more input means no.
pub fn answer(question: &str, else_yes: bool) -> io::Result<bool> {
    let choice = if else_yes { "[Y/n]" } else { "[y/N]" };
    let mut err = io::stderr().lock();
    write!(err, "{question} {choice} ")?;
    err.flush()?;
    drop(err);
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    if read == 0 {
        // So that what follows does not stand behind the question.
        writeln!(io::stderr())?;
        return Ok(false);
    }
    Ok(match line.trim().to_lowercase().as_str() {
        "" => else_yes,
        "y" | "yes" => true,
        _ => false,
    })
}
