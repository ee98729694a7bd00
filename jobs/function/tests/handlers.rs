//! The three actions against objects in memory, through the same door as on Lambda.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use whiteboarder_core::clean::clean_bytes;
use whiteboarder_core::image::{Channels, Limits, Picture, encode_png};
use whiteboarder_core::recipe::Recipe;
use whiteboarder_function::objects::{Info, Objects, StorageError};
use whiteboarder_function::{FunctionError, Machine, handle};

#[derive(Default)]
struct Memory {
    objects: Mutex<BTreeMap<String, (Info, Bytes)>>,
    /// Every call that went through, as `GET key 0-9`.
    calls: Mutex<Vec<String>>,
    broken: bool,
}

impl Memory {
    fn with(key: &str, body: &[u8], metadata: &[(&str, &str)]) -> Self {
        let memory = Self::default();
        memory.store(
            key,
            Bytes::copy_from_slice(body),
            owned(metadata),
            1_000_000,
        );
        memory
    }

    fn store(&self, key: &str, body: Bytes, metadata: HashMap<String, String>, modified_ms: i64) {
        let bytes = body.len() as u64;
        let info = Info {
            bytes,
            etag: format!("etag-{bytes}"),
            modified_ms,
            metadata,
        };
        self.objects
            .lock()
            .unwrap()
            .insert(key.to_owned(), (info, body));
    }

    fn call(&self, text: String) -> Result<(), StorageError> {
        self.calls.lock().unwrap().push(text);
        if self.broken {
            Err(StorageError::Fault("503 SlowDown".into()))
        } else {
            Ok(())
        }
    }

    fn found(&self, key: &str) -> Option<(Info, Bytes)> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }
}

