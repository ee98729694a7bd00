//! The configuration file, the variables, and profiles that are not the local cloud.

use std::fs;

use serde_json::json;

use crate::support::{Home, picture};

/// A home with this configuration file.
fn configured(text: impl AsRef<[u8]>) -> Home {
    let home = Home::new();
    home.folder("wb/config");
    fs::write(home.path("wb/config/config.toml"), text).unwrap();
    home
}

#[test]
fn a_mistake_in_the_file_is_one_sentence_with_its_line() {
    for (text, sentence) in [
        (
            "[local]\nlamda_memory_mb = 512\n",
            "line 2: unknown key `lamda_memory_mb` in [local]; did you mean `lambda_memory_mb`?",
        ),
        (
            "[local]\nlambda_memory_mb = 64\n",
            "line 2: `lambda_memory_mb` in [local] must be a whole number from 128 to 10240, but is 64",
        ),
        (
            "[local]\nworkers = \"two\"\n",
            "line 2: `workers` in [local] must be a whole number from 0 to 64, but is \"two\"",
        ),
        ("[local\n", "line 1: unclosed table, expected `]`"),
        (
            "[profiles.work]\nregion = \"eu-central-1\"\n",
            "line 1: [profiles.work] lacks `bucket`: the bucket that the batches lie in",
        ),
    ] {
        let home = configured(text);
        let ended = home.run(&["local", "status"]).expect(2);
        assert_eq!(ended.errors().len(), 1, "{}", ended.err);
        assert!(ended.errors()[0].ends_with(sentence), "{}", ended.err);
        assert!(
            ended.errors()[0].contains("config.toml line "),
            "{}",
            ended.err
        );
    }
}

#[test]
fn what_is_no_text_file_is_told_as_such() {
    let home = configured([0xff, 0xfe, b'a']);
    let ended = home.run(&["config", "show"]).expect(2);
    assert!(
        ended.errors()[0].ends_with("it is not text in UTF-8"),
        "{}",
        ended.err
    );
    fs::remove_file(home.path("wb/config/config.toml")).unwrap();
    home.folder("wb/config/config.toml");
    let ended = home.run(&["config", "show"]).expect(2);
    assert!(
        ended.errors()[0].ends_with("it is a folder"),
        "{}",
        ended.err
    );
    let ended = home
        .run(&["config", "show", "--config", "nowhere.toml"])
        .expect(2);
    assert_eq!(
        ended.errors(),
        ["error: cannot read the configuration nowhere.toml: no such file or folder"]
    );
}

#[test]
fn an_empty_file_is_fine() {
    for text in [
        "",
        "\n# nothing yet\n",
        "\u{feff}[local]\r\nworkers = 2\r\n",
    ] {
        configured(text).run(&["config", "show"]).expect(0);
    }
}

#[test]
fn a_flag_beats_a_variable_which_beats_the_file() {
    let home = configured("[local]\nlambda_timeout_s = 20\nworkers = 2\nidle_minutes = 1.5\n")
        .with("WHITEBOARDER_LOCAL_LAMBDA_TIMEOUT_S", "30");
    let show = home.run(&["config", "show", "--json"]).expect(0).json();
    for (key, value, from) in [
        ("local.lambda_timeout_s", "30", "variable"),
        ("local.workers", "2", "file"),
        ("local.idle_minutes", "1.5", "file"),
        ("local.lambda_memory_mb", "512", "default"),
        ("profile", "local", "default"),
    ] {
        assert_eq!(
            show["settings"][key],
            json!({ "value": value, "from": from }),
            "{key}"
        );
    }
    home.run(&["local", "start", "--lambda-timeout-s", "40"])
        .expect(0);
    let record = home.record().unwrap();
    assert_eq!(record["lambda_timeout_s"], 40);
    assert_eq!(record["workers"], 2);
}

