//! Cleaning here and now: which pictures go where ([`layout`]), the threads that do it ([`pool`]), and
//! files that appear whole or not at all ([`mod@write`]).

pub mod layout;
pub mod pool;
pub mod write;
