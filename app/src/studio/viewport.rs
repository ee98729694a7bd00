//! Which part of the photograph is looked at, and how large. It is the same for every picture that is compared, and
//! stays when another photograph is opened.

use whiteboarder_core::preview::View;

/// The greatest enlargement: drawn pixels along the side of one of the photograph's.
const MOST: f64 = 32.0;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// How large.
    pub zoom: Zoom,
    /// The middle of it, as shares of the photograph's width and height.
    pub centre: (f64, f64),
}

/// How large the photograph is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zoom {
    /// All of it in the pane, but never enlarged.
    Fit,
    /// Drawn pixels along the side of one of the photograph's pixels.
    Scale(f64),
}

impl Default for Viewport {
    fn default() -> Viewport {
        Viewport {
            zoom: Zoom::Fit,
            centre: (0.5, 0.5),
        }
    }
}

impl Viewport {
    /// The part of a photograph of this size that fills a pane of so many pixels.
    pub fn view(&self, photo: (u32, u32), pane: (u32, u32)) -> View {
        let Zoom::Scale(scale) = self.zoom else {
            return View::fit(photo.0, photo.1, pane.0, pane.1);
        };
        let across = stretch(photo.0, pane.0, self.centre.0, scale);
        let down = stretch(photo.1, pane.1, self.centre.1, scale);
        View {
            x: across.0,
            y: down.0,
            width: across.1,
            height: down.1,
            to_width: across.2,
            to_height: down.2,
        }
    }

    /// The scale at which it is drawn.
    pub fn scale(&self, photo: (u32, u32), pane: (u32, u32)) -> f64 {
        match self.zoom {
            Zoom::Scale(scale) => scale,
            Zoom::Fit => fitting(photo, pane),
        }
    }

    /// The next step nearer, or (`steps` below zero) further away, with the point `about` (shares of the photograph) kept where it is.
    pub fn zoomed(
        &self,
        steps: i32,
        about: (f64, f64),
        photo: (u32, u32),
        pane: (u32, u32),
    ) -> Viewport {
        let mut to = self.scale(photo, pane);
        for _ in 0..steps.abs() {
            to = if steps > 0 { nearer(to) } else { further(to) };
        }
        self.at_scale(to, about, photo, pane)
    }

    /// At this scale, with the point `about` kept where it is. What would leave room around the photograph fits instead.
    pub fn at_scale(
        &self,
        to: f64,
        about: (f64, f64),
        photo: (u32, u32),
        pane: (u32, u32),
    ) -> Viewport {
        if to <= fitting(photo, pane) * 1.001 {
            return Viewport::default();
        }
        let from = self.scale(photo, pane);
        let kept = |centre: f64, about: f64| about + (centre - about) * from / to;
        Viewport {
            zoom: Zoom::Scale(to.min(MOST)),
            centre: (kept(self.centre.0, about.0), kept(self.centre.1, about.1)),
        }
        .within(photo, pane)
    }

    /// Moved by these shares of what is seen.
    pub fn panned(&self, by: (f64, f64), photo: (u32, u32), pane: (u32, u32)) -> Viewport {
        let view = self.view(photo, pane);
        let share = |part: u32, all: u32| f64::from(part) / f64::from(all.max(1));
        Viewport {
            centre: (
                self.centre.0 + by.0 * share(view.width, photo.0),
                self.centre.1 + by.1 * share(view.height, photo.1),
            ),
            ..*self
        }
        .within(photo, pane)
    }

    /// With the middle so far from the edges that nothing beyond them is seen: the next step away from an edge is seen.
    fn within(self, photo: (u32, u32), pane: (u32, u32)) -> Viewport {
        let view = self.view(photo, pane);
        let clamped = |centre: f64, part: u32, all: u32| {
            let half = (f64::from(part) / f64::from(all.max(1)) / 2.0).min(0.5);
            centre.clamp(half, 1.0 - half)
        };
        Viewport {
            centre: (
                clamped(self.centre.0, view.width, photo.0),
                clamped(self.centre.1, view.height, photo.1),
            ),
            ..self
        }
    }
}

/// The scale at which all of it is seen.
fn fitting(photo: (u32, u32), pane: (u32, u32)) -> f64 {
    let share = |room: u32, n: u32| f64::from(room) / f64::from(n.max(1));
    share(pane.0, photo.0).min(share(pane.1, photo.1)).min(1.0)
}

