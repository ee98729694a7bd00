//! Strips and tiles of a file, wherever it lies, as bands of rows.

use std::io::{self, Read, Seek, SeekFrom};

use ::tiff::TiffError;
use ::tiff::decoder::{Decoder, DecodingResult, Limits};

use super::{Facts, Photometric, TRUNCATED, corrupt, tag, unsupported};
use crate::image::ImageError;
use crate::image::error::in_words;
use crate::image::ifd::{Directory, Ifds};
use crate::image::jpeg::{self, Wanted};

/// Bytes of a file that shall read differently.
pub(in crate::image) type Patch = (u64, &'static [u8]);

/// The crate `tiff` does not know palettes and inverts white-is-zero only for some depths, so it is told that such
/// pictures are plain grey; what their samples mean is our business then.
pub(super) fn plain_grey(ifds: &Ifds<'_>, directory: &Directory, facts: &Facts) -> Option<Patch> {
    let entry = match facts.photometric {
        Photometric::WhiteIsZero | Photometric::Palette => directory.find(tag::PHOTOMETRIC)?,
        _ => return None,
    };
    let one: &[u8] = match (entry.kind, ifds.big_endian) {
        (4, true) => &[0, 0, 0, 1],
        (4, false) => &[1, 0, 0, 0],
        (_, true) => &[0, 1],
        (_, false) => &[1, 0],
    };
    Some((entry.at, one))
}

/// Opens a file of so many bytes for the crate `tiff`.
pub(super) fn open<R: Read + Seek>(
    file: R,
    file_bytes: u64,
    patch: Option<Patch>,
) -> Result<Decoder<Patched<R>>, ImageError> {
    let patched = Patched { file, at: 0, patch };
    let mut limits = Limits::default();
    limits.intermediate_buffer_size = usize::try_from(file_bytes).unwrap_or(usize::MAX);
    // A tile; how large they may be has been checked.
    limits.decoding_buffer_size = usize::MAX;
    let decoder = Decoder::new(patched).map_err(|error| describe(&error))?;
    Ok(decoder.with_limits(limits))
}

/// A file in which a few bytes read differently.
#[derive(Debug)]
pub(super) struct Patched<R> {
    file: R,
    at: u64,
    patch: Option<Patch>,
}

impl<R: Read> Read for Patched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.at;
        let count = self.file.read(buffer)?;
        self.at += count as u64;
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

impl<R: Seek> Seek for Patched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

/// Where chunks are decoded.
pub(super) enum Source<'a, R: Read + Seek> {
    Decoder(Box<Decoder<Patched<R>>>),
    Jpeg {
        bytes: &'a [u8],
        tables: Option<&'a [u8]>,
        /// Where each chunk lies and how long it is.
        chunks: &'a [(u64, u64)],
    },
}

/// A file's bands, which may be read in any order.
pub(super) struct Bands<'a, R: Read + Seek> {
    pub source: Source<'a, R>,
    pub facts: Facts,
    /// How many samples of each pixel are wanted.
    pub wanted: usize,
}

/// Some rows of the picture, as stored: one plane with all samples, or one plane for each.
pub(in crate::image) struct Band {
    pub rows: usize,
    /// Samples of a pixel within a plane.
    pub samples: usize,
    /// Bytes of a row of a plane.
    pub stride: usize,
    pub planes: Vec<Vec<u8>>,
}

impl<R: Read + Seek> Bands<'_, R> {
    pub fn read(&mut self, band: u32) -> Result<Band, ImageError> {
        let facts = self.facts;
        let (chunk_width, chunk_height) = facts.chunk;
        let rows = chunk_height.min(facts.height - band * chunk_height);
        let across = facts.width.div_ceil(chunk_width);
        let bands = facts.height.div_ceil(chunk_height);
        let (planes, samples) = if facts.planar {
            (self.wanted, 1)
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
        let (bytes, tables, chunks) = match &mut self.source {
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
            Source::Jpeg {
                bytes,
                tables,
                chunks,
            } => (*bytes, *tables, *chunks),
        };
        let (offset, length) = *chunks.get(index as usize).ok_or(TRUNCATED)?;
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
            ImageError::Corrupt { detail, .. } => {
                corrupt(format!("in the JPEG of a strip or tile, {detail}"))
            }
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

pub(super) fn describe(error: &TiffError) -> ImageError {
    match error {
        TiffError::IoError(io) if io.kind() == io::ErrorKind::UnexpectedEof => TRUNCATED,
        TiffError::UnsupportedError(what) => unsupported(in_words(what)),
        TiffError::LimitsExceeded => {
            unsupported("larger strips or lists of them than its pixels need")
        }
        other => corrupt(in_words(other)),
    }
}
