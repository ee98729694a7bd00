//! A board to clean.

use whiteboarder_core::image::{Channels, Picture};

/// A board with strokes of several widths, a filled box, shading and noise.
pub fn board(width: usize, height: usize, channels: Channels, dark: bool) -> Picture {
    let n = channels.count();
    let mut state = 12_345_u32;
    let mut data = Vec::with_capacity(width * height * n);
    for y in 0..height {
        for x in 0..width {
            let light = 0.95 - 0.4 * x as f32 / width as f32;
            let stroke = (y % 37 < 5 && x % 90 > 8) || (x % 53 < 3 && y > 20);
            let filled =
                (width / 4..width / 2).contains(&x) && (height / 3..height / 2).contains(&y);
            for c in 0..n {
                let ink = if filled {
                    [0.2, 0.8, 0.9][c]
                } else {
                    [0.9, 0.3, 0.7][c]
                };
                let cover = if stroke || filled { ink } else { 0.0 };
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 24) as f32 / 64.0 - 2.0;
                let level = if dark {
                    50.0 * light + 180.0 * cover
                } else {
                    230.0 * light * (1.0 - cover)
                };
                data.push((level + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Picture {
        width: width as u32,
        height: height as u32,
        channels,
        data,
    }
}
