//! Masks of small pictures: grown, opened, and their regions.

use super::Plane;

/// Grows a mask by a square of `2·reach + 1` pixels.
pub(super) fn dilated(mask: &Plane<bool>, reach: usize) -> Plane<bool> {
    let (width, height) = (mask.width, mask.height);
    let near = |i: usize, n: usize| i.saturating_sub(reach)..(i + reach + 1).min(n);
    let data = (0..width * height)
        .map(|i| {
            let (x, y) = (i % width, i / width);
            near(y, height).any(|sy| mask.row(sy)[near(x, width)].contains(&true))
        })
        .collect();
    Plane {
        width,
        height,
        data,
    }
}

/// Removes what is narrower than 3×3.
pub(super) fn opened(mask: &Plane<bool>) -> Plane<bool> {
    let eroded = dilated(&mask.map(|set| !set), 1).map(|set| !set);
    dilated(&eroded, 1)
}

/// The 8-connected regions of more than `large` pixels.
pub(super) fn regions_over(mask: &Plane<bool>, large: usize) -> Vec<Vec<usize>> {
    let (width, height) = (mask.width, mask.height);
    let mut seen = Plane::filled(width, height, false);
    let mut kept = Vec::new();
    for start in 0..width * height {
        if !mask.data[start] || seen.data[start] {
            continue;
        }
        seen.data[start] = true;
        let mut region = vec![start];
        let mut next = 0;
        while let Some(&i) = region.get(next) {
            next += 1;
            let (x, y) = (i % width, i / width);
            for sy in y.saturating_sub(1)..(y + 2).min(height) {
                for sx in x.saturating_sub(1)..(x + 2).min(width) {
                    let j = sy * width + sx;
                    if mask.data[j] && !seen.data[j] {
                        seen.data[j] = true;
                        region.push(j);
                    }
                }
            }
        }
        if region.len() > large {
            kept.push(region);
        }
    }
    kept
}
