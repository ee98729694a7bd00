//! What `submit` says before it does anything.

use std::fs;

use serde_json::Value;

use crate::support::{Home, board, picture};

/// Two small pictures, a large one, notes and drafts.
fn photos() -> Home {
    let home = Home::new();
    let photos = home.folder("photos");
    fs::write(photos.join("a.png"), picture(640, 480, 1)).unwrap();
    fs::copy(board("wall.jpg"), photos.join("wall.jpg")).unwrap();
    for index in 0..6 {
        fs::write(photos.join(format!("notes{index}.txt")), "notes").unwrap();
    }
    fs::write(
        home.folder("photos/drafts").join("b.png"),
        picture(64, 48, 2),
    )
    .unwrap();
    home
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().unwrap() - expected).abs() < 1e-9
}

#[test]
fn a_dry_run_says_on_every_line_that_it_is_one_and_does_nothing() {
    let home = photos();
    let dry = home.run(&["submit", "photos", "--dry-run"]).expect(0);
    let lines: Vec<&str> = dry.out.lines().collect();
    assert!(
        lines.iter().all(|line| line.starts_with("dry run: ")),
        "{}",
        dry.out
    );
    let columns: Vec<&str> = lines[0].split_whitespace().skip(2).collect();
    assert_eq!(
        columns,
        [
            "image", "size", "pixels", "place", "time", "memory", "cost", "why"
        ]
    );
    let row = |name: &str| lines.iter().find(|line| line.contains(name)).unwrap();
    assert!(row("a.png").contains("λ lambda"), "{}", dry.out);
    assert!(
        row("a.png").ends_with("fits time and memory"),
        "{}",
        dry.out
    );
    assert!(row("wall.jpg").contains("▣ ecs"), "{}", dry.out);
    assert!(row("wall.jpg").contains(" $0."), "{}", dry.out);
    assert!(row("notes2.txt").contains("would leave out photos/notes2.txt: `.txt` files"));
    assert!(row("3 more .txt").ends_with("would leave out … and 3 more .txt"));
    let totals = row("would submit");
    assert!(totals.contains("would submit 3 pictures, "), "{totals}");
    assert!(totals.contains(": λ lambda 2, ▣ ecs 1, about "), "{totals}");
    assert!(totals.contains(", on AWS: $0."), "{totals}");
    assert!(row("prices of us-east-1 of 20").contains("storage for a month included"));
    assert!(home.record().is_none(), "nothing was started");
    assert!(!home.path("wb/data").exists(), "nothing was stored");
}

#[test]
fn patterns_and_no_subfolders_choose_what_is_planned() {
    let home = photos();
    let dry = |more: &[&str]| {
        let command = [&["submit", "photos", "--dry-run", "--json"], more].concat();
        home.run(&command).expect(0).json()
    };
    let names = |plan: &Value| -> Vec<String> {
        let items = plan["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let plan = dry(&[
        "--include",
        "*.png",
        "--exclude",
        "drafts/",
        "--exclude",
        "*.gif",
    ]);
    assert_eq!(names(&plan), ["a.png"]);
    assert_eq!(plan["excluded"], 8, "wall.jpg, the draft, six notes");
    assert_eq!(plan["skipped"], serde_json::json!([]));
    assert_eq!(plan["unmatched"], serde_json::json!(["*.gif"]));
    let plan = dry(&["--no-subfolders"]);
    assert_eq!(names(&plan), ["a.png", "wall.jpg"]);
    assert_eq!(plan["subfolders"], 1);
    assert_eq!(plan["skipped"].as_array().unwrap().len(), 6, "each by name");

    let told = home
        .run(&[
            "submit",
            "photos",
            "--dry-run",
            "--exclude",
            "*.gif",
            "--exclude",
            "*.txt",
        ])
        .expect(0);
    assert!(
        told.out
            .contains("would leave out 6 files by --include and --exclude")
    );
    assert!(
        told.out.contains("the pattern `*.gif` meets no file"),
        "{}",
        told.out
    );
}

#[test]
fn the_plan_as_json_has_what_each_picture_needs_and_costs() {
    let home = photos();
    let plan = home
        .run(&["submit", "photos", "--dry-run", "--json", "--place", "ecs"])
        .expect(0)
        .json();
    assert_eq!(plan["event"], "plan");
    assert_eq!(plan["dry_run"], true);
    assert_eq!((&plan["lambda"], &plan["ecs"]), (&0.into(), &3.into()));
    assert_eq!(plan["cost_is_estimate_for"], "AWS us-east-1");
    let mut total = 0.0;
    for item in plan["items"].as_array().unwrap() {
        assert_eq!(
            (&item["place"], &item["why"]),
            (&"ecs".into(), &"asked for".into())
        );
        for field in ["width", "height", "seconds", "cpu_seconds", "memory_mb"] {
            assert!(item[field].as_f64().unwrap() > 0.0, "{field}: {item}");
        }
        total += item["cost"]["total"].as_f64().unwrap();
    }
    // The items, the manifest, and what is missing to a worker's minute.
    assert!(plan["cost"]["total"].as_f64().unwrap() > total);
    assert_eq!(plan["cost"]["currency"], "USD");
    assert_eq!(plan["cost"]["note"], Value::Null);
}

#[test]
fn prices_of_ones_own_are_used_and_a_region_without_prices_is_told() {
    let home = photos();
    let config = home.folder("wb/config");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/prices.toml");
    let shipped = fs::read_to_string(shipped).unwrap();
    let own = shipped
        .replace("states_transition = 0.000025", "states_transition = 1.0")
        .replace("2026-11-21", "2027-01-02");
    assert_ne!(own, shipped);
    let dry = |profile: &str| {
        let command = [
            "submit",
            "photos/a.png",
            "--dry-run",
            "--json",
            "--profile",
            profile,
        ];
        home.run(&command).expect(0).json()
    };
    assert!(near(&dry("local")["cost"]["transitions"], 0.000_125));
    fs::write(config.join("prices.toml"), &own).unwrap();
    let plan = dry("local");
    assert!(near(&plan["cost"]["transitions"], 5.0), "{plan}");
    assert_eq!(plan["cost"]["date"], "2027-01-02");

    fs::remove_file(config.join("prices.toml")).unwrap();
    fs::write(config.join("dear.toml"), &own).unwrap();
    let work = "prices = \"dear.toml\"\n[profiles.work]\nregion = \"sa-east-1\"\nbucket = \"b\"\n\
        state_machine_arn = \"arn:aws:states:sa-east-1:1:stateMachine:m\"\n";
    fs::write(config.join("config.toml"), work).unwrap();
    let plan = dry("work");
    assert!(near(&plan["cost"]["transitions"], 5.0), "{plan}");
    assert_eq!(plan["cost_is_estimate_for"], "AWS sa-east-1");
    assert_eq!(
        plan["cost"]["note"],
        "the table has no prices of sa-east-1; these are us-east-1's"
    );
    let told = home
        .run(&["submit", "photos/a.png", "--dry-run", "--profile", "work"])
        .expect(0);
    assert!(
        !told.out.contains("on AWS:"),
        "there it is paid: {}",
        told.out
    );
    assert!(told.out.contains("no prices of sa-east-1"), "{}", told.out);
}
