//! The shipped model: what stages cost, as numbers.
//!
//! How it was measured (November 2026): `examples/measure.rs`, release build, one process per file, processor time from
//! `/proc`, on two shared cores of an Intel Xeon with SSE2 code (no `target-cpu`), where times vary by a third. Files: the
//! sample boards. Seconds, method `whiteboard`, without the search for a palette (0.13 s at 12 MP):
//!
//! | | 1.2 MP, RGB, PNG | 3 MP, grey, PNG | 8 MP, RGB, JPEG | 12 MP, RGB, JPEG | 24 MP, RGB, JPEG |
//! |---|---|---|---|---|---|
//! | decode | 0.02 | 0.02 | 0.04 | 0.11 | 0.10 |
//! | analysis | 0.35 | 0.30 | 0.39 | 0.57 | 0.50 |
//! | finish | 0.05 | 0.05 | 0.32 | 0.38 | 0.91 |
//! | peak memory in MB | 68 | 90 | 99 | 153 | 244 |
//!
//! The analysis works on cells, at most 2,048 along the long side, so a picture of 24 MP has fewer than one of 12. A board
//! with hard shadows takes 0.4 s more, which a header does not tell.
//!
//! The formats that came later were measured beside these on another machine and scaled by what JPEG took there
//! (12 MP, RGB, nanoseconds per sample to decode): TIFF without compression 5, with Deflate 9, with LZW 12, of 16 bits 5;
//! WebP 9 with loss and 8 without; BMP 1.4. The profile of another colour space adds about 2, which a header does not tell.
//!
//! The model lies within −10 and +60 % of these; what machines differ by is the margin's business
//! ([`super::TIME_MARGIN`]).
//!
//! Method `ball` was measured the same way on another machine: two shared cores of an Intel Xeon with AVX2, up to four times
//! as many threads as cores at work, which makes processor time vary by a third. Seconds of the whole cleaning:
//!
//! | radius in px | 3 | 10 | 25 | 50 | 100 | 300 | 500 |
//! |---|---|---|---|---|---|---|---|
//! | 3 MP, PNG, grey | 0.15 | 0.20 | 0.24 | 0.29 | 0.20 | 0.26 | 0.45 |
//! | 1.2 MP, PNG, RGB | 0.22 | 0.25 | 0.33 | 0.20 | 0.23 | 0.29 | 0.55 |
//! | 12 MP, JPEG, RGB | 2.1 | 1.9 | 2.1 | 2.0 to 2.5 | 2.0 | 2.0 | 2.8 |
//! | 24 MP, JPEG, RGB | 3.1 | 3.9 to 4.4 | 4.5 | 4.8 (7.2) | 4.8 | 5.0 | 6.1 |
//!
//! (In brackets: once, under the heaviest load.) That is 35 to 60 ns per sample for the background, hardly depending on
//! the radius, and the ball's tables, which grow with its area. The model takes the upper end: it lies within −20 and
//! +35 % of what boards took from 10 px on (−30 % of the one in brackets), up to 65 % above at 3 px, up to six times above a
//! picture of one colour (12 MP: 0.5 to 0.9 s), and 35 % below samples that are all noise (12 MP, RGB: 4.0 s at 100 px),
//! which is within the margin. With method `whiteboard` that machine took
//! 0.16 s at 1.2 MP, 0.36 at 8 MP and 1.1 at 24 MP, all RGB, and 0.09 at 3 MP in grey: 0.85 to 1.24 of these are
//! predicted. Peak memory with one ball: 98 MB at 12 MP and 191 MB at 24 MP, RGB, 5 MB more at 500 px.
//!
//! The memory predicted lies above what was measured by the [`PROCESS`] that the measuring program does not have, and by
//! room for results that compress badly.

use crate::analysis::cell_side;
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
/// To average to cells, finish, and encode with a palette.
const FINISH_NS: f64 = 16.0;
/// To analyse, whatever the size: the balls roll on pictures of fixed size.
const ANALYSIS_S: f64 = 0.15;
/// The same, per cell and channel.
const CELL_NS: f64 = 45.0;
/// Method `ball`, per sample, for both passes together, whatever the radius.
const BALL_NS: f64 = 60.0;
/// Tables for the ball, once for all channels, per pixel of the square over its radius.
const BALL_TABLES_NS: f64 = 1200.0;

/// Bytes of a process that has done nothing yet: program, runtime, SDK, connections.
const PROCESS: u64 = 40 << 20;
/// Bytes per 100 samples for the compressed result, which is held twice while the file is put together. Boards need
/// 10, photographs with their surroundings 36, the worst page in deep shadow 60.
const RESULT_PERCENT: u64 = 50;
/// Bytes per cell of the analysis beside 8 per channel…
const CELL_BYTES: u64 = 20;
/// …and whatever the size.
const ANALYSIS_BYTES: u64 = 24 << 20;
/// What the threads need for their tiles.
const TILES_BYTES: u64 = 24 << 20;
/// Bytes per pixel of one channel rolled over by the exact ball: two padded copies, and the minima of their blocks of 64.
const BALL_PLANE_BYTES: f64 = 2.0 * (1.0 + 1.0 / 64.0);
/// What pads such a copy, in rows and columns: up to a tile on each side.
const BALL_PADDING: u32 = 64;
/// The ball's tables and the threads' working memory.
const BALL_TABLES_BYTES: u64 = 8 << 20;

/// Cells that the analysis works on.
fn cells(header: &Header) -> u64 {
    let side = cell_side(header.width as usize, header.height as usize) as u64;
    u64::from(header.width).div_ceil(side) * u64::from(header.height).div_ceil(side)
}

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
    let analysis =
        ANALYSIS_S + (cells(header) * header.channels.count() as u64) as f64 * CELL_NS * 1e-9;
    let (fixed, background) = match recipe.background.method {
        Method::Whiteboard => (analysis, 0.0),
        Method::Ball | Method::Paraboloid => {
            let square = recipe.background.radius * recipe.background.radius;
            (analysis + BALL_TABLES_NS * square * 1e-9, BALL_NS)
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
    let analysis =
        cells(header) * (8 * header.channels.count() as u64 + CELL_BYTES) + ANALYSIS_BYTES;
    let background = match recipe.background.method {
        Method::Whiteboard => 0,
        Method::Ball | Method::Paraboloid => {
            let padded = |n: u32| f64::from(n) + f64::from(BALL_PADDING);
            let planes = BALL_PLANE_BYTES * padded(header.width) * padded(header.height);
            samples
                .saturating_add(planes as u64)
                .saturating_add(BALL_TABLES_BYTES)
        }
    };
    // The result beside the photograph and a full-size background; then only the result, its palette's indices, and the
    // file.
    let backdrop = if background > 0 { samples } else { 0 };
    let finish = backdrop.saturating_add(samples).saturating_add(TILES_BYTES);
    let encode = samples.saturating_mul(RESULT_PERCENT) / 100;
    let encode = encode.saturating_add(header.pixels());
    PROCESS
        .saturating_add(file_bytes)
        .saturating_add(samples)
        .saturating_add(
            decode
                .max(analysis.saturating_add(background))
                .max(finish)
                .max(encode),
        )
}
