use std::path::PathBuf;

use whiteboarder_jobs::price::{PriceTable, Setup};
use whiteboarder_jobs::submit::{ManifestItem, SameAs, SourceFile};

use super::*;

fn terminal(width: usize) -> Terminal {
    Terminal {
        color_out: false,
        color_err: false,
        unicode: true,
        live: false,
        width: Some(width),
        quiet: false,
        verbose: 0,
    }
}

fn item(name: &str, bytes: u64, side: Option<u32>, at: Option<Place>, seconds: f64) -> PlannedItem {
    PlannedItem {
        file: SourceFile {
            path: name.into(),
            name: name.to_owned(),
            bytes,
        },
        width: side,
        height: side,
        cpu_seconds: side.map(|_| seconds / 2.0),
        seconds: side.map(|_| seconds),
        memory_mb: side.map(|_| 310),
        place: at,
        why: match at {
            Some(Place::Lambda) => "fits time and memory",
            Some(Place::Ecs) => "it needs about 6.3 s there, and 5.0 s are allowed",
            None => "ImageCorrupt: the JPEG file is cut short: it ends before its picture does",
        }
        .to_owned(),
        cost: None,
    }
}

fn skipped(path: &str, reason: &str, named: bool) -> Skipped {
    Skipped {
        path: PathBuf::from(path),
        reason: reason.to_owned(),
        named,
    }
}

fn planned(paid: bool) -> Planned {
    let mut plan = Plan {
        items: vec![
            item(
                "board_001.jpg",
                8_100_000,
                Some(3500),
                Some(Place::Lambda),
                2.4,
            ),
            item("mo/board_031.jpg", 1_000, None, None, 0.0),
            item(
                "mo/scan_A0.tif",
                412_000_000,
                Some(20_000),
                Some(Place::Ecs),
                110.0,
            ),
        ],
        skipped: Vec::new(),
        excluded: 0,
        unmatched: Vec::new(),
        subfolders: 0,
        wish: Wish::Auto,
    };
    let prices = Prices {
        table: PriceTable::bundled(),
        setup: Setup::shipped(Capacity::lambda(885, 15.0)),
        region: "us-east-1".to_owned(),
        download: false,
    };
    let quote = prices.quote(&mut plan, &BTreeSet::new());
    Planned {
        seconds: plan.seconds(2, 1),
        plan,
        quote,
        prices,
        skips_unchanged: false,
        estimate_for: "AWS us-east-1".to_owned(),
        paid,
    }
}

fn shown(width: usize) -> String {
    let (planned, room) = (planned(false), terminal(width));
    let mut lines = planned.table(true).lines(&room);
    lines.extend(planned.totals("would submit", room.width, true));
    lines.extend(planned.about_prices(room.width));
    for line in &lines {
        assert!(text::width(line) <= width, "{line}");
    }
    lines.join("\n")
}

