//! Boards with known truth, drawn by dice.
//!
//! **Frozen.** Figures can be compared only over the same boards: a change of anything in this folder changes every
//! figure, so it needs a new baseline (`--update-baseline`), and the change that brings it says why and shows the
//! figures of one pipeline on the old and the new boards.
//!
//! # The photograph
//!
//! ```text
//! light = reflectance · illumination + glare        linear light, per channel
//! photo = JPEG(8 bits(sRGB(noise(lens(light)))))
//! ```
//!
//! - *Reflectance*: the board's (0.90, slightly mottled) times, for every pen, 1 − coverage · (1 − ink). Pens in order
//!   cover by .94–.99 and unevenly; faint ones by .16–.40, which is 10–25 % of full ink's contrast in sRGB levels; dying
//!   ones by .45–.70 with streaks and gaps; what an eraser left (ghosts) by at most .10, dust by at most .07, both smeared
//!   and wiped further.
//! - *Illumination*: ambient light with a cast, a slope and a vignette; lamps and windows of another colour; soft
//!   shadows; hard-edged shadows that leave less of one channel than of another. *Glare* adds the same to all channels.
//! - *Camera*: Gaussian lens, noise by the light's square root, smeared and partly shared by the channels, colours at
//!   half resolution, JPEG of quality 60–95.
//!
//! [`kinds`] says how much of what is on which board; dice choose the rest. Sizes on the board scale with the picture;
//! blur and noise are in pixels.
//!
//! # The truth
//!
//! White paper, and every pen's ideal colour at its geometric coverage (antialiased over one pixel), mixed in linear
//! light; neither ghosts nor light. What a faint pen should look like is debatable, so it is drawn at half coverage for
//! the eye, and no figure compares its colour or its surroundings: it only has to be *there* ([`Truth::faint`]).

pub mod camera;
#[path = "../../boards/hand.rs"]
mod hand;
mod ink;
mod items;
mod kind;
pub mod kinds;
mod layout;
mod light;
mod shapes;
mod truth;

use image::ImageError;
use rayon::prelude::*;

use hand::Dice;
use ink::Canvas;
use kind::Kind;
use kinds::KINDS;
use light::Light;
pub use truth::Truth;

/// One board: its photograph and what should come of it.
pub struct Board {
    pub name: String,
    /// A JPEG file.
    pub photo: Vec<u8>,
    pub truth: Truth,
}

/// What board number `index` of a seed is called.
pub fn name(index: usize) -> String {
    let kind = KINDS[index % KINDS.len()].name;
    match index / KINDS.len() {
        0 => kind.to_owned(),
        round => format!("{kind}-{}", round + 1),
    }
}

/// Board number `index` of a seed, with about so many pixels.
pub fn board(seed: u64, index: usize, pixels: f64) -> Result<Board, ImageError> {
    let kind = &KINDS[index % KINDS.len()];
    let mut dice = Dice::new(Dice::new(seed).next() ^ Dice::new(index as u64 + 1).next());
    let (width, height) = size_of(kind, pixels);
    let mut canvas = Canvas::new(width, height, Dice::new(dice.next()));
    layout::draw(&mut canvas, kind);
    let light = Light::new(&kind.light, (width, height), &mut dice);
    let photo = camera::photograph(
        &lit(&canvas, &light, dice.next()),
        (width, height),
        &kind.camera,
        dice.next(),
    )?;
    let truth = Truth::of(&canvas);
    Ok(Board {
        name: name(index),
        photo,
        truth,
    })
}

/// Sides as multiples of 16, whose squares JPEG works in.
fn size_of(kind: &Kind, pixels: f64) -> (usize, usize) {
    let (w, h) = (f64::from(kind.aspect.0), f64::from(kind.aspect.1));
    let unit = (pixels / (w * h)).sqrt();
    let side = |share: f64| ((share * unit / 16.0 + 0.5) as usize).max(4) * 16;
    (side(w), side(h))
}

/// The board in its light, linear.
fn lit(canvas: &Canvas, light: &Light, seed: u64) -> Vec<[f32; 3]> {
    let side = canvas.width.max(canvas.height) as f32;
    let mut result = vec![[0.0; 3]; canvas.width * canvas.height];
    result
        .par_chunks_mut(canvas.width)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let (u, v) = (x as f32 / side, y as f32 / side);
                let (illumination, glare) = light.at(u, v);
                let mottled = 0.895 + 0.01 * ink::grain(seed, u * 14.0, v * 14.0);
                let mut reflectance = [mottled, mottled * 1.005, mottled * 0.99];
                for layer in &canvas.layers {
                    let cover = layer.real[y * canvas.width + x];
                    if cover > 0.0 {
                        for (value, through) in reflectance.iter_mut().zip(layer.through) {
                            *value *= 1.0 - cover * (1.0 - through);
                        }
                    }
                }
                for c in 0..3 {
                    pixel[c] = reflectance[c] * illumination[c] + glare;
                }
            }
        });
    result
}

/// Choices by dice.
trait Draw {
    fn between(&mut self, low: f32, high: f32) -> f32;
    fn below(&mut self, count: usize) -> usize;
    fn chance(&mut self, share: f32) -> bool;
    fn pick<T: Copy>(&mut self, from: &[T]) -> T;
}

impl Draw for Dice {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (0.5 + 0.5 * self.even())
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    fn chance(&mut self, share: f32) -> bool {
        self.between(0.0, 1.0) < share
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_boards_every_time_and_another_gives_others() {
        let [a, b, c] = [1, 1, 2].map(|seed| board(seed, 13, 2e5).unwrap());
        assert!(a.photo == b.photo && a.truth.picture == b.truth.picture);
        assert!(a.photo != c.photo && a.truth.picture != c.truth.picture);
    }

    #[test]
    fn every_board_has_ink_and_paper_and_together_they_have_all_there_is_to_measure() {
        let count = |mask: &[bool]| mask.iter().filter(|at| **at).count();
        let (mut faint, mut inside) = (0, 0);
        for index in 0..KINDS.len() {
            let Truth {
                ink,
                paper,
                faint: f,
                inside: i,
                picture,
                ..
            } = board(5, index, 3e5).unwrap().truth;
            let all = ink.len();
            assert!(
                count(&ink) > all / 100 && count(&paper) > all / 3,
                "{}",
                name(index)
            );
            assert!(
                picture
                    .chunks(3)
                    .zip(&paper)
                    .all(|(rgb, &paper)| !paper || rgb == [255; 3])
            );
            faint += count(&f);
            inside += count(&i);
        }
        assert!(faint > 1000 && inside > 1000);
    }
}
