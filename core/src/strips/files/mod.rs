//! Rows from files, and rows to files.

mod input;
mod png;
mod tiff;
mod write_png;
mod write_tiff;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use input::Input;

use super::{Layout, MemorySource, Pixel, RowSink, RowSource, SampleKind, StripError};
use crate::image::tiff::Planned;
use crate::image::{self, Format, Header, ImageError, Limits, Meaning};

/// What a file says beside its samples, and what is handed on to the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tags {
    /// How the picture is held, as EXIF and TIFF number it: 1 (upright) to 8.
    pub orientation: u8,
    /// The colour profile (ICC).
    pub profile: Option<Arc<[u8]>>,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            orientation: 1,
            profile: None,
        }
    }
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Row by row, or a few rows at a time.
    Rows,
    /// All of it at once, because it is made so: an interlaced PNG, or a compressed TIFF of one strip. Samples are as in
    /// the file.
    Frame,
    /// All of it at once, as [`image::decode`] does: 8 bits of sRGB, upright, transparency laid over white. So are JPEG,
    /// WebP and BMP read, and TIFF with palettes, with less than 8 bits, with inks, or with JPEG inside.
    Picture,
}

/// What is known of an open file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its format.
    pub format: Format,
    /// Shape of its rows, as they are read.
    pub layout: Layout,
    /// What a sample is, as it is read.
    pub kind: SampleKind,
    /// How it is read; a command should say so when that is not [`Reading::Rows`] and the file is large.
    pub reading: Reading,
    /// What is to be handed on to the result.
    pub tags: Tags,
}

/// An open file's rows, by the kind of their samples.
pub enum AnySource {
    /// 8 bits.
    U8(Box<dyn RowSource<u8>>),
    /// 16 bits.
    U16(Box<dyn RowSource<u16>>),
    /// 32-bit floating point.
    F32(Box<dyn RowSource<f32>>),
}

impl std::fmt::Debug for AnySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, layout) = match self {
            Self::U8(source) => (SampleKind::U8, source.layout()),
            Self::U16(source) => (SampleKind::U16, source.layout()),
            Self::F32(source) => (SampleKind::F32, source.layout()),
        };
        f.debug_tuple("AnySource")
            .field(&kind)
            .field(&layout)
            .finish()
    }
}

/// Opens a file for reading its rows.
///
/// Of `limits`, sides and pixels hold for every file; memory holds for what reading needs (a row, a row of tiles, or the
/// whole picture), not for what is done with the rows. Nothing large is allocated before they have been checked.
///
/// # Errors
///
/// When it is no picture that can be read. What is damaged further inside is found when its rows are read.
pub fn open(path: &Path, limits: &Limits) -> Result<(AnySource, FileInfo), StripError> {
    let file = File::open(path).map_err(StripError::Read)?;
    let (source, info, _) = open_input(Input::File(file), limits)?;
    Ok((source, info))
}

/// [`open`] for a file that is in memory already.
///
/// # Errors
///
/// As [`open`].
pub fn open_bytes(
    bytes: impl Into<Arc<[u8]>>,
    limits: &Limits,
) -> Result<(AnySource, FileInfo), StripError> {
    let (source, info, _) = open_input(Input::Bytes(Cursor::new(bytes.into())), limits)?;
    Ok((source, info))
}

/// An open file, and what its samples mean. Only of floating point where white is 0 that is not known as exactly as the
/// reader of whole pictures has it.
pub(super) type Opened = (AnySource, FileInfo, Option<Meaning>);

/// [`open`] for who wants to know what samples mean.
pub(super) fn open_with_meaning(path: &Path, limits: &Limits) -> Result<Opened, StripError> {
    let file = File::open(path).map_err(StripError::Read)?;
    open_input(Input::File(file), limits)
}

/// [`open_bytes`] for who wants to know what samples mean.
pub(super) fn open_bytes_with_meaning(
    bytes: Arc<[u8]>,
    limits: &Limits,
) -> Result<Opened, StripError> {
    open_input(Input::Bytes(Cursor::new(bytes)), limits)
}

fn open_input(mut input: Input, limits: &Limits) -> Result<Opened, StripError> {
    let file_bytes = input.seek(SeekFrom::End(0)).map_err(StripError::Read)?;
    let header = image::read_header_of(&mut input).map_err(StripError::Read)??;
    limits.check(&header, 0)?;
    match header.format {
        Format::Png => png::open(input, file_bytes, header.orientation, limits),
        Format::Tiff => {
            let planned = image::plan_tiff(&mut input, file_bytes).map_err(StripError::Read)??;
            match planned {
                Planned::Rows(plan) => tiff::open(input, file_bytes, plan, limits),
                Planned::Whole => picture(input, file_bytes, &header, limits),
            }
        }
        _ => picture(input, file_bytes, &header, limits),
    }
}

