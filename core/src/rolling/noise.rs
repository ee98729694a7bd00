//! How noisy a picture is.
//!
//! Immerkær's mask (1996), the difference of two Laplacians, is blind to planes and nearly blind to smooth light:
//!
//! ```text
//!  1 −2  1
//! −2  4 −2      on independent noise of standard deviation σ it answers with standard deviation 6σ
//!  1 −2  1
//! ```
//!
//! Its nine samples are taken a few pixels apart, because neighbours share noise after demosaicking and JPEG. The spread of the
//! answers is taken from their median, again and again without those beyond 1.5 standard deviations, among which are the edges of ink.

use super::{Sample, View};

/// Pixels between the samples of the mask.
const SPACING: usize = 3;
/// Answers that are looked at, at most: their median is then within about half a percent.
const ANSWERS: usize = 1 << 17;
/// Pixels of a row that are looked at, at most, so that many places of the picture are.
const SEGMENT: usize = 1024;
/// Fewer answers tell nothing.
const FEWEST: usize = 32;
/// Median of |z| for Gaussian z, and of those with |z| < [`CUT`].
const MEDIAN: f64 = 0.674_489_75;
const CUT: f64 = 1.5;
const MEDIAN_WITHIN_CUT: f64 = 0.572_76;

/// What is known of a picture's noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation of single pixels in grey levels, without what rounding to whole levels added.
    pub sigma: f64,
    /// Standard deviation of the means of 3×3 pixels, which a rolling with presmooth sees. A third of `sigma` when neighbours are
    /// independent, more when they share noise.
    pub smooth: f64,
}

/// The standard deviation of the noise in grey levels; 0 where the picture does not tell (it is smaller than 7×7 pixels, it has none,
/// most of it is flat or at the ends of its range).
///
/// Deterministic, and the same time for any large picture: about 130,000 places are looked at. Samples at the ends of the
/// range of integers and those that are not finite are left out.
#[must_use]
pub fn sigma<T: Sample>(view: View<'_, T>) -> f64 {
    let found = spread(view, false);
    (found * found - rounding::<T>()).max(0.0).sqrt()
}

/// [`sigma`], and that of the picture's 3×3 means.
#[must_use]
pub fn measure<T: Sample>(view: View<'_, T>) -> Noise {
    Noise {
        sigma: sigma(view),
        smooth: spread(view, true),
    }
}

/// Whether samples of this type are whole numbers.
pub(super) fn whole<T: Sample>() -> bool {
    T::depth(1.0, 0.5).as_f32() < 0.25
}

/// The variance that rounding to samples of this type adds: that of an even distribution one level wide, or none.
pub(super) fn rounding<T: Sample>() -> f64 {
    if whole::<T>() { 1.0 / 12.0 } else { 0.0 }
}

/// The spread of the mask's answers, on pixels or on their 3×3 means, as that of what it was laid on.
fn spread<T: Sample>(view: View<'_, T>, means: bool) -> f64 {
    let around = SPACING + usize::from(means);
    let (width, height) = (view.width(), view.height());
    if width <= 2 * around || height <= 2 * around {
        return 0.0;
    }
    let answers = width - 2 * around;
    let segment = answers.min(SEGMENT);
    let (places_across, places_down) = (answers - segment + 1, height - 2 * around);
    let rows = (ANSWERS / segment).max(1);
    let every = rows >= places_down && segment == answers;
    let mut found = Vec::with_capacity(segment * rows.min(places_down));
    let mut lines = [const { Vec::new() }; 3];
    for i in 0..(if every { places_down } else { rows }) {
        // Multiples of the golden ratio spread over any length evenly and keep no step with the blocks of a JPEG.
        let y = if every {
            i
        } else {
            place(i, 0.618_033_988_749_894_9, places_down)
        };
        let x = place(i, 0.754_877_666_246_692_8, places_across);
        for (j, line) in lines.iter_mut().enumerate() {
            let row = y + around + j * SPACING - SPACING;
            if means {
                sum_line(view, x, row, segment + 2 * SPACING, line);
            } else {
                line.clear();
                line.extend(pixels(view, x, row, segment + 2 * SPACING));
            }
        }
        answer(&lines, segment, &mut found);
    }
    let good = |v: &f32| v.is_finite();
    found.retain(good);
    typical(&mut found) / if means { 54.0 } else { 6.0 }
}

