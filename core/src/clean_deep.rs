//! One cleaning in 16 bits, of files that have more than 8.
//!
//! What is decided on the whole picture is decided on its 8-bit reduction, which is what [`clean`](crate::clean), previews
//! and [`strips::cleaning`](crate::strips::cleaning) see. So the result has the same paper and the same strokes as that of 8
//! bits in finer steps, wherever it is made; and an analysis that was made elsewhere holds here.

use std::convert::Infallible;

use crate::analysis::{Analysis, Chosen, Grid};
use crate::cancel::{Interrupt, Never};
use crate::clean::CleanError;
use crate::cost;
use crate::finish::{Place, Samples, finish_place};
use crate::image::{self, Channels, Format, Header, ImageError, Limits, turned};
use crate::output::{OutputError, png16};
use crate::recipe::Recipe;
use crate::strips::cleaning::{OpenError, Photograph, analyse, wants_depth};
use crate::strips::{RowSource, SampleKind, StripError};

/// A picture of 16-bit sRGB samples, channels interleaved, rows from top to bottom without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeepPicture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Grey or RGB.
    pub channels: Channels,
    /// `width · height · channels` samples.
    pub data: Vec<u16>,
}

impl DeepPicture {
    /// The picture as a PNG file of 16 bits.
    ///
    /// # Errors
    ///
    /// When there are not as many samples as there should be, or the encoder fails.
    pub fn encode_png(&self) -> Result<Vec<u8>, OutputError> {
        png16(self.width, self.height, self.channels, &self.data)
    }
}

/// The result of [`clean`](fn@clean).
#[derive(Clone, Debug, PartialEq)]
pub struct Deep {
    /// The cleaned picture.
    pub picture: DeepPicture,
    /// What was chosen for it where the recipe leaves it to the picture.
    pub chosen: Chosen,
}

/// Why a file could not be cleaned into 16 bits.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeepError<S> {
    /// The interrupt wanted it.
    #[error("{0}")]
    Stopped(S),
    /// Something is wrong with the picture or the recipe.
    #[error(transparent)]
    Failed(#[from] CleanError),
}

