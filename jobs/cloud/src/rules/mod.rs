//! Event rules: which events go where.

mod bus;
mod pattern;

pub(crate) use bus::EventBus;
pub use pattern::{InvalidPattern, Pattern};
