use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use insta::assert_snapshot;
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::{Channels, Limits, Picture, encode_png};

use super::cleaner::Cleaner;
use super::*;
use crate::studio::fixture::{drawn, drive, press, studio, wait};
use crate::studio::message::{Effect, Msg};
use crate::studio::model::{Layer, Leave, Model, PhotoState};
use crate::studio::update::update;

const SIZE: (u16, u16) = (80, 24);
const PATIENCE: Duration = Duration::from_mins(1);

fn orders(effects: Vec<Effect>) -> Option<(Vec<Group>, Existing)> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Clean { groups, existing } => Some((groups, existing)),
        _ => None,
    })
}

fn photos(group: &Group) -> Vec<usize> {
    group.jobs.iter().map(|job| job.photo).collect()
}

fn tell(model: &mut Model, news: News) -> Vec<Effect> {
    update(model, Msg::Cleaning(news))
}

/// Four photographs of which the second has its own recipe, and all of them are cleaned.
fn cleaning() -> Model {
    let mut model = studio(4, SIZE);
    let effects = drive(&mut model, ". lll T o W a");
    let (groups, existing) = orders(effects).unwrap();
    assert_eq!(existing, Existing::Ask);
    let all: Vec<Vec<usize>> = groups.iter().map(photos).collect();
    assert_eq!(all, [vec![0, 2, 3], vec![1]]);
    assert!((groups[1].recipe.background.small - 2.5).abs() < 1e-9);
    tell(
        &mut model,
        News::Begun((0..4).map(|photo| (photo, 12_000_000)).collect()),
    );
    model
}

#[test]
fn each_photograph_is_cleaned_by_the_recipe_that_counts_for_it() {
    let mut model = cleaning();
    assert!(model.has_unwritten_changes());
    for photo in 0..4 {
        tell(
            &mut model,
            News::Cleaned {
                photo,
                failed: None,
            },
        );
    }
    tell(&mut model, News::Ended(None));
    assert!(!model.acting.running);
    assert_eq!(model.film.written.len(), 4);
    assert_eq!(model.written.len(), 4);
    assert!(!model.has_unwritten_changes());
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .starts_with("4 photographs cleaned")
    );
}

#[test]
fn only_the_marked_ones_when_that_is_wanted_and_never_what_cannot_be_read() {
    let mut model = studio(5, SIZE);
    model.photos[3].state = PhotoState::Refused("no picture".to_owned());
    let (groups, _) = orders(drive(&mut model, ". <Space>. <Space>. <Space> W m")).unwrap();
    assert_eq!(photos(&groups[0]), [1, 2]);
}

#[test]
fn what_is_there_is_asked_about_once() {
    for (key, wanted) in [
        ("r", Some(Existing::Replace)),
        ("s", Some(Existing::Skip)),
        ("<Esc>", None),
    ] {
        let mut model = studio(4, SIZE);
        drive(&mut model, "W a");
        tell(&mut model, News::Exists(2));
        assert_eq!(model.layer, Some(Layer::Existing(2)));
        let again = orders(drive(&mut model, key)).map(|(_, existing)| existing);
        assert_eq!(again, wanted);
        assert_eq!(model.acting.running, wanted.is_some());
    }
}

#[test]
fn stopping_and_leaving_are_asked_about_while_it_runs() {
    let mut model = cleaning();
    tell(
        &mut model,
        News::Cleaned {
            photo: 0,
            failed: None,
        },
    );
    drive(&mut model, "<Esc> n");
    assert!(model.acting.running && !model.acting.stopping);
    assert!(drive(&mut model, "<Esc> y").contains(&Effect::StopCleaning));
    assert!(model.acting.stopping);
    tell(&mut model, News::Ended(None));
    assert!(
        model
            .toast
            .as_ref()
            .unwrap()
            .text
            .starts_with("stopped: 1 of 4")
    );

    let mut model = cleaning();
    assert!(drive(&mut model, "q n").is_empty());
    let effects = press(&mut model, "q y");
    // The changes are asked about next; then it leaves.
    assert!(effects.contains(&Effect::StopCleaning));
    tell(&mut model, News::Ended(None));
    let effects = press(&mut model, "y");
    assert!(effects.contains(&Effect::Quit(Leave::Quit)));
}

#[test]
fn progress_stands_in_the_status_row_and_failures_are_listed_at_the_end() {
    let mut model = cleaning();
    tell(
        &mut model,
        News::Cleaned {
            photo: 0,
            failed: None,
        },
    );
    let failed = Some("the JPEG file is cut short: it ends before its picture does".to_owned());
    tell(&mut model, News::Cleaned { photo: 2, failed });
    wait(&mut model, 4000);
    model.toast = None;
    let status = drawn(&model).lines().nth(22).unwrap().to_owned();
    assert!(status.contains("2/4  ✗ 1  0.5/s  4.0 s left"), "{status}");
    tell(
        &mut model,
        News::Cleaned {
            photo: 3,
            failed: None,
        },
    );
    tell(
        &mut model,
        News::Cleaned {
            photo: 1,
            failed: None,
        },
    );
    tell(&mut model, News::Ended(None));
    model.toast = None;
    assert_snapshot!("failures", drawn(&model));
    drive(&mut model, "<Esc> .");
    model.toast = None;
    let screen = drawn(&model);
    assert!(screen.contains("✗ board-3.jpg"), "{screen}");
    assert!(
        screen.contains("not cleaned: the JPEG file is cut short"),
        "{screen}"
    );
}

