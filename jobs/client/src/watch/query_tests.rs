use std::sync::Arc;

use proptest::prelude::*;

use super::super::run::Subject;
use super::*;

const NOW: i64 = 10_000_000;

fn run(name: &str, status: ExecutionStatus, place: Option<Place>) -> Run {
    Run {
        arn: format!("arn:aws:states:us-east-1:000000000000:execution:whiteboarder:{name}"),
        name: name.to_owned(),
        status,
        started_ms: NOW - 60_000,
        stopped_ms: (status != ExecutionStatus::Running).then_some(NOW - 20_000),
        subject: Some(Subject {
            batch: "01JD".to_owned(),
            name: format!("walls/Board {name}.jpg"),
        }),
        digest: place.map(|place| {
            Arc::new(Digest {
                places: vec![place],
                planned: Some(Place::Lambda),
                moved: place == Place::Ecs,
                attempts: 2,
                error: (status == ExecutionStatus::Failed).then(|| "ImageCorrupt".to_owned()),
                workers: vec!["laptop/1".to_owned()],
                kinds: vec![Kind::Lambda],
                ..Digest::default()
            })
        }),
        ..Run::default()
    }
}

fn finds(query: &str, run: &Run) -> bool {
    let around = Around {
        now_ms: NOW,
        cost: &|digest| Some(f64::from(digest.attempts) / 100.0),
    };
    Query::parse(query).unwrap().matches(run, around)
}

#[test]
fn every_word_of_a_query_must_hold() {
    let failed = run("031", ExecutionStatus::Failed, Some(Place::Ecs));
    for query in [
        "",
        "status:failed",
        "status:running,failed place:ecs",
        "place:lambda,ecs batch:01jd",
        "031",
        "\"board 031\"",
        "image:walls/ -image:floors",
        "error:corrupt",
        "corrupt",
        "is:moved is:retried",
        "moved:yes",
        "-status:succeeded -place:none",
        "status:unsuccessful",
        "started>30s started<1h ended<30s took>39s took<41s",
        "attempts>1 redrives<1 cost>0.01 cost<0.03",
        "worker:laptop kind:lambda planned:lambda",
        "arn:aws:states:us-east-1:000000000000:execution:whiteboarder:031",
    ] {
        assert!(finds(query, &failed), "{query}");
    }
    for query in [
        "status:running",
        "place:lambda",
        "batch:02",
        "batch:jd",
        "032",
        "status:failed place:lambda",
        "-status:failed",
        "started<1m",
        "took>40s",
        "memory>1",
        "is:cold",
        "is:redriven",
        "kind:ecs",
    ] {
        assert!(!finds(query, &failed), "{query}");
    }
}

#[test]
fn what_was_not_read_is_found_by_what_the_list_says_only() {
    let unread = run("7", ExecutionStatus::Running, None);
    assert!(finds("status:running board took>59s", &unread));
    assert!(!finds("place:lambda", &unread));
    assert!(!finds("place:none", &unread), "nobody knows that yet");
    for (query, needs) in [
        ("status:failed batch:01", false),
        ("board", false),
        ("took>3s is:redriven", false),
        ("status:queued", true),
        ("place:ecs", true),
        ("error:x", true),
        ("cost>1", true),
    ] {
        assert_eq!(
            Query::parse(query).unwrap().needs_digests(),
            needs,
            "{query}"
        );
    }
}

#[test]
fn a_word_that_means_nothing_says_what_would() {
    for (query, hint) in [
        ("stauts:failed", "there are status place"),
        ("status:fialed", "running queued succeeded"),
        ("place:gpu", "lambda ecs none"),
        ("took:30s", "took>30s"),
        ("took>soon", "30s, 5m, 2h or 1d"),
        ("cost>much", "no number"),
        ("batch>1", "compared"),
        ("status:", "missing"),
        ("moved:no", "-is:moved"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.to_string().contains(hint), "{query}: {error}");
        assert_eq!(error.word, query);
    }
}

#[test]
fn times_are_written_as_people_do() {
    for (text, seconds) in [
        ("90", 90.0),
        ("30s", 30.0),
        ("1.5m", 90.0),
        ("2h", 7200.0),
        ("1d", 86_400.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
    ] {
        assert_eq!(duration(text), Some(seconds), "{text}");
    }
    for text in ["", "s", "1x", "h1", "1..2s", "-3s"] {
        assert_eq!(duration(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_a_minus_turns_it_round(text in "\\PC{0,40}", word in "[a-z]{1,6}") {
        let _ = Query::parse(&text);
        let run = run(&word, ExecutionStatus::Succeeded, Some(Place::Lambda));
        prop_assert!(finds(&word, &run));
        let turned = format!("-{word}");
        prop_assert!(!finds(&turned, &run));
    }
}
