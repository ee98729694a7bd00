//! Pictures larger than memory, in files: a photograph, mirrored by turns beside and below itself, as often as it takes.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use whiteboarder_core::image::{Channels, Limits, Picture, decode};
use whiteboarder_core::strips::{Layout, OutputFormat, RowSink, Tags, create};

/// Pixels along the side of a tile.
const TILE: usize = 256;

/// How the file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Png,
    /// Tiles without compression.
    TiledTiff,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::TiledTiff => "TIFF in tiles",
        }
    }
}

/// The picture, row by row.
pub struct Huge {
    photograph: Picture,
    pub width: usize,
    pub height: usize,
}

impl Huge {
    /// Of this JPEG.
    pub fn new(jpeg: &[u8], width: usize, height: usize) -> Result<Self, Box<dyn Error>> {
        let photograph = decode(jpeg, &Limits::default())?;
        if photograph.channels != Channels::Rgb {
            return Err("the photograph has no colours".into());
        }
        Ok(Self {
            photograph,
            width,
            height,
        })
    }

    fn row(&self, y: usize, row: &mut [u8]) {
        let from = self.photograph.row_len();
        let y = folded(y, self.photograph.height as usize);
        let from = &self.photograph.data[y * from..][..from];
        for (turn, part) in row.chunks_mut(from.len()).enumerate() {
            if turn % 2 == 0 {
                part.copy_from_slice(&from[..part.len()]);
            } else {
                let backwards = from.rchunks_exact(3);
                for (to, from) in part.chunks_exact_mut(3).zip(backwards) {
                    to.copy_from_slice(from);
                }
            }
        }
    }

    /// Writes it.
    pub fn write(&self, kind: Kind, file: &Path) -> Result<(), Box<dyn Error>> {
        let file = File::create(file)?;
        match kind {
            Kind::Png => self.png(file),
            Kind::TiledTiff => {
                let mut file = BufWriter::new(file);
                self.tiled(&mut file)?;
                Ok(file.flush()?)
            }
        }
    }

    fn png(&self, file: File) -> Result<(), Box<dyn Error>> {
        let layout = Layout::new(self.width, self.height, 3, false).ok_or("no picture")?;
        let mut sink: Box<dyn RowSink<u8>> =
            create(file, OutputFormat::Png, &layout, &Tags::default())?;
        let mut rows = vec![0; layout.row_len() * 64];
        let mut y = 0;
        while y < self.height {
            let count = (self.height - y).min(64);
            let rows = &mut rows[..layout.row_len() * count];
            for (i, row) in rows.chunks_exact_mut(layout.row_len()).enumerate() {
                self.row(y + i, row);
            }
            sink.write_rows(rows)?;
            y += count;
        }
        Ok(sink.finish()?)
    }

    /// TIFF 6.0, little endian: header, directory, where tiles are and how long, then the tiles.
    fn tiled(&self, out: &mut impl Write) -> io::Result<()> {
        let (across, down) = (self.width.div_ceil(TILE), self.height.div_ceil(TILE));
        let (tiles, tile_bytes) = (across * down, TILE * TILE * 3);
        let too_large = || io::Error::other("a TIFF holds no more than 4 GiB");
        let long = |value: usize| u32::try_from(value).map_err(|_| too_large());
        let entries = 10;
        let bits_at = 8 + 2 + 12 * entries + 4;
        let offsets_at = bits_at + 6;
        let lengths_at = offsets_at + 4 * tiles;
        let tiles_at = lengths_at + 4 * tiles;
        out.write_all(b"II*\0\x08\0\0\0")?;
        out.write_all(&(entries as u16).to_le_bytes())?;
        let (short, four) = (3, 4);
        for (tag, kind, count, value) in [
            (256, four, 1, self.width),
            (257, four, 1, self.height),
            (258, short, 3, bits_at),
            (259, short, 1, 1),
            (262, short, 1, 2),
            (277, short, 1, 3),
            (322, four, 1, TILE),
            (323, four, 1, TILE),
            (324, four, tiles, offsets_at),
            (325, four, tiles, lengths_at),
        ] {
            out.write_all(&u16::to_le_bytes(tag))?;
            out.write_all(&u16::to_le_bytes(kind))?;
            out.write_all(&long(count)?.to_le_bytes())?;
            out.write_all(&long(value)?.to_le_bytes())?;
        }
        out.write_all(&[0; 4])?;
        out.write_all(&[8, 0, 8, 0, 8, 0])?;
        for tile in 0..tiles {
            out.write_all(&long(tiles_at + tile * tile_bytes)?.to_le_bytes())?;
        }
        for _ in 0..tiles {
            out.write_all(&long(tile_bytes)?.to_le_bytes())?;
        }
        let mut row = vec![0; self.width * 3];
        let mut band = vec![0; across * tile_bytes];
        for top in (0..self.height).step_by(TILE) {
            for y in 0..TILE.min(self.height - top) {
                self.row(top + y, &mut row);
                for (tile, part) in row.chunks(TILE * 3).enumerate() {
                    let at = tile * tile_bytes + y * TILE * 3;
                    band[at..at + part.len()].copy_from_slice(part);
                }
            }
            out.write_all(&band)?;
        }
        Ok(())
    }
}

/// A place on something so long that is walked to and fro.
fn folded(at: usize, length: usize) -> usize {
    let at = at % (2 * length);
    at.min(2 * length - 1 - at)
}
