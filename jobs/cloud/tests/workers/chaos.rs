//! Everything is killed at random while there is work: functions, workers, the cloud; calls are throttled and
//! connections cut in between. In the end every task has one end, and it is the right one.
//!
//! `LOVELESS_CHAOS_TASKS` is how many tasks each of the two gets (40 if not said; 1000 is the real thing), and
//! `LOVELESS_CHAOS_SEED` what the chance is made from; it is told when a test fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use fault_proxy::{Fault, FaultProxy, Rule};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::roles::Process;
use crate::stand::{self, create_with_dead_letters, eventually};

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:work";
const WORKERS: usize = 2;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

/// Small, seeded, and good enough to choose a victim (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A cloud that can be killed and comes back at the same address.
struct MortalCloud {
    folder: TempDir,
    process: Process,
    endpoint: String,
}

impl MortalCloud {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Self::process(folder.path());
        let file = address_file(folder.path());
        let address = eventually("the cloud's address", async || {
            std::fs::read_to_string(&file).ok()
        })
        .await;
        Self {
            folder,
            process,
            endpoint: format!("http://{address}"),
        }
    }

    fn process(folder: &Path) -> Process {
        let root = folder.join("cloud");
        let file = address_file(folder);
        let variables = [
            ("CLOUD_ROOT", root.to_str().unwrap()),
            ("CLOUD_ADDRESS_FILE", file.to_str().unwrap()),
        ];
        Process::start("cloud", &variables)
    }

    fn kill(&mut self) {
        self.process.kill();
        self.process = Self::process(self.folder.path());
    }
}

fn address_file(folder: &Path) -> PathBuf {
    folder.join("address")
}

/// How often each kind was killed.
#[derive(Debug, Default)]
struct Killed {
    functions: u64,
    workers: u64,
    clouds: u64,
}

/// Kills something every now and then until it is told to stop; everything is alive then.
async fn wreak(
    mut chance: Chance,
    cloud: &mut MortalCloud,
    workers: &mut [Process],
    start_worker: impl Fn() -> Process,
    stop: CancellationToken,
) -> Killed {
    let mut killed = Killed::default();
    loop {
        let pause = Duration::from_millis(200 + chance.below(800));
        tokio::select! {
            () = stop.cancelled() => return killed,
            () = tokio::time::sleep(pause) => {}
        }
        let worker = &mut workers[chance.below(WORKERS as u64) as usize];
        match chance.below(10) {
            0 => {
                cloud.kill();
                killed.clouds += 1;
            }
            1 | 2 => {
                worker.kill();
                *worker = start_worker();
                killed.workers += 1;
            }
            _ => {
                let functions = children(worker.id());
                if !functions.is_empty() {
                    let victim = functions[chance.below(functions.len() as u64) as usize];
                    // An error means that it was quicker.
                    let _ = kill_process(Pid::from_raw(victim).unwrap(), Signal::KILL);
                    killed.functions += 1;
                }
            }
        }
    }
}

fn children(process: u32) -> Vec<i32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task"));
    threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            let ids = text.split_ascii_whitespace().map(|id| id.parse().unwrap());
            ids.collect::<Vec<i32>>()
        })
        .collect()
}

/// Between workers and cloud: throttles, errors, and connections cut before and after the request was passed on.
fn proxy(endpoint: &str, seed: u64) -> FaultProxy {
    FaultProxy::to(endpoint)
        .seed(seed)
        .rule(Rule::new(Fault::Throttle).share(0.05))
        .rule(Rule::new(Fault::Reset).share(0.03))
        .rule(Rule::new(Fault::ResetAfterRequest).share(0.03))
        .start()
        .unwrap()
}

