//! Is the whole picture there? A walk over a whole file that believes no end marker.

use super::{DRI, EOI, Ended, Markers, SOS, Segment, corrupt, unsupported};
use crate::image::{Format, ImageError};

/// Scans that a file may have. Programs write up to about twenty; a scan of a few bytes can make the decoder go over the
/// whole picture again, so that a small file of thousands would take hours.
const MOST_SCANS: usize = 100;

/// What the walk over a whole file tells.
pub(super) struct Extent {
    /// Where the first end of image begins. Whatever follows it (a gain map, a camera maker's trailer) is none of the
    /// picture.
    pub end: usize,
    /// The restart interval in force, 0 for none.
    pub restart_interval: usize,
    /// Restart markers in all scans together.
    pub restarts: usize,
    /// Units that a scan of all channels codes one after the other.
    pub units: usize,
}

/// Walks the whole file: every scan must end in a marker, and there must be an end of image.
pub(super) fn extent(bytes: &[u8]) -> Result<Extent, ImageError> {
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
    let mut scans = 0;
    loop {
        extent.end = markers.at;
        match markers.next().map_err(ended)? {
            Some(Segment { marker: EOI, .. }) if coverage.complete() => return Ok(extent),
            Some(Segment { marker: EOI, .. }) => return Err(ended(Ended)),
            Some(Segment {
                marker: SOS,
                payload,
            }) => {
                scans += 1;
                if scans > MOST_SCANS {
                    return Err(unsupported(format!("more than {MOST_SCANS} scans")));
                }
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
pub(super) fn closed_so_that_reading_on_fails(bytes: &[u8], extent: &Extent) -> Vec<u8> {
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
