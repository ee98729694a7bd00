//! Stopping, redriving and starting executions again, and fetching their results: one after the other, within
//! the account's token buckets, each refusal with its reason.

mod fetch;

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::feed::{Asker, Call};
use super::message::{Acted, Action, News, Refused};
use super::run::Run;
use crate::error::{JobsError, from_sdk};
use crate::retry::patiently;
use crate::track::{ExecutionStatus, ExecutionView, Step, StepEnd};

/// After so many it is told how far it is.
const HANDFUL: usize = 10;
/// For how long an execution is tried again that nobody answers for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tells what becomes of an order.
struct Progress {
    acted: Acted,
    tell: UnboundedSender<News>,
    /// How many were told of.
    told: usize,
}

impl Progress {
    fn done(&mut self, arn: String) {
        self.acted.done.push(arn);
        self.tell_some();
    }

    fn refused(&mut self, arn: String, why: String) {
        self.acted.refused.push(Refused { arn, why });
        self.tell_some();
    }

    fn tell_some(&mut self) {
        let count = self.acted.done.len() + self.acted.refused.len();
        if count >= self.told + HANDFUL && count < self.acted.of {
            self.told = count;
            // Whoever ordered it may be gone; it is done nevertheless.
            let _ = self.tell.send(News::Acted(self.acted.clone()));
        }
    }

    fn end(mut self) {
        self.acted.complete = true;
        let _ = self.tell.send(News::Acted(self.acted));
    }
}

/// Does something with executions, of which the list may have said what is given here.
pub(crate) async fn run(
    ask: Asker,
    action: Action,
    chosen: Vec<(String, Option<Run>)>,
    tell: UnboundedSender<News>,
) {
    let mut progress = Progress {
        acted: Acted {
            action: action.clone(),
            of: chosen.len(),
            done: Vec::new(),
            refused: Vec::new(),
            complete: false,
        },
        tell,
        told: 0,
    };
    if let Action::Download(folder) = &action {
        fetch::download(&ask, folder, chosen, &mut progress).await;
        return progress.end();
    }
    let mut all_refused: Option<String> = None;
    for (arn, run) in chosen {
        if let Some(why) = &all_refused {
            progress.refused(arn, why.clone());
            continue;
        }
        if let Some(why) = refusal(&action, run.as_ref()) {
            progress.refused(arn, why);
            continue;
        }
        let done = match action {
            Action::Stop => stop(&ask, &arn).await.map(|()| arn.clone()),
            Action::Redrive => redrive(&ask, &arn).await.map(|()| arn.clone()),
            Action::StartAgain | Action::Download(_) => start_again(&ask, &arn).await,
        };
        match done {
            Ok(done) => progress.done(done),
            Err(error) => {
                if concerns_all(&error) {
                    all_refused = Some(sentence(&error));
                }
                progress.refused(arn, sentence(&error));
            }
        }
    }
    progress.end();
}

/// Whether the others would fail alike.
fn concerns_all(error: &JobsError) -> bool {
    !matches!(error, JobsError::Service { .. })
}

/// The service's own words where it has some.
fn sentence(error: &JobsError) -> String {
    match error {
        JobsError::Service { message, .. } if !message.is_empty() => message.clone(),
        error => error.to_string(),
    }
}

/// Why something makes no sense for an execution, by what the list says of it.
fn refusal(action: &Action, run: Option<&Run>) -> Option<String> {
    let status = run?.status;
    let running = status == ExecutionStatus::Running;
    match action {
        Action::Stop if !running => Some("it has ended already".to_owned()),
        Action::Redrive if running => Some("it still runs".to_owned()),
        Action::Redrive if status == ExecutionStatus::Succeeded => {
            Some("it succeeded: only what failed, timed out or was stopped can go on".to_owned())
        }
        _ => None,
    }
}

/// Makes a call when the budget allows, and again while nobody answers.
async fn make<T, F>(ask: &Asker, call: Call, mut made: impl FnMut() -> F) -> Result<T, JobsError>
where
    F: Future<Output = Result<T, JobsError>>,
{
    // Who wants no more of it drops the task.
    let cancel = CancellationToken::new();
    let attempt = || {
        let made = made();
        async move {
            ask.wait(call).await;
            ask.make(call, made).await
        }
    };
    patiently(PATIENCE, &cancel, |_, _, _| {}, attempt).await
}

async fn stop(ask: &Asker, arn: &str) -> Result<(), JobsError> {
    let at = ask.target().profile().describe();
    make(ask, Call::Stop, || async {
        let stop = ask.target().sfn_once().stop_execution();
        let stop = stop.execution_arn(arn).error("Stopped");
        let stopped = stop.cause("stopped on request").send().await;
        stopped
            .map(|_| ())
            .map_err(|error| from_sdk(error, &at, Call::Stop.action(), arn))
    })
    .await
}

