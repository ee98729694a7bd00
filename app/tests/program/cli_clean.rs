//! `whiteboarder clean`: files, exit codes, JSON, and everything that can be wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::support::{
    Home, PROGRAM, arg, board, end, is_root, picture, truncated_jpeg, wait_until,
};

#[test]
fn files_and_folders_are_cleaned_under_their_own_names() {
    let home = Home::new();
    let photos = home.folder("photos/monday");
    fs::write(photos.join("a.png"), picture(300, 200, 1)).unwrap();
    fs::write(home.path("b.png"), picture(200, 300, 2)).unwrap();
    fs::write(home.path("photos/notes.txt"), "no picture").unwrap();
    let ended = home
        .run(&["clean", "photos", "b.png", "-o", "out"])
        .expect(0);
    assert!(home.path("out/monday/a.png.png").is_file());
    assert!(home.path("out/b.png.png").is_file());
    assert!(
        ended.err.contains("left out photos/notes.txt"),
        "{}",
        ended.err
    );
    assert!(ended.out.contains("✓ cleaned"), "{}", ended.out);
    assert_eq!(
        fs::read_dir(home.path("out")).unwrap().count(),
        2,
        "nothing else is left there"
    );
}

#[test]
fn a_single_picture_goes_to_exactly_the_file_that_was_named() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    home.run(&["clean", "a.png", "-o", "clean.png", "--quiet"])
        .expect(0);
    assert!(home.path("clean.png").is_file());
    let ended = home.run(&["clean", "a.png", "-o", "folder"]).expect(0);
    drop(ended);
    assert_eq!(
        fs::read(home.path("clean.png")).unwrap(),
        fs::read(home.path("folder/a.png.png")).unwrap()
    );
}

#[test]
fn json_is_one_document_that_says_what_became_of_each() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(300, 200, 1)).unwrap();
    fs::write(photos.join("half.jpg"), truncated_jpeg()).unwrap();
    let ended = home
        .run(&["clean", "photos", "-o", "out", "--json"])
        .expect(1);
    let document = ended.json();
    assert_eq!(document["summary"]["cleaned"], 1);
    assert_eq!(document["summary"]["failed"], 1);
    let [good, bad] = document["items"].as_array().unwrap().as_slice() else {
        panic!()
    };
    assert_eq!(
        (&good["name"], &good["status"]),
        (&"a.png".into(), &"cleaned".into())
    );
    assert_eq!(
        (&good["width"], &good["height"]),
        (&300.into(), &200.into())
    );
    let written = fs::metadata(home.path("out/a.png.png")).unwrap().len();
    assert_eq!(good["bytes"], written);
    assert!(good["seconds"]["total"].as_f64().unwrap() > 0.0);
    assert_eq!(
        (&bad["name"], &bad["status"]),
        (&"half.jpg".into(), &"failed".into())
    );
    assert_eq!(bad["error"]["name"], "ImageCorrupt");
    assert!(bad.get("output").is_none(), "there is none");
}

#[test]
fn of_a_file_that_holds_several_pictures_it_is_said_that_the_first_was_cleaned() {
    let home = Home::new();
    let photos = home.folder("photos");
    let animated = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../core/tests/fixtures/animated.webp"
    );
    fs::copy(animated, photos.join("a.webp")).unwrap();
    fs::write(photos.join("b.png"), picture(300, 200, 1)).unwrap();
    let ended = home
        .run(&["clean", "photos", "-o", "out", "--json"])
        .expect(0);
    let items = ended.json()["items"].clone();
    assert_eq!(
        (&items[0]["more_pictures"], &items[1]["more_pictures"]),
        (&true.into(), &false.into())
    );
    let told = "a.webp: the file holds more pictures, and only the first of them was cleaned";
    assert!(ended.err.contains(told), "{}", ended.err);
    assert!(!ended.err.contains("b.png: the file"), "{}", ended.err);
}

