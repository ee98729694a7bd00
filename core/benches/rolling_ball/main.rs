//! How fast the rolling ball is, as ratios within one run:
//!
//! ```sh
//! cargo bench -p whiteboarder-core --bench rolling_ball
//! ```
//!
//! Behind `--` may follow words (only cases whose names contain one of them), `--rounds N` (default 7), `--size WxH` (default
//! 4000x3000), `--json`, `--quick` (some cases on a small picture, within a second: a smoke test), `--list`; or, instead of the
//! table of speeds, `--truth` (how far backgrounds are from a known truth, before and after the bias is corrected), `--calibrate A` (flat
//! noise up to A pixels within a standard deviation, for the numbers in `rolling::bias`), `--dump DIR`
//! (writes the pictures for other programs) and `--peer FILE.pgm` (what `docs/benchmarks/compare.sh` runs).
//!
//! The last case is the picture of 400 megapixels in strips, by the word `strips`; a `--quick` run leaves it out.

mod calibrate;
mod cases;
mod generator;
mod measure;
mod peer;
mod strips;
mod table;
mod truth;
mod yardstick;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use whiteboarder_core::background::Plane;

use cases::{Case, Samples};
use measure::{Bench, Direct};
use table::{Frame, Row};

/// What the person asked for.
struct Wish {
    words: Vec<String>,
    rounds: usize,
    size: (usize, usize),
    json: bool,
    quick: bool,
    what: What,
}

/// What is printed.
enum What {
    Speed,
    List,
    Truth,
    Calibrate(f64),
    Dump(PathBuf),
    Peer(PathBuf),
}

fn wish() -> Result<Wish, Box<dyn Error>> {
    let mut wish = Wish {
        words: Vec::new(),
        rounds: 7,
        size: (4000, 3000),
        json: false,
        quick: false,
        what: What::Speed,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            // What `cargo bench` itself adds.
            "--bench" => {}
            "--json" => wish.json = true,
            "--truth" => wish.what = What::Truth,
            "--list" => wish.what = What::List,
            "--quick" => {
                wish.quick = true;
                wish.size = (200, 150);
                wish.rounds = 1;
            }
            "--rounds" => wish.rounds = value()?.parse::<usize>()?.max(1),
            "--size" => {
                let text = value()?;
                let (width, height) = text.split_once('x').ok_or("--size is like 4000x3000")?;
                wish.size = (
                    width.parse::<usize>()?.max(3),
                    height.parse::<usize>()?.max(3),
                );
            }
            "--dump" => wish.what = What::Dump(value()?.into()),
            "--calibrate" => wish.what = What::Calibrate(value()?.parse()?),
            "--peer" => wish.what = What::Peer(value()?.into()),
            word if word.starts_with("--") => return Err(format!("what is {word}?").into()),
            word => wish.words.push(word.to_owned()),
        }
    }
    Ok(wish)
}

fn main() -> Result<(), Box<dyn Error>> {
    let wish = wish()?;
    let mut out = std::io::stdout().lock();
    let (width, height) = wish.size;
    match &wish.what {
        What::Truth => return truth::tables(width, height, &wish.words, &mut out),
        What::Calibrate(most) => return calibrate::table(*most, &mut out),
        What::Dump(folder) => return peer::dump(folder, width, height),
        What::Peer(file) => return peer::time(file, wish.rounds, &mut out),
        What::Speed | What::List => {}
    }
    let all = if wish.quick {
        cases::quick()
    } else {
        cases::all()
    };
    let wanted =
        |name: &str| wish.words.is_empty() || wish.words.iter().any(|word| name.contains(word));
    let chosen: Vec<Case> = all.into_iter().filter(|case| wanted(&case.name)).collect();
    let in_strips = !wish.quick && wanted(strips::NAME);
    if matches!(wish.what, What::List) {
        for case in &chosen {
            writeln!(out, "{}", case.name)?;
        }
        if in_strips {
            writeln!(out, "{}", strips::NAME)?;
        }
        return Ok(());
    }
    yardstick::verify(&generator::rounded(&generator::Hard::Random.paint(71, 53)))?;

    let mut bench = Bench::new(width, height);
    let (mut copies, mut yardsticks) = (Vec::new(), Vec::new());
    for _ in 0..=wish.rounds {
        copies.push(bench.copy());
        yardsticks.push(bench.yardstick());
    }
    let mut peers = Peers::new(if wish.quick { 1e8 } else { 2e10 });
    let mut rows = Vec::new();
    for case in chosen {
        if !wish.json {
            // Long runs should show that they live.
            writeln!(std::io::stderr(), "{}", case.name)?;
        }
        let rounds = bench.rounds(&case, wish.rounds);
        yardsticks.extend(rounds.iter().map(|round| round.yardstick));
        copies.push(bench.copy());
        let (direct, square) = peers.of(&mut bench, &case);
        rows.push(Row::new(case, &rounds, direct, square));
    }
    // It counts all memory in use, so nothing but the board is kept for it.
    drop(peers);
    let board = bench.into_source();
    let strips = if in_strips {
        if !wish.json {
            writeln!(std::io::stderr(), "{}", strips::NAME)?;
        }
        Some(strips::measure(&board, wish.rounds)?)
    } else {
        None
    };
    let frame = Frame {
        width,
        height,
        rounds: wish.rounds,
        copy: measure::median(copies),
        yardstick: measure::median(yardsticks),
        strips,
    };
    if wish.json {
        writeln!(out, "{:#}", frame.json(&rows))?;
    } else {
        frame.write(&rows, &mut out)?;
    }
    Ok(())
}

/// The others that are printed beside ours. Their times do not depend on what the picture shows, so each is measured once.
struct Peers {
    most: f64,
    floats: Option<Plane<f32>>,
    direct: Vec<((Samples, f64), Direct)>,
    square: Vec<(usize, f64)>,
}

impl Peers {
    fn new(most: f64) -> Self {
        Self {
            most,
            floats: None,
            direct: Vec::new(),
            square: Vec::new(),
        }
    }

    /// The direct method for all passes and channels of a case, and the flat square in yardsticks.
    fn of(&mut self, bench: &mut Bench, case: &Case) -> (Direct, f64) {
        let element = &case.rolling.element;
        let (samples, channels) = match case.samples {
            Samples::Rgb => (Samples::U8, 3.0),
            samples => (samples, 1.0),
        };
        let key = (samples, element.radius());
        let known = self.direct.iter().find(|(k, _)| *k == key).map(|(_, d)| *d);
        let one = known.unwrap_or_else(|| {
            let direct = if samples == Samples::F32 {
                let floats = self
                    .floats
                    .get_or_insert_with(|| bench.source.map(f32::from));
                measure::direct(floats, element, self.most / 4.0)
            } else {
                measure::direct(&bench.source, element, self.most)
            };
            self.direct.push((key, direct));
            direct
        });
        let reach = element.radius() as usize;
        let known = self
            .square
            .iter()
            .find(|(r, _)| *r == reach)
            .map(|(_, s)| *s);
        let square = known.unwrap_or_else(|| {
            let square = bench.square(reach) / bench.yardstick();
            self.square.push((reach, square));
            square
        });
        let passes = case.rolling.operation.passes() as f64;
        let direct = Direct {
            seconds: one.seconds * passes * channels,
            share: one.share,
        };
        (direct, square)
    }
}
