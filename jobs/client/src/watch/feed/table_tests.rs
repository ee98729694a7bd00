use std::time::Duration;

use super::learn::AGAIN;
use super::pick::{SEEN_EVERY, UNSEEN_EVERY};
use super::*;
use crate::track::event::Event;

fn listed(index: i64, status: ExecutionStatus) -> ListedExecution {
    ListedExecution {
        arn: format!("arn:e{index}"),
        name: format!("e{index}"),
        status,
        started_ms: index,
        stopped_ms: (status != Running).then_some(1_000 + index),
        redrives: 0,
    }
}

struct World {
    table: Table,
    cache: Cache,
    now: Instant,
}

impl World {
    fn new(scope: Option<Scope>) -> Self {
        Self {
            table: Table::new(scope),
            cache: Cache::in_memory(),
            now: Instant::now(),
        }
    }

    fn merge(&mut self, listed: ListedExecution) -> Merged {
        self.table.merge(listed, None, &self.cache, self.now).1
    }

    fn pick(&mut self) -> Option<String> {
        let index = self.table.pick(true, false, self.now)?;
        Some(self.table.entries[index].run.name.clone())
    }

    /// Its history says this.
    fn read(&mut self, name: &str, kinds: &[&str]) {
        let index = self.table.find(&format!("arn:{name}")).unwrap();
        let mut fold = self.table.fold(index);
        for (at, kind) in (fold.last_event() + 1..).zip(kinds) {
            fold.apply(&Event {
                id: at,
                time_ms: 5_000 + at as i64,
                kind: (*kind).to_owned(),
                ..Event::default()
            });
        }
        self.table.read(index, fold, &mut self.cache, self.now);
    }

    fn run(&self, name: &str) -> &Run {
        self.table.run(&format!("arn:{name}")).unwrap()
    }
}

use ExecutionStatus::{Failed, Running, Succeeded};

const DONE: [&str; 2] = ["ExecutionStarted", "ExecutionSucceeded"];

#[test]
fn what_is_on_screen_is_read_first_then_what_runs_then_the_newest_that_ended() {
    let mut world = World::new(None);
    for index in 0..5 {
        world.merge(listed(index, Succeeded));
    }
    world.merge(listed(9, Running));
    let screen = ["arn:e1", "arn:e0"].map(str::to_owned);
    world.table.set_visible(&screen);
    let order: Vec<_> = std::iter::from_fn(|| world.pick()).collect();
    assert_eq!(order.len(), 6);
    assert_eq!(order[..2], ["e1", "e0"]);
    // A part of the reads is the backlog's, whatever else there is.
    assert!(order[2..4].contains(&"e9".to_owned()), "{order:?}");
    let newest: Vec<_> = order.iter().skip(2).filter(|name| *name != "e9").collect();
    assert_eq!(newest, ["e4", "e3", "e2"]);
}

#[test]
fn what_ended_while_we_looked_on_comes_before_the_backlog() {
    let mut world = World::new(None);
    world.merge(listed(1, Running));
    for index in 2..9 {
        world.merge(listed(index, Succeeded));
    }
    assert_eq!(world.merge(listed(1, Failed)), Merged::Changed);
    assert_eq!(world.pick().as_deref(), Some("e1"));
}

#[test]
fn one_that_is_read_is_not_picked_until_it_is_due() {
    let mut world = World::new(None);
    world.merge(listed(1, Running));
    world.table.set_visible(&["arn:e1".to_owned()]);
    assert_eq!(world.pick().as_deref(), Some("e1"));
    assert_eq!(world.pick(), None, "it is being read");
    world.read("e1", &["ExecutionStarted"]);
    assert_eq!(world.pick(), None);
    world.now += SEEN_EVERY;
    assert_eq!(world.pick().as_deref(), Some("e1"));
    world.read("e1", &[]);
    world.table.set_visible(&[]);
    world.now += SEEN_EVERY;
    assert_eq!(world.pick(), None, "off screen it is read less often");
    world.now += UNSEEN_EVERY;
    assert_eq!(world.pick().as_deref(), Some("e1"));
}

#[test]
fn a_finished_execution_is_read_once_and_remembered() {
    let mut world = World::new(None);
    world.merge(listed(1, Succeeded));
    world.pick().unwrap();
    world.read("e1", &DONE);
    assert!(world.run("e1").digest.is_some());
    assert_eq!(world.cache.len(), 1);
    assert_eq!(world.merge(listed(1, Succeeded)), Merged::Same);
    world.now += Duration::from_hours(1);
    assert_eq!(world.pick(), None);

    let mut other = Table::new(None);
    other.merge(listed(1, Succeeded), None, &world.cache, world.now);
    assert_eq!(other.entries[0].run.digest, world.run("e1").digest);
    assert_eq!(other.pick(true, false, world.now), None);
}