/// The name's ending tells the format, `--format` does in a folder.
#[test]
fn results_have_the_format_that_was_asked_for() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    let begins: [(&str, &[u8]); 5] = [
        ("png", b"\x89PNG"),
        ("jpg", b"\xff\xd8\xff"),
        ("webp", b"RIFF"),
        ("svg", b"<svg"),
        ("pdf", b"%PDF-"),
    ];
    for (ending, begin) in begins {
        let name = format!("clean.{ending}");
        home.run(&["clean", "a.png", "-o", &name]).expect(0);
        let written = fs::read(home.path(&name)).unwrap();
        assert!(
            written.windows(begin.len()).take(100).any(|w| w == begin),
            "{name}"
        );
    }
    home.run(&[
        "clean",
        "a.png",
        "-o",
        "out",
        "--format",
        "jpeg",
        "--quality",
        "50",
    ])
    .expect(0);
    let coarse = fs::metadata(home.path("out/a.png.jpg")).unwrap().len();
    assert!(coarse < fs::metadata(home.path("clean.jpg")).unwrap().len());
}

#[test]
fn a_png_has_a_palette_unless_every_colour_is_wanted() {
    let home = Home::new();
    fs::copy(board("sketch.jpg"), home.path("a.jpg")).unwrap();
    // Byte 25 of a PNG is its kind of colour.
    let colour = |name: &str| fs::read(home.path(name)).unwrap()[25];
    home.run(&["clean", "a.jpg", "-o", "small.png"]).expect(0);
    assert_eq!(colour("small.png"), 3);
    home.run(&["clean", "a.jpg", "-o", "out", "--format", "png-true"])
        .expect(0);
    assert_eq!(colour("out/a.jpg.png"), 2);
    home.run(&[
        "clean",
        "a.jpg",
        "-o",
        "set.png",
        "--set",
        "output.colors=true",
    ])
    .expect(0);
    assert_eq!(colour("set.png"), 2);
    let size = |name: &str| fs::metadata(home.path(name)).unwrap().len();
    assert!(size("small.png") * 2 < size("set.png"));
}

#[test]
fn more_files_lie_beside_a_result_and_are_told() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    let also = "background,mask,transparent,svg";
    let document = home
        .run(&["clean", "a.png", "-o", "out", "--also", also, "--json"])
        .expect(0)
        .json();
    let outputs = document["items"][0]["outputs"].as_array().unwrap();
    let told: Vec<(&str, &str)> = outputs
        .iter()
        .map(|o| (o["path"].as_str().unwrap(), o["format"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("out/a.png.png", "png"),
            ("out/a.png.background.png", "background"),
            ("out/a.png.mask.png", "mask"),
            ("out/a.png.transparent.png", "transparent"),
            ("out/a.png.svg", "svg"),
        ]
    );
    for output in outputs {
        let written = fs::metadata(home.path(output["path"].as_str().unwrap()));
        assert_eq!(output["bytes"], written.unwrap().len());
        assert!(output["held"].is_string());
    }
    let chosen = &document["items"][0]["chosen"];
    assert_eq!(chosen["surface"], "light");
    assert!(chosen["white"].as_f64().unwrap() > 50.0);
}

/// Also in the file itself, the same every time.
#[test]
fn a_result_says_what_was_chosen_for_it() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    let clean = |name: &str| {
        home.run(&["clean", "a.png", "-o", name]).expect(0);
        fs::read(home.path(name)).unwrap()
    };
    let written = clean("one.png");
    assert_eq!(written, clean("two.png"));
    let text = String::from_utf8_lossy(&written);
    assert!(text.contains("tEXtwhiteboarder\0{\"algorithm\":"));
    assert!(text.contains("\"chosen\":{\"surface\":\"light\""));
}

