//! The main job against the embedded cloud: the real function behind both lanes, the real client in
//! front. The ECS lane's workers are this same test program, started again as [`role_worker`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use local_cloud::{
    Cloud, CloudConfig, Durability, FunctionConfig, Rehearsal, Rule, Stack, StateMachineConfig,
    Target as RuleTarget, WorkerGroup,
};
use loveless::{ActivitySource, FunctionSpec, WorkerSettings, run_worker};
use tokio_util::sync::CancellationToken;
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::cost::Capacity;
use whiteboarder_core::image::{Channels, Limits, Picture, encode_png};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_jobs::download::{Destination, download};
use whiteboarder_jobs::submit::{
    Batch, CreateOptions, SubmitOptions, Wish, load_manifest, plan, run, scan, upload,
};
use whiteboarder_jobs::track::{BatchStatus, FollowOptions, ItemState, ItemStatus, Place, follow};
use whiteboarder_jobs::{JobsError, Profile, Progress, Reporter, Target, names, runs, stack};

const FUNCTION: &str = env!("CARGO_BIN_EXE_whiteboarder-function");
const ACTIVITY: &str = "WB_TEST_ACTIVITY";
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";
const PLAN_MEMORY_MB: u32 = 256;

/// Not a test: the worker process of the ECS lane. Nothing to do unless the cloud started it.
#[tokio::test]
#[ignore = "a role that the other tests start"]
async fn role_worker() {
    let Ok(activity) = std::env::var(ACTIVITY) else {
        return;
    };
    let name = std::env::var("LOVELESS_WORKER_NAME").unwrap();
    let source = ActivitySource::connect(&activity, &name).await.unwrap();
    let env = [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ]
    .map(|name| (name.to_owned(), std::env::var(name).unwrap()));
    let function = FunctionSpec {
        name: stack::CLEAN_FUNCTION.into(),
        command: vec![FUNCTION.into()],
        env: BTreeMap::from(env),
        memory_mb: 4096,
        timeout: Duration::from_mins(5),
        region: REGION.into(),
        arn: stack::function_arn(REGION, ACCOUNT, stack::CLEAN_FUNCTION),
        extensions: None,
    };
    let settings = WorkerSettings {
        slots: 1,
        heartbeat: Duration::from_secs(3),
        name,
        ..WorkerSettings::default()
    };
    run_worker(
        settings,
        function,
        Arc::new(source),
        CancellationToken::new(),
    )
    .await;
}

fn config(root: &Path, lambda_memory_mb: u32, lambda_timeout_s: u32) -> CloudConfig {
    let function = |name: &str, memory_mb: u32, timeout_s: u32| FunctionConfig {
        name: name.into(),
        command: vec![FUNCTION.into()],
        env: BTreeMap::new(),
        memory_mb,
        timeout_s,
        concurrency: 2,
    };
    let machine = stack::state_machine_arn(REGION, ACCOUNT, stack::STATE_MACHINE_NAME);
    let values = stack::Substitutions::new(REGION, ACCOUNT, PLAN_MEMORY_MB, lambda_timeout_s);
    let worker = std::env::current_exe().unwrap();
    let role = ["role_worker", "--exact", "--ignored", "--nocapture"].map(str::to_owned);
    CloudConfig {
        root: root.into(),
        port: None,
        access_key: "local".into(),
        secret_key: "secret".into(),
        region: REGION.into(),
        account: ACCOUNT.into(),
        build: "test".into(),
        idle_after: None,
        durability: Durability::Normal,
        keep: None,
        rehearsal: Rehearsal::default(),
        stack: Stack {
            buckets: vec![stack::LOCAL_BUCKET.into()],
            functions: vec![
                function(stack::PLAN_FUNCTION, 256, 30),
                function(stack::CLEAN_FUNCTION, lambda_memory_mb, lambda_timeout_s),
                function(stack::RECORD_FUNCTION, 256, 30),
            ],
            activities: vec![stack::CLEAN_ACTIVITY.into()],
            workers: vec![WorkerGroup {
                activity: stack::CLEAN_ACTIVITY.into(),
                command: std::iter::once(worker.to_str().unwrap().to_owned())
                    .chain(role)
                    .collect(),
                count: 1,
                env: BTreeMap::from([(ACTIVITY.into(), "{activity_arn}".into())]),
            }],
            state_machines: vec![StateMachineConfig {
                name: stack::STATE_MACHINE_NAME.into(),
                definition: stack::substitute(stack::STATE_MACHINE, &values),
            }],
            rules: vec![
                Rule {
                    name: stack::INBOX_RULE.into(),
                    pattern: stack::inbox_pattern(stack::LOCAL_BUCKET),
                    target: RuleTarget::StateMachine {
                        name: stack::STATE_MACHINE_NAME.into(),
                    },
                },
                Rule {
                    name: stack::ENDED_RULE.into(),
                    pattern: stack::ended_pattern(&machine),
                    target: RuleTarget::Function {
                        name: stack::RECORD_FUNCTION.into(),
                    },
                },
            ],
            ..Stack::default()
        },
    }
}