fn place(i: usize, ratio: f64, places: usize) -> usize {
    (((i as f64 * ratio).fract() * places as f64) as usize).min(places - 1)
}

/// Samples of a row; those that tell nothing are NaN.
fn pixels<T: Sample>(
    view: View<'_, T>,
    x: usize,
    y: usize,
    count: usize,
) -> impl Iterator<Item = f32> {
    let step = view.step();
    let row = view.row(y)[x * step..].iter().step_by(step).take(count);
    row.map(|&v| {
        if v > T::BOTTOM && v < T::TOP {
            v.as_f32()
        } else {
            f32::NAN
        }
    })
}

/// Sums of 3×3 pixels (not means: sums of whole samples are whole, and equal ones stay equal); number 0 of them has its middle at
/// column x + 1.
fn sum_line<T: Sample>(view: View<'_, T>, x: usize, y: usize, count: usize, line: &mut Vec<f32>) {
    let mut sums = vec![0.0_f32; count + 2];
    for row in y - 1..=y + 1 {
        for (sum, v) in sums.iter_mut().zip(pixels(view, x, row, count + 2)) {
            *sum += v;
        }
    }
    line.clear();
    line.extend(sums.windows(3).map(|w| w[0] + w[1] + w[2]));
}

fn answer(lines: &[Vec<f32>; 3], count: usize, found: &mut Vec<f32>) {
    let second = |line: &[f32], x: usize| line[x] - 2.0 * line[x + SPACING] + line[x + 2 * SPACING];
    let [above, here, below] = lines;
    found.extend(
        (0..count).map(|x| (second(above, x) - 2.0 * second(here, x) + second(below, x)).abs()),
    );
}

/// The standard deviation behind absolute answers, most of which are Gaussian.
fn typical(answers: &mut [f32]) -> f64 {
    if answers.len() < FEWEST {
        return 0.0;
    }
    answers.sort_unstable_by(f32::total_cmp);
    let mut spread = middle(answers) / MEDIAN;
    for _ in 0..16 {
        let within = answers.partition_point(|&v| f64::from(v) <= CUT * spread);
        if within < FEWEST {
            break;
        }
        spread = middle(&answers[..within]) / MEDIAN_WITHIN_CUT;
    }
    spread
}

