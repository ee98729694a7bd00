//! The photographs: boards of the generator by which the picture's quality is judged, larger.

use std::error::Error;

use board::kinds::KINDS;

#[allow(
    dead_code,
    unused_imports,
    reason = "only photographs are wanted, not their truth"
)]
#[path = "../../examples/score/board/mod.rs"]
mod board;

/// The kinds that are measured: what most boards are like, one whose hard shadows take longest, and one with everything.
pub const NAMES: [&str; 3] = [PEERS, "hard-shadow", "everything"];

/// The kind that other programs get, too.
pub const PEERS: &str = "window";

/// The board of this kind as a JPEG file, with about so many pixels.
pub fn of(name: &str, pixels: f64) -> Result<Vec<u8>, Box<dyn Error>> {
    let index = KINDS.iter().position(|kind| kind.name == name);
    let index = index.ok_or(format!("there is no board {name}"))?;
    Ok(board::board(1, index, pixels)?.photo)
}