struct World {
    folder: tempfile::TempDir,
    cloud: Cloud,
    target: Target,
    cancel: CancellationToken,
}

impl World {
    async fn new(lambda_memory_mb: u32, lambda_timeout_s: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cloud");
        let cloud = Cloud::start(config(&root, lambda_memory_mb, lambda_timeout_s))
            .await
            .unwrap();
        let profile = Profile::local(
            format!("http://{}", cloud.address()),
            REGION,
            ACCOUNT,
            "local",
            "secret",
            Capacity::lambda(PLAN_MEMORY_MB, f64::from(lambda_timeout_s)),
        );
        let target = Target::connect(profile).await.unwrap();
        std::fs::create_dir(folder.path().join("boards")).unwrap();
        Self {
            folder,
            cloud,
            target,
            cancel: CancellationToken::new(),
        }
    }

    fn boards(&self) -> PathBuf {
        self.folder.path().join("boards")
    }

    fn board(&self, name: &str, bytes: &[u8]) {
        let path = self.boards().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    async fn batch(&self, recipe: &Recipe, wish: Wish, reporter: &Reporter) -> Batch {
        let found = scan(&[self.boards()]).unwrap();
        let plan = plan(found, recipe, wish, &self.target.profile().lambda);
        let options = CreateOptions::default();
        Batch::create(&self.target, plan, recipe, &options, reporter, &self.cancel)
            .await
            .unwrap()
    }

    async fn run(&self, batch: &Batch, reporter: &Reporter) -> BatchStatus {
        let options = SubmitOptions::default();
        let done = run(&self.target, batch, &options, reporter, &self.cancel);
        tokio::time::timeout(Duration::from_mins(2), done)
            .await
            .expect("in time")
            .unwrap()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let list = self
            .target
            .s3()
            .list_objects_v2()
            .bucket(stack::LOCAL_BUCKET)
            .prefix(prefix);
        let listed = list.send().await.unwrap();
        listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }
}

/// A board with uneven light and some strokes.
fn board(width: u32, height: u32, channels: Channels) -> Vec<u8> {
    let samples = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data = samples
        .flat_map(|(x, y)| {
            let ink = x % 41 < 4 && y % 29 < 20;
            let light = 140 + x * 70 / width + y * 30 / height;
            let sample = if ink { 45 } else { light as u8 };
            std::iter::repeat_n(sample, channels.count())
        })
        .collect();
    encode_png(&Picture::new(width, height, channels, data).unwrap()).unwrap()
}

fn item<'a>(status: &'a BatchStatus, name: &str) -> &'a ItemStatus {
    status.items.iter().find(|item| item.name == name).unwrap()
}

