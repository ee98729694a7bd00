//! PNG: header by our own walk over the chunks, pixels in and out by the crate `png`.

use std::io::{BufRead, Cursor, Seek};

use png::{BitDepth, ColorType, DecodingError, Transformations};

use super::colour::{Conversion, Depth, MOST_PROFILE_BYTES, Profile};
use super::error::in_words;
use super::rows::{Alpha, Ink, Layout, Rows, whole};
use super::{Channels, Format, Header, ImageError, Meaning, Picture, exif as exif_block};

/// The eight bytes every PNG file begins with.
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::Png,
        detail: detail.into(),
    }
}

/// Reads chunks up to the first pixels.
pub(super) fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    let beyond = || ImageError::HeaderBeyond {
        format: Format::Png,
        given: head.len(),
    };
    let mut at = SIGNATURE.len();
    let mut header: Option<Header> = None;
    loop {
        let start = head.get(at..at + 8).ok_or_else(beyond)?;
        let length = u32::from_be_bytes([start[0], start[1], start[2], start[3]]) as usize;
        let kind = &start[4..8];
        if length > i32::MAX as usize {
            return Err(corrupt("a chunk has an impossible length"));
        }
        match (kind, header.as_mut()) {
            (b"IHDR", None) => {
                let payload = head.get(at + 8..at + 8 + length).ok_or_else(beyond)?;
                header = Some(parse_ihdr(payload)?);
            }
            (_, None) => return Err(corrupt("its first chunk is not a header")),
            (b"eXIf", Some(header)) => {
                let payload = head.get(at + 8..at + 8 + length).ok_or_else(beyond)?;
                if header.orientation == 1 {
                    *header = header.held(exif_block::orientation(payload));
                }
            }
            (b"acTL", Some(header)) => {
                // How many frames an animation has.
                let frames = head.get(at + 8..at + 12).ok_or_else(beyond)?;
                header.more_pictures = length >= 4 && !matches!(frames, [0, 0, 0, 0 | 1]);
            }
            (b"IDAT", Some(header)) => return Ok(*header),
            (b"IEND", Some(_)) => return Err(corrupt("it has no pixels")),
            _ => {}
        }
        at = at.saturating_add(length).saturating_add(12);
    }
}

fn parse_ihdr(payload: &[u8]) -> Result<Header, ImageError> {
    let &[
        w3,
        w2,
        w1,
        w0,
        h3,
        h2,
        h1,
        h0,
        depth,
        colour,
        _,
        _,
        interlace,
    ] = payload
    else {
        return Err(corrupt("its header has the wrong length"));
    };
    let (width, height) = (
        u32::from_be_bytes([w3, w2, w1, w0]),
        u32::from_be_bytes([h3, h2, h1, h0]),
    );
    if width == 0 || height == 0 {
        return Err(corrupt("its width or height is zero"));
    }
    if width > i32::MAX as u32 || height > i32::MAX as u32 {
        return Err(corrupt("its width or height is impossible"));
    }
    let channels = match colour {
        0 | 4 => Channels::Grey,
        2 | 3 | 6 => Channels::Rgb,
        _ => return Err(corrupt("its colour type does not exist")),
    };
    let progressive = interlace != 0;
    // An interlaced picture is decoded as a whole, with all its samples, before it is reduced to ours.
    let samples: u64 = match colour {
        0 => 1,
        4 => 2,
        2 => 3,
        _ => 4,
    };
    let pixels = u64::from(width) * u64::from(height);
    let whole = pixels.saturating_mul(samples * u64::from(depth.div_ceil(8)));
    Ok(Header {
        width,
        height,
        channels,
        format: Format::Png,
        orientation: 1,
        progressive,
        decoder_bytes: if progressive { whole } else { 0 },
        more_pictures: false,
    })
}

/// The EXIF block, also where it comes after the pixels.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = SIGNATURE.len();
    loop {
        let start = bytes.get(at..at.checked_add(8)?)?;
        let length = u32::from_be_bytes([start[0], start[1], start[2], start[3]]) as usize;
        let end = at.checked_add(8)?.checked_add(length)?;
        match &start[4..] {
            b"eXIf" => return bytes.get(at + 8..end),
            b"IEND" => return None,
            _ => at = end.checked_add(4)?,
        }
    }
}

