//! What a cleaning will need, and whether a machine has it.

use std::fmt;

use crate::image::Header;
use crate::recipe::{Method, Recipe};

/// What one cleaning needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds on one whole virtual processor.
    pub seconds: f64,
    /// Peak memory of the process in bytes.
    pub memory_bytes: u64,
}

/// What a machine offers to one cleaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Memory in MB (MiB, as AWS counts).
    pub memory_mb: u32,
    /// Seconds until the work is stopped.
    pub timeout_s: f64,
    /// Virtual processors; may be a fraction.
    pub vcpus: f64,
}

/// Megabytes of Lambda memory that come with one whole virtual processor.
const MB_PER_VCPU: f64 = 1769.0;

impl Capacity {
    /// A Lambda function of this configuration. It gets processors in proportion to its memory: one whole virtual
    /// processor at 1,769 MB (AWS Lambda developer guide, "Configure Lambda function memory").
    #[must_use]
    pub const fn lambda(memory_mb: u32, timeout_s: f64) -> Self {
        Self {
            memory_mb,
            timeout_s,
            vcpus: memory_mb as f64 / MB_PER_VCPU,
        }
    }
}

/// The Lambda lane of the local cloud unless its user changes it.
pub const DEFAULT_LOCAL_LAMBDA: Capacity = Capacity::lambda(256, 60.0);

/// Why a cleaning does not fit a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Misfit {
    /// It would take too long.
    Time {
        /// Seconds that it needs there.
        needs_s: f64,
        /// Seconds that it may take, the margin taken off.
        allowed_s: f64,
    },
    /// It needs too much memory.
    Memory {
        /// MB that it needs.
        needs_mb: u64,
        /// MB that it may use, the margin taken off.
        allowed_mb: u64,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { needs_s, allowed_s } => {
                write!(
                    f,
                    "needs about {needs_s:.1} s there, more than the {allowed_s:.1} s allowed"
                )
            }
            Self::Memory {
                needs_mb,
                allowed_mb,
            } => {
                write!(
                    f,
                    "needs about {needs_mb} MB, more than the {allowed_mb} MB allowed"
                )
            }
        }
    }
}

/// Predicts the cleaning of a picture with this header, whose file has `file_bytes` bytes.
#[must_use]
pub fn estimate(header: &Header, file_bytes: u64, recipe: &Recipe) -> Estimate {
    let samples = header.pixels() * header.channels.count() as u64;
    let seconds = match recipe.background.method {
        Method::Whiteboard => 0.2 + samples as f64 * 3e-8,
        Method::Ball => 0.2 + samples as f64 * 3e-8 * recipe.background.radius,
    };
    Estimate {
        seconds,
        memory_bytes: 40_000_000 + 2 * samples + file_bytes,
    }
}

/// Whether a cleaning fits a machine, with margin: half of the time and 80 % of the memory.
pub fn fits(estimate: &Estimate, capacity: &Capacity) -> Result<(), Misfit> {
    let needs_mb = estimate.memory_bytes.div_ceil(1 << 20);
    let allowed_mb = (f64::from(capacity.memory_mb) * 0.8) as u64;
    if needs_mb > allowed_mb {
        return Err(Misfit::Memory {
            needs_mb,
            allowed_mb,
        });
    }
    let needs_s = estimate.seconds / capacity.vcpus;
    let allowed_s = capacity.timeout_s * 0.5;
    if needs_s > allowed_s {
        return Err(Misfit::Time { needs_s, allowed_s });
    }
    Ok(())
}
