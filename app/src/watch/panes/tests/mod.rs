mod events;
mod facts;
pub mod fixture;
mod graph;
mod json;
mod timeline;
