use whiteboarder_core::cost::Capacity;

use super::*;
use crate::submit::{PlannedItem, SourceFile, Wish};
use crate::track::{Attempt, AttemptEnd, Compute, ExecutionView, Pattern, Place, Step};

/// Round numbers, so that sums can be done by hand.
fn rates() -> Rates {
    Rates {
        lambda_gb_second: 0.001,
        lambda_arm_gb_second: 0.0008,
        lambda_request: 0.000_1,
        fargate_vcpu_hour: 3.6,
        fargate_gb_hour: 0.36,
        fargate_minimum_seconds: 60.0,
        states_transition: 0.01,
        s3_put: 0.1,
        s3_get: 0.001,
        s3_list: 0.2,
        s3_gb_month: 2.0,
        eventbridge_event: 0.000_01,
        data_transfer_out_gb: 4.0,
    }
}

/// 1 GB, 30 s, half a processor; workers with one processor and 6 GB.
fn setup() -> Setup {
    Setup::shipped(Capacity {
        memory_mb: 1024,
        timeout_s: 30.0,
        vcpus: 0.5,
    })
}

/// 5 s on that Lambda: within every margin. Half a gigabyte, 2^32 pixels: a result of a quarter of a gigabyte.
fn fits() -> Facts {
    Facts {
        bytes: 1 << 29,
        pixels: Some(1 << 32),
        cpu_seconds: 2.5,
        memory_mb: 512,
        place: Some(Place::Lambda),
        download: false,
    }
}

#[track_caller]
fn same(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{found} instead of {expected}"
    );
}

#[test]
fn an_item_on_lambda_costs_what_a_hand_computes() {
    let cost = estimate(&fits(), &setup(), &rates());
    // 5 s × 1 GB × 0.001 + 0.0001
    same(cost.compute, 0.0051);
    same(cost.attempts, 0.0);
    // Register, Plan, Place, CleanOnLambda, Done
    same(cost.transitions, 5.0 * 0.01);
    // 0.1 s × 0.5 GB × 0.001 + 0.0001
    same(cost.plan, 0.00015);
    // 2^29 bytes are 32 parts of 16 MiB: begun, parts, completed = 34 PUT; record and result: 2 more.
    // HEAD and GET by Plan, GET by the cleaning: 3. Events: original, record, result: 3.
    same(cost.requests, 36.0 * 0.1 + 3.0 * 0.001 + 3.0 * 0.000_01);
    // (0.5 + 0.25) GB × 2
    same(cost.storage_month, 1.5);
    same(cost.download, 0.0);
    same(cost.total, 0.0051 + 0.05 + 0.00015 + 3.60303 + 1.5);
}

#[test]
fn a_result_that_is_downloaded_costs_its_way_out_and_one_request_more() {
    let kept = estimate(&fits(), &setup(), &rates());
    let facts = Facts {
        download: true,
        ..fits()
    };
    let fetched = estimate(&facts, &setup(), &rates());
    // 0.25 GB × 4
    same(fetched.download, 1.0);
    same(fetched.requests - kept.requests, 0.001);
    same(fetched.total - kept.total, 1.001);
}

#[test]
fn an_item_on_ecs_costs_processor_and_memory_of_a_worker() {
    let facts = Facts {
        place: Some(Place::Ecs),
        cpu_seconds: 100.0,
        ..fits()
    };
    let cost = estimate(&facts, &setup(), &rates());
    // 100 s × (1 × 3.6 + 6 × 0.36) / 3600
    same(cost.compute, 100.0 * 5.76 / 3600.0);
    same(cost.attempts, 0.0);
    same(cost.transitions, 0.05);
}

