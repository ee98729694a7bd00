//! Completions, the manual, pipes that close, and the local cloud's smaller commands.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use crate::support::{Home, alive, arg, picture, wait_until};
use crate::typed::typed;

/// Every command that a person can find.
fn commands(home: &Home) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut next: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(command) = next.pop() {
        let mut line = command.clone();
        line.push("--help".to_owned());
        let help = home.run(&line).expect(0).out;
        let listed = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            .filter(|name| !name.is_empty());
        next.extend(listed.map(|name| {
            let mut inner = command.clone();
            inner.push(name.to_owned());
            inner
        }));
        found.push(command);
    }
    found
}

#[test]
fn every_command_has_an_example_and_a_page() {
    let home = Home::new();
    let commands = commands(&home);
    assert!(
        commands
            .iter()
            .any(|command| command.join(" ") == "recipe edit")
    );
    let pages = home.run(&["man", "--output", "pages"]).expect(0);
    assert_eq!(pages.out.lines().count(), commands.len());
    for command in commands {
        let mut line = command.clone();
        line.push("--help".to_owned());
        let help = home.run(&line).expect(0).out;
        let own = format!("whiteboarder {}", command.join(" "));
        let example = help
            .lines()
            .skip_while(|line| !line.starts_with("Usage:"))
            .skip(1)
            .any(|line| line.contains(own.trim()));
        assert!(example, "`{own}` has no example:\n{help}");
        let mut name = vec!["whiteboarder"];
        name.extend(command.iter().map(String::as_str));
        let page = format!("pages/{}.1", name.join("-"));
        let page = fs::read_to_string(home.path(&page)).unwrap();
        assert!(page.contains(".TH whiteboarder"), "{page}");
    }
    assert!(!home.path("pages/whiteboarder-worker.1").exists(), "hidden");
}

#[test]
fn the_manual_goes_to_standard_output_or_says_why_not() {
    let home = Home::new();
    let page = home.run(&["man"]).expect(0).out;
    assert!(page.contains("\n.TH whiteboarder 1"), "{page}");
    for name in ["submit", "recipe", "completions"] {
        assert!(
            page.contains(&format!("whiteboarder\\-{name}(1)")),
            "{name} is not in\n{page}"
        );
    }
    fs::write(home.path("file"), "").unwrap();
    let ended = home.run(&["man", "--output", "file"]).expect(2);
    assert_eq!(ended.errors().len(), 1, "{}", ended.err);
}

#[test]
fn completions_are_what_the_shells_understand() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.run(&["completions", shell]).expect(0).out;
        for word in ["whiteboarder", "redrive", "recipe", "purge"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        fs::write(home.path(shell), script).unwrap();
    }
    let bash = Command::new("bash")
        .arg("-n")
        .arg(home.path("bash"))
        .status();
    if let Ok(status) = bash {
        assert!(status.success());
    }
    let ended = home.run(&["completions", "tcsh"]).expect(2);
    assert!(ended.err.contains("elvish"), "{}", ended.err);
}

#[test]
fn the_version_tells_the_commit_of_a_checkout() {
    let version = Home::new().run(&["--version"]).expect(0).out;
    let start = format!("whiteboarder {}", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&start), "{version}");
    let git = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "HEAD"])
        .output();
    if git.is_ok_and(|git| git.status.success()) {
        let commit = version.split(['(', ')']).nth(1).unwrap_or_default();
        assert_eq!(commit.len(), 12, "{version}");
    }
}

#[test]
fn these_work_with_a_broken_configuration_too() {
    let home = Home::new();
    home.folder("wb/config");
    fs::write(home.path("wb/config/config.toml"), "nonsense").unwrap();
    home.run(&["man"]).expect(0);
    home.run(&["completions", "bash"]).expect(0);
    let path = home.run(&["config", "path"]).expect(0).out;
    assert_eq!(path.trim_end(), arg(&home.path("wb/config/config.toml")));
    home.run(&["config", "show"]).expect(2);
    home.run(&["recipe", "list"]).expect(2);
}

#[test]
fn a_pipe_that_closes_is_quiet() {
    let home = Home::new();
    for line in [
        &["man"][..],
        &["completions", "zsh"],
        &["recipe", "show"],
        &["recipe", "list"],
        &["config", "show"],
        &["--help"],
    ] {
        let mut child = home.command(line).spawn().unwrap();
        // Nobody reads, not even the first byte.
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let status = child.wait().unwrap();
        assert!(
            !err.contains("error") && !err.contains("panic"),
            "{line:?}: {err}"
        );
        assert_eq!(status.code(), Some(0), "{line:?}");
    }
}

