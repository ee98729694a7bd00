//! From strips and tiles to rows of samples, a band of rows at a time.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use ::tiff::TiffError;
use ::tiff::decoder::{Decoder, DecodingResult, Limits};

use super::{Compression, Facts, Photometric, TRUNCATED, chunks, corrupt, tag, unsupported, whole};
use crate::image::colour::{Conversion, Depth, Profile};
use crate::image::ifd::{Directory, Ifds};
use crate::image::jpeg::{self, Wanted};
use crate::image::rows::{Rows, Sample, ycc_to_rgb};
use crate::image::{Header, ImageError, Picture};

/// How a sample is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Whole numbers of 1, 2, 4 or 8 bits.
    Small(u32),
    Whole16,
    Whole32,
    Float32,
    Float64,
}

impl Kind {
    fn of(bits: u64, format: u64) -> Result<Self, ImageError> {
        Ok(match (bits, format) {
            (1 | 2 | 4 | 8, 1 | 4) => Self::Small(bits as u32),
            (16, 1 | 4) => Self::Whole16,
            (32, 1 | 4) => Self::Whole32,
            (32, 3) => Self::Float32,
            (64, 3) => Self::Float64,
            (_, 2) => return Err(unsupported("signed samples")),
            (_, 3) => return Err(unsupported(format!("floating point of {bits} bits"))),
            (_, 1) => return Err(unsupported(format!("{bits} bits per sample"))),
            _ => return Err(unsupported("complex samples")),
        })
    }

    const fn depth(self) -> Depth {
        match self {
            Self::Small(_) => Depth::Eight,
            _ => Depth::Sixteen,
        }
    }
}

/// Decodes the pixels of the first picture as stored, without orientation.
pub(in crate::image) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
    let parts = whole(bytes);
    let broken = |_| corrupt("its directory is broken");
    let ifds = Ifds::of_block(&parts).map_err(broken)?;
    let directory = ifds.directory(ifds.first).map_err(broken)?;
    let facts = Facts::read(&ifds, &directory)?;
    let format = ifds.first_value(&directory, tag::SAMPLE_FORMAT);
    let kind = Kind::of(facts.bits, format.ok().flatten().unwrap_or(1))?;
    let raw = facts.stored_bytes(header.pixels());
    if let Some(ratio) = facts.compression.best_ratio()
        && raw / ratio > bytes.len() as u64
    {
        return Err(TRUNCATED);
    }
    let chunks = chunks(&ifds, &directory, &facts, bytes.len() as u64)?;
    let palette = match facts.photometric {
        Photometric::Palette => Some(palette(&ifds, &directory, facts.bits)?),
        _ => None,
    };
    let profile = directory
        .find(tag::PROFILE)
        .and_then(|entry| ifds.bytes(entry).ok())
        .map(|icc| Profile::Icc(icc.into()));
    let layout = facts.layout();
    let conversion = Conversion::new(profile.as_ref(), layout.ink, kind.depth());
    let mut bands = Bands {
        source: match facts.compression {
            Compression::Jpeg => {
                let tables = directory.find(tag::JPEG_TABLES);
                let tables = tables.and_then(|entry| ifds.bytes(entry).ok());
                Source::Jpeg { bytes, tables }
            }
            _ => Source::Decoder(Box::new(open(bytes, &ifds, &directory, &facts)?)),
        },
        facts: &facts,
        chunks: &chunks,
    };
    let pixels = facts.width as usize * facts.height as usize;
    let mut rows = Rows::new(pixels, layout, conversion);
    let count = facts.height.div_ceil(facts.chunk.1);
    for band in 0..count {
        let band = bands.read(band)?;
        for row in 0..band.rows {
            match (&palette, kind.depth()) {
                (Some(palette), _) => rows.push8(&mut band.colours(row, palette, &facts)),
                (None, Depth::Eight) => rows.push8(&mut band.eight(row, kind, &facts)),
                (None, Depth::Sixteen) => rows.push16(&mut band.sixteen(row, kind, &facts)),
            }
        }
    }
    Picture::new(facts.width, facts.height, header.channels, rows.finish())
}

/// The colours of a palette, as RGB of 8 bits.
fn palette(ifds: &Ifds<'_>, directory: &Directory, bits: u64) -> Result<Vec<[u8; 3]>, ImageError> {
    if bits > 8 {
        return Err(unsupported("a palette of more than 256 colours"));
    }
    let colours = 1_u64 << bits;
    let entry = directory.find(tag::COLOUR_MAP);
    let entry = entry.filter(|entry| entry.kind == 3 && entry.count >= 3 * colours);
    let entry = entry.ok_or_else(|| corrupt("its palette is missing"))?;
    let at = |index| {
        let value = ifds.value(entry, index);
        value.map(|v| v as u16).map_err(|_| TRUNCATED)
    };
    let map: Vec<u16> = (0..3 * colours).map(at).collect::<Result<_, _>>()?;
    // Colours of 8 bits, made 16 by repeating them or by adding zeros; some programs even write 8 where 16 belong.
    let wide = map.iter().any(|value| *value > 255);
    let eight = |value: u16| (if wide { value >> 8 } else { value }) as u8;
    let n = colours as usize;
    Ok((0..n)
        .map(|i| [eight(map[i]), eight(map[n + i]), eight(map[2 * n + i])])
        .collect())
}

