//! A file's rows one after the other, deep samples as deep as they are: for pictures that do not fit into memory.
//!
//! Rows of strips without compression are read where they lie, so that a file of one huge strip is as good as any. Of
//! compressed strips and of tiles, one row of them is held.

use std::io::{self, Read, Seek, SeekFrom};

use super::bands::{Band, Bands, Patch, Source, open, plain_grey};
use super::pixels::Kind;
use super::{Compression, Facts, Photometric, TRUNCATED, chunks, corrupt, tag, unsupported};
use crate::image::colour::{MOST_PROFILE_BYTES, Profile};
use crate::image::header::elsewhere;
use crate::image::ifd::{Directory, IfdError, Ifds};
use crate::image::parts::Parts;
use crate::image::{Format, ImageError, Meaning};
use crate::strips::SampleKind;

/// What must be known of a file before its rows can be read.
pub(crate) struct Plan {
    facts: Facts,
    /// What a sample is.
    pub kind: SampleKind,
    /// Samples of a pixel that are read; the last one may be transparency.
    pub channels: usize,
    chunks: Vec<(u64, u64)>,
    patch: Option<Patch>,
    big_endian: bool,
    /// Rows can be read where they lie.
    direct: bool,
    /// The colour profile.
    pub profile: Option<Vec<u8>>,
}

/// How a file can be read.
pub(crate) enum Planned {
    /// Row by row.
    Rows(Plan),
    /// Only as a whole, by the reader of 8-bit pictures.
    Whole,
}

impl Plan {
    /// Reads it from the parts of a file that are at hand.
    pub(in crate::image) fn read(parts: Parts<'_>, file_bytes: u64) -> Result<Planned, ImageError> {
        let missing = elsewhere(Format::Tiff);
        let failed = |error| match error {
            IfdError::Missing(gone) => elsewhere(Format::Tiff)(gone),
            IfdError::Broken => corrupt("its directory is broken"),
        };
        let ifds = Ifds::new(parts).map_err(failed)?;
        let directory = ifds.directory(ifds.first).map_err(failed)?;
        let bits = same(&ifds, &directory, tag::BITS, &failed)?;
        let format = same(&ifds, &directory, tag::SAMPLE_FORMAT, &failed)?.unwrap_or(1);
        let facts = Facts::read(&ifds, &directory)?;
        let kind = match (Kind::of(bits.unwrap_or(1), format)?, facts.photometric) {
            (Kind::Small(_), Photometric::Palette | Photometric::Cmyk | Photometric::YCbCr)
            | (Kind::Small(1 | 2 | 4), _) => return Ok(Planned::Whole),
            (Kind::Small(_), _) if facts.compression == Compression::Jpeg => {
                return Ok(Planned::Whole);
            }
            (Kind::Small(_), _) => SampleKind::U8,
            (Kind::Whole16, Photometric::Palette) => {
                return Err(unsupported("a palette of more than 256 colours"));
            }
            (_, Photometric::Cmyk) => return Err(unsupported("deep inks (CMYK)")),
            (_, Photometric::YCbCr) => return Err(unsupported("deep colour differences")),
            (Kind::Whole16, _) => SampleKind::U16,
            (Kind::Float32, _) => SampleKind::F32,
            (Kind::Whole32, _) => return Err(unsupported("whole numbers of 32 bits")),
            (Kind::Float64, _) => return Err(unsupported("floating point of 64 bits")),
        };
        facts.check_size(file_bytes)?;
        let chunks = chunks(&ifds, &directory, &facts, file_bytes, &missing)?;
        let predicted = ifds.first_value(&directory, tag::PREDICTOR);
        let predicted = predicted.map_err(&missing)?.is_some_and(|kind| kind != 1);
        let tiled = directory.find(tag::TILE_WIDTH).is_some();
        let profile = directory.find(tag::PROFILE);
        let small = |length: u64| length <= MOST_PROFILE_BYTES as u64;
        let profile = match profile.filter(|entry| entry.length().is_some_and(small)) {
            Some(entry) => Some(ifds.bytes(entry).map_err(failed)?.to_vec()),
            None => None,
        };
        Ok(Planned::Rows(Self {
            channels: channels(&facts)?,
            kind,
            chunks,
            patch: plain_grey(&ifds, &directory, &facts),
            big_endian: ifds.big_endian,
            direct: facts.compression == Compression::None && !(tiled || facts.planar || predicted),
            profile,
            facts,
        }))
    }

    /// Width and height as stored.
    pub fn size(&self) -> (u32, u32) {
        (self.facts.width, self.facts.height)
    }

    /// EXIF orientation, 1 to 8.
    pub fn orientation(&self) -> u8 {
        self.facts.orientation
    }

    /// Whether the last sample of a pixel is transparency.
    pub fn alpha(&self) -> bool {
        self.facts.alpha.is_some()
    }

    /// Whether black and white are exchanged in what is stored.
    pub fn white_is_zero(&self) -> bool {
        self.facts.photometric == Photometric::WhiteIsZero
    }

    /// What the samples mean, as they are read.
    pub fn meaning(&self) -> Meaning {
        let profile = self.profile.clone().map(|icc| Profile::Icc(icc.into()));
        let deep = self.kind != SampleKind::U8;
        Meaning::new(self.facts.layout(), self.channels, deep, profile)
    }

    /// Whether all rows come out of the decoder at once.
    pub fn whole(&self) -> bool {
        !self.direct && self.facts.chunk.1 >= self.facts.height
    }

