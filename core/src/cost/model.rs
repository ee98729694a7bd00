//! The shipped model: what stages cost, as numbers.
//!
//! How it was measured (November 2026): `examples/measure.rs`, release build, `RAYON_NUM_THREADS=1`, one process per
//! file, processor time from `/proc`, on one core of an AMD EPYC server with SSE2 code (no `target-cpu`). Files: the
//! sample boards, and the 24 MP one scaled to 1, 6, 12 and 24 MP, in colour and grey, as baseline and progressive
//! JPEG, plain, interlaced and transparent PNG; photographs of boards and pages for noise and texture. Seconds of the
//! whole cleaning, method `whiteboard`:
//!
//! | | 1 MP | 6 MP | 12 MP | 24 MP |
//! |---|---|---|---|---|
//! | JPEG, RGB | 0.13 | 0.32 | 0.51 | 0.81 (noisy: 0.99) |
//! | JPEG, progressive, RGB | | | 0.59 | 1.24 |
//! | JPEG, grey | | | | 0.36 |
//! | PNG, RGB | | | 0.61 | 1.10 |
//! | peak memory in MB, JPEG, RGB | 15 | 30 | 50 | 90 (noisy: 108) |
//! | peak memory in MB, JPEG, progressive, RGB | | | 108 | 211 |
//!
//! The formats that came later were measured beside these on another machine and scaled by what JPEG took there
//! (12 MP, RGB, nanoseconds per sample to decode): TIFF without compression 5, with Deflate 9, with LZW 12, of 16 bits 5;
//! WebP 9 with loss and 8 without; BMP 1.4. The profile of another colour space adds about 2, which a header does not tell.
//!
//! and of method `ball` at 1.2 MP, RGB: 0.17 at a radius of 10 px, 2.2 at 50 px, 8.8 at 100 px.
//! The model meets the measured seconds within −15 and +20 % from 1 to 24 MP; what machines differ by is the margin's
//! business ([`super::TIME_MARGIN`]). Its memory lies above what was measured by the [`PROCESS`] that the measuring
//! program does not have, and by room for results that compress badly.

use crate::image::{Format, Header};
use crate::recipe::{Method, Recipe};

/// Nanoseconds per sample (a pixel's channel) to decode.
const JPEG_NS: f64 = 2.0;
const JPEG_PROGRESSIVE_NS: f64 = 7.0;
const PNG_NS: f64 = 4.5;
/// LZW and Deflate, as scanners and editors write; without compression it is a third.
const TIFF_NS: f64 = 12.0;
const WEBP_NS: f64 = 9.0;
const BMP_NS: f64 = 1.5;
/// To bring a picture upright.
const TURN_NS: f64 = 2.5;
/// To reduce, finish and encode.
const FINISH_NS: f64 = 9.0;
/// Per channel, whatever the size: the two balls roll on a picture of fixed size.
const TWO_BALLS_S: f64 = 0.05;
/// Method `ball`, per sample and pixel of the ball's disc, for both passes together, and per sample besides.
const DISC_NS: f64 = 0.08;
const BALL_NS: f64 = 8.0;

/// Bytes of a process that has done nothing yet: program, runtime, SDK, connections.
const PROCESS: u64 = 40 << 20;
/// Bytes per 100 samples for the compressed result, which is held twice while the file is put together. Boards need
/// 10, photographs with their surroundings 36, the worst page in deep shadow 60.
const RESULT_PERCENT: u64 = 50;
/// Bytes per pixel of one channel rolled over by the exact ball: itself, its negative, erosion, opening.
const BALL_PLANE_BYTES: u64 = 4;

fn samples(header: &Header) -> u64 {
    // A header may claim any size; it is refused for its size then, not for an overflow here.
    header
        .pixels()
        .saturating_mul(header.channels.count() as u64)
}

/// Seconds on one whole virtual processor.
pub(super) fn seconds(header: &Header, recipe: &Recipe) -> f64 {
    let decode = match (header.format, header.progressive) {
        (Format::Jpeg, false) => JPEG_NS,
        (Format::Jpeg, true) => JPEG_PROGRESSIVE_NS,
        (Format::Png, _) => PNG_NS,
        (Format::Tiff, _) => TIFF_NS,
        (Format::WebP, _) => WEBP_NS,
        (Format::Bmp, _) => BMP_NS,
    };
    let turn = if header.transposed() { TURN_NS } else { 0.0 };
    let (fixed, background) = match recipe.background.method {
        Method::Whiteboard => (TWO_BALLS_S * header.channels.count() as f64, 0.0),
        Method::Ball => {
            let disc = core::f64::consts::PI * recipe.background.radius * recipe.background.radius;
            (0.0, BALL_NS + DISC_NS * disc)
        }
    };
    fixed + samples(header) as f64 * (decode + turn + FINISH_NS + background) * 1e-9
}

/// Peak memory of the process in bytes.
pub(super) fn memory(header: &Header, file_bytes: u64, recipe: &Recipe) -> u64 {
    let samples = samples(header);
    // Beside the pixels themselves, each stage needs something of its own and frees it again.
    let turn = if header.transposed() { samples } else { 0 };
    let decode = header.decoder_bytes.max(turn).saturating_add(file_bytes);
    let background = match recipe.background.method {
        // The reduced picture is less than the result of any picture that is larger than it.
        Method::Whiteboard => 4 << 20,
        Method::Ball => samples.saturating_add(BALL_PLANE_BYTES.saturating_mul(header.pixels())),
    };
    let encode = samples.saturating_mul(RESULT_PERCENT) / 100;
    PROCESS
        .saturating_add(file_bytes)
        .saturating_add(samples)
        .saturating_add(decode.max(background).max(encode))
}
