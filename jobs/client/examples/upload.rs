//! How quick uploads are, and how much memory they take: `upload FOLDER` sends a folder to the local cloud's
//! S3, which runs in a process of its own, and prints seconds, MB/s and the peak of this process's memory.
//! `upload --serve` only serves, so that another client can be measured against the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use hyper_util::rt::TokioIo;
use local_cloud::s3::{ObjectStore, StoreSettings};
use tokio_util::sync::CancellationToken;
use whiteboarder_core::cost::Capacity;
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::submit::{Batch, CreateOptions, SubmitOptions, Wish, plan, scan, upload};
use whiteboarder_jobs::{Profile, Reporter, Target, stack};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = std::env::args().nth(1).expect("a folder, or --serve");
    if folder == "--serve" {
        return serve().await;
    }
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("--serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut endpoint = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut endpoint)
        .unwrap();
    let capacity = Capacity::lambda(2_048, 60.0);
    let (region, account) = ("us-east-1", "000000000000");
    let profile = Profile::local(
        endpoint.trim(),
        region,
        account,
        "access",
        "secret",
        capacity,
    );
    let target = Target::connect(profile).await.unwrap();

    let (silent, cancel) = (Reporter::silent(), CancellationToken::new());
    let recipe = Recipe::default();
    let began = Instant::now();
    let planned = plan(
        scan(&[folder.into()]).unwrap(),
        &recipe,
        Wish::Auto,
        &target.profile().lambda,
    );
    let bytes = planned.bytes() as f64 / 1e6;
    let options = CreateOptions::default();
    let batch = Batch::create(&target, planned, &recipe, &options, &silent, &cancel)
        .await
        .unwrap();
    let created = began.elapsed().as_secs_f64();
    let sent = upload(&target, &batch, &SubmitOptions::default(), &silent, &cancel)
        .await
        .unwrap();
    let all = began.elapsed().as_secs_f64();
    assert!(sent.failed.is_empty(), "{:?}", sent.failed);
    println!(
        "{} files, {bytes:.0} MB: hashed and claimed in {created:.2} s, all in {all:.2} s, {:.0} MB/s; {}",
        sent.sent,
        bytes / all,
        peak()
    );
    server.kill().unwrap();
    server.wait().unwrap();
}

/// The most memory that this process ever had, as the system tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("peak memory unknown").to_owned()
}

async fn serve() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = ObjectStore::open(folder.path(), StoreSettings::default()).unwrap();
    store.create_bucket(stack::LOCAL_BUCKET).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let service = store.service("access", "secret");
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(connection);
    }
}
