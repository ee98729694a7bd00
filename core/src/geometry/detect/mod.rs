//! Finding the board in a photograph, or saying why not.
//!
//! A wrong crop loses writing, and a missed board costs a look: so a quad is only given when everything speaks for it.
//!
//! 1. [`work`]: the picture reduced to 720 pixels, and its gradients in the steepest channel;
//! 2. [`lines`]: straight edges by the direction in which they get brighter: a light board is brighter than its frame, so
//!    every edge can be one side of a board only;
//! 3. [`candidates`]: quads of four such edges, by how much of each side is an edge;
//! 4. [`judge`]: the shape must be that of a rectangle seen by a camera; inside there must be paper of one colour, with
//!    writing, up to every side; outside of every side something else than that paper, thicker than a line that is
//!    drawn; and nowhere else writing on such paper;
//! 5. of quads that pass the best, unless another lies beside it.

mod candidates;
mod ink;
mod judge;
mod lines;
mod work;

use serde::Serialize;

use super::{Camera, Point, Quad};
use crate::image::Picture;
use candidates::Candidate;
use work::Work;

/// The shorter side in pixels from which a picture is searched.
const SHORTEST: u32 = 120;
/// Corners nearer to each other than this share of the diagonal are the same.
const SAME: f64 = 0.04;

/// What the search for a board found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detection {
    /// The board.
    Found {
        /// Its corners in pixels of the picture.
        quad: Quad,
        /// The share of its weakest side that is plainly an edge, from 0.5 to 1.
        confidence: f64,
    },
    /// Nothing that is surely the board.
    Refused(Refusal),
}

/// Why no quad is surely the board: what the candidate lacks that came closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Too few pixels to tell.
    #[error("the picture is too small to find a board in it")]
    Small,
    /// No four edges.
    #[error(
        "no four straight edges of a board were found: it may fill the picture, or go beyond it"
    )]
    NoEdges,
    /// No rectangle looks so.
    #[error("the straight edges that were found are not those of a rectangle")]
    Shape,
    /// Two boards with a gap between them, perhaps.
    #[error(
        "an edge runs through what lies between the straight edges that were found: it may be two boards"
    )]
    Divided,
    /// Something else than evenly light paper.
    #[error("what lies between the straight edges does not look like one light board")]
    Inside,
    /// A drawn box, perhaps.
    #[error("the straight edges are thin lines, which may be drawn on the board")]
    ThinLines,
    /// Writing would be lost.
    #[error("there seems to be writing outside of the straight edges that were found")]
    InkOutside,
    /// A door, a window or a wall, perhaps.
    #[error("between the straight edges there is no writing, so that it may be a door or a window")]
    Empty,
    /// Two boards, perhaps.
    #[error("more than one board was found")]
    Several,
}

/// Finds the light board (or the sheet of paper) in a picture, which is the whole upright photograph.
#[must_use]
pub fn detect(picture: &Picture) -> Detection {
    detect_with(
        picture,
        &Camera::of_photograph(picture.width, picture.height),
    )
}

/// [`detect`] in a part of a photograph, by its camera in pixels of that part.
pub(super) fn detect_with(picture: &Picture, camera: &Camera) -> Detection {
    if picture.width.min(picture.height) < SHORTEST {
        return Detection::Refused(Refusal::Small);
    }
    let work = Work::new(picture);
    let sides = lines::sides(&work);
    let all = candidates::candidates(&work, &sides);
    if all.is_empty() {
        return Detection::Refused(Refusal::NoEdges);
    }
    let ink = ink::Ink::new(&work, &sides);
    let camera = Camera {
        centre: Point::new(camera.centre.x / work.scale, camera.centre.y / work.scale),
        long_side: camera.long_side / work.scale,
    };
    let mut closest = Refusal::NoEdges;
    let mut good: Vec<Candidate> = Vec::new();
    for candidate in all {
        match judge::judge(&work, &ink, &sides, &camera, &candidate) {
            Ok(()) => good.push(candidate),
            Err(refusal) => closest = closest.max(refusal),
        }
    }
    let same =
        SAME * Point::new(0.0, 0.0).distance(Point::new(work.width as f64, work.height as f64));
    match only(&good, same) {
        None => Detection::Refused(closest),
        Some(Err(refusal)) => Detection::Refused(refusal),
        Some(Ok(best)) => Detection::Found {
            quad: best
                .quad
                .mapped(|c| Point::new(c.x * work.scale, c.y * work.scale)),
            confidence: best.weakest,
        },
    }
}

/// The best quad, when every other one is nearly it, in it or around it.
fn only(good: &[Candidate], same: f64) -> Option<Result<&Candidate, Refusal>> {
    let best = good.first()?;
    let within =
        |inner: &Quad, outer: &Quad| inner.corners().iter().all(|&c| outer.holds(c, -same));
    let alike =
        |other: &Candidate| within(&best.quad, &other.quad) || within(&other.quad, &best.quad);
    Some(if good.iter().all(alike) {
        Ok(best)
    } else {
        Err(Refusal::Several)
    })
}
