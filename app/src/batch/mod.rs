//! What `submit`, `watch` and `runs` share: the target ([`target`]), what is shown while a batch runs
//! ([`live`]), and the table at its end ([`outcome`]).

pub mod live;
pub mod outcome;
pub mod target;
