//! Where the numbers of `rolling::bias` come from: flat noise under many elements.

use std::error::Error;
use std::io::Write;

use whiteboarder_core::background::Plane;
use whiteboarder_core::rolling::bias::lowest;
use whiteboarder_core::rolling::{Element, Shape, definition};

use crate::generator::{Noise, field};

fn inner_mean(plane: &Plane<f32>, margin: usize) -> f64 {
    let rows = margin..plane.height - margin;
    let inner = rows.flat_map(|y| plane.row(y)[margin..plane.width - margin].iter());
    let (mut sum, mut count) = (0.0, 0.0);
    for &v in inner {
        sum += f64::from(v);
        count += 1.0;
    }
    sum / count
}

/// The independent share for which the theory gives this mean.
fn share_for(mean: f64, spread: f64, element: &Element) -> f64 {
    let (mut low, mut high) = (1e-3, 3.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if lowest(spread, element, middle, false) < mean {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// Prints mean erosion and opening of flat noise of unit spread, beside the theory, for paraboloids that are cut where they cannot matter.
pub fn table(most: f64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "smooth        a  curvature r²/h |  erosion   theory    share |  opening  raise·|E|"
    )?;
    for smooth in [false, true] {
        for a in [
            3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0, 30000.0,
        ] {
            if a > most {
                continue;
            }
            let curvature = a / std::f64::consts::TAU;
            // A ball so high that it is a paraboloid in the first eight units; its rim lies where nothing touches.
            let deepest = 8.0;
            let reach = (2.0 * curvature * deepest).sqrt().ceil();
            let height = 1000.0;
            let ball =
                Element::new(Shape::Ball, (curvature * height).sqrt(), height).ok_or("element")?;
            let side = (4.0 * reach) as usize + (400.0 + 2.0 * reach) as usize;
            let mut noise = field(side, side, Noise::Gauss, a.to_bits() ^ 5);
            if smooth {
                noise = definition::presmooth(&noise).map(|v| v * 3.0);
            }
            let eroded = cut(&noise, &ball, reach as i64, false);
            let opened = cut(&eroded, &ball, reach as i64, true);
            let erosion = inner_mean(&eroded, reach as usize);
            let opening = inner_mean(&opened, 2 * reach as usize);
            writeln!(
                out,
                "{smooth:6} {a:8.0} {curvature:15.1} | {erosion:8.4} {:8.4} {:8.4} | {opening:8.4} {:8.4}",
                lowest(1.0, &ball, 1.0, false),
                share_for(erosion, 1.0, &ball),
                (opening - erosion) * erosion.abs(),
            )?;
            out.flush()?;
        }
    }
    Ok(())
}

/// Erosion (or dilation) by the element's middle only.
fn cut(plane: &Plane<f32>, element: &Element, reach: i64, highest: bool) -> Plane<f32> {
    use rayon::prelude::*;
    let (width, height) = (plane.width, plane.height);
    let (r, h) = (element.radius(), element.height());
    let mut data = vec![
        if highest {
            f32::NEG_INFINITY
        } else {
            f32::INFINITY
        };
        width * height
    ];
    data.par_chunks_mut(width).enumerate().for_each(|(y, to)| {
        for dy in -reach..=reach {
            let Some(from) = usize::try_from(y as i64 + dy).ok().filter(|&s| s < height) else {
                continue;
            };
            let half = ((reach * reach - dy * dy) as f64).sqrt() as i64;
            for dx in -half..=half {
                let depth =
                    (h * (1.0 - (1.0 - (dx * dx + dy * dy) as f64 / (r * r)).sqrt())) as f32;
                let (to_skip, from_skip) = ((-dx).max(0) as usize, dx.max(0) as usize);
                let pairs = to[to_skip..].iter_mut().zip(&plane.row(from)[from_skip..]);
                if highest {
                    pairs.for_each(|(t, &f)| *t = if f - depth > *t { f - depth } else { *t });
                } else {
                    pairs.for_each(|(t, &f)| *t = if f + depth < *t { f + depth } else { *t });
                }
            }
        }
    });
    Plane {
        width,
        height,
        data,
    }
}