/// An error when reading a file needs more memory than there may be.
fn check_memory(layout: &Layout, need: u64, limits: &Limits) -> Result<(), StripError> {
    if need > limits.max_memory {
        return Err(StripError::NeedsMemory {
            width: layout.width,
            height: layout.height,
            need,
            allowed: limits.max_memory,
        });
    }
    Ok(())
}

/// The layout of a file's rows, which are of this many pixels and samples.
fn layout((width, height): (u32, u32), channels: usize, alpha: bool) -> Result<Layout, StripError> {
    let (width, height) = (width as usize, height as usize);
    Layout::new(width, height, channels, alpha).ok_or(StripError::Shape {
        width,
        height,
        channels,
    })
}

/// The whole picture, of 8 bits.
fn picture(
    mut input: Input,
    file_bytes: u64,
    header: &Header,
    limits: &Limits,
) -> Result<Opened, StripError> {
    let size = (header.width, header.height);
    let layout = layout(size, header.channels.count(), false)?;
    let samples = (layout.row_len() * layout.height) as u64;
    let turned = if header.transposed() { samples } else { 0 };
    let need = samples
        .saturating_add(header.decoder_bytes.max(turned))
        .saturating_add(file_bytes);
    check_memory(&layout, need, limits)?;
    input.rewind().map_err(StripError::Read)?;
    let mut bytes = Vec::new();
    input
        .take(file_bytes)
        .read_to_end(&mut bytes)
        .map_err(StripError::Read)?;
    // Memory is checked above, against what this needs and not a whole cleaning.
    let limits = Limits {
        max_memory: u64::MAX,
        ..*limits
    };
    let picture = image::decode(&bytes, &limits)?;
    drop(bytes);
    let info = FileInfo {
        format: header.format,
        layout,
        kind: SampleKind::U8,
        reading: Reading::Picture,
        tags: Tags::default(),
    };
    let source = MemorySource::new::<u8>(layout, picture.data);
    let source = source.ok_or(ImageError::Truncated {
        format: header.format,
    })?;
    let meaning = Meaning::ready(header.channels);
    Ok((AnySource::U8(Box::new(source)), info, Some(meaning)))
}

/// How the samples of a TIFF are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compression {
    /// As they are.
    None,
    /// Deflate, of horizontal differences where samples are whole numbers.
    #[default]
    Deflate,
}

/// Formats in which results are written row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// PNG: 8 or 16 bits.
    Png,
    /// TIFF in strips: 8 or 16 bits, or floating point. A file that may exceed 4 GiB becomes a `BigTIFF`.
    Tiff(Compression),
}

impl OutputFormat {
    /// The format that a file's extension (without the dot, in any case) stands for: `png`, `tif`, `tiff`.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "tif" | "tiff" => Some(Self::Tiff(Compression::default())),
            _ => None,
        }
    }
}

/// Begins a file of this shape. It is valid once [`RowSink::finish`] has returned, so let the target be a temporary file
/// that gets its name then; a clone of its handle will do. The target must be empty.
///
/// # Errors
///
/// [`StripError::Unwritable`] when the format cannot hold it (floating point or two channels without transparency in a
/// PNG), or what the system says.
pub fn create<T: Pixel, W: Write + Seek + Send + 'static>(
    target: W,
    format: OutputFormat,
    layout: &Layout,
    tags: &Tags,
) -> Result<Box<dyn RowSink<T>>, StripError> {
    Ok(match format {
        OutputFormat::Png => Box::new(write_png::PngSink::new::<T>(target, layout, tags, false)?),
        OutputFormat::Tiff(compression) => Box::new(write_tiff::TiffSink::new::<T>(
            target,
            layout,
            compression,
            tags,
        )?),
    })
}

/// [`create`] for upright sRGB, which a PNG says and which in a TIFF is what no profile means.
pub(super) fn create_srgb<T: Pixel, W: Write + Seek + Send + 'static>(
    target: W,
    format: OutputFormat,
    layout: &Layout,
) -> Result<Box<dyn RowSink<T>>, StripError> {
    let tags = Tags::default();
    match format {
        OutputFormat::Png => Ok(Box::new(write_png::PngSink::new::<T>(
            target, layout, &tags, true,
        )?)),
        OutputFormat::Tiff(_) => create(target, format, layout, &tags),
    }
}