#[test]
fn one_document_has_a_page_for_each_picture_in_the_order_in_which_they_were_named() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("b.png"), picture(200, 300, 2)).unwrap();
    fs::write(photos.join("half.jpg"), truncated_jpeg()).unwrap();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    let document = home
        .run(&["clean", "photos", "a.png", "-o", "all.pdf", "--json"])
        .expect(1)
        .json();
    assert_eq!(document["pdf"]["pages"], 2);
    let written = fs::read(home.path("all.pdf")).unwrap();
    assert_eq!(document["pdf"]["bytes"], written.len() as u64);
    let page = |index: usize| document["items"][index]["outputs"][0]["page"].clone();
    assert_eq!((page(0), page(2)), (1.into(), 2.into()));
    assert_eq!(document["items"][1]["status"], "failed");
    let text = String::from_utf8_lossy(&written);
    let sizes: Vec<&str> = text.split("/MediaBox[0 0 ").skip(1).collect();
    assert!(sizes[0].contains(" 841.890]") && sizes[1].starts_with("841.890 "));

    home.run(&["clean", "photos", "a.png", "-o", "out", "--pdf", "two.pdf"])
        .expect(1);
    assert_eq!(fs::read(home.path("two.pdf")).unwrap(), written);
    assert!(home.path("out/b.png.png").is_file());
}

#[test]
fn a_document_without_a_page_is_not_written() {
    let home = Home::new();
    fs::write(home.path("half.jpg"), truncated_jpeg()).unwrap();
    home.run(&["clean", "half.jpg", "--pdf", "none.pdf"])
        .expect(1);
    assert!(!home.path("none.pdf").exists());
}

#[test]
fn a_crop_in_percent_fits_every_picture_and_corners_straighten() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(300, 200, 1)).unwrap();
    fs::write(photos.join("b.png"), picture(200, 400, 2)).unwrap();
    let crop = "10%,0,50%,100%";
    let document = home
        .run(&["clean", "photos", "-o", "out", "--crop", crop, "--json"])
        .expect(0)
        .json();
    let size = |index: usize| {
        let item = &document["items"][index];
        (item["width"].clone(), item["height"].clone())
    };
    assert_eq!(size(0), (150.into(), 200.into()));
    assert_eq!(size(1), (100.into(), 400.into()));
    assert_eq!(document["items"][0]["geometry"]["said"]["cropped"]["x"], 30);

    let corners = "20,10,280,20,270,190,10,180";
    let document = home
        .run(&[
            "clean",
            "photos/a.png",
            "-o",
            "quad.png",
            "--quad",
            corners,
            "--json",
        ])
        .expect(0)
        .json();
    let geometry = &document["items"][0]["geometry"];
    assert_eq!(geometry["quad"].as_array().unwrap().len(), 4);
    assert!(geometry["said"]["straightened"]["width"].is_u64());
}

#[test]
fn a_board_that_is_not_found_is_left_whole_and_that_is_said() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    let ended = home
        .run(&["clean", "a.png", "-o", "out", "--quad", "auto", "--json"])
        .expect(0);
    assert!(
        ended.err.contains("a.png: no board was cut out: "),
        "{}",
        ended.err
    );
    let item = &ended.json()["items"][0];
    assert_eq!(
        (&item["width"], &item["height"]),
        (&300.into(), &200.into())
    );
    let said = item["geometry"]["message"].as_str().unwrap();
    assert!(said.starts_with("no board was cut out: "), "{said}");
    assert!(item["geometry"]["said"]["not-found"].is_string());
}

#[test]
fn a_truncated_jpeg_fails_and_the_rest_is_cleaned() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("half.jpg"), truncated_jpeg()).unwrap();
    fs::write(photos.join("z.png"), picture(300, 200, 1)).unwrap();
    let ended = home.run(&["clean", "photos", "-o", "out"]).expect(1);
    assert!(home.path("out/z.png.png").is_file());
    assert!(!home.path("out/half.jpg.png").exists());
    assert!(
        ended.out.contains("✗ failed") && ended.out.contains("ImageCorrupt"),
        "{}",
        ended.out
    );
}

