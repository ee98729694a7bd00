//! How long scanning and planning take:
//!
//! ```sh
//! cargo run --release -p whiteboarder-jobs --example scan -- 50000
//! ```
//!
//! Writes that many small pictures (every tenth file is no picture) into 100 folders of a temporary folder, then scans
//! and plans them five times and prints the quickest and the median of each. With a second argument, a path, that folder
//! is measured instead.
#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use whiteboarder_core::cost::DEFAULT_LOCAL_LAMBDA;
use whiteboarder_core::image::{Channels, Picture, encode_png};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::price::{PriceTable, Setup, quote};
use whiteboarder_jobs::submit::{ScanOptions, Wish, plan, scan_with};

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(50_000), |text| text.parse())?;
    let (root, _temporary) = if let Some(path) = arguments.next() {
        (PathBuf::from(path), None)
    } else {
        let folder = tempfile::tempdir()?;
        generate(folder.path(), count)?;
        (folder.path().to_owned(), Some(folder))
    };
    let chosen = ScanOptions {
        include: vec!["*.png".to_owned(), "*.jpg".to_owned()],
        exclude: vec!["*_raw.*".to_owned(), "drafts/".to_owned()],
        ..ScanOptions::default()
    };
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let paths = [root.clone()];
        let began = Instant::now();
        let found = scan_with(&paths, &ScanOptions::default())?;
        times[0].push(began.elapsed());

        let files = (found.files.len(), found.skipped.len());
        let began = Instant::now();
        let mut planned = plan(found, &Recipe::default(), Wish::Auto, &DEFAULT_LOCAL_LAMBDA);
        times[2].push(began.elapsed());

        let began = Instant::now();
        let setup = Setup::shipped(DEFAULT_LOCAL_LAMBDA);
        let quoted = quote(
            &mut planned,
            &setup,
            &PriceTable::bundled(),
            "us-east-1",
            false,
        );
        times[3].push(began.elapsed());

        let began = Instant::now();
        scan_with(&paths, &chosen)?;
        times[1].push(began.elapsed());
        if times[0].len() == ROUNDS {
            let total = quoted.map_or(0.0, |quote| quote.cost.total);
            println!(
                "{} pictures, {} other files, {total:.2} USD",
                files.0, files.1
            );
        }
    }
    for (name, times) in ["scan", "scan with four patterns", "plan", "price"]
        .iter()
        .zip(&mut times)
    {
        times.sort();
        let seconds = |time: Duration| time.as_secs_f64();
        println!(
            "{name:24} {:7.3} s quickest, {:7.3} s median",
            seconds(times[0]),
            seconds(times[ROUNDS / 2])
        );
    }
    Ok(())
}

fn generate(root: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let picture = Picture::new(64, 48, Channels::Grey, vec![200; 64 * 48])?;
    let bytes = encode_png(&picture)?;
    for folder in 0..100 {
        std::fs::create_dir(root.join(format!("{folder:02}")))?;
    }
    for index in 0..count {
        let folder = root.join(format!("{:02}", index % 100));
        if index % 10 == 9 {
            std::fs::write(folder.join(format!("{index:06}.txt")), "notes")?;
        } else {
            std::fs::write(folder.join(format!("{index:06}.png")), &bytes)?;
        }
    }
    Ok(())
}
