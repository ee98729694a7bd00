//! Colours as people see them: sRGB, CIELAB and CIEDE2000.

use std::sync::LazyLock;

/// sRGB's curve, from linear light to 0..1, by table.
pub fn encoded(light: f32) -> f32 {
    const STEPS: usize = 4096;
    static CURVE: LazyLock<Vec<f32>> = LazyLock::new(|| {
        let value = |step: usize| {
            let light = step as f64 / STEPS as f64;
            if light <= 0.003_130_8 {
                light * 12.92
            } else {
                1.055 * libm::pow(light, 1.0 / 2.4) - 0.055
            }
        };
        (0..=STEPS + 1).map(|step| value(step) as f32).collect()
    });
    let at = light.clamp(0.0, 1.0) * STEPS as f32;
    let step = at as usize;
    CURVE[step] + (CURVE[step + 1] - CURVE[step]) * (at - step as f32)
}

/// Linear light of an sRGB sample.
fn linear(sample: u8) -> f64 {
    static TABLE: LazyLock<Vec<f64>> = LazyLock::new(|| {
        let value = |sample: u8| {
            let level = f64::from(sample) / 255.0;
            if level <= 0.040_45 {
                level / 12.92
            } else {
                libm::pow((level + 0.055) / 1.055, 2.4)
            }
        };
        (0..=255).map(value).collect()
    });
    TABLE[usize::from(sample)]
}

