//! A profile's tone curve, from sample to light.

use moxcms::ToneReprCurve;

/// Light (0 to 1) for a sample (0 to 1), or `None` where the curve is no curve (ICC.1:2022, 10.6 and 10.18).
///
/// `libm`'s power is software and the same everywhere.
#[allow(clippy::many_single_char_names, reason = "the names of the standard")]
pub(super) fn light(curve: &ToneReprCurve, sample: f64) -> Option<f64> {
    let light = match curve {
        ToneReprCurve::Lut(table) => match table.as_slice() {
            [] => sample,
            [gamma] => libm::pow(sample, f64::from(*gamma) / 256.0),
            table => {
                let place = sample * (table.len() - 1) as f64;
                let low = (place as usize).min(table.len() - 2);
                let share = place - low as f64;
                let at = |index: usize| f64::from(table[index]) / 65_535.0;
                at(low) + (at(low + 1) - at(low)) * share
            }
        },
        ToneReprCurve::Parametric(numbers) => {
            let numbers: Vec<f64> = numbers.iter().map(|n| f64::from(*n)).collect();
            let (g, a, b, c, d, e, f) = match *numbers.as_slice() {
                [g] => (g, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
                [g, a, b] => (g, a, b, 0.0, -b / a, 0.0, 0.0),
                [g, a, b, c] => (g, a, b, 0.0, -b / a, c, c),
                [g, a, b, c, d] => (g, a, b, c, d, 0.0, 0.0),
                [g, a, b, c, d, e, f] => (g, a, b, c, d, e, f),
                _ => return None,
            };
            if sample >= d {
                libm::pow(a * sample + b, g) + e
            } else {
                c * sample + f
            }
        }
    };
    light.is_finite().then(|| light.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_curves_meet_at_the_ends_and_bend_as_told() {
        let srgb = vec![2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];
        let curves = [
            ToneReprCurve::Lut(vec![]),
            ToneReprCurve::Lut(vec![563]),
            ToneReprCurve::Lut(vec![0, 14_000, 65_535]),
            ToneReprCurve::Parametric(vec![2.2]),
            ToneReprCurve::Parametric(srgb),
        ];
        let middle = [0.5, 0.217_7, 0.213_6, 0.217_6, 0.214_0];
        for (curve, middle) in curves.iter().zip(middle) {
            let at = |sample| light(curve, sample).unwrap_or(-1.0);
            assert!(
                at(0.0).abs() < 1e-9 && (at(1.0) - 1.0).abs() < 1e-6,
                "{curve:?}"
            );
            assert!((at(0.5) - middle).abs() < 1e-3, "{curve:?}: {}", at(0.5));
        }
        let nonsense = ToneReprCurve::Parametric(vec![f32::NAN]);
        assert_eq!(light(&nonsense, 0.5), None);
    }
}
