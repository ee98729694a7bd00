//! Colours as the eye tells them apart, in whole numbers that are the same on every machine.

use std::sync::LazyLock;

/// Steps of [`Lab`] per unit of CIELAB.
pub(super) const STEPS: i32 = 8;

/// A colour in CIELAB under D65, in eighths: lightness 0 to 800, the other two within ±900.
pub(super) type Lab = [i32; 3];

static LIGHT: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|sample| {
        let encoded = sample as f64 / 255.0;
        // IEC 61966-2-1.
        let light = if encoded <= 0.040_45 {
            encoded / 12.92
        } else {
            libm::pow((encoded + 0.055) / 1.055, 2.4)
        };
        light as f32
    })
});

/// CIE 15 of an 8-bit sRGB colour; software roots, because the system's differ.
pub(super) fn lab(rgb: [u8; 3]) -> Lab {
    let [red, green, blue] = rgb.map(|sample| LIGHT[sample as usize]);
    // Rows of the matrix from sRGB to XYZ, divided by the white point.
    let root = |weights: [f32; 3]| {
        let light = weights[0] * red + weights[1] * green + weights[2] * blue;
        if light > 0.008_856_452 {
            libm::cbrtf(light)
        } else {
            7.787_037 * light + 4.0 / 29.0
        }
    };
    let x = root([0.433_953, 0.376_219, 0.189_828]);
    let y = root([0.212_671, 0.715_16, 0.072_169]);
    let z = root([0.017_758, 0.109_477, 0.872_765]);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        .map(|axis| libm::roundf(axis * STEPS as f32) as i32)
}

/// Square of the distance between two colours, in [`STEPS`]²: below 2²⁴.
#[inline]
pub(super) fn apart(a: Lab, b: Lab) -> u32 {
    let square = |axis: usize| (a[axis] - b[axis]) * (a[axis] - b[axis]);
    (square(0) + square(1) + square(2)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_srgb_are_where_cielab_has_them() {
        for (rgb, want) in [
            ([255, 255, 255], [100.0, 0.0, 0.0]),
            ([0, 0, 0], [0.0, 0.0, 0.0]),
            ([255, 0, 0], [53.24, 80.09, 67.20]),
            ([0, 255, 0], [87.73, -86.18, 83.18]),
            ([0, 0, 255], [32.30, 79.19, -107.86]),
        ] {
            let have = lab(rgb).map(|axis| axis as f64 / f64::from(STEPS));
            for (have, want) in have.iter().zip(want) {
                assert!((have - want).abs() < 0.15, "{rgb:?}: {have} for {want}");
            }
        }
    }
}
