//! Which background is asked for: the flags, what they mean together, and what is refused.

use clap::{Args, ValueEnum};
use serde::Serialize;
use whiteboarder_core::background::Surface;
use whiteboarder_core::rolling::{Element, Missing, Operation, Rolling};

use crate::error::Failure;

/// Pixels; the reach of a ball beyond the largest side that is read changes nothing any more.
const RADIUS: (f64, f64) = (0.001, 100_000.0);
/// Grey levels; f32 has room for the squares of both ends.
const HEIGHT: (f64, f64) = (1e-18, 1e18);
/// When `--radius` is not given.
const DEFAULT_RADIUS: f64 = 100.0;

/// The flags as they were typed. What was not typed follows `--like`.
#[derive(Debug, Args)]
#[command(next_help_heading = "The background")]
pub struct Asked {
    /// What is taken for the background [default: opening; with --like scikit-image: erosion]
    #[arg(long, value_name = "HOW", value_enum)]
    estimate: Option<Estimate>,
    /// What rolls
    #[arg(long, value_name = "SHAPE", value_enum, default_value = "ball")]
    shape: Form,
    /// Its radius in pixels, more than half of the widest stroke
    #[arg(long, value_name = "PX", value_parser = radius, default_value_t = DEFAULT_RADIUS, allow_negative_numbers = true)]
    radius: f64,
    /// Its height in grey levels of the picture (of 255, of 65535, or as floating-point samples are); for ellipsoids and
    /// paraboloids
    #[arg(long, value_name = "LEVELS", value_parser = height, allow_negative_numbers = true)]
    height: Option<f64>,
    /// The surface that is written on [default: light; with --like scikit-image: dark]
    #[arg(long, value_name = "SIDE", value_enum)]
    surface: Option<Side>,
    /// Take the mean of 3 by 3 pixels first, so that nothing rests on single pixels of noise [default: on; with --like
    /// scikit-image: off]
    #[arg(long, value_name = "ON|OFF", value_enum)]
    presmooth: Option<Switch>,
    /// Exact, or bit for bit what another program computes
    #[arg(long, value_name = "PROGRAM", value_enum, default_value = "exact")]
    like: Like,
    /// What of a colour picture is rolled over [default: separate; with --like imagej, of 8 bits: brightness]
    #[arg(long, value_name = "HOW", value_enum)]
    colors: Option<Colors>,
    /// Write the picture without its background instead
    #[arg(long)]
    subtract: bool,
    /// Estimate the noise, and take out of the background what it adds
    #[arg(long, value_name = "ON|OFF", value_enum, default_value = "off")]
    bias: Switch,
    /// What becomes of NaN in floating-point pictures
    #[arg(long, value_name = "HOW", value_enum, default_value = "ignore")]
    nan: Nan,
}

/// What is computed of the rolling element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Estimate {
    /// How far the highest point of what rolls gets
    Erosion,
    /// The surface that it touches: Sternberg's rolling ball
    Opening,
}

/// What rolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As high in grey levels as its radius in pixels
    Ball,
    /// With a height of its own
    Ellipsoid,
    /// Without a rim, bent at its highest point as a ball of this radius, or an ellipsoid of this --height, is
    Paraboloid,
}

/// Which side of the picture is the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Dark writing on light
    Light,
    /// Light writing on dark
    Dark,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Do
    On,
    /// Do not
    Off,
}

/// Whose results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Like {
    /// By definition
    Exact,
    /// Its `rolling_ball`: the erosion of a dark surface by a ball
    #[value(name = "scikit-image")]
    #[serde(rename = "scikit-image")]
    Scikit,
    /// Its "Subtract Background": a ball or a paraboloid
    #[value(name = "imagej")]
    ImageJ,
}

/// What of a colour picture is rolled over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Colors {
    /// Each channel by itself
    Separate,
    /// The brightness of HSB, with --like imagej
    Brightness,
}

/// What becomes of NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Nan {
    /// They are rolled over as if they were not there
    Ignore,
    /// All that they can reach becomes NaN
    Propagate,
}

