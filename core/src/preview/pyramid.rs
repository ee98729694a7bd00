//! A picture with its smaller copies, so that showing it costs what the screen shows and not what the camera saw.

use super::view::View;
use crate::average::{Span, averaged};
use crate::image::Picture;

/// A picture, or a part of one, and as many halvings of it as were needed so far: a third of its memory at most.
///
/// Pixel i of level k averages pixels i·2ᵏ to (i + 1)·2ᵏ of the picture, or what of them there is. So positions only
/// need to be divided, and levels of a part equal that part of the levels.
#[derive(Clone, Debug)]
pub(super) struct Pyramid {
    /// Where the part begins in its picture: multiples of 2ᵏ for every level k that is used.
    origin: (u32, u32),
    /// From the full size down.
    levels: Vec<Picture>,
}

impl Pyramid {
    pub(super) fn new(picture: Picture) -> Self {
        Self::part(picture, (0, 0))
    }

    /// A part of a picture, drawn by views of the whole picture; `origin` as [`aligned`] gives it.
    pub(super) fn part(picture: Picture, origin: (u32, u32)) -> Self {
        Self {
            origin,
            levels: vec![picture],
        }
    }

    pub(super) fn full(&self) -> &Picture {
        &self.levels[0]
    }

    /// The samples of the full size.
    pub(super) fn into_data(mut self) -> Vec<u8> {
        self.levels.swap_remove(0).data
    }

    /// Draws a view, whose region must be inside of the picture: averages of areas in linear light where it is
    /// reduced, the nearest pixel where it is enlarged, and the pixels themselves where it is neither.
    pub(super) fn draw(&mut self, view: &View) -> Picture {
        let level = level_for(view);
        while self.levels.len() <= level {
            let next = self.halved();
            self.levels.push(next);
        }
        let spans = |from: u32, length: u32, n: u32, origin: u32, source: u32| {
            let scale = (1_u64 << level) as f64;
            let (from, to) = (f64::from(from), f64::from(from) + f64::from(length));
            let origin = (origin >> level) as usize;
            let all = origin + source as usize;
            Span::share(from / scale, to / scale, n as usize, all)
                .into_iter()
                .map(|span| span.back(origin))
                .collect::<Vec<_>>()
        };
        let source = &self.levels[level];
        averaged(
            source,
            &spans(
                view.x,
                view.width,
                view.to_width,
                self.origin.0,
                source.width,
            ),
            &spans(
                view.y,
                view.height,
                view.to_height,
                self.origin.1,
                source.height,
            ),
        )
    }

    /// The next level.
    fn halved(&self) -> Picture {
        let last = &self.levels[self.levels.len() - 1];
        let spans = |full: u32, n: u32| -> Vec<Span> {
            // The last pixel of a level may stand for less than the others.
            let end = f64::from(full) / (1_u64 << (self.levels.len() - 1)) as f64;
            let span = |i| {
                let from = f64::from(2 * i);
                Span::of(from, (from + 2.0).min(end), n as usize)
            };
            (0..n.div_ceil(2)).map(span).collect()
        };
        let full = self.full();
        averaged(
            last,
            &spans(full.width, last.width),
            &spans(full.height, last.height),
        )
    }
}

/// The smallest level that still has clearly more pixels than the view draws.
fn level_for(view: &View) -> usize {
    /// Pixels of the level per drawn pixel, along each axis: with fewer, what is drawn would be blurred by the level's
    /// own pixels.
    const ENOUGH: f64 = 1.5;
    let across = f64::from(view.width) / f64::from(view.to_width);
    let down = f64::from(view.height) / f64::from(view.to_height);
    let mut level = 0;
    while across.min(down) >= ENOUGH * (1_u64 << (level + 1)) as f64 {
        level += 1;
    }
    level
}

/// The view's region, drawn pixel for pixel, with so much around it that its [`Pyramid::part`] draws the view bit for
/// bit as the whole picture does, even when the outermost `margin` pixels of the part are not right.
pub(super) fn aligned(view: &View, width: u32, height: u32, margin: u32) -> View {
    let unit = 1_u64 << level_for(view);
    // Pixels of the level reach beyond the region, and those around them keep them whole.
    let around = u64::from(margin.max(1)).next_multiple_of(unit);
    let grown = |from: u32, length: u32, all: u32| {
        let start = (u64::from(from) / unit * unit).saturating_sub(around);
        let end = (u64::from(from) + u64::from(length)).next_multiple_of(unit) + around;
        (start as u32, (end.min(u64::from(all)) - start) as u32)
    };
    let (x, width) = grown(view.x, view.width, width);
    let (y, height) = grown(view.y, view.height, height);
    View {
        x,
        y,
        width,
        height,
        to_width: width,
        to_height: height,
    }
}
