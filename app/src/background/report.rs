//! What was done: the document that `--json` prints.

use std::path::PathBuf;

use serde::Serialize;

use super::choice::Choice;

/// One background.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// As it was given.
    pub input: PathBuf,
    /// As it was given.
    pub output: PathBuf,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Those that were rolled on; without transparency.
    pub channels: usize,
    /// Whether there is transparency, which was carried over.
    pub alpha: bool,
    /// `u8`, `u16` or `f32`.
    pub sample: &'static str,
    /// Everything that was chosen, also by leaving it out.
    pub parameters: Parameters,
    /// Noise and bias of each channel, when `--bias on` was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bias: Option<Vec<Bias>>,
    /// In how many pieces the picture went through memory.
    pub strips: usize,
    /// Whether rows were read and written while others were rolled over.
    pub overlapped: bool,
    /// Whether the decoder had to hold the whole picture.
    pub whole_frame: bool,
    /// Of the process; `null` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// Where the time went.
    pub seconds: Seconds,
}

/// Everything that was chosen.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Parameters {
    /// Of the background.
    #[serde(flatten)]
    pub choice: Choice,
    /// Threads.
    pub threads: usize,
    /// For pixels.
    pub memory_mb: u64,
}

/// What noise does to the background of a channel.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bias {
    /// Standard deviation of the picture's noise in grey levels, before they were rounded.
    pub sigma: f64,
    /// Grey levels that were added to the background.
    pub correction: f64,
}

/// Wall time of each phase in seconds. Phases that overlap are more together than the total.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// Decoding.
    pub read: f64,
    /// Everything between.
    pub roll: f64,
    /// Encoding, up to the name on the disk.
    pub write: f64,
    /// From the first byte to the name on the disk.
    pub total: f64,
}
