//! TIFF: directory by our own reading, strips and tiles by the crate `tiff`, JPEG inside them by our strict reader.
//!
//! The first picture of a file is read. Cameras' raw files are TIFFs, too, whose first picture is a thumbnail; they are
//! recognised and refused by name, since a board cleaned at 160 × 120 pixels helps nobody.

mod bands;
mod pixels;
mod stream;

use super::header::elsewhere;
use super::ifd::{Directory, IfdError, Ifds};
use super::parts::{Missing, Part, Parts};
use super::rows::{Alpha, Ink, Layout};
use super::{Foreign, Format, Header, ImageError, exif};
pub(super) use pixels::decode;
pub(crate) use stream::{Plan, Planned, Stream};

/// Little and big endian, each with offsets of four or eight bytes.
pub(super) const SIGNATURES: [[u8; 4]; 4] = [*b"II*\0", *b"MM\0*", *b"II+\0", *b"MM\0+"];

const TRUNCATED: ImageError = ImageError::Truncated {
    format: Format::Tiff,
};

/// Tags (TIFF 6.0, DNG 1.7).
mod tag {
    pub const NEW_SUBFILE_TYPE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const MAKE: u16 = 271;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_BYTES: u16 = 279;
    pub const PLANAR: u16 = 284;
    pub const PREDICTOR: u16 = 317;
    pub const COLOUR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTES: u16 = 325;
    pub const SUB_IFDS: u16 = 330;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const SUBSAMPLING: u16 = 530;
    pub const JPEG_TABLES: u16 = 347;
    pub const PROFILE: u16 = 34675;
    pub const DNG_VERSION: u16 = 50706;
}

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::Tiff,
        detail: detail.into(),
    }
}

fn unsupported(what: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: Format::Tiff,
        what: what.into(),
    }
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax4,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

impl Compression {
    fn of(number: u64) -> Result<Self, ImageError> {
        Ok(match number {
            1 => Self::None,
            4 => Self::Fax4,
            5 => Self::Lzw,
            7 => Self::Jpeg,
            8 | 32946 => Self::Deflate,
            32773 => Self::PackBits,
            2 | 3 => return Err(unsupported("fax compression of group 3")),
            6 => return Err(unsupported("JPEG compression of the old kind")),
            34712 => return Err(unsupported("JPEG 2000 compression")),
            34925 => return Err(unsupported("LZMA compression")),
            50000 => return Err(unsupported("Zstandard compression")),
            50001 => return Err(unsupported("WebP compression")),
            other => return Err(unsupported(format!("compression number {other}"))),
        })
    }

    /// Bytes of samples that a stored byte can tell at best; `None` where there is no bound.
    const fn best_ratio(self) -> Option<u64> {
        match self {
            Self::None => Some(1),
            // A run of 128 in two bytes.
            Self::PackBits => Some(64),
            Self::Deflate => Some(1032),
            // A string of at most 4096 in a code of nine bits or more.
            Self::Lzw => Some(4096),
            // A block of 64 samples, of up to four channels, in a bit.
            Self::Jpeg => Some(8 * 64 * 4),
            Self::Fax4 => None,
        }
    }
}

/// What colour samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Photometric {
    fn of(number: Option<u64>) -> Result<Self, ImageError> {
        Ok(match number {
            Some(0) => Self::WhiteIsZero,
            Some(1) => Self::BlackIsZero,
            Some(2) => Self::Rgb,
            Some(3) => Self::Palette,
            Some(5) => Self::Cmyk,
            Some(6) => Self::YCbCr,
            Some(4) => return Err(unsupported("a transparency mask as its first picture")),
            Some(8..=10) => return Err(unsupported("Lab colours")),
            Some(other) => return Err(unsupported(format!("colours of kind {other}"))),
            None => return Err(corrupt("it does not tell what its colours mean")),
        })
    }

    const fn ink(self) -> Ink {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero => Ink::Grey,
            Self::Rgb | Self::Palette | Self::YCbCr => Ink::Rgb,
            Self::Cmyk => Ink::Cmyk,
        }
    }

    /// Colour samples of a pixel as stored.
    const fn stored(self) -> u64 {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// The first picture of a file, as its directory describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    width: u32,
    height: u32,
    samples: u64,
    bits: u64,
    photometric: Photometric,
    compression: Compression,
    planar: bool,
    alpha: Option<Alpha>,
    /// Size of a tile, or width and rows of a strip.
    chunk: (u32, u32),
    orientation: u8,
}