#[test]
fn a_history_may_tell_of_the_end_before_the_list_does() {
    let mut world = World::new(None);
    world.merge(listed(1, Running));
    world.pick().unwrap();
    world.read("e1", &DONE);
    assert_eq!(world.run("e1").status, Succeeded);
    assert!(world.cache.is_empty(), "the list says when exactly");
    assert_eq!(
        world.merge(listed(1, Running)),
        Merged::Same,
        "it is behind"
    );
    assert_eq!(world.merge(listed(1, Succeeded)), Merged::Changed);
    assert_eq!(world.run("e1").stopped_ms, Some(1_001));
    assert_eq!(world.pick(), None, "it was read to its end");
    world.table.remember(0, &mut world.cache);
    assert_eq!(world.cache.len(), 1);
}

#[test]
fn a_list_may_tell_of_the_end_before_the_history_does() {
    let mut world = World::new(None);
    world.merge(listed(1, Running));
    world.pick().unwrap();
    world.merge(listed(1, Succeeded));
    world.read("e1", &["ExecutionStarted"]);
    assert_eq!(world.run("e1").status, Succeeded);
    assert_eq!(world.pick(), None);
    world.now += AGAIN;
    assert_eq!(world.pick().as_deref(), Some("e1"));
    world.read("e1", &["ExecutionSucceeded"]);
    assert_eq!(world.cache.len(), 1);
}

#[test]
fn one_that_was_redriven_is_read_again() {
    let mut world = World::new(None);
    world.merge(listed(1, Failed));
    world.pick().unwrap();
    world.read("e1", &["ExecutionStarted", "ExecutionFailed"]);
    let mut again = listed(1, Running);
    assert_eq!(world.merge(again.clone()), Merged::Same, "an old page");
    again.redrives = 1;
    assert_eq!(world.merge(again.clone()), Merged::Changed);
    assert_eq!(world.pick().as_deref(), Some("e1"));
    world.read(
        "e1",
        &["ExecutionStarted", "ExecutionFailed", "ExecutionRedriven"],
    );
    again.status = Succeeded;
    again.stopped_ms = Some(9_000);
    world.merge(again);
    assert_eq!(world.pick().as_deref(), Some("e1"));
    world.read("e1", &["ExecutionSucceeded"]);
    assert!(world.cache.get("e1", 1, 9_000).is_some());
}

#[test]
fn the_same_name_in_another_cloud_is_another_execution() {
    let mut world = World::new(None);
    world.merge(listed(1, Succeeded));
    world.pick().unwrap();
    world.read("e1", &DONE);
    let mut other = listed(1, Running);
    other.started_ms = 77;
    assert_eq!(world.merge(other), Merged::New);
    assert_eq!(world.run("e1").digest, None);
    assert_eq!(world.pick().as_deref(), Some("e1"));
}

#[test]
fn of_a_batch_only_its_own_are_told_and_what_may_be_of_it_is_read() {
    let mut world = World::new(Some(Scope {
        batch: "b".to_owned(),
        since_ms: 5,
    }));
    for index in [1, 6, 7, 8] {
        world.merge(listed(index, Succeeded));
    }
    let of = |batch: &str| Subject {
        batch: batch.to_owned(),
        name: "a.jpg".to_owned(),
    };
    world.table.set_subject(2, &of("b"));
    world.table.set_subject(3, &of("c"));
    let told = world.table.take_changed();
    let told: Vec<_> = told.iter().map(|run| run.name.as_str()).collect();
    assert_eq!((told, world.table.count()), (vec!["e7"], 1));
    let read: Vec<_> = std::iter::from_fn(|| world.pick()).collect();
    assert_eq!(read, ["e7", "e6"], "not the older, not the other's");
    world.table.set_subject(1, &of("b"));
    assert_eq!(world.table.take_changed()[0].name, "e6");
}

#[test]
fn what_cannot_be_read_is_tried_less_and_less_and_what_is_gone_never_again() {
    let mut world = World::new(None);
    world.merge(listed(1, Succeeded));
    let mut tries = 0;
    for _ in 0..3_600 {
        if let Some(index) = world.table.pick(true, false, world.now) {
            tries += 1;
            let fold = world.table.fold(index);
            world.table.unread(index, fold, false, world.now);
        }
        world.now += Duration::from_secs(1);
    }
    assert!((8..30).contains(&tries), "{tries}");
    world.now += Duration::from_hours(1);
    let index = world.table.pick(true, false, world.now).unwrap();
    let fold = world.table.fold(index);
    world.table.unread(index, fold, true, world.now);
    world.now += Duration::from_hours(1);
    assert_eq!(world.pick(), None);
}