/// CIELAB of an sRGB pixel, relative to sRGB's own white (D65).
pub fn lab(rgb: &[u8]) -> [f64; 3] {
    let light = [0, 1, 2].map(|c| linear(rgb[c]));
    // Rows of sRGB's matrix to XYZ (IEC 61966-2-1), each divided by its sum: the white.
    let xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    .map(|row: [f64; 3]| {
        let sum: f64 = row.iter().sum();
        row.iter()
            .zip(light)
            .map(|(weight, light)| weight * light)
            .sum::<f64>()
            / sum
    });
    let [x, y, z] = xyz.map(|t| {
        if t > 216.0 / 24389.0 {
            libm::cbrt(t)
        } else {
            (24389.0 / 27.0 * t + 16.0) / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Chroma of a colour in CIELAB.
pub fn chroma(lab: [f64; 3]) -> f64 {
    (lab[1] * lab[1] + lab[2] * lab[2]).sqrt()
}

/// Hue in degrees, 0..360; 0 without chroma.
fn hue(a: f64, b: f64) -> f64 {
    let degrees = libm::atan2(b, a).to_degrees();
    if degrees < 0.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

/// Difference of hue in CIELAB, 0..180 degrees. Less than one unit of chroma is no colour: 90, what chance would give.
pub fn hue_error(ideal: [f64; 3], got: [f64; 3]) -> f64 {
    if chroma(got) < 1.0 {
        return 90.0;
    }
    let apart = (hue(ideal[1], ideal[2]) - hue(got[1], got[2])).abs();
    apart.min(360.0 - apart)
}

/// CIEDE2000 with all factors 1: Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes,
/// Supplementary Test Data, and Mathematical Observations", Color Research and Application 30 (2005).
#[expect(clippy::many_single_char_names, reason = "the formula's own names")]
pub fn delta_e(one: [f64; 3], two: [f64; 3]) -> f64 {
    let to_7 = |c: f64| {
        let c2 = c * c;
        c2 * c2 * c2 * c
    };
    let saturated = |c: f64| (to_7(c) / (to_7(c) + 6_103_515_625.0)).sqrt();
    let g = 0.5 * (1.0 - saturated(f64::midpoint(chroma(one), chroma(two))));
    let (a1, a2) = ((1.0 + g) * one[1], (1.0 + g) * two[1]);
    let (c1, c2) = (
        (a1 * a1 + one[2] * one[2]).sqrt(),
        (a2 * a2 + two[2] * two[2]).sqrt(),
    );
    let (h1, h2) = (hue(a1, one[2]), hue(a2, two[2]));
    let grey = c1 * c2 == 0.0;
    let turn = match h2 - h1 {
        _ if grey => 0.0,
        d if d > 180.0 => d - 360.0,
        d if d < -180.0 => d + 360.0,
        d => d,
    };
    let mean_hue = if grey {
        h1 + h2
    } else if (h1 - h2).abs() <= 180.0 {
        f64::midpoint(h1, h2)
    } else if h1 + h2 < 360.0 {
        f64::midpoint(h1, h2) + 180.0
    } else {
        f64::midpoint(h1, h2) - 180.0
    };
    let (dl, dc) = (two[0] - one[0], c2 - c1);
    let dh = 2.0 * (c1 * c2).sqrt() * libm::sin((turn / 2.0).to_radians());
    let (ml, mc) = (f64::midpoint(one[0], two[0]), f64::midpoint(c1, c2));
    let cosine = |degrees: f64| libm::cos(degrees.to_radians());
    let t = 1.0 - 0.17 * cosine(mean_hue - 30.0)
        + 0.24 * cosine(2.0 * mean_hue)
        + 0.32 * cosine(3.0 * mean_hue + 6.0)
        - 0.20 * cosine(4.0 * mean_hue - 63.0);
    let from_middle = (ml - 50.0) * (ml - 50.0);
    let sl = 1.0 + 0.015 * from_middle / (20.0 + from_middle).sqrt();
    let (sc, sh) = (1.0 + 0.045 * mc, 1.0 + 0.015 * mc * t);
    let bend = (mean_hue - 275.0) / 25.0;
    let rotation = -2.0 * saturated(mc) * libm::sin((60.0 * libm::exp(-bend * bend)).to_radians());
    let (l, c, h) = (dl / sl, dc / sc, dh / sh);
    (l * l + c * c + h * h + rotation * c * h).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of table 1 of Sharma et al., with the cases where implementations go wrong: hues across 0°, grey, the blue
    /// region's rotation, large differences.
    #[test]
    fn ciede2000_agrees_with_the_published_pairs() {
        #[rustfmt::skip]
        let table = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 3.1571, -77.2803], [50.0, 0.0, -82.7485], 2.8615),
            ([50.0, 2.8361, -74.0200], [50.0, 0.0, -82.7485], 3.4412),
            ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0000),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0009], 7.1792),
            ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0011], 7.2195),
            ([50.0, -0.0010, 2.4900], [50.0, 0.0011, -2.4900], 4.7461),
            ([50.0, 2.5, 0.0], [50.0, 0.0, -2.5], 4.3065),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([50.0, 2.5, 0.0], [61.0, -5.0, 29.0], 22.8977),
            ([50.0, 2.5, 0.0], [56.0, -27.0, -3.0], 31.9030),
            ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([22.7233, 20.0904, -46.6940], [23.0331, 14.9730, -42.5619], 2.0373),
            ([90.9257, -0.5406, -0.9208], [88.6381, -0.8985, -0.7239], 1.5381),
            ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ];
        for (one, two, published) in table {
            assert!(
                (delta_e(one, two) - published).abs() < 5e-5,
                "{one:?} {two:?}"
            );
            assert!(
                (delta_e(two, one) - published).abs() < 5e-5,
                "{two:?} {one:?}"
            );
        }
    }

    #[test]
    fn white_black_and_red_have_their_places_in_cielab() {
        let near = |rgb: [u8; 3], want: [f64; 3]| {
            let got = lab(&rgb);
            assert!(
                got.iter().zip(want).all(|(g, w)| (g - w).abs() < 0.05),
                "{rgb:?}: {got:?}"
            );
        };
        near([255; 3], [100.0, 0.0, 0.0]);
        near([0; 3], [0.0; 3]);
        near([255, 0, 0], [53.24, 80.09, 67.20]);
    }

    #[test]
    fn hues_are_compared_the_short_way_round() {
        let at = |degrees: f64| {
            [
                50.0,
                30.0 * libm::cos(degrees.to_radians()),
                30.0 * libm::sin(degrees.to_radians()),
            ]
        };
        assert!((hue_error(at(350.0), at(20.0)) - 30.0).abs() < 1e-9);
        assert!((hue_error(at(20.0), [50.0, 0.1, 0.1]) - 90.0).abs() < 1e-9);
    }
}
