//! Versions and aliases.

use serde_json::{Value, json};

use super::support::*;

fn says(word: &str) -> Value {
    json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": word, "End": true}}})
}

/// A machine with two versions, the first of which says `one`; gives its ARN.
async fn two_versions(bench: &Bench) -> String {
    let body = json!({"name": "m", "definition": says("one").to_string(), "roleArn": ROLE,
        "publish": true, "versionDescription": "first"});
    let made = bench.ok("CreateStateMachine", body).await;
    let machine = text(&made["stateMachineArn"]);
    assert_eq!(made["stateMachineVersionArn"], format!("{machine}:1"));
    let update = json!({"stateMachineArn": machine, "definition": says("two").to_string(),
        "publish": true});
    let updated = bench.ok("UpdateStateMachine", update).await;
    assert_eq!(updated["stateMachineVersionArn"], format!("{machine}:2"));
    machine
}

#[tokio::test]
async fn a_version_stays_what_it_was() {
    let bench = Bench::new();
    let machine = two_versions(&bench).await;
    let first = format!("{machine}:1");
    let execution = bench.start(&first, "e", &json!({})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], "\"one\"");
    assert_eq!(described["stateMachineVersionArn"], json!(first));
    assert_eq!(described["stateMachineArn"], json!(machine));
    let own = bench.start(&machine, "own", &json!({})).await;
    let own = bench.ended(&own).await;
    assert_eq!(own["output"], "\"two\"");
    assert_eq!(own.get("stateMachineVersionArn"), None);

    let version = bench
        .ok("DescribeStateMachine", json!({ "stateMachineArn": first }))
        .await;
    assert_eq!(version["definition"], says("one").to_string());
    assert_eq!(version["description"], "first");
    let listed = bench
        .ok(
            "ListStateMachineVersions",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    let numbers: Vec<String> = listed["stateMachineVersions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| text(&version["stateMachineVersionArn"]))
        .collect();
    assert_eq!(numbers, [format!("{machine}:2"), first.clone()]);
    // Publishing what has not changed makes no other version.
    let publish = json!({ "stateMachineArn": machine });
    let again = bench
        .ok("PublishStateMachineVersion", publish.clone())
        .await;
    assert_eq!(again["stateMachineVersionArn"], format!("{machine}:2"));
    let mut old = publish;
    old["revisionId"] = json!("INITIAL");
    assert_eq!(
        bench.refused("PublishStateMachineVersion", old).await.code,
        "ConflictException"
    );
    let only = bench
        .ok("ListExecutions", json!({ "stateMachineArn": first }))
        .await;
    assert_eq!(only["executions"].as_array().unwrap().len(), 1);
    let missing = format!("{machine}:9");
    let refused = bench
        .refused("StartExecution", json!({ "stateMachineArn": missing }))
        .await;
    assert_eq!(refused.code, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn an_alias_leads_to_versions_by_their_weights() {
    let bench = Bench::new();
    let machine = two_versions(&bench).await;
    let route = |one: u32, two: u32| {
        let versions = [(1, one), (2, two)]
            .into_iter()
            .filter(|(_, weight)| *weight > 0);
        let routes: Vec<Value> = versions
            .map(|(version, weight)| {
                json!({"stateMachineVersionArn": format!("{machine}:{version}"), "weight": weight})
            })
            .collect();
        json!(routes)
    };
    let create = json!({"name": "live", "routingConfiguration": route(100, 0)});
    let alias =
        text(&bench.ok("CreateStateMachineAlias", create.clone()).await["stateMachineAliasArn"]);
    assert_eq!(alias, format!("{machine}:live"));
    bench.ok("CreateStateMachineAlias", create).await;
    let execution = bench.start(&alias, "e", &json!({})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], "\"one\"");
    assert_eq!(described["stateMachineAliasArn"], json!(alias));

    let update = json!({"stateMachineAliasArn": alias, "routingConfiguration": route(50, 50)});
    bench.ok("UpdateStateMachineAlias", update).await;
    let mut outputs = Vec::new();
    for number in 0..60 {
        let execution = bench.start(&alias, &format!("x{number}"), &json!({})).await;
        outputs.push(text(&bench.ended(&execution).await["output"]));
    }
    assert!(outputs.contains(&"\"one\"".to_owned()) && outputs.contains(&"\"two\"".to_owned()));

    let first = json!({"stateMachineVersionArn": format!("{machine}:1")});
    let refused = bench
        .refused("DeleteStateMachineVersion", first.clone())
        .await;
    assert_eq!(refused.code, "ConflictException");
    for wrong in [
        route(60, 60),
        json!([]),
        json!([{"stateMachineVersionArn": format!("{machine}:7"), "weight": 100}]),
    ] {
        let body = json!({"name": "other", "routingConfiguration": wrong});
        bench.refused("CreateStateMachineAlias", body).await;
    }
    let described = bench
        .ok(
            "DescribeStateMachineAlias",
            json!({ "stateMachineAliasArn": alias }),
        )
        .await;
    assert_eq!(described["routingConfiguration"], route(50, 50));
    let listed = bench
        .ok(
            "ListStateMachineAliases",
            json!({ "stateMachineArn": machine }),
        )
        .await;
    assert_eq!(listed["stateMachineAliases"].as_array().unwrap().len(), 1);
    bench
        .ok(
            "DeleteStateMachineAlias",
            json!({ "stateMachineAliasArn": alias }),
        )
        .await;
    bench.ok("DeleteStateMachineVersion", first).await;
    let gone = bench
        .refused(
            "DescribeStateMachineAlias",
            json!({ "stateMachineAliasArn": alias }),
        )
        .await;
    assert_eq!(gone.code, "ResourceNotFound");
}

#[tokio::test]
async fn a_list_of_one_version_has_full_pages() {
    let bench = Bench::new();
    let machine = two_versions(&bench).await;
    let (first, second) = (format!("{machine}:1"), format!("{machine}:2"));
    // Between any two of the first version there are others.
    for _ in 0..6 {
        for version in [&first, &second, &machine] {
            let name = uuid::Uuid::new_v4().to_string();
            let execution = bench.start(version, &name, &json!({})).await;
            bench.ended(&execution).await;
        }
    }
    let mut body = json!({ "stateMachineArn": first, "maxResults": 2 });
    for page in 0..3 {
        let list = bench.ok("ListExecutions", body.clone()).await;
        let found = list["executions"].as_array().unwrap();
        assert_eq!(found.len(), 2, "page {page}: {list}");
        assert!(
            found
                .iter()
                .all(|execution| execution["stateMachineVersionArn"] == first),
            "{list}"
        );
        body["nextToken"] = list["nextToken"].clone();
    }
    assert!(body["nextToken"].is_null());
}
