//! What is ink for certain, against a background that a wide ball found: shadows are told from it by their tint and size.

use super::Plane;
use super::masks::{dilated, opened, regions_over};
use crate::plane::for_each_row;

/// Where there is surely ink on a light board: clearly coloured, or neutral and very dark; in shadows only what is far
/// more so than the shadow.
pub(super) fn dark_ink(work: &[Plane<f32>], board: &[Plane<f32>]) -> Plane<bool> {
    /// Absorbance (natural logarithm) from which neutral darkness is ink.
    const DARK: f32 = 1.1;
    /// A shadow's own depth varies by this share.
    const UNEVEN: f32 = 0.4;
    let (width, height) = (work[0].width, work[0].height);
    let mut measured = vec![[0.0_f32; 3]; width * height];
    for_each_row(&mut measured, width, |y, row| {
        for (x, measured) in row.iter_mut().enumerate() {
            let i = y * width + x;
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            let mut absorbed = [0.0_f32; 3];
            for ((plane, board), absorbed) in work.iter().zip(board).zip(&mut absorbed) {
                let share = plane.data[i] / board.data[i].max(1e-4);
                let absorbance = -libm::logf(share.clamp(0.001, 2.0));
                low = low.min(absorbance);
                high = high.max(absorbance);
                *absorbed = absorbance;
            }
            let green = if work.len() == 3 {
                absorbed[1] - 0.5 * (absorbed[0] + absorbed[2])
            } else {
                0.0
            };
            *measured = [low, high - low, green];
        }
    });
    let [least, spread, green] = [0, 1, 2].map(|which| Plane {
        width,
        height,
        data: measured.iter().map(|measured| measured[which]).collect(),
    });
    let mut ink = Plane {
        width,
        height,
        data: (0..width * height)
            .map(|i| {
                let (least, spread) = (least.data[i], spread.data[i]);
                spread > f32::max(0.16, 0.45 * least) || least > DARK
            })
            .collect(),
    };
    let mut above = least.clone();
    for shadow in shadows(&ink, [&least, &spread, &green]) {
        for i in shadow.pixels {
            let absorbed = least.data[i] - shadow.least;
            ink.data[i] &=
                spread.data[i] - shadow.spread > f32::max(0.3, 0.45 * absorbed) || absorbed > DARK;
            // A deep shadow is not as deep everywhere.
            above.data[i] = above.data[i].min(absorbed - UNEVEN * shadow.least);
        }
    }
    take_whole_fills(&mut ink, &above);
    dilated(&ink, 1)
}

/// Takes the rest of what is partly ink for ink too: glare makes a part of a fill grey. `absorbed` is what all channels have
/// in common beyond the shadow that the place lies in.
fn take_whole_fills(ink: &mut Plane<bool>, absorbed: &Plane<f32>) {
    /// Absorbance from which a place may belong to a fill…
    const GREY: f32 = 0.35;
    /// …of which this share is ink for certain…
    const SURE: f32 = 0.12;
    /// …and which is no larger than this share of the picture.
    const LARGE: f32 = 0.05;
    let grey = Plane {
        data: (absorbed.data.iter().zip(&ink.data))
            .map(|(&absorbed, &ink)| ink || absorbed > GREY)
            .collect(),
        ..*ink
    };
    // Lines that enclose a bit of a shadow are no part of a fill.
    let strong = opened(ink);
    let most = (LARGE * ink.data.len() as f32) as usize;
    for region in regions_over(&opened(&grey), 0) {
        let sure = region.iter().filter(|&&i| strong.data[i]).count();
        if region.len() <= most && sure as f32 >= SURE * region.len() as f32 {
            for i in region {
                ink.data[i] = true;
            }
        }
    }
}

/// A shadow (or a wall): what it takes of the light.
struct Shadow {
    /// Its pixels, and those around them.
    pixels: Vec<usize>,
    /// Absorbance that all channels have in common.
    least: f32,
    /// By how much those of the channels differ.
    spread: f32,
}

