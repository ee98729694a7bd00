//! How far an element that rolls over noise stays from the true background.
//!
//! A ball under a flat, noisy picture is stopped by its lowest pixels. With independent Gaussian noise of standard deviation s and
//! the depth K of the ball's skin, the apex stays below t with certainty 1 − P(t),
//!
//! ```text
//! P(t) = P(E > t) = Π over q of (1 − Φ((t − K(q)) / s)),      mean E = ∫ t dP
//! ```
//!
//! which depends on little more than the number of pixels whose depth is below s, a = 2π·(r²/h)·s. That is computed here as it
//! stands; what follows is calibrated (`--calibrate` of the benchmark):
//!
//! - the mean of 3×3 pixels (presmooth) has a third of the noise, and neighbours share it: they count as `share` of independent ones;
//! - the opening lies above the erosion by 0.82·s·z²/(z³ + d) with z = |mean E|/s: where the ball is stopped, noise falls off
//!   exponentially on the scale s/z, and the dents that a ball leaves between its points of rest are that scale times a number. d (4.8,
//!   with presmooth 2.0) is for small elements, which see the grid of the pixels.
//!
//! Where neighbours share noise (3×3 means with more than a third of it), each single pixel counts for less by as much.
//!
//! What is left is within a tenth of the bias on flat Gaussian noise, unless the element is lower than about three standard deviations: such a
//! ball is a disk to the noise, and its opening regains up to a tenth more. Noise of another distribution has other extremes and is
//! *not* corrected well on single pixels (even noise has no tails, Laplace's has heavy ones); 3×3 means are nearly Gaussian whatever
//! they are means of, so with presmooth it hardly matters. `docs/benchmarks.md` has the figures.
//!
//! It is right for an even or slowly bending background. An erosion also stays below a slope g by g²·r²/2h for geometric reasons, and an
//! opening cuts across hollows that bend more than the element; neither is noise, and neither is corrected.

use super::noise::{self, Noise, rounding, whole};
use super::{Element, Operation, Rolling, Sample, Shape, View};

/// Grey levels to **add** to what `rolling` found to free it of its bias, when the noise of single pixels has standard deviation
/// `sigma` (grey levels, before rounding to whole ones, as [`noise::sigma`] gives it) and neighbours do not share it.
///
/// ```
/// use whiteboarder_core::rolling::{Element, Operation, Rolling, bias};
///
/// let ball = Element::ball(100.0).ok_or("a radius is positive")?;
/// let rolling = Rolling { presmooth: true, ..Rolling::new(ball, Operation::Opening) };
/// let add = bias::correction::<u8>(6.0, &rolling);
/// assert!((4.5..6.0).contains(&add));
/// # Ok::<(), &'static str>(())
/// ```
///
/// Positive for erosion and opening, which lie below the background, negative for dilation and closing; 0 for no noise (or a `sigma`
/// that is no number).
#[must_use]
pub fn correction<T: Sample>(sigma: f64, rolling: &Rolling) -> f64 {
    let smooth = (sigma * sigma + rounding::<T>()).sqrt() / 3.0;
    if sigma > 0.0 {
        correction_of::<T>(Noise { sigma, smooth }, rolling)
    } else {
        0.0
    }
}

/// [`correction`] by what was measured on the picture, which knows of noise that neighbours share.
#[must_use]
pub fn estimate<T: Sample>(view: View<'_, T>, rolling: &Rolling) -> f64 {
    correction_of::<T>(noise::measure(view), rolling)
}

/// [`correction`] for noise of which both standard deviations are known.
#[must_use]
pub fn correction_of<T: Sample>(noise: Noise, rolling: &Rolling) -> f64 {
    let Noise { sigma, smooth } = noise;
    if !(sigma > 0.0 && sigma.is_finite() && smooth > 0.0 && smooth.is_finite()) {
        return 0.0;
    }
    let element = &rolling.element;
    // How much more noise is left in 3×3 means than there would be if neighbours did not share it.
    let shared = (3.0 * smooth / (sigma * sigma + rounding::<T>()).sqrt()).max(1.0);
    let (spread, share, gone) = if rolling.presmooth {
        (smooth, share(smooth, element), 2.0)
    } else {
        (sigma, 1.0 / shared, 4.8)
    };
    let opens = matches!(rolling.operation, Operation::Opening | Operation::Closing);
    // The two passes of an opening cut off fractions of depths, once each way.
    let mut lies = lowest(spread, element, share, whole::<T>() && !opens);
    if opens {
        let z = (lies / spread).abs();
        lies = (lies + spread * RAISE * z * z / (z * z * z + gone)).min(0.0);
    }
    match rolling.operation {
        Operation::Erosion | Operation::Opening => -lies,
        Operation::Dilation | Operation::Closing => lies,
    }
}

/// What the opening regains in the limit of many pixels, in units of s²/|mean E|.
const RAISE: f64 = 0.82;