/// The median of sorted numbers that are not negative. Equal ones are thought spread evenly to half way to their neighbours, since
/// whole samples give whole answers; 0 when half of them are 0.
fn middle(sorted: &[f32]) -> f64 {
    let Some(&value) = sorted.get(sorted.len() / 2) else {
        return 0.0;
    };
    if value == 0.0 {
        return 0.0;
    }
    let first = sorted.partition_point(|&v| v < value);
    let behind = sorted.partition_point(|&v| v <= value);
    let value = f64::from(value);
    let lower = first.checked_sub(1).map_or(value, |i| f64::from(sorted[i]));
    let upper = sorted.get(behind).map_or(value, |&v| f64::from(v));
    let share = (sorted.len() as f64 / 2.0 - first as f64) / (behind - first) as f64;
    let (from, to) = (f64::midpoint(lower, value), f64::midpoint(value, upper));
    from + (to - from) * share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plane::Plane;

    /// Sums of twelve even numbers: near enough to Gaussian.
    fn noisy(width: usize, height: usize, sigma: f64, seed: u64) -> Plane<f32> {
        let mut state = seed;
        let mut even = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        let data = (0..width * height).map(|i| {
            let noise = (0..12).map(|_| even()).sum::<f64>() - 6.0;
            let slope = (i % width) as f64 * 0.02 + (i / width) as f64 * 0.03;
            (120.0 + slope + sigma * noise) as f32
        });
        Plane {
            width,
            height,
            data: data.collect(),
        }
    }

    fn rounded(plane: &Plane<f32>) -> Plane<u8> {
        plane.map(|v| (v + 0.5) as u8)
    }

    fn near(found: f64, expected: f64, share: f64) -> bool {
        (found - expected).abs() <= share * expected
    }

    #[test]
    fn known_noise_is_found_in_floats_and_after_rounding() {
        for sigma in [0.5, 1.0, 2.0, 6.0, 12.0] {
            let plane = noisy(500, 400, sigma, 3);
            let found = measure(View::of(&plane));
            assert!(near(found.sigma, sigma, 0.03), "{sigma}: {found:?}");
            assert!(near(found.smooth * 3.0, sigma, 0.05), "{sigma}: {found:?}");
            let found = super::sigma(View::of(&rounded(&plane)));
            assert!(near(found, sigma, 0.06), "{sigma} in u8: {found}");
            let wide = plane.map(|v| (v * 257.0 + 0.5) as u16);
            let found = super::sigma(View::of(&wide));
            assert!(near(found, sigma * 257.0, 0.03), "{sigma} in u16: {found}");
        }
    }

    #[test]
    fn the_edges_of_ink_hardly_count() {
        let mut plane = noisy(500, 400, 4.0, 9);
        for (i, v) in plane.data.iter_mut().enumerate() {
            // A grid of strokes of four pixels over a sixth of the picture.
            if (i % 500) % 50 < 4 || (i / 500) % 50 < 4 {
                *v -= 90.0;
            }
        }
        let found = sigma(View::of(&plane));
        assert!(near(found, 4.0, 0.12), "{found}");
    }

    #[test]
    fn a_picture_without_noise_has_none() {
        let board = noisy(300, 200, 0.0, 1);
        assert!(sigma(View::of(&board)) < 1e-3);
        // Rounding alone is no noise.
        let found = sigma(View::of(&rounded(&board)));
        assert!(found < 0.2, "{found}");
        let flat = Plane::filled(300, 200, 7_u8);
        assert!(sigma(View::of(&flat)) <= 0.0);
    }

    #[test]
    fn saturated_and_missing_samples_are_left_out() {
        let mut plane = noisy(300, 300, 3.0, 5);
        let half = plane.data.len() / 2;
        plane.data[..half].fill(f32::NAN);
        let found = sigma(View::of(&plane));
        assert!(near(found, 3.0, 0.05), "{found}");
        plane.data[..half].fill(255.0);
        let found = sigma(View::of(&rounded(&plane)));
        assert!(near(found, 3.0, 0.05), "{found}");
        plane.data.fill(f32::NAN);
        assert!(sigma(View::of(&plane)) <= 0.0);
    }

    #[test]
    fn a_channel_is_measured_like_its_copy() {
        let plane = rounded(&noisy(90, 80, 5.0, 2));
        let interleaved: Vec<u8> = plane.data.iter().flat_map(|&v| [v, 0, 255 - v]).collect();
        let one = measure(View::of(&plane));
        let channel = View::channel(&interleaved, 90, 80, 3, 0).map(measure);
        assert_eq!(channel, Some(one));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_floats_give_a_number(width in 1_usize..40, height in 1_usize..40, bits in any::<u32>()) {
            let data = (0..width * height).map(|i| {
                f32::from_bits(bits.wrapping_mul(i as u32 + 1).rotate_left(i as u32))
            });
            let plane = Plane { width, height, data: data.collect() };
            let found = measure(View::of(&plane));
            prop_assert!(found.sigma >= 0.0 && found.smooth >= 0.0);
        }
    }
}
