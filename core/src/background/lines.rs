//! Straight lines through the pixels of small pictures: along the edge of a shadow the light is even, across it is not.

use rayon::prelude::*;

use super::Plane;

/// Directions that are tried, over half a turn.
const TURNS: usize = 16;

fn direction(turn: usize) -> (f32, f32) {
    let angle = core::f32::consts::PI * turn as f32 / TURNS as f32;
    (libm::cosf(angle), libm::sinf(angle))
}

/// One sum of up to three channels per pixel.
fn summed(planes: &[Plane<f32>]) -> Plane<f32> {
    let mut sum = planes[0].clone();
    for plane in &planes[1..] {
        for (sum, v) in sum.data.iter_mut().zip(&plane.data) {
            *sum += v;
        }
    }
    sum
}

/// Planes (at most three), evened along the line through each pixel on which all of them together differ least, so many
/// pixels to either side. Only pixels with a `weight` change. Noise goes, and the edges of shadows stay as sharp as they are.
pub(super) fn evened(planes: &[Plane<f32>], weight: &Plane<f32>, reach: usize) -> Vec<Plane<f32>> {
    let (width, height) = (weight.width, weight.height);
    let sum = summed(planes);
    let turns: [Vec<(i64, i64)>; TURNS] = std::array::from_fn(|turn| {
        let (dx, dy) = direction(turn);
        let step = |d: i64| {
            let along = |by: f32| libm::roundf(by * d as f32) as i64;
            (along(dx), along(dy))
        };
        let reach = reach as i64;
        (-reach..=reach).map(step).collect()
    });
    let offsets = turns.each_ref().map(|steps| -> Vec<isize> {
        let offset = |&(dx, dy): &(i64, i64)| dy as isize * width as isize + dx as isize;
        steps.iter().map(offset).collect()
    });
    let mut results = planes.to_vec();
    let mut rows: Vec<Vec<&mut [f32]>> = (0..height).map(|_| Vec::new()).collect();
    for plane in &mut results {
        for (row, part) in rows.iter_mut().zip(plane.data.chunks_exact_mut(width)) {
            row.push(part);
        }
    }
    rows.into_par_iter().enumerate().for_each(|(y, mut rows)| {
        let mut places = Vec::with_capacity(2 * reach + 1);
        let inner = y >= reach && y + reach < height;
        for x in (0..width).filter(|x| weight.data[y * width + x] > 0.0) {
            let here = y * width + x;
            let inner = inner && x >= reach && x + reach < width;
            // At the borders the outermost pixels go on.
            let within = |turn: usize, places: &mut Vec<usize>| {
                places.clear();
                if inner {
                    places.extend(offsets[turn].iter().map(|&by| here.wrapping_add_signed(by)));
                } else {
                    places.extend(turns[turn].iter().map(|&(dx, dy)| {
                        let x = (x as i64 + dx).clamp(0, width as i64 - 1) as usize;
                        let y = (y as i64 + dy).clamp(0, height as i64 - 1) as usize;
                        y * width + x
                    }));
                }
            };
            let (mut best, mut least) = (0, f32::INFINITY);
            for turn in 0..TURNS {
                within(turn, &mut places);
                let (mut total, mut squares) = (0.0_f32, 0.0_f32);
                for &place in &places {
                    let v = sum.data[place];
                    total += v;
                    squares += v * v;
                }
                let uneven = squares - total * total / places.len() as f32;
                if uneven < least {
                    (best, least) = (turn, uneven);
                }
            }
            within(best, &mut places);
            for (row, plane) in rows.iter_mut().zip(planes) {
                let total: f32 = places.iter().map(|&place| plane.data[place]).sum();
                row[x] = total / places.len() as f32;
            }
        }
    });
    results
}

/// `others`, with the masked pixels filled from both ends of the lines through them, in `planes` (at most three): the more
/// by a line the more its ends agree. Pixels of which no line has two ends within `reach` stay as they are.
pub(super) fn between(
    planes: &[Plane<f32>],
    mask: &Plane<bool>,
    others: Vec<Plane<f32>>,
    reach: usize,
) -> Vec<Plane<f32>> {
    /// Ends that differ by this share count as equal.
    const EQUAL: f32 = 0.04;
    let directions: [(f32, f32); TURNS] = std::array::from_fn(direction);
    let found: Vec<Option<[f32; 3]>> = (0..mask.data.len())
        .into_par_iter()
        .map(|i| {
            if !mask.data[i] {
                return None;
            }
            let (mut sum, mut total) = ([0.0_f32; 3], 0.0_f32);
            for &(dx, dy) in &directions {
                let one = end(planes, mask, i, (dx, dy), reach);
                let other = end(planes, mask, i, (-dx, -dy), reach);
                let (Some((a, near)), Some((b, far))) = (one, other) else {
                    continue;
                };
                let (light, shade) = (a.iter().sum::<f32>(), b.iter().sum::<f32>());
                let apart = (light - shade) / light.max(shade).max(1e-3);
                let even = EQUAL * EQUAL + apart * apart;
                let weight = 1.0 / ((near + far) * even * even);
                for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(&b)) {
                    *sum += weight * (a * far + b * near) / (near + far);
                }
                total += weight;
            }
            (total > 0.0).then(|| sum.map(|sum| sum / total))
        })
        .collect();
    let mut results = others;
    for (c, result) in results.iter_mut().enumerate().take(3) {
        for (v, found) in result.data.iter_mut().zip(&found) {
            if let Some(found) = found {
                *v = found[c];
            }
        }
    }
    results
}

