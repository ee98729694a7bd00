//! Masks, row after row.

/// Whether a pixel of the mask lies within `by` rows and columns.
pub fn grown(mask: &[bool], width: usize, by: usize) -> Vec<bool> {
    let mut across = vec![false; mask.len()];
    for (from, to) in mask.chunks_exact(width).zip(across.chunks_exact_mut(width)) {
        for (x, _) in from.iter().enumerate().filter(|(_, set)| **set) {
            to[x.saturating_sub(by)..(x + by + 1).min(width)].fill(true);
        }
    }
    let height = mask.len() / width;
    let mut result = vec![false; mask.len()];
    for y in 0..height {
        let target = &mut result[y * width..(y + 1) * width];
        for source in y.saturating_sub(by)..(y + by + 1).min(height) {
            let row = &across[source * width..(source + 1) * width];
            for (to, from) in target.iter_mut().zip(row) {
                *to |= *from;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_grows_to_a_square_that_ends_at_the_borders() {
        let mut mask = vec![false; 30];
        mask[7] = true; // Row 1, column 1 of 6 by 5.
        let grown = grown(&mask, 6, 2);
        for (at, &set) in grown.iter().enumerate() {
            assert_eq!(set, at % 6 <= 3 && at / 6 <= 3, "{at}");
        }
    }
}
