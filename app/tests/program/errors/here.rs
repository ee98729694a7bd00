//! What goes wrong on this machine: files, pictures, recipes, configuration, usage.

#![allow(
    clippy::unnecessary_wraps,
    reason = "scenarios have one shape, and some are impossible on some machines"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::{Scenario, Told};
use crate::support::{
    Ended, Home, PROGRAM, board, end, interrupt, is_root, picture, truncated_jpeg, wait_until,
};

pub const SCENARIOS: &[(&str, Scenario)] = &[
    // Files and folders.
    ("no-such-file", || told(&["clean", "nowhere", "-o", "out"])),
    ("no-pictures", || told(&["clean", "empty", "-o", "out"])),
    ("unsupported-file", || {
        told(&["clean", "notes.txt", "-o", "out"])
    }),
    ("left-out-file", left_out_file),
    ("unreadable-picture", unreadable_picture),
    ("unreadable-folder", unreadable_folder),
    ("output-is-input", || {
        told(&["clean", "a.png", "-o", "a.png"])
    }),
    ("output-is-file", || {
        told(&["clean", "a.png", "-o", "notes.txt"])
    }),
    ("output-for-one", || {
        told(&["clean", "a.png", "b.png", "-o", "x.png"])
    }),
    ("output-in-file", || {
        told(&["clean", "a.png", "-o", "notes.txt/out"])
    }),
    ("output-is-folder", output_is_folder),
    ("output-read-only", output_read_only),
    ("name-collision", name_collision),
    ("pattern-broken", pattern_broken),
    ("patterns-leave-none", patterns_leave_none),
    ("prices-broken", prices_broken),
    ("disk-full", disk_full),
    ("output-disk-full", output_disk_full),
    ("home-unusable", || {
        let home = home().with("WHITEBOARDER_HOME", "/dev/null/wb");
        let ended = home.run(&["local", "start", "--config", "/dev/null"]);
        Some(Told::of(&ended))
    }),
    ("output-twice", || {
        told(&["clean", "a.png", "-o", "out", "--also", "mask,mask"])
    }),
    ("output-other-format", || {
        told(&["clean", "a.png", "-o", "x.png", "--format", "svg"])
    }),
    ("document-twice", || {
        told(&["clean", "a.png", "-o", "x.pdf", "--pdf", "y.pdf"])
    }),
    ("document-ending", || {
        told(&["clean", "a.png", "-o", "out", "--pdf", "y.png"])
    }),
    ("document-alone", || {
        told(&["clean", "a.png", "b.png", "-o", "x.pdf", "--also", "mask"])
    }),
    ("quality-without-jpeg", || {
        told(&["clean", "a.png", "-o", "x.png", "--quality", "50"])
    }),
    // Crops and corners.
    ("crop-unreadable", || {
        told(&["clean", "a.png", "-o", "out", "--crop", "1,2,3"])
    }),
    ("quad-unreadable", || {
        told(&["clean", "a.png", "-o", "out", "--quad", "1,2,3,x"])
    }),
    ("crop-and-corners", || {
        told(&[
            "clean",
            "a.png",
            "-o",
            "out",
            "--crop",
            "0,0,50%,50%",
            "--quad",
            "0,0,90,0,90,90,0,90",
        ])
    }),
    ("crop-outside", || {
        Some(of_item(&home().run(&[
            "clean",
            "a.png",
            "-o",
            "out",
            "--crop",
            "900,900,10,10",
            "--json",
        ])))
    }),
    // Pictures.
    ("jpeg-cut-short", || of_picture("x.jpg", &truncated_jpeg())),
    ("png-cut-short", || {
        of_picture("x.png", &picture(100, 100, 1)[..80])
    }),
    ("png-damaged", || {
        let mut bytes = picture(100, 100, 1);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8].fill(0xff);
        of_picture("x.png", &bytes)
    }),
    ("picture-empty", || of_picture("x.png", b"")),
    ("not-a-picture", || {
        of_picture("x.jpg", b"Dear all, this is a letter.")
    }),
    ("heic-inside", || of_picture("x.jpg", &heic())),
    ("heic", || {
        let home = home();
        fs::write(home.path("x.heic"), heic()).unwrap();
        Some(Told::of(&home.run(&["clean", "x.heic", "-o", "out"])))
    }),
    ("side-too-long", || {
        too_large_for_a_mask(&png_header(70_000, 10))
    }),
    ("too-many-pixels", || {
        too_large_for_a_mask(&png_header(60_000, 60_000))
    }),
    ("web-page", || {
        of_picture(
            "board.jpg",
            b"<!DOCTYPE html>\n<html><body>404</body></html>",
        )
    }),
    ("large-cut-short", || {
        of_picture("x.png", &png_header(70_000, 10))
    }),
    // Recipes.
    ("recipe-missing", || {
        told(&["clean", "a.png", "-o", "out", "--recipe", "nowhere.toml"])
    }),
    ("recipe-not-text", || {
        told(&["clean", "a.png", "-o", "out", "--recipe", "./a.png"])
    }),
    ("recipe-syntax", || with_recipe("[finish\n")),
    ("recipe-unknown-field", || {
        with_recipe("[background]\nradios = 40\n")
    }),
    ("recipe-outside-section", || with_recipe("white = 90\n")),
    ("recipe-wrong-kind", || {
        with_recipe("[finish]\nwhite = \"much\"\n")
    }),
    ("recipe-out-of-range", || {
        with_recipe("[finish]\nwhite = 900\n")
    }),
    ("recipe-newer", || with_recipe("version = 99\n")),
    // Configuration.
    ("config-missing", || {
        told(&["runs", "list", "--config", "nowhere.toml"])
    }),
    ("config-syntax", || with_config("[local\n")),
    ("config-unknown-key", || {
        with_config("[local]\nlambda_timeout = 9\n")
    }),
    ("config-wrong-type", || {
        with_config("[local]\nworkers = \"two\"\n")
    }),
    ("config-incomplete-profile", || {
        with_config("[profiles.work]\nregion = \"eu-central-1\"\n")
    }),
    ("variable-wrong", || {
        let home = home().with("WHITEBOARDER_LOCAL_WORKERS", "many");
        Some(Told::of(&home.run(&["runs", "list"])))
    }),
    ("unknown-profile", || {
        told(&["runs", "list", "--profile", "work"])
    }),
    // Usage.
    ("unknown-command", || told(&["sumbit"])),
    ("studio-no-terminal", || told(&["a.png"])),
    ("show-no-terminal", || {
        told(&["clean", "a.png", "-o", "out", "--show"])
    }),
    ("purge-unasked", || told(&["local", "purge"])),
    ("recipe-unknown-name", || {
        told(&["clean", "a.png", "-o", "out", "--recipe", "nope"])
    }),
    ("recipe-bad-name", || told(&["recipe", "save", "../x"])),
    ("recipe-built-in", || told(&["recipe", "save", "default"])),
    ("set-unknown-field", || {
        told(&["clean", "a.png", "-o", "out", "--set", "finish.wite=3"])
    }),
    ("camera-raw", || {
        let home = home();
        fs::write(home.path("r.cr2"), "x").unwrap();
        Some(Told::of(&home.run(&["clean", "r.cr2", "-o", "out"])))
    }),
    ("unknown-flag", || {
        told(&["clean", "a.png", "-o", "out", "--foo"])
    }),
    ("argument-missing", || told(&["clean", "a.png"])),
    ("argument-conflict", || {
        told(&["submit", "--resume", "X", "--recipe", "r.toml"])
    }),
    ("argument-out-of-range", || {
        told(&["clean", "a.png", "-o", "out", "--jobs", "0"])
    }),
    ("interrupted-clean", interrupted_clean),
];

