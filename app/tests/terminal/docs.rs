//! What the README and the guide tell people to type is understood by the program, and their pictures are there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Home;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

const PAGES: [&str; 3] = ["README.md", "docs/guide.md", "docs/tuning.md"];

/// The program's arguments in each line of the page's code blocks that runs it.
fn commands(page: &str) -> Vec<Vec<String>> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in page.lines().map(str::trim) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            let line = line.split(" #").next().unwrap_or_default();
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            match words.first().map(String::as_str) {
                Some("whiteboarder") => commands.push(words[1..].to_vec()),
                Some("cargo") if words.iter().any(|word| word == "run") => {
                    let behind = words.iter().position(|word| word == "--");
                    commands.push(words[behind.expect(line) + 1..].to_vec());
                }
                _ => {}
            }
        }
    }
    commands
}

/// What clap calls the commands in the arguments' beginning: `runs show`.
fn usage(home: &Home, arguments: &[String]) -> Result<String, String> {
    let mut asked: Vec<&str> = arguments.iter().map(String::as_str).collect();
    asked.push("--help");
    let output = home.run(&asked);
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let usage = help
        .lines()
        .find_map(|line| line.strip_prefix("Usage: whiteboarder"));
    let words = usage.unwrap_or_default().split_whitespace();
    let names = words.take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()));
    Ok(names.collect::<Vec<_>>().join(" "))
}

/// Whether the program understands the arguments as what they say.
fn understood(home: &Home, arguments: &[String]) -> Result<(), String> {
    let usage = usage(home, arguments)?;
    let first = arguments.first().map_or("", String::as_str);
    if usage.is_empty() {
        // No command: then it is a photograph or a folder for the studio, and there must be one.
        return if first.starts_with('-') || root().join(first).exists() {
            Ok(())
        } else {
            Err(format!("{first} is neither a command nor a file of ours"))
        };
    }
    if arguments.join(" ").starts_with(&usage) {
        Ok(())
    } else {
        Err(format!("understood as `{usage}`"))
    }
}

#[test]
fn every_command_in_the_readme_and_the_guide_is_one() {
    let home = Home::new();
    let mut count = 0;
    for name in PAGES {
        for arguments in commands(&page(name)) {
            count += 1;
            let line = arguments.join(" ");
            understood(&home, &arguments).unwrap_or_else(|why| panic!("{name}: {line}: {why}"));
        }
    }
    assert!(count > 30, "only {count} commands were found");
}

#[test]
fn a_command_that_does_not_exist_would_be_noticed() {
    let home = Home::new();
    for line in [
        "frobnicate",
        "runs shwo latest",
        "runs show latest --colour",
        "submit photos --place moon",
        "watchh --plain",
        "no/such/folder",
    ] {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert!(understood(&home, &arguments).is_err(), "{line}");
    }
}

#[test]
fn every_picture_of_the_readme_and_the_guide_is_there_and_small() {
    let mut count = 0;
    for name in PAGES {
        let text = page(name);
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            if Path::new(target)
                .extension()
                .is_some_and(|end| end == "png")
            {
                let path = root().join(name).parent().unwrap().join(target);
                let size = fs::metadata(&path).unwrap_or_else(|_| panic!("{name}: {target}"));
                let limit = if target.ends_with("before-after.png") {
                    500_000
                } else {
                    150_000
                };
                assert!(size.len() < limit, "{target}: {} bytes", size.len());
                count += 1;
            }
        }
    }
    assert!(count > 5, "only {count} pictures were found");
}
