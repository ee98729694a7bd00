//! Ending the local cloud, politely as long as that works.

use std::time::{Duration, Instant};

use anyhow::Result;
use local_cloud::DRAIN_LIMIT;
use rustix::process::{Pid, Signal, kill_process};

use super::lock::{Holder, holder};
use super::{Files, Record};
use crate::error::Failure;

/// How long a draining cloud may take; a little more than it allows itself.
const DRAIN: Duration = DRAIN_LIMIT.saturating_add(Duration::from_secs(15));
/// How long a cloud may take that was told to end at once.
const END: Duration = Duration::from_secs(10);

/// What [`stop`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing ran.
    WasNotRunning,
    /// It has ended.
    Now,
}

/// Ends the cloud and waits until it is gone. With `drain` what runs in the lanes is finished first.
pub async fn stop(files: &Files, drain: bool) -> Result<Stopped> {
    let Some(_) = running(files)? else {
        // A record without a cloud was left by one that was killed.
        let _ = std::fs::remove_file(&files.record);
        return Ok(Stopped::WasNotRunning);
    };
    if drain && ask(files, true).await && gone_within(files, DRAIN).await? {
        return Ok(Stopped::Now);
    }
    if ask(files, false).await && gone_within(files, END).await? {
        return Ok(Stopped::Now);
    }
    for (signal, patience) in [(Signal::TERM, END), (Signal::KILL, END)] {
        if let Some(pid) = running(files)?.and_then(|holder| Pid::from_raw(holder.pid?)) {
            let _ = kill_process(pid, signal);
        }
        if gone_within(files, patience).await? {
            let _ = std::fs::remove_file(&files.record);
            return Ok(Stopped::Now);
        }
    }
    Err(Failure::target("the local cloud does not end").into())
}

async fn ask(files: &Files, drain: bool) -> bool {
    match Record::read(&files.record) {
        Ok(Some(record)) => record.client().stop(drain).await.is_ok(),
        _ => false,
    }
}

/// Whether a cloud lives, and which process it is as far as known. Certain, whatever the record says.
pub fn running(files: &Files) -> Result<Option<Holder>> {
    holder(&files.serve_lock)
        .map_err(|error| Failure::file("use", &files.serve_lock, &error).into())
}

async fn gone_within(files: &Files, patience: Duration) -> Result<bool> {
    let started = Instant::now();
    loop {
        if running(files)?.is_none() {
            return Ok(true);
        }
        if started.elapsed() > patience {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
