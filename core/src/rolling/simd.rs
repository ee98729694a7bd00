//! Vector instructions chosen at run time. The only module with `unsafe`.
//!
//! The pixel loops are ordinary Rust that the compiler turns into vector instructions. Here the same loops are compiled
//! twice: once for the target's own instruction set (on x86-64 that is SSE2, elsewhere whatever the target has), once
//! for AVX2. Results are the same bit for bit: integers and single additions and comparisons of floats, nothing that
//! rounds differently.

use std::sync::OnceLock;

/// A piece of work that is compiled for several instruction sets.
///
/// [`Kernel::run`] and everything hot that it calls must be `#[inline(always)]`: only what ends up inside of it is
/// compiled with the other instructions.
pub(super) trait Kernel {
    /// What it gives.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Does the work with the best instructions this processor has.
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if is_wide() {
        // SAFETY: `run_avx2` needs a processor with AVX2, which `is_wide` has made sure of. It takes its argument by
        // value and hands it on; there are no pointers and no other conditions.
        #[expect(unsafe_code, reason = "the call of a function with a target feature")]
        return unsafe { run_avx2(kernel) };
    }
    kernel.run()
}

/// Whether the wide instructions are used: the processor must have them, and `WHITEBOARDER_PORTABLE=1` in the
/// environment must not forbid them (for tests of the portable path).
pub(crate) fn is_wide() -> bool {
    static WIDE: OnceLock<bool> = OnceLock::new();
    *WIDE.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        let has = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let has = false;
        has && std::env::var_os("WHITEBOARDER_PORTABLE").is_none_or(|v| v != "1")
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