fn owned(metadata: &[(&str, &str)]) -> HashMap<String, String> {
    metadata
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

impl Objects for Memory {
    async fn head(&self, _: &str, key: &str) -> Result<Option<Info>, StorageError> {
        self.call(format!("HEAD {key}"))?;
        Ok(self.found(key).map(|(info, _)| info))
    }

    async fn get_range(
        &self,
        _: &str,
        key: &str,
        offset: u64,
        count: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        self.call(format!("GET {key} {offset}-{}", offset + count - 1))?;
        Ok(self.found(key).map(|(_, body)| {
            let end = body.len().min((offset + count) as usize);
            body.slice(offset as usize..end)
        }))
    }

    async fn get(
        &self,
        _: &str,
        key: &str,
        limit: u64,
    ) -> Result<Option<(Info, Bytes)>, StorageError> {
        self.call(format!("GET {key}"))?;
        match self.found(key) {
            Some((info, _)) if info.bytes > limit => Err(StorageError::TooLarge {
                bytes: info.bytes,
                limit,
            }),
            found => Ok(found),
        }
    }

    async fn put(
        &self,
        _: &str,
        key: &str,
        body: Bytes,
        content_type: &str,
        metadata: HashMap<String, String>,
    ) -> Result<String, StorageError> {
        self.call(format!("PUT {key} {content_type}"))?;
        self.store(key, body, metadata, 2_000_000);
        Ok(self.found(key).unwrap().0.etag)
    }

    async fn delete(&self, _: &str, key: &str) -> Result<(), StorageError> {
        self.call(format!("DELETE {key}"))?;
        self.objects.lock().unwrap().remove(key);
        Ok(())
    }
}

const KEY: &str = "inbox/01B/mo/a.png";

fn board(width: u32, height: u32) -> Vec<u8> {
    let data: Vec<u8> = (0..width * height)
        .map(|i| {
            let (x, y) = (i % width, i / width);
            let ink = x % 11 == 3 && y % 7 < 4;
            if ink {
                40
            } else {
                (150 + x * 60 / width + y * 30 / height) as u8
            }
        })
        .collect();
    encode_png(&Picture::new(width, height, Channels::Grey, data).unwrap()).unwrap()
}

async fn call(objects: &Memory, event: Value) -> Result<Value, FunctionError> {
    handle(objects, &Machine::new(256), &event).await
}

async fn plan(objects: &Memory, memory_mb: u32, timeout_s: f64) -> Result<Value, FunctionError> {
    let limits = json!({"memory_mb": memory_mb.to_string(), "timeout_s": timeout_s});
    let event =
        json!({"action": "plan", "bucket": "b", "key": KEY, "execution": "e", "limits": limits});
    call(objects, event).await
}

async fn clean(objects: &Memory, place: &str) -> Result<Value, FunctionError> {
    let event =
        json!({"action": "clean", "bucket": "b", "key": KEY, "execution": "e", "place": place});
    call(objects, event).await
}

#[tokio::test]
async fn plan_reads_the_header_only_and_puts_a_small_picture_on_lambda() {
    let small = board(320, 200);
    let objects = Memory::with(KEY, &small, &[]);
    let answer = plan(&objects, 1769, 60.0).await.unwrap();
    assert_eq!(answer["place"], "lambda");
    assert_eq!(answer["wished"], "auto");
    assert_eq!(answer["image"]["width"], 320);
    assert_eq!(answer["image"]["height"], 200);
    assert_eq!(answer["image"]["format"], "PNG");
    assert_eq!(answer["image"]["channels"], 1);
    assert_eq!(
        answer["limits"]["task_timeout_s"], 70,
        "a whole number for TimeoutSecondsPath"
    );
    assert_eq!(answer["recipe_hash"], Recipe::default().hash());
    assert!(
        answer["why"]
            .as_str()
            .unwrap()
            .contains("fit Lambda with 1769 MB and 60 s")
    );
    let calls = objects.calls.into_inner().unwrap();
    assert_eq!(
        calls,
        [
            format!("HEAD {KEY}"),
            // At most 256 KiB; this one is smaller.
            format!("GET {KEY} 0-{}", small.len() - 1)
        ]
    );
}

#[tokio::test]
async fn plan_sends_to_ecs_what_does_not_fit_unless_lambda_was_asked_for() {
    for (wish, place, why) in [
        ("auto", "ecs", "it needs about"),
        ("lambda", "lambda", "asked for, although it needs about"),
        ("ecs", "ecs", "asked for"),
    ] {
        let objects = Memory::with(KEY, &board(320, 200), &[("wb-place", wish)]);
        let answer = plan(&objects, 20, 60.0).await.unwrap();
        assert_eq!(answer["place"], place, "{wish}");
        assert_eq!(answer["wished"], wish);
        assert!(answer["why"].as_str().unwrap().starts_with(why), "{answer}");
    }
}

/// An uncompressed TIFF of grey whose directory comes after the pixels, as most programs write it.
fn tiff(width: u16, height: u16) -> Vec<u8> {
    let pixels = usize::from(width) * usize::from(height);
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((8 + pixels as u32).to_le_bytes());
    bytes.resize(8 + pixels, 200);
    let tags: [(u16, u32); 9] = [
        (256, u32::from(width)),
        (257, u32::from(height)),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, u32::from(height)),
        (279, pixels as u32),
    ];
    bytes.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(b"\x04\0\x01\0\0\0");
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

#[tokio::test]
async fn plan_fetches_a_directory_at_the_end_by_a_second_small_range() {
    let objects = Memory::with(KEY, &tiff(4000, 3000), &[]);
    let answer = plan(&objects, 1769, 60.0).await.unwrap();
    assert_eq!(answer["image"]["format"], "TIFF");
    assert_eq!(
        (&answer["image"]["width"], &answer["image"]["height"]),
        (&json!(4000), &json!(3000))
    );
    let calls = objects.calls.lock().unwrap().clone();
    assert_eq!(
        calls,
        [
            format!("HEAD {KEY}"),
            format!("GET {KEY} 0-262143"),
            // The file ends soon after.
            format!("GET {KEY} 12000008-12000121"),
        ]
    );
    let cut = Memory::with(KEY, &tiff(4000, 3000)[..5_000_000], &[]);
    assert_eq!(
        plan(&cut, 1769, 60.0).await.unwrap_err().name(),
        "ImageCorrupt"
    );
}

#[tokio::test]
async fn plan_names_what_is_wrong() {
    let name = |result: Result<Value, FunctionError>| result.unwrap_err().name();
    assert_eq!(
        name(plan(&Memory::default(), 256, 60.0).await),
        "ObjectMissing"
    );
    let text = Memory::with(KEY, b"hello, I am no picture at all", &[]);
    assert_eq!(name(plan(&text, 256, 60.0).await), "ImageUnsupported");
    let recipe = Memory::with(KEY, &board(8, 8), &[("wb-recipe", "{\"nonsense\":1}")]);
    assert_eq!(name(plan(&recipe, 256, 60.0).await), "RecipeInvalid");
    let cut = Memory::with(KEY, &board(64, 64)[..20], &[]);
    assert_eq!(name(plan(&cut, 256, 60.0).await), "ImageCorrupt");
    // An empty object has no range to ask for.
    let empty = Memory::with(KEY, b"", &[]);
    assert!(name(plan(&empty, 256, 60.0).await).starts_with("Image"));
    assert_eq!(empty.calls.lock().unwrap().len(), 1);
    let broken = Memory {
        broken: true,
        ..Memory::with(KEY, &board(8, 8), &[])
    };
    assert_eq!(name(plan(&broken, 256, 60.0).await), "StorageFault");
}

#[tokio::test]
async fn clean_tells_that_a_file_holds_more_pictures() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../core/tests/fixtures");
    let animated = std::fs::read(format!("{fixtures}/animated.webp")).unwrap();
    let answer = clean(&Memory::with(KEY, &animated, &[]), "lambda").await;
    assert_eq!(answer.unwrap()["more_pictures"], true);
}

