//! How quick the engine is over the real protocol: signed HTTP requests on kept connections, state on the disk.
//!
//! ```text
//! cargo run --release -p local-cloud --example load                      both durability modes, 100,000 executions
//! cargo run --release -p local-cloud --example load -- --beside URL      a server of moto in the same run
//! cargo run -p local-cloud --example load -- --quick                     a few seconds: that it still works
//! ```
//!
//! The cloud runs in a process of its own (`load --serve FOLDER MODE`), so that its memory and threads are its own.
//! `--folder FOLDER` says where its data goes, by default where temporary files go; `--only WHAT` measures only what
//! has WHAT in its name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod client;
mod measures;
mod server;
mod stored;

use std::path::{Path, PathBuf};
use std::time::Duration;

use local_cloud::Durability;

use client::Target;
use measures::Size;
use server::Server;

/// What is asked for on the command line.
struct Asked {
    quick: bool,
    beside: Option<String>,
    folder: PathBuf,
    only: String,
}

impl Asked {
    fn read(arguments: &[String]) -> Asked {
        let mut asked = Asked {
            quick: false,
            beside: None,
            folder: std::env::temp_dir(),
            only: String::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("a value").clone();
            match argument.as_str() {
                "--quick" => asked.quick = true,
                "--beside" => asked.beside = Some(value()),
                "--folder" => asked.folder = value().into(),
                "--only" => asked.only = value(),
                other => {
                    println!("unknown argument {other}; load.rs's first lines say what there is");
                    std::process::exit(2);
                }
            }
        }
        asked
    }

    fn wants(&self, what: &str) -> bool {
        what.contains(&self.only)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if let [serve, folder, mode] = arguments.as_slice()
        && serve == "--serve"
    {
        return runtime.block_on(server::serve(Path::new(folder), durability(mode)));
    }
    let asked = Asked::read(&arguments);
    runtime.block_on(run(&asked));
}

fn durability(mode: &str) -> Durability {
    match mode {
        "full" => Durability::Full,
        _ => Durability::Normal,
    }
}

async fn run(asked: &Asked) {
    let size = if asked.quick {
        Size::QUICK
    } else {
        Size::WHOLE
    };
    for mode in ["normal", "full"] {
        println!("## durability = {mode}");
        let folder = tempfile::tempdir_in(&asked.folder).unwrap();
        let mut server = Server::start(folder.path(), mode);
        engine(asked, &size, &server.target).await;
        if asked.wants("polls") {
            measures::polls(&server, size.polls).await;
        }
        if asked.wants("stored") && mode == "normal" {
            stored::fill_and_list(&server, size.stored).await;
            let stopped = server.stop();
            let started = std::time::Instant::now();
            server = Server::start(folder.path(), mode);
            client::Connection::open(&server.target)
                .await
                .call("ListStateMachines", &serde_json::json!({}))
                .await;
            let took = started.elapsed();
            row("start-up to the first answer, with those stored", &ms(took));
            row("the stop before it", &ms(stopped));
        }
        server.stop();
    }
    if let Some(url) = &asked.beside {
        println!("## {url}");
        engine(asked, &Size::SLOW, &Target::foreign(url).await).await;
    }
}

/// What both can do.
async fn engine(asked: &Asked, size: &Size, target: &Target) {
    if asked.wants("three") {
        measures::three_passes(target, size.rounds).await;
    }
    if asked.wants("clients") {
        measures::clients(target, size.clients, size.seconds).await;
    }
    if asked.wants("chain") {
        measures::states(target, "chain of 200 Pass", &measures::chain(200), size).await;
    }
    if asked.wants("map") {
        measures::states(target, "inline Map of 200", &measures::map(200), size).await;
    }
    if asked.wants("activity") && target.has_activities {
        measures::activity(target, size.rounds).await;
    }
}

/// One figure.
fn row(what: &str, figure: &str) {
    println!("{what:<56} {figure}");
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
