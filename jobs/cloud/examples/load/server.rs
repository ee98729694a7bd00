//! The cloud in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local_cloud::{Cloud, CloudConfig, Durability, Rehearsal, Stack};

use super::client::{ACCESS, REGION, SECRET, Target};

/// Serves until standard input ends.
pub async fn serve(folder: &Path, durability: Durability) {
    let cloud = Cloud::start(CloudConfig {
        root: folder.to_owned(),
        port: None,
        access_key: ACCESS.to_owned(),
        secret_key: SECRET.to_owned(),
        region: REGION.to_owned(),
        account: "000000000000".to_owned(),
        build: "load".to_owned(),
        idle_after: None,
        durability,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack: Stack::default(),
    })
    .await
    .unwrap();
    println!("{}", cloud.address());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
    cloud.stop(true).await;
}

/// A cloud that is measured.
pub struct Server {
    pub target: Target,
    child: Child,
}

impl Server {
    pub fn start(folder: &Path, mode: &str) -> Server {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--serve".as_ref(), folder.as_os_str(), mode.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Server {
            target: Target {
                address: address.trim().parse().expect("the cloud did not start"),
                has_activities: true,
            },
            child,
        }
    }

    /// Ends it well; gives the time that it took.
    pub fn stop(&mut self) -> Duration {
        let started = Instant::now();
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        started.elapsed()
    }

    /// Threads, and resident memory in MB; nothing where the system does not tell.
    pub fn threads_and_memory(&self) -> Option<(u64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let number = |name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some((number("Threads:")?, number("VmRSS:")? as f64 / 1024.0))
    }
}
