//! What everything is measured by: one copy of a picture, one 3×3 minimum pass over it, and a flat square minimum, all by the
//! same pool of threads and as good as they can be made without special instructions.

use rayon::prelude::*;
use whiteboarder_core::background::Plane;

/// A copy by all threads.
pub fn copy(source: &Plane<u8>, result: &mut Plane<u8>) {
    let part = source.width * band(source);
    result
        .data
        .par_chunks_mut(part)
        .zip(source.data.par_chunks(part))
        .for_each(|(to, from)| to.copy_from_slice(from));
}

/// Rows that one thread takes at a time: four bands each.
fn band(plane: &Plane<u8>) -> usize {
    plane
        .height
        .div_ceil(4 * rayon::current_num_threads())
        .max(1)
}

/// The 3×3 minimum (of those pixels inside the picture), with its own memory.
pub struct Minimum {
    rows: Vec<u8>,
}

impl Minimum {
    pub fn new(plane: &Plane<u8>) -> Self {
        let bands = plane.height.div_ceil(band(plane));
        Self {
            rows: vec![u8::MAX; bands * (plane.width + 2)],
        }
    }

    /// Three rows to one, then three columns to one; the row in between stays in the first cache.
    pub fn pass(&mut self, source: &Plane<u8>, result: &mut Plane<u8>) {
        let (width, height, band) = (source.width, source.height, band(source));
        let bands = result.data.par_chunks_mut(width * band);
        let work = bands.zip(self.rows.par_chunks_mut(width + 2)).enumerate();
        work.for_each(|(i, (results, padded))| {
            for (j, result) in results.chunks_mut(width).enumerate() {
                let y = i * band + j;
                let (above, here) = (source.row(y.saturating_sub(1)), source.row(y));
                let below = source.row((y + 1).min(height - 1));
                let column = &mut padded[1..=width];
                for (((to, &a), &b), &c) in column.iter_mut().zip(above).zip(here).zip(below) {
                    *to = a.min(b).min(c);
                }
                let (left, middle, right) = (&padded[..width], &padded[1..], &padded[2..]);
                for (((to, &a), &b), &c) in result.iter_mut().zip(left).zip(middle).zip(right) {
                    *to = a.min(b).min(c);
                }
            }
        });
    }
}

/// A minimum over the square of `2·reach + 1` pixels whatever the reach costs (van Herk 1992, Gil and Werman 1993): it knows no
/// ball, and is here to show what a *flat* element costs.
pub struct Square {
    reach: usize,
    between: Vec<u8>,
}

impl Square {
    pub fn new(plane: &Plane<u8>, reach: usize) -> Self {
        Self {
            reach,
            between: vec![u8::MAX; plane.data.len()],
        }
    }

    pub fn pass(&mut self, source: &Plane<u8>, result: &mut Plane<u8>) {
        let (width, height, reach) = (source.width, source.height, self.reach);
        let rows = self
            .between
            .par_chunks_mut(width)
            .zip(source.data.par_chunks(width));
        rows.for_each(|(to, from)| windows(reach, width, 1, &|x| &from[x..=x], to));
        let between = &self.between;
        let block = (2 * reach + 1) * width;
        let bands = result.data.par_chunks_mut(block).enumerate();
        bands.for_each(|(i, to)| {
            let row = |y: usize| &between[y * width..(y + 1) * width];
            blocks(i, reach, height, width, &row, to);
        });
    }
}

/// All blocks of a line of `size` cells of `cell` samples.
fn windows<'a>(
    reach: usize,
    size: usize,
    cell: usize,
    at: &impl Fn(usize) -> &'a [u8],
    results: &mut [u8],
) {
    for (i, to) in results.chunks_mut((2 * reach + 1) * cell).enumerate() {
        blocks(i, reach, size, cell, at, to);
    }
}

/// Block i of results: result j of it covers the end of one block of sources and the beginning of the next, so a running minimum
/// backwards over the one and a running minimum forwards over the other are all that is needed.
fn blocks<'a>(
    i: usize,
    reach: usize,
    size: usize,
    cell: usize,
    at: &impl Fn(usize) -> &'a [u8],
    results: &mut [u8],
) {
    let block = 2 * reach + 1;
    let start = i * block;
    let mut running = vec![u8::MAX; cell];
    let lower = |running: &mut [u8], source: usize| {
        if source >= reach && source - reach < size {
            for (r, &v) in running.iter_mut().zip(at(source - reach)) {
                *r = (*r).min(v);
            }
        }
    };
    // Sources are numbered from `reach` cells before the line, so that no number is negative.
    let count = results.len() / cell;
    for j in (0..block).rev() {
        lower(&mut running, start + j);
        if j < count {
            results[j * cell..(j + 1) * cell].copy_from_slice(&running);
        }
    }
    running.fill(u8::MAX);
    for j in 1..count {
        lower(&mut running, start + block + j - 1);
        for (to, &r) in results[j * cell..(j + 1) * cell].iter_mut().zip(&running) {
            *to = (*to).min(r);
        }
    }
}

/// An error unless the yardsticks compute what they say, which a fast wrong one would not.
pub fn verify(source: &Plane<u8>) -> Result<(), String> {
    let naive = |reach: usize, x: usize, y: usize| {
        let rows = y.saturating_sub(reach)..(y + reach + 1).min(source.height);
        let columns = x.saturating_sub(reach)..(x + reach + 1).min(source.width);
        rows.flat_map(|y| source.row(y)[columns.clone()].iter())
            .min()
            .copied()
    };
    let mut result = source.clone();
    let check = |reach: usize, result: &Plane<u8>| {
        let wrong = (0..result.data.len())
            .find(|&i| naive(reach, i % source.width, i / source.width) != Some(result.data[i]));
        wrong.map_or(Ok(()), |i| {
            Err(format!(
                "the minimum of reach {reach} is wrong at sample {i}"
            ))
        })
    };
    Minimum::new(source).pass(source, &mut result);
    check(1, &result)?;
    for reach in [0, 3, 200] {
        Square::new(source, reach).pass(source, &mut result);
        check(reach, &result)?;
    }
    Ok(())
}
