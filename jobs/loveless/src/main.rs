//! The `loveless` program.

fn main() {}
