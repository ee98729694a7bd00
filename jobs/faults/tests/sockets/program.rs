//! The program, as a person starts it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::upstream::Upstream;
use crate::wire::get;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-proxy"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Sends two requests through the program and interrupts it: what it told on standard error.
async fn told(arguments: &[&str]) -> Vec<String> {
    let upstream = Upstream::start().await;
    let child = program(&["--to", &upstream.endpoint()])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut first = String::new();
    let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    let address = first.trim_end().strip_prefix("http://").unwrap();
    let address = address.parse().unwrap();
    assert_eq!(get(address, "/bytes/1").await.status(), 200);
    assert_eq!(get(address, "/bytes/1").await.status(), 503);
    kill_process(Pid::from_child(&running.0), Signal::INT).unwrap();
    assert!(running.0.wait().unwrap().success());
    let mut told = String::new();
    running
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    told.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn it_tells_its_address_each_fault_and_a_summary() {
    assert_eq!(
        told(&["--fault", "reset:PUT", "--fault", "throttle:nth=2"]).await,
        [
            "request 2: throttle, GET /bytes/1 (rule 2)",
            "requests 2, faults 1: throttle 1"
        ]
    );
}

#[tokio::test]
async fn it_takes_a_plan_and_tells_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.toml");
    std::fs::write(&plan, "seed = 3\n[[rule]]\nfault = \"throttle\"\nnth = 2\n").unwrap();
    assert_eq!(
        told(&["--plan", plan.to_str().unwrap(), "--json"]).await,
        [
            r#"{"event":"fault","request":2,"rule":1,"fault":"throttle","method":"GET","path":"/bytes/1"}"#,
            r#"{"event":"summary","requests":2,"faults":{"throttle":1},"upstream_failures":0}"#
        ]
    );
}

#[test]
fn wrong_usage_is_told_with_status_2() {
    for (arguments, expected) in [
        (
            &["--to", "http://127.0.0.1:1", "--fault", "flood"][..],
            "`flood` is no fault",
        ),
        (
            &["--to", "https://aws.amazon.com"][..],
            "expected http://host:port without a path",
        ),
        (
            &["--to", "http://127.0.0.1:1", "--plan", "/missing.toml"][..],
            "cannot read /missing.toml",
        ),
        (
            &["--to", "http://127.0.0.1:1", "--listen", "0.0.0.0:0"][..],
            "not a loopback address",
        ),
        (&["--fault", "hang"][..], "--to"),
    ] {
        let output = run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

/// What the help tells people to type is understood.
#[test]
fn the_help_shows_rules_that_are_rules() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let examples = help
        .lines()
        .filter(|line| line.contains(" --fault ") && !line.contains('<'));
    let mut seen = 0;
    for example in examples {
        for rule in example.split("--fault ").skip(1) {
            let rule = rule.split_whitespace().next().unwrap_or_default();
            let rule = rule.trim_matches('\'');
            assert!(rule.parse::<fault_proxy::Rule>().is_ok(), "{rule}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
    for kind in fault_proxy::FaultKind::ALL {
        assert!(help.contains(kind.name()), "{kind}");
    }
}
