//! A cleaned picture as a drawing: the outline of each ink, in curves.
//!
//! Every pixel belongs to the ink that is strongest near it and is covered by a share of that (`layers.rs`); each ink is
//! outlined where it covers half (`contour.rs`), and the outlines become Bézier curves (`curve.rs`). Time and memory are
//! bounded by the number of pixels, also for noise: specks and what is beyond [`Options::most_points`] are left out and
//! counted.

mod contour;
mod curve;
mod layers;
mod path;

use std::fmt::Write;

use rayon::prelude::*;

use super::OutputError;
use crate::image::Picture;
use contour::Field;
use layers::Layers;
use path::PathData;

/// How a picture is traced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Most inks: 1 to 64.
    pub colours: u8,
    /// How far a curve may be from the outline, in pixels.
    pub tolerance: f32,
    /// Outlines around less than this, in pixels, are specks and left out.
    pub least_area: f32,
    /// Most points of all outlines of one ink, before they become curves. The smallest outlines are left out first.
    pub most_points: usize,
    /// Whether white paper is painted first.
    pub paper: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            colours: 8,
            tolerance: 0.5,
            least_area: 6.0,
            most_points: 1_000_000,
            paper: true,
        }
    }
}

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Svg {
    /// The whole file.
    pub text: String,
    /// Closed outlines, holes among them.
    pub paths: usize,
    /// Inks that were drawn.
    pub colours: usize,
    /// Outlines that were left out, as specks mostly.
    pub left_out: usize,
}

/// Traces a cleaned picture.
pub fn svg(picture: &Picture, options: &Options) -> Result<Svg, OutputError> {
    super::check(picture)?;
    let layers = Layers::of(picture, options.colours.clamp(1, 64) as usize);
    let (width, height) = (picture.width, picture.height);
    let mut svg = Svg {
        text: format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" fill-rule=\"evenodd\">\n"
        ),
        paths: 0,
        colours: 0,
        left_out: 0,
    };
    if options.paper {
        let _ = writeln!(
            svg.text,
            "<path fill=\"#fff\" d=\"M0 0h{width}v{height}H0z\"/>"
        );
    }
    for (ink, colour) in (0_u8..).zip(&layers.colours) {
        let values = layers.coverage_by(ink);
        let field = Field {
            width: width as usize,
            height: height as usize,
            values: &values,
        };
        let (lines, left_out) = field.contours(options.least_area, options.most_points);
        svg.left_out += left_out;
        if lines.is_empty() {
            continue;
        }
        let fitted: Vec<_> = lines
            .par_iter()
            .map(|line| curve::fit(line, options.tolerance))
            .collect();
        let mut data = PathData::new();
        for (start, pieces) in &fitted {
            data.closed(*start, pieces);
        }
        svg.paths += lines.len();
        svg.colours += 1;
        let fill = hex::encode(colour);
        let _ = writeln!(svg.text, "<path fill=\"#{fill}\" d=\"{}\"/>", data.text);
    }
    svg.text += "</svg>\n";
    Ok(svg)
}