impl<S> From<ImageError> for DeepError<S> {
    fn from(error: ImageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Cleans a file into 16 bits. `None` when that is not asked for or there is nothing to gain: unless
/// `recipe.output.depth` is `source`, the style is not `subtract`, and the file is a PNG or TIFF of 16 bits or of floating
/// point that is read as such. Then [`clean_bytes`](crate::clean::clean_bytes) is what to call.
///
/// # Errors
///
/// As [`clean_bytes`](crate::clean::clean_bytes); of `limits`, memory counts the deeper samples.
pub fn clean(bytes: &[u8], recipe: &Recipe, limits: &Limits) -> Result<Option<Deep>, CleanError> {
    clean_with(bytes, recipe, limits, &Never).map_err(|error| match error {
        DeepError::<Infallible>::Failed(error) => error,
        DeepError::Stopped(never) => match never {},
    })
}

/// [`clean`] that may be interrupted.
///
/// # Errors
///
/// [`DeepError::Stopped`] when it was; otherwise as [`clean`].
pub fn clean_with<I: Interrupt>(
    bytes: &[u8],
    recipe: &Recipe,
    limits: &Limits,
    interrupt: &I,
) -> Result<Option<Deep>, DeepError<I::Stopped>> {
    recipe.validate().map_err(CleanError::from)?;
    if !wants_depth(recipe) {
        return Ok(None);
    }
    let header = image::header_of_all(bytes)?;
    let need = cost::estimate(&header, bytes.len() as u64, recipe).memory_bytes;
    limits.check(&header, need)?;
    let Some(photograph) = open(bytes, &header)? else {
        return Ok(None);
    };
    // Samples of 16 bits twice instead of 8 bits once, and the file again.
    let samples = header
        .pixels()
        .saturating_mul(header.channels.count() as u64);
    let more = samples.saturating_mul(3).saturating_add(bytes.len() as u64);
    limits.check(&header, need.saturating_add(more))?;
    let unlimited = Limits {
        max_memory: u64::MAX,
        ..*limits
    };
    let analysis = {
        let picture = image::decode(bytes, &unlimited)?;
        interrupt.check().map_err(DeepError::Stopped)?;
        Grid::of(&picture, interrupt)
            .and_then(|grid| analyse(&picture, grid, recipe, interrupt))
            .map_err(DeepError::Stopped)?
    };
    let picture = read(photograph, &header, interrupt)?;
    let picture = finish_until(&picture, &analysis, interrupt).map_err(DeepError::Stopped)?;
    Ok(Some(Deep {
        picture,
        chosen: analysis.chosen(),
    }))
}

/// Decodes a file as [`image::decode`] does, but into 16 bits. `None` for a file that is not read in more than 8.
///
/// # Errors
///
/// As [`image::decode`].
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Option<DeepPicture>, ImageError> {
    let header = image::header_of_all(bytes)?;
    let samples = header
        .pixels()
        .saturating_mul(header.channels.count() as u64);
    let need = cost::estimate(&header, bytes.len() as u64, &Recipe::default()).memory_bytes;
    let more = samples.saturating_add(bytes.len() as u64);
    limits.check(&header, need.saturating_add(more))?;
    let Some(photograph) = open(bytes, &header)? else {
        return Ok(None);
    };
    match read(photograph, &header, &Never) {
        Ok(picture) => Ok(Some(picture)),
        Err(DeepError::Failed(CleanError::Image(error))) => Err(error),
        Err(_) => Ok(None),
    }
}

/// A finished copy of a picture, whose analysis is that of the same picture of 8 bits.
#[must_use]
pub fn finish(picture: &DeepPicture, analysis: &Analysis) -> DeepPicture {
    let Ok(result) = finish_until(picture, analysis, &Never);
    result
}

fn finish_until<I: Interrupt>(
    picture: &DeepPicture,
    analysis: &Analysis,
    interrupt: &I,
) -> Result<DeepPicture, I::Stopped> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let samples = Samples {
        data: &picture.data,
        width,
        height,
        channels: picture.channels.count(),
    };
    let place = Place::whole(width, height);
    Ok(DeepPicture {
        data: finish_place(&samples, analysis, place, Vec::new(), interrupt)?,
        ..*picture
    })
}

/// A file of more than 8 bits; `None` for all others, and for what is read in 8 bits only.
fn open(bytes: &[u8], header: &Header) -> Result<Option<Photograph>, ImageError> {
    if !matches!(header.format, Format::Png | Format::Tiff) {
        return Ok(None);
    }
    // They have been checked.
    let limits = Limits {
        max_side: u32::MAX,
        max_pixels: u64::MAX,
        max_memory: u64::MAX,
    };
    match Photograph::of_bytes_as_stored(bytes, &limits) {
        Ok(photograph) => Ok(Some(photograph).filter(|p| p.info().kind != SampleKind::U8)),
        Err(
            OpenError::Whole(_)
            | OpenError::Failed(StripError::Image(ImageError::Unsupported { .. })),
        ) => Ok(None),
        Err(OpenError::Failed(error)) => Err(of_strips(error, header)),
    }
}

/// All samples, upright.
fn read<I: Interrupt>(
    mut photograph: Photograph,
    header: &Header,
    interrupt: &I,
) -> Result<DeepPicture, DeepError<I::Stopped>> {
    let layout = photograph.layout();
    let mut data = vec![0; layout.row_len() * layout.height];
    for row in data.chunks_exact_mut(layout.row_len()) {
        interrupt.check().map_err(DeepError::Stopped)?;
        photograph
            .read_rows(row)
            .map_err(|error| of_strips(error, header))?;
    }
    drop(photograph);
    let channels = header.channels;
    let (data, (width, height)) =
        turned(data, header.stored(), channels.count(), header.orientation);
    Ok(DeepPicture {
        width,
        height,
        channels,
        data,
    })
}

/// What reading in strips says of a file that is in memory.
fn of_strips(error: StripError, header: &Header) -> ImageError {
    match error {
        StripError::Image(error) => error,
        other => ImageError::Corrupt {
            format: header.format,
            detail: other.to_string(),
        },
    }
}
