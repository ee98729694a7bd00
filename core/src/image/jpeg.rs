//! JPEG: our own walk over the markers (size, orientation, completeness), pixels by `zune-jpeg`.
//!
//! Decoders are lenient by tradition: where data ends they paint grey and call it a success. Here a board that lost
//! its lower half must be an error, so the walk demands a complete file first and the decoder runs strict. Some tools
//! hide the loss under an end marker of their own; see [`closed_so_that_reading_on_fails`].

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

use super::header::exif_orientation;
use super::{Channels, Format, Header, ImageError, Picture};

/// Start of image, and the first byte of the next marker.
pub(super) const SIGNATURE: [u8; 3] = [0xFF, 0xD8, 0xFF];

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DRI: u8 = 0xDD;
const APP1: u8 = 0xE1;
const EXIF_PREFIX: &[u8] = b"Exif\0\0";

/// One marker segment: its code and payload (without the two length bytes).
struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
}

/// Walks marker segments; after a start of scan the caller may skip its entropy-coded data.
struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The bytes ended before the segment did.
struct Ended;

impl<'a> Markers<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next segment; `Ok(None)` where there should be a marker and is none.
    fn next(&mut self) -> Result<Option<Segment<'a>>, Ended> {
        if *self.bytes.get(self.at).ok_or(Ended)? != 0xFF {
            return Ok(None);
        }
        // Any number of 0xFF may fill the space before a marker code.
        while *self.bytes.get(self.at).ok_or(Ended)? == 0xFF {
            self.at += 1;
        }
        let marker = *self.bytes.get(self.at).ok_or(Ended)?;
        self.at += 1;
        if matches!(marker, SOI | EOI | 0x01 | 0xD0..=0xD7) {
            return Ok(Some(Segment {
                marker,
                payload: &[],
            }));
        }
        let length = self.bytes.get(self.at..self.at + 2).ok_or(Ended)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Ok(None);
        }
        let payload = self.bytes.get(self.at + 2..self.at + length).ok_or(Ended)?;
        self.at += length;
        Ok(Some(Segment { marker, payload }))
    }

    /// Skips entropy-coded data up to the marker that ends it; tells how many restart markers there were.
    fn skip_scan(&mut self) -> Result<usize, Ended> {
        let mut restarts = 0;
        loop {
            let rest = self.bytes.get(self.at..).ok_or(Ended)?;
            self.at += rest.iter().position(|&b| b == 0xFF).ok_or(Ended)?;
            match self.bytes.get(self.at + 1).ok_or(Ended)? {
                // A stuffed 0xFF, or a restart marker: still inside the scan.
                0x00 => self.at += 2,
                0xD0..=0xD7 => {
                    restarts += 1;
                    self.at += 2;
                }
                0xFF => self.at += 1,
                _ => return Ok(restarts),
            }
        }
    }
}

fn corrupt(detail: impl Into<String>) -> ImageError {
    ImageError::Corrupt {
        format: Format::Jpeg,
        detail: detail.into(),
    }
}

fn unsupported(what: impl Into<String>) -> ImageError {
    ImageError::Unsupported {
        format: Format::Jpeg,
        what: what.into(),
    }
}

/// Reads markers up to the first scan.
pub(super) fn read_header(head: &[u8]) -> Result<Header, ImageError> {
    let beyond = |_: Ended| ImageError::HeaderBeyond {
        format: Format::Jpeg,
        given: head.len(),
    };
    let mut markers = Markers::new(head);
    let mut frame = None;
    let mut orientation = None;
    loop {
        let segment = markers.next().map_err(beyond)?;
        let segment = segment.ok_or_else(|| corrupt("a marker is missing in its header"))?;
        match segment.marker {
            APP1 => {
                if let Some(tiff) = segment.payload.strip_prefix(EXIF_PREFIX) {
                    orientation.get_or_insert_with(|| exif_orientation(tiff));
                }
            }
            // Start of frame, all coding processes; C4, C8 and CC are other things.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                if frame.is_some() {
                    return Err(corrupt("it has two frames"));
                }
                frame = Some(Frame::parse(segment.marker, segment.payload)?);
            }
            SOS => {
                let frame = frame.ok_or_else(|| corrupt("its pixels begin before their size"))?;
                let in_scan = segment.payload.first().copied().unwrap_or(0);
                return Ok(frame.header(orientation.unwrap_or(1), in_scan));
            }
            EOI => return Err(corrupt("it has no pixels")),
            _ => {}
        }
    }
}

