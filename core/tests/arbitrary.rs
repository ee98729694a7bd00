//! Anything at all as input: sizes, samples of any bit pattern, elements from one end of f64 to the other. Nothing panics, nothing
//! takes for ever, and what is rolled is what the definition says.
//!
//! Every case comes from one number, which the message of a failure names.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::like::{LikeError, imagej, scikit_image};
use whiteboarder_core::rolling::noise::Noise;
use whiteboarder_core::rolling::{
    Element, Missing, Operation, Region, Roller, Rolling, Sample, Shape, View, ViewMut, bias,
    definition, noise,
};

/// Where a case takes everything from.
struct Source(u64);

impl Source {
    fn new(case: u64) -> Self {
        // Neighbouring numbers must not begin alike.
        Self((case + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() >> 11) as usize % end
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Between 0 and 1.
    fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A radius or a height: positive and finite, and nothing else is sure.
    fn length(&mut self) -> f64 {
        /// Where squares, quotients, casts and tables are at their ends.
        const ENDS: [f64; 20] = [
            5e-324,
            1e-310,
            f64::MIN_POSITIVE,
            1e-170,
            1.5e-154,
            1e-38,
            0.999_999,
            1.0,
            5.0,
            255.0,
            65_535.5,
            1e6,
            4e9,
            1e18,
            2e19,
            3.5e38,
            1.3e154,
            1.4e154,
            1e300,
            f64::MAX,
        ];
        match self.below(8) {
            0..=3 => 0.2 + 20.0 * self.share(),
            4 => 1000.0 * self.share() + 1e-3,
            5 | 6 => self.one_of(&ENDS),
            _ => {
                let any = f64::from_bits(self.bits()).abs();
                if any.is_finite() && any > 0.0 {
                    any
                } else {
                    1.0
                }
            }
        }
    }

    fn element(&mut self) -> Element {
        let shape = self.one_of(&[Shape::Ball, Shape::Ball, Shape::Paraboloid]);
        let radius = self.length();
        let height = if self.is() { radius } else { self.length() };
        Element::new(shape, radius, height).unwrap()
    }

    fn rolling(&mut self) -> Rolling {
        let operation = self.one_of(&[
            Operation::Erosion,
            Operation::Dilation,
            Operation::Opening,
            Operation::Closing,
        ]);
        Rolling {
            presmooth: self.below(3) == 0,
            missing: self.one_of(&[Missing::Ignore, Missing::Propagate]),
            ..Rolling::new(self.element(), operation)
        }
    }

    fn size(&mut self) -> (usize, usize) {
        match self.below(8) {
            0 => (1 + self.below(150), 1),
            1 => (1, 1 + self.below(150)),
            2 => (1 + self.below(40), 1 + self.below(40)),
            _ => (1 + self.below(20), 1 + self.below(20)),
        }
    }

    fn picture<T: Any>(&mut self) -> Plane<T> {
        let (width, height) = self.size();
        let kind = self.below(T::KINDS);
        let data = (0..width * height).map(|_| T::any(self, kind)).collect();
        Plane {
            width,
            height,
            data,
        }
    }
}

/// Samples of any value.
trait Any: Sample + Debug {
    /// How many sorts of pictures there are.
    const KINDS: usize;

    fn any(source: &mut Source, kind: usize) -> Self;

    /// What two equal samples have in common.
    fn same(self) -> u64;
}

impl Any for u8 {
    const KINDS: usize = 2;

    fn any(source: &mut Source, kind: usize) -> Self {
        match kind {
            0 => source.bits() as Self,
            _ => 200 + source.below(6) as Self,
        }
    }

    fn same(self) -> u64 {
        u64::from(self)
    }
}

impl Any for u16 {
    const KINDS: usize = 2;

    fn any(source: &mut Source, kind: usize) -> Self {
        match kind {
            0 => source.bits() as Self,
            _ => 20_000 + source.below(600) as Self,
        }
    }

    fn same(self) -> u64 {
        u64::from(self)
    }
}

impl Any for f32 {
    const KINDS: usize = 5;

    fn any(source: &mut Source, kind: usize) -> Self {
        const ODD: [f32; 10] = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-45,
            0.0,
            -0.0,
        ];
        let plausible = (source.share() * 300.0 - 40.0) as Self;
        match kind {
            1 => Self::from_bits(source.bits() as u32),
            2 => source.one_of(&ODD),
            3 if source.below(12) == 0 => source.one_of(&ODD),
            4 if source.below(12) == 0 => Self::NAN,
            _ => plausible,
        }
    }

    /// There is one NaN, and −0 is as high as +0.
    fn same(self) -> u64 {
        if self.is_nan() {
            u64::MAX
        } else {
            u64::from((self + 0.0).to_bits())
        }
    }
}

/// Runs cases and says which one failed.
fn each(cases: u64, case: impl Fn(&mut Source)) {
    for number in 0..cases {
        let outcome = catch_unwind(AssertUnwindSafe(|| case(&mut Source::new(number))));
        assert!(
            outcome.is_ok(),
            "case {number} failed, as the message above says"
        );
    }
}

fn same<T: Any>(samples: &[T]) -> Vec<u64> {
    samples.iter().map(|&v| v.same()).collect()
}

/// Whether the means of 3×3 pixels are NaN where no NaN is: those spread in the definition only (`rolling/missing.rs`).
fn smoothing_makes_nan<T: Any>(plane: &Plane<T>) -> bool {
    let is_nan = |v: &T| v.as_f32().is_nan();
    let smooth = definition::presmooth(plane);
    (0..plane.data.len()).any(|i| {
        let (x, y) = (i % plane.width, i / plane.width);
        let rows = y.saturating_sub(1)..(y + 2).min(plane.height);
        let columns = x.saturating_sub(1)..(x + 2).min(plane.width);
        is_nan(&smooth.data[i])
            && !rows
                .into_iter()
                .any(|y| plane.row(y)[columns.clone()].iter().any(is_nan))
    })
}

fn rolls_by_the_definition<T: Any>(roller: &mut Roller, source: &mut Source) {
    let plane = source.picture::<T>();
    let rolling = source.rolling();
    let (width, height) = (plane.width, plane.height);
    // Samples of others before, between and behind those of the picture, in source and result.
    let (step, gap) = (1 + source.below(3), source.below(4));
    let stride = (width - 1) * step + 1 + gap;
    let mut memory = vec![T::TOP; height * stride];
    for (i, &v) in plane.data.iter().enumerate() {
        memory[i / width * stride + i % width * step] = v;
    }
    let (x, y) = (source.below(width), source.below(height));
    let region = Region {
        x,
        y,
        width: 1 + source.below(width - x),
        height: 1 + source.below(height - y),
    };
    let region = if source.is() {
        Region {
            x: 0,
            y: 0,
            width,
            height,
        }
    } else {
        region
    };
    let view = View::new(&memory, width, height, step, stride).unwrap();
    let of_others = T::any(source, 0);
    let mut results = vec![of_others; memory.len()];
    let result = ViewMut::new(&mut results, region.width, region.height, step, stride).unwrap();
    let Ok(()) = roller.roll_region(view, region, result, &rolling, &Never);

    if rolling.presmooth && rolling.missing == Missing::Propagate && smoothing_makes_nan(&plane) {
        return;
    }
    let expected = definition::roll(&plane, &rolling);
    for (i, &v) in results.iter().enumerate() {
        let (x, y) = (i % stride / step, i / stride);
        let is_result = i % stride % step == 0 && x < region.width && y < region.height;
        let expected = if is_result {
            expected.row(region.y + y)[region.x + x]
        } else {
            of_others
        };
        assert!(
            v.same() == expected.same(),
            "{rolling:?} on {width}×{height}, {region:?}: {v:?} instead of {expected:?} at ({x}, {y})"
        );
    }
}

#[test]
fn u8_is_rolled_by_the_definition() {
    each(3000, |source| {
        rolls_by_the_definition::<u8>(&mut Roller::new(), source);
    });
}

#[test]
fn u16_is_rolled_by_the_definition() {
    each(2000, |source| {
        rolls_by_the_definition::<u16>(&mut Roller::new(), source);
    });
}

#[test]
fn f32_is_rolled_by_the_definition() {
    each(4000, |source| {
        rolls_by_the_definition::<f32>(&mut Roller::new(), source);
    });
}

#[test]
fn what_a_roller_remembers_changes_nothing() {
    // A few cases again and again, in a changing order, with one roller: tables and memory of other sizes are left there.
    let roller = std::cell::RefCell::new(Roller::new());
    each(1500, |order| {
        let source = &mut Source::new(order.below(40) as u64);
        let roller = &mut roller.borrow_mut();
        rolls_by_the_definition::<u8>(roller, source);
        rolls_by_the_definition::<f32>(roller, source);
    });
}

#[test]
fn one_element_serves_pictures_of_any_size() {
    // The tables of a huge ball are cut to the picture: first to a small one, then to a large one, then to none.
    let mut roller = Roller::new();
    let rolling = Rolling::new(Element::ellipsoid(1e7, 1e12).unwrap(), Operation::Opening);
    for (width, height) in [(3, 70), (65, 2), (64, 64), (200, 1), (130, 9), (2, 2)] {
        let mut source = Source::new(width as u64);
        let data = (0..width * height).map(|_| f32::any(&mut source, 0));
        let plane = Plane::new(width, height, data.collect()).unwrap();
        let mut result = plane.clone();
        let Ok(()) = roller.roll(View::of(&plane), ViewMut::of(&mut result), &rolling, &Never);
        assert_eq!(
            same(&result.data),
            same(&definition::roll(&plane, &rolling).data)
        );
    }
}

#[test]
fn no_erosion_lies_above_its_picture() {
    // K(0) = 0. An opening of f32 may, by the rounding of I + K − K.
    each(2000, |source| {
        let element = source.element();
        let plane = source.picture::<f32>();
        let eroded = definition::erode(&plane, &element);
        for (&low, &high) in eroded.data.iter().zip(&plane.data) {
            let message = format!("{element:?}: {low} above {high}");
            assert!(low <= high || high.is_nan(), "{message}");
        }
    });
}

#[test]
fn the_smallest_ball_touches_every_pixel() {
    for radius in [1e-170, 5e-324, 1e-160] {
        let rolling = Rolling::new(
            Element::ellipsoid(radius, 100.0).unwrap(),
            Operation::Erosion,
        );
        let plane = Plane::new(2, 1, vec![7_u8, 100]).unwrap();
        assert_eq!(definition::roll(&plane, &rolling), plane);
    }
}

fn is_like_others<T: Any + imagej::Pixel>(source: &mut Source) {
    let plane = source.picture::<T>();
    let mut result = plane.clone();
    let anything = |source: &mut Source| match source.below(4) {
        0 => f64::from_bits(source.bits()),
        1 => source.one_of(&[0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, 1e9]),
        _ => source.length(),
    };
    let radius = anything(source);
    let good = radius.is_finite() && radius > 0.0;
    let nansafe = source.is();
    let rolled = scikit_image::rolling_ball(
        &mut Roller::new(),
        View::of(&plane),
        ViewMut::of(&mut result),
        radius,
        nansafe,
        &Never,
    );
    assert_eq!(rolled.is_ok(), good, "{radius}");
    if good && nansafe {
        let rolling = scikit_image::rolling(radius, true).unwrap();
        let expected = definition::roll(&plane, &rolling);
        assert_eq!(same(&result.data), same(&expected.data), "{radius}");
    }

    let sliding_paraboloid = source.is();
    let radius = if sliding_paraboloid || !(400.0..4e5).contains(&radius) {
        radius
    } else {
        // ImageJ's ball rolls over a margin as wide as itself; that is much work on the smallest picture.
        radius % 400.0 + 1e-9
    };
    let settings = imagej::Settings {
        radius,
        light_background: source.is(),
        sliding_paraboloid,
        presmooth: source.is(),
    };
    let product = source.one_of(&[imagej::Product::Background, imagej::Product::Subtracted]);
    let (from, to) = (View::of(&plane), ViewMut::of(&mut result));
    match imagej::roll(from, to, &settings, product, &Never) {
        Ok(()) => assert!(good, "{radius}"),
        Err(LikeError::Narrow { width, shrink }) => {
            assert!(width == plane.width && width <= shrink);
        }
        Err(LikeError::Radius(of)) => assert!(!good || of > 3e5, "{radius}"),
        Err(LikeError::Stopped(never)) => match never {},
    }
}

#[test]
fn other_programs_are_followed_on_anything() {
    each(800, |source| match source.below(4) {
        0 => is_like_others::<u8>(source),
        1 => is_like_others::<u16>(source),
        _ => is_like_others::<f32>(source),
    });
}

#[test]
fn any_colours_have_a_brightness() {
    each(300, |source| {
        let (width, height) = source.size();
        let picture: Vec<u8> = (0..3 * width * height)
            .map(|_| source.bits() as u8)
            .collect();
        let mut result = picture.clone();
        let settings = imagej::Settings {
            radius: 0.1 + 150.0 * source.share(),
            light_background: source.is(),
            sliding_paraboloid: source.is(),
            presmooth: source.is(),
        };
        let product = imagej::Product::Background;
        match imagej::brightness_rgb(&picture, &mut result, width, &settings, product, &Never) {
            Ok(()) => {}
            Err(LikeError::Narrow { .. }) => assert!(width <= 8),
            Err(error) => panic!("{error:?}"),
        }
    });
}

fn has_noise<T: Any>(source: &mut Source) {
    let plane = source.picture::<T>();
    let found = noise::measure(View::of(&plane));
    assert!(found.sigma >= 0.0 && found.smooth >= 0.0, "{found:?}");
    let rolling = source.rolling();
    let any = |source: &mut Source| {
        if source.is() {
            source.length()
        } else {
            f64::from_bits(source.bits())
        }
    };
    let made_up = Noise {
        sigma: any(source),
        smooth: any(source),
    };
    let sigma = any(source);
    for add in [
        bias::estimate(View::of(&plane), &rolling),
        bias::correction::<T>(sigma, &rolling),
        bias::correction_of::<T>(made_up, &rolling),
        bias::lowest(sigma, &rolling.element, source.share(), source.is()),
    ] {
        assert!(add.is_finite(), "{rolling:?}, {sigma}, {made_up:?}: {add}");
    }
}

#[test]
fn noise_and_bias_are_numbers() {
    each(400, |source| match source.below(4) {
        0 => has_noise::<u8>(source),
        1 => has_noise::<u16>(source),
        _ => has_noise::<f32>(source),
    });
}

#[test]
fn no_view_is_larger_than_its_memory() {
    each(3000, |source| {
        let memory = vec![0_u8; source.below(50)];
        let mut size = || match source.below(4) {
            0 => source.bits() as usize,
            1 => usize::MAX - source.below(3),
            _ => source.below(9),
        };
        let (width, height, step, stride) = (size(), size(), size(), size());
        if let Some(view) = View::new(&memory, width, height, step, stride) {
            let plane = view.to_plane();
            assert_eq!(plane.data.len(), view.width() * view.height());
        }
        if let Some(view) = View::channel(&memory, width, height, step, stride) {
            assert_eq!(view.to_plane().data.len(), width * height);
        }
    });
}
