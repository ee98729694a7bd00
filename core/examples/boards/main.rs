//! Paints the six sample boards of `assets/boards/` and writes them to a folder:
//!
//! ```sh
//! cargo run --release -p whiteboarder-core --example boards -- assets/boards
//! ```
//!
//! They look like photographs of whiteboards (uneven light, a cast, glare, wiped-off ghosts, dry markers, noise) but
//! are drawn from fixed seeds: the same files, bit for bit, on every machine. Nothing here uses the system's
//! mathematics library.

mod file;
mod hand;
mod ink;
mod room;
mod scenes;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("usage: boards OUT_DIR".into());
    };
    std::fs::create_dir_all(&folder)?;
    for scene in scenes::all() {
        let photo = scene.photograph();
        let bytes = file::encode(&photo, scene.file)?;
        std::fs::write(folder.join(scene.name), &bytes)?;
    }
    Ok(())
}