/// How many independent pixels one of overlapping 3×3 means counts for: less than half where the element sees few of them, one where it
/// sees so many that only the rarest of them matter.
fn share(spread: f64, element: &Element) -> f64 {
    let curvature = element.radius() * element.radius() / element.height();
    let pixels = std::f64::consts::TAU * curvature * spread;
    (0.43 + 0.088 * (libm::log(pixels) - 3.4).max(0.0)).min(1.0)
}

/// Steps of the integration for each standard deviation.
const STEPS: f64 = 16.0;
/// Standard deviations on either side that matter.
const WIDTH: f64 = 8.5;

/// The mean height in grey levels, at most 0, of the apex of an element under flat Gaussian noise of standard deviation `spread` around 0,
/// when each pixel counts for `share` independent ones; with depths cut to `whole` levels on request.
#[must_use]
pub fn lowest(spread: f64, element: &Element, share: f64, whole: bool) -> f64 {
    if !(1e-300..1e300).contains(&spread) {
        // Beyond all samples, and beyond what the steps below can be counted in.
        return 0.0;
    }
    // Whole depths must fall on the grid; where the noise is wide, their fractions do not matter.
    let whole = whole && spread <= STEPS;
    let step = if whole {
        1.0 / (STEPS / spread).ceil()
    } else {
        spread / STEPS
    };
    let side = (WIDTH * spread / step).ceil() as usize;
    let counts = counts(element, step, 2 * side, whole);
    // ln of the chance that one pixel's noise lies above (i − side)·step.
    let above: Vec<f64> = (0..=2 * side)
        .map(|i| {
            let z = (i as f64 - side as f64) * step / spread * std::f64::consts::FRAC_1_SQRT_2;
            if z < 0.0 {
                libm::log1p(-libm::erfc(-z) / 2.0)
            } else {
                libm::log((libm::erfc(z) / 2.0).max(f64::MIN_POSITIVE))
            }
        })
        .collect();
    let chance = |t: usize| {
        let sum: f64 = counts[..=t]
            .iter()
            .zip(above[..=t].iter().rev())
            .map(|(n, l)| n * l)
            .sum();
        // The pixel right above is one, whatever the others count for.
        libm::exp((sum * share).min(above[t]))
    };
    // The mean of a number is the area above its distribution right of 0, less that below it left of 0.
    let right: f64 = (side..=2 * side).map(chance).sum();
    let left: f64 = (0..side).map(|t| 1.0 - chance(t)).sum();
    // The trapezoid at 0 belongs to both sides by half.
    (right - 0.5 - left) * step
}

/// How many pixels lie as deep as each step, to the nearest one; whole depths are cut instead.
fn counts(element: &Element, step: f64, steps: usize, whole: bool) -> Vec<f64> {
    let (radius, height) = (element.radius(), element.height());
    let deepest = (steps as f64 + 0.5) * step;
    let mut counts = vec![0.0; steps + 1];
    let rim = (area(element, deepest) / std::f64::consts::PI).sqrt();
    if rim <= 64.0 {
        // Few pixels are counted one by one.
        let reach = rim.ceil() as i64;
        for (dy, dx) in (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dy, dx))) {
            let square = (dx * dx + dy * dy) as f64 / (radius * radius);
            let depth = match element.shape() {
                Shape::Ball if square > 1.0 => continue,
                Shape::Ball => height * (1.0 - (1.0 - square).sqrt()),
                Shape::Paraboloid => height * square / 2.0,
            };
            let depth = if whole { depth.floor() } else { depth };
            if let Some(count) = counts.get_mut((depth / step).round() as usize) {
                *count += 1.0;
            }
        }
    } else if whole {
        let mut level = 0_usize;
        while let Some(count) = counts.get_mut((level as f64 / step).round() as usize) {
            *count = area(element, level as f64 + 1.0) - area(element, level as f64);
            level += 1;
        }
    } else {
        for (i, count) in counts.iter_mut().enumerate() {
            let from = (i as f64 - 0.5).max(0.0) * step;
            *count = area(element, (i as f64 + 0.5) * step) - area(element, from);
        }
    }
    counts
}