async fn redrive(ask: &Asker, arn: &str) -> Result<(), JobsError> {
    let at = ask.target().profile().describe();
    // A redrive that is tried again is the same one.
    let token = once();
    make(ask, Call::Redrive, || async {
        let redrive = ask.target().sfn_once().redrive_execution();
        let redrive = redrive.execution_arn(arn).client_token(&token);
        let redriven = redrive.send().await;
        redriven
            .map(|_| ())
            .map_err(|error| from_sdk(error, &at, Call::Redrive.action(), arn))
    })
    .await
}

/// Starts another execution with the same input; its ARN.
async fn start_again(ask: &Asker, arn: &str) -> Result<String, JobsError> {
    let described = make(ask, Call::Describe, || async {
        let (client, at) = (ask.target().sfn_once(), ask.target().profile().describe());
        crate::track::calls::describe(&client, &at, arn).await
    })
    .await?;
    let (at, machine) = (ask.target().profile().describe(), &described.machine);
    // The same name and input again is the same execution, should an answer be lost.
    let name = once();
    make(ask, Call::Start, || async {
        let start = ask.target().sfn_once().start_execution();
        let start = start.state_machine_arn(machine).name(&name);
        let started = start.set_input(described.input.clone()).send().await;
        started
            .map(|started| started.execution_arn().to_owned())
            .map_err(|error| from_sdk(error, &at, Call::Start.action(), machine))
    })
    .await
}

/// A name that nobody else uses.
fn once() -> String {
    ulid::Ulid::generate().to_string()
}

/// The states whose work a redrive of a failed execution keeps, in the order in which they were entered first; of
/// states that were visited often, how many of the visits.
///
/// A redrive goes on from the states that failed: what was left stays, in every branch and iteration.
#[must_use]
pub fn redrive_keeps(view: &ExecutionView) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for step in &view.steps {
        if !names.contains(&step.name.as_str()) {
            names.push(&step.name);
        }
    }
    let kept = names.into_iter().filter_map(|name| {
        let visits = || view.steps.iter().filter(|step| step.name == name);
        let (all, kept) = (
            visits().count(),
            visits().filter(|step| is_left(step)).count(),
        );
        match kept {
            0 => None,
            kept if kept == all => Some(name.to_owned()),
            kept => Some(format!("{name} ({kept} of {all})")),
        }
    });
    kept.collect()
}

/// Whether it went on from there.
fn is_left(step: &Step) -> bool {
    match &step.end {
        Some(StepEnd::Left | StepEnd::Caught { .. }) => true,
        Some(StepEnd::Failed { .. } | StepEnd::Aborted) => false,
        None => step.exited_ms.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExecutionStatus::{Aborted, Failed, Running, Succeeded, TimedOut};

    fn step(name: &str, end: Option<StepEnd>) -> Step {
        Step {
            name: name.to_owned(),
            end,
            ..Step::default()
        }
    }

    #[test]
    fn a_redrive_keeps_what_succeeded_and_counts_what_was_visited_often() {
        let failed = || {
            Some(StepEnd::Failed {
                error: "E".to_owned(),
            })
        };
        let left = || Some(StepEnd::Left);
        let view = ExecutionView {
            steps: vec![
                step("Register", left()),
                step("Each", failed()),
                step("Clean", left()),
                step("Clean", left()),
                step("Clean", failed()),
                step("Clean", Some(StepEnd::Aborted)),
                step("Never", failed()),
            ],
            ..ExecutionView::default()
        };
        assert_eq!(redrive_keeps(&view), ["Register", "Clean (2 of 4)"]);
        assert!(redrive_keeps(&ExecutionView::default()).is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_a_call() {
        let of = |action: &Action, status| {
            let run = Run {
                status,
                ..Run::default()
            };
            refusal(action, Some(&run)).is_some()
        };
        for status in [Succeeded, Failed, TimedOut, Aborted] {
            assert!(of(&Action::Stop, status));
        }
        assert!(!of(&Action::Stop, Running));
        for (status, refused) in [
            (Running, true),
            (Succeeded, true),
            (Failed, false),
            (TimedOut, false),
            (Aborted, false),
        ] {
            assert_eq!(of(&Action::Redrive, status), refused);
            assert!(!of(&Action::StartAgain, status));
        }
        assert_eq!(refusal(&Action::Stop, None), None, "the service knows");
    }
}
