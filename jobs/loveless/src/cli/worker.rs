//! `loveless worker`.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::function::{FunctionArguments, PaceArguments, Place};
use super::{EXIT_REFUSED, duration, endpoints, run, shelter};
use crate::function::FunctionSpec;
use crate::source::TaskSource;
use crate::source::activity::{ActivityArn, ActivitySource};
use crate::source::sqs::{EventShape, QueueUrl, SqsSettings, SqsSource};
use crate::status::WorkerStatus;
use crate::worker::WorkerSettings;

const HELP: &str = "\
Takes tasks from a Step Functions activity or messages from an SQS queue, and gives each to the \
function as its event, through a Lambda Runtime API on loopback.

Activity: the function's result, or its failure under the names that Step Functions shows for \
Lambda, is sent back; heartbeats go on in between. When the task is gone (timed out, stopped), the \
work is killed.

Queue: messages are hidden from others while the function works and deleted when it is done. What \
failed is visible again after a pause; how often, and what then becomes of it, is the queue's \
redrive policy.

On Lambda itself (AWS_LAMBDA_RUNTIME_API is set) this command becomes the function's command and \
does nothing else, so one image serves both.

SIGTERM or Ctrl-C: takes no more tasks, finishes those at work, and ends; a second one ends at \
once. Work that is not done within --drain is killed and handed in as Loveless.WorkerStopped, for \
Retry to catch.

The exit code is 0 after SIGTERM, 130 after Ctrl-C, 2 for wrong usage, and 3 when the very first \
polls are refused (no such activity or queue, wrong credentials). A service that cannot be reached \
is asked again for ever.

The function gets the worker's environment, without what belongs to the worker (LOVELESS_*, \
TASK_*) or to the platform (AWS_LAMBDA_*). Endpoint, credentials and profile come from the usual \
AWS_* variables; LOVELESS_AWS_ACCESS_KEY_ID, LOVELESS_AWS_SECRET_ACCESS_KEY and \
LOVELESS_AWS_SESSION_TOKEN are for the worker alone.";

const EXAMPLES: &str = "\
Examples:
  loveless worker --activity arn:aws:states:us-east-1:123456789012:activity:resize -- ./bootstrap
  loveless worker --activity \"$ARN\" --slots 4 --heartbeat 30s -- python3 -m awslambdaric app.handler
  loveless worker --queue https://sqs.us-east-1.amazonaws.com/123456789012/jobs -- ./bootstrap
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 loveless worker --activity \"$ARN\" -- ./bootstrap";

/// Do the tasks of a Step Functions activity or an SQS queue with a Lambda function
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(long_about = HELP, after_help = EXAMPLES)]
pub struct WorkerArguments {
    /// The activity whose tasks the function does
    #[arg(
        long,
        value_name = "ARN",
        env = "LOVELESS_ACTIVITY",
        conflicts_with = "queue"
    )]
    pub activity: Option<String>,

    /// The queue whose messages the function does
    #[arg(long, value_name = "URL", env = "LOVELESS_QUEUE")]
    pub queue: Option<String>,

    /// Queue: what the function gets, Lambda's event of records or the bare body of one message
    #[arg(
        long,
        value_name = "SHAPE",
        env = "LOVELESS_EVENT",
        default_value = "lambda"
    )]
    pub event: EventChoice,

    /// Queue: messages to one event, 1 to 10
    #[arg(long, value_name = "N", env = "LOVELESS_BATCH", default_value = "1")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=10))]
    pub batch: u8,

    /// Queue: for how long messages are hidden from others, again with each heartbeat
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_VISIBILITY",
        default_value = "2m"
    )]
    #[arg(value_parser = duration::parse)]
    pub visibility: Duration,

    /// Queue: the pause before a failed message is visible again; doubled with each receipt
    #[arg(
        long,
        value_name = "TIME",
        env = "LOVELESS_RETRY_PAUSE",
        default_value = "1s"
    )]
    #[arg(value_parser = duration::parse)]
    pub retry_pause: Duration,

    /// Tasks worked on at the same time; each has a function process of its own
    #[arg(long, value_name = "N", env = "LOVELESS_SLOTS", default_value = "1")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub slots: u16,

    /// Heartbeats and the end.
    #[command(flatten)]
    pub pace: PaceArguments,

    /// The worker's name, as Step Functions' history shows it (default: host and process number)
    #[arg(long, value_name = "NAME", env = "LOVELESS_WORKER_NAME")]
    pub name: Option<String>,

    /// Serve /health, /ready and /metrics here, for example 0.0.0.0:9464 (default: nowhere)
    #[arg(long, value_name = "ADDRESS", env = "LOVELESS_LISTEN")]
    pub listen: Option<SocketAddr>,

    /// The function and its limits.
    #[command(flatten)]
    pub function: FunctionArguments,
}

