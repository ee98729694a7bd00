//! Cleaning pictures larger than memory: rows come in twice, clean rows go out.
//!
//! The first time rows are averaged to the grid on which everything is decided that depends on the whole picture, and
//! which is of a bounded size; the second time they are finished, strip by strip, with what is known then. The result is
//! bit for bit that of [`clean::clean`] on the whole picture, whatever the strips and the threads.
//!
//! ```
//! use std::io::Cursor;
//! use whiteboarder_core::cancel::Never;
//! use whiteboarder_core::recipe::Recipe;
//! use whiteboarder_core::strips::{OutputFormat, SampleKind, StripOptions, cleaning};
//! # use whiteboarder_core::image::{self, Limits, Picture};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let grey = Picture::new(64, 48, image::Channels::Grey, vec![190; 64 * 48])?;
//! # let bytes = image::encode_png(&grey)?;
//! # let recipe = Recipe::default();
//! let mut photograph = cleaning::Photograph::of_bytes(bytes, &Limits::default())?;
//! let target = Cursor::new(Vec::new());
//! let options = StripOptions::new(64 << 20);
//! let report = cleaning::clean_file(&mut photograph, target, OutputFormat::Png, &recipe, &options, &Never)?;
//! assert_eq!(report.depth, SampleKind::U8);
//! # Ok(())
//! # }
//! ```
//!
//! # Depth
//!
//! What is decided on the whole picture is decided on its 8-bit reduction, the one that every other way of cleaning sees.
//! So a result of 16 bits has the same paper and the same strokes as that of 8 bits, only finer steps; and previews hold for
//! both.
//!
//! # What is not done in strips
//!
//! [`WholeOnly`] tells: the methods of one ball, whose background is as large as the picture, and pictures that must be
//! turned. EXIF is not handed on. The rows of JPEG, WebP and BMP, and of some kinds of PNG and TIFF, come from a picture that is in memory as a
//! whole ([`FileInfo::reading`](super::FileInfo::reading)): there only the cleaning needs less.

mod error;
mod finishing;
mod photograph;

use std::io::{Seek, Write};

pub use error::{CleanError, OpenError, WholeOnly};
pub use photograph::Photograph;

pub(crate) use photograph::wants_depth;

use super::files::create_srgb;
use super::roll::{block, buffer, read, too_much};
use super::{
    Layout, OutputFormat, Pixel, RowSink, RowSource, SampleKind, StripError, StripOptions,
};
use crate::analysis::{Analysis, Chosen, Grid, GridRows, cells};
use crate::cancel::Interrupt;
use crate::clean;
use crate::finish::Depth;
use crate::image::{Channels, Picture};
use crate::recipe::{Method, Recipe};
use crate::rolling::Roller;

/// How a picture was cleaned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CleanReport {
    /// Bits of the result's samples.
    pub depth: SampleKind,
    /// What was chosen where the recipe leaves it to the picture.
    pub chosen: Chosen,
    /// How many strips there were.
    pub strips: usize,
    /// Rows of a strip; the first one is higher by [`Analysis::reach`], the last one may be lower.
    pub rows_per_strip: usize,
    /// Bytes that were needed at most, by the model by which strips are chosen.
    pub peak_bytes_estimate: u64,
    /// More was needed than [`StripOptions::memory_bytes`]: the grid alone needs up to about 150 MB, whatever the picture.
    pub over_budget: bool,
    /// The recipe wants the photograph's EXIF block to be kept, and it was not: that is not done in strips.
    pub metadata_left_out: bool,
}

/// Cleans a file: the result is written to `target`, which must be empty, sRGB and upright. It has 16 bits where
/// [`Photograph::depth`] says so. Let the target be a temporary file, as for [`create`](super::create).
///
/// # Errors
///
/// As [`clean_strips`]; and [`StripError::Unwritable`] when the format cannot hold it. What is in the target is worth
/// nothing then.
pub fn clean_file<W: Write + Seek + Send + 'static, I: Interrupt>(
    photograph: &mut Photograph,
    target: W,
    format: OutputFormat,
    recipe: &Recipe,
    options: &StripOptions,
    interrupt: &I,
) -> Result<CleanReport, CleanError<I::Stopped>> {
    let layout = photograph.layout();
    if photograph.depth(recipe) == SampleKind::U16 {
        let mut sink = create_srgb::<u16, W>(target, format, &layout)?;
        clean_strips(photograph, &mut *sink, recipe, options, interrupt)
    } else {
        let mut sink = create_srgb::<u8, W>(target, format, &layout)?;
        clean_strips::<u8, _, _>(photograph, &mut *sink, recipe, options, interrupt)
    }
}

