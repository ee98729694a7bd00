//! EXIF orientation: the eight ways a camera may have been held.

use super::Picture;

/// Turns a picture as stored into the picture as seen. Orientations 1 to 4 keep the shape and work in place; 5 to 8
/// exchange width and height and need a second buffer.
pub(super) fn apply(mut picture: Picture, orientation: u8) -> Picture {
    match orientation {
        2 => mirror_rows(&mut picture),
        3 => reverse_pixels(&mut picture),
        4 => {
            // Upside down = turned by 180° and mirrored.
            reverse_pixels(&mut picture);
            mirror_rows(&mut picture);
        }
        5..=8 => return transpose(&picture, orientation),
        _ => {}
    }
    picture
}

/// Each row back to front.
fn mirror_rows(picture: &mut Picture) {
    let row_len = picture.row_len();
    let channels = picture.channels.count();
    for row in picture.data.chunks_exact_mut(row_len) {
        reverse(row, channels);
    }
}

/// All pixels back to front: a turn by 180°.
fn reverse_pixels(picture: &mut Picture) {
    let channels = picture.channels.count();
    reverse(&mut picture.data, channels);
}

fn reverse(samples: &mut [u8], channels: usize) {
    samples.reverse();
    if channels == 3 {
        // Reversing samples also reversed each pixel's channels.
        for pixel in samples.chunks_exact_mut(3) {
            pixel.swap(0, 2);
        }
    }
}

/// Columns become rows. Works in square tiles, so that neither the read nor the written side thrashes the cache.
fn transpose(picture: &Picture, orientation: u8) -> Picture {
    const TILE: usize = 32;
    let (w, h) = (picture.width as usize, picture.height as usize);
    let c = picture.channels.count();
    // Which end of the source each target axis starts from: 5 = plain transpose, 6 = turned clockwise,
    // 7 = transposed across the other diagonal, 8 = turned counter-clockwise.
    let from_bottom = matches!(orientation, 6 | 7);
    let from_right = matches!(orientation, 7 | 8);
    let mut data = vec![0; picture.data.len()];
    for tile_y in (0..w).step_by(TILE) {
        for tile_x in (0..h).step_by(TILE) {
            for y in tile_y..(tile_y + TILE).min(w) {
                for x in tile_x..(tile_x + TILE).min(h) {
                    let sx = if from_right { w - 1 - y } else { y };
                    let sy = if from_bottom { h - 1 - x } else { x };
                    let (to, from) = ((y * h + x) * c, (sy * w + sx) * c);
                    data[to..to + c].copy_from_slice(&picture.data[from..from + c]);
                }
            }
        }
    }
    Picture {
        width: picture.height,
        height: picture.width,
        channels: picture.channels,
        data,
    }
}
