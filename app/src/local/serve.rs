//! The cloud's process: the product's stack in a [`Cloud`], until it is stopped or idle.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use local_cloud::{
    Cloud, CloudConfig, CloudError, FunctionConfig, Mocks, Rehearsal, Rule, Stack,
    StateMachineConfig, Target, TaskDefinition, WorkerGroup,
};
use tokio::signal::unix::{SignalKind, signal};
use whiteboarder_jobs::stack;

use super::lock::Lock;
use super::record::Keys;
use super::{ACCOUNT, Build, Files, REGION, Record};
use crate::config::{LocalSettings, Settings};
use crate::error::{Exit, Failure};
use crate::interrupt::either;
use crate::term::text;

/// Memory of the functions that only look at headers and records, MB.
const SMALL_MEMORY_MB: u32 = 512;
/// Time-out of those, seconds. The cleaning function's own time-out is the one that people set.
const SMALL_TIMEOUT_S: u32 = 60;

/// What an ECS task that is stopped has to end by itself, as ECS gives it.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the cloud in this process until it ends.
pub fn serve(settings: &Settings, asked: &LocalSettings, detached: bool) -> Result<Exit> {
    if detached {
        // A session of our own: neither Ctrl-C nor the end of the terminal reaches us. It fails only
        // when we lead one already.
        let _ = rustix::process::setsid();
    }
    let files = Files::of(&settings.dirs);
    let mut lock = Lock::take_soon(&files.serve_lock)
        .map_err(|error| Failure::file("use", &files.serve_lock, &error))?
        .ok_or_else(|| {
            Failure::target("the local cloud is running already")
                .hint("`whiteboarder local status` shows it, `whiteboarder local stop` ends it")
        })?;
    lock.sign()
        .map_err(|error| Failure::file("write", &files.serve_lock, &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(run(settings, asked, &files));
    Record::remove(&files.record, std::process::id());
    result
}

async fn run(settings: &Settings, asked: &LocalSettings, files: &Files) -> Result<Exit> {
    // Before anything is started, so that no signal is missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let keys = Keys::load_or_create(&files.credentials)?;
    let build = Build::own();
    let config = CloudConfig {
        root: settings.dirs.cloud_store(),
        port: asked.port,
        access_key: keys.access_key.clone(),
        secret_key: keys.secret_key.clone(),
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        build: build.as_str().to_owned(),
        idle_after: asked.idle_after,
        durability: asked.durability,
        keep: asked.keep,
        rehearsal: rehearsal(asked)?,
        stack: product_stack(asked)?,
    };
    let cloud = Cloud::start(config)
        .await
        .map_err(|error| refused(&error))?;
    let record = Record::new(cloud.address().port(), &keys, build.as_str(), asked);
    record.write(&files.record)?;
    tracing::info!(
        endpoint = record.endpoint(),
        build = record.build,
        "the local cloud is up"
    );
    settings
        .terminal
        .note(&format!("the local cloud listens on {}", record.endpoint()));
    tokio::select! {
        () = cloud.wait() => {}
        () = either(&mut interrupt, &mut terminate) => {
            tracing::info!("a signal asks for the end");
            tokio::select! {
                () = cloud.stop(true) => {}
                // A second signal means now.
                () = either(&mut interrupt, &mut terminate) => cloud.stop(false).await,
            }
        }
    }
    tracing::info!("the local cloud has ended");
    Ok(Exit::Success)
}

/// What makes machines run without their services.
fn rehearsal(asked: &LocalSettings) -> Result<Rehearsal> {
    let mocks = asked.mocks.as_deref().map(Mocks::read).transpose();
    let mocks = mocks.map_err(|error| {
        Failure::usage(text::safe(&error.to_string()))
            .hint("docs/rehearsing.md says what a mock file looks like")
    })?;
    Ok(Rehearsal {
        mocks,
        time_scale: asked.time_scale,
    })
}

/// Bucket, functions, activity, workers, state machine and rules, all run by this program itself.
fn product_stack(asked: &LocalSettings) -> Result<Stack> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::target(format!("cannot find this program's own file: {error}"))
    })?;
    let program = program
        .to_str()
        .ok_or_else(|| {
            Failure::target(format!("{} is not Unicode", text::path(&program)))
                .hint("install whiteboarder somewhere with a plain path")
        })?
        .to_owned();
    let function = vec![program.clone(), "function".to_owned()];
    let small = |name: &str| FunctionConfig {
        name: name.to_owned(),
        command: function.clone(),
        env: BTreeMap::new(),
        memory_mb: SMALL_MEMORY_MB,
        timeout_s: SMALL_TIMEOUT_S,
        concurrency: asked.lambda_concurrency,
    };
    let clean = FunctionConfig {
        memory_mb: asked.lambda_memory_mb,
        timeout_s: asked.lambda_timeout_s,
        ..small(stack::CLEAN_FUNCTION)
    };
    let heartbeat = format!("{}s", (stack::ACTIVITY_HEARTBEAT_SECONDS / 3).max(1));
    // This program as `loveless` around the function.
    let around = |arguments: &[&str]| -> Vec<String> {
        let mut command = vec![program.clone()];
        command.extend(arguments.iter().map(|&argument| argument.to_owned()));
        command.extend(["--heartbeat", &heartbeat, "--"].map(str::to_owned));
        command.extend(function.iter().cloned());
        command
    };
    let substitutions = stack::Substitutions::new(
        REGION,
        ACCOUNT,
        asked.lambda_memory_mb,
        asked.lambda_timeout_s,
    );
    let machine_arn = stack::state_machine_arn(REGION, ACCOUNT, stack::STATE_MACHINE_NAME);
    Ok(Stack {
        buckets: vec![stack::LOCAL_BUCKET.to_owned()],
        functions: vec![
            small(stack::PLAN_FUNCTION),
            clean,
            small(stack::RECORD_FUNCTION),
        ],
        activities: vec![stack::CLEAN_ACTIVITY.to_owned()],
        workers: vec![WorkerGroup {
            activity: stack::CLEAN_ACTIVITY.to_owned(),
            command: around(&["worker", "--activity", "{activity_arn}"]),
            count: asked.workers,
            env: BTreeMap::new(),
        }],
        clusters: Vec::new(),
        task_definitions: vec![TaskDefinition {
            family: stack::CLEAN_TASK.to_owned(),
            container: stack::CLEAN_CONTAINER.to_owned(),
            entry_point: around(&["run-task"]),
            command: Vec::new(),
            env: BTreeMap::new(),
            concurrency: asked.workers.max(1),
            stop_timeout: STOP_TIMEOUT,
        }],
        state_machines: vec![StateMachineConfig {
            name: stack::STATE_MACHINE_NAME.to_owned(),
            definition: stack::substitute(stack::STATE_MACHINE, &substitutions),
        }],
        rules: vec![
            Rule {
                name: stack::INBOX_RULE.to_owned(),
                pattern: stack::inbox_pattern(stack::LOCAL_BUCKET),
                target: Target::StateMachine {
                    name: stack::STATE_MACHINE_NAME.to_owned(),
                },
            },
            Rule {
                name: stack::ENDED_RULE.to_owned(),
                pattern: stack::ended_pattern(&machine_arn),
                target: Target::Function {
                    name: stack::RECORD_FUNCTION.to_owned(),
                },
            },
        ],
    })
}

/// Why the cloud did not start, for people.
pub(super) fn refused(error: &CloudError) -> Failure {
    let failure = Failure::target(text::safe(&chain(error)));
    match error {
        CloudError::PortTaken { .. } => {
            failure.hint("choose another with --port, or leave it out to take any free one")
        }
        CloudError::AlreadyRunning { .. } => failure.hint("`whiteboarder local stop` ends it"),
        CloudError::DiskFull { .. } => {
            failure.hint("make room there, or set WHITEBOARDER_HOME to a folder on another disk")
        }
        CloudError::Newer { .. } => failure.hint(
            "a newer whiteboarder wrote it and can use it; nothing was changed. WHITEBOARDER_HOME can name another \
             folder for this one",
        ),
        CloudError::Damaged { .. } => failure.hint(
            "put a copy back, or move its folder away and start with an empty one",
        ),
        CloudError::NoPermission { .. } => {
            failure.hint("WHITEBOARDER_HOME can name a folder that you may write to")
        }
        _ => failure,
    }
}

/// The error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}
