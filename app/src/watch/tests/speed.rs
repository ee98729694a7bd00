//! How long a frame takes with ten thousand executions. Tests assert no times, so this one only prints them:
//! `cargo test --release --workspace --bin whiteboarder -- --ignored --nocapture watch::tests::speed`.

#![allow(clippy::print_stdout, reason = "what it is for")]

use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::model::{Model, Msg};
use super::super::update::update;
use super::super::view::view;
use super::fixture::{press, theme, watching};

fn frame(model: &mut Model, screen: &mut Terminal<TestBackend>, key: &str) -> Duration {
    let began = Instant::now();
    press(model, &[key]);
    let theme = theme(true, false);
    screen
        .draw(|frame| view(model, &theme, frame, frame.area()))
        .unwrap();
    began.elapsed()
}

fn told(name: &str, mut frames: Vec<Duration>) {
    frames.sort_unstable();
    let at = |share: usize| frames[(frames.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "{name:<24} p50 {:.2} ms, p95 {:.2} ms, most {:.2} ms of {}",
        at(50),
        at(95),
        at(100),
        frames.len()
    );
}

#[test]
#[ignore = "prints times, asserts nothing"]
fn frames_of_ten_thousand_executions() {
    let mut model = watching(10_000, (120, 40));
    let mut screen = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let keys = ["j", "j", "j", "PgDn", "k"];
    let scrolled = (0..500).map(|at| frame(&mut model, &mut screen, keys[at % keys.len()]));
    told("scrolling", scrolled.collect());
    let mut typed = Vec::new();
    for _ in 0..10 {
        typed.push(frame(&mut model, &mut screen, "/"));
        for key in "status:failed board".chars().map(String::from) {
            let key = if key == " " { "Space".to_owned() } else { key };
            typed.push(frame(&mut model, &mut screen, &key));
        }
        typed.push(frame(&mut model, &mut screen, "Esc"));
    }
    told("typing a filter", typed);
    let sorted = (0..60).map(|_| frame(&mut model, &mut screen, "s"));
    told("sorting", sorted.collect());
    let chips = (0..60).map(|_| frame(&mut model, &mut screen, "f"));
    told("filtering by status", chips.collect());
    let news = (0..50).map(|_| {
        let began = Instant::now();
        let runs = super::fixture::runs(1_000);
        update(
            &mut model,
            Msg::News(vec![whiteboarder_jobs::watch::News::Runs(runs)]),
        );
        frame(&mut model, &mut screen, "k");
        began.elapsed()
    });
    told("a page of 1,000 changes", news.collect());
}