#[tokio::test]
async fn clean_stores_what_core_makes_in_both_lanes_and_forgets_the_failure() {
    let mut recipe = Recipe::default();
    recipe.finish.saturation += 0.25;
    let board = board(200, 150);
    let expected = clean_bytes(&board, &recipe, &Limits::default())
        .unwrap()
        .png;
    for place in ["lambda", "ecs"] {
        let sha = hex::encode(Sha256::digest(&board));
        let metadata = [("wb-recipe", &*recipe.differences()), ("wb-sha256", &*sha)];
        let objects = Memory::with(KEY, &board, &metadata);
        objects.store("failed/01B/mo/a.png.json", Bytes::new(), HashMap::new(), 5);
        let answer = clean(&objects, place).await.unwrap();

        let (stored, body) = objects.found("cleaned/01B/mo/a.png.png").unwrap();
        assert!(body == expected, "the result is core's, byte for byte");
        let output_sha = hex::encode(Sha256::digest(&body));
        assert_eq!(stored.metadata["wb-sha256"], output_sha);
        assert_eq!(stored.metadata["wb-source-sha256"], sha);
        assert_eq!(stored.metadata["wb-place"], place);
        assert_eq!(stored.metadata["wb-recipe-hash"], recipe.hash());
        let size: usize = stored.metadata.iter().map(|(k, v)| k.len() + v.len()).sum();
        assert!(size < 2048, "S3 takes 2 KB of metadata, this is {size}");
        let timings: Value = serde_json::from_str(&stored.metadata["wb-timings"]).unwrap();
        assert!(timings["background"].is_number());

        assert_eq!(answer["output"]["sha256"], output_sha);
        assert_eq!(answer["output"]["key"], "cleaned/01B/mo/a.png.png");
        assert_eq!(answer["place"], place);
        assert_eq!(answer["chosen"]["surface"], "light");
        assert_eq!(answer["more_pictures"], false);
        assert_eq!(
            (&answer["width"], &answer["height"]),
            (&json!(200), &json!(150))
        );
        assert!(answer["seconds"]["total"].as_f64() >= answer["seconds"]["encode"].as_f64());
        assert_eq!(answer["cold_start"], true);
        assert!(
            answer.get("peak_memory_mb").is_some(),
            "present even where it is null"
        );
        assert_eq!(objects.keys(), ["cleaned/01B/mo/a.png.png", KEY]);
    }
}