/// The frame header (SOF).
struct Frame {
    width: u32,
    height: u32,
    components: u8,
    progressive: bool,
}

impl Frame {
    fn parse(marker: u8, payload: &[u8]) -> Result<Self, ImageError> {
        match marker {
            0xC0..=0xC2 => {}
            0xC3 => return Err(unsupported("lossless coding")),
            0xC9..=0xCB => return Err(unsupported("arithmetic coding")),
            _ => return Err(unsupported("hierarchical or lossless coding")),
        }
        let &[precision, h1, h0, w1, w0, components, ..] = payload else {
            return Err(corrupt("its frame header is too short"));
        };
        if precision != 8 {
            return Err(unsupported(format!("{precision} bits per sample")));
        }
        match components {
            1 | 3 => {}
            4 => return Err(unsupported("CMYK colours")),
            n => return Err(unsupported(format!("{n} channels"))),
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if height == 0 {
            return Err(unsupported("a height that is told only after the pixels"));
        }
        if width == 0 {
            return Err(corrupt("its width is zero"));
        }
        Ok(Self {
            width: u32::from(width),
            height: u32::from(height),
            components,
            progressive: marker == 0xC2,
        })
    }

    fn header(&self, orientation: u8, components_in_first_scan: u8) -> Header {
        let turned = orientation >= 5;
        Header {
            width: if turned { self.height } else { self.width },
            height: if turned { self.width } else { self.height },
            channels: if self.components == 1 {
                Channels::Grey
            } else {
                Channels::Rgb
            },
            format: Format::Jpeg,
            orientation,
            progressive: self.progressive || components_in_first_scan < self.components,
        }
    }
}

/// What the walk over a whole file tells.
struct Extent {
    /// Where the first end of image begins. Whatever follows it (a gain map, a camera maker's trailer) is none of the
    /// picture.
    end: usize,
    /// The restart interval in force, 0 for none.
    restart_interval: usize,
    /// Restart markers in all scans together.
    restarts: usize,
    /// Units that a scan of all channels codes one after the other.
    units: usize,
}

/// Walks the whole file: every scan must end in a marker, and there must be an end of image.
fn extent(bytes: &[u8]) -> Result<Extent, ImageError> {
    let ended = |_: Ended| ImageError::Truncated {
        format: Format::Jpeg,
    };
    let mut markers = Markers::new(bytes);
    let mut extent = Extent {
        end: 0,
        restart_interval: 0,
        restarts: 0,
        units: 0,
    };
    let mut coverage = Coverage::default();
    loop {
        extent.end = markers.at;
        match markers.next().map_err(ended)? {
            Some(Segment { marker: EOI, .. }) if coverage.complete() => return Ok(extent),
            Some(Segment { marker: EOI, .. }) => return Err(ended(Ended)),
            Some(Segment {
                marker: SOS,
                payload,
            }) => {
                coverage.scan(payload);
                extent.restarts += markers.skip_scan().map_err(ended)?;
            }
            Some(Segment {
                marker: DRI,
                payload: &[high, low],
            }) => {
                extent.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            Some(Segment {
                marker: 0xC0..=0xC2,
                payload,
            }) => {
                extent.units = units(payload);
                coverage.frame(payload);
            }
            Some(_) => {}
            None => return Err(corrupt("a marker is missing between its parts")),
        }
    }
}

/// Which coefficients the scans have told, to the last bit: a progressive file whose later scans are missing shows a
/// whole picture, but a blurred one.
#[derive(Default)]
struct Coverage {
    /// Channel number in the file, and a bit for each of the 64 coefficients.
    channels: Vec<(u8, u64)>,
}

impl Coverage {
    fn frame(&mut self, payload: &[u8]) {
        let channels = payload.get(6..).unwrap_or_default().chunks_exact(3);
        self.channels = channels.map(|channel| (channel[0], 0)).collect();
    }

    fn scan(&mut self, payload: &[u8]) {
        let &[ref channels @ .., first, last, bits] = payload else {
            return;
        };
        // The lower four bits are how many binary places are still to come.
        if bits & 15 != 0 || first > last || last > 63 {
            return;
        }
        let told = (u64::MAX >> (63 - last)) & (u64::MAX << first);
        for channel in channels.get(1..).unwrap_or_default().chunks_exact(2) {
            for (number, known) in &mut self.channels {
                if *number == channel[0] {
                    *known |= told;
                }
            }
        }
    }

    fn complete(&self) -> bool {
        self.channels.iter().all(|&(_, known)| known == u64::MAX)
    }
}

/// The file without its end, closed in such a way that a decoder that wants to read on reports an error.
///
/// At an end of image the decoder goes on with zeros until all blocks are filled, whether or not the scan was over. Here
/// the end of image is taken away; 8 zero bytes follow (as many as a decoder may fetch ahead without needing them),
/// and then a marker that must not occur, at which it gives up.
fn closed_so_that_reading_on_fails(bytes: &[u8], extent: &Extent) -> Vec<u8> {
    const RESERVED: [u8; 2] = [0xFF, 0x02];
    [&bytes[..extent.end], &[0; 8], &RESERVED].concat()
}

/// How many units a frame has: 8 × 8 pixels, or with several channels as many times that as the finest sampled channel
/// has blocks in one.
fn units(frame: &[u8]) -> usize {
    let &[_, h1, h0, w1, w0, ref components @ ..] = frame else {
        return 0;
    };
    let sampling = components
        .get(1..)
        .unwrap_or_default()
        .chunks_exact(3)
        .map(|c| c[1]);
    let (mut wide, mut high) = (1, 1);
    if components.first() != Some(&1) {
        for factors in sampling {
            (wide, high) = (wide.max(factors >> 4), high.max(factors & 15));
        }
    }
    let count = |high: u8, low: u8, factor: u8| {
        usize::from(u16::from_be_bytes([high, low])).div_ceil(8 * usize::from(factor))
    };
    count(w1, w0, wide) * count(h1, h0, high)
}

/// Decodes the pixels as stored, without orientation.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Result<Picture, ImageError> {
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
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(match header.channels {
            Channels::Grey => ColorSpace::Luma,
            Channels::Rgb => ColorSpace::RGB,
        });
    let (width, height) = if header.transposed() {
        (header.height, header.width)
    } else {
        (header.width, header.height)
    };
    let samples = width as usize * height as usize * header.channels.count();
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder
        .decode_headers()
        .map_err(|error| corrupt(describe(&error)))?;
    if decoder.dimensions() != Some((width as usize, height as usize))
        || decoder.output_buffer_size() != Some(samples)
    {
        return Err(corrupt("its size is told twice, differently"));
    }
    let mut data = vec![0; samples];
    decoder
        .decode_into(&mut data)
        .map_err(|error| corrupt(describe(&error)))?;
    Picture::new(width, height, header.channels, data)
}

/// The decoder's reason on one line; its `Debug` form carries its words.
fn describe(error: &zune_jpeg::errors::DecodeErrors) -> String {
    let words = format!("{error:?}")
        .replace('"', "")
        .replace("[strict-mode]: ", "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
