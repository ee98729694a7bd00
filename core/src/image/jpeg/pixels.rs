//! From the file to samples.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::extent::{closed_so_that_reading_on_fails, extent};
use super::{Aside, corrupt};
use crate::image::colour::{Conversion, Depth, Profile};
use crate::image::error::in_words;
use crate::image::rows::{Ink, Layout, whole, ycc_to_rgb};
use crate::image::{Format, Header, ImageError, Picture, exif};

/// Pixels of 8 × 8 that a byte can tell at best: every block has at least one bit in every file.
const MOST_PIXELS_PER_BYTE: u64 = 8 * 64;

/// Decodes the pixels as stored, without orientation.
pub(in crate::image) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    if header.pixels() / MOST_PIXELS_PER_BYTE > bytes.len() as u64 {
        return Err(ImageError::Truncated {
            format: Format::Jpeg,
        });
    }
    let aside = Aside::of(bytes);
    let raw = decode_raw(bytes, Wanted::Colours)?;
    if (raw.width, raw.height) != header.stored() {
        return Err(corrupt("its size is told twice, differently"));
    }
    let (ink, mut data) = (raw.ink, raw.data);
    if ink == Ink::Cmyk {
        straighten(&mut data, &aside);
    }
    let profile = match aside.profile() {
        Some(icc) => Some(Profile::Icc(icc.into())),
        None if ink == Ink::Rgb && aside.exif.is_some_and(exif::is_adobe_rgb) => {
            Some(Profile::AdobeRgb)
        }
        None => None,
    };
    let conversion = Conversion::new(profile.as_ref(), ink, Depth::Eight);
    let data = whole(data, Layout::opaque(ink), &conversion);
    Picture::new(raw.width, raw.height, header.channels, data)
}

/// Turns four stored samples into inks, of which 0 is none. Adobe's programs, and those that do as they do, store how
/// much light is left instead, and may transform three of them as if they were red, green and blue.
fn straighten(data: &mut [u8], aside: &Aside<'_>) {
    match aside.adobe {
        None => {}
        Some(2) => {
            for pixel in data.chunks_exact_mut(4) {
                // Twice inverted is not inverted: by the transformation and by Adobe.
                ycc_to_rgb(pixel);
                pixel[3] = 255 - pixel[3];
            }
        }
        Some(_) => data.iter_mut().for_each(|sample| *sample = 255 - *sample),
    }
}

/// What a decoder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::image) enum Wanted {
    /// RGB from what is stored as brightness and colour difference; everything else as it is stored.
    Colours,
    /// Everything as it is stored.
    AsStored,
}

/// Samples as they come out of the decoder.
#[derive(Debug)]
pub(in crate::image) struct Raw {
    pub width: u32,
    pub height: u32,
    pub ink: Ink,
    pub data: Vec<u8>,
}

/// Decodes a whole JPEG strictly: what ends early is an error. The caller has checked its size against the limits.
pub(in crate::image) fn decode_raw(bytes: &[u8], wanted: Wanted) -> Result<Raw, ImageError> {
    let header = super::read_header(bytes)?;
    let extent = extent(bytes)?;
    let closed;
    let bytes = if header.progressive {
        bytes
    } else if extent.restart_interval > 0 {
        // A decoder looks for the next restart marker by itself, so the file must stay as it is; count instead.
        if extent.units.div_ceil(extent.restart_interval) > extent.restarts + 1 {
            return Err(ImageError::Truncated {
                format: Format::Jpeg,
            });
        }
        bytes
    } else {
        closed = closed_so_that_reading_on_fails(bytes, &extent);
        &closed
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|error| corrupt(describe(&error)))?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let components = decoder.info().map_or(0, |info| info.components);
    let (ink, out) = match (components, stored) {
        (1, _) => (Ink::Grey, ColorSpace::Luma),
        // The decoder names them by Adobe's marker, and converts neither to the other.
        (4, ColorSpace::CMYK | ColorSpace::YCCK) => (Ink::Cmyk, stored),
        (3, ColorSpace::YCbCr | ColorSpace::YCCK) if wanted == Wanted::AsStored => {
            (Ink::Rgb, ColorSpace::YCbCr)
        }
        (3, _) => (Ink::Rgb, ColorSpace::RGB),
        _ => return Err(corrupt("its colours are told twice, differently")),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(out));
    let (width, height) = header.stored();
    let samples = width as usize * height as usize * ink.count();
    if decoder.dimensions() != Some((width as usize, height as usize))
        || decoder.output_buffer_size() != Some(samples)
    {
        return Err(corrupt("its size is told twice, differently"));
    }
    let mut data = vec![0; samples];
    decoder
        .decode_into(&mut data)
        .map_err(|error| corrupt(describe(&error)))?;
    Ok(Raw {
        width,
        height,
        ink,
        data,
    })
}

/// The decoder's reason on one line; its `Debug` form carries its words.
fn describe(error: &zune_jpeg::errors::DecodeErrors) -> String {
    let words = format!("{error:?}").replace("[strict-mode]: ", "");
    in_words(&words.replace(". Reason:", ": "))
}