impl Facts {
    fn read(ifds: &Ifds<'_>, directory: &Directory) -> Result<Self, ImageError> {
        let missing = elsewhere(Format::Tiff);
        let get = |tag| ifds.first_value(directory, tag).map_err(&missing);
        let side = |tag| match get(tag)? {
            Some(value @ 1..=0xFFFF_FFFF) => Ok(value as u32),
            Some(0) => Err(corrupt("its width or height is zero")),
            None => Err(corrupt("it does not tell its width or height")),
            _ => Err(corrupt("its width or height is impossible")),
        };
        let (width, height) = (side(tag::WIDTH)?, side(tag::HEIGHT)?);
        let photometric = Photometric::of(get(tag::PHOTOMETRIC)?)?;
        let samples = get(tag::SAMPLES)?.unwrap_or(1);
        if samples < photometric.stored() || samples > 64 {
            return Err(corrupt("it has the wrong number of samples per pixel"));
        }
        // With several samples their depths lie outside of the directory. Who has only parts of the file need not
        // fetch them: 16 is enough to know how much memory decoding may take.
        let bits = match ifds.first_value(directory, tag::BITS) {
            Ok(bits) => bits.unwrap_or(1),
            Err(_) => 16,
        };
        let extra = get(tag::EXTRA_SAMPLES)?;
        let alpha = match extra {
            Some(1) => Some(Alpha::Premultiplied),
            Some(2) => Some(Alpha::Straight),
            // A fourth sample without a word about it is transparency for everyone.
            None if photometric != Photometric::Palette && samples == photometric.stored() + 1 => {
                Some(Alpha::Straight)
            }
            _ => None,
        };
        let chunk = if directory.find(tag::TILE_WIDTH).is_some() {
            (side(tag::TILE_WIDTH)?, side(tag::TILE_HEIGHT)?)
        } else {
            let rows = get(tag::ROWS_PER_STRIP)?.unwrap_or(u64::from(height));
            (width, rows.clamp(1, u64::from(height)) as u32)
        };
        let facts = Self {
            width,
            height,
            samples,
            bits,
            photometric,
            compression: Compression::of(get(tag::COMPRESSION)?.unwrap_or(1))?,
            planar: get(tag::PLANAR)? == Some(2),
            alpha: alpha.filter(|_| samples > photometric.stored()),
            chunk,
            orientation: exif::orientation_in(ifds, directory),
        };
        facts.check_tiles()?;
        Ok(facts)
    }

    /// Tiles stick out of a picture by less than their size; one that is far larger than its picture is a trap.
    fn check_tiles(&self) -> Result<(), ImageError> {
        let (width, height) = self.chunk;
        let fits = |tile: u32, side: u32| tile <= side.saturating_mul(2).max(4096);
        if fits(width, self.width) && fits(height, self.height) {
            Ok(())
        } else {
            Err(corrupt("its tiles are far larger than its picture"))
        }
    }

    /// How many strips or tiles there must be.
    fn chunk_count(&self) -> u64 {
        let count = |side: u32, chunk: u32| u64::from(side.div_ceil(chunk));
        let planes = if self.planar { self.samples } else { 1 };
        count(self.width, self.chunk.0) * count(self.height, self.chunk.1) * planes
    }

    /// How many samples of a pixel are colour or transparency.
    fn wanted(&self) -> usize {
        self.layout().count()
    }

    /// An error when a file of so many bytes cannot hold such a picture, however well it is compressed.
    fn check_size(&self, file_bytes: u64) -> Result<(), ImageError> {
        let raw = self.stored_bytes(u64::from(self.width) * u64::from(self.height));
        match self.compression.best_ratio() {
            Some(ratio) if raw / ratio > file_bytes => Err(TRUNCATED),
            _ => Ok(()),
        }
    }

    fn layout(&self) -> Layout {
        Layout {
            ink: self.photometric.ink(),
            alpha: self.alpha,
        }
    }

    /// Samples as stored, in bytes, of so many pixels.
    fn stored_bytes(&self, pixels: u64) -> u64 {
        let bits = u128::from(pixels) * u128::from(self.samples) * u128::from(self.bits.min(64));
        u64::try_from(bits.div_ceil(8)).unwrap_or(u64::MAX)
    }

    /// A row of tiles, or a strip, as stored; of tiles one again, as it comes out of the decoder; and what JPEG needs.
    fn decoder_bytes(&self) -> u64 {
        let across = u64::from(self.width.max(self.chunk.0));
        let band = self.stored_bytes(across * u64::from(self.chunk.1.min(self.height)));
        let chunk = self.stored_bytes(u64::from(self.chunk.0) * u64::from(self.chunk.1));
        let again = match self.compression {
            // Samples, and with progressive scans two bytes for each coefficient as well.
            Compression::Jpeg => chunk.saturating_mul(4),
            _ if self.chunk.0 == self.width => 0,
            _ => chunk,
        };
        band.saturating_add(again)
    }
}

pub(super) fn read_header(parts: Parts<'_>) -> Result<Header, ImageError> {
    let failed = |error| match error {
        IfdError::Missing(missing) => elsewhere(Format::Tiff)(missing),
        IfdError::Broken => corrupt("its directory is broken"),
    };
    let ifds = Ifds::new(parts).map_err(failed)?;
    let directory = ifds.directory(ifds.first).map_err(failed)?;
    if let Some(kind) = raw(&ifds, &directory) {
        return Err(ImageError::Foreign { kind });
    }
    let facts = Facts::read(&ifds, &directory)?;
    let header = Header {
        width: facts.width,
        height: facts.height,
        channels: facts.photometric.ink().channels(),
        format: Format::Tiff,
        orientation: 1,
        progressive: false,
        decoder_bytes: facts.decoder_bytes(),
        more_pictures: directory.followed,
    };
    Ok(header.held(facts.orientation))
}

