//! PNG files of all kinds: by palette, as grey of few bits, as true colour, with 16 bits, with transparency.

use png::{BitDepth, ColorType, Filter};

use super::palette::{Indexed, Loss};
use super::transparent::{lift, lift_all};
use super::{OutputError, deflate};
use crate::image::{Channels, ImageError, Picture};

fn failed(error: &png::EncodingError) -> OutputError {
    OutputError::Unencodable {
        format: "PNG",
        detail: error.to_string(),
    }
}

/// What stands before the pixels.
struct Head<'a> {
    size: (u32, u32),
    colour: ColorType,
    depth: BitDepth,
    /// Colours of the palette, and their alpha.
    palette: Option<(&'a [u8], Option<&'a [u8]>)>,
    compression: Compression,
    exif: Option<&'a [u8]>,
}

enum Compression {
    /// Adaptive filters and the quickest deflate: for true colour, as `image::encode_png` has it.
    Adaptive,
    /// No filter and the closest deflate, for indices and single bits.
    Plain,
}

fn write(head: &Head<'_>, pixels: &[u8]) -> Result<Vec<u8>, OutputError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, head.size.0, head.size.1);
    encoder.set_color(head.colour);
    encoder.set_depth(head.depth);
    if let Some((colours, alpha)) = head.palette {
        encoder.set_palette(colours);
        if let Some(alpha) = alpha {
            encoder.set_trns(alpha);
        }
    }
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    if let Some(exif) = head.exif {
        writer
            .write_chunk(png::chunk::eXIf, exif)
            .map_err(|error| failed(&error))?;
    }
    match head.compression {
        Compression::Adaptive => writer.write_image_data(pixels),
        Compression::Plain => {
            let bits = head.size.0 as usize * head.depth as usize;
            let row = bits.div_ceil(8);
            writer.write_chunk(png::chunk::IDAT, &deflate::plain(pixels, row)?)
        }
    }
    .map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    Ok(out)
}

/// A picture by palette, or as grey where that needs no more bits: 1, 2, 4 or 8 of them. With `alpha` (of each colour)
/// it is always a palette.
pub(super) fn indexed(
    picture: &Indexed,
    alpha: Option<&[u8]>,
    exif: Option<&[u8]>,
) -> Result<Vec<u8>, OutputError> {
    let size = (picture.width, picture.height);
    let compression = Compression::Plain;
    let bits = bits_of(picture.palette.len());
    if let (Some(grey), None) = (grey_bits(&picture.palette), alpha)
        && grey <= bits
    {
        let scale = 255 / ((1_u16 << grey) - 1);
        let levels = picture.palette.iter().map(|colour| colour[0] / scale as u8);
        let levels: Vec<u8> = levels.collect();
        let head = Head {
            size,
            colour: ColorType::Grayscale,
            depth: depth(grey),
            palette: None,
            compression,
            exif,
        };
        return write(&head, &pack(picture, grey, |index| levels[index as usize]));
    }
    let head = Head {
        size,
        colour: ColorType::Indexed,
        depth: depth(bits),
        palette: Some((picture.palette.as_flattened(), alpha)),
        compression,
        exif,
    };
    write(&head, &pack(picture, bits, |index| index))
}

/// Bits that tell so many colours apart.
pub(super) fn bits_of(colours: usize) -> u32 {
    match colours {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    }
}

/// Bits in which these colours are levels of grey, if they all are.
fn grey_bits(palette: &[[u8; 3]]) -> Option<u32> {
    let grey = |&[red, green, blue]: &[u8; 3]| red == green && green == blue;
    if !palette.iter().all(grey) {
        return None;
    }
    let steps = [(1, 255), (2, 85), (4, 17), (8, 1)];
    let mut fitting = steps.into_iter().filter(|&(_, step)| {
        let mut levels = palette.iter().map(|colour| colour[0]);
        levels.all(|level| level % step == 0)
    });
    fitting.next().map(|(bits, _)| bits)
}

fn depth(bits: u32) -> BitDepth {
    match bits {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        _ => BitDepth::Eight,
    }
}

/// Rows of whole bytes, the first pixel in the highest bits.
pub(super) fn pack(picture: &Indexed, bits: u32, of: impl Fn(u8) -> u8) -> Vec<u8> {
    let per_byte = (8 / bits) as usize;
    let width = picture.width as usize;
    let mut packed = Vec::with_capacity(width.div_ceil(per_byte) * picture.height as usize);
    for row in picture.indices.chunks_exact(width) {
        packed.extend(row.chunks(per_byte).map(|group| {
            let places = (0..per_byte as u32).rev().map(|place| place * bits);
            let pairs = group.iter().zip(places);
            pairs.fold(0, |byte, (&index, shift)| byte | of(index) << shift)
        }));
    }
    packed
}

/// A picture whose white is transparent, by palette.
pub(super) fn indexed_on_nothing(
    picture: &Indexed,
    exif: Option<&[u8]>,
) -> Result<Vec<u8>, OutputError> {
    let lifted: Vec<[u8; 4]> = picture.palette.iter().map(|&colour| lift(colour)).collect();
    let alpha: Vec<u8> = lifted.iter().map(|colour| colour[3]).collect();
    let lifted = Indexed {
        palette: lifted.iter().map(|&[r, g, b, _]| [r, g, b]).collect(),
        ..picture.clone()
    };
    indexed(&lifted, Some(&alpha), exif)
}

/// A picture whose white is transparent, with the coverage of every pixel.
pub(super) fn on_nothing(picture: &Picture, exif: Option<&[u8]>) -> Result<Vec<u8>, OutputError> {
    let head = Head {
        size: (picture.width, picture.height),
        colour: match picture.channels {
            Channels::Grey => ColorType::GrayscaleAlpha,
            Channels::Rgb => ColorType::Rgba,
        },
        depth: BitDepth::Eight,
        palette: None,
        compression: Compression::Adaptive,
        exif,
    };
    write(&head, &lift_all(picture))
}

/// Black where the darkest channel is below `threshold`, white elsewhere: one bit per pixel.
pub(super) fn mask(picture: &Picture, threshold: u8) -> Result<Vec<u8>, OutputError> {
    let step = picture.channels.count();
    let samples = picture.data.chunks_exact(step);
    let indices = samples.map(|pixel| u8::from(pixel.iter().any(|&sample| sample < threshold)));
    let mask = Indexed {
        width: picture.width,
        height: picture.height,
        palette: vec![[255; 3], [0; 3]],
        indices: indices.collect(),
        loss: Loss::default(),
    };
    indexed(&mask, None, None)
}

/// Samples of 16 bits as a PNG, tagged sRGB: `width · height · channels` of them.
pub fn png16(
    width: u32,
    height: u32,
    channels: Channels,
    samples: &[u16],
) -> Result<Vec<u8>, OutputError> {
    let want = u64::from(width) * u64::from(height) * channels.count() as u64;
    if width == 0 || height == 0 || samples.len() as u64 != want {
        return Err(OutputError::Image(ImageError::Shape {
            width,
            height,
            samples: samples.len(),
        }));
    }
    let head = Head {
        size: (width, height),
        colour: match channels {
            Channels::Grey => ColorType::Grayscale,
            Channels::Rgb => ColorType::Rgb,
        },
        depth: BitDepth::Sixteen,
        palette: None,
        compression: Compression::Adaptive,
        exif: None,
    };
    let pairs = samples.iter().map(|sample| sample.to_be_bytes());
    write(&head, &pairs.collect::<Vec<_>>().into_flattened())
}
