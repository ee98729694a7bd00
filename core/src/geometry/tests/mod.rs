//! What the geometry promises.

mod camera;
mod dewarps;
mod text;
