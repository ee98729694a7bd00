//! The function's side of every command line: what to run, within which limits.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::{duration, limits};
use crate::function::FunctionSpec;
use crate::process::may_pass;

/// The function and its limits.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct FunctionArguments {
    /// Memory limit of each function process (default: what the container has, by slots)
    #[arg(long, value_name = "MB", env = "LOVELESS_MEMORY_MB")]
    pub memory_mb: Option<u32>,

    /// Time limit of one task's work (default: 24h, with `invoke` 15m)
    #[arg(long, value_name = "TIME", env = "LOVELESS_TIMEOUT")]
    #[arg(value_parser = duration::parse)]
    pub timeout: Option<Duration>,

    /// Folder of programs to start beside each function process, as Lambda does
    #[arg(
        long,
        value_name = "FOLDER",
        env = "LOVELESS_EXTENSIONS",
        default_value = "/opt/extensions"
    )]
    pub extensions: PathBuf,

    /// The function's command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// How often a worker says that it works, and how long it may go on after it was told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PaceArguments {
    /// Time between two heartbeats: a third of the limit that the state sets
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_HEARTBEAT",
        default_value = "20s"
    )]
    #[arg(value_parser = duration::parse)]
    pub heartbeat: Duration,

    /// After SIGTERM: how long work may go on; five seconds less than the platform waits
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_DRAIN",
        default_value = "25s"
    )]
    #[arg(value_parser = duration::parse)]
    pub drain: Duration,
}

/// Where a function believes to live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub name: String,
}

impl Place {
    /// A function of this name in the Region of the environment and in no account.
    pub fn somewhere(name: &str) -> Place {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
            .unwrap_or_else(|| "us-east-1".to_owned());
        Place {
            partition: "aws".to_owned(),
            region,
            account: "000000000000".to_owned(),
            name: name.to_owned(),
        }
    }
}

impl FunctionArguments {
    /// Refuses a command that could not be started, now or ever.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let program = self.command.first().map_or("", String::as_str);
        let found = if program.contains('/') {
            is_program(Path::new(program))
        } else {
            // Without the variable the system has a list of its own.
            std::env::var_os("PATH").is_none_or(|folders| {
                std::env::split_paths(&folders).any(|folder| is_program(&folder.join(program)))
            })
        };
        if found {
            return Ok(());
        }
        Err(anyhow!(
            "cannot start `{program}`: there is no such program here"
        ))
    }

    /// What a pool or worker needs to know; `slots` such processes share the memory.
    pub(super) fn spec(&self, place: Place, slots: u32) -> FunctionSpec {
        let memory_mb = self
            .memory_mb
            .unwrap_or_else(|| (limits::memory_mb() / slots.max(1)).max(1));
        FunctionSpec {
            arn: format!(
                "arn:{}:lambda:{}:{}:function:{}",
                place.partition, place.region, place.account, place.name
            ),
            name: place.name,
            command: self.command.clone(),
            env: passed_environment(),
            memory_mb,
            timeout: self.timeout.unwrap_or(Duration::from_hours(24)),
            region: place.region,
            extensions: Some(self.extensions.clone()),
        }
    }
}

fn is_program(path: &Path) -> bool {
    let is_file = |found: Metadata| found.is_file() && found.permissions().mode() & 0o111 != 0;
    path.metadata().is_ok_and(is_file)
}

/// What of this process's environment the function gets.
fn passed_environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| may_pass(name))
        .collect()
}