fn machine() -> Value {
    json!({"StartAt": "Work", "States": {"Work": {
        "Type": "Task",
        "Resource": ACTIVITY,
        "TimeoutSeconds": 60,
        "HeartbeatSeconds": 3,
        "Retry": [{
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 1,
            "BackoffRate": 1,
            "MaxAttempts": 1000,
        }],
        "End": true,
    }}})
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn every_task_of_an_activity_has_one_right_end() {
    let (tasks, seed) = (
        setting("LOVELESS_CHAOS_TASKS", 40),
        setting("LOVELESS_CHAOS_SEED", 7),
    );
    let mut cloud = MortalCloud::start().await;
    let sfn = stand::sfn(&cloud.endpoint);
    let proxy = proxy(&cloud.endpoint, seed);
    let machine = sfn
        .create_state_machine()
        .name("flow")
        .definition(machine().to_string())
        .role_arn("arn:aws:iam::000000000000:role/none")
        .send()
        .await
        .unwrap()
        .state_machine_arn;
    let start_worker = || {
        let variables = [("ACTIVITY_ARN", ACTIVITY), ("SLOTS", "4")];
        Process::worker(&proxy.endpoint(), &variables)
    };
    let mut workers: Vec<Process> = (0..WORKERS).map(|_| start_worker()).collect();
    let stop = CancellationToken::new();
    let havoc = wreak(
        Chance(seed),
        &mut cloud,
        &mut workers,
        start_worker,
        stop.clone(),
    );
    let work = async {
        let mut running = BTreeMap::new();
        for task in 0..tasks {
            let event = json!({"do": "sleep", "ms": 20 + task * 37 % 300, "value": task});
            let arn = eventually("a start", async || {
                let started = sfn
                    .start_execution()
                    .state_machine_arn(&machine)
                    .name(format!("task-{task}"))
                    .input(event.to_string())
                    .send()
                    .await;
                Some(started.ok()?.execution_arn)
            })
            .await;
            running.insert(task, arn);
        }
        for (task, arn) in &running {
            let ended = eventually("an end", async || {
                let told = sfn
                    .describe_execution()
                    .execution_arn(arn)
                    .send()
                    .await
                    .ok()?;
                (told.status != ExecutionStatus::Running).then_some(told)
            })
            .await;
            // Whatever failed was tried again, so nothing has failed for good.
            assert_eq!(
                ended.status,
                ExecutionStatus::Succeeded,
                "seed {seed}: {ended:?}"
            );
            assert_eq!(ended.output, Some(task.to_string()), "seed {seed}");
        }
        stop.cancel();
        running.len()
    };
    let (killed, ended) = tokio::join!(havoc, work);
    assert_eq!(ended as u64, tasks);
    assert!(killed.functions > 0, "nothing was killed: {killed:?}");
    assert!(proxy.counts().total() > 0, "there were no faults");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn every_message_of_a_queue_is_done_or_a_dead_letter() {
    let (tasks, seed) = (
        setting("LOVELESS_CHAOS_TASKS", 40),
        setting("LOVELESS_CHAOS_SEED", 7),
    );
    let mut cloud = MortalCloud::start().await;
    let sqs = stand::sqs(&cloud.endpoint);
    let proxy = proxy(&cloud.endpoint, seed + 1);
    let (queue, dead) = create_with_dead_letters(&sqs, "jobs", 5).await;
    let trace = cloud.folder.path().join("trace");
    let path = trace.to_str().unwrap().to_owned();
    let start_worker = || {
        let variables = [("QUEUE_URL", queue.as_str()), ("SLOTS", "4")];
        Process::worker(&proxy.endpoint(), &variables)
    };
    let mut workers: Vec<Process> = (0..WORKERS).map(|_| start_worker()).collect();
    let stop = CancellationToken::new();
    let havoc = wreak(
        Chance(seed + 1),
        &mut cloud,
        &mut workers,
        start_worker,
        stop.clone(),
    );
    let work = async {
        for task in 0..tasks {
            let id = format!("task-{task}");
            let event = json!({"do": "sleep", "ms": 20 + task * 37 % 300, "id": id, "trace": path});
            eventually("a message sent", async || {
                let sent = sqs.send_message().queue_url(&queue);
                sent.message_body(event.to_string()).send().await.ok()
            })
            .await;
        }
        eventually("an empty queue", async || {
            let told = sqs
                .get_queue_attributes()
                .queue_url(&queue)
                .attribute_names(aws_sdk_sqs::types::QueueAttributeName::All)
                .send()
                .await
                .ok()?
                .attributes?;
            let is_empty = told
                .iter()
                .filter(|(name, _)| name.as_str().starts_with("ApproximateNumber"))
                .all(|(_, count)| count == "0");
            is_empty.then_some(())
        })
        .await;
        stop.cancel();
    };
    let (killed, ()) = tokio::join!(havoc, work);
    // The last kill may have been the cloud's.
    let mut ended: BTreeSet<String> = std::fs::read_to_string(&trace)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    loop {
        let letters = eventually("the dead letters", async || {
            let received = sqs
                .receive_message()
                .queue_url(&dead)
                .max_number_of_messages(10);
            Some(received.send().await.ok()?.messages.unwrap_or_default())
        })
        .await;
        if letters.is_empty() {
            break;
        }
        for letter in letters {
            let event: Value = serde_json::from_str(letter.body.as_deref().unwrap()).unwrap();
            ended.insert(event["id"].as_str().unwrap().to_owned());
        }
    }
    let all: BTreeSet<String> = (0..tasks).map(|task| format!("task-{task}")).collect();
    assert_eq!(ended, all, "seed {seed}");
    assert!(killed.functions > 0, "nothing was killed: {killed:?}");
    assert!(proxy.counts().total() > 0, "there were no faults");
}
