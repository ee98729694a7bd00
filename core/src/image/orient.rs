//! EXIF orientation: the eight ways a camera may have been held.

use super::Picture;

/// Turns a picture as stored into the picture as seen.
pub(super) fn apply(picture: Picture, orientation: u8) -> Picture {
    let (size, channels) = ((picture.width, picture.height), picture.channels);
    let (data, (width, height)) = turned(picture.data, size, channels.count(), orientation);
    Picture {
        width,
        height,
        channels,
        data,
    }
}

/// The samples, width and height of a picture as seen, from those as stored. Orientations 1 to 4 keep the shape and work in
/// place; 5 to 8 exchange width and height and need a second buffer.
pub(crate) fn turned<T: Copy + Default>(
    mut data: Vec<T>,
    (width, height): (u32, u32),
    channels: usize,
    orientation: u8,
) -> (Vec<T>, (u32, u32)) {
    let mirror_rows = |data: &mut [T]| {
        for row in data.chunks_exact_mut(width as usize * channels) {
            reverse(row, channels);
        }
    };
    match orientation {
        2 => mirror_rows(&mut data),
        // A turn by 180°.
        3 => reverse(&mut data, channels),
        4 => {
            // Upside down = turned by 180° and mirrored.
            reverse(&mut data, channels);
            mirror_rows(&mut data);
        }
        5..=8 => {
            let size = (width as usize, height as usize);
            return (
                transposed(&data, size, channels, orientation),
                (height, width),
            );
        }
        _ => {}
    }
    (data, (width, height))
}

/// Pixels back to front.
pub(crate) fn reverse<T>(samples: &mut [T], channels: usize) {
    samples.reverse();
    if channels == 3 {
        // Reversing samples also reversed each pixel's channels.
        for pixel in samples.chunks_exact_mut(3) {
            pixel.swap(0, 2);
        }
    }
}

/// Columns become rows. Works in square tiles, so that neither the read nor the written side thrashes the cache.
fn transposed<T: Copy + Default>(
    source: &[T],
    (w, h): (usize, usize),
    c: usize,
    orientation: u8,
) -> Vec<T> {
    const TILE: usize = 32;
    // Which end of the source each target axis starts from: 5 = plain transpose, 6 = turned clockwise,
    // 7 = transposed across the other diagonal, 8 = turned counter-clockwise.
    let from_bottom = matches!(orientation, 6 | 7);
    let from_right = matches!(orientation, 7 | 8);
    let mut data = vec![T::default(); source.len()];
    for tile_y in (0..w).step_by(TILE) {
        for tile_x in (0..h).step_by(TILE) {
            for y in tile_y..(tile_y + TILE).min(w) {
                for x in tile_x..(tile_x + TILE).min(h) {
                    let sx = if from_right { w - 1 - y } else { y };
                    let sy = if from_bottom { h - 1 - x } else { x };
                    let (to, from) = ((y * h + x) * c, (sy * w + sx) * c);
                    data[to..to + c].copy_from_slice(&source[from..from + c]);
                }
            }
        }
    }
    data
}
