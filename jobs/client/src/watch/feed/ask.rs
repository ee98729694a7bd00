//! The feed's calls of Step Functions: counted, within the account's token buckets, and fewer of them while
//! the service asks for that.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::count::Counters;
use super::gate::Gate;
use crate::error::{JobsError, from_sdk};
use crate::profile::Target;
use crate::track::budget::{Budgets, Tokens};
use crate::track::calls::{Described, ListedExecution, describe, executions_page, history_page};
use crate::track::event::Event;

/// A call, as the account's buckets and permissions tell calls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    List,
    History,
    Describe,
    Machine,
    MachineOf,
    Start,
    Stop,
    Redrive,
}

impl Call {
    /// As permissions name it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::List => "states:ListExecutions",
            Self::History => "states:GetExecutionHistory",
            Self::Describe => "states:DescribeExecution",
            Self::Machine => "states:DescribeStateMachine",
            Self::MachineOf => "states:DescribeStateMachineForExecution",
            Self::Start => "states:StartExecution",
            Self::Stop => "states:StopExecution",
            Self::Redrive => "states:RedriveExecution",
        }
    }
}

#[derive(Debug)]
struct Shared {
    budgets: Budgets,
    gates: [Gate; 8],
}

impl Shared {
    fn tokens(&mut self, call: Call) -> &mut Tokens {
        match call {
            Call::List => &mut self.budgets.lists,
            Call::History => &mut self.budgets.histories,
            Call::Describe | Call::Machine | Call::MachineOf => &mut self.budgets.describes,
            Call::Start => &mut self.budgets.starts,
            Call::Stop | Call::Redrive => &mut self.budgets.stops,
        }
    }
}

/// Makes the calls. Clones share budgets and counts.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    target: Target,
    shared: Arc<Mutex<Shared>>,
    counters: Arc<Counters>,
}

impl Asker {
    pub(super) fn new(target: Target, counters: Arc<Counters>) -> Self {
        let budgets = Budgets::new(target.profile().is_loopback(), Instant::now());
        let gates = Default::default();
        Self {
            target,
            shared: Arc::new(Mutex::new(Shared { budgets, gates })),
            counters,
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many such calls may be made now.
    pub(super) fn available(&self, call: Call, now: Instant) -> usize {
        let mut shared = self.lock();
        if shared.gates[call as usize].is_open(now) {
            shared.tokens(call).available(now)
        } else {
            0
        }
    }

    /// Takes the right to make a call; false when there is none now.
    pub(super) fn take(&self, call: Call, now: Instant) -> bool {
        let mut shared = self.lock();
        shared.gates[call as usize].is_open(now) && shared.tokens(call).take(1, now) == 1
    }

    /// Waits for the right to make a call.
    pub(crate) async fn wait(&self, call: Call) {
        loop {
            let pause = {
                let now = Instant::now();
                let mut shared = self.lock();
                let until = shared.gates[call as usize].until;
                let closed = until.map_or(Duration::ZERO, |until| until.duration_since(now));
                if closed.is_zero() && shared.tokens(call).take(1, now) == 1 {
                    return;
                }
                closed.max(shared.tokens(call).wait(now))
            };
            tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
        }
    }

    /// Whether the service has asked for fewer calls lately.
    pub(super) fn is_slowed(&self) -> bool {
        self.lock().gates.iter().any(Gate::is_slowed)
    }

    /// Makes a call for which the right was taken.
    pub(crate) async fn make<T>(
        &self,
        call: Call,
        made: impl Future<Output = Result<T, JobsError>>,
    ) -> Result<T, JobsError> {
        self.counters.count(call);
        let answer = made.await;
        let error = answer.as_ref().err();
        self.lock().gates[call as usize].after(error, Instant::now());
        answer
    }

    fn at(&self) -> String {
        self.target.profile().describe()
    }

    pub(super) async fn executions(
        &self,
        machine: &str,
        running: bool,
        size: i32,
        next: Option<String>,
    ) -> Result<(Vec<ListedExecution>, Option<String>), JobsError> {
        let (client, at) = (self.target.sfn_once(), self.at());
        let page = executions_page(&client, &at, machine, running, size, next);
        self.make(Call::List, page).await
    }

    pub(super) async fn history(
        &self,
        arn: &str,
        reverse: bool,
        size: i32,
        next: Option<String>,
    ) -> Result<(Vec<Event>, Option<String>), JobsError> {
        let (client, at) = (self.target.sfn_once(), self.at());
        let page = history_page(&client, &at, arn, reverse, size, next);
        self.make(Call::History, page).await
    }

    pub(crate) async fn describe(&self, arn: &str) -> Result<Described, JobsError> {
        let (client, at) = (self.target.sfn_once(), self.at());
        self.make(Call::Describe, describe(&client, &at, arn)).await
    }

    /// Name, definition and whether it is EXPRESS.
    pub(super) async fn machine(&self, arn: &str) -> Result<(String, String, bool), JobsError> {
        let ask = self.target.sfn_once().describe_state_machine();
        let asked = async {
            let answer = ask.state_machine_arn(arn).send().await;
            let machine =
                answer.map_err(|e| from_sdk(e, &self.at(), Call::Machine.action(), arn))?;
            let express = machine.r#type().as_str() == "EXPRESS";
            Ok((
                machine.name().to_owned(),
                machine.definition().to_owned(),
                express,
            ))
        };
        self.make(Call::Machine, asked).await
    }

    /// The definition that an execution was started with.
    pub(super) async fn definition_of(&self, execution: &str) -> Result<String, JobsError> {
        let ask = self.target.sfn_once();
        let ask = ask.describe_state_machine_for_execution();
        let asked = async {
            let answer = ask.execution_arn(execution).send().await;
            let machine =
                answer.map_err(|e| from_sdk(e, &self.at(), Call::MachineOf.action(), execution))?;
            Ok(machine.definition().to_owned())
        };
        self.make(Call::MachineOf, asked).await
    }
}
