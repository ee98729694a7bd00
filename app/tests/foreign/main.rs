//! The local cloud driven by programs that know nothing of it: boto3 and the AWS CLI, in the environment that
//! `eval "$(whiteboarder local env)"` gives.
//!
//! Python with boto3 is `WHITEBOARDER_TEST_PYTHON`, else `python3`; the AWS CLI is `aws` beside it. Where they are
//! missing the tests say so and pass, unless `WHITEBOARDER_REQUIRE_PYTHON=1`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr // of the shared support
)]

mod independent;
#[allow(dead_code, reason = "shared with the tests of the program")]
#[path = "../program/support.rs"]
mod support;

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use support::{Home, PROGRAM, end};

/// Programs that speak to AWS.
struct Clients {
    /// A Python that has boto3.
    python: String,
    /// The AWS CLI.
    aws: Option<PathBuf>,
}

const WITHOUT_BOTO3: &str = "Python with boto3 is not installed (pip install boto3 awscli)";
const WITHOUT_AWS: &str = "the AWS CLI is not installed beside Python (pip install awscli)";

fn clients() -> Option<&'static Clients> {
    static CLIENTS: OnceLock<Option<Clients>> = OnceLock::new();
    let found = CLIENTS.get_or_init(|| {
        let python = env::var("WHITEBOARDER_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        // Python's own file may be a link or a wrapper; the programs are where it was found.
        let tell = "import boto3, shutil, sys; print(shutil.which(sys.argv[1]) or '')";
        let told = Command::new(&python)
            .args(["-c", tell, &python])
            .output()
            .ok()?;
        let path = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
        let aws = path
            .parent()
            .map(|folder| folder.join("aws"))
            .filter(|aws| aws.exists());
        told.status.success().then_some(Clients { python, aws })
    });
    found.as_ref()
}

/// Nothing to test with: said, and an error where it is required.
fn skip(why: &str) {
    assert!(
        env::var_os("WHITEBOARDER_REQUIRE_PYTHON").is_none_or(|value| value != "1"),
        "{why}, and WHITEBOARDER_REQUIRE_PYTHON is 1"
    );
    // Not by the macro, whose text is kept back from those whose tests pass.
    let line = format!("skipped: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs a script to its end in a cloud of its own.
fn run(clients: &Clients, interpreter: &str, script: &str) {
    let home = Home::new();
    let folder = home.folder("script");
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    // As people do it: the variables are evaluated by a shell, and the client is started from there.
    let line = r#"variables=$("$0" local env) && eval "$variables" && exec "$1" "$2""#;
    let like = home.command::<&str>(&[]);
    let mut command = Command::new("sh");
    command
        .args(["-c", line, PROGRAM, interpreter])
        .arg(scripts.join(script));
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .current_dir(&folder)
        .env(
            "BOARDS",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/boards"),
        )
        // Nothing of the developer's own AWS settings.
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .env("PYTHON", &clients.python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(aws) = &clients.aws {
        command.env("AWS_PROGRAM", aws);
    }
    let ended = end(command.spawn().unwrap()).expect(0);
    // A script that ends before its checks would end well, too.
    let promises = ended
        .out
        .lines()
        .filter(|line| line.starts_with("ok "))
        .count();
    let source = fs::read_to_string(scripts.join(script)).unwrap();
    let written = source
        .lines()
        .filter(|line| {
            ["@promise", "holds ", "says ", "refuses "]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .count();
    assert!(written > 0);
    assert_eq!(promises, written, "{}\n{}", ended.out, ended.err);
}

fn python(script: &str) {
    match clients() {
        Some(clients) => run(clients, &clients.python, script),
        None => skip(WITHOUT_BOTO3),
    }
}

fn shell(script: &str) {
    match clients() {
        Some(clients) if clients.aws.is_some() => run(clients, "sh", script),
        Some(_) => skip(WITHOUT_AWS),
        None => skip(WITHOUT_BOTO3),
    }
}

#[test]
fn boto3_has_its_buckets() {
    python("s3_buckets.py");
}

#[test]
fn boto3_has_its_objects() {
    python("s3_objects.py");
}

#[test]
fn boto3_lists_objects() {
    python("s3_listing.py");
}

#[test]
fn boto3_sends_objects_in_parts() {
    python("s3_multipart.py");
}

#[test]
fn boto3_is_let_in_or_refused() {
    python("s3_access.py");
}

#[test]
fn boto3_runs_state_machines() {
    python("states.py");
}

#[test]
fn boto3_works_on_activities() {
    python("states_activities.py");
}

#[test]
fn boto3_uses_what_state_machines_can_do() {
    python("states_language.py");
}

#[test]
fn boto3_calls_every_operation_of_state_machines() {
    python("states_operations.py");
}

#[test]
fn boto3_invokes_functions() {
    python("lambda_functions.py");
}

#[test]
fn boto3_has_a_board_cleaned() {
    python("main_job.py");
}

#[test]
fn the_aws_cli_copies_and_syncs_files() {
    shell("aws_s3_files.sh");
}

#[test]
fn the_aws_cli_has_its_objects() {
    shell("aws_s3_objects.sh");
}

#[test]
fn the_aws_cli_runs_jobs() {
    shell("aws_jobs.sh");
}