/// Every choice, made: what runs, and what `--json` says of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Whose results.
    pub like: Like,
    /// What is computed.
    pub estimate: Estimate,
    /// What rolls.
    pub shape: Form,
    /// Pixels.
    pub radius: f64,
    /// Grey levels of the picture.
    pub height: f64,
    /// Which side is the background.
    pub surface: Side,
    /// The mean of 3 × 3 first.
    pub presmooth: bool,
    /// What becomes of NaN.
    pub nan: Nan,
    /// What of a colour picture is rolled over; where it was not said, the picture decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<Colors>,
    /// The picture without its background is written.
    pub subtract: bool,
    /// The envelope's bias is corrected.
    pub bias: bool,
}

impl Asked {
    /// What the flags mean together; a sentence that says what to change when they do not go together.
    pub fn choice(&self) -> Result<Choice, Failure> {
        let height = match (self.shape, self.height) {
            (Form::Ball, Some(_)) => {
                return Err(Failure::usage(
                    "a ball is as high as its radius and takes no --height: use --shape ellipsoid",
                ));
            }
            (Form::Ellipsoid, None) => {
                return Err(Failure::usage(
                    "an ellipsoid has a height of its own: add --height LEVELS, or use --shape ball",
                ));
            }
            (_, Some(height)) => height,
            (_, None) => self.radius,
        };
        match self.like {
            Like::Exact => {}
            Like::Scikit => self.refuse_beyond_scikit_image()?,
            Like::ImageJ => self.refuse_beyond_imagej()?,
        }
        if self.bias == Switch::On && self.like != Like::Exact {
            return Err(Failure::usage(
                "the bias of other programs' results is not known: use --bias off, or --like exact",
            ));
        }
        if self.colors == Some(Colors::Brightness) && self.like != Like::ImageJ {
            return Err(Failure::usage(
                "only ImageJ rolls over the brightness of colours: use --colors separate, or --like imagej",
            ));
        }
        let scikit = self.like == Like::Scikit;
        let (estimate, surface) = if scikit {
            (Estimate::Erosion, Side::Dark)
        } else {
            (Estimate::Opening, Side::Light)
        };
        Ok(Choice {
            like: self.like,
            estimate: self.estimate.unwrap_or(estimate),
            shape: self.shape,
            radius: self.radius,
            height,
            surface: self.surface.unwrap_or(surface),
            presmooth: self
                .presmooth
                .map_or(!scikit, |presmooth| presmooth == Switch::On),
            nan: self.nan,
            colors: self.colors,
            subtract: self.subtract,
            bias: self.bias == Switch::On,
        })
    }

    fn refuse_beyond_scikit_image(&self) -> Result<(), Failure> {
        let sentence = if self.estimate == Some(Estimate::Opening) {
            "scikit-image computes no opening: use --estimate erosion, or --like exact"
        } else if self.shape != Form::Ball {
            "scikit-image is followed for balls only: use --shape ball, or --like exact"
        } else if self.surface == Some(Side::Light) {
            "scikit-image knows no light surfaces: use --surface dark, or --like exact"
        } else if self.presmooth == Some(Switch::On) {
            "scikit-image does not smooth first: use --presmooth off, or --like exact"
        } else {
            return Ok(());
        };
        Err(Failure::usage(sentence))
    }

    fn refuse_beyond_imagej(&self) -> Result<(), Failure> {
        let sentence = if self.estimate == Some(Estimate::Erosion) {
            "ImageJ computes no erosion: use --estimate opening, or --like exact"
        } else if self.shape == Form::Ellipsoid {
            "ImageJ has no ellipsoid: use --shape ball or paraboloid, or --like exact"
        } else if self.height.is_some() {
            "ImageJ's paraboloid takes no --height: leave it out, or use --like exact"
        } else {
            return Ok(());
        };
        Err(Failure::usage(sentence))
    }
}