#[test]
fn the_log_s_end_is_shown_and_followed() {
    let home = Home::new();
    assert_eq!(home.run(&["local", "logs"]).expect(0).out, "");
    home.folder("wb/state");
    let log = home.path("wb/state/local.log");
    fs::write(&log, "one\ntwo\nthree\n").unwrap();
    assert_eq!(
        home.run(&["local", "logs", "-n", "2"]).expect(0).out,
        "two\nthree\n"
    );
    assert_eq!(home.run(&["local", "logs", "-n", "0"]).expect(0).out, "");
    assert_eq!(
        home.run(&["local", "logs"]).expect(0).out,
        "one\ntwo\nthree\n"
    );

    let mut child = home
        .command(&["local", "logs", "-n", "1", "-f"])
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(line(), "three\n");
    let append = |text: &str| {
        use std::io::Write;
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&log)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append("four\n");
    assert_eq!(line(), "four\n");
    // Started over under the same name, and longer than the old one.
    fs::rename(&log, home.path("wb/state/local.log.1")).unwrap();
    append("a new log that is longer than the old one\n");
    assert_eq!(line(), "a new log that is longer than the old one\n");
    // Nobody reads any more, and the log does not grow: it ends by itself.
    drop(out);
    let pid = child.id().to_string();
    wait_until("the follower has ended", || {
        child.try_wait().unwrap().is_some() || !alive(&pid)
    });
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_purge_removes_the_store_and_keeps_what_people_have() {
    let home = Home::new();
    fs::write(home.path("a.png"), picture(80, 60, 1)).unwrap();
    home.run(&["submit", "a.png", "-o", "out.png"]).expect(0);
    home.run(&["recipe", "save", "mine"]).expect(0);
    let before = home.record().unwrap();
    let kept = home.run(&["local", "status", "--json"]).expect(0).json();
    assert!(kept["bytes_on_disk"].as_u64().unwrap() > 0);

    let refused = home.run(&["local", "purge"]).expect(2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert!(
        alive(&before["pid"].to_string()),
        "nothing was done without a yes"
    );
    let freed = home
        .run(&["local", "purge", "--yes", "--json"])
        .expect(0)
        .json();
    assert!(freed["freed_bytes"].as_u64().unwrap() > 0, "{freed}");
    assert_eq!(freed["left"], serde_json::json!([]));
    assert!(!alive(&before["pid"].to_string()), "the cloud was ended");
    assert!(!home.path("wb/data/cloud").exists());
    let status = home.run(&["local", "status", "--json"]).expect(3).json();
    assert_eq!(status["bytes_on_disk"], 0);
    home.run(&["recipe", "show", "mine"]).expect(0);
    assert!(home.path("out.png").exists());

    // The next cloud is empty and has the same credentials.
    let list = home.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(list["batches"], serde_json::json!([]));
    assert_eq!(home.record().unwrap()["access_key"], before["access_key"]);

    fs::write(home.path("wb/state/studio.toml"), "version = 2\n").unwrap();
    home.run(&["local", "purge", "--all", "--yes"]).expect(0);
    let mut left = Vec::new();
    for folder in ["wb/data", "wb/state", "wb/config"] {
        if let Ok(entries) = fs::read_dir(home.path(folder)) {
            left.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    left.sort();
    assert_eq!(left, ["local.serve.lock", "local.start.lock", "recipes"]);
    // Once more is no error.
    home.run(&["local", "purge", "--all", "--yes"]).expect(0);
}

#[test]
fn a_purge_removes_nothing_that_is_not_ours() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    home.run(&["local", "stop"]).expect(0);
    let status = home.run(&["local", "status"]).expect(3).out;
    assert!(status.contains("on disk"), "{status}");
    fs::write(home.path("wb/data/cloud/thesis.txt"), "mine").unwrap();
    let outside = home.folder("outside");
    fs::write(outside.join("f".repeat(62)), "precious").unwrap();
    fs::create_dir_all(home.path("wb/data/cloud/s3/objects")).unwrap();
    std::os::unix::fs::symlink(&outside, home.path("wb/data/cloud/s3/objects/ff")).unwrap();
    let ended = home.run(&["local", "purge", "--yes"]).expect(1);
    for left in ["thesis.txt", "objects/ff"] {
        assert!(ended.err.contains(left), "{}", ended.err);
    }
    assert!(home.path("wb/data/cloud/thesis.txt").exists());
    assert!(outside.join("f".repeat(62)).exists());
    // And the cloud starts beside it.
    home.run(&["local", "start"]).expect(0);
}

#[test]
fn on_a_terminal_a_purge_asks_first() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    home.run(&["local", "stop"]).expect(0);
    let question = "Remove all that the local cloud keeps";
    let (code, screen) = typed(&home, &["local", "purge"], &[(question, "\n")]);
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("nothing was removed"), "{screen}");
    assert!(home.path("wb/data/cloud").exists());
    let (code, screen) = typed(&home, &["local", "purge"], &[(question, "y\n")]);
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("freed "), "{screen}");
    assert!(!home.path("wb/data/cloud").exists());
}

#[test]
fn a_purge_where_nothing_was_ever_kept_makes_nothing() {
    let home = Home::new();
    home.run(&["local", "purge", "--yes"]).expect(0);
    assert!(!home.path("wb").exists());
    home.run(&["local", "status"]).expect(3);
}
