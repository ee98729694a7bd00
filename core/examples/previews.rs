//! Tells how long previews of files take, and how far drafts are from exact pictures:
//!
//! ```sh
//! cargo run --release -p whiteboarder-core --example previews -- FILE…
//! ```
//!
//! `RECIPE=file.toml` in the environment replaces the default recipe. Times are milliseconds of processor time, all
//! threads together; on an idle machine of two, a person waits about half as long. `new` columns change the recipe's
//! background before each, the others only its `white`.

mod processor;

use std::error::Error;
use std::io::Write;

use processor::processor_seconds;
use whiteboarder_core::cancel::{Cancel, Cancelled};
use whiteboarder_core::image::{Limits, Picture, decode};
use whiteboarder_core::preview::{Preview, View};
use whiteboarder_core::recipe::Recipe;

fn main() -> Result<(), Box<dyn Error>> {
    let recipe = match std::env::var_os("RECIPE") {
        Some(path) => Recipe::from_toml(&std::fs::read_to_string(path)?)?,
        None => Recipe::default(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:24} {:>10} | {:>12} {:>6} | {:>11} {:>9} {:>6} | {:>9} {:>6} {:>6} | {:>7}",
        "file",
        "view",
        "first before",
        "before",
        "first draft",
        "new draft",
        "draft",
        "new exact",
        "exact",
        "kept",
        "differs"
    )?;
    for path in std::env::args_os().skip(1) {
        let picture = decode(&std::fs::read(&path)?, &Limits::default())?;
        for (width, height) in [(1200, 900), (240, 120)] {
            let times = times(&picture, &recipe, width, height)?;
            writeln!(
                out,
                "{:24} {width:>5}×{height:<4} | {:12.1} {:6.1} | {:11.1} {:9.1} {:6.1} | {:9.1} {:6.1} {:6.1} | {:7.3}",
                std::path::Path::new(&path)
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy(),
                times[0],
                times[1],
                times[2],
                times[3],
                times[4],
                times[5],
                times[6],
                times[7],
                times[8],
            )?;
        }
    }
    Ok(())
}

fn times(
    picture: &Picture,
    recipe: &Recipe,
    width: u32,
    height: u32,
) -> Result<[f64; 9], Cancelled> {
    let view = View::fit(picture.width, picture.height, width, height);
    let never = Cancel::new();
    let mut preview = Preview::new(picture.clone());
    let first_before = milliseconds(|| Ok::<_, Cancelled>(preview.before(&view)))?;
    let before = repeated(|_| Ok::<_, Cancelled>(preview.before(&view)))?;
    let first_draft = milliseconds(|| preview.draft(recipe, &view, &never))?;
    let with = |background: bool, i: usize| {
        let mut changed = recipe.clone();
        changed.finish.white -= i as f64 / 4.0;
        if background {
            changed.background.small += i as f64 / 100.0;
            changed.background.radius += i as f64 / 100.0;
        }
        changed
    };
    let new_draft = repeated(|i| preview.draft(&with(true, i), &view, &never))?;
    let draft = repeated(|i| preview.draft(&with(false, i), &view, &never))?;
    let rough = preview.draft(recipe, &view, &never)?.picture;
    let exact_run = |preview: &mut Preview, recipe: &Recipe| {
        milliseconds(|| preview.exact(recipe, &view, &never))
    };
    let new_exact = exact_run(&mut preview, &with(true, 1))?;
    let fine = preview.exact(recipe, &view, &never)?.picture;
    let exact = exact_run(&mut preview, &with(false, 2))?;
    let kept = exact_run(&mut preview, &with(false, 2))?;
    let difference: u64 = rough
        .data
        .iter()
        .zip(&fine.data)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    let differs = difference as f64 / fine.data.len() as f64;
    Ok([
        first_before,
        before,
        first_draft,
        new_draft,
        draft,
        new_exact,
        exact,
        kept,
        differs,
    ])
}

fn repeated<T>(mut run: impl FnMut(usize) -> Result<T, Cancelled>) -> Result<f64, Cancelled> {
    const TIMES: usize = 10;
    let all = milliseconds(|| (1..=TIMES).try_for_each(|i| run(i).map(drop)))?;
    Ok(all / TIMES as f64)
}

fn milliseconds<T>(run: impl FnOnce() -> Result<T, Cancelled>) -> Result<f64, Cancelled> {
    let before = processor_seconds();
    run()?;
    Ok((processor_seconds() - before) * 1e3)
}