/// Bytes of pixels that a byte of the file can tell at best: deflate repeats 258 bytes by two bits.
const MOST_BYTES_PER_BYTE: u64 = 1032;
/// Room for what is not pixels: profile, EXIF, one row. Text is not read at all.
const METADATA_BYTES: usize = 2 * MOST_PROFILE_BYTES;

/// Opens a file, which is made anew for every try; a profile that is too large, or unpacks to too much, is ignored.
/// Samples come out as 8 or 16 bits, without palette.
pub(crate) fn open<R: BufRead + Seek, E: From<ImageError>>(
    mut file: impl FnMut() -> Result<R, E>,
) -> Result<png::Reader<R>, E> {
    let read = |file: R, with_profile: bool| {
        let mut options = png::DecodeOptions::default();
        options.set_ignore_adler32(false);
        options.set_ignore_text_chunk(true);
        options.set_ignore_iccp_chunk(!with_profile);
        let mut decoder = png::Decoder::new_with_options(file, options);
        decoder.set_limits(png::Limits {
            bytes: METADATA_BYTES,
        });
        decoder.set_transformations(Transformations::EXPAND);
        decoder.read_info()
    };
    match read(file()?, true) {
        Err(DecodingError::LimitsExceeded) => read(file()?, false),
        other => other,
    }
    .map_err(|error| describe(&error).into())
}

/// An error when a file of so many bytes cannot hold the pixels that its header tells of.
pub(crate) fn check_size(info: &png::Info<'_>, file_bytes: u64) -> Result<(), ImageError> {
    let stored = u64::from(info.height).saturating_mul(info.raw_row_length() as u64);
    if stored / MOST_BYTES_PER_BYTE > file_bytes {
        return Err(ImageError::Truncated {
            format: Format::Png,
        });
    }
    Ok(())
}

/// Decodes the pixels as stored, without orientation: palette and low bit depths expanded, 16 bits reduced to the
/// nearest eight, transparency laid over white, colours in sRGB.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    let mut reader = open(|| Ok::<_, ImageError>(Cursor::new(bytes)))?;
    let (width, height) = (reader.info().width, reader.info().height);
    if (width, height) != header.stored() {
        return Err(corrupt("its size is told twice, differently"));
    }
    check_size(reader.info(), bytes.len() as u64)?;
    let (colour, depth) = reader.output_color_type();
    let layout = layout(colour);
    let deep = match depth {
        BitDepth::Eight => false,
        BitDepth::Sixteen => true,
        _ => return Err(corrupt("its samples do not come out as 8 or 16 bits")),
    };
    let profile = profile(reader.info());
    let levels = if deep { Depth::Sixteen } else { Depth::Eight };
    let conversion = Conversion::new(profile.as_ref(), layout.ink, levels);
    let pixels = width as usize * height as usize;
    let data = if reader.info().interlaced {
        let size = reader
            .output_buffer_size()
            .ok_or_else(|| corrupt("its size overflows"))?;
        let mut frame = vec![0; size];
        reader
            .next_frame(&mut frame)
            .map_err(|error| describe(&error))?;
        if deep {
            let mut rows = Rows::new(pixels, layout, conversion);
            for row in frame.chunks_exact(width as usize * layout.count() * 2) {
                rows.push16(&mut wide(row));
            }
            rows.finish()
        } else {
            whole(frame, layout, &conversion)
        }
    } else {
        let mut rows = Rows::new(pixels, layout, conversion);
        let mut eight = Vec::new();
        while let Some(row) = reader.next_row().map_err(|error| describe(&error))? {
            if deep {
                rows.push16(&mut wide(row.data()));
            } else {
                eight.clear();
                eight.extend_from_slice(row.data());
                rows.push8(&mut eight);
            }
        }
        rows.finish()
    };
    reader.finish().map_err(|error| describe(&error))?;
    Picture::new(width, height, header.channels, data).map_err(|_| corrupt("it has too few pixels"))
}

