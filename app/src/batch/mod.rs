//! What `submit`, `watch` and `runs` share: the target ([`target`]), what is shown while a batch runs
//! ([`live`]), what it will be ([`planned`]), the table at its end ([`outcome`]), and one item's [`mod@story`].

pub mod live;
pub mod numbers;
pub mod outcome;
pub mod planned;
pub mod screen;
pub mod story;
mod tally;
pub mod target;
