//! Makes the pictures of the guide: runs the real program through the scenes of [`scenes::SCENES`] in a fake terminal
//! and saves what a person would see.
//!
//! ```text
//! cargo run -p whiteboarder --example screenshots -- docs/pictures          all of them
//! cargo run -p whiteboarder --example screenshots -- docs/pictures studio   those whose name starts so
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a tool for developers: it stops where something is not as it should be"
)]

#[path = "../../tests/fake_terminal/mod.rs"]
mod fake_terminal;
mod scenes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use fake_terminal::{BACKGROUND, FakeTerminal};
use image::{Rgb, RgbImage};
use scenes::{SCENES, Scene, Step};

/// Nothing in a scene takes longer, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A screen that has not changed for so long is finished.
const SETTLED: Duration = Duration::from_millis(1500);

/// Pixels around the screen.
const MARGIN: u32 = 8;

/// Where the program keeps its things meanwhile. Some commands show it, so it has a plain name.
const STAGE: &str = "/tmp/whiteboarder-pictures";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: screenshots FOLDER [BEGINNING OF A SCENE'S NAME]");
        std::process::exit(2);
    };
    let wanted = arguments.next().unwrap_or_default();
    let program = build();
    fs::create_dir_all(&folder).unwrap();
    let stage = Stage::new(&program);
    for scene in SCENES
        .iter()
        .filter(|scene| scene.name.starts_with(&wanted))
    {
        let path = folder.join(format!("{}.png", scene.name));
        stage.play(scene, &path);
        let bytes = fs::metadata(&path).unwrap().len();
        eprintln!("{}  {} kB", path.display(), bytes / 1000);
    }
}

/// Builds the program as this tool was built, and says where it lies.
fn build() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(Path::parent).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        // As the workspace is built otherwise: with the same features nothing is built twice.
        "--workspace",
        "--bin",
        "whiteboarder",
    ]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(
        cargo.status().unwrap().success(),
        "the program does not build"
    );
    folder.join("whiteboarder")
}

/// A folder with the sample boards, in which the scenes play one after another.
struct Stage {
    folder: PathBuf,
    path: String,
}

impl Stage {
    fn new(program: &Path) -> Stage {
        let folder = PathBuf::from(STAGE);
        fs::create_dir(&folder).unwrap_or_else(|error| {
            panic!("{STAGE} must not exist before ({error}); remove it and try again")
        });
        let boards = folder.join("boards");
        fs::create_dir(&boards).unwrap();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/boards");
        for entry in fs::read_dir(samples).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), boards.join(entry.file_name())).unwrap();
        }
        fs::write(folder.join("notes.txt"), "no picture\n").unwrap();
        let own = program.parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        Stage {
            folder,
            path: format!("{own}:{path}"),
        }
    }

    /// The terminal after the scene's last step.
    fn play(&self, scene: &Scene, picture: &Path) {
        let home = self.folder.join("home");
        let mut variables = vec![
            ("PWD", STAGE),
            ("HOME", STAGE),
            ("PATH", self.path.as_str()),
            ("WHITEBOARDER_HOME", home.to_str().unwrap()),
        ];
        variables.extend(scene.variables);
        // The shell only writes what a person would have typed, and runs it.
        let script = "for line in \"$@\"; do printf '\\033[1m$\\033[m %s\\n' \"$line\"; eval \"$line\"; done; \
                      printf '\\033[1m$\\033[m '";
        let lines = ["-c", script, "sh"].into_iter();
        let arguments: Vec<&str> = lines.chain(scene.commands.iter().copied()).collect();
        let (columns, rows) = scene.size;
        let mut terminal = FakeTerminal::start(
            Path::new("/bin/sh"),
            &arguments,
            &variables,
            columns,
            rows,
            scene.answers,
        );
        for step in scene.steps {
            match step {
                Step::See(text) => {
                    drop(terminal.wait_for(|screen| screen.contains(text), PATIENCE));
                }
                Step::Type(keys) => terminal.keys(keys),
                Step::Settle => settle(&mut terminal),
                Step::End => drop(terminal.wait_exit(PATIENCE)),
            }
        }
        fake_terminal::save(&framed(&terminal.image(1)), picture);
    }
}

/// The screen with a little space around it.
fn framed(screen: &RgbImage) -> RgbImage {
    let (width, height) = (screen.width() + 2 * MARGIN, screen.height() + 2 * MARGIN);
    let mut picture = RgbImage::from_pixel(width, height, Rgb(BACKGROUND));
    image::imageops::replace(&mut picture, screen, MARGIN.into(), MARGIN.into());
    picture
}

fn wait(terminal: &mut FakeTerminal, mut what: impl FnMut(&FakeTerminal) -> bool) {
    let started = Instant::now();
    while !what(terminal) {
        assert!(started.elapsed() < PATIENCE, "{}", terminal.text());
        assert!(terminal.running(), "{}", terminal.text());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until nothing has been written for a while.
fn settle(terminal: &mut FakeTerminal) {
    let mut last = (terminal.raw().len(), Instant::now());
    wait(terminal, |terminal| {
        let count = terminal.raw().len();
        if count != last.0 {
            last = (count, Instant::now());
        }
        last.1.elapsed() > SETTLED
    });
}

impl Drop for Stage {
    fn drop(&mut self) {
        let stop = "whiteboarder local stop --now --quiet >/dev/null 2>&1";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", stop]).env("PATH", &self.path);
        shell.env("WHITEBOARDER_HOME", self.folder.join("home"));
        let _ = shell.status();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