/// A board of 70,000 pixels' width, with a wide stroke every 2,000 pixels.
fn long_board() -> Vec<u8> {
    let grey = image::GrayImage::from_fn(70_000, 60, |x, y| {
        let ink = x % 2000 < 80 && (10..50).contains(&y);
        image::Luma([if ink { 40 } else { 190 + (x / 7 + y) as u8 % 5 }])
    });
    let mut png = std::io::Cursor::new(Vec::new());
    grey.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn a_picture_beyond_the_limits_is_cleaned_in_strips() {
    let home = Home::new();
    let board = long_board();
    fs::write(home.path("long.png"), &board).unwrap();
    let ended = home
        .run(&["clean", "long.png", "-o", "out", "--json"])
        .expect(0);
    assert!(
        ended.out.contains("\"surface\": \"light\""),
        "{}",
        ended.out
    );
    let clean = image::open(home.path("out/long.png.png"))
        .unwrap()
        .to_luma8();
    assert_eq!(clean.dimensions(), (70_000, 60));
    assert_eq!(clean.get_pixel(35_100, 30).0, [255]);
    assert!(clean.get_pixel(34_040, 30).0[0] < 90);

    // What is wished beside it needs the whole picture, and a broken file leaves nothing.
    let ended = home
        .run(&["clean", "long.png", "-o", "more", "--also", "mask"])
        .expect(1);
    assert!(
        ended.out.contains("no side may exceed 65535"),
        "{}",
        ended.out
    );
    fs::write(home.path("half.png"), &board[..board.len() / 2]).unwrap();
    home.run(&["clean", "half.png", "-o", "half"]).expect(1);
    let left = fs::read_dir(home.path("half")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}

#[test]
fn a_named_file_that_is_no_picture_is_left_out_and_counts_as_a_failure() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    fs::write(home.path("notes.txt"), "no picture").unwrap();
    let ended = home
        .run(&["clean", "notes.txt", "a.png", "-o", "out"])
        .expect(1);
    assert!(home.path("out/a.png.png").is_file());
    assert!(
        ended.err.contains("left out notes.txt: `.txt` files"),
        "{}",
        ended.err
    );
}

#[test]
fn a_result_tells_nothing_of_its_photograph_unless_it_is_asked_to() {
    let home = Home::new();
    let sketch = board("sketch.jpg");
    fs::copy(&sketch, home.path("a.jpg")).unwrap();
    let says = |name: &str| {
        let bytes = fs::read(home.path(name)).unwrap();
        bytes.windows(4).any(|window| window == b"eXIf")
    };
    home.run(&["clean", "a.jpg", "-o", "plain.png"]).expect(0);
    assert!(!says("plain.png"));
    home.run(&["clean", "a.jpg", "-o", "kept.png", "--keep-metadata"])
        .expect(0);
    assert!(says("kept.png"));
}

#[test]
fn a_picture_of_a_kind_that_is_not_read_says_how_to_convert_it() {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(300, 200, 1)).unwrap();
    fs::write(photos.join("b.heic"), "x").unwrap();
    fs::write(photos.join("notes.txt"), "x").unwrap();
    // What a file is, its bytes decide.
    fs::write(photos.join("c.jpg"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let ended = home.run(&["clean", "photos", "-o", "out"]).expect(1);
    let lines: Vec<&str> = ended
        .err
        .lines()
        .filter(|line| line.contains("this is an HEIC picture"))
        .collect();
    assert!(
        lines.len() >= 2 && lines.iter().all(|line| line.contains("heif-convert")),
        "{}",
        ended.err
    );
    assert!(
        ended
            .err
            .contains("left out photos/b.heic: this is an HEIC")
    );
}

#[test]
fn an_input_is_never_overwritten() {
    let home = Home::new();
    let original = picture(300, 200, 1);
    fs::write(home.path("a.png"), &original).unwrap();
    let ended = home.run(&["clean", "a.png", "-o", "a.png"]).expect(2);
    assert_eq!(ended.errors().len(), 1, "{}", ended.err);
    assert!(
        ended
            .err
            .contains("would overwrite a.png, which is an input"),
        "{}",
        ended.err
    );
    assert_eq!(fs::read(home.path("a.png")).unwrap(), original);
}

#[test]
fn an_earlier_result_is_replaced_and_not_taken_for_an_input() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(300, 200, 1)).unwrap();
    home.run(&["clean", ".", "-o", "out"]).expect(0);
    fs::write(home.path("out/a.png.png"), "spoilt").unwrap();
    let document = home
        .run(&["clean", ".", "-o", "out", "--json"])
        .expect(0)
        .json();
    assert_eq!(document["items"].as_array().unwrap().len(), 1);
    assert!(
        fs::read(home.path("out/a.png.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn two_pictures_of_one_name_are_refused_with_both_paths() {
    let home = Home::new();
    for folder in ["mo", "tu"] {
        home.folder(folder);
        fs::write(home.path(folder).join("a.png"), picture(100, 100, 1)).unwrap();
    }
    let ended = home.run(&["clean", "mo", "tu", "-o", "out"]).expect(2);
    assert!(
        ended.err.contains("mo/a.png") && ended.err.contains("tu/a.png"),
        "{}",
        ended.err
    );
    assert!(!home.path("out").exists());
}

/// Each of these is one clear sentence and exit code 2, before anything is done.
#[test]
fn wrong_usage_is_one_sentence_and_two() {
    let home = Home::new();
    home.folder("empty");
    fs::write(home.path("a.png"), picture(100, 100, 1)).unwrap();
    fs::write(home.path("b.png"), picture(100, 100, 2)).unwrap();
    fs::write(home.path("recipe.toml"), "[background]\nradios = 40\n").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (
            &["clean", "nowhere", "-o", "out"],
            "nowhere: no such file or folder",
        ),
        (&["clean", "empty", "-o", "out"], "no pictures"),
        (
            &["clean", "recipe.toml", "-o", "out"],
            "recipe.toml: `.toml` files are not supported",
        ),
        (
            &["clean", "a.png", "b.png", "-o", "x.png"],
            "x.png names one file, but there are 2",
        ),
        (
            &["clean", "a.png", "-o", "b.png/out"],
            "cannot write b.png/out",
        ),
        (
            &["clean", "a.png", "-o", "out", "--recipe", "recipe.toml"],
            "recipe.toml: unknown field `radios` in [background]; did you mean `radius`?",
        ),
    ];
    for (arguments, sentence) in cases {
        let ended = home.run(arguments).expect(2);
        assert_eq!(ended.errors().len(), 1, "{arguments:?}: {}", ended.err);
        assert!(
            ended.errors()[0].contains(sentence),
            "{arguments:?}: {}",
            ended.err
        );
        assert_eq!(ended.out, "");
    }
    assert!(!home.path("out").exists());
}

#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    if is_root() {
        eprintln!("skipped: permissions say nothing to root");
        return;
    }
    let home = Home::new();
    fs::write(home.path("a.png"), picture(100, 100, 1)).unwrap();
    let out = home.folder("out");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o500)).unwrap();
    let ended = home.run(&["clean", "a.png", "-o", "out"]).expect(2);
    assert_eq!(
        ended.errors(),
        ["error: cannot write out: permission denied"]
    );
}