/// Opens the file for the crate `tiff`. It does not know palettes and inverts white-is-zero only for some depths, so it
/// is told that such pictures are plain grey; what their samples mean is our business then.
fn open<'a>(
    bytes: &'a [u8],
    ifds: &Ifds<'_>,
    directory: &Directory,
    facts: &Facts,
) -> Result<Decoder<Patched<'a>>, ImageError> {
    let patch = match facts.photometric {
        Photometric::WhiteIsZero | Photometric::Palette => directory.find(tag::PHOTOMETRIC),
        _ => None,
    };
    let patch = patch.map(|entry| {
        let one: &[u8] = match (entry.kind, ifds.big_endian) {
            (4, true) => &[0, 0, 0, 1],
            (4, false) => &[1, 0, 0, 0],
            (_, true) => &[0, 1],
            (_, false) => &[1, 0],
        };
        (entry.at, one)
    });
    let patched = Patched {
        bytes: Cursor::new(bytes),
        patch,
    };
    let mut limits = Limits::default();
    limits.intermediate_buffer_size = bytes.len();
    // A tile; how large they may be has been checked.
    limits.decoding_buffer_size = usize::MAX;
    let decoder = Decoder::new(patched).map_err(|error| describe(&error))?;
    Ok(decoder.with_limits(limits))
}

/// A file in which a few bytes read differently.
#[derive(Debug)]
struct Patched<'a> {
    bytes: Cursor<&'a [u8]>,
    patch: Option<(u64, &'static [u8])>,
}

impl Read for Patched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.bytes.position();
        let count = self.bytes.read(buffer)?;
        if let Some((at, patch)) = self.patch {
            for (place, byte) in (at..).zip(patch) {
                let within = place
                    .checked_sub(start)
                    .and_then(|i| usize::try_from(i).ok());
                if let Some(i) = within.filter(|i| *i < count) {
                    buffer[i] = *byte;
                }
            }
        }
        Ok(count)
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// Where chunks are decoded.
enum Source<'a> {
    Decoder(Box<Decoder<Patched<'a>>>),
    Jpeg {
        bytes: &'a [u8],
        tables: Option<&'a [u8]>,
    },
}

struct Bands<'a> {
    source: Source<'a>,
    facts: &'a Facts,
    chunks: &'a [(u64, u64)],
}

/// Some rows of the picture, as stored: one plane with all samples, or one plane for each.
struct Band {
    rows: usize,
    /// Samples of a pixel within a plane.
    samples: usize,
    /// Bytes of a row of a plane.
    stride: usize,
    planes: Vec<Vec<u8>>,
}

