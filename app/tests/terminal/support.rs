//! A home for one test, and the program run on a fake terminal in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use whiteboarder_core::image::{Channels, Picture, encode_png};

use crate::fake_terminal::{Answers, FakeTerminal};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_whiteboarder");

/// Nothing takes longer than this, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A folder with everything that one test's commands keep. Its cloud ends with it.
pub struct Home {
    folder: TempDir,
}

impl Home {
    pub fn new() -> Home {
        Home {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A path in this home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and its folder.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The program in a terminal of 100×30 cells.
    pub fn start(&self, arguments: &[&str], answers: Answers) -> FakeTerminal {
        self.start_with(arguments, &[], (100, 30), answers)
    }

    /// The program with more variables, in a terminal of another size.
    pub fn start_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
        answers: Answers,
    ) -> FakeTerminal {
        self.launch(
            Path::new(PROGRAM),
            arguments,
            variables,
            (columns, rows),
            answers,
        )
    }

    /// Any program in this home.
    pub fn launch(
        &self,
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
        answers: Answers,
    ) -> FakeTerminal {
        let (folder, own) = (self.folder.path(), self.path("wb"));
        let mut all = vec![
            ("PWD", folder.to_str().unwrap()),
            ("WHITEBOARDER_HOME", own.to_str().unwrap()),
        ];
        all.extend(variables);
        FakeTerminal::start(program, arguments, &all, columns, rows, answers)
    }

    /// Runs the program without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("WHITEBOARDER_HOME", self.path("wb"))
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.path("wb/state/local.serve.lock").exists() {
            let ended = self.run(&["local", "stop", "--now"]);
            assert!(
                ended.status.success() || std::thread::panicking(),
                "the cloud goes on after its test"
            );
        }
    }
}

/// A photograph of a board: uneven light, some strokes. `seed` makes pictures different.
pub fn photo(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| {
        (0..width).flat_map(move |x| {
            let light = 140 + (x * 70 / width) + (y * 20 / height);
            let stroke = (x + seed * 7) % 97 < 4 && y % 61 > 20;
            let red = (y + seed * 5) % 83 < 3 && x % 150 > 40;
            let (r, g, b) = match (stroke, red) {
                (true, _) => (40, 40, 50),
                (_, true) => (light, 60, 60),
                _ => (light, light - 4, light - 14),
            };
            [r as u8, g as u8, b as u8]
        })
    });
    let picture = Picture::new(width, height, Channels::Rgb, pixels.collect()).unwrap();
    encode_png(&picture).unwrap()
}