    /// What reading holds in memory, in bytes.
    pub fn buffer_bytes(&self) -> u64 {
        let row = self.facts.stored_bytes(u64::from(self.facts.width));
        if self.direct {
            row.saturating_mul(2)
        } else {
            self.facts.decoder_bytes().saturating_add(row)
        }
    }
}

/// The value that a tag has for every sample alike.
fn same(
    ifds: &Ifds<'_>,
    directory: &Directory,
    tag: u16,
    failed: &dyn Fn(IfdError) -> ImageError,
) -> Result<Option<u64>, ImageError> {
    let Some(entry) = directory.find(tag) else {
        return Ok(None);
    };
    // More samples are refused by `Facts`.
    let values = (0..entry.count.min(64)).map(|index| ifds.value(entry, index).map_err(failed));
    let values: Vec<u64> = values.collect::<Result<_, _>>()?;
    if values.iter().any(|value| *value != values[0]) {
        return Err(unsupported("samples of several depths"));
    }
    Ok(values.first().copied())
}

/// Samples of a pixel that are read. Of grey pictures, those beside grey are channels as good as any.
fn channels(facts: &Facts) -> Result<usize, ImageError> {
    let (wanted, there) = (facts.wanted(), facts.samples as usize);
    match there {
        _ if there == wanted => Ok(wanted),
        2..=4 if facts.photometric.stored() == 1 && facts.alpha.is_none() => Ok(there),
        _ => Err(unsupported(
            "more samples per pixel than colours and transparency",
        )),
    }
}

/// A file that is read row by row.
pub(crate) struct Stream<R: Read + Seek> {
    rows: Rows<R>,
    plan: Plan,
    next: u32,
    row: Vec<u8>,
}

enum Rows<R: Read + Seek> {
    Direct(R),
    Bands(Box<Bands<'static, R>>, Option<Band>),
}

impl<R: Read + Seek> Stream<R> {
    /// Of a file of so many bytes.
    pub fn new(file: R, file_bytes: u64, plan: Plan) -> Result<Self, ImageError> {
        let rows = if plan.direct {
            Rows::Direct(file)
        } else {
            let bands = Bands {
                source: Source::Decoder(Box::new(open(file, file_bytes, plan.patch)?)),
                facts: plan.facts,
                wanted: plan.channels,
            };
            Rows::Bands(Box::new(bands), None)
        };
        Ok(Self {
            rows,
            plan,
            next: 0,
            row: Vec::new(),
        })
    }

    /// The first row is the next one again.
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    /// Whether the bytes of [`Stream::row`] begin with the highest ones.
    pub fn big_endian(&self) -> bool {
        match self.rows {
            Rows::Direct(_) => self.plan.big_endian,
            Rows::Bands(..) => cfg!(target_endian = "big"),
        }
    }

    /// The next row: the samples of one pixel after those of the other.
    pub fn row(&mut self) -> Result<&[u8], ImageError> {
        let (facts, wanted) = (&self.plan.facts, self.plan.channels);
        if self.next >= facts.height {
            return Err(TRUNCATED);
        }
        let bytes = facts.bits as usize / 8;
        let (chunk, within) = (self.next / facts.chunk.1, self.next % facts.chunk.1);
        self.next += 1;
        match &mut self.rows {
            Rows::Direct(file) => {
                let stride = facts.stored_bytes(u64::from(facts.width));
                let rows = facts.chunk.1.min(facts.height - chunk * facts.chunk.1);
                let at = self.plan.chunks.get(chunk as usize).ok_or(TRUNCATED)?;
                let enough = stride.checked_mul(u64::from(rows));
                if enough.is_none_or(|enough| at.1 < enough) {
                    return Err(TRUNCATED);
                }
                if within == 0 {
                    file.seek(SeekFrom::Start(at.0)).map_err(|e| lost(&e))?;
                }
                self.row.resize(stride as usize, 0);
                file.read_exact(&mut self.row).map_err(|e| lost(&e))?;
                if facts.samples as usize != wanted {
                    return Err(corrupt("it has the wrong number of samples per pixel"));
                }
                Ok(&self.row)
            }
            Rows::Bands(bands, band) => {
                if within == 0 || band.is_none() {
                    // Two bands are never held at once.
                    *band = None;
                    *band = Some(bands.read(chunk)?);
                }
                let band = band.as_ref().ok_or(TRUNCATED)?;
                band.interleaved(within as usize, wanted, bytes, &mut self.row)
            }
        }
    }
}

impl Band {
    /// The bytes of a row's samples, pixel after pixel.
    fn interleaved<'a>(
        &'a self,
        row: usize,
        wanted: usize,
        bytes: usize,
        spare: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], ImageError> {
        let of = |plane: &'a Vec<u8>| &plane[row * self.stride..(row + 1) * self.stride];
        match self.planes.as_slice() {
            [plane] if self.samples == wanted => Ok(of(plane)),
            planes if planes.len() == wanted && self.samples == 1 => {
                spare.resize(self.stride * wanted, 0);
                for (channel, plane) in planes.iter().enumerate() {
                    let to = spare.chunks_exact_mut(bytes).skip(channel).step_by(wanted);
                    for (to, from) in to.zip(of(plane).chunks_exact(bytes)) {
                        to.copy_from_slice(from);
                    }
                }
                Ok(spare)
            }
            _ => Err(corrupt("it has the wrong number of samples per pixel")),
        }
    }
}

fn lost(error: &io::Error) -> ImageError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TRUNCATED,
        _ => corrupt(format!("it cannot be read: {error}")),
    }
}