impl Choice {
    /// The exact way to roll; `None` when radius or height are none, which the flags do not let through.
    pub fn rolling(&self) -> Option<Rolling> {
        let element = match self.shape {
            Form::Ball => Element::ball(self.radius),
            Form::Ellipsoid => Element::ellipsoid(self.radius, self.height),
            Form::Paraboloid => Element::paraboloid(self.radius, self.height),
        }?;
        let surface = match self.surface {
            Side::Light => Surface::Light,
            Side::Dark => Surface::Dark,
        };
        let operation = match self.estimate {
            Estimate::Erosion => Operation::apex(surface),
            Estimate::Opening => Operation::background(surface),
        };
        Some(Rolling {
            presmooth: self.presmooth,
            missing: match self.nan {
                Nan::Ignore => Missing::Ignore,
                Nan::Propagate => Missing::Propagate,
            },
            ..Rolling::new(element, operation)
        })
    }
}

fn radius(text: &str) -> Result<f64, String> {
    number(text, RADIUS, "pixels")
}

fn height(text: &str) -> Result<f64, String> {
    number(text, HEIGHT, "grey levels")
}

fn number(text: &str, (least, most): (f64, f64), unit: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{unit} are a number"))?;
    // NaN is in no range.
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} is not in {least}..={most} {unit}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        asked: Asked,
    }

    fn choice(line: &str) -> Result<Choice, String> {
        let words = std::iter::once("x").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.asked.choice().map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_flags_an_exact_ball_rolls_on_a_light_surface() {
        let choice = choice("").unwrap();
        let rolling = choice.rolling().unwrap();
        assert_eq!(rolling.operation, Operation::Closing);
        assert_eq!(rolling.element, Element::ball(100.0).unwrap());
        assert!(rolling.presmooth && !choice.bias && !choice.subtract);
    }

    #[test]
    fn what_is_not_said_follows_the_other_program() {
        let scikit = choice("--like scikit-image --radius 12.5").unwrap();
        assert_eq!(
            (scikit.estimate, scikit.surface, scikit.presmooth),
            (Estimate::Erosion, Side::Dark, false)
        );
        assert_eq!(scikit.rolling().unwrap().operation, Operation::Erosion);
        let imagej = choice("--like imagej --shape paraboloid").unwrap();
        assert_eq!(
            (imagej.estimate, imagej.surface, imagej.presmooth),
            (Estimate::Opening, Side::Light, true)
        );
    }

    #[test]
    fn heights_belong_to_what_has_one() {
        assert!((choice("--shape paraboloid --radius 7").unwrap().height - 7.0).abs() < 1e-12);
        let ellipsoid = choice("--shape ellipsoid --radius 7 --height 0.5").unwrap();
        assert_eq!(
            ellipsoid.rolling().unwrap().element,
            Element::ellipsoid(7.0, 0.5).unwrap()
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_change() {
        for (line, words) in [
            ("--height 5", "use --shape ellipsoid"),
            ("--shape ellipsoid", "add --height"),
            (
                "--like scikit-image --estimate opening",
                "--estimate erosion",
            ),
            ("--like scikit-image --surface light", "--surface dark"),
            ("--like scikit-image --shape paraboloid", "--shape ball"),
            ("--like scikit-image --presmooth on", "--presmooth off"),
            ("--like scikit-image --bias on", "--bias off"),
            ("--like imagej --estimate erosion", "--estimate opening"),
            ("--like imagej --shape ellipsoid --height 3", "--shape ball"),
            (
                "--like imagej --shape paraboloid --height 3",
                "leave it out",
            ),
            ("--like imagej --bias on", "--bias off"),
            ("--colors brightness", "--colors separate"),
            ("--radius 0", "0 is not in 0.001..=100000 pixels"),
            ("--radius -3", "-3"),
            ("--radius nan", "is not in"),
            ("--radius inf", "is not in"),
            ("--radius 100001", "is not in"),
            ("--radius wide", "pixels are a number"),
            ("--shape ellipsoid --height 0", "is not in"),
            ("--like gimp", "possible values"),
        ] {
            let refused = choice(line).unwrap_err();
            assert!(refused.contains(words), "{line}: {refused}");
        }
    }
}
