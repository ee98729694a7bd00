//! One execution of any machine for scripts: shown with everything that happened to it, stopped, redriven.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use whiteboarder_jobs::Target;
use whiteboarder_jobs::track::ExecutionView;
use whiteboarder_jobs::track::outcome::sentence;
use whiteboarder_jobs::watch::{Acted, Action, Feed, FeedOptions, Health, News, Order, start};

use crate::batch::story::story;
use crate::config::Settings;
use crate::error::{Exit, Failure};
use crate::term::text;

/// Prints one execution of any machine with everything that happened to it.
pub async fn show(target: &Target, settings: &Settings, arn: &str, json: bool) -> Result<Exit> {
    let (feed, mut news) = begin(target, arn)?;
    feed.order(Order::Open(Some(arn.to_owned())));
    let opened = loop {
        match news.recv().await {
            Some(News::Opened(opened)) if opened.complete && opened.input.is_some() => {
                break opened;
            }
            Some(News::NotOpened { why, .. }) => return Err(Failure::target(why).into()),
            Some(News::Health(health)) => refused(health, true)?,
            Some(_) => {}
            None => return Err(ended()),
        }
    };
    let terminal = &settings.terminal;
    if json {
        terminal.document(&Shown {
            execution: arn,
            view: &opened.view,
            input: opened.input.as_deref().map(parsed),
            output: opened.output.as_deref().map(parsed),
        })?;
        return Ok(Exit::Success);
    }
    for line in story(&opened.view, terminal) {
        terminal.line(&line)?;
    }
    if let Some(error) = &opened.view.error {
        let why = sentence(Some(error), opened.view.cause.as_deref());
        terminal.line(&text::safe(&format!("{error}: {why}")))?;
    }
    Ok(Exit::Success)
}

#[derive(Serialize)]
struct Shown<'a> {
    execution: &'a str,
    #[serde(flatten)]
    view: &'a ExecutionView,
    input: Option<Value>,
    output: Option<Value>,
}

/// A payload as what it says; what is no JSON as text.
fn parsed(payload: &str) -> Value {
    serde_json::from_str(payload).unwrap_or_else(|_| Value::String(payload.to_owned()))
}

/// Stops or redrives one execution of any machine.
pub async fn act(target: &Target, arn: &str, action: Action) -> Result<Acted> {
    let (feed, mut news) = begin(target, arn)?;
    feed.order(Order::Act(action, vec![arn.to_owned()]));
    loop {
        match news.recv().await {
            Some(News::Acted(acted)) if acted.complete => return Ok(acted),
            Some(News::Health(health)) => refused(health, true)?,
            Some(_) => {}
            None => return Err(ended()),
        }
    }
}

/// A feed of the execution's machine that asks for nothing but what is ordered.
fn begin(target: &Target, arn: &str) -> Result<(Feed, UnboundedReceiver<News>)> {
    let machine = machine_of(arn).ok_or_else(|| not_an_execution(arn))?;
    let options = FeedOptions {
        machine: Some(machine),
        ..FeedOptions::default()
    };
    let (feed, news) = start(target.clone(), options);
    feed.order(Order::Pause(true));
    Ok((feed, news))
}

/// The feed is gone.
pub fn ended() -> anyhow::Error {
    Failure::target("the executions cannot be watched any longer").into()
}

fn not_an_execution(arn: &str) -> Failure {
    Failure::usage(format!("{} is no execution's ARN", text::safe(arn)))
        .hint("arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME")
}

/// The machine of `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`.
pub fn machine_of(execution: &str) -> Option<String> {
    let (front, rest) = execution.split_once(":execution:")?;
    let (machine, _) = rest.split_once(':')?;
    Some(format!("{front}:stateMachine:{machine}"))
}

/// What a command without a screen cannot go on with.
pub fn refused(health: Health, first: bool) -> Result<()> {
    match health {
        Health::Denied { action, why } => {
            Err(Failure::target(format!("the permission {action} is missing: {why}")).into())
        }
        Health::Failed { why, hint } => {
            let failure = Failure::target(why);
            Err(match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
            .into())
        }
        Health::Offline { why, .. } if first => Err(Failure::target(why).into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_names_its_machine() {
        let arn = "arn:aws:states:eu-west-1:123456789012:execution:orders:7";
        assert_eq!(
            machine_of(arn).as_deref(),
            Some("arn:aws:states:eu-west-1:123456789012:stateMachine:orders")
        );
        assert_eq!(machine_of("arn:aws:s3:::bucket"), None);
    }
}
