//! From a quad of the photograph to an upright rectangle.

use rayon::prelude::*;

use super::{Camera, Homography, Quad, Rect, aspect_ratio, sample};
use crate::image::{Channels, Picture};

/// What a dewarped picture may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Longest side in pixels.
    pub max_side: u32,
    /// Width times height.
    pub max_pixels: u64,
}

impl Bounds {
    /// Never more pixels than the photograph has, and no side longer than twice its longest: what comes after
    /// needs no more memory than it would without dewarping.
    #[must_use]
    pub fn of_photograph(width: u32, height: u32) -> Self {
        Self {
            max_side: width.max(height).saturating_mul(2),
            max_pixels: u64::from(width) * u64::from(height),
        }
    }
}

/// How a quad of a photograph becomes an upright picture of a certain size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dewarp {
    width: u32,
    height: u32,
    map: Homography,
    /// Whether one sample per pixel does everywhere.
    fine: bool,
}

impl Dewarp {
    /// The rectangle of the true shape, as large as needed for one pixel per pixel of the photograph where the board
    /// is nearest to the camera (and more than one elsewhere), within `bounds`.
    #[must_use]
    pub fn new(quad: &Quad, camera: &Camera, bounds: &Bounds) -> Self {
        let (ratio, _) = aspect_ratio(quad, camera);
        let (across, down) = finest(&Homography::to_quad(quad, 1.0, 1.0));
        let width = across.max(down * ratio).max(1.0);
        let height = width / ratio;
        let side = f64::from(bounds.max_side) / width.max(height);
        let area = (bounds.max_pixels as f64 / (width * height)).sqrt();
        let shrink = side.min(area).min(1.0);
        let pixels =
            |length: f64| ((length * shrink).round() as u32).clamp(1, bounds.max_side.max(1));
        let (width, mut height) = (pixels(width), pixels(height));
        // Rounding up must not go beyond the limit.
        let most = (bounds.max_pixels / u64::from(width)).clamp(1, u64::from(u32::MAX));
        height = height.min(most as u32);
        Self::sized(quad, width, height)
    }

    /// The quad as a picture of this very size (each side at least one pixel): a preview, for example.
    #[must_use]
    pub fn sized(quad: &Quad, width: u32, height: u32) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let (across, down) = finest(&Homography::to_quad(quad, 1.0, 1.0));
        let scale = (across / f64::from(width)).max(down / f64::from(height));
        Self {
            width,
            height,
            map: Homography::to_quad(quad, f64::from(width), f64::from(height)),
            fine: scale <= sample::ONE_SAMPLE,
        }
    }

    /// Width of the whole result.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of the whole result.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// From pixels of the result to pixels of the photograph.
    #[must_use]
    pub fn map(&self) -> &Homography {
        &self.map
    }

    /// The whole result.
    #[must_use]
    pub fn apply(&self, photograph: &Picture) -> Picture {
        self.region(photograph, Rect::whole(self.width, self.height))
    }

    /// A part of the result, which equals that part of the whole bit for bit; what of `rect` lies beyond the result
    /// is left away, but for one pixel.
    #[must_use]
    pub fn region(&self, photograph: &Picture, rect: Rect) -> Picture {
        let (x, y) = (rect.x.min(self.width - 1), rect.y.min(self.height - 1));
        let width = rect.width.clamp(1, self.width - x);
        let height = rect.height.clamp(1, self.height - y);
        let row_len = width as usize * photograph.channels.count();
        let mut data = vec![0; row_len * height as usize];
        let rows = data.par_chunks_mut(row_len).enumerate();
        rows.for_each(|(i, row)| {
            let y = y + i as u32;
            match photograph.channels {
                Channels::Grey => sample::row::<1>(photograph, &self.map, self.fine, (x, y), row),
                Channels::Rgb => sample::row::<3>(photograph, &self.map, self.fine, (x, y), row),
            }
        });
        Picture {
            width,
            height,
            channels: photograph.channels,
            data,
        }
    }
}

/// The most pixels of the photograph that the sides of a unit square run over per unit, anywhere in it.
fn finest(map: &Homography) -> (f64, f64) {
    // Along a line the scale is monotonic, so the ends of lines suffice; across lines it is smooth.
    const STEPS: u32 = 16;
    let mut most = (0.0_f64, 0.0_f64);
    for i in 0..=STEPS {
        let along = f64::from(i) / f64::from(STEPS);
        for end in [0.0, 1.0] {
            most.0 = most.0.max(map.scales(end, along).0);
            most.1 = most.1.max(map.scales(along, end).1);
        }
    }
    most
}
