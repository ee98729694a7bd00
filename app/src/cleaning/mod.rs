//! Cleaning here and now: which pictures there are ([`layout`]), which files each gives ([`wishes`]), the threads that do
//! it ([`pool`]), a document of all of them ([`document`]), and files that appear whole or not at all ([`mod@write`]).

pub mod document;
pub mod layout;
pub mod pool;
pub mod strips;
pub mod wishes;
pub mod write;