/// Along one axis: where the part begins, how long it is, and as how many pixels it is drawn.
fn stretch(photo: u32, pane: u32, centre: f64, scale: f64) -> (u32, u32, u32) {
    let photo = photo.max(1);
    // Rounded up, so that no margin is left; the drawn part is then cut to whole pixels of the pane.
    let length = (f64::from(pane) / scale)
        .floor()
        .clamp(1.0, f64::from(photo));
    let drawn = (length * scale).round().clamp(1.0, f64::from(pane.max(1)));
    let last = f64::from(photo) - length;
    let from = (centre * f64::from(photo) - length / 2.0)
        .round()
        .clamp(0.0, last);
    (from as u32, length as u32, drawn as u32)
}

/// Halves of an octave up to one to one, then whole numbers, so that pixels are squares of one size.
const WHOLE: [f64; 9] = [2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, MOST];

fn nearer(scale: f64) -> f64 {
    if scale < 0.999 {
        let half = (scale.log2() * 2.0 + 1e-6).floor() + 1.0;
        return 2_f64.powf(half / 2.0).min(1.0);
    }
    let next = WHOLE.into_iter().find(|step| *step > scale * 1.001);
    next.unwrap_or(MOST)
}

fn further(scale: f64) -> f64 {
    if scale > 1.001 {
        let last = WHOLE.into_iter().rev().find(|step| *step < scale * 0.999);
        return last.unwrap_or(1.0);
    }
    let half = (scale.log2() * 2.0 - 1e-6).ceil() - 1.0;
    2_f64.powf(half / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PHOTO: (u32, u32) = (4000, 3000);
    const PANE: (u32, u32) = (80, 74);

    #[test]
    fn zooming_in_goes_by_way_of_one_to_one_to_single_pixels_and_back_out_to_all() {
        let middle = (0.5, 0.5);
        let mut port = Viewport::default();
        let mut scales = Vec::new();
        while port.scale(PHOTO, PANE) < MOST {
            port = port.zoomed(1, middle, PHOTO, PANE);
            scales.push(port.scale(PHOTO, PANE));
        }
        assert!(
            scales.windows(2).all(|pair| pair[0] < pair[1]),
            "{scales:?}"
        );
        for whole in [1.0, 2.0, 4.0, 32.0] {
            assert!(scales.contains(&whole), "{whole} of {scales:?}");
        }
        let view = port.view(PHOTO, PANE);
        assert_eq!((view.width, view.to_width), (2, 64));
        for _ in 0..scales.len() {
            port = port.zoomed(-1, middle, PHOTO, PANE);
        }
        assert_eq!(port, Viewport::default());
    }

    #[test]
    fn what_the_pointer_is_on_stays_under_it() {
        let about = (0.7, 0.3);
        let near = Viewport::default().zoomed(6, about, PHOTO, PANE);
        // Where the point is drawn, as a share of the pane's part that is filled.
        let drawn = |port: &Viewport| {
            let view = port.view(PHOTO, PANE);
            let x = (about.0 * 4000.0 - f64::from(view.x)) / f64::from(view.width);
            let y = (about.1 * 3000.0 - f64::from(view.y)) / f64::from(view.height);
            (x, y)
        };
        let nearer = near.zoomed(2, about, PHOTO, PANE);
        let (one, other) = (drawn(&near), drawn(&nearer));
        assert!((one.0 - other.0).abs() < 0.02 && (one.1 - other.1).abs() < 0.02);
    }

    #[test]
    fn the_step_after_the_edge_was_reached_leads_back() {
        let port = Viewport::default().at_scale(1.0, (0.5, 0.5), PHOTO, PANE);
        let mut edge = port;
        for _ in 0..200 {
            edge = edge.panned((0.5, 0.0), PHOTO, PANE);
        }
        assert_eq!(edge.view(PHOTO, PANE).x, 4000 - 80);
        assert_eq!(
            edge.panned((-0.5, 0.0), PHOTO, PANE).view(PHOTO, PANE).x,
            4000 - 120
        );
    }

    proptest! {
        #[test]
        fn a_view_lies_in_its_photograph_and_fits_its_pane(
            photo in (1_u32..9000, 1_u32..9000),
            pane in (1_u32..2000, 1_u32..2000),
            centre in (-1.0..2.0_f64, -1.0..2.0_f64),
            scale in 0.001..40.0_f64,
        ) {
            let port = Viewport { zoom: Zoom::Scale(scale), centre };
            let view = port.view(photo, pane);
            prop_assert!(view.x + view.width <= photo.0 && view.y + view.height <= photo.1);
            prop_assert!(view.width > 0 && view.height > 0);
            prop_assert!((1..=pane.0).contains(&view.to_width) && (1..=pane.1).contains(&view.to_height));
        }
    }
}
