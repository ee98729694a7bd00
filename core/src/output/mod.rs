//! What a cleaning gives: a cleaned picture as a file, in any of several [formats](Format), as bytes.
//!
//! The same picture gives the same bytes on every machine and with any number of threads. All files are sRGB: PNG says
//! so, and in JPEG, WebP, SVG and PDF it is what no profile means.
//!
//! Where to start: [`palette`] for what the eye does not miss; `png.rs` and `photo.rs` for files of pixels; [`mod@pdf`] for
//! documents; [`mod@svg`] for drawings.

mod deflate;
mod encoded;
mod error;
pub mod palette;
pub mod pdf;
mod photo;
mod png;
pub mod svg;
mod transparent;

pub use encoded::{Chosen, Encoded, Format};
pub use error::OutputError;
pub use pdf::{PageSize, Pdf};
pub use png::png16;

use crate::image::{Picture, png as true_colour};

/// Writes a cleaned picture in a format. `exif` is the block that goes along (the one that
/// [`crate::image::encode_png_with_metadata`] would write): into PNG, JPEG (up to 64 KiB) and WebP, but not into ink
/// masks, drawings and documents.
pub fn encode(
    picture: &Picture,
    format: &Format,
    exif: Option<&[u8]>,
) -> Result<Encoded, OutputError> {
    check(picture)?;
    match *format {
        Format::Svg => return svg_of(picture),
        Format::Pdf => return pdf_of(picture),
        Format::Png8 => return png8(picture, &palette::Options::default(), exif),
        Format::TransparentPng => {
            return transparent_png(picture, &palette::Options::default(), exif);
        }
        _ => {}
    }
    let (bytes, chosen) = match *format {
        Format::Jpeg { quality } => (photo::jpeg(picture, quality, exif)?, Chosen::TrueColour),
        Format::WebP => (photo::webp(picture, exif)?, Chosen::TrueColour),
        Format::InkMask { threshold } => (png::mask(picture, threshold)?, Chosen::Bits),
        Format::Png | Format::Png8 | Format::TransparentPng | Format::Pdf | Format::Svg => {
            (true_colour::encode(picture, exif)?, Chosen::TrueColour)
        }
    };
    Ok(Encoded::new(*format, bytes, chosen))
}

/// A PNG by palette where that loses nothing visible, otherwise one in true colour.
pub fn png8(
    picture: &Picture,
    options: &palette::Options,
    exif: Option<&[u8]>,
) -> Result<Encoded, OutputError> {
    check(picture)?;
    let (bytes, chosen) = match palette::reduce(picture, options) {
        Some(indexed) => (png::indexed(&indexed, None, exif)?, Chosen::of(&indexed)),
        None => (true_colour::encode(picture, exif)?, Chosen::TrueColour),
    };
    Ok(Encoded::new(Format::Png8, bytes, chosen))
}

/// A PNG whose white is transparent: what darkens the paper is ink that covers it. Laid over white it is the cleaned
/// picture again (within one level beside what the palette loses). By palette where that loses nothing visible.
pub fn transparent_png(
    picture: &Picture,
    options: &palette::Options,
    exif: Option<&[u8]>,
) -> Result<Encoded, OutputError> {
    check(picture)?;
    let (bytes, chosen) = match palette::reduce(picture, options) {
        Some(indexed) => (
            png::indexed_on_nothing(&indexed, exif)?,
            Chosen::of(&indexed),
        ),
        None => (png::on_nothing(picture, exif)?, Chosen::TrueColour),
    };
    Ok(Encoded::new(Format::TransparentPng, bytes, chosen))
}

fn svg_of(picture: &Picture) -> Result<Encoded, OutputError> {
    let svg = svg::svg(picture, &svg::Options::default())?;
    let chosen = Chosen::Outlines {
        paths: svg.paths,
        colours: svg.colours,
        left_out: svg.left_out,
    };
    Ok(Encoded::new(Format::Svg, svg.text.into_bytes(), chosen))
}

/// A document of one page, which is as long as a sheet of A4.
fn pdf_of(picture: &Picture) -> Result<Encoded, OutputError> {
    let mut pdf = Pdf::new(Vec::new(), None)?;
    let chosen = pdf.page(picture, PageSize::default())?;
    Ok(Encoded::new(Format::Pdf, pdf.finish()?, chosen))
}

/// The fields of a picture are public: it may have been put together with too few samples.
fn check(picture: &Picture) -> Result<(), OutputError> {
    let (width, height) = (picture.width, picture.height);
    let want = u64::from(width) * u64::from(height) * picture.channels.count() as u64;
    if width == 0 || height == 0 || picture.data.len() as u64 != want {
        return Err(OutputError::Image(crate::image::ImageError::Shape {
            width,
            height,
            samples: picture.data.len(),
        }));
    }
    Ok(())
}