/// Whether this is a camera's raw file: it says so (DNG), it has pixels in a colour mosaic, or its first picture is a
/// small copy of one that lies in a directory below, as no scanner or editor writes it.
fn raw(ifds: &Ifds<'_>, directory: &Directory) -> Option<Foreign> {
    /// Photometric interpretations of mosaics and of what is made from them (DNG).
    const MOSAIC: [u64; 2] = [32803, 34892];
    if directory.find(tag::DNG_VERSION).is_some() {
        return Some(Foreign::Raw("a DNG"));
    }
    let is_mosaic = |directory: &Directory| {
        let photometric = ifds.first_value(directory, tag::PHOTOMETRIC);
        matches!(photometric, Ok(Some(kind)) if MOSAIC.contains(&kind))
    };
    let below = directory.find(tag::SUB_IFDS);
    let small = ifds.first_value(directory, tag::NEW_SUBFILE_TYPE);
    let is_small_copy = below.is_some() && matches!(small, Ok(Some(kind)) if kind & 1 == 1);
    let mosaic_below = below.is_some_and(|entry| {
        (0..entry.count.min(8)).any(|index| {
            let offset = ifds.value(entry, index).ok();
            let found = offset.and_then(|offset| ifds.directory(offset).ok());
            found.is_some_and(|directory| is_mosaic(&directory))
        })
    });
    if !(is_mosaic(directory) || is_small_copy || mosaic_below) {
        return None;
    }
    let make = ifds.text(directory, tag::MAKE).unwrap_or_default();
    let make = make.to_ascii_uppercase();
    let kinds = [
        ("NIKON", "a Nikon NEF"),
        ("SONY", "a Sony ARW"),
        ("PENTAX", "a Pentax PEF"),
        ("RICOH", "a Pentax PEF"),
        ("SAMSUNG", "a Samsung SRW"),
        ("EPSON", "an Epson ERF"),
        ("HASSELBLAD", "a Hasselblad 3FR"),
        ("LEICA", "a Leica RWL"),
    ];
    let known = kinds.iter().find(|(name, _)| make.starts_with(name));
    Some(Foreign::Raw(known.map_or("a RAW", |(_, kind)| kind)))
}

/// Where chunks lie and how long they are, checked to lie within the file; the lists themselves may be `missing`.
fn chunks(
    ifds: &Ifds<'_>,
    directory: &Directory,
    facts: &Facts,
    file_bytes: u64,
    missing: impl Fn(Missing) -> ImageError,
) -> Result<Vec<(u64, u64)>, ImageError> {
    // Who reads a value makes room for as many as it claims to be; these are one each, or one for each sample.
    let few = [
        tag::WIDTH,
        tag::HEIGHT,
        tag::BITS,
        tag::COMPRESSION,
        tag::PHOTOMETRIC,
        tag::SAMPLES,
        tag::ROWS_PER_STRIP,
        tag::PLANAR,
        tag::PREDICTOR,
        tag::TILE_WIDTH,
        tag::TILE_HEIGHT,
        tag::EXTRA_SAMPLES,
        tag::SAMPLE_FORMAT,
        tag::SUBSAMPLING,
    ];
    let most = facts.samples.max(2);
    let mut entries = directory.entries.iter();
    if entries.any(|entry| few.contains(&entry.tag) && entry.count > most) {
        return Err(corrupt("its directory has a list that is too long"));
    }
    let tiled = directory.find(tag::TILE_WIDTH).is_some();
    if tiled && (facts.chunk.0 < 16 || facts.chunk.1 < 16) {
        return Err(corrupt("its tiles are smaller than tiles may be"));
    }
    let (offsets, lengths) = if tiled {
        (tag::TILE_OFFSETS, tag::TILE_BYTES)
    } else {
        (tag::STRIP_OFFSETS, tag::STRIP_BYTES)
    };
    let (Some(offsets), Some(lengths)) = (directory.find(offsets), directory.find(lengths)) else {
        return Err(corrupt("it does not tell where its pixels are"));
    };
    if offsets.count != lengths.count || offsets.count != facts.chunk_count() {
        return Err(corrupt("it has the wrong number of strips"));
    }
    let failed = |error| match error {
        IfdError::Missing(gone) => missing(gone),
        IfdError::Broken => corrupt("its list of strips is broken"),
    };
    // All values must be there before room is made for them.
    ifds.bytes(offsets).map_err(failed)?;
    ifds.bytes(lengths).map_err(failed)?;
    (0..offsets.count)
        .map(|index| {
            let offset = ifds.value(offsets, index).map_err(failed)?;
            let length = ifds.value(lengths, index).map_err(failed)?;
            match offset.checked_add(length) {
                Some(end) if end <= file_bytes => Ok((offset, length)),
                _ => Err(TRUNCATED),
            }
        })
        .collect()
}

/// A whole file as parts.
fn whole(bytes: &[u8]) -> [Part<'_>; 1] {
    [Part { offset: 0, bytes }]
}