/// The large regions that take light away as a shadow does: all channels nearly alike, and green no more and no less than
/// red and blue on the average, for lamps and windows differ from red to blue. `green` is by how much it is.
fn shadows(ink: &Plane<bool>, [least, spread, green]: [&Plane<f32>; 3]) -> Vec<Shadow> {
    /// A region over this share of the picture may be a shadow.
    const LARGE: f32 = 0.01;
    /// A shadow takes so much of the light that channels have in common, or tints it by so much…
    const SHADE: (f32, f32) = (0.2, 0.16);
    /// …its channels differ by at most this share of what they have in common…
    const TINT: f32 = 0.75;
    /// …green by no more than this share from the others, unless the region is huge…
    const GREEN: f32 = 0.35;
    /// …and it leaves at least a fifth of the light, unless it is larger than anybody fills.
    const DEEPEST: f32 = 1.6;
    const HUGE: f32 = 0.10;
    /// A deeper region is at least so large, and shares so much of itself with a shadow.
    const DEEP: f32 = 0.03;
    const SHARED: f32 = 0.15;
    let (width, height) = (ink.width, ink.height);
    let pixels = (width * height) as f32;
    let shade = Plane {
        data: (least.data.iter().zip(&spread.data))
            .map(|(&least, &spread)| {
                (least > SHADE.0 || spread > SHADE.1)
                    && least < DEEPEST
                    && spread < TINT * least.max(2.0 * SHADE.1)
            })
            .collect(),
        ..*ink
    };
    let shade = opened(&shade);
    // Lines divide a shadow into cells.
    let mut regions = regions_over(&dilated(&shade, 2), (LARGE * pixels) as usize);
    for region in &mut regions {
        region.retain(|&i| shade.data[i]);
    }
    regions.retain(|region| region.len() as f32 > LARGE * pixels);
    // What is deeper is one when it goes over into one that is nearly as deep: a fill ends at its edge.
    let mut known = shade.map(|_| false);
    for &i in regions.iter().flatten() {
        known.data[i] = least.data[i] > 0.5 * DEEPEST;
    }
    let deep = regions_over(&opened(ink), (DEEP * pixels) as usize);
    regions.extend(deep.into_iter().filter(|region| {
        let shared = region.iter().filter(|&&i| known.data[i]).count();
        region.len() as f32 > HUGE * pixels || shared as f32 > SHARED * region.len() as f32
    }));
    let mut found = Vec::new();
    for region in regions {
        let middle = |plane: &Plane<f32>| {
            let mut values: Vec<f32> = region.iter().map(|&i| plane.data[i]).collect();
            let at = values.len() / 2;
            *values.select_nth_unstable_by(at, f32::total_cmp).1
        };
        let (least, spread, green) = (middle(least), middle(spread), middle(green));
        let most = least.max(2.0 * SHADE.1);
        let lamplight = green.abs() < GREEN * most || region.len() as f32 > HUGE * pixels;
        if lamplight && spread < TINT * most {
            let mut mask = Plane::filled(width, height, false);
            for i in region {
                mask.data[i] = true;
            }
            let around = dilated(&mask, 3);
            let pixels = (0..width * height).filter(|&i| around.data[i]).collect();
            found.push(Shadow {
                pixels,
                least,
                spread,
            });
        }
    }
    found
}

/// Where there is surely writing on a dark board: clearly lighter than the board in some channel.
pub(super) fn light_ink(work: &[Plane<f32>], board: &[Plane<f32>]) -> Plane<bool> {
    /// How much of the way from the board to full light.
    const LIGHT: f32 = 0.15;
    let (width, height) = (work[0].width, work[0].height);
    let data = (0..width * height)
        .map(|i| {
            work.iter()
                .zip(board)
                .any(|(plane, board)| plane.data[i] - board.data[i] > LIGHT * (1.0 - board.data[i]))
        })
        .collect();
    dilated(
        &Plane {
            width,
            height,
            data,
        },
        1,
    )
}