/// How many pixels of an element are less deep than `depth`.
fn area(element: &Element, depth: f64) -> f64 {
    let (radius, height) = (element.radius(), element.height());
    let share = match element.shape() {
        Shape::Ball => {
            let left = (1.0 - depth / height).max(0.0);
            1.0 - left * left
        }
        Shape::Paraboloid => 2.0 * depth / height,
    };
    // Held where neither the product nor differences of such numbers leave f64.
    let (radius, share) = (radius.min(1e100), share.min(1e100));
    std::f64::consts::PI * radius * radius * share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cancel::Never;
    use crate::plane::Plane;
    use crate::rolling::{Roller, View, ViewMut};

    fn ball(radius: f64, height: f64) -> Element {
        Element::ellipsoid(radius, height).unwrap()
    }

    /// Gaussian numbers by Box and Muller.
    fn flat(width: usize, height: usize, sigma: f64) -> Plane<f32> {
        let mut state = 11_u64;
        let mut even = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let data = (0..width * height).map(|_| {
            let length = (-2.0 * libm::log(even())).sqrt();
            (127.3 + sigma * length * libm::cos(std::f64::consts::TAU * even())) as f32
        });
        Plane {
            width,
            height,
            data: data.collect(),
        }
    }

    fn inner_mean(plane: &Plane<f32>, margin: usize) -> f64 {
        let rows =
            (margin..plane.height - margin).map(|y| &plane.row(y)[margin..plane.width - margin]);
        let inner: Vec<f64> = rows.flatten().map(|&v| f64::from(v)).collect();
        inner.iter().sum::<f64>() / inner.len() as f64
    }

    fn rolled<T: Sample>(plane: &Plane<T>, rolling: &Rolling) -> Plane<T> {
        let mut result = plane.clone();
        let Ok(()) = Roller::new().roll(View::of(plane), ViewMut::of(&mut result), rolling, &Never);
        result
    }

    #[test]
    fn flat_noise_is_freed_of_its_bias_whatever_rolls() {
        let sigma = 4.0;
        let plane = flat(320, 240, sigma);
        let whole = plane.map(|v| (v + 0.5) as u8);
        let mut wrong = Vec::new();
        let elements = [
            ball(6.0, 24.0),
            ball(20.0, 20.0),
            ball(20.0, 60.0),
            Element::paraboloid(10.0, 20.0).unwrap(),
        ];
        for element in elements {
            for operation in [
                Operation::Erosion,
                Operation::Dilation,
                Operation::Opening,
                Operation::Closing,
            ] {
                for presmooth in [false, true] {
                    let rolling = Rolling {
                        presmooth,
                        ..Rolling::new(element, operation)
                    };
                    let found = inner_mean(&rolled(&plane, &rolling), 42);
                    let left = found + correction::<f32>(sigma, &rolling) - 127.3;
                    if left.abs() > 0.14 * sigma {
                        wrong.push(format!("{rolling:?}: {left} of {} is left", found - 127.3));
                    }
                    let found = rolled(&whole, &rolling).map(f32::from);
                    let left = inner_mean(&found, 42) + correction::<u8>(sigma, &rolling) - 127.3;
                    if left.abs() > 0.18 * sigma {
                        wrong.push(format!("{rolling:?} in u8: {left} is left"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn without_noise_there_is_nothing_to_correct() {
        let rolling = Rolling::new(ball(30.0, 30.0), Operation::Opening);
        for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let found = correction::<u8>(sigma, &rolling);
            assert!(found.abs() <= 0.0, "{sigma}: {found}");
        }
    }

    #[test]
    fn an_element_of_one_pixel_follows_the_noise() {
        // Its only pixel is unbiased; with four more far below it hardly matters.
        let rolling = Rolling::new(ball(0.5, 1.0), Operation::Erosion);
        assert!(correction::<f32>(3.0, &rolling).abs() < 0.01);
    }

    #[test]
    fn the_least_of_n_numbers_lies_where_tables_say() {
        // A nearly flat disk of 9 pixels: the mean of the least of nine Gaussian numbers is −1.485 (Teichroew 1956).
        let disk = ball(1.5, 1e-6);
        let found = lowest(1.0, &disk, 1.0, false);
        assert!((found + 1.485).abs() < 0.005, "{found}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn signs_scales_and_order_hold(
            radius in 0.3_f64..400.0,
            height in 0.3_f64..400.0,
            sigma in 0.01_f64..100.0,
            presmooth in any::<bool>(),
            paraboloid in any::<bool>(),
        ) {
            let shape = if paraboloid { Shape::Paraboloid } else { Shape::Ball };
            let by = |scale: f64, operation| {
                let element = Element::new(shape, radius, height * scale).unwrap();
                let rolling = Rolling { presmooth, ..Rolling::new(element, operation) };
                correction::<f32>(sigma * scale, &rolling)
            };
            let erosion = by(1.0, Operation::Erosion);
            prop_assert!(erosion >= -1e-9 && erosion.is_finite());
            prop_assert!((erosion + by(1.0, Operation::Dilation)).abs() < 1e-9);
            let opening = by(1.0, Operation::Opening);
            prop_assert!((opening + by(1.0, Operation::Closing)).abs() < 1e-9);
            // Opening lies between the erosion and the picture.
            prop_assert!((0.0..=erosion + 1e-9).contains(&opening));
            // Other units of grey are other units of the correction.
            prop_assert!((by(257.0, Operation::Erosion) - 257.0 * erosion).abs() < 1e-3 * 257.0 * sigma);
        }
    }
}
