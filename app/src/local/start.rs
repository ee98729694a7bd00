//! Finding the local cloud, or starting it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use local_cloud::DRAIN_LIMIT;

use super::lock::{Lock, holder, private_folder};
use super::stop::running;
use super::{Build, Files, Record, stop};
use crate::config::{LocalOptions, Settings};
use crate::error::{Exit, Failure};
use crate::term::{Terminal, text};

/// How long a cloud may take from its start to its first answer; a busy machine is slow.
const START: Duration = Duration::from_mins(1);
/// How long a cloud that lives but has left no record yet is waited for.
const APPEAR: Duration = Duration::from_secs(15);
/// How long another process may be starting or replacing the cloud: draining the old one takes most of it.
const TURN: Duration = DRAIN_LIMIT
    .saturating_add(START)
    .saturating_add(Duration::from_mins(1));
/// How long that is waited for in silence.
const QUIET: Duration = Duration::from_secs(3);
/// The log starts over beyond this size; the old one is kept beside it.
const LOG_BYTES: u64 = 4 << 20;

/// How the cloud came to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It ran already.
    Found,
    /// It was started now.
    Started,
    /// One of an older build was ended and this one started.
    Replaced,
}

/// The cloud that runs, started if need be with what is asked for.
pub async fn ensure(settings: &Settings, asked: &LocalOptions) -> Result<(Record, How)> {
    let files = Files::of(&settings.dirs);
    let build = Build::own();
    if let Found::Usable(record) = look(&files, &build).await? {
        return Ok((record, How::Found));
    }
    private_folder(&settings.dirs.state).map_err(|error| {
        Failure::file("write", &settings.dirs.state, &error)
            .hint("WHITEBOARDER_HOME can name a folder that you may write to")
    })?;
    // Whoever else is starting it does so for us too.
    let _lock = take_turn(&settings.terminal, &files).await?;
    let how = match look(&files, &build).await? {
        Found::Usable(record) => return Ok((record, How::Found)),
        Found::Older(old) => {
            settings.terminal.note(&format!(
                "the local cloud is of an older build ({old}): it finishes what it is doing and is replaced"
            ));
            stop(&files, true).await?;
            How::Replaced
        }
        Found::Nothing => How::Started,
    };
    let record = launch(settings, &files, asked).await?;
    Ok((record, how))
}

/// Waits until nobody else is starting or replacing the cloud. Whoever does that takes a while at
/// most; a process that was stopped in the middle of it would keep all others waiting for ever.
pub(super) async fn take_turn(terminal: &Terminal, files: &Files) -> Result<Lock> {
    let refused = |error| Failure::file("use", &files.start_lock, &error);
    let started = Instant::now();
    let mut told = false;
    loop {
        if let Some(mut lock) = Lock::try_take(&files.start_lock).map_err(refused)? {
            lock.sign().map_err(refused)?;
            return Ok(lock);
        }
        let who = || {
            let holder = holder(&files.start_lock).ok().flatten();
            holder
                .and_then(|holder| holder.pid)
                .map_or("another process".to_owned(), |pid| format!("process {pid}"))
        };
        if !told && started.elapsed() > QUIET {
            told = true;
            terminal.note(&format!(
                "{} is starting or replacing the local cloud: waiting for it",
                who()
            ));
        }
        if started.elapsed() > TURN {
            return Err(Failure::target(format!(
                "{} has been starting the local cloud for too long",
                who()
            ))
            .hint("end that process and try again; nothing that was acknowledged is lost")
            .into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What there is before anybody starts anything.
enum Found {
    /// A cloud that answers.
    Usable(Record),
    /// A cloud that answers, of an older build (its name).
    Older(String),
    /// None.
    Nothing,
}

async fn look(files: &Files, build: &Build) -> Result<Found> {
    let started = Instant::now();
    loop {
        if let Some(record) = Record::read(&files.record)?
            && let Ok(status) = record.client().status().await
        {
            return Ok(if build.replaces(&status.build) {
                Found::Older(status.build)
            } else {
                Found::Usable(record)
            });
        }
        // No answer and nobody alive: the record, if any, is stale.
        let Some(holder) = running(files)? else {
            return Ok(Found::Nothing);
        };
        // Alive without an answer: it is just starting, just ending, or not well.
        if started.elapsed() > APPEAR {
            let who = holder
                .pid
                .map_or(String::new(), |pid| format!(" (process {pid})"));
            return Err(Failure::target(format!("the local cloud{who} runs but does not answer"))
                .hint("`whiteboarder local stop --now` ends it; nothing that was acknowledged is lost")
                .into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn launch(settings: &Settings, files: &Files, asked: &LocalOptions) -> Result<Record> {
    let (log, written) =
        open_log(files).map_err(|error| Failure::file("write", &files.log, &error))?;
    let mut child = spawn(settings, asked, log)?;
    let started = Instant::now();
    while started.elapsed() < START {
        if let Some(record) = Record::read(&files.record)?
            && record.pid == child.id()
            && record.client().status().await.is_ok()
        {
            return Ok(record);
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(why(files, written, status.code()).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(
        Failure::target("the local cloud was started but does not answer")
            .hint("`whiteboarder local logs` shows what it said")
            .into(),
    )
}

fn spawn(settings: &Settings, asked: &LocalOptions, log: File) -> Result<Child> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::target(format!("cannot find this program's own file: {error}"))
    })?;
    let mut command = Command::new(&program);
    command
        .args(["local", "serve", "--detached"])
        .args(asked.to_arguments());
    if let Some(config) = &settings.config_path {
        command.arg("--config").arg(std::path::absolute(config)?);
    }
    if let Some(home) = &settings.dirs.home {
        command.env("WHITEBOARDER_HOME", home);
    }
    // It outlives this command: it must not hold a folder or a terminal. (It makes itself a session.)
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|error| {
            Failure::target(format!("cannot start {}: {error}", text::path(&program))).into()
        })
}

/// Opens the log for appending, and says how long it is already.
fn open_log(files: &Files) -> std::io::Result<(File, u64)> {
    let path = &files.log;
    if std::fs::metadata(path).is_ok_and(|data| data.len() > LOG_BYTES) {
        std::fs::rename(path, files.old_log())?;
    }
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    let written = log.metadata()?.len();
    Ok((log, written))
}

/// What a cloud that ended at once said: its error report is the end of the log.
fn why(files: &Files, from: u64, code: Option<i32>) -> Failure {
    let mut said = String::new();
    let _ = File::open(&files.log).and_then(|mut log| {
        log.seek(SeekFrom::Start(from))?;
        log.read_to_string(&mut said)
    });
    let last = |start: &str| {
        said.lines()
            .rev()
            .find_map(|line| line.trim_start().strip_prefix(start))
            .map(str::trim)
    };
    let exit = if code == Some(2) {
        Exit::Usage
    } else {
        Exit::Target
    };
    let failure = match last("error:") {
        Some(sentence) => Failure::target(sentence),
        None => Failure::target("the local cloud ended as soon as it was started"),
    };
    let hint = last("hint:")
        .unwrap_or("`whiteboarder local logs` shows what it said")
        .to_owned();
    failure.hint(hint).exit(exit)
}
