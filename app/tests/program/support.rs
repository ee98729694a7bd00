//! A home for one test, the binary run in it, and pictures small enough to be quick.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageBuffer, Luma};
use serde_json::Value;
use tempfile::TempDir;
use whiteboarder_core::image::{Channels, Picture, encode_png};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_whiteboarder");

/// No single command takes longer than this, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Fails the test, with all that was said, unless the command ended so.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(
            self.code,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The objects of a JSON stream.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    /// The lines on standard error that start with `error:`.
    pub fn errors(&self) -> Vec<&str> {
        self.err
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect()
    }
}

/// Where a cloud's cleanings run.
#[derive(Clone, Copy, Debug)]
pub enum Lane {
    Lambda,
    Ecs,
}

/// A folder with everything that one test's commands keep. Its cloud ends with it.
pub struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Home {
        Home {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// Sets a variable for all of this home's commands, and so for its cloud.
    pub fn with(mut self, name: &str, value: &str) -> Home {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// A path in this home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder in this home.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The program with arguments; nothing of the developer's own settings reaches it.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        self.command_of(Path::new(PROGRAM), arguments)
    }

    /// The same with another file of the program.
    pub fn command_of<S: AsRef<std::ffi::OsStr>>(
        &self,
        program: &Path,
        arguments: &[S],
    ) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("WHITEBOARDER_") || text.starts_with("AWS_") || text == "NO_COLOR" {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("WHITEBOARDER_HOME", self.path("wb"))
            .env("LC_ALL", "C.UTF-8")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Ended {
        end(self.command(arguments).spawn().unwrap())
    }

    /// What the running cloud has left for others to find.
    pub fn record(&self) -> Option<Value> {
        let content = fs::read(self.path("wb/state/local.json")).ok()?;
        serde_json::from_slice(&content).ok()
    }

    /// Stops (SIGSTOP) the processes of this home's cloud that clean in a lane, those there are now, and says whether
    /// there were any. To the lane it looks like a cleaning that takes for ever, however quick the machine is.
    pub fn freeze(&self, lane: Lane) -> bool {
        let Some(cloud) = self.record().map(|record| record["pid"].to_string()) else {
            return false;
        };
        let listed = Command::new("ps")
            .args(["axeww", "-o", "pid=,ppid=,command="])
            .output()
            .unwrap()
            .stdout;
        let listed = String::from_utf8_lossy(&listed);
        let processes: Vec<(&str, &str, &str)> = listed
            .lines()
            .filter_map(|line| {
                let (pid, rest) = line.trim_start().split_once(' ')?;
                let (parent, command) = rest.trim_start().split_once(' ')?;
                Some((pid, parent, command))
            })
            .collect();
        let is_worker = |pid: &str| {
            processes.iter().any(|&(of, parent, command)| {
                of == pid && parent == cloud && command.contains(" worker --activity ")
            })
        };
        let mut frozen = false;
        for (pid, parent, command) in &processes {
            let is_wanted = match lane {
                Lane::Lambda => {
                    *parent == cloud
                        && command.contains("AWS_LAMBDA_FUNCTION_NAME=whiteboarder-clean")
                }
                Lane::Ecs => is_worker(parent),
            };
            if is_wanted && command.contains(" function") {
                let stopped = Command::new("kill").args(["-STOP", pid]).status();
                frozen |= stopped.unwrap().success();
            }
        }
        frozen
    }

    /// Kills the cloud as SIGKILL does, and waits until it is gone.
    pub fn kill_cloud(&self) {
        let pid = self.record().expect("a cloud runs")["pid"].to_string();
        assert!(
            Command::new("kill")
                .args(["-9", &pid])
                .status()
                .unwrap()
                .success()
        );
        wait_until("the killed cloud is gone", || !alive(&pid));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if thread::panicking()
            && let Ok(log) = fs::read_to_string(self.path("wb/state/local.log"))
        {
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(60)..];
            eprintln!("--- end of the cloud's log\n{}", last.join("\n"));
        }
        if self.path("wb/state/local.serve.lock").exists() {
            // Also when the test has spoilt its configuration file.
            let stop = ["local", "stop", "--now", "--config", "/dev/null"];
            let ended = end(self.command(&stop).spawn().unwrap());
            assert!(
                ended.code == Some(0) || thread::panicking(),
                "the cloud goes on after its test: {}",
                ended.err
            );
        }
    }
}

/// Waits for a program, but not for ever.
pub fn end(mut child: Child) -> Ended {
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let out = thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let err = thread::spawn(move || {
        let mut text = String::new();
        err.read_to_string(&mut text).map(|_| text)
    });
    let status = wait(&mut child);
    Ended {
        code: status.and_then(|status| status.code()),
        out: out.join().unwrap().unwrap(),
        err: err.join().unwrap().unwrap(),
    }
}

/// `None` when it had to be killed.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Waits for something that happens elsewhere.
#[track_caller]
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(
            started.elapsed() < PATIENCE,
            "it never happened that {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ctrl-C, as a terminal sends it.
pub fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
}

/// Whether a process lives; a zombie does not.
pub fn alive(pid: &str) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap()
        .stdout;
    let state = String::from_utf8_lossy(&state);
    !state.trim().is_empty() && !state.trim_start().starts_with('Z')
}

/// A grey PNG with uneven light and some strokes. `seed` makes pictures different.
pub fn picture(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| {
        (0..width).map(move |x| {
            let light = 150 + (x * 70 / width) + (y * 20 / height);
            let stroke = (x + seed * 7) % 97 < 4 && y % 61 > 20;
            (if stroke { 40 } else { light }) as u8
        })
    });
    let picture = Picture::new(width, height, Channels::Grey, pixels.collect()).unwrap();
    encode_png(&picture).unwrap()
}

/// Samples without any order, the same each time.
pub fn noise(seed: u32) -> impl Iterator<Item = u32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        Some(state)
    })
}

/// A PNG of 16 bits without any order: the slowest there is for any way to roll a ball.
pub fn disorder(width: u32, height: u32) -> Vec<u8> {
    let samples = noise(7).map(|random| random as u16);
    let samples: Vec<_> = samples.take((width * height) as usize).collect();
    let image = ImageBuffer::<Luma<u16>, _>::from_raw(width, height, samples).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::NoFilter);
    image.write_with_encoder(encoder).unwrap();
    bytes.into_inner()
}

/// Flags of a ball that takes its time on such a picture.
pub const SLOW_BALL: [&str; 8] = [
    "--shape",
    "ellipsoid",
    "--radius",
    "400",
    "--height",
    "60000",
    "--presmooth",
    "off",
];

/// One of the sample boards.
pub fn board(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../assets/boards")
        .join(name)
}

/// A sample board with its second half missing: its header is whole, its pixels are not.
pub fn truncated_jpeg() -> Vec<u8> {
    let mut bytes = fs::read(board("sketch.jpg")).unwrap();
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// Whether we are root, to whom permissions say nothing.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    String::from_utf8_lossy(&id).trim() == "0"
}

/// Path as an argument.
pub fn arg(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
