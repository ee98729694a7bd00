//! Structural similarity: Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to
//! Structural Similarity", IEEE Transactions on Image Processing 13 (2004).

use rayon::prelude::*;

use crate::board::camera::ycc_of;

/// Weights of the window: 11 points of a Gaussian with standard deviation 1.5, whose sum is 1.
fn window() -> [f64; 11] {
    let raw: [f64; 11] = std::array::from_fn(|i| {
        let d = i as f64 - 5.0;
        libm::exp(-d * d / 4.5)
    });
    let sum: f64 = raw.iter().sum();
    raw.map(|weight| weight / sum)
}

/// SSIM of luma at the places of the mask. At the borders the outermost pixels go on.
pub fn at(mask: &[bool], one: &[u8], two: &[u8], width: usize) -> impl Iterator<Item = f64> {
    let (x, y) = (luma(one), luma(two));
    let product =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
    let means = [
        x.clone(),
        y.clone(),
        product(&x, &x),
        product(&y, &y),
        product(&x, &y),
    ]
    .map(|plane| smoothed(&plane, width));
    let (c1, c2) = (0.01 * 255.0 * 0.01 * 255.0, 0.03 * 255.0 * 0.03 * 255.0);
    let mask = mask.to_vec();
    (0..mask.len()).filter(move |&at| mask[at]).map(move |at| {
        let [x, y, xx, yy, xy] = [0, 1, 2, 3, 4].map(|i: usize| means[i][at]);
        let (var, cov) = (xx - x * x + yy - y * y, xy - x * y);
        (2.0 * x * y + c1) * (2.0 * cov + c2) / ((x * x + y * y + c1) * (var + c2))
    })
}

fn luma(rgb: &[u8]) -> Vec<f64> {
    rgb.chunks_exact(3)
        .map(|rgb| f64::from(ycc_of(rgb)[0]))
        .collect()
}

fn smoothed(plane: &[f64], width: usize) -> Vec<f64> {
    let weights = window();
    let mut across = vec![0.0; plane.len()];
    across
        .par_chunks_mut(width)
        .zip(plane.par_chunks(width))
        .for_each(|(to, from)| {
            for (x, value) in to.iter_mut().enumerate() {
                for (i, weight) in weights.iter().enumerate() {
                    *value += weight * from[(x + i).saturating_sub(5).min(width - 1)];
                }
            }
        });
    let height = plane.len() / width;
    let mut result = vec![0.0; plane.len()];
    result
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(y, to)| {
            for (i, weight) in weights.iter().enumerate() {
                let row = (y + i).saturating_sub(5).min(height - 1);
                for (value, from) in to.iter_mut().zip(&across[row * width..]) {
                    *value += weight * from;
                }
            }
        });
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_like_itself_and_unlike_its_negative() {
        let picture: Vec<u8> = (0..32 * 32)
            .flat_map(|i: u32| [(i * 37 % 256) as u8; 3])
            .collect();
        let negative: Vec<u8> = picture.iter().map(|v| 255 - v).collect();
        let mask = vec![true; 32 * 32];
        assert!(at(&mask, &picture, &picture, 32).all(|s| (s - 1.0).abs() < 1e-9));
        assert!(at(&mask, &picture, &negative, 32).all(|s| s < 0.2));
    }

    /// Flat pictures have no structure: what is left is the formula's term of means.
    #[test]
    fn flat_pictures_differ_by_their_means_alone() {
        let (a, b) = (vec![100_u8; 20 * 20 * 3], vec![120_u8; 20 * 20 * 3]);
        let c1 = 6.5025;
        let want = (2.0 * 100.0 * 120.0 + c1) / (100.0 * 100.0 + 120.0 * 120.0 + c1);
        assert!(at(&vec![true; 400], &a, &b, 20).all(|s| (s - want).abs() < 1e-5));
    }
}
