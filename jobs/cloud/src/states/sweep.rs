//! Removing deleted machines with all their executions, and executions that were kept long enough, a little at a time
//! between other work.

use serde_json::Value;

use super::error::Fault;
use super::message::Operation;
use super::store::{executions, machines};
use super::turn::{Effect, Turn};

/// Executions that go in one transaction.
const AT_ONCE: usize = 50;

/// One piece of the sweeping; asks for the next one when something is left.
pub(crate) struct Sweep {
    /// Executions that ended before this moment are not kept any longer.
    pub(crate) expired: Option<i64>,
}

impl Operation for Sweep {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        if let Some(before) = self.expired
            && executions::remove_expired(turn.store, before, AT_ONCE as i64)? == AT_ONCE
        {
            turn.after(Effect::Sweep);
        }
        if let Some(machine) = machines::find_deleted(turn.store)? {
            if executions::remove_some(turn.store, machine, AT_ONCE as i64)? < AT_ONCE {
                machines::remove(turn.store, machine)?;
            }
            turn.after(Effect::Sweep);
        }
        Ok(Value::Null)
    }
}