/// A home with some files to be wrong about.
pub fn home() -> Home {
    let home = Home::new();
    home.folder("empty");
    fs::write(home.path("a.png"), picture(100, 100, 1)).unwrap();
    fs::write(home.path("b.png"), picture(100, 100, 2)).unwrap();
    fs::write(home.path("notes.txt"), "no picture").unwrap();
    home
}

pub fn told(arguments: &[&str]) -> Option<Told> {
    Some(Told::of(&home().run(arguments)))
}

fn with_recipe(recipe: &str) -> Option<Told> {
    let home = home();
    fs::write(home.path("recipe.toml"), recipe).unwrap();
    let clean = ["clean", "a.png", "-o", "out", "--recipe", "recipe.toml"];
    Some(Told::of(&home.run(&clean)))
}

fn with_config(config: &str) -> Option<Told> {
    let home = home();
    home.folder("wb/config");
    fs::write(home.path("wb/config/config.toml"), config).unwrap();
    Some(Told::of(&home.run(&["runs", "list"])))
}

/// What is said of a picture with this content.
fn of_picture(name: &str, content: &[u8]) -> Option<Told> {
    let home = home();
    fs::write(home.path(name), content).unwrap();
    Some(of_item(&home.run(&["clean", name, "-o", "out", "--json"])))
}

/// What is said of a picture of which something is wished that is not made in strips.
fn too_large_for_a_mask(content: &[u8]) -> Option<Told> {
    let home = home();
    fs::write(home.path("x.png"), content).unwrap();
    let clean = ["clean", "x.png", "-o", "out", "--also", "mask", "--json"];
    Some(of_item(&home.run(&clean)))
}

/// What is said of the one item that failed.
fn of_item(ended: &Ended) -> Told {
    let document = ended.json();
    let items = document["items"].as_array().unwrap().iter();
    let errors: Vec<_> = items
        .filter_map(|item| {
            let error = item.get("error")?;
            let text = |name: &str| error[name].as_str().unwrap();
            Some(format!("{}: {}", text("name"), text("message")))
        })
        .collect();
    let [error] = &errors[..] else {
        panic!("not one failed: {document}")
    };
    Told::of_picture(error, ended.code)
}