impl Bands<'_> {
    fn read(&mut self, band: u32) -> Result<Band, ImageError> {
        let facts = self.facts;
        let (chunk_width, chunk_height) = facts.chunk;
        let rows = chunk_height.min(facts.height - band * chunk_height);
        let across = facts.width.div_ceil(chunk_width);
        let bands = facts.height.div_ceil(chunk_height);
        let wanted = facts.photometric.stored() as usize + usize::from(facts.alpha.is_some());
        let (planes, samples) = if facts.planar {
            (wanted, 1)
        } else {
            (1, self.samples_in_chunk()?)
        };
        let bits = facts.bits as usize * samples;
        let row_bytes = |width: u32| (width as usize * bits).div_ceil(8);
        let stride = row_bytes(facts.width);
        let mut result = Band {
            rows: rows as usize,
            samples,
            stride,
            planes: Vec::with_capacity(planes),
        };
        for plane in 0..planes as u32 {
            let first = (plane * bands + band) * across;
            if across == 1 && chunk_width == facts.width {
                let mut data = vec![0; stride * rows as usize];
                self.chunk(first, (facts.width, rows), samples, &mut data)?;
                result.planes.push(data);
                continue;
            }
            let mut data = vec![0; stride * rows as usize];
            let mut tile = Vec::new();
            for column in 0..across {
                let left = column * chunk_width;
                let width = chunk_width.min(facts.width - left);
                // Tiles are as wide as a multiple of 16 pixels, so that they begin at whole bytes.
                if !(left as usize * bits).is_multiple_of(8) {
                    return Err(corrupt("its tiles begin within a byte"));
                }
                let (at, length) = (left as usize * bits / 8, row_bytes(width));
                tile.clear();
                tile.resize(length * rows as usize, 0);
                self.chunk(first + column, (width, rows), samples, &mut tile)?;
                for (row, part) in data.chunks_exact_mut(stride).zip(tile.chunks_exact(length)) {
                    row[at..at + length].copy_from_slice(part);
                }
            }
            result.planes.push(data);
        }
        Ok(result)
    }

    /// How many samples of a pixel come out of a chunk. The crate drops those that it does not understand.
    fn samples_in_chunk(&mut self) -> Result<usize, ImageError> {
        match &mut self.source {
            Source::Decoder(decoder) => {
                let colours = decoder.colortype().map_err(|error| describe(&error))?;
                Ok(usize::from(colours.num_samples()))
            }
            Source::Jpeg { .. } => Ok(self.facts.samples as usize),
        }
    }

    /// Decodes one chunk, of which this much is picture, into rows without gaps.
    fn chunk(
        &mut self,
        index: u32,
        (width, height): (u32, u32),
        samples: usize,
        out: &mut [u8],
    ) -> Result<(), ImageError> {
        let (bytes, tables) = match &mut self.source {
            Source::Decoder(decoder) => {
                let (across, rows) = decoder.chunk_data_dimensions(index);
                let (chunk_width, chunk_height) = self.facts.chunk;
                if across != width || rows < height || rows > chunk_height {
                    return Err(corrupt("its strips are told twice, differently"));
                }
                if across == chunk_width && rows == height {
                    return decoder
                        .read_chunk_bytes(index, out)
                        .map_err(|error| describe(&error));
                }
                // Tiles that stick out are read whole: row by row the crate loses LZW's last bytes. And it takes the
                // lowest tiles of the second and later planes for whole ones.
                let bits = self.facts.bits as usize * samples;
                let stride = (chunk_width as usize * bits).div_ceil(8);
                let mut tile = DecodingResult::U8(Vec::new());
                decoder
                    .read_chunk_to_buffer(&mut tile, index, stride)
                    .map_err(|error| describe(&error))?;
                let tile = tile.as_buffer(0);
                let length = out.len() / height as usize;
                let rows = tile.as_bytes().chunks_exact(stride);
                for (to, from) in out.chunks_exact_mut(length).zip(rows) {
                    to.copy_from_slice(&from[..length]);
                }
                return Ok(());
            }
            Source::Jpeg { bytes, tables } => (*bytes, *tables),
        };
        let (offset, length) = *self.chunks.get(index as usize).ok_or(TRUNCATED)?;
        let stored = &bytes[offset as usize..(offset + length) as usize];
        let joined;
        let file = match tables {
            // Tables and pixels are a file each; without the first one's end and the second one's beginning they are
            // one.
            Some(tables) if tables.len() >= 4 && stored.len() >= 2 => {
                joined = [&tables[..tables.len() - 2], &stored[2..]].concat();
                joined.as_slice()
            }
            _ => stored,
        };
        let failed = |error: ImageError| match error {
            ImageError::Truncated { .. } | ImageError::HeaderBeyond { .. } => TRUNCATED,
            ImageError::Unsupported { what, .. } => unsupported(what),
            other => corrupt(other.to_string()),
        };
        let header = jpeg::read_header(file).map_err(failed)?;
        let (tile_width, tile_height) = self.facts.chunk;
        // The lowest strip may be as high as the others, or padded to whole blocks.
        let fits =
            |side: u32, least: u32, most: u32| side >= least && side <= most.next_multiple_of(16);
        let stored = header.stored();
        if !fits(stored.0, width, tile_width) || !fits(stored.1, height, tile_height) {
            return Err(corrupt("a strip has the wrong size"));
        }
        let wanted = match self.facts.photometric {
            Photometric::YCbCr => Wanted::Colours,
            _ => Wanted::AsStored,
        };
        let raw = jpeg::decode_raw(file, wanted).map_err(failed)?;
        if raw.ink.count() != samples || self.facts.bits != 8 {
            return Err(corrupt("a strip has the wrong number of samples"));
        }
        let from = raw.data.chunks_exact(raw.width as usize * samples);
        for (to, from) in out.chunks_exact_mut(width as usize * samples).zip(from) {
            to.copy_from_slice(&from[..to.len()]);
        }
        Ok(())
    }
}

