//! Taking times: every case between two yardsticks, in rounds, so that a machine that gets slower or busier gets so for both.

use std::time::Instant;

use whiteboarder_core::background::Plane;
use whiteboarder_core::cancel::Never;
use whiteboarder_core::rolling::{
    Element, Roller, Rolling, Sample, Shape, View, ViewMut, definition,
};

use crate::cases::{Case, Picture, Samples};
use crate::generator::{Board, Noise, rounded};
use crate::yardstick::{self, Minimum, Square};

/// Seconds that something takes.
pub fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The middle one of some numbers; 0 of none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len();
    match n {
        0 => 0.0,
        _ => f64::midpoint(numbers[(n - 1) / 2], numbers[n / 2]),
    }
}

/// The smallest one.
pub fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

/// A picture, its copy, and the yardsticks over it with memory that is in use already.
pub struct Bench {
    pub board: Board,
    pub source: Plane<u8>,
    result: Plane<u8>,
    minimum: Minimum,
    picture: Option<(Picture, Plane<f32>)>,
}

/// What one round of a case said.
pub struct Round {
    pub yardstick: f64,
    pub case: f64,
}

impl Bench {
    pub fn new(width: usize, height: usize) -> Self {
        let board = Board::new(width, height);
        let source = rounded(&board.photograph(Noise::Gauss, 6.0));
        Self {
            result: source.clone(),
            minimum: Minimum::new(&source),
            board,
            source,
            picture: None,
        }
    }

    /// The board's u8 samples alone; all else is given back.
    pub fn into_source(self) -> Plane<u8> {
        self.source
    }

    /// Seconds of one yardstick: the middle of five.
    pub fn yardstick(&mut self) -> f64 {
        let Self {
            source,
            result,
            minimum,
            ..
        } = self;
        median(
            (0..5)
                .map(|_| seconds(|| minimum.pass(source, result)))
                .collect(),
        )
    }

    /// Seconds of one copy, likewise.
    pub fn copy(&mut self) -> f64 {
        let Self { source, result, .. } = self;
        median(
            (0..5)
                .map(|_| seconds(|| yardstick::copy(source, result)))
                .collect(),
        )
    }

    /// Seconds of the flat square minimum.
    pub fn square(&mut self, reach: usize) -> f64 {
        let Self { source, result, .. } = self;
        let mut square = Square::new(source, reach);
        square.pass(source, result);
        median(
            (0..3)
                .map(|_| seconds(|| square.pass(source, result)))
                .collect(),
        )
    }

    fn paint(&mut self, picture: Picture) -> Plane<f32> {
        match &self.picture {
            Some((which, plane)) if *which == picture => plane.clone(),
            _ => {
                let plane = match picture {
                    Picture::Board(sigma) => self.board.photograph(Noise::Gauss, sigma),
                    Picture::Hard(hard) => hard.paint(self.source.width, self.source.height),
                };
                self.picture = Some((picture, plane.clone()));
                plane
            }
        }
    }

    /// Measures a case in so many rounds (fewer when one takes seconds), after one that warms the memory.
    pub fn rounds(&mut self, case: &Case, rounds: usize) -> Vec<Round> {
        let picture = self.paint(case.picture);
        let rolling = &case.rolling;
        match case.samples {
            Samples::U8 => {
                // u8 samples of a board hold the noise; those of a hard picture are cut, so that slopes stay slopes.
                let source = match case.picture {
                    Picture::Board(_) => rounded(&picture),
                    Picture::Hard(_) => picture.map(|v| v as u8),
                };
                self.plain(&source, rolling, rounds)
            }
            Samples::F32 => self.plain(&picture, rolling, rounds),
            Samples::Rgb => self.interleaved(&picture, rolling, rounds),
        }
    }

    fn plain<T: Sample>(
        &mut self,
        source: &Plane<T>,
        rolling: &Rolling,
        rounds: usize,
    ) -> Vec<Round> {
        let mut result = source.clone();
        let mut roller = Roller::new();
        self.repeat(rounds, || {
            let Ok(()) = roller.roll(View::of(source), ViewMut::of(&mut result), rolling, &Never);
        })
    }

    fn interleaved(
        &mut self,
        picture: &Plane<f32>,
        rolling: &Rolling,
        rounds: usize,
    ) -> Vec<Round> {
        let (width, height) = (picture.width, picture.height);
        // Another cast for each channel.
        let cast = |v: f32| [1.0, 0.93, 0.85].map(|c| (v * c + 0.5).clamp(0.0, 255.0) as u8);
        let source: Vec<u8> = picture.data.iter().flat_map(|&v| cast(v)).collect();
        let mut result = source.clone();
        let mut roller = Roller::new();
        self.repeat(rounds, || {
            for channel in 0..3 {
                let from = View::channel(&source, width, height, 3, channel);
                let to = ViewMut::channel(&mut result, width, height, 3, channel);
                if let (Some(from), Some(to)) = (from, to) {
                    let Ok(()) = roller.roll(from, to, rolling, &Never);
                }
            }
        })
    }

    fn repeat(&mut self, rounds: usize, mut work: impl FnMut()) -> Vec<Round> {
        let warm = seconds(&mut work);
        let rounds = if warm > 1.0 { rounds.min(3) } else { rounds };
        let mut before = self.yardstick();
        let mut all = Vec::new();
        for _ in 0..rounds {
            let case = seconds(&mut work);
            let after = self.yardstick();
            all.push(Round {
                yardstick: f64::midpoint(before, after),
                case,
            });
            before = after;
        }
        all
    }
}

/// The direct method on a piece of the board, and what it would take for all of it.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    /// Seconds for the whole picture.
    pub seconds: f64,
    /// How much of the work was done; below 1 the seconds are extrapolated by it.
    pub share: f64,
}

/// Pairs of source and result that the direct method combines on a picture of this size.
fn pairs(width: usize, height: usize, element: &Element) -> f64 {
    let reach = element.radius().floor() as i64;
    let overlap = |size: usize, off: i64| size.saturating_sub(off.unsigned_abs() as usize) as f64;
    let rows = (-reach..=reach).map(|dy| {
        let half = ((reach * reach - dy * dy) as f64).sqrt().floor() as i64;
        let row: f64 = (-half..=half).map(|dx| overlap(width, dx)).sum();
        row * overlap(height, dy)
    });
    rows.sum()
}

/// Measures the direct method for one pass, on whole rows of the board's upper left, no more than `most` pairs.
pub fn direct<T: Sample>(source: &Plane<T>, element: &Element, most: f64) -> Direct {
    // The paraboloid has no rim; the ball of its radius is what the direct method can do at all.
    let Some(ball) = Element::new(Shape::Ball, element.radius(), element.height()) else {
        return Direct {
            seconds: 0.0,
            share: 0.0,
        };
    };
    let all = pairs(source.width, source.height, &ball);
    let (mut width, mut height) = (source.width, source.height);
    let floor = (ball.radius() as usize).max(64);
    while pairs(width, height, &ball) > most && width.max(height) > floor {
        if height > floor.min(width) {
            height = (height * 3 / 4).max(1);
        } else {
            width = (width * 3 / 4).max(1);
        }
    }
    let crop = Plane {
        width,
        height,
        data: (0..height)
            .flat_map(|y| source.row(y)[..width].iter().copied())
            .collect(),
    };
    let share = pairs(width, height, &ball) / all;
    let mut results = Vec::new();
    for _ in 0..2 {
        results.push(seconds(|| {
            std::hint::black_box(definition::dilate(&crop, &ball));
        }));
    }
    Direct {
        seconds: least(&results) / share,
        share,
    }
}
