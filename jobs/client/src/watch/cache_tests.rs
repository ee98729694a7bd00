use std::io::Write;

use super::*;
use crate::track::ExecutionStatus;

const MACHINE: &str = "arn:aws:states:eu-west-1:111122223333:stateMachine:m";

fn run(index: usize) -> Run {
    Run {
        arn: format!("arn:aws:states:eu-west-1:111122223333:execution:m:e{index}"),
        name: format!("e{index}"),
        status: ExecutionStatus::Succeeded,
        started_ms: 5,
        stopped_ms: Some(1_000 + index as i64),
        digest: Some(Arc::new(Digest {
            last_event: index as u64,
            workers: vec!["w".to_owned()],
            ..Digest::default()
        })),
        ..Run::default()
    }
}

fn knows(cache: &Cache, run: &Run) -> bool {
    let stopped = run.stopped_ms.unwrap();
    let found = cache.get(&run.name, run.redrives, stopped);
    found.is_some_and(|(digest, subject)| {
        Some(digest) == run.digest.as_ref() && subject == run.subject.as_ref()
    })
}

fn file_in(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap();
    files.next().unwrap().unwrap().path()
}

#[test]
fn what_one_process_learnt_the_next_one_knows() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Cache::open(folder.path(), MACHINE, "aws");
    let mut with_item = run(1);
    with_item.subject = Some(Subject {
        batch: "b".to_owned(),
        name: "a.jpg".to_owned(),
    });
    first.put(&run(0));
    first.put(&with_item);
    drop(first);
    let second = Cache::open(folder.path(), MACHINE, "aws");
    assert_eq!(second.len(), 2);
    assert!(knows(&second, &run(0)) && knows(&second, &with_item));
    let elsewhere = Cache::open(folder.path(), MACHINE, "http://10.0.0.1");
    assert!(elsewhere.is_empty(), "another target is another file");
}

#[test]
fn another_end_is_another_execution() {
    let mut cache = Cache::in_memory();
    cache.put(&run(1));
    assert!(cache.get("e1", 0, 1_001).is_some());
    assert!(cache.get("e1", 0, 1_002).is_none(), "of another cloud");
    assert!(cache.get("e1", 1, 1_001).is_none(), "redriven since");
    let mut running = run(2);
    running.stopped_ms = None;
    cache.put(&running);
    assert_eq!(cache.len(), 1);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _cache = Cache::open(folder.path(), MACHINE, "aws");
    let mode = std::fs::metadata(file_in(folder.path())).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_line_that_broke_off_costs_that_line_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path(), MACHINE, "aws");
    cache.put(&run(0));
    cache.put(&run(1));
    drop(cache);
    let path = file_in(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let mut cache = Cache::open(folder.path(), MACHINE, "aws");
    assert_eq!(cache.len(), 1);
    cache.put(&run(2));
    drop(cache);
    let cache = Cache::open(folder.path(), MACHINE, "aws");
    assert!(knows(&cache, &run(0)) && !knows(&cache, &run(1)) && knows(&cache, &run(2)));
}

#[test]
fn what_is_no_cache_of_ours_is_begun_anew() {
    for content in [
        "",
        "nonsense\nmore\n",
        "{\"kind\":\"whiteboarder executions\",\"version\":99}\n{\"n\":1}\n",
        "\u{0}\u{0}\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        drop(Cache::open(folder.path(), MACHINE, "aws"));
        std::fs::write(file_in(folder.path()), content).unwrap();
        let mut cache = Cache::open(folder.path(), MACHINE, "aws");
        assert!(cache.is_empty());
        cache.put(&run(0));
        drop(cache);
        let again = Cache::open(folder.path(), MACHINE, "aws");
        assert!(knows(&again, &run(0)), "{content:?}");
    }
}

#[test]
fn damage_in_the_middle_costs_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path(), MACHINE, "aws");
    (0..3).for_each(|index| cache.put(&run(index)));
    drop(cache);
    let path = file_in(folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[2] = "{\"n\":\"e1\",\"t\":";
    std::fs::write(&path, lines.join("\n")).unwrap();
    let cache = Cache::open(folder.path(), MACHINE, "aws");
    assert_eq!(cache.len(), 2);
}

#[test]
fn several_write_at_the_same_time_and_every_line_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let caches: Vec<_> = (0..4)
        .map(|_| Cache::open(folder.path(), MACHINE, "aws"))
        .collect();
    std::thread::scope(|scope| {
        for (part, mut cache) in caches.into_iter().enumerate() {
            scope.spawn(move || {
                for index in 0..200 {
                    cache.put(&run(part * 1_000 + index));
                    cache.flush();
                }
            });
        }
    });
    let text = std::fs::read_to_string(file_in(folder.path())).unwrap();
    assert_eq!(text.lines().count(), 801);
    assert_eq!(Cache::open(folder.path(), MACHINE, "aws").len(), 800);
}

#[test]
fn a_file_of_superseded_lines_is_written_anew_unless_another_has_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path(), MACHINE, "aws");
    for redrives in 0..1_500 {
        let mut run = run(0);
        run.redrives = redrives;
        cache.put(&run);
    }
    cache.flush();
    let path = file_in(folder.path());
    let lines = || std::fs::read_to_string(&path).unwrap().lines().count();
    drop(Cache::open(folder.path(), MACHINE, "aws"));
    assert_eq!(lines(), 1_501, "it is open");
    drop(cache);
    let cache = Cache::open(folder.path(), MACHINE, "aws");
    assert_eq!(lines(), 2);
    assert!(cache.get("e0", 1_499, 1_000).is_some());
}

#[test]
fn a_folder_that_cannot_be_used_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap().write_all(b"x").unwrap();
    let mut cache = Cache::open(&file, MACHINE, "aws");
    cache.put(&run(0));
    cache.flush();
    assert!(knows(&cache, &run(0)));
}