/// Cleans all rows of `source` and writes them to `sink`, which it finishes.
///
/// The source must be at its beginning, and give grey or RGB, sRGB, opaque: rows of 8 bits the first time, of the result's
/// depth the second time. It is read twice. Whoever has a file has a [`Photograph`].
///
/// # Errors
///
/// [`CleanError::Stopped`] when `interrupt` ended it; [`CleanError::Whole`] when the recipe's method is not done in strips;
/// otherwise what the source or the sink says, and [`StripError::NeedsMemory`]. What the sink has been given is worth
/// nothing then.
pub fn clean_strips<T, S, I>(
    source: &mut S,
    sink: &mut dyn RowSink<T>,
    recipe: &Recipe,
    options: &StripOptions,
    interrupt: &I,
) -> Result<CleanReport, CleanError<I::Stopped>>
where
    T: Pixel + Depth,
    S: RowSource<u8> + RowSource<T>,
    I: Interrupt,
{
    recipe.validate()?;
    if recipe.background.method != Method::Whiteboard {
        return Err(WholeOnly::Method(recipe.background.method).into());
    }
    let layout = RowSource::<u8>::layout(source);
    let shape = shape(&layout)?;
    let files = RowSource::<u8>::buffer_bytes(source).saturating_add(sink.buffer_bytes());
    let grid_bytes = grid_bytes(&layout).saturating_add(files);
    if grid_bytes > options.most_bytes {
        return Err(too_much(&layout, grid_bytes, options.most_bytes).into());
    }
    let grid = grid(source, &layout, interrupt)?;
    let analysis = analyse(&shape, grid, recipe, interrupt).map_err(CleanError::Stopped)?;
    RowSource::<T>::rewind(source)?;
    let plan = finishing::all(source, sink, &analysis, files, options, interrupt)?;
    sink.finish()?;
    let bytes = plan.bytes.max(grid_bytes);
    Ok(CleanReport {
        depth: T::KIND,
        chosen: analysis.chosen(),
        strips: plan.strips,
        rows_per_strip: plan.rows,
        peak_bytes_estimate: bytes,
        over_budget: bytes > options.memory_bytes,
        metadata_left_out: recipe.output.keep_metadata,
    })
}

/// The shape of the rows, as a picture without samples.
fn shape(layout: &Layout) -> Result<Picture, StripError> {
    let (width, height, channels) = (layout.width, layout.height, layout.channels);
    let kind = match channels {
        1 => Some(Channels::Grey),
        3 => Some(Channels::Rgb),
        _ => None,
    };
    let side = |n: usize| u32::try_from(n).ok();
    match (side(width), side(height), kind) {
        (Some(w), Some(h), Some(channels)) if !layout.alpha => Ok(Picture {
            width: w,
            height: h,
            channels,
            data: Vec::new(),
        }),
        _ => Err(StripError::Shape {
            width,
            height,
            channels,
        }),
    }
}

/// The first pass.
fn grid<I: Interrupt>(
    source: &mut impl RowSource<u8>,
    layout: &Layout,
    interrupt: &I,
) -> Result<Grid, CleanError<I::Stopped>> {
    let mut grid = GridRows::new(layout.width, layout.height, layout.channels);
    let mut rows = buffer::<u8>(layout, block::<u8>(layout) / layout.row_len())?;
    let mut left = layout.row_len() * layout.height;
    while left > 0 {
        let length = rows.len().min(left);
        let rows = &mut rows[..length];
        read(source, rows, layout, interrupt)?;
        grid.push(rows);
        interrupt.advance((length / layout.channels) as u64);
        left -= length;
    }
    Ok(grid.finish().ok_or(StripError::Rows {
        expected: layout.height,
        more: false,
    })?)
}

/// What [`clean::analyse`] finds in the picture with this grid, of which method `whiteboard` needs nothing but the size.
pub(crate) fn analyse<I: Interrupt>(
    picture: &Picture,
    grid: Grid,
    recipe: &Recipe,
    interrupt: &I,
) -> Result<Analysis, I::Stopped> {
    let mut roller = Roller::new();
    let survey = clean::survey(
        picture,
        &grid,
        &recipe.background,
        1.0,
        &mut None,
        &mut roller,
        interrupt,
    )?;
    drop((grid, roller));
    interrupt.check()?;
    Ok(Analysis::of(&survey, &recipe.finish))
}

/// Bytes that finding the analysis needs at most.
fn grid_bytes(layout: &Layout) -> u64 {
    let cells = cells(layout.width, layout.height);
    (cells * (GREY_BYTES + (layout.channels - 1) * CHANNEL_BYTES)) as u64 + ROLLER_BYTES
}

/// Measured for a cell of a grey grid, and a fifth more…
const GREY_BYTES: usize = 32;
/// …for every channel more…
const CHANNEL_BYTES: usize = 12;
/// …and for the balls' tables and working memory.
const ROLLER_BYTES: u64 = 8 << 20;