fn cleaned(bytes: &[u8], recipe: &Recipe) -> Vec<u8> {
    clean_bytes(bytes, recipe, &Limits::default()).unwrap().png
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_cleaned_on_both_lanes_and_comes_back_byte_for_byte() {
    // A third of 4 s on a seventh of a processor: the model sends 2.7 megapixels elsewhere.
    let world = World::new(PLAN_MEMORY_MB, 4).await;
    let mut recipe = Recipe::default();
    recipe.finish.saturation += 0.125;
    let (small, large) = (
        board(300, 200, Channels::Grey),
        board(1800, 1500, Channels::Rgb),
    );
    world.board("small.png", &small);
    world.board("monday/großes Bild.png", &large);
    world.board("notes.txt", b"no picture");

    let (reporter, mut events) = Reporter::channel();
    let batch = world.batch(&recipe, Wish::Auto, &reporter).await;
    let stored = load_manifest(&world.target, batch.id()).await.unwrap();
    assert_eq!(
        stored, batch.manifest,
        "the manifest is there before the pictures"
    );
    assert_eq!(world.keys("inbox/").await.len(), 0);

    let status = world.run(&batch, &reporter).await;
    assert_eq!(status.count(ItemState::Cleaned), 2, "{status:#?}");
    let (one, other) = (
        item(&status, "small.png"),
        item(&status, "monday/großes Bild.png"),
    );
    assert_eq!(
        (one.planned, one.places.as_slice()),
        (Some(Place::Lambda), [Place::Lambda].as_slice())
    );
    assert_eq!(
        (other.planned, other.places.as_slice()),
        (Some(Place::Ecs), [Place::Ecs].as_slice())
    );
    assert_eq!(other.worker.as_deref(), Some("ecs-1"));
    assert!(!one.moved && !other.moved);
    assert!(
        other.why.ends_with("(Lambda with 256 MB and 4 s)"),
        "{}",
        other.why
    );
    let report = other.result.as_ref().unwrap();
    assert_eq!((report.width, report.height), (1800, 1500));
    assert!(report.seconds.total > 0.0 && report.peak_memory_mb.is_none_or(|mb| mb > 10.0));

    let into = Destination::Folder(world.folder.path().join("out"));
    let done = download(
        &world.target,
        &status,
        &into,
        &batch.inputs(),
        &reporter,
        &world.cancel,
    )
    .await;
    assert_eq!(done.unwrap().written.len(), 2);
    let out = |name: &str| std::fs::read(world.folder.path().join("out").join(name)).unwrap();
    assert!(out("small.png.png") == cleaned(&small, &recipe));
    assert!(out("monday/großes Bild.png.png") == cleaned(&large, &recipe));

    drop(reporter);
    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    let count = |wanted: fn(&Progress) -> bool| told.iter().filter(|event| wanted(event)).count();
    assert_eq!(
        count(|event| matches!(event, Progress::Uploaded { already: false, .. })),
        2
    );
    assert_eq!(
        count(|event| matches!(event, Progress::Cleaned { .. })),
        2,
        "once per item"
    );
    assert_eq!(count(|event| matches!(event, Progress::Failed { .. })), 0);
    assert_eq!(
        count(|event| matches!(event, Progress::Downloaded { .. })),
        2
    );
    for event in &told {
        let line = serde_json::to_value(event).unwrap();
        assert!(line["event"].is_string(), "{line}");
    }

    // Submitting the same batch again sends nothing and finds it done.
    let silent = Reporter::silent();
    let again = Batch::resume(
        &world.target,
        batch.id(),
        scan(&[world.boards()]).ok(),
        &silent,
        &world.cancel,
    );
    let again = again.await.unwrap();
    assert_eq!(again.sources.len(), 2);
    let (reporter, mut events) = Reporter::channel();
    let status = world.run(&again, &reporter).await;
    assert_eq!(status.count(ItemState::Cleaned), 2);
    drop(reporter);
    while let Some(event) = events.recv().await {
        assert!(
            !matches!(event, Progress::UploadStarted { .. }),
            "{event:?}"
        );
    }
    assert_eq!(
        world.keys(&names::runs_prefix(batch.id())).await.len(),
        2,
        "no second execution"
    );

    let listed = runs::list(&world.target, 10).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].cleaned, listed[0].failed),
        (1, 2, 0)
    );
    let begin = &batch.id()[..8];
    let resolved = runs::resolve(&world.target, &format!("{begin}/small.png"))
        .await
        .unwrap();
    assert_eq!(
        resolved,
        (batch.id().to_owned(), Some("small.png".to_owned()))
    );
    let (one, views) = runs::show_item(&world.target, batch.id(), "small.png")
        .await
        .unwrap();
    assert_eq!((one.state, views.len()), (ItemState::Cleaned, 1));
    let steps: Vec<_> = views[0]
        .steps
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(
        steps,
        ["Register", "Plan", "Place", "CleanOnLambda", "Done"]
    );

    let empty = runs::resolve(&world.target, "").await.unwrap_err();
    assert!(matches!(empty, JobsError::NoSuchBatch { .. }), "{empty}");
    let extent = runs::extent(&world.target, batch.id()).await.unwrap();
    let silent = Reporter::silent();
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = runs::delete(&world.target, batch.id(), &silent, &stop).await;
    assert!(matches!(stopped, Err(JobsError::Cancelled)), "{stopped:?}");
    // It can still be named, and so deleted.
    let deleted = runs::delete(&world.target, batch.id(), &silent, &world.cancel)
        .await
        .unwrap();
    assert_eq!((deleted.stopped, extent.unfinished), (0, 0));
    assert_eq!(
        deleted.objects,
        2 + 2 + 2 + 1,
        "originals, results, run records, manifest"
    );
    assert_eq!(
        extent.objects,
        deleted.objects + 2,
        "the claims went first, before the deletion was stopped"
    );
    assert_eq!(world.keys("").await, Vec::<String>::new());
    let gone = runs::show(&world.target, batch.id()).await.unwrap_err();
    assert!(matches!(gone, JobsError::NoSuchBatch { .. }), "{gone}");
    world.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_breaks_its_lambda_moves_to_a_worker_and_comes_out_the_same() {
    // 8 MB hold no function process at all: whatever runs there is killed.
    let world = World::new(8, 60).await;
    let picture = board(300, 200, Channels::Rgb);
    world.board("a.png", &picture);
    let recipe = Recipe::default();
    let silent = Reporter::silent();
    let batch = world.batch(&recipe, Wish::Lambda, &silent).await;
    let status = world.run(&batch, &silent).await;
    let moved = &status.items[0];
    assert_eq!(moved.state, ItemState::Cleaned, "{moved:#?}");
    assert!(moved.moved);
    assert_eq!(
        (moved.wished, moved.planned),
        (Wish::Lambda, Some(Place::Lambda))
    );
    assert_eq!(moved.places, [Place::Lambda, Place::Ecs]);
    assert_eq!(moved.attempts, 2);
    assert!(
        moved.moved_by.as_deref().unwrap().starts_with("Runtime."),
        "{:?}",
        moved.moved_by
    );
    let file = world.folder.path().join("one.png");
    let into = Destination::File(file.clone());
    download(&world.target, &status, &into, &[], &silent, &world.cancel)
        .await
        .unwrap();
    assert!(std::fs::read(file).unwrap() == cleaned(&picture, &recipe));
    world.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_picture_fails_alone_and_is_redriven_once_it_is_whole() {
    let world = World::new(PLAN_MEMORY_MB, 60).await;
    let whole = board(400, 300, Channels::Grey);
    world.board("good.png", &whole);
    world.board("broken.png", &whole[..whole.len() * 2 / 3]);
    let (recipe, silent) = (Recipe::default(), Reporter::silent());
    let batch = world.batch(&recipe, Wish::Auto, &silent).await;
    let status = world.run(&batch, &silent).await;
    assert_eq!(item(&status, "good.png").state, ItemState::Cleaned);
    let broken = item(&status, "broken.png");
    assert_eq!(broken.state, ItemState::Failed);
    assert_eq!(broken.error.as_deref(), Some("ImageCorrupt"));
    assert!(
        broken.message.as_deref().unwrap().contains("cut short"),
        "{:?}",
        broken.message
    );
    assert_eq!(
        (broken.attempts, broken.moved),
        (1, false),
        "it would be broken anywhere"
    );

    // The second rule has the reason written down, soon.
    let failed = names::failed_key(batch.id(), "broken.png");
    for _ in 0..100 {
        if world.keys("failed/").await == [failed.clone()] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(world.keys("failed/").await, [failed]);
    assert_eq!(runs::list(&world.target, 1).await.unwrap()[0].failed, 1);

    // A good file in its place starts an execution of its own; the redrive repairs the old one.
    let put = world.target.s3().put_object().bucket(stack::LOCAL_BUCKET);
    let put = put
        .key(names::inbox_key(batch.id(), "broken.png"))
        .body(whole.clone().into());
    put.send().await.unwrap();
    let acted = runs::redrive(&world.target, batch.id(), None, &silent, &world.cancel).await;
    let acted = acted.unwrap();
    assert_eq!(acted.failed, []);
    assert_eq!(acted.done.len() + acted.skipped.len(), 2);
    assert!(
        acted
            .skipped
            .contains(&("good.png".into(), "it is cleaned".into()))
    );

    let options = FollowOptions::default();
    let following = follow(
        &world.target,
        &batch.manifest,
        &options,
        &silent,
        &world.cancel,
    );
    let status = tokio::time::timeout(Duration::from_mins(1), following)
        .await
        .unwrap()
        .unwrap();
    let repaired = item(&status, "broken.png");
    assert_eq!(repaired.state, ItemState::Cleaned, "{repaired:#?}");
    for _ in 0..100 {
        if world.keys("failed/").await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(world.keys("failed/").await, Vec::<String>::new());
    let into = Destination::Folder(world.folder.path().join("out"));
    download(&world.target, &status, &into, &[], &silent, &world.cancel)
        .await
        .unwrap();
    let out = std::fs::read(world.folder.path().join("out/broken.png.png")).unwrap();
    assert!(out == cleaned(&whole, &recipe));
    world.cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloud_that_goes_away_and_comes_back_on_another_port_loses_nothing() {
    let World {
        folder,
        cloud,
        target,
        cancel,
    } = World::new(PLAN_MEMORY_MB, 60).await;
    let boards = folder.path().join("boards");
    // No two alike: what is alike is sent once.
    for (name, width) in [("a.png", 500), ("b.png", 510), ("c.png", 520)] {
        std::fs::write(boards.join(name), board(width, 400, Channels::Rgb)).unwrap();
    }
    let (reporter, mut events) = Reporter::channel();
    let recipe = Recipe::default();
    let plan = plan(
        scan(&[boards]).unwrap(),
        &recipe,
        Wish::Auto,
        &target.profile().lambda,
    );
    let batch = Batch::create(
        &target,
        plan,
        &recipe,
        &CreateOptions::default(),
        &reporter,
        &cancel,
    )
    .await
    .unwrap();
    let options = SubmitOptions::default();
    let sent = upload(&target, &batch, &options, &reporter, &cancel)
        .await
        .unwrap();
    assert_eq!(sent.sent, 3);
    cloud.stop(false).await;

    let following = tokio::spawn({
        let (target, batch, cancel) = (target.clone(), batch.clone(), cancel.clone());
        async move {
            follow(
                &target,
                &batch.manifest,
                &options.follow,
                &reporter,
                &cancel,
            )
            .await
        }
    });
    loop {
        if let Progress::Offline { error, .. } = events.recv().await.unwrap() {
            assert!(
                error.starts_with("cannot reach http://127.0.0.1:"),
                "{error}"
            );
            break;
        }
    }
    let root = folder.path().join("cloud");
    let cloud = Cloud::start(config(&root, PLAN_MEMORY_MB, 60))
        .await
        .unwrap();
    let endpoint = Some(format!("http://{}", cloud.address()));
    target
        .reconnect(Profile {
            endpoint,
            ..(*target.profile()).clone()
        })
        .await
        .unwrap();
    let status = tokio::time::timeout(Duration::from_secs(90), following)
        .await
        .unwrap();
    let status = status.unwrap().unwrap();
    assert_eq!(status.count(ItemState::Cleaned), 3, "{status:#?}");
    for item in &status.items {
        assert_eq!(item.executions.len(), 1, "each was counted once: {item:#?}");
    }
    cloud.stop(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_files_go_up_in_parts_and_interrupted_batches_go_on() {
    let world = World::new(PLAN_MEMORY_MB, 60).await;
    // Beyond what goes up in one piece. No picture, so that nobody has to clean it.
    let large: Vec<u8> = (0..(65 << 20) + 17_u32)
        .map(|i| (i >> 5) as u8 ^ i as u8)
        .collect();
    world.board("large.jpg", &large);
    world.board("small.png", &board(30, 20, Channels::Grey));
    let recipe = Recipe::default();
    let (reporter, mut events) = Reporter::channel();
    let batch = world.batch(&recipe, Wish::Auto, &reporter).await;
    batch.remember(&world.folder.path().join("state")).unwrap();
    let options = SubmitOptions::default();

    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let stopped = upload(&world.target, &batch, &options, &reporter, &cancelled).await;
    assert!(matches!(stopped, Err(JobsError::Cancelled)));
    assert_eq!(world.keys("inbox/").await, Vec::<String>::new());

    // Another process goes on: it knows the files from its own notes.
    let files = Batch::recall(&world.folder.path().join("state"), batch.id()).unwrap();
    let batch = Batch::resume(
        &world.target,
        batch.id(),
        files,
        &Reporter::silent(),
        &world.cancel,
    )
    .await
    .unwrap();
    let sent = upload(&world.target, &batch, &options, &reporter, &world.cancel)
        .await
        .unwrap();
    assert_eq!((sent.sent, sent.already, sent.failed.len()), (2, 0, 0));
    let key = names::inbox_key(batch.id(), "large.jpg");
    let object = world
        .target
        .s3()
        .get_object()
        .bucket(stack::LOCAL_BUCKET)
        .key(key);
    let object = object.send().await.unwrap();
    let metadata = object.metadata().unwrap().clone();
    assert_eq!(metadata[names::META_SHA256], batch.manifest.items[0].sha256);
    assert_eq!(metadata[names::META_PLACE], "auto");
    assert_eq!(metadata[names::META_RECIPE], "{}");
    assert!(
        object.e_tag().unwrap().trim_matches('"').ends_with("-9"),
        "nine parts"
    );
    assert!(object.body.collect().await.unwrap().into_bytes() == large);
    let sent = upload(&world.target, &batch, &options, &reporter, &world.cancel)
        .await
        .unwrap();
    assert_eq!((sent.sent, sent.already), (0, 2));

    drop(reporter);
    let mut last = 0;
    while let Some(event) = events.recv().await {
        if let Progress::UploadProgress { item, sent, bytes } = event
            && item == "large.jpg"
        {
            assert!(sent >= last && sent <= bytes, "{last} → {sent} of {bytes}");
            last = sent;
        }
    }
    assert_eq!(last, large.len() as u64);

    // A file that changed is not what the manifest promised.
    world.board("small.png", &board(31, 20, Channels::Grey));
    let files = scan(&[world.boards()]).ok();
    let batch = Batch::resume(
        &world.target,
        batch.id(),
        files,
        &Reporter::silent(),
        &world.cancel,
    )
    .await
    .unwrap();
    assert!(!batch.sources.contains_key("small.png"));
    world.cloud.stop(false).await;
}

#[tokio::test]
async fn what_cannot_be_reached_or_used_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("cloud");
    let mut config = config(&root, 256, 60);
    config.stack = Stack {
        buckets: vec![stack::LOCAL_BUCKET.into()],
        state_machines: vec![StateMachineConfig {
            name: stack::STATE_MACHINE_NAME.into(),
            definition: r#"{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}"#.into(),
        }],
        ..Stack::default()
    };
    let cloud = Cloud::start(config).await.unwrap();
    let endpoint = format!("http://{}", cloud.address());
    let profile = |secret: &str| {
        let lambda = Capacity::lambda(256, 60.0);
        Profile::local(endpoint.clone(), REGION, ACCOUNT, "local", secret, lambda)
    };
    let target = Target::connect(profile("secret")).await.unwrap();
    let none = runs::show(&target, "01NOPE").await.unwrap_err();
    assert_eq!(
        none.to_string(),
        "there is no batch `01NOPE` in bucket `wb-local`"
    );

    let wrong = Target::connect(Profile {
        bucket: "other".into(),
        ..profile("secret")
    })
    .await;
    let wrong = wrong.unwrap_err();
    assert_eq!(
        wrong.to_string(),
        format!("there is no bucket `other` at {endpoint}")
    );
    let other = stack::state_machine_arn(REGION, ACCOUNT, "other");
    let wrong = Target::connect(Profile {
        state_machine_arn: other.clone(),
        ..profile("secret")
    })
    .await;
    let wrong = wrong.unwrap_err();
    assert_eq!(
        wrong.to_string(),
        format!("there is no state machine {other}")
    );
    let denied = Target::connect(profile("wrong")).await.unwrap_err();
    assert!(matches!(denied, JobsError::Credentials { .. }), "{denied}");

    cloud.stop(false).await;
    let gone = target.check().await.unwrap_err();
    let words = gone.to_string();
    assert!(
        words.starts_with(&format!("cannot reach {endpoint}: ")),
        "{words}"
    );
    assert!(words.contains("connection refused"), "{words}");
    assert!(gone.is_transient() && gone.hint().is_some());
}