fn board(path: &Path, shade: u8) {
    let data = (0..60 * 40 * 3).map(|n| shade + (n % 50) as u8).collect();
    let picture = Picture::new(60, 40, Channels::Rgb, data).unwrap();
    std::fs::write(path, encode_png(&picture).unwrap()).unwrap();
}

/// Three boards, the second of which is broken, and the third has another recipe.
fn real(folder: &Path) -> Vec<Group> {
    let job = |photo: usize| {
        let name = format!("{photo}.png");
        let path = folder.join(&name);
        board(&path, 100 + 50 * photo as u8);
        let output = folder.join("out").join(format!("{name}.png"));
        Job {
            photo,
            path,
            name,
            output,
        }
    };
    let jobs: Vec<Job> = (0..3).map(job).collect();
    std::fs::write(&jobs[1].path, "no picture").unwrap();
    let mut other = Recipe::default();
    other.finish.white = 80.0;
    let (shared, own) = jobs.split_at(2);
    let group = |recipe: Recipe, jobs: &[Job]| Group {
        recipe,
        jobs: jobs.to_vec(),
    };
    vec![group(Recipe::default(), shared), group(other, own)]
}

fn start(groups: &[Group], existing: Existing) -> (Cleaner, Receiver<News>) {
    let (sender, news) = channel();
    let cleaner = Cleaner::start(groups.to_vec(), existing, move |told| {
        let _ = sender.send(told);
    });
    (cleaner.unwrap(), news)
}

/// All that is told until it has ended.
fn until_end(news: &Receiver<News>) -> Vec<News> {
    let mut all = Vec::new();
    loop {
        let told = news.recv_timeout(PATIENCE).unwrap();
        let last = matches!(told, News::Ended(_) | News::Exists(_));
        all.push(told);
        if last {
            return all;
        }
    }
}

#[test]
fn real_files_become_what_clean_writes_and_a_broken_one_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let groups = real(folder.path());
    let (_cleaner, news) = start(&groups, Existing::Ask);
    let told = until_end(&news);
    assert_eq!(told[0], News::Begun(vec![(0, 2400), (1, 0), (2, 2400)]));
    assert_eq!(told.last(), Some(&News::Ended(None)));
    let failed = told.iter().filter_map(|news| match news {
        News::Cleaned { photo, failed } => failed.as_ref().map(|why| (*photo, why)),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].0 == 1 && failed[0].1.starts_with("this is not a"));
    for group in &groups {
        for job in group.jobs.iter().filter(|job| job.photo != 1) {
            let bytes = std::fs::read(&job.path).unwrap();
            let cleaned = clean_bytes(&bytes, &group.recipe, &Limits::default()).unwrap();
            assert!(
                std::fs::read(&job.output).unwrap() == cleaned.png,
                "{}",
                job.name
            );
        }
    }
}

#[test]
fn results_that_are_there_are_told_kept_or_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let groups = real(folder.path());
    let mine = &groups[0].jobs[0].output;
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(mine, "mine").unwrap();
    let (_first, news) = start(&groups, Existing::Ask);
    assert_eq!(until_end(&news), [News::Exists(1)]);
    assert_eq!(
        std::fs::read_dir(folder.path().join("out"))
            .unwrap()
            .count(),
        1
    );
    let (_second, news) = start(&groups, Existing::Skip);
    assert_eq!(until_end(&news)[0], News::Begun(vec![(1, 0), (2, 2400)]));
    assert_eq!(std::fs::read(mine).unwrap(), b"mine");
    let (_third, news) = start(&groups, Existing::Replace);
    until_end(&news);
    assert_ne!(std::fs::read(mine).unwrap(), b"mine");
}

#[test]
fn once_it_is_stopped_nothing_is_written_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let groups = real(folder.path());
    let (cleaner, news) = start(&groups, Existing::Replace);
    drop(cleaner);
    let out = folder.path().join("out");
    let count = || std::fs::read_dir(&out).map_or(0, Iterator::count);
    let there = count();
    let told = until_end(&news);
    assert_eq!(told.last(), Some(&News::Ended(None)));
    let cleaned = |news: &&News| matches!(news, News::Cleaned { failed: None, .. });
    assert_eq!(
        told.iter().filter(cleaned).count(),
        there,
        "what is told is there"
    );
    assert_eq!(count(), there);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let groups = real(folder.path());
    std::fs::write(folder.path().join("out"), "a file").unwrap();
    let (_cleaner, news) = start(&groups, Existing::Replace);
    let told = until_end(&news);
    assert!(
        matches!(&told[..], [News::Ended(Some(why))] if why.contains("cannot write")),
        "{told:?}"
    );
}