#[test]
fn the_nearer_the_limit_the_more_is_paid_for_attempts_that_fail() {
    let lambda = setup().lambda;
    let taking = |seconds: f64| Facts {
        cpu_seconds: seconds * lambda.vcpus,
        ..fits()
    };
    same(move_probability(&taking(10.0), &lambda), 0.0);
    same(move_probability(&taking(20.0), &lambda), 0.5);
    same(move_probability(&taking(31.0), &lambda), 1.0);
    let needing = |memory_mb| Facts {
        memory_mb,
        ..fits()
    };
    same(move_probability(&needing(819), &lambda), 0.0);
    assert!(move_probability(&needing(900), &lambda) > 0.3);
    same(move_probability(&needing(1024), &lambda), 1.0);

    // Half of them time out at 30 s, which is paid, and go to ECS, where 20 s on half a processor are 10 s.
    let cost = estimate(&taking(20.0), &setup(), &rates());
    same(cost.attempts, 0.5 * (30.0 * 0.001 + 0.000_1));
    let ecs = 10.0 * 5.76 / 3600.0;
    same(cost.compute, 0.5 * (20.0 * 0.001 + 0.000_1) + 0.5 * ecs);
    // A moved item enters CleanOnEcs as well.
    same(cost.transitions, 0.01 * 5.5);

    // Out of memory, it ends when the work would have ended at the latest: 5 s.
    let cost = estimate(&needing(2000), &setup(), &rates());
    same(cost.attempts, 5.0 * 0.001 + 0.000_1);
    same(cost.compute, 2.5 * 5.76 / 3600.0);
}

#[test]
fn an_item_that_cannot_be_read_costs_little_but_its_storage() {
    let facts = Facts {
        pixels: None,
        cpu_seconds: 0.0,
        memory_mb: 0,
        place: None,
        bytes: 1 << 20,
        download: true,
    };
    let cost = estimate(&facts, &setup(), &rates());
    same(cost.compute + cost.attempts + cost.download, 0.0);
    same(cost.transitions, 0.02);
    // The original and the record; HEAD and GET by Plan.
    same(cost.requests, 2.0 * 0.1 + 2.0 * 0.001 + 2.0 * 0.000_01);
    same(cost.storage_month, 2.0 / 1024.0);
}

