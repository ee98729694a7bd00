//! Asks git which commit this is, so that `--version` can tell. Without git, or outside a repository
//! (a source archive, a vendored copy), the version stands alone.

use std::process::Command;

fn main() {
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let long = match &commit {
        Some(commit) => format!("{version} ({commit})"),
        None => version,
    };
    emit(&format!("rustc-env=WHITEBOARDER_VERSION={long}"));
    emit("rerun-if-changed=build.rs");
    // The log of HEAD changes with every commit, checkout and merge.
    if commit.is_some()
        && let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && std::path::Path::new(&log).exists()
    {
        emit(&format!("rerun-if-changed={log}"));
    }
}

/// What git answers, if it does.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// A build script talks to cargo on standard output; nothing else can be done about it.
#[allow(clippy::print_stdout)]
fn emit(instruction: &str) {
    println!("cargo::{instruction}");
}