impl Band {
    /// Puts the samples of a row in order: pixel after pixel, only those that are wanted.
    fn gather<S: Copy + Default, const BYTES: usize>(
        &self,
        row: usize,
        facts: &Facts,
        read: impl Fn([u8; BYTES]) -> S,
    ) -> Vec<S> {
        let wanted = facts.photometric.stored() as usize + usize::from(facts.alpha.is_some());
        let mut out = vec![S::default(); facts.width as usize * wanted];
        let mut place = |raw: &[u8], from: usize, to: usize| {
            let samples = raw.as_chunks::<BYTES>().0;
            let pixels = samples.iter().skip(from).step_by(self.samples);
            for (out, sample) in out.iter_mut().skip(to).step_by(wanted).zip(pixels) {
                *out = read(*sample);
            }
        };
        for (plane, data) in self.planes.iter().enumerate() {
            let raw = &data[row * self.stride..(row + 1) * self.stride];
            if self.planes.len() > 1 {
                place(raw, 0, plane);
            } else {
                (0..wanted.min(self.samples)).for_each(|sample| place(raw, sample, sample));
            }
        }
        out
    }

    /// Samples of fewer than 8 bits, the highest bits first, as they are.
    fn unpacked(&self, row: usize, bits: u32, width: u32) -> Vec<u8> {
        let raw = &self.planes[0][row * self.stride..(row + 1) * self.stride];
        let per_byte = 8 / bits;
        let mask = (1_u32 << bits) - 1;
        (0..width)
            .map(|x| {
                let byte = u32::from(raw[(x / per_byte) as usize]);
                (byte >> (8 - bits - bits * (x % per_byte)) & mask) as u8
            })
            .collect()
    }

    /// A row of palette numbers, as RGB.
    fn colours(&self, row: usize, palette: &[[u8; 3]], facts: &Facts) -> Vec<u8> {
        let numbers = if facts.bits == 8 {
            self.gather(row, facts, |[sample]| sample)
        } else {
            self.unpacked(row, facts.bits as u32, facts.width)
        };
        let colour = |number: u8| palette.get(usize::from(number)).copied().unwrap_or([0; 3]);
        numbers.into_iter().flat_map(colour).collect()
    }

    /// A row of at most 8 bits a sample, as 8.
    fn eight(&self, row: usize, kind: Kind, facts: &Facts) -> Vec<u8> {
        let mut out = match kind {
            Kind::Small(bits @ (1 | 2 | 4)) => {
                let most = (1 << bits) - 1;
                let mut row = self.unpacked(row, bits, facts.width);
                for sample in &mut row {
                    *sample = (u32::from(*sample) * 255 / most) as u8;
                }
                row
            }
            _ => self.gather(row, facts, |[sample]| sample),
        };
        match facts.photometric {
            Photometric::WhiteIsZero => invert(&mut out, facts),
            // JPEG has been through this already.
            Photometric::YCbCr if facts.compression != Compression::Jpeg => to_rgb(&mut out, facts),
            _ => {}
        }
        out
    }

    /// A row of deeper samples, as 16 bits. Floating point goes from 0 to 1.
    fn sixteen(&self, row: usize, kind: Kind, facts: &Facts) -> Vec<u16> {
        let share = |value: f64| (value.clamp(0.0, 1.0) * 65_535.0 + 0.5) as u16;
        let mut out = match kind {
            Kind::Whole32 => self.gather(row, facts, |bytes| {
                let value = u64::from(u32::from_ne_bytes(bytes));
                ((value * 65_535 + u64::from(u32::MAX) / 2) / u64::from(u32::MAX)) as u16
            }),
            Kind::Float32 => self.gather(row, facts, |bytes| {
                share(f64::from(f32::from_ne_bytes(bytes)))
            }),
            Kind::Float64 => self.gather(row, facts, |bytes| share(f64::from_ne_bytes(bytes))),
            Kind::Whole16 | Kind::Small(_) => self.gather(row, facts, u16::from_ne_bytes),
        };
        if facts.photometric == Photometric::WhiteIsZero {
            invert(&mut out, facts);
        }
        out
    }
}

/// Exchanges black and white, but not opaque and transparent.
fn invert<S: Sample>(row: &mut [S], facts: &Facts) {
    for sample in row.iter_mut().step_by(facts.layout().count()) {
        *sample = S::narrow(S::MOST - sample.wide());
    }
}

/// A row of brightness and colour differences to RGB.
fn to_rgb(row: &mut [u8], facts: &Facts) {
    for pixel in row.chunks_exact_mut(facts.layout().count()) {
        ycc_to_rgb(pixel);
    }
}

fn describe(error: &TiffError) -> ImageError {
    match error {
        TiffError::IoError(io) if io.kind() == io::ErrorKind::UnexpectedEof => TRUNCATED,
        TiffError::UnsupportedError(what) => unsupported(what.to_string()),
        TiffError::LimitsExceeded => {
            unsupported("larger strips or lists of them than its pixels need")
        }
        other => corrupt(other.to_string()),
    }
}
