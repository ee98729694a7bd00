//! The ECS lane: worker processes that poll an activity, kept running.
//!
//! Workers start with the cloud, not with the first task: the first picture then finds them warm, and a wrong
//! command shows in the log at once. A worker that ends is started again, at first after 200 ms, then after twice
//! as long each time up to 30 s; one that lived a minute starts afresh. They die with this process, however it
//! ends, and so does everything that they started.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use loveless::Child;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cloud::DRAIN_LIMIT;
use crate::config::{CloudConfig, WorkerGroup};
use crate::lanes::{log_output, process_environment};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// What a worker has to hand in its last answers after the time for its work is over.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A worker that lived this long was well.
const WELL: Duration = Duration::from_mins(1);

/// The supervisors of all workers.
pub(crate) struct WorkerLane {
    /// Cancelled to ask the workers to end their work and themselves.
    drain: CancellationToken,
    supervisors: tokio::sync::Mutex<JoinSet<()>>,
}

/// One worker: what to run and as whom.
struct Worker {
    name: String,
    command: Vec<String>,
    variables: BTreeMap<String, String>,
}

impl WorkerLane {
    /// Starts the workers. When `stop` is cancelled they are killed.
    pub(crate) fn start(config: &CloudConfig, endpoint: &str, stop: &CancellationToken) -> Self {
        let drain = CancellationToken::new();
        let mut supervisors = JoinSet::new();
        let mut number = 0;
        for group in &config.stack.workers {
            for _ in 0..group.count {
                number += 1;
                let worker = Worker::new(config, group, endpoint, number);
                supervisors.spawn(worker.supervise(drain.clone(), stop.clone()));
            }
        }
        Self {
            drain,
            supervisors: tokio::sync::Mutex::new(supervisors),
        }
    }

    /// Asks the workers to end what they do and then themselves, and waits for it.
    pub(crate) async fn drain(&self) {
        self.drain.cancel();
        self.ended().await;
    }

    /// Waits until all workers have ended.
    pub(crate) async fn ended(&self) {
        let mut supervisors = self.supervisors.lock().await;
        while supervisors.join_next().await.is_some() {}
    }
}

impl Worker {
    fn new(config: &CloudConfig, group: &WorkerGroup, endpoint: &str, number: usize) -> Self {
        let name = format!("ecs-{number}");
        let arn = format!(
            "arn:aws:states:{}:{}:activity:{}",
            config.region, config.account, group.activity
        );
        let fill = |text: &String| text.replace("{activity_arn}", &arn);
        let mut variables = process_environment(config, endpoint);
        variables.insert("LOVELESS_WORKER_NAME".to_owned(), name.clone());
        // A drain of the cloud waits as long as this and a little more, so that what a worker then hands in is stored.
        let drain = format!("{}s", DRAIN_LIMIT.saturating_sub(LAST_WORDS).as_secs());
        variables.insert("LOVELESS_DRAIN".to_owned(), drain);
        let own = group.env.iter();
        variables.extend(own.map(|(name, value)| (name.clone(), fill(value))));
        Self {
            name,
            command: group.command.iter().map(fill).collect(),
            variables,
        }
    }

    async fn supervise(self, drain: CancellationToken, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !drain.is_cancelled() && !stop.is_cancelled() {
            let began = Instant::now();
            match self.live(&drain, &stop).await {
                Ok(end) => tracing::info!(worker = self.name, "the worker ended: {end}"),
                Err(error) => {
                    tracing::error!(worker = self.name, %error, "cannot start the worker");
                }
            }
            if began.elapsed() >= WELL {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = drain.cancelled() => return,
                () = stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One life of the worker's process.
    async fn live(
        &self,
        drain: &CancellationToken,
        stop: &CancellationToken,
    ) -> io::Result<String> {
        let (mut child, output) = Child::start(&self.command, self.variables.clone()).await?;
        for output in output {
            tokio::spawn(log_output(self.name.clone(), output));
        }
        let status = tokio::select! {
            status = child.exited() => status,
            () = drain.cancelled() => {
                child.terminate();
                tokio::select! {
                    status = child.exited() => status,
                    () = stop.cancelled() => kill(&mut child).await,
                }
            }
            () = stop.cancelled() => kill(&mut child).await,
        };
        Ok(status.to_string())
    }
}

async fn kill(child: &mut Child) -> std::process::ExitStatus {
    child.kill_group();
    child.exited().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Durability, Rehearsal, Stack};

    fn config(group: WorkerGroup) -> CloudConfig {
        CloudConfig {
            root: "/nowhere".into(),
            port: None,
            access_key: "key".into(),
            secret_key: "secret".into(),
            region: "eu-west-1".into(),
            account: "111122223333".into(),
            build: String::new(),
            idle_after: None,
            durability: Durability::Normal,
            keep: None,
            rehearsal: Rehearsal::default(),
            stack: Stack {
                workers: vec![group],
                ..Stack::default()
            },
        }
    }

    #[test]
    fn a_worker_is_told_where_its_work_is() {
        let group = WorkerGroup {
            activity: "clean".into(),
            command: vec!["loveless".into(), "--arn={activity_arn}".into()],
            count: 1,
            env: [("ACTIVITY".to_owned(), "{activity_arn}".to_owned())].into(),
        };
        let worker = Worker::new(&config(group.clone()), &group, "http://127.0.0.1:9", 3);
        let arn = "arn:aws:states:eu-west-1:111122223333:activity:clean";
        assert_eq!(worker.command[1], format!("--arn={arn}"));
        for (name, value) in [
            ("ACTIVITY", arn),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("LOVELESS_WORKER_NAME", "ecs-3"),
            ("LOVELESS_DRAIN", "55s"),
        ] {
            assert_eq!(worker.variables[name], value, "{name}");
        }
    }

    #[tokio::test]
    async fn a_worker_that_ends_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        let script = format!("echo x >> {}", starts.display());
        let group = WorkerGroup {
            activity: "a".into(),
            command: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
            count: 1,
            env: BTreeMap::new(),
        };
        let stop = CancellationToken::new();
        let lane = WorkerLane::start(&config(group), "http://127.0.0.1:9", &stop);
        let count = || {
            std::fs::read_to_string(&starts)
                .unwrap_or_default()
                .lines()
                .count()
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while count() < 3 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(count() >= 3);
        stop.cancel();
        lane.ended().await;
        let at_the_end = count();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(count(), at_the_end, "nothing starts after the end");
    }

    #[tokio::test]
    async fn a_draining_worker_may_end_its_work_and_a_stopped_one_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let (ready, done) = (folder.path().join("ready"), folder.path().join("done"));
        let script = format!(
            "trap 'sleep 0.3; echo x > {}; exit 0' TERM; echo x > {}; while :; do sleep 0.02; done",
            done.display(),
            ready.display()
        );
        for (drains, finished) in [(true, true), (false, false)] {
            let group = WorkerGroup {
                activity: "a".into(),
                command: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
                count: 1,
                env: BTreeMap::new(),
            };
            let stop = CancellationToken::new();
            let lane = WorkerLane::start(&config(group), "http://127.0.0.1:9", &stop);
            let deadline = Instant::now() + Duration::from_secs(20);
            while !ready.exists() && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if drains {
                lane.drain().await;
            } else {
                stop.cancel();
                lane.ended().await;
            }
            assert_eq!(done.exists(), finished, "drains: {drains}");
            let _ = std::fs::remove_file(&ready);
            let _ = std::fs::remove_file(&done);
        }
    }
}
