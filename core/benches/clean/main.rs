//! What a whole cleaning costs, from a file to a file:
//!
//! ```sh
//! cargo bench -p whiteboarder-core --bench clean                # photographs of 12 megapixels
//! cargo bench -p whiteboarder-core --bench clean -- --strips    # pictures of up to 1.1 gigapixels, in strips
//! ```
//!
//! The photographs are boards of the frozen generator of `examples/score`, written as JPEG. Every cleaning is a process of
//! its own, so that its processor time and its peak of memory are those of one cleaning and nothing else. What is told of
//! each is the least processor time of all rounds, which other programs on the machine disturb least, and the highest peak.
//!
//! Behind `--` may follow `--rounds N` (default 5), `--size 12` (megapixels), `--most 300` (no larger
//! pictures in strips than so many megapixels), `--json` (one line for each row), `--quick` (small
//! pictures, some seconds: a smoke test that all of it still runs and that both ways give one picture), or `--photo FILE.jpg`
//! (only writes the photograph that `docs/benchmarks/compare.sh clean` gives to other programs). Large files lie
//! in the system's folder for such things; `TMPDIR` names another.

mod cleaning;
#[allow(dead_code, unused_imports, reason = "only what the camera needs")]
#[path = "../../examples/score/colour.rs"]
mod colour;
mod huge;
#[allow(dead_code, unused_imports, reason = "the truth is not wanted")]
#[path = "../../examples/score/masks.rs"]
mod masks;
mod photograph;
mod rounds;
mod table;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use cleaning::Way;

/// What the person asked for.
struct Wish {
    rounds: usize,
    megapixels: f64,
    most_megapixels: f64,
    json: bool,
    quick: bool,
    what: What,
}

enum What {
    Photographs,
    Strips,
    Photo(PathBuf),
    /// What a process of its own does.
    Clean(Way, PathBuf, PathBuf),
}

fn wish() -> Result<Wish, Box<dyn Error>> {
    let mut wish = Wish {
        rounds: 5,
        megapixels: 12.0,
        most_megapixels: f64::INFINITY,
        json: false,
        quick: false,
        what: What::Photographs,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            // What `cargo bench` itself adds.
            "--bench" => {}
            "--json" => wish.json = true,
            "--strips" => wish.what = What::Strips,
            "--quick" => {
                wish.quick = true;
                wish.megapixels = 0.2;
                wish.rounds = 1;
            }
            "--rounds" => wish.rounds = value()?.parse::<usize>()?.max(1),
            "--size" => wish.megapixels = value()?.parse::<f64>()?.clamp(0.1, 50.0),
            "--most" => wish.most_megapixels = value()?.parse()?,
            "--photo" => wish.what = What::Photo(value()?.into()),
            other => {
                let way = other.strip_prefix("--").and_then(Way::named);
                let way = way.ok_or(format!("what is {other}?"))?;
                wish.what = What::Clean(way, value()?.into(), value()?.into());
            }
        }
    }
    Ok(wish)
}

fn main() -> Result<(), Box<dyn Error>> {
    let wish = wish()?;
    let mut out = std::io::stdout().lock();
    match &wish.what {
        What::Clean(way, input, output) => {
            let told = cleaning::clean(*way, input, output)?;
            writeln!(out, "{}", serde_json::to_string(&told)?)?;
        }
        What::Photo(file) => {
            let photo = photograph::of(photograph::PEERS, wish.megapixels * 1e6)?;
            std::fs::write(file, photo)?;
        }
        What::Strips => strips(&wish, &mut out)?,
        What::Photographs => {
            let rows = rounds::photographs(wish.megapixels * 1e6, wish.rounds)?;
            table::photographs(&rows, wish.rounds, wish.json, &mut out)?;
            if wish.quick {
                strips(&wish, &mut out)?;
            }
        }
    }
    Ok(())
}

fn strips(wish: &Wish, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    table::strips_head(wish.json, out)?;
    rounds::strips(wish.most_megapixels, wish.quick, |row| {
        table::strips_row(row, wish.json, out)
    })?;
    table::strips_foot(wish.json, out)
}
