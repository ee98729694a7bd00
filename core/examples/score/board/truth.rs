//! What should come of a board, and which of its pixels tell what.

use super::ink::{Canvas, Role};
use crate::colour::encoded;
use crate::masks::grown;

/// The ideal picture and its masks, all of the picture's size.
pub struct Truth {
    pub width: usize,
    pub height: usize,
    /// sRGB samples, three a pixel.
    pub picture: Vec<u8>,
    /// Ink of pens in order: coverage of a half at least.
    pub ink: Vec<bool>,
    /// Ink of any pen, faint or not, where a perfect pen would cover a half at least.
    pub any: Vec<bool>,
    /// Ink of faint and dying pens that a person still sees: contrast of at least [`SEEN`] in the strongest channel,
    /// before light and noise; no ink of another pen there.
    pub faint: Vec<bool>,
    /// Inside of fills, four pixels and half a tip from their edges.
    pub inside: Vec<bool>,
    /// Strokes for colours: a perfect pen covers .9 at least, not inside of fills, no faint ink.
    pub core: Vec<bool>,
    /// Paper: further than four pixels (rows and columns) from any ink. Ghosts and glare lie on it.
    pub paper: Vec<bool>,
    /// Within three pixels of ink in order, not inside of fills, and further than eight from faint ink: edges to
    /// compare.
    pub edges: Vec<bool>,
}

/// Contrast in linear light from which faint ink counts.
const SEEN: f32 = 0.10;

impl Truth {
    pub fn of(canvas: &Canvas) -> Self {
        let (width, height) = (canvas.width, canvas.height);
        let pixels = width * height;
        let mut picture = vec![255; pixels * 3];
        let mask = || vec![false; pixels];
        let (mut ink, mut any, mut faint, mut core) = (mask(), mask(), mask(), mask());
        let (mut touched, mut pale) = (mask(), mask());
        for at in 0..pixels {
            let (mut solid, mut weak, mut contrast) = (0.0_f32, 0.0_f32, 0.0_f32);
            let mut light = [1.0_f32; 3];
            for layer in &canvas.layers {
                let ideal = layer.ideal[at];
                if layer.role == Role::Ghost || ideal <= 0.0 {
                    continue;
                }
                let shown = if layer.role == Role::Faint {
                    weak = weak.max(ideal);
                    let strongest = layer.through.into_iter().fold(1.0, f32::min);
                    contrast = contrast.max(layer.real[at] * (1.0 - strongest));
                    ideal * 0.5
                } else {
                    solid = solid.max(ideal);
                    ideal
                };
                for (light, through) in light.iter_mut().zip(layer.through) {
                    *light *= 1.0 - shown * (1.0 - through);
                }
            }
            touched[at] = solid.max(weak) > 0.0;
            pale[at] = weak > 0.0;
            if touched[at] {
                let rgb = light.map(|light| (encoded(light) * 255.0 + 0.5) as u8);
                picture[at * 3..at * 3 + 3].copy_from_slice(&rgb);
            }
            ink[at] = solid >= 0.5;
            any[at] = solid.max(weak) >= 0.5;
            faint[at] = weak >= 0.5 && contrast >= SEEN && solid <= 0.05;
            core[at] = solid >= 0.9 && weak <= 0.0;
        }
        let both = |a: &[bool], b: &[bool], want: bool| -> Vec<bool> {
            a.iter().zip(b).map(|(&a, &b)| a && b == want).collect()
        };
        let inside = both(&core, &canvas.inside, true);
        let core = both(&core, &canvas.inside, false);
        let near = both(&grown(&ink, width, 3), &inside, false);
        let paper = grown(&touched, width, 4)
            .into_iter()
            .map(|near| !near)
            .collect();
        let edges = both(&near, &grown(&pale, width, 8), false);
        Self {
            width,
            height,
            picture,
            ink,
            any,
            faint,
            inside,
            core,
            paper,
            edges,
        }
    }
}