fn left_out_file() -> Option<Told> {
    let ended = home().run(&["clean", "notes.txt", "a.png", "-o", "out"]);
    let line = ended.err.lines().find(|line| line.starts_with("left out"));
    Some(Told::of_picture(line.unwrap(), ended.code))
}

fn unreadable_picture() -> Option<Told> {
    let home = home();
    fs::set_permissions(home.path("a.png"), fs::Permissions::from_mode(0o000)).unwrap();
    // Permissions say nothing to root.
    (!is_root()).then(|| of_item(&home.run(&["clean", "a.png", "b.png", "-o", "out", "--json"])))
}

fn unreadable_folder() -> Option<Told> {
    let home = home();
    fs::set_permissions(home.path("empty"), fs::Permissions::from_mode(0o000)).unwrap();
    (!is_root()).then(|| Told::of(&home.run(&["clean", "empty", "-o", "out"])))
}

fn output_read_only() -> Option<Told> {
    let home = home();
    fs::set_permissions(home.path("empty"), fs::Permissions::from_mode(0o500)).unwrap();
    (!is_root()).then(|| Told::of(&home.run(&["clean", "a.png", "-o", "empty"])))
}

fn output_is_folder() -> Option<Told> {
    let home = home();
    home.folder("out/a.png.png");
    Some(of_item(
        &home.run(&["clean", "a.png", "b.png", "-o", "out", "--json"]),
    ))
}

fn name_collision() -> Option<Told> {
    let home = home();
    for folder in ["mo", "tu"] {
        fs::copy(home.path("a.png"), home.folder(folder).join("a.png")).unwrap();
    }
    Some(Told::of(&home.run(&["clean", "mo", "tu", "-o", "out"])))
}

fn pattern_broken() -> Option<Told> {
    let command = ["submit", "a.png", "--dry-run", "--exclude", "a["];
    Some(Told::of(&home().run(&command)))
}

fn patterns_leave_none() -> Option<Told> {
    let command = ["submit", "a.png", "--dry-run", "--include", "*.tif"];
    Some(Told::of(&home().run(&command)))
}

fn prices_broken() -> Option<Told> {
    let home = home();
    fs::write(home.folder("wb/config").join("prices.toml"), "version =").unwrap();
    Some(Told::of(&home.run(&["submit", "a.png", "--dry-run"])))
}

fn disk_full() -> Option<Told> {
    let home = home();
    fs::copy(board("retro.png"), home.path("noisy.png")).unwrap();
    let clean = "clean noisy.png -o small --format png-true";
    full(&home, "64k", clean).map(|ended| Told::of(&ended))
}

/// What a command says whose folder `small` is a file system of so many bytes, where the system lets us make one: in
/// namespaces of its own.
pub fn full(home: &Home, size: &str, words: &str) -> Option<Ended> {
    home.folder("small");
    let script =
        format!("mount -t tmpfs -o size={size} none small || exit 99; exec {PROGRAM} {words}");
    let like = home.command(&["--version"]);
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &script]);
    command.current_dir(home.path("."));
    for (name, value) in like.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let ended = end(child.ok()?);
    // What `unshare` says when it is not allowed to begins with its name.
    let here = ended.code != Some(99) && !ended.err.starts_with("unshare:");
    here.then_some(ended)
}

fn output_disk_full() -> Option<Told> {
    // Linux's device that is always full.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").ok()?;
    let home = home();
    let mut child = home
        .command(&["recipe", "show"])
        .stdout(full)
        .spawn()
        .unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    Some(Told::of(&Ended {
        code: child.wait().unwrap().code(),
        out: String::new(),
        err: said,
    }))
}

/// The first bytes of an iPhone's picture.
fn heic() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    bytes.resize(200, 0);
    bytes
}

/// A grey PNG that says that it is so big, and holds nothing.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut checked = kind.to_vec();
        checked.extend(data);
        let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
        bytes.extend(&checked);
        bytes.extend(crc32(&checked).to_be_bytes());
        bytes
    };
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(chunk(b"IHDR", &header));
    file.extend(chunk(b"IDAT", &[0; 16]));
    file.extend(chunk(b"IEND", &[]));
    file
}

/// PNG's checksum, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(!0, fold)
}

fn interrupted_clean() -> Option<Told> {
    let home = home();
    let photos = home.folder("photos");
    for seed in 0..40 {
        fs::write(
            photos.join(format!("{seed:02}.png")),
            picture(1600, 1200, seed),
        )
        .unwrap();
    }
    let child = home
        .command(&["clean", "photos", "-o", "out"])
        .spawn()
        .unwrap();
    wait_until("the first result is there", || {
        fs::read_dir(home.path("out")).is_ok_and(|mut results| results.next().is_some())
    });
    interrupt(&child);
    Some(Told::of(&end(child)))
}