/// The first pixels that are not masked in a direction, three at most, as a mean; and how far they are.
fn end(
    planes: &[Plane<f32>],
    mask: &Plane<bool>,
    from: usize,
    (dx, dy): (f32, f32),
    reach: usize,
) -> Option<([f32; 3], f32)> {
    let (width, height) = (mask.width, mask.height);
    let (x, y) = ((from % width) as f32 + 0.5, (from / width) as f32 + 0.5);
    let at = |d: usize| {
        let (x, y) = (x + dx * d as f32, y + dy * d as f32);
        let inside = x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32;
        inside.then(|| y as usize * width + x as usize)
    };
    for d in 1..=reach {
        if mask.data[at(d)?] {
            continue;
        }
        let (mut sum, mut count) = ([0.0_f32; 3], 0.0_f32);
        let known = (d..d + 3).map_while(&at).take_while(|&i| !mask.data[i]);
        for i in known {
            for (sum, plane) in sum.iter_mut().zip(planes) {
                *sum += plane.data[i];
            }
            count += 1.0;
        }
        return Some((sum.map(|sum| sum / count), d as f32));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 60;

    /// A step along a slanted line, so many pixels wide.
    fn step(x: usize, y: usize) -> f32 {
        let beyond = x as f32 + 0.4 * y as f32 - 40.0;
        0.9 - 0.5 * (0.5 + beyond / 6.0).clamp(0.0, 1.0)
    }

    fn plane(value: impl Fn(usize, usize) -> f32) -> Plane<f32> {
        Plane {
            width: SIZE,
            height: SIZE,
            data: (0..SIZE * SIZE)
                .map(|i| value(i % SIZE, i / SIZE))
                .collect(),
        }
    }

    fn mean_error(a: &Plane<f32>, b: &Plane<f32>) -> f32 {
        let errors = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs());
        errors.sum::<f32>() / a.data.len() as f32
    }

    fn farthest(a: &Plane<f32>, b: &Plane<f32>) -> f32 {
        let errors = a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs());
        errors.fold(0.0, f32::max)
    }

    #[test]
    fn a_step_stays_as_steep_as_it_is_while_noise_goes() {
        let clean = plane(step);
        // No line of it is even.
        let noise = |x: usize, y: usize| {
            let mixed = ((x * 0x9E37) ^ (y * 0x85EB)).wrapping_mul(0xC2B2_AE35) >> 7;
            0.03 * ((mixed % 201) as f32 / 100.0 - 1.0)
        };
        let noisy = plane(|x, y| step(x, y) + noise(x, y));
        let everywhere = plane(|_, _| 1.0);
        let evened = evened(std::slice::from_ref(&noisy), &everywhere, 8);
        let (before, after) = (mean_error(&noisy, &clean), mean_error(&evened[0], &clean));
        assert!(after < 0.5 * before, "{before} {after}");
        let far = farthest(&evened[0], &clean);
        assert!(far < 0.1, "{far}");
        let untouched = super::evened(std::slice::from_ref(&noisy), &plane(|_, _| 0.0), 8);
        assert_eq!(untouched[0], noisy);
    }

    #[test]
    fn a_hole_on_a_step_is_filled_along_the_step() {
        let clean = plane(step);
        let hole = Plane {
            width: SIZE,
            height: SIZE,
            data: (0..SIZE * SIZE)
                .map(|i| (20..34).contains(&(i % SIZE)) && (22..36).contains(&(i / SIZE)))
                .collect(),
        };
        let inked = plane(|x, y| {
            if hole.data[y * SIZE + x] {
                0.0
            } else {
                step(x, y)
            }
        });
        let filled = between(
            std::slice::from_ref(&inked),
            &hole,
            vec![inked.clone()],
            SIZE,
        );
        let far = farthest(&filled[0], &clean);
        assert!(far < 0.1, "{far}");
    }

    #[test]
    fn what_has_no_two_ends_is_left_to_others() {
        let all = Plane::filled(SIZE, SIZE, true);
        let others = plane(|x, _| x as f32);
        let filled = between(&[plane(step)], &all, vec![others.clone()], SIZE);
        assert_eq!(filled, [others]);
    }
}