#[test]
fn a_wide_terminal_shows_every_column() {
    insta::assert_snapshot!(shown(140), @r"
    image                 size    pixels  place      time  memory     cost  why
    board_001.jpg       8.1 MB   12.2 MP  λ lambda  2.4 s  310 MB  $0.0004  fits time and memory
    mo/board_031.jpg    1.0 kB         ?  ?             ?       ?  $0.0001  ImageCorrupt: the JPEG file is cu…t: it ends before its picture does
    mo/scan_A0.tif    412.0 MB  400.0 MP  ▣ ecs     1m50s  310 MB  $0.0107  it needs about 6.3 s there, and 5.0 s are allowed
    would submit 3 pictures, 420.1 MB: λ lambda 1, ▣ ecs 1, 1 unreadable, about 1m50s, on AWS: $0.0111
    prices of us-east-1 of 2026-11-21, storage for a month included
    ");
}

#[test]
fn at_80_columns_the_reason_goes_first() {
    insta::assert_snapshot!(shown(80), @r"
    image                 size    pixels  place      time  memory     cost
    board_001.jpg       8.1 MB   12.2 MP  λ lambda  2.4 s  310 MB  $0.0004
    mo/board_031.jpg    1.0 kB         ?  ?             ?       ?  $0.0001
    mo/scan_A0.tif    412.0 MB  400.0 MP  ▣ ecs     1m50s  310 MB  $0.0107
    would submit 3 pictures, 420.1 MB: λ lambda 1, ▣ ecs 1, 1 unreadable,
    about 1m50s, on AWS: $0.0111
    prices of us-east-1 of 2026-11-21, storage for a month included
    ");
}

#[test]
fn at_50_columns_what_remains_is_where_how_long_and_how_much() {
    insta::assert_snapshot!(shown(50), @r"
    image               size  place      time     cost
    board_001.jpg     8.1 MB  λ lambda  2.4 s  $0.0004
    mo/boa…031.jpg    1.0 kB  ?             ?  $0.0001
    mo/scan_A0.tif  412.0 MB  ▣ ecs     1m50s  $0.0107
    would submit 3 pictures, 420.1 MB: λ lambda 1,
    ▣ ecs 1, 1 unreadable, about 1m50s,
    on AWS: $0.0111
    prices of us-east-1 of 2026-11-21, storage for a
    month included
    ");
}

#[test]
fn only_where_it_is_paid_the_cost_is_one() {
    let last = |paid| planned(paid).totals("would submit", None, true).concat();
    assert!(last(false).contains(", on AWS: $"), "{}", last(false));
    assert!(!last(true).contains("on AWS"), "{}", last(true));
}

#[test]
fn that_unchanged_pictures_cost_nothing_is_said_where_they_are_skipped() {
    let said = |planned: &Planned| planned.about_prices(None).concat();
    let mut planned = planned(false);
    assert!(!said(&planned).contains("before"), "{}", said(&planned));
    planned = planned.skipping_unchanged(true);
    let ending = "a picture that was cleaned before with this recipe costs nothing";
    assert!(said(&planned).ends_with(ending), "{}", said(&planned));
    planned.prices.download = true;
    let ending = "with this recipe costs only its download";
    assert!(said(&planned).ends_with(ending), "{}", said(&planned));
}

#[test]
fn what_is_the_same_as_others_is_taken_out_of_the_cost_once_it_is_known() {
    let planned = planned(false);
    let mut manifest = Manifest {
        version: 1,
        batch: "01B".to_owned(),
        created: String::new(),
        wish: Wish::Auto,
        recipe: Recipe::default(),
        recipe_hash: String::new(),
        algorithm: 1,
        items: planned
            .plan
            .items
            .iter()
            .map(|item| ManifestItem {
                name: item.file.name.clone(),
                bytes: item.file.bytes,
                sha256: String::new(),
                width: item.width,
                height: item.height,
                predicted: item.place,
                same_as: None,
            })
            .collect(),
    };
    assert_eq!(planned.unchanged(&manifest), None);
    manifest.items[2].same_as = Some(SameAs {
        batch: "01A".to_owned(),
        name: "x.tif".to_owned(),
    });
    insta::assert_snapshot!(
        planned.unchanged(&manifest).unwrap(),
        @"1 of 3 pictures is not cleaned again: it is the same as others; on AWS: $0.0004, not $0.0111"
    );
}

#[test]
fn of_many_files_of_a_kind_some_are_named_and_the_rest_is_counted() {
    let mut files: Vec<Skipped> = (0..123)
        .map(|index| skipped(&format!("n{index:03}.TXT"), "text", false))
        .collect();
    files.push(skipped("a.heic", "iPhone", false));
    files.push(skipped("z.txt", "text", true));
    assert_eq!(
        left_out(&files, "left out"),
        [
            "left out z.txt: text",
            "left out n000.TXT: text",
            "left out n001.TXT: text",
            "left out n002.TXT: text",
            "left out … and 120 more .txt",
            "left out a.heic: iPhone",
        ]
    );
    let four: Vec<Skipped> = (0..4)
        .map(|index| skipped(&format!("{index}"), "nothing", false))
        .collect();
    assert_eq!(left_out(&four, "left out").len(), 4);
}

#[test]
fn what_patterns_kept_out_is_counted_and_what_met_nothing_is_named() {
    let mut planned = planned(false);
    planned.plan.excluded = 12;
    planned.plan.subfolders = 1;
    planned.plan.unmatched = vec!["*.jpgg".to_owned()];
    assert_eq!(
        planned.left_out("would leave out"),
        [
            "would leave out 12 files by --include and --exclude",
            "would leave out 1 folder by --no-subfolders",
            "the pattern `*.jpgg` meets no file",
        ]
    );
}