#[test]
fn wrong_variables_and_flags_are_named_before_anything_starts() {
    let home = Home::new().with("WHITEBOARDER_LOCAL_WORKERS", "many");
    let ended = home.run(&["runs", "list"]).expect(2);
    assert_eq!(
        ended.errors(),
        ["error: WHITEBOARDER_LOCAL_WORKERS must be a whole number from 0 to 64, but is \"many\""]
    );
    assert!(home.record().is_none());
    let home = Home::new();
    for (flag, value) in [
        ("--workers", "65"),
        ("--lambda-memory-mb", "64"),
        ("--idle-minutes", "NaN"),
        ("--idle-minutes", "1e300"),
        ("--keep-days", "-1"),
        ("--port", "70000"),
        ("--durability", "some"),
    ] {
        let ended = home
            .run(&["local", "start", &format!("{flag}={value}")])
            .expect(2);
        assert!(ended.err.contains(": it must be "), "{flag}: {}", ended.err);
    }
    assert!(home.record().is_none());
}

#[test]
fn a_profile_with_an_endpoint_does_the_whole_job() {
    let cloud = Home::new();
    cloud.run(&["local", "start"]).expect(0);
    let record = cloud.record().unwrap();
    let text = |name: &str| record[name].as_str().unwrap().to_owned();
    let profile = format!(
        "[profiles.other]\nendpoint = \"http://127.0.0.1:{}\"\nregion = \"{}\"\nbucket = \"wb-local\"\n\
         state_machine_arn = \"arn:aws:states:{}:{}:stateMachine:whiteboarder\"\n",
        record["port"],
        text("region"),
        text("region"),
        text("account")
    );
    let home = configured(&profile)
        .with("AWS_ACCESS_KEY_ID", &text("access_key"))
        .with("AWS_SECRET_ACCESS_KEY", &text("secret_key"))
        .with("AWS_EC2_METADATA_DISABLED", "true");
    let photos = home.folder("photos");
    for seed in 0..2 {
        fs::write(photos.join(format!("{seed}.png")), picture(90, 70, seed)).unwrap();
    }
    home.run(&["submit", "photos", "-o", "out", "--profile", "other"])
        .expect(0);
    home.run(&["clean", "photos", "-o", "here"]).expect(0);
    for name in ["0.png.png", "1.png.png"] {
        let read = |folder: &str| fs::read(home.path(folder).join(name)).unwrap();
        assert_eq!(read("out"), read("here"), "{name}");
    }
    let list = home
        .run(&["runs", "list", "--json", "--profile", "other"])
        .expect(0)
        .json();
    assert_eq!(list["batches"][0]["cleaned"], 2);
    // It is the same batch as the cloud's owner sees.
    let own = cloud.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(own["batches"], list["batches"]);
    home.run(&["watch", "--plain", "--profile", "other"])
        .expect(0);
    home.run(&["runs", "delete", "latest", "--yes", "--profile", "other"])
        .expect(0);
    let own = cloud.run(&["runs", "list", "--json"]).expect(0).json();
    assert_eq!(own["batches"], json!([]));
    assert!(
        home.record().is_none(),
        "no local cloud of its own was started"
    );

    // By the configuration alone, and with wrong credentials.
    let home = configured(format!("profile = \"other\"\n{profile}"))
        .with("AWS_ACCESS_KEY_ID", &text("access_key"))
        .with("AWS_SECRET_ACCESS_KEY", "wrong")
        .with("AWS_EC2_METADATA_DISABLED", "true");
    let show = home.run(&["config", "show", "--json"]).expect(0).json();
    assert_eq!(
        show["settings"]["profile"],
        json!({ "value": "other", "from": "file" })
    );
    let ended = home.run(&["runs", "list"]).expect(3);
    assert_eq!(ended.errors().len(), 1, "{}", ended.err);
}

#[test]
fn an_unknown_profile_is_answered_with_those_there_are_and_the_nearest() {
    let home = configured(
        "[profiles.work]\nregion = \"r\"\nbucket = \"b\"\n\
         state_machine_arn = \"arn:aws:states:r:1:stateMachine:m\"\n",
    );
    let ended = home.run(&["runs", "list", "--profile", "wrok"]).expect(2);
    assert_eq!(ended.errors(), ["error: there is no profile `wrok`"]);
    assert!(ended.err.contains("there is local, work"), "{}", ended.err);
    let ended = home.run(&["runs", "list", "--profile", "wok"]).expect(2);
    assert_eq!(
        ended.errors(),
        ["error: there is no profile `wok`; did you mean `work`?"]
    );
}