/// What a pixel's samples are, as they come out of the decoder.
fn layout(colour: ColorType) -> Layout {
    let (ink, alpha) = match colour {
        ColorType::Grayscale => (Ink::Grey, None),
        ColorType::GrayscaleAlpha => (Ink::Grey, Some(Alpha::Straight)),
        ColorType::Rgb | ColorType::Indexed => (Ink::Rgb, None),
        ColorType::Rgba => (Ink::Rgb, Some(Alpha::Straight)),
    };
    Layout { ink, alpha }
}

/// What the samples of a file that was [opened](open) mean.
pub(crate) fn meaning<R: BufRead + Seek>(reader: &png::Reader<R>) -> Meaning {
    let (colour, depth) = reader.output_color_type();
    let deep = depth == BitDepth::Sixteen;
    Meaning::new(
        layout(colour),
        colour.samples(),
        deep,
        profile(reader.info()),
    )
}

/// Samples of 16 bits, as a PNG stores them.
fn wide(row: &[u8]) -> Vec<u16> {
    let pairs = row.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

/// What the file says of its colours, by the order in which chunks outrank each other (PNG, third edition, 4.3): `cICP`,
/// `iCCP`, `sRGB`, `gAMA`. Of `cICP` only Display P3 is honoured; what it says of film and television (PQ, HLG) is not
/// for boards. `cHRM` is ignored: programs have written too much nonsense there.
fn profile<'a>(info: &'a png::Info<'_>) -> Option<Profile<'a>> {
    /// ITU-T H.273: primaries of Display P3, of sRGB; sRGB's curve.
    const P3: u8 = 12;
    const SRGB: u8 = 1;
    const SRGB_CURVE: u8 = 13;
    if let Some(points) = &info.coding_independent_code_points {
        match (points.color_primaries, points.transfer_function) {
            (P3, SRGB_CURVE) => return Some(Profile::DisplayP3),
            (SRGB, SRGB_CURVE) => return None,
            _ => {}
        }
    }
    if let Some(icc) = &info.icc_profile {
        return Some(Profile::Icc(icc.as_ref().into()));
    }
    if info.srgb.is_some() {
        return None;
    }
    // 45455 stands for sRGB's own curve, as all programs use it; so does what is about the same.
    let gamma = f64::from(info.gama_chunk?.into_scaled()) / 100_000.0;
    let plausible = (0.1..=10.0).contains(&gamma);
    (plausible && (gamma - 0.454_55).abs() > 0.01).then(|| Profile::Gamma(1.0 / gamma))
}

pub(crate) fn describe(error: &DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            ImageError::Truncated {
                format: Format::Png,
            }
        }
        DecodingError::LimitsExceeded => ImageError::Unsupported {
            format: Format::Png,
            what: format!("more than {} MiB of metadata", METADATA_BYTES >> 20),
        },
        other => {
            let words = in_words(other);
            if words.contains("CRC") {
                corrupt("a checksum is wrong, so bytes of it have changed")
            } else {
                corrupt(words)
            }
        }
    }
}

/// Encodes with the filter and the compressor that suit cleaned boards, which are mostly one colour. Measured on a
/// cleaned board of 24 MP (and on a cleaned photograph of 10 MP, all clutter): `Fast` with adaptive filters 3.71 MB in
/// 0.06 s of processor time (5.40 MB in 0.05 s), with any fixed filter 4.20 to 31.7 MB; `Balanced` 3.55 MB in 2.1 s
/// (4.78 MB in 1.8 s): forty times the time for a twentieth of the size.
pub(crate) fn encode(picture: &Picture, exif: Option<&[u8]>) -> Result<Vec<u8>, ImageError> {
    let failed = |error: png::EncodingError| ImageError::Unencodable {
        detail: error.to_string(),
    };
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, picture.width, picture.height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_color(match picture.channels {
        Channels::Grey => ColorType::Grayscale,
        Channels::Rgb => ColorType::Rgb,
    });
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Adaptive);
    let mut writer = encoder.write_header().map_err(failed)?;
    if let Some(exif) = exif {
        writer.write_chunk(png::chunk::eXIf, exif).map_err(failed)?;
    }
    writer.write_image_data(&picture.data).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