/// The event that a function gets of a queue's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EventChoice {
    /// {"Records": […]}, as Lambda's event source gives it; the answer may have batchItemFailures
    Lambda,
    /// The body of one message as it is
    Raw,
}

/// Runs the worker until SIGTERM or SIGINT; the number is the exit code. Logs go to whatever
/// `tracing` subscriber is there. On Lambda it does not return: the function takes its place.
///
/// # Errors
///
/// Arguments that make no sense, an address that is taken, or a command that cannot be executed on
/// Lambda.
pub async fn worker(arguments: WorkerArguments) -> anyhow::Result<u8> {
    if on_lambda() {
        return Err(become_function(&arguments.function.command));
    }
    shelter::take();
    arguments.function.check()?;
    endpoints::check()?;
    let name = arguments.name.clone().unwrap_or_else(own_name);
    let slots = usize::from(arguments.slots);
    let (source, function, heartbeat) = source(&arguments, &name).await?;
    let status = Arc::new(WorkerStatus::new(slots));
    if let Some(address) = arguments.listen {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        tokio::spawn(crate::status::serve(listener, status.clone()));
    }
    let settings = WorkerSettings {
        slots,
        heartbeat,
        name,
        drain: arguments.pace.drain,
        once: false,
    };
    let stop = CancellationToken::new();
    let ended = run::to_the_end(settings, function, source, stop, status.clone()).await?;
    let Some(refusal) = status.refusal() else {
        return Ok(ended.code);
    };
    let what = arguments.activity.or(arguments.queue).unwrap_or_default();
    tracing::error!("cannot work for {what}: {refusal}");
    Ok(EXIT_REFUSED)
}

type Source = (Arc<dyn TaskSource>, FunctionSpec, Duration);

/// Where tasks come from, the function as it sees itself there, and the time between heartbeats.
async fn source(arguments: &WorkerArguments, name: &str) -> anyhow::Result<Source> {
    let slots = u32::from(arguments.slots);
    match (&arguments.activity, &arguments.queue) {
        (Some(activity), None) => {
            let arn: ActivityArn = activity.parse()?;
            let source = ActivitySource::connect(activity, name).await?;
            let place = Place {
                partition: arn.partition,
                region: arn.region,
                account: arn.account,
                name: arn.name,
            };
            let function = arguments.function.spec(place, slots);
            Ok((Arc::new(source), function, arguments.pace.heartbeat))
        }
        (None, Some(queue)) => {
            let url: QueueUrl = queue.parse()?;
            let settings = SqsSettings {
                shape: match arguments.event {
                    EventChoice::Lambda => EventShape::Lambda,
                    EventChoice::Raw => EventShape::Raw,
                },
                batch: arguments.batch,
                visibility: arguments.visibility,
                retry_pause: arguments.retry_pause,
            };
            let source = SqsSource::connect(url.clone(), settings).await;
            let place = Place {
                partition: "aws".to_owned(),
                region: source.region().to_owned(),
                account: url.account,
                name: url.name,
            };
            let function = arguments.function.spec(place, slots);
            // Late by half, it is still in time.
            let heartbeat = arguments.pace.heartbeat.min(arguments.visibility / 2);
            Ok((Arc::new(source), function, heartbeat))
        }
        _ => Err(anyhow!(
            "say what to work on: --activity ARN or --queue URL"
        )),
    }
}

/// Whether this process was started by Lambda, whose Runtime API the function then uses itself.
fn on_lambda() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Replaces this process by the function's.
fn become_function(command: &[String]) -> anyhow::Error {
    let Some((program, arguments)) = command.split_first() else {
        return anyhow!("no command");
    };
    let error = std::process::Command::new(program).args(arguments).exec();
    anyhow::Error::new(error).context(format!("cannot execute `{program}`"))
}

fn own_name() -> String {
    let uname = rustix::system::uname();
    let host: String = uname
        .nodename()
        .to_string_lossy()
        .chars()
        .take(60)
        .collect();
    let host = if host.is_empty() { "worker" } else { &host };
    format!("{host}-{}", std::process::id())
}
