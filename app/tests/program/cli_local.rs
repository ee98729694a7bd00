//! `whiteboarder local`: one cloud, found by whoever needs it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Home, alive, end, wait_until};

#[test]
fn two_starters_at_once_end_up_with_one_cloud() {
    let home = Home::new();
    let children: Vec<_> = (0..4)
        .map(|_| home.command(&["local", "start", "--json"]).spawn().unwrap())
        .collect();
    let answers: Vec<_> = children
        .into_iter()
        .map(|child| end(child).expect(0).json())
        .collect();
    for answer in &answers {
        assert_eq!(answer["pid"], answers[0]["pid"]);
        assert_eq!(answer["endpoint"], answers[0]["endpoint"]);
    }
    let started = answers
        .iter()
        .filter(|answer| answer["started"] == true)
        .count();
    assert_eq!(started, 1, "{answers:?}");
}

#[test]
fn it_is_found_again_and_ends_when_told() {
    let home = Home::new();
    home.run(&["local", "status"]).expect(3);
    home.run(&["local", "start"]).expect(0);
    let record = home.record().unwrap();
    let mode = fs::metadata(home.path("wb/state/local.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "its credentials are its owner's");
    let status = home.run(&["local", "status", "--json"]).expect(0).json();
    assert_eq!(status["running"], true);
    assert_eq!(status["pid"], record["pid"]);
    assert!(status["bytes_on_disk"].as_u64().unwrap() > 0);

    let env = home.run(&["local", "env"]).expect(0).out;
    for line in [
        &format!(
            "export AWS_ENDPOINT_URL=http://127.0.0.1:{}",
            record["port"]
        ),
        "export AWS_REGION=us-east-1",
        "export AWS_DEFAULT_REGION=us-east-1",
        &format!(
            "export AWS_ACCESS_KEY_ID={}",
            record["access_key"].as_str().unwrap()
        ),
        "export AWS_DISABLE_HOST_PREFIX_INJECTION=true",
    ] {
        assert!(
            env.lines().any(|found| found == line),
            "{line} is not in\n{env}"
        );
    }

    home.run(&["local", "stop"]).expect(0);
    assert!(home.record().is_none());
    assert!(!alive(&record["pid"].to_string()));
    home.run(&["local", "status"]).expect(3);
    home.run(&["local", "stop"]).expect(0);

    home.run(&["local", "start"]).expect(0);
    let again = home.record().unwrap();
    assert_eq!(
        again["access_key"], record["access_key"],
        "shells that evaluated `env` still work"
    );
}

#[test]
fn a_port_that_is_taken_is_one_sentence() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ended = home
        .run(&["local", "start", "--port", &port.to_string()])
        .expect(3);
    assert_eq!(
        ended.errors(),
        [format!("error: port {port} is taken by another program")]
    );
    assert!(
        ended.err.contains("hint: choose another with --port"),
        "{}",
        ended.err
    );
    drop(taken);
    home.run(&["local", "start", "--port", &port.to_string()])
        .expect(0);
    assert_eq!(home.record().unwrap()["port"], port);
}

#[test]
fn flags_that_a_running_cloud_does_not_follow_are_refused() {
    let home = Home::new();
    home.run(&["local", "start", "--lambda-timeout-s", "7"])
        .expect(0);
    home.run(&["local", "start"]).expect(0);
    home.run(&["local", "start", "--lambda-timeout-s", "7"])
        .expect(0);
    let ended = home
        .run(&["local", "start", "--lambda-timeout-s", "8"])
        .expect(2);
    assert!(
        ended.errors()[0].contains("runs already, with 7 s"),
        "{}",
        ended.err
    );
}

#[test]
fn a_cloud_that_rehearses_says_so_and_keeps_to_it() {
    let home = Home::new();
    fs::write(home.path("mocks.json"), r#"{"StateMachines": {}}"#).unwrap();
    let start = [
        "local",
        "start",
        "--mocks",
        "mocks.json",
        "--time-scale",
        "0.01",
    ];
    home.run(&start).expect(0);
    home.run(&start).expect(0);
    let status = home.run(&["local", "status", "--json"]).expect(0).json();
    assert_eq!(status["time_scale"], 0.01);
    assert_eq!(
        status["mocks"],
        home.path("mocks.json").to_str().unwrap(),
        "the path must mean the same from anywhere"
    );
    let told = home.run(&["local", "status"]).expect(0);
    assert!(
        told.out.contains("waits take 0.01 of their time"),
        "{}",
        told.out
    );
    let other = home.run(&["local", "start", "--time-scale", "2"]).expect(2);
    assert!(
        other.errors()[0].contains("runs already, with a time scale of 0.01"),
        "{}",
        other.err
    );
}

#[test]
fn settings_come_from_the_configuration_file_too() {
    let home = Home::new();
    home.folder("wb/config");
    fs::write(
        home.path("wb/config/config.toml"),
        "[local]\nlambda_timeout_s = 9\nworkers = 2\n",
    )
    .unwrap();
    home.run(&["local", "start"]).expect(0);
    let record = home.record().unwrap();
    assert_eq!(
        (&record["lambda_timeout_s"], &record["workers"]),
        (&9.into(), &2.into())
    );
    fs::write(
        home.path("wb/config/config.toml"),
        "[local]\nlambda_timeout = 9\n",
    )
    .unwrap();
    let ended = home.run(&["local", "status"]).expect(2);
    assert!(
        ended.errors()[0].ends_with(
            "line 2: unknown key `lambda_timeout` in [local]; did you mean `lambda_timeout_s`?"
        ),
        "{}",
        ended.err
    );
}

#[test]
fn what_a_killed_cloud_has_left_is_no_obstacle() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    let before = home.record().unwrap();
    home.kill_cloud();
    assert!(
        home.record().is_some(),
        "it had no time to take its record away"
    );
    home.run(&["local", "status"]).expect(3);
    home.run(&["local", "start"]).expect(0);
    assert_ne!(home.record().unwrap()["pid"], before["pid"]);
}

#[test]
fn a_record_that_leads_to_somebody_else_is_replaced() {
    let home = Home::new();
    let other = Home::new();
    other.run(&["local", "start"]).expect(0);
    home.folder("wb/state");
    let mut stale = other.record().unwrap();
    stale["secret_key"] = "wrong".into();
    fs::write(home.path("wb/state/local.json"), stale.to_string()).unwrap();
    home.run(&["local", "start"]).expect(0);
    assert_ne!(home.record().unwrap()["port"], stale["port"]);
    fs::write(home.path("wb/state/local.json"), "{ \"port\": ").unwrap();
    // The cloud lives but cannot be found by its record: nothing is started beside it.
    home.run(&["local", "start"]).expect(3);
    home.run(&["local", "stop", "--now"]).expect(0);
    home.run(&["local", "start"]).expect(0);
}

#[test]
fn an_older_build_is_replaced_and_a_newer_one_is_not() {
    let home = Home::new();
    // The build's time is that of the program file: two copies of different age are two builds.
    let old = home.path("old-whiteboarder");
    fs::copy(crate::support::PROGRAM, &old).unwrap();
    assert!(
        Command::new("touch")
            .args(["-d", "2020-01-01"])
            .arg(&old)
            .status()
            .unwrap()
            .success()
    );
    let run_old = |arguments: &[&str]| {
        let like = home.command(arguments);
        let mut command = Command::new(&old);
        command.args(arguments).current_dir(home.path("."));
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        end(command.spawn().unwrap())
    };
    let first = run_old(&["local", "start", "--json"]).expect(0).json();
    let second = home.run(&["local", "start", "--json"]).expect(0).json();
    assert_eq!(second["replaced"], true);
    assert_ne!(first["pid"], second["pid"]);
    assert!(!alive(&first["pid"].to_string()));
    let third = run_old(&["local", "start", "--json"]).expect(0).json();
    assert_eq!(
        third["pid"], second["pid"],
        "the newer one serves the older program"
    );
}

#[test]
fn idleness_ends_it() {
    let home = Home::new();
    home.run(&["local", "start", "--idle-minutes", "0.02"])
        .expect(0);
    let pid = home.record().unwrap()["pid"].to_string();
    wait_until("the idle cloud has ended", || !alive(&pid));
    assert!(home.record().is_none());
}

#[test]
fn its_children_end_with_it_also_when_it_is_killed() {
    let home = Home::new();
    home.run(&["local", "start"]).expect(0);
    let pid = home.record().unwrap()["pid"].to_string();
    let children = || {
        let list = Command::new("ps")
            .args(["-A", "-o", "pid=,ppid=,args="])
            .output()
            .unwrap()
            .stdout;
        String::from_utf8_lossy(&list)
            .lines()
            .filter(|line| {
                line.split_whitespace().nth(1) == Some(&pid) && line.contains(" worker ")
            })
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    wait_until("the worker runs", || !children().is_empty());
    let workers = children();
    home.kill_cloud();
    for worker in workers {
        wait_until("the worker is gone", || !alive(&worker));
    }
}

#[test]
fn an_unknown_profile_is_named_with_those_that_exist() {
    let home = Home::new();
    let ended = home.run(&["runs", "list", "--profile", "work"]).expect(2);
    assert_eq!(ended.errors(), ["error: there is no profile `work`"]);
    assert!(ended.err.contains("local"), "{}", ended.err);
}

#[test]
fn a_target_that_does_not_answer_ends_with_three() {
    let home = Home::new()
        .with("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "s");
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    home.folder("wb/config");
    let profile = format!(
        "[profiles.far]\nendpoint = \"http://127.0.0.1:{port}\"\nregion = \"us-east-1\"\nbucket = \"b\"\n\
         state_machine_arn = \"arn:aws:states:us-east-1:000000000000:stateMachine:whiteboarder\"\n"
    );
    fs::write(home.path("wb/config/config.toml"), profile).unwrap();
    let ended = home.run(&["runs", "list", "--profile", "far"]).expect(3);
    assert_eq!(ended.errors().len(), 1, "{}", ended.err);
    assert!(
        ended.errors()[0].starts_with("error: cannot reach http://127.0.0.1"),
        "{}",
        ended.err
    );
    assert!(
        !home.path("wb/state/local.json").exists(),
        "no local cloud was started for it"
    );
}

/// The test takes the place of a process that has stopped in the middle of starting the cloud.
#[test]
fn whoever_waits_for_another_starter_says_so() {
    let home = Home::new();
    home.folder("wb/state");
    let path = home.path("wb/state/local.start.lock");
    fs::write(&path, "4711\n").unwrap();
    let lock = fs::File::open(&path).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let mut waiting = home.command(&["local", "start"]).spawn().unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines();
    assert_eq!(
        said.next().unwrap().unwrap(),
        "process 4711 is starting or replacing the local cloud: waiting for it"
    );
    drop(lock);
    assert!(waiting.wait().unwrap().success());
    assert!(said.next().unwrap().unwrap().contains("is up"));
}