#[test]
fn transitions_are_counted_in_the_machine_that_ships() {
    let shipped = Transitions::shipped();
    assert_eq!(
        shipped,
        Transitions {
            lambda: 5,
            ecs: 5,
            moved: 6,
            unreadable: 2
        }
    );
    let longer = crate::stack::STATE_MACHINE.replace(
        r#""States": {"#,
        r#""States": { "First": {"Type": "Pass", "Next": "Register"},"#,
    );
    let longer = longer.replace(r#""StartAt": "Register""#, r#""StartAt": "First""#);
    assert_eq!(Transitions::of(&longer).moved, 7);
    assert_eq!(Transitions::of("no machine").lambda, 0);
}

#[test]
fn arm_is_cheaper_and_time_is_billed_by_the_millisecond() {
    let arm = Setup {
        arm: true,
        ..setup()
    };
    same(arm.lambda_run(1.0, 1024, &rates()), 0.0009);
    same(setup().lambda_run(0.0001, 1024, &rates()), 0.000_101);
}

fn table(regions: &[(&str, Rates)]) -> PriceTable {
    PriceTable {
        version: 1,
        date: "2026-11-21".to_owned(),
        currency: "USD".to_owned(),
        sources: Vec::new(),
        regions: regions
            .iter()
            .map(|(name, rates)| ((*name).to_owned(), *rates))
            .collect(),
    }
}

fn planned(place: Place, seconds: f64) -> PlannedItem {
    PlannedItem {
        file: SourceFile {
            path: "a.png".into(),
            name: "a.png".to_owned(),
            bytes: 1000,
        },
        width: Some(100),
        height: Some(100),
        cpu_seconds: Some(seconds),
        seconds: Some(seconds),
        memory_mb: Some(100),
        place: Some(place),
        why: String::new(),
        cost: None,
    }
}

fn plan_of(items: Vec<PlannedItem>) -> crate::submit::Plan {
    crate::submit::Plan {
        items,
        skipped: Vec::new(),
        excluded: 0,
        unmatched: Vec::new(),
        subfolders: 0,
        wish: Wish::Auto,
    }
}

#[test]
fn a_batch_is_its_items_its_manifest_and_a_minute_of_a_worker() {
    let table = table(&[("us-east-1", rates())]);
    let sum = |plan: &crate::submit::Plan| -> f64 {
        plan.items.iter().map(|item| item.cost.unwrap().total).sum()
    };
    // One PUT, GET, event and LIST.
    let manifest = 0.1 + 0.001 + 0.000_01 + 0.2;

    let mut long = plan_of(vec![planned(Place::Ecs, 70.0), planned(Place::Lambda, 1.0)]);
    let quoted = quote(&mut long, &setup(), &table, "us-east-1", false).unwrap();
    same(quoted.cost.total, sum(&long) + manifest);
    assert_eq!(quoted.note, None);

    let mut short = plan_of(vec![planned(Place::Ecs, 20.0)]);
    let quoted = quote(&mut short, &setup(), &table, "us-east-1", false).unwrap();
    // 40 s are missing to the minute.
    same(
        quoted.cost.total,
        sum(&short) + manifest + 40.0 * 5.76 / 3600.0,
    );
    same(quoted.cost.compute, 60.0 * 5.76 / 3600.0);
}

#[test]
fn what_another_batch_does_the_work_for_costs_only_its_way_home() {
    let table = table(&[("us-east-1", rates())]);
    let manifest = 0.1 + 0.001 + 0.000_01 + 0.2;
    let mut item = planned(Place::Ecs, 20.0);
    item.width = Some(1 << 16);
    item.height = Some(1 << 16);
    let mut plan = plan_of(vec![item]);
    let unchanged = std::collections::BTreeSet::from(["a.png".to_owned()]);
    let mut of = |download| {
        let quoted = quote_known(
            &mut plan,
            &setup(),
            &table,
            "us-east-1",
            download,
            &unchanged,
        );
        quoted.unwrap().cost
    };
    // No minute of a worker either.
    same(of(false).total, manifest);
    // A result of a quarter of a gigabyte × 4, and one GET.
    same(of(true).total, manifest + 1.0 + 0.001);
}

#[test]
fn a_region_that_the_table_does_not_have_is_said() {
    let table = table(&[("us-east-1", rates())]);
    let mut plan = plan_of(vec![planned(Place::Lambda, 1.0)]);
    let quoted = quote(&mut plan, &setup(), &table, "eu-central-1", false).unwrap();
    assert_eq!(quoted.region, "us-east-1");
    assert_eq!(
        quoted.note.as_deref(),
        Some("the table has no prices of eu-central-1; these are us-east-1's")
    );
    let nothing = self::table(&[]);
    assert!(quote(&mut plan, &setup(), &nothing, "us-east-1", false).is_none());
}

#[test]
fn the_table_that_ships_has_a_date_and_plausible_prices_of_every_region_that_is_in_it() {
    let table = PriceTable::parse(BUNDLED).unwrap();
    assert_eq!(table, PriceTable::bundled());
    let day: Vec<&str> = table.date.split('-').collect();
    assert_eq!(
        day.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [4, 2, 2]
    );
    let priced = table.of("us-east-1").unwrap();
    assert!(!priced.fallback);
    for region in ["us-east-2", "us-west-2", "eu-west-1", "eu-central-1"] {
        assert!(!table.of(region).unwrap().fallback, "{region}");
    }
    for (region, rates) in &table.regions {
        assert!(
            rates.lambda_arm_gb_second < rates.lambda_gb_second,
            "{region}"
        );
        // Nowhere cheaper than at home, and nowhere more than a half dearer: a slip of a digit is found.
        for ((name, here), (_, home)) in rates.named().into_iter().zip(priced.rates.named()) {
            assert!((1.0..1.5).contains(&(here / home)), "{name} of {region}");
        }
    }
    assert!(
        table
            .sources
            .iter()
            .all(|url| url.starts_with("https://aws.amazon.com/"))
    );
}

#[test]
fn a_table_of_ones_own_replaces_regions_and_says_what_is_wrong_with_it() {
    let own = Rates {
        s3_put: 9.0,
        ..rates()
    };
    let mine = table(&[("eu-central-1", own)]);
    assert!(
        PriceTable::bundled()
            .of("eu-central-1")
            .unwrap()
            .rates
            .s3_put
            < 1.0
    );
    let both = mine.over(PriceTable::bundled());
    same(both.of("eu-central-1").unwrap().rates.s3_put, 9.0);
    assert!(!both.of("us-east-1").unwrap().fallback);

    let wrong = [
        ("version = 1", "version = 2", "it has version 2"),
        ("s3_put = 0.000005", "s3_putt = 0.000005", "s3_putt"),
        ("s3_put = 0.000005", "", "missing field `s3_put`"),
        (
            "s3_put = 0.000005",
            "s3_put = -1.0",
            "`s3_put` of us-east-1 is -1: a price is 0 or more",
        ),
        ("s3_put = 0.000005", "s3_put = inf", "is inf"),
        ("s3_put = 0.000005", "s3_put = cheap", "line "),
    ];
    for (from, to, words) in wrong {
        // The first region is us-east-1.
        let text = BUNDLED.replacen(from, to, 1);
        assert_ne!(text, BUNDLED);
        let error = PriceTable::parse(&text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

fn attempt(compute: Compute, milliseconds: Option<i64>, error: Option<&str>) -> Attempt {
    Attempt {
        compute,
        scheduled_ms: 0,
        started_ms: Some(1000),
        ended_ms: milliseconds.map(|took| 1000 + took),
        submitted_ms: None,
        worker: None,
        end: milliseconds.map(|_| match error {
            None => AttemptEnd::Succeeded,
            Some(error) => AttemptEnd::Failed {
                error: error.to_owned(),
                cause: String::new(),
            },
        }),
    }
}

fn lambda(name: &str) -> Compute {
    Compute::Lambda {
        function: format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
        pattern: Pattern::Direct,
    }
}

fn activity() -> Compute {
    Compute::Activity {
        activity: "arn:aws:states:us-east-1:000000000000:activity:whiteboarder-clean".to_owned(),
    }
}

fn step(name: &str, attempts: Vec<Attempt>) -> Step {
    Step {
        name: name.to_owned(),
        entered_ms: 0,
        exited_ms: Some(1),
        attempts,
        ..Step::default()
    }
}

/// Planned in 100 ms, timed out on Lambda after 30 s, cleaned on ECS in 10 s.
fn moved() -> ExecutionView {
    let s3 = Compute::Service {
        service: "aws-sdk:s3".to_owned(),
        action: "putObject".to_owned(),
    };
    ExecutionView {
        steps: vec![
            step("Register", vec![attempt(s3, Some(5), None)]),
            step(
                "Plan",
                vec![attempt(lambda("whiteboarder-plan"), Some(100), None)],
            ),
            step("Place", Vec::new()),
            step(
                "CleanOnLambda",
                vec![attempt(
                    lambda("whiteboarder-clean"),
                    Some(30_000),
                    Some("Sandbox.Timedout"),
                )],
            ),
            step("CleanOnEcs", vec![attempt(activity(), Some(10_000), None)]),
            step("Done", Vec::new()),
        ],
        ..ExecutionView::default()
    }
}

#[test]
fn a_run_that_moved_has_cost_both_lanes() {
    let spent = actual(&moved(), &setup(), &rates());
    let on_lambda = 30.0 * 0.001 + 0.000_1;
    let on_ecs = 10.0 * 5.76 / 3600.0;
    same(spent.lane(Place::Lambda), on_lambda);
    same(spent.lane(Place::Ecs), on_ecs);
    same(spent.failed, on_lambda);
    same(spent.plan, 0.00015);
    same(spent.transitions, 0.06);
    same(spent.total().unwrap(), on_lambda + on_ecs + 0.00015 + 0.06);
    let batch: Spent = [spent, spent].into_iter().sum();
    same(batch.total().unwrap(), 2.0 * spent.total().unwrap());
}

#[test]
fn what_was_turned_away_costs_its_transition_only() {
    let mut run = moved();
    let throttled = "Lambda.TooManyRequestsException";
    let turned_away = attempt(lambda("whiteboarder-clean"), Some(10), Some(throttled));
    run.steps[3].attempts.insert(0, turned_away);
    let (before, after) = (
        actual(&moved(), &setup(), &rates()),
        actual(&run, &setup(), &rates()),
    );
    same(after.lambda, before.lambda);
    same(after.transitions - before.transitions, 0.01);
}

#[test]
fn a_price_that_nobody_can_know_is_not_made_up() {
    let mut running = moved();
    running.steps[4].attempts = vec![attempt(activity(), None, None)];
    let spent = actual(&running, &setup(), &rates());
    assert_eq!((spent.unknown, spent.total()), (1, None));
    assert!(spent.lambda > 0.0, "what is known stays known");

    let mut foreign = moved();
    foreign.steps[3].attempts = vec![attempt(lambda("theirs"), Some(1000), None)];
    assert_eq!(actual(&foreign, &setup(), &rates()).total(), None);
}
