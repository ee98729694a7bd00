//! The program `fault-proxy`: the library's proxy for people and scripts.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use fault_proxy::{Counts, Event, FaultProxy, Plan, Rule};
use serde_json::json;

const EXAMPLES: &str = "\
A fault is KIND[:PART]…, in any order:
  throttle                     503 SlowDown (S3), 400 ThrottlingException (x-amz-target)
  error:STATUS[:code=C:message=M]  for example error:500, error:502 (a page), error:403:code=AccessDenied
  reset                        before the upstream sees the request
  reset_after_request          when the upstream has done its work
  reset_in_upload[:after=N]    after N bytes of the request's body, else half of them
  reset_in_response[:after=N]  after N bytes of the response's body, else half of them
  truncate[:after=N]           a response's body that ends early, closed in good order
  corrupt[:at=N]               one bit of the response's body
  corrupt_request[:at=N]       one bit of the request's body
  slow:latency=200ms:rate=64k  either or both; bytes per second
  hang                         no answer until the client gives up
  skew[:ahead=1h]              403 RequestTimeTooSkewed from a clock that differs
  expired                      400 ExpiredToken, ExpiredTokenException
Which requests:
  5%           a share of them, chosen by the seed      nth=N    only the nth that matches
  PUT          the method                               skip=N   not the first N that match
  /boards/     the path begins so                       times=N  no more than N faults
  ~inbox/.*g$  a regular expression for the path
  ?uploadId    a query key, ?key=value its value
  @x-amz-target=SendTask  a header, and what it contains

Examples:
  fault-proxy --to http://127.0.0.1:4566 --seed 7 \\
    --fault throttle:5% --fault reset_after_request:2%:PUT
  fault-proxy --to http://127.0.0.1:4566 \\
    --fault 'error:500:@x-amz-target=StartExecution:times=3'
  fault-proxy --to http://127.0.0.1:9000 --plan plan.toml --json

A plan.toml has the same words as keys:
  seed = 7
  [[rule]]
  fault = \"reset_in_upload\"
  after = \"64k\"
  method = \"PUT\"
  path = \"/boards/inbox/\"
  share = \"5%\"
  times = 3";

/// Passes requests on to an endpoint and injects faults by a seeded plan.
///
/// The first line on standard output is the address to use as the client's endpoint. Each fault is one line on
/// standard error; Ctrl-C ends with a summary there.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// The endpoint behind the proxy: http://host:port
    #[arg(long, value_name = "URL")]
    to: String,
    /// A loopback address; port 0 is a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Chooses the requests of a share, and damaged bytes; wins over the plan's
    #[arg(long)]
    seed: Option<u64>,
    /// A plan of faults in TOML
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// A fault, behind those of the plan; may stand several times, the first to fire decides
    #[arg(long = "fault", value_name = "RULE")]
    faults: Vec<Rule>,
    /// Events and the summary as one JSON object per line
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("fault-proxy: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut plan = match &arguments.plan {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            text.parse::<Plan>()
                .with_context(|| path.display().to_string())?
        }
        None => Plan::default(),
    };
    plan.seed = arguments.seed.unwrap_or(plan.seed);
    plan.rules.extend(arguments.faults.iter().cloned());
    let json = arguments.json;
    let proxy = FaultProxy::to(&arguments.to)
        .listen(arguments.listen)
        .plan(plan)
        .on_event(move |event| say(&line(event, json)))
        .start()?;
    // Before the address is told: whoever has read it may send a signal at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let _inside = runtime.enter();
    let asked_to_stop = signals()?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", proxy.endpoint())?;
        out.flush()?;
    }
    runtime.block_on(asked_to_stop);
    say(&summary(&proxy.stop(), json));
    Ok(())
}

#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Writes a line to standard error; nobody may be there to read it.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn line(event: &Event, json: bool) -> String {
    match event {
        Event::Injected(it) if json => json!({
            "event": "fault",
            "request": it.request,
            "rule": it.rule,
            "fault": it.kind.name(),
            "method": it.method,
            "path": it.path,
        })
        .to_string(),
        Event::Injected(it) => it.to_string(),
        Event::UpstreamFailed { request, reason } if json => {
            json!({"event": "upstream_failed", "request": request, "reason": reason}).to_string()
        }
        Event::UpstreamFailed { request, reason } => {
            format!("request {request}: the upstream failed by itself: {reason}")
        }
    }
}

fn summary(counts: &Counts, json: bool) -> String {
    if !json {
        return counts.to_string();
    }
    let faults = counts.faults.iter();
    let faults = faults.map(|(kind, count)| (kind.name().to_owned(), json!(count)));
    json!({
        "event": "summary",
        "requests": counts.requests,
        "faults": faults.collect::<serde_json::Map<_, _>>(),
        "upstream_failures": counts.upstream_failures,
    })
    .to_string()
}
