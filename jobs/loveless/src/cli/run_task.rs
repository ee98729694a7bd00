//! `loveless run-task`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::function::{FunctionArguments, PaceArguments, Place};
use super::{EXIT_FAILED, EXIT_OK, endpoints, input, run, shelter};
use crate::runtime_api::answer::document;
use crate::source::activity::TaskTokens;
use crate::source::aws::{common_meaning, shared_config, why};
use crate::source::one::OneTask;
use crate::source::{SourceError, Task};
use crate::status::WorkerStatus;
use crate::worker::WorkerSettings;

const HELP: &str = "\
Does one task whose token it is given, and ends: the container of an ECS task that Step Functions \
starts with runTask.waitForTaskToken. Heartbeats, failures and SIGTERM are as with `worker`.

An input that cannot be had fails the task as Loveless.InputUnreadable. The exit code is 0 when \
the function's result was accepted, 1 when it failed or nobody takes the answer any more.";

const EXAMPLES: &str = "\
Examples:
  TASK_TOKEN=… TASK_INPUT='{\"width\": 10}' loveless run-task -- ./bootstrap
  TASK_TOKEN=… TASK_INPUT_S3=s3://bucket/inputs/1.json loveless run-task -- ./bootstrap

In the state machine (all overrides together may have 8,192 characters; larger inputs go by S3):
  \"Overrides\": {\"ContainerOverrides\": [{\"Name\": \"worker\", \"Environment\": [
    {\"Name\": \"TASK_TOKEN\", \"Value.$\": \"$$.Task.Token\"},
    {\"Name\": \"TASK_INPUT\", \"Value.$\": \"States.JsonToString($)\"}]}]}";

/// The failure of a task whose input cannot be read.
const UNREADABLE: &str = "Loveless.InputUnreadable";

/// How often the failure of an unreadable input is handed in.
const ATTEMPTS: u32 = 6;

/// Do the one task of this container with a Lambda function
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(long_about = HELP, after_help = EXAMPLES)]
pub struct RunTaskArguments {
    /// The task's token
    #[arg(long, value_name = "TOKEN", env = "TASK_TOKEN", hide_env_values = true)]
    pub token: String,

    /// The event: JSON, @FILE, or - for standard input
    #[arg(
        long,
        value_name = "JSON|@FILE|-",
        env = "TASK_INPUT",
        hide_env_values = true
    )]
    pub input: Option<String>,

    /// The event, as an object in S3
    #[arg(long, value_name = "s3://BUCKET/KEY", env = "TASK_INPUT_S3")]
    #[arg(conflicts_with = "input")]
    pub input_s3: Option<String>,

    /// Heartbeats and the end.
    #[command(flatten)]
    pub pace: PaceArguments,

    /// The function's name, as it sees itself
    #[arg(
        long,
        value_name = "NAME",
        env = "LOVELESS_FUNCTION_NAME",
        default_value = "function"
    )]
    pub name: String,

    /// The function and its limits.
    #[command(flatten)]
    pub function: FunctionArguments,
}

/// Runs the task to its end; the number is the exit code.
///
/// # Errors
///
/// No input, or one that is not JSON. The task has been failed by then.
pub async fn run_task(arguments: RunTaskArguments) -> anyhow::Result<u8> {
    shelter::take();
    endpoints::check()?;
    let place = Place::somewhere(&arguments.name);
    let tokens = TaskTokens::connect(None).await;
    let input = match event(&arguments).await {
        Ok(input) => input,
        Err(error) => {
            give_up(&tokens, &arguments.token, &format!("{error:#}")).await;
            return Err(error);
        }
    };
    let task = Task {
        token: arguments.token.clone(),
        input,
    };
    let settings = WorkerSettings {
        slots: 1,
        heartbeat: arguments.pace.heartbeat,
        name: arguments.name.clone(),
        drain: arguments.pace.drain,
        once: true,
    };
    let function = arguments.function.spec(place, 1);
    let source = Arc::new(OneTask::new(task, tokens));
    let status = Arc::new(WorkerStatus::new(1));
    let stop = CancellationToken::new();
    let ended = run::to_the_end(settings, function, source, stop, status).await?;
    if ended.code != EXIT_OK {
        return Ok(ended.code);
    }
    let succeeded = ended.summary.is_some_and(|summary| summary.succeeded == 1);
    Ok(if succeeded { EXIT_OK } else { EXIT_FAILED })
}

async fn event(arguments: &RunTaskArguments) -> anyhow::Result<Bytes> {
    let text = match (&arguments.input, &arguments.input_s3) {
        (Some(given), _) => input::read(given)?,
        (None, Some(url)) => from_s3(url).await?,
        (None, None) => {
            return Err(anyhow!(
                "say what the task is: --input or --input-s3 (TASK_INPUT, TASK_INPUT_S3)"
            ));
        }
    };
    input::check(text)
}

async fn from_s3(url: &str) -> anyhow::Result<Bytes> {
    let (bucket, key) = url
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
        .with_context(|| format!("`{url}` is not s3://BUCKET/KEY"))?;
    let shared = shared_config(None).await;
    // Other endpoints than AWS's seldom have a name for each bucket.
    let by_path =
        shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(&shared)
        .force_path_style(by_path)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::standard().with_max_attempts(5))
        .build();
    let object = aws_sdk_s3::Client::from_conf(config)
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(|error| anyhow!("cannot read {url}: {}", why(&error, common_meaning)))?;
    let body = object.body.collect().await;
    Ok(body
        .with_context(|| format!("cannot read {url}"))?
        .into_bytes())
}

/// Fails the task, so that its execution does not wait for a heartbeat that never comes.
async fn give_up(tokens: &TaskTokens, token: &str, reason: &str) {
    let cause = document(UNREADABLE, reason);
    let cause = String::from_utf8_lossy(&cause);
    let cause = &cause[..cause.floor_char_boundary(crate::worker::CAUSE_LIMIT)];
    for attempt in 0..ATTEMPTS {
        match tokens.fail(token, UNREADABLE, cause).await {
            Ok(()) | Err(SourceError::TaskGone | SourceError::Rejected { .. }) => return,
            Err(error) => tracing::warn!(%error, "the failure was not accepted"),
        }
        tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
    }
}
