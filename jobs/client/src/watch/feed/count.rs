//! How often the target was asked.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ask::Call;

/// How many calls of each kind a feed has made, failed ones included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// `ListExecutions`.
    pub list: u64,
    /// `GetExecutionHistory`.
    pub history: u64,
    /// `DescribeExecution`.
    pub describe: u64,
    /// `DescribeStateMachine`, `DescribeStateMachineForExecution`.
    pub machine: u64,
    /// `StartExecution`, `StopExecution`, `RedriveExecution`.
    pub act: u64,
    /// Lists and reads of S3, as far as they were made for the list of executions and for pictures.
    pub objects: u64,
}

/// Counts that the feed's tasks share.
#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; 6]);

impl Counters {
    pub(super) fn count(&self, call: Call) {
        let [list, history, describe, machine, act, _] = &self.0;
        let count = match call {
            Call::List => list,
            Call::History => history,
            Call::Describe => describe,
            Call::Machine | Call::MachineOf => machine,
            Call::Start | Call::Stop | Call::Redrive => act,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn object(&self) {
        let [.., objects] = &self.0;
        objects.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Calls {
        let [list, history, describe, machine, act, objects] =
            self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        Calls {
            list,
            history,
            describe,
            machine,
            act,
            objects,
        }
    }
}
