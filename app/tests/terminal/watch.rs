//! The dashboard: from the list through a filter and the details to a redrive, on a real terminal against the real
//! local cloud.

use std::thread;
use std::time::{Duration, Instant};

use crate::fake_terminal::Answers;
use crate::studio::leave;
use crate::support::{Home, PATIENCE, photo};

const SIZE: (u16, u16) = (120, 40);

/// Two photographs that can be cleaned, and one whose second half is missing; all submitted and done with.
fn submitted() -> Home {
    let home = Home::new();
    for number in 1..=2 {
        home.file(
            &format!("photos/board-{number}.png"),
            &photo(400, 300, number),
        );
    }
    let whole = photo(400, 300, 3);
    home.file("photos/torn.png", &whole[..whole.len() / 2]);
    let output = home.run(&["submit", "photos", "--wait"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    home
}

#[test]
fn from_the_list_to_what_failed_and_on_from_there() {
    let home = submitted();
    let mut terminal = home.start_with(&["watch"], &[], SIZE, Answers::Plain);
    let text = terminal.wait_for(|text| text.contains("✗ failed 1"), PATIENCE);
    assert!(
        text.contains("all 3") && text.contains("✓ done 2"),
        "{text}"
    );

    terminal.keys("/status:failed\r");
    let text = terminal.wait_for(|text| text.contains("/status:failed"), PATIENCE);
    assert!(!text.contains("board-1.png"), "{text}");
    // The one that is left is opened beside the list: what failed, where, and why.
    let opened = |text: &str| text.contains("failed in") && text.contains("CleanOnLambda");
    terminal.wait_for(opened, PATIENCE);

    terminal.keys("\rt");
    let text = terminal.wait_for(|text| text.contains("▏") && text.contains("0 s"), PATIENCE);
    assert!(text.contains("Register"), "{text}");
    terminal.keys("ef");
    terminal.wait_for(|text| text.contains("TaskFailed"), PATIENCE);
    terminal.keys("w");
    terminal.wait_for(|text| text.contains("Wished"), PATIENCE);

    terminal.keys("R");
    let asks = "redrive 1 execution? Register, Plan, Place stay done, CleanOnLambda runs again";
    terminal.wait_for(|text| text.contains(asks), PATIENCE);
    terminal.keys("y");
    terminal.wait_for(|text| text.contains("1 execution redriven"), PATIENCE);
    // Torn it stays: it fails again, and the facts say how often it was tried.
    let started = Instant::now();
    while !terminal.text().contains("redriven once") {
        assert!(started.elapsed() < PATIENCE, "{}", terminal.text());
        // The next view; each is drawn before the one after it is asked for.
        terminal.keys("\t");
        thread::sleep(Duration::from_millis(300));
    }

    terminal.keys("qq");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 0);
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
    assert_eq!(terminal.line_settings(), terminal.first_line_settings());
}

#[test]
fn before_and_after_can_be_looked_at_and_the_result_downloaded() {
    let home = submitted();
    let arguments = ["watch", "latest", "--filter", "board-1", "-o", "fetched"];
    let mut terminal = home.start_with(&arguments, &[], SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("all 1"), PATIENCE);
    terminal.keys("b");
    terminal.wait_for(
        |text| text.contains("before") && text.contains("▀"),
        PATIENCE,
    );
    terminal.keys("d");
    terminal.wait_for(
        |text| text.contains("download 1 result to fetched?"),
        PATIENCE,
    );
    terminal.keys("y");
    terminal.wait_for(|text| text.contains("1 execution downloaded"), PATIENCE);
    assert!(home.path("fetched/board-1.png.png").is_file());
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
}

#[test]
fn the_three_screens_are_one_key_apart() {
    let home = submitted();
    let mut terminal = home.start_with(&["photos"], &[], SIZE, Answers::Plain);
    terminal.wait_for(|text| text.contains("STUDIO"), PATIENCE);
    terminal.keys("3");
    terminal.wait_for(
        |text| text.contains("WATCH") && text.contains("all 3"),
        PATIENCE,
    );
    terminal.keys("2");
    terminal.wait_for(|text| text.contains("BATCH"), PATIENCE);
    terminal.keys("3");
    terminal.wait_for(|text| text.contains("WATCH"), PATIENCE);
    terminal.keys("1");
    terminal.wait_for(|text| text.contains("STUDIO"), PATIENCE);
    leave(terminal);
}

#[test]
fn a_cloud_that_is_killed_comes_back_and_what_was_seen_stays_meanwhile() {
    let home = submitted();
    let mut terminal = home.start_with(&["watch"], &[], SIZE, Answers::Plain);
    terminal.wait_for(
        |text| text.contains("all 3") && text.contains("● live"),
        PATIENCE,
    );
    let status = home.run(&["local", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let id = status["pid"].as_u64().unwrap().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &id])
        .status();
    assert!(killed.unwrap().success());
    let text = terminal.wait_for(|text| text.contains("offline"), PATIENCE);
    assert!(text.contains("torn.png"), "{text}");
    let text = terminal.wait_for(|text| text.contains("● live"), PATIENCE);
    assert!(text.contains("torn.png"), "{text}");
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 0);
}

#[test]
fn scripts_get_the_same_facts() {
    let home = submitted();
    let listed = home.run(&["runs", "executions", "--filter", "status:failed", "--json"]);
    assert!(listed.status.success(), "{listed:?}");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&listed["found"], &listed["listed"]),
        (&1.into(), &3.into())
    );
    let failed = &listed["executions"][0];
    assert_eq!(failed["image"], "torn.png");
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["failed_in"], "CleanOnLambda");
    assert_eq!(failed["places"], serde_json::json!(["lambda"]));
    assert!(failed["cost_total"].as_f64().unwrap() > 0.0);
    let table = home.run(&["runs", "executions"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("board-2.png"), "{table}");
    let wrong = home.run(&["runs", "executions", "--filter", "stauts:failed"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        String::from_utf8(wrong.stderr)
            .unwrap()
            .contains("there is no field stauts")
    );
    let unknown = home.run(&["runs", "executions", "--state-machine", "nobody"]);
    assert_eq!(unknown.status.code(), Some(3), "{unknown:?}");
}

#[test]
fn a_click_selects_an_execution_and_another_one_opens_it() {
    let home = submitted();
    let mut terminal = home.start_with(&["watch"], &[], (90, 30), Answers::Plain);
    let text = terminal.wait_for(
        |text| text.contains("all 3") && text.contains("board-2.png"),
        PATIENCE,
    );
    let row = 1 + text
        .lines()
        .position(|line| line.contains("board-2.png"))
        .unwrap();
    let click = format!("\u{1b}[<0;20;{row}M\u{1b}[<0;20;{row}m");
    terminal.keys(&click);
    terminal.keys(&click);
    terminal.wait_for(|text| text.contains("overview  facts  graph"), PATIENCE);
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_exit(PATIENCE).exit_code(), 130);
    assert!(terminal.modes().untouched(), "{:?}", terminal.modes());
}