#[test]
fn a_picture_that_may_not_be_read_fails_alone() {
    if is_root() {
        eprintln!("skipped: permissions say nothing to root");
        return;
    }
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(100, 100, 1)).unwrap();
    fs::write(photos.join("b.png"), picture(100, 100, 2)).unwrap();
    fs::set_permissions(photos.join("a.png"), fs::Permissions::from_mode(0o000)).unwrap();
    let document = home
        .run(&["clean", "photos", "-o", "out", "--json"])
        .expect(1)
        .json();
    assert_eq!(document["items"][0]["error"]["name"], "ReadFailed");
    assert_eq!(document["items"][1]["status"], "cleaned");
}

/// On a tmpfs of 64 kB in namespaces of our own.
#[test]
fn a_full_disk_is_one_sentence_with_the_path() {
    let allowed = Command::new("unshare")
        .args(["-Urm", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !allowed {
        eprintln!("skipped: this system does not let us make namespaces");
        return;
    }
    let home = Home::new();
    home.folder("small");
    // The noise keeps the result from becoming small.
    fs::copy(board("retro.png"), home.path("a.png")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none small || exit 99; \
         {PROGRAM} clean a.png -o small --format png-true; code=$?; ls -A small >&2; exit $code"
    );
    let child = home.command(&["--version"]);
    let mut command = Command::new("unshare");
    command
        .args(["-Urm", "sh", "-c", &script])
        .current_dir(home.path("."));
    for (name, value) in child.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let ended = end(command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap());
    if ended.code == Some(99) {
        eprintln!("skipped: this system does not let us mount a tmpfs");
        return;
    }
    let ended = ended.expect(1);
    assert_eq!(
        ended.errors(),
        ["error: cannot write small/a.png.png: the disk is full"]
    );
    assert!(
        !ended.err.contains(".part"),
        "nothing is left behind: {}",
        ended.err
    );
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_no_half_files() {
    let home = Home::new();
    let photos = home.folder("photos");
    for number in 0..40 {
        fs::write(
            photos.join(format!("{number:02}.png")),
            picture(1600, 1200, number),
        )
        .unwrap();
    }
    let child = home
        .command(&["clean", "photos", "-o", "out", "--json"])
        .spawn()
        .unwrap();
    let results = || fs::read_dir(home.path("out")).map_or(0, Iterator::count);
    wait_until("the first result is there", || results() > 0);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ended = end(child).expect(130);
    let document = ended.json();
    let stopped = document["summary"]["stopped"].as_u64().unwrap();
    assert!(stopped > 0, "it was interrupted in the middle: {document}");
    for entry in fs::read_dir(home.path("out")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name.ends_with(".png.png") && !name.starts_with('.'),
            "{name}"
        );
    }
    assert_eq!(
        results() as u64,
        document["summary"]["cleaned"].as_u64().unwrap()
    );
}

#[test]
fn a_closed_pipe_is_success() {
    let home = Home::new();
    let script =
        format!("{PROGRAM} recipe show | head -n 1 >/dev/null; {PROGRAM} recipe show >&-; true");
    let status = Command::new("bash")
        .args(["-c", &format!("set -o pipefail; {script}")])
        .env("WHITEBOARDER_HOME", home.path("wb"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn without_arguments_there_is_help() {
    let home = Home::new();
    let ended = home.run::<&str>(&[]).expect(0);
    assert!(ended.out.contains("Usage: whiteboarder") && ended.out.contains("submit"));
    assert_eq!(ended.err, "");
    let version = home.run(&["--version"]).expect(0).out;
    assert!(
        version.starts_with(concat!("whiteboarder ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}

#[test]
fn colours_and_glyphs_obey() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(100, 100, 1)).unwrap();
    let clean = |more: &[&str]| {
        let mut arguments = vec!["clean", "a.png", "-o", "out"];
        arguments.extend(more);
        home.run(&arguments).expect(0).out
    };
    assert!(!clean(&[]).contains('\u{1b}'), "no colour into a pipe");
    assert!(clean(&["--color", "always"]).contains("\u{1b}[34m✓ cleaned"));
    let ascii = clean(&["--ascii"]);
    assert!(ascii.is_ascii() && ascii.contains("+ cleaned"), "{ascii}");
    let plain = home.path("out");
    assert!(clean(&["--quiet"]).is_empty(), "{}", arg(&plain));
}
