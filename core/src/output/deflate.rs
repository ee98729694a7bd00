//! Rows of a PNG without filters, compressed.

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

use super::OutputError;

/// Deflate of indices. Means of the 14 boards of `examples/score` (2 MP) by 16 to 28 colours, and of 18 other pictures:
/// `miniz_oxide` gives 71.5 kB (174.6) with level 4 and 67.8 kB (164.4) with level 9; `zlib-rs` gives 68.7 kB (165.5)
/// with level 7 in a third of the time of level 9, which gives 65.0 kB (158.8) in 0.034 s (0.085). Filters make indices
/// larger. libdeflate's level 10 gives 3 % less in three times the time.
const LEVEL: i32 = 9;

/// The largest window that the format allows, as a power of two.
const WINDOW: i32 = 15;

/// zlib's `memLevel`: 2^(this + 6) symbols share one code. Less than the usual 8 gives 0.3 % smaller files, for ink changes from
/// place to place.
const MEMORY: i32 = 7;

/// Bytes that the compressed stream grows by at a time.
const PIECE: usize = 1 << 16;

/// A zlib stream of rows of `row` bytes each, no filter before each of them. It is the same on every machine: `zlib-rs`
/// compares and moves bytes by what the processor has, but hashes in one way.
pub(super) fn plain(rows: &[u8], row: usize) -> Result<Vec<u8>, OutputError> {
    let mut stream = Stream {
        deflate: Deflate::new_with_config(DeflateConfig {
            level: LEVEL,
            window_bits: WINDOW,
            mem_level: MEMORY,
            ..DeflateConfig::default()
        }),
        out: Vec::new(),
        room: vec![0; PIECE],
    };
    for row in rows.chunks(row.max(1)) {
        stream.write(&[0], DeflateFlush::NoFlush)?;
        stream.write(row, DeflateFlush::NoFlush)?;
    }
    stream.write(&[], DeflateFlush::Finish)?;
    Ok(stream.out)
}

struct Stream {
    deflate: Deflate,
    out: Vec<u8>,
    room: Vec<u8>,
}

impl Stream {
    /// Takes all of `bytes`; with `Finish` it writes until the stream's end.
    fn write(&mut self, mut bytes: &[u8], flush: DeflateFlush) -> Result<(), OutputError> {
        loop {
            let (read, written) = (self.deflate.total_in(), self.deflate.total_out());
            let status = self.deflate.compress(bytes, &mut self.room, flush);
            let status = status.map_err(|error| OutputError::Unencodable {
                format: "PNG",
                detail: error.as_str().to_owned(),
            })?;
            let read = (self.deflate.total_in() - read) as usize;
            let written = (self.deflate.total_out() - written) as usize;
            bytes = &bytes[read..];
            self.out.extend_from_slice(&self.room[..written]);
            let done = match flush {
                DeflateFlush::Finish => matches!(status, Status::StreamEnd),
                _ => bytes.is_empty(),
            };
            if done {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_every_row_behind_a_zero() {
        // More than any window or piece, and hardly compressible.
        let mut state = 1_u32;
        let noise = (0..300 * 1000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        for rows in [noise.collect(), vec![7; 300 * 1000], vec![9; 300]] {
            let compressed = plain(&rows, 300).unwrap();
            let mut back = vec![0; rows.len() + rows.len() / 300];
            let (back, code) = zlib_rs::decompress_slice(
                &mut back,
                &compressed,
                zlib_rs::InflateConfig::default(),
            );
            assert_eq!(code, zlib_rs::ReturnCode::Ok);
            let want: Vec<u8> = rows
                .chunks(300)
                .flat_map(|row| [&[0], row].concat())
                .collect();
            assert!(*back == want);
        }
    }
}
