//! The background of one picture: what is asked for ([`choice`]), how it is done ([`run`]), what is said of it
//! ([`report`]), and files that appear whole or not at all ([`target`]).

pub mod choice;
mod clock;
mod exact;
mod imagej;
mod level;
mod memory;
pub mod report;
pub mod run;
mod target;
mod work;
