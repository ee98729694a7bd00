//! What a cleaning will need, and whether a machine has it: how a picture's place is chosen.
//!
//! [`estimate`] knows the picture's header, its file's size and the recipe; [`fits`] compares with a [`Capacity`] and
//! keeps a margin. Both are pure: the same picture is always sent to the same place.

mod model;

use std::fmt;

use crate::image::Header;
use crate::recipe::Recipe;

/// What one cleaning needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds on one whole virtual processor, without network.
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

/// The Lambda lane of the local cloud unless its user changes it: 512 MB and 15 seconds.
///
/// A small and cheap function, so that both lanes have something to do: 512 MB come with 0.29 of a processor, on which a
/// colour board of 12 MP is predicted to take 4.2 of the 5 seconds that [`fits`] allows, and one of 24 MP 6.3. Memory would
/// do for both.
pub const DEFAULT_LOCAL_LAMBDA: Capacity = Capacity::lambda(512, 15.0);

/// Share of the time-out that a prediction may use. The processor may be half as fast as the one that was measured, and
/// download, upload and a cold start take their part.
pub const TIME_MARGIN: f64 = 1.0 / 3.0;
/// Share of the memory that a prediction may use.
pub const MEMORY_MARGIN: f64 = 0.8;

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
                    "it needs about {needs_s:.1} s there, and {allowed_s:.1} s are allowed"
                )
            }
            Self::Memory {
                needs_mb,
                allowed_mb,
            } => {
                write!(
                    f,
                    "it needs about {needs_mb} MB, and {allowed_mb} MB are allowed"
                )
            }
        }
    }
}

/// Predicts the cleaning of a picture with this header, whose file has `file_bytes` bytes.
#[must_use]
pub fn estimate(header: &Header, file_bytes: u64, recipe: &Recipe) -> Estimate {
    Estimate {
        seconds: model::seconds(header, recipe),
        memory_bytes: model::memory(header, file_bytes, recipe),
    }
}

/// Whether a cleaning fits a machine, with [`TIME_MARGIN`] and [`MEMORY_MARGIN`].
///
/// # Errors
///
/// The reason why not; memory first, because too little of it cannot be waited for.
pub fn fits(estimate: &Estimate, capacity: &Capacity) -> Result<(), Misfit> {
    let needs_mb = estimate.memory_bytes.div_ceil(1 << 20);
    let allowed_mb = (f64::from(capacity.memory_mb) * MEMORY_MARGIN) as u64;
    if needs_mb > allowed_mb {
        return Err(Misfit::Memory {
            needs_mb,
            allowed_mb,
        });
    }
    let needs_s = estimate.seconds / capacity.vcpus;
    let allowed_s = capacity.timeout_s * TIME_MARGIN;
    // Written so that a capacity of nothing (0 processors, NaN) fits nothing.
    if needs_s <= allowed_s {
        Ok(())
    } else {
        Err(Misfit::Time { needs_s, allowed_s })
    }
}

#[cfg(test)]
mod tests;
