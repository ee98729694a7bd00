//! `whiteboarder local`: the cloud on this machine.

use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};
use local_cloud::TimeScale;
use serde_json::json;

use super::logs;
use crate::config::{LocalOptions, Settings};
use crate::error::{Exit, Failure};
use crate::local::{self, Files, How, Purged, Record, Stopped};
use crate::term::ask::confirm;
use crate::term::text;

/// The cloud on this machine: S3, Step Functions and two compute lanes on 127.0.0.1.
///
/// It starts by itself when a command needs it, and ends when nobody has used it for ten minutes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  whiteboarder local start --lambda-memory-mb 512
  whiteboarder local status
  eval \"$(whiteboarder local env)\" && aws s3 ls
  whiteboarder local purge")]
pub struct LocalArgs {
    #[command(subcommand)]
    command: LocalCommand,
}

#[derive(Debug, Subcommand)]
enum LocalCommand {
    /// Start it in the background, with settings if you like.
    ///
    /// Each setting may also stand in the configuration file, in the table [local], by the flag's name with
    /// underscores (`lambda_timeout_s = 60`).
    #[command(after_help = "\
Examples:
  whiteboarder local start --lambda-timeout-s 60 --workers 2
  whiteboarder local start --mocks mocks.json --time-scale 0.01")]
    Start {
        #[command(flatten)]
        options: LocalOptions,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// End it; what its lanes are doing is finished first.
    #[command(after_help = "Example:\n  whiteboarder local stop --now")]
    Stop {
        /// Do not wait for the lanes: the next start takes up what was not finished
        #[arg(long)]
        now: bool,
    },
    /// Whether it runs, where, and how much it keeps. Ends with 3 when it does not run.
    #[command(after_help = "Example:\n  whiteboarder local status --json | jq .bytes_on_disk")]
    Status {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print variables that make the AWS CLI and SDKs use it.
    #[command(
        after_help = "Example:\n  eval \"$(whiteboarder local env)\" && aws stepfunctions list-activities"
    )]
    Env {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print the end of its log.
    #[command(after_help = "Example:\n  whiteboarder local logs -n 20 -f")]
    Logs {
        /// How many lines
        #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
        lines: usize,
        /// Go on as the log grows
        #[arg(long, short)]
        follow: bool,
    },
    /// End it and remove what it keeps: objects, executions, queues.
    ///
    /// What runs is not waited for. Credentials stay, so that shells that have evaluated `local env` still work with
    /// the next cloud; --all removes them too, with the log and the notes where batches came from. Configuration and
    /// saved recipes stay in any case, and so does what whiteboarder has not written.
    #[command(after_help = "\
Examples:
  whiteboarder local purge
  whiteboarder local purge --all --yes")]
    Purge {
        /// Credentials, log and notes as well
        #[arg(long)]
        all: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Run it in the foreground.
    #[command(hide = true)]
    Serve {
        #[command(flatten)]
        options: LocalOptions,
        /// In a session of its own
        #[arg(long, hide = true)]
        detached: bool,
    },
}

impl LocalArgs {
    /// Whether this process becomes the cloud itself.
    pub fn serves(&self) -> bool {
        matches!(self.command, LocalCommand::Serve { .. })
    }
}

pub fn run(args: LocalArgs, settings: &Settings) -> Result<Exit> {
    match args.command {
        LocalCommand::Serve { options, detached } => {
            crate::term::log::of_service();
            let asked = settings.cloud_options(options)?.resolve();
            local::serve(settings, &asked, detached)
        }
        LocalCommand::Logs { lines, follow } => logs::run(settings, lines, follow),
        command => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(talk(command, settings))
        }
    }
}

async fn talk(command: LocalCommand, settings: &Settings) -> Result<Exit> {
    let terminal = &settings.terminal;
    let files = Files::of(&settings.dirs);
    match command {
        LocalCommand::Start { options, json } => start(settings, options, json).await,
        LocalCommand::Stop { now } => {
            match local::stop(&files, !now).await? {
                Stopped::Now => terminal.note("the local cloud has ended"),
                Stopped::WasNotRunning => terminal.note("the local cloud is not running"),
            }
            Ok(Exit::Success)
        }
        LocalCommand::Status { json } => status(settings, &files, json).await,
        LocalCommand::Env { json } => {
            let (record, _) = ensure(settings).await?;
            let variables = variables(&record);
            if json {
                let document: serde_json::Map<_, _> = variables
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                terminal.document(&document)?;
            } else {
                for (name, value) in variables {
                    terminal.line(&format!("export {name}={value}"))?;
                }
                // A token of another session would not fit the key.
                terminal.line("unset AWS_SESSION_TOKEN")?;
            }
            Ok(Exit::Success)
        }
        LocalCommand::Purge { all, yes, json } => purge(settings, &files, all, yes, json).await,
        LocalCommand::Logs { .. } | LocalCommand::Serve { .. } => Ok(Exit::Success),
    }
}

/// The local cloud, started if need be with what environment and configuration file ask for.
pub async fn ensure(settings: &Settings) -> Result<(Record, How)> {
    let asked = settings.cloud_options(LocalOptions::from_environment()?)?;
    let (record, how) = local::ensure(settings, &asked).await?;
    if how != How::Found {
        settings
            .terminal
            .note(&format!("started the local cloud on {}", record.endpoint()));
    }
    Ok((record, how))
}

async fn start(settings: &Settings, options: LocalOptions, json: bool) -> Result<Exit> {
    let options = options.beginning_at(Path::new(""))?;
    let asked = settings.cloud_options(options.clone())?;
    let (record, how) = local::ensure(settings, &asked).await?;
    if how == How::Found {
        refuse_other_settings(&record, &options)?;
    }
    if json {
        settings.terminal.document(&json!({
            "started": how != How::Found,
            "replaced": how == How::Replaced,
            "endpoint": record.endpoint(),
            "pid": record.pid,
            "build": record.build,
        }))?;
        return Ok(Exit::Success);
    }
    let verb = match how {
        How::Found => "runs already",
        How::Started => "is up",
        How::Replaced => "was replaced and is up",
    };
    settings
        .terminal
        .note(&format!("the local cloud {verb} on {}", record.endpoint()));
    Ok(Exit::Success)
}

/// Flags that a running cloud does not follow must not be swallowed.
fn refuse_other_settings(record: &Record, asked: &LocalOptions) -> Result<()> {
    let differs = |asked: Option<u64>, has: u64| asked.is_some_and(|asked| asked != has);
    let other = if differs(
        asked.port.map(u64::from).filter(|port| *port != 0),
        record.port.into(),
    ) {
        format!("on port {}", record.port)
    } else if differs(
        asked.lambda_memory_mb.map(u64::from),
        record.lambda_memory_mb.into(),
    ) {
        format!("with {} MB for a function", record.lambda_memory_mb)
    } else if differs(
        asked.lambda_timeout_s.map(u64::from),
        record.lambda_timeout_s.into(),
    ) {
        format!("with {} s for a function", record.lambda_timeout_s)
    } else if differs(asked.workers.map(|n| n as u64), record.workers as u64) {
        format!("with {}", text::count(record.workers, "worker"))
    } else if asked.mocks.is_some() && asked.mocks != record.mocks {
        match &record.mocks {
            Some(mocks) => format!("with the mock file {}", text::safe(mocks)),
            None => "without a mock file".to_owned(),
        }
    } else if asked
        .time_scale
        .is_some_and(|asked| TimeScale::new(asked) != Ok(record.time_scale))
    {
        format!("with a time scale of {}", f64::from(record.time_scale))
    } else {
        return Ok(());
    };
    Err(
        Failure::usage(format!("the local cloud runs already, {other}"))
            .hint("end it first with `whiteboarder local stop`")
            .into(),
    )
}

async fn status(settings: &Settings, files: &Files, json: bool) -> Result<Exit> {
    let terminal = &settings.terminal;
    let record = Record::read(&files.record)?;
    let answer = match &record {
        Some(record) => record.client().status().await.ok(),
        None => None,
    };
    let (Some(record), Some(status)) = (record, answer) else {
        let stuck = local::running(files)?;
        let store = settings.dirs.cloud_store();
        let bytes = local_cloud::bytes_on_disk(&store);
        if json {
            terminal.document(&json!({
                "running": false,
                "process": stuck.and_then(|held| held.pid),
                "bytes_on_disk": bytes,
                "data": store,
            }))?;
            return Ok(Exit::Target);
        }
        if let Some(holder) = stuck {
            let pid = holder
                .pid
                .map_or(String::new(), |pid| format!(" (process {pid})"));
            terminal.line(&format!("the local cloud{pid} does not answer"))?;
        } else {
            terminal.line("the local cloud is not running")?;
        }
        terminal.line(&on_disk(bytes, &store))?;
        return Ok(Exit::Target);
    };
    if json {
        terminal.document(&json!({
            "running": true,
            "endpoint": record.endpoint(),
            "pid": status.pid,
            "build": status.build,
            "started": record.started,
            "uptime_seconds": status.uptime_seconds,
            "running_executions": status.running_executions,
            "running_invocations": status.running_invocations,
            "bytes_on_disk": status.bytes_on_disk,
            "lambda_memory_mb": record.lambda_memory_mb,
            "lambda_timeout_s": record.lambda_timeout_s,
            "workers": record.workers,
            "mocks": record.mocks,
            "time_scale": record.time_scale,
            "data": settings.dirs.cloud_store(),
        }))?;
        return Ok(Exit::Success);
    }
    let rows = [
        ("endpoint", record.endpoint()),
        (
            "process",
            format!(
                "{}, up {}",
                status.pid,
                text::seconds(status.uptime_seconds as f64)
            ),
        ),
        ("build", status.build),
        (
            "running",
            text::count(status.running_executions, "execution"),
        ),
        (
            "lambda",
            format!(
                "{} MB, {} s",
                record.lambda_memory_mb, record.lambda_timeout_s
            ),
        ),
        ("ecs", text::count(record.workers, "worker")),
    ];
    for (name, value) in rows {
        terminal.line(&row(name, &value))?;
    }
    // Only where it is no ordinary cloud.
    if let Some(mocks) = &record.mocks {
        terminal.line(&row("mocks", &text::safe(mocks)))?;
    }
    if !record.time_scale.is_real() {
        let scale = f64::from(record.time_scale);
        let waits = format!("waits take {scale} of their time");
        terminal.line(&row("time", &waits))?;
    }
    terminal.line(&on_disk(status.bytes_on_disk, &settings.dirs.cloud_store()))?;
    Ok(Exit::Success)
}

fn row(name: &str, value: &str) -> String {
    format!("{name:<9} {value}")
}

fn on_disk(bytes: u64, store: &Path) -> String {
    row(
        "on disk",
        &format!("{} in {}", text::bytes(bytes), text::path(store)),
    )
}

async fn purge(
    settings: &Settings,
    files: &Files,
    all: bool,
    yes: bool,
    json: bool,
) -> Result<Exit> {
    let terminal = &settings.terminal;
    let store = settings.dirs.cloud_store();
    let running = match Record::read(&files.record)? {
        Some(record) => record.client().status().await.ok(),
        None => None,
    };
    let running = match running.map_or(0, |status| status.running_executions) {
        0 => String::new(),
        1 => " 1 execution runs and is ended.".to_owned(),
        some => format!(" {some} executions run and are ended."),
    };
    let more = if all {
        ", its credentials, its log and the notes of batches"
    } else {
        ""
    };
    let question = format!(
        "Remove all that the local cloud keeps ({} in {}){more}?{running}",
        text::bytes(local_cloud::bytes_on_disk(&store)),
        text::path(&store)
    );
    if !confirm(&question, yes)? {
        terminal.note("nothing was removed");
        return Ok(Exit::Success);
    }
    let Purged { files, bytes, left } =
        local::purge(&settings.terminal, &settings.dirs, all).await?;
    if json {
        terminal.document(&json!({ "freed_bytes": bytes, "files": files, "left": left }))?;
    } else {
        let freed = text::bytes(bytes);
        terminal.note(&format!(
            "freed {freed}: {} removed",
            text::count(files, "file")
        ));
        for path in &left {
            terminal.complain(&format!(
                "left alone, because it is not ours: {}",
                text::path(path)
            ));
        }
    }
    Ok(if left.is_empty() {
        Exit::Success
    } else {
        Exit::SomeFailed
    })
}

/// What programs written for AWS need. No value needs quoting.
fn variables(record: &Record) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", record.endpoint()),
        ("AWS_REGION", record.region.clone()),
        ("AWS_DEFAULT_REGION", record.region.clone()),
        ("AWS_ACCESS_KEY_ID", record.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", record.secret_key.clone()),
        // Step Functions' SDKs put `sync-` in front of the host's name for some operations.
        ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true".to_owned()),
    ]
}
