//! `whiteboarder local`: the cloud on this machine.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::{LocalOptions, Settings};
use crate::error::{Exit, Failure};
use crate::local::{self, Files, How, Record, Stopped};
use crate::term::text;

/// The cloud on this machine: S3, Step Functions and two compute lanes on 127.0.0.1.
///
/// It starts by itself when a command needs it, and ends when nobody has used it for ten minutes.
#[derive(Debug, Args)]
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
    Start {
        #[command(flatten)]
        options: LocalOptions,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// End it; what its lanes are doing is finished first.
    Stop {
        /// Do not wait for the lanes: the next start takes up what was not finished
        #[arg(long)]
        now: bool,
    },
    /// Whether it runs, where, and how much it keeps. Ends with 3 when it does not run.
    Status {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print variables that make the AWS CLI and SDKs use it: eval "$(whiteboarder local env)"
    Env {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print the end of its log.
    Logs {
        /// How many lines
        #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
        lines: usize,
        /// Go on as the log grows
        #[arg(long, short)]
        follow: bool,
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
            let asked = options.or(&settings.file.local).resolve();
            local::serve(settings, &asked, detached)
        }
        LocalCommand::Logs { lines, follow } => logs(settings, lines, follow),
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
        LocalCommand::Logs { .. } | LocalCommand::Serve { .. } => Ok(Exit::Success),
    }
}

/// The local cloud, started if need be with what environment and configuration file ask for.
pub async fn ensure(settings: &Settings) -> Result<(Record, How)> {
    let asked = LocalOptions::from_environment()?.or(&settings.file.local);
    let (record, how) = local::ensure(settings, &asked).await?;
    if how != How::Found {
        settings
            .terminal
            .note(&format!("started the local cloud on {}", record.endpoint()));
    }
    Ok((record, how))
}

async fn start(settings: &Settings, options: LocalOptions, json: bool) -> Result<Exit> {
    let asked = options.clone().or(&settings.file.local);
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
        if json {
            terminal.document(
                &json!({ "running": false, "process": stuck.and_then(|held| held.pid) }),
            )?;
        } else if let Some(holder) = stuck {
            let pid = holder
                .pid
                .map_or(String::new(), |pid| format!(" (process {pid})"));
            terminal.line(&format!("the local cloud{pid} does not answer"))?;
        } else {
            terminal.line("the local cloud is not running")?;
        }
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
        (
            "on disk",
            format!(
                "{} in {}",
                text::bytes(status.bytes_on_disk),
                text::path(&settings.dirs.cloud_store())
            ),
        ),
    ];
    for (name, value) in rows {
        terminal.line(&format!("{name:<9} {value}"))?;
    }
    Ok(Exit::Success)
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

fn logs(settings: &Settings, lines: usize, follow: bool) -> Result<Exit> {
    let path = Files::of(&settings.dirs).log;
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            settings
                .terminal
                .note("the local cloud has never run: there is no log");
            return Ok(Exit::Success);
        }
        Err(error) => return Err(Failure::file("read", &path, &error).into()),
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let content = String::from_utf8_lossy(&content).into_owned();
    let all: Vec<&str> = content.lines().collect();
    for line in &all[all.len().saturating_sub(lines)..] {
        settings.terminal.line(line)?;
    }
    let mut at = file.stream_position()?;
    if !follow {
        return Ok(Exit::Success);
    }
    loop {
        std::thread::sleep(Duration::from_millis(250));
        if std::fs::metadata(&path).map_or(0, |data| data.len()) < at {
            // It was started over.
            file = File::open(&path)?;
            at = 0;
        }
        file.seek(SeekFrom::Start(at))?;
        let mut more = Vec::new();
        at += file.read_to_end(&mut more)? as u64;
        let mut out = io::stdout().lock();
        out.write_all(&more)?;
        out.flush()?;
    }
}