#[tokio::test]
async fn cleaning_twice_changes_nothing() {
    let objects = Memory::with(KEY, &board(64, 48), &[]);
    let machine = Machine::new(256);
    let event = json!({"action": "clean", "bucket": "b", "key": KEY, "place": "ecs"});
    let first = handle(&objects, &machine, &event).await.unwrap();
    let second = handle(&objects, &machine, &event).await.unwrap();
    assert_eq!(first["output"], second["output"]);
    assert_eq!(
        (&first["cold_start"], &second["cold_start"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn clean_names_what_is_wrong_and_stores_nothing() {
    let whole = board(64, 48);
    let cut = &whole[..whole.len() / 2];
    for (body, metadata, name) in [
        (cut, vec![], "ImageCorrupt"),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(),
            vec![],
            "ImageUnsupported",
        ),
        (
            b"GIF89a and so on, long enough".as_slice(),
            vec![],
            "ImageUnsupported",
        ),
        (&whole, vec![("wb-sha256", "00")], "ImageCorrupt"),
        (&whole, vec![("wb-recipe", "not json")], "RecipeInvalid"),
    ] {
        let objects = Memory::with(KEY, body, &metadata);
        let error = clean(&objects, "lambda").await.unwrap_err();
        assert_eq!(error.name(), name, "{error}");
        let diagnostic = lambda_runtime::Diagnostic::from(error);
        assert_eq!(
            diagnostic.error_type, name,
            "the errorType is exactly the name"
        );
        assert!(!diagnostic.error_message.is_empty());
        assert_eq!(objects.keys(), [KEY]);
    }
    assert_eq!(
        clean(&Memory::default(), "ecs").await.unwrap_err().name(),
        "ObjectMissing"
    );
}

fn ended(status: &str, started_ms: i64) -> Value {
    let input = json!({"detail": {"bucket": {"name": "b"}, "object": {"key": KEY}}});
    let cause = json!({"errorType": "ImageCorrupt", "errorMessage": "it ends early"});
    json!({
        "version": "0", "source": "aws.states", "time": "2026-11-21T04:00:00Z",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"executionArn": "arn:e", "status": status, "startDate": started_ms,
            "input": input.to_string(), "error": "ImageCorrupt", "cause": cause.to_string()},
    })
}

#[tokio::test]
async fn record_says_why_in_words() {
    let objects = Memory::default();
    let answer = call(&objects, ended("FAILED", 1_000_000)).await.unwrap();
    assert_eq!(
        answer,
        json!({"recorded": true, "key": "failed/01B/mo/a.png.json"})
    );
    let (_, body) = objects.found("failed/01B/mo/a.png.json").unwrap();
    let failure: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(failure["message"], "it ends early");
    assert_eq!(failure["error"], "ImageCorrupt");
    assert_eq!(failure["execution"], "arn:e");
    assert_eq!(failure["time"], "2026-11-21T04:00:00Z");
    assert_eq!(objects.keys().len(), 1, "it writes nothing else");
}

#[tokio::test]
async fn a_late_failure_does_not_speak_against_a_newer_result() {
    for (cleaned_ms, recorded) in [(999_000, true), (1_000_000, false), (1_500_000, false)] {
        let objects = Memory::default();
        objects.store(
            "cleaned/01B/mo/a.png.png",
            Bytes::new(),
            HashMap::new(),
            cleaned_ms,
        );
        let answer = call(&objects, ended("ABORTED", 1_000_400)).await.unwrap();
        assert_eq!(answer["recorded"], recorded, "result of {cleaned_ms}");
        assert_eq!(
            objects.found("failed/01B/mo/a.png.json").is_some(),
            recorded
        );
    }
}
