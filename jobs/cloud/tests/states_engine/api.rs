//! What clients notice of machines, validation, tags and errors.

use serde_json::{Value, json};

use super::support::*;

fn create(name: &str, definition: &str) -> Value {
    json!({ "name": name, "definition": definition, "roleArn": ROLE })
}

#[tokio::test]
async fn creating_a_machine_again_is_the_same_machine() {
    let bench = Bench::new();
    let definition = wait(1).to_string();
    let first = bench
        .ok("CreateStateMachine", create("m", &definition))
        .await;
    let mut again = create("m", &definition);
    again["roleArn"] = json!("arn:aws:iam::000000000000:role/other");
    assert_eq!(bench.ok("CreateStateMachine", again).await, first);

    // Other white space is another definition.
    let spaced = format!("{definition} ");
    let other = bench
        .refused("CreateStateMachine", create("m", &spaced))
        .await;
    let arn = text(&first["stateMachineArn"]);
    assert_eq!(other.code, "StateMachineAlreadyExists");
    assert_eq!(
        other.message,
        format!("State Machine Already Exists: '{arn}'")
    );

    let described = bench
        .ok("DescribeStateMachine", json!({ "stateMachineArn": arn }))
        .await;
    assert_eq!(
        described,
        json!({
            "stateMachineArn": arn,
            "name": "m",
            "status": "ACTIVE",
            "definition": definition,
            "roleArn": ROLE,
            "type": "STANDARD",
            "creationDate": first["creationDate"],
            "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
            "tracingConfiguration": { "enabled": false },
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        })
    );
}

#[tokio::test]
async fn an_update_that_changes_nothing_keeps_the_revision() {
    let bench = Bench::new();
    let arn = bench.machine("m", &wait(1)).await;
    let same = json!({ "stateMachineArn": arn, "definition": wait(1).to_string() });
    assert_eq!(
        bench
            .ok("UpdateStateMachine", same.clone())
            .await
            .get("revisionId"),
        None
    );
    let other = json!({ "stateMachineArn": arn, "definition": wait(2).to_string() });
    let updated = bench.ok("UpdateStateMachine", other.clone()).await;
    assert_eq!(
        bench.ok("UpdateStateMachine", other).await["revisionId"],
        updated["revisionId"]
    );
    let back = bench.ok("UpdateStateMachine", same).await;
    assert_ne!(back["revisionId"], updated["revisionId"]);

    let nothing = bench
        .refused("UpdateStateMachine", json!({ "stateMachineArn": arn }))
        .await;
    assert_eq!(nothing.code, "MissingRequiredParameter");
}

#[tokio::test]
async fn ensuring_a_machine_creates_it_and_then_updates_it() {
    let bench = Bench::new();
    let (one, two) = (wait(1).to_string(), wait(2).to_string());
    let arn = bench.engine.ensure_state_machine("m", &one).await.unwrap();
    assert_eq!(
        bench.engine.ensure_state_machine("m", &one).await.unwrap(),
        arn
    );
    assert_eq!(
        bench.engine.ensure_state_machine("m", &two).await.unwrap(),
        arn
    );
    let described = bench
        .ok("DescribeStateMachine", json!({ "stateMachineArn": arn }))
        .await;
    assert_eq!(described["definition"], json!(two));
    let invalid = bench
        .engine
        .ensure_state_machine("m", "{}")
        .await
        .unwrap_err();
    assert_eq!(invalid.code, "InvalidDefinition");
}

#[tokio::test]
async fn what_this_cloud_cannot_do_is_refused_by_name() {
    let bench = Bench::new();
    let mut definition = lambda("echo");
    definition["States"]["Call"]["Resource"] = json!("arn:aws:states:::aws-sdk:dynamodb:getItem");
    let refused = bench
        .refused("CreateStateMachine", create("m", &definition.to_string()))
        .await;
    assert_eq!(refused.code, "InvalidDefinition");
    assert!(
        refused
            .message
            .contains("arn:aws:states:::aws-sdk:dynamodb:getItem"),
        "{refused}"
    );
    assert!(
        refused.message.contains("/States/Call/Resource"),
        "{refused}"
    );

    let unknown = bench.refused("Fly", json!({})).await;
    assert_eq!(unknown.code, "UnknownOperationException");
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let bench = Bench::new();
    let definition = wait(1).to_string();
    let refused = |name: &str| bench.refused("CreateStateMachine", create(name, &definition));
    assert_eq!(refused("a b").await.message, "Invalid Name: 'a b'");
    let mut described = create("m", &definition);
    described["versionDescription"] = json!("v");
    assert_eq!(
        bench.refused("CreateStateMachine", described).await.message,
        "Version description can only be set when publish is true"
    );
    let refused = bench
        .refused("CreateStateMachine", create("m", r#"{"StartAt":"X"}"#))
        .await;
    assert_eq!(refused.code, "InvalidDefinition");
    assert!(
        refused
            .message
            .starts_with("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED:"),
        "{refused}"
    );
    let refused = bench
        .refused("DescribeExecution", json!({ "executionArn": "xyz" }))
        .await;
    assert_eq!(refused.message, "Invalid Arn: 'Invalid ARN prefix: xyz'");
    let refused = bench.refused("StartExecution", json!({})).await;
    assert_eq!(refused.code, "ValidationException");
    let elsewhere = "arn:aws:states:eu-west-1:000000000000:stateMachine:m";
    bench.machine("m", &wait(1)).await;
    let refused = bench
        .refused(
            "DescribeStateMachine",
            json!({ "stateMachineArn": elsewhere }),
        )
        .await;
    assert_eq!(refused.code, "StateMachineDoesNotExist");
}

#[tokio::test]
async fn validation_finds_what_creation_would_refuse() {
    let bench = Bench::new();
    let validate = |definition: String| {
        bench.ok(
            "ValidateStateMachineDefinition",
            json!({ "definition": definition }),
        )
    };
    let fine = validate(wait(1).to_string()).await;
    assert_eq!(
        fine,
        json!({ "result": "OK", "diagnostics": [], "truncated": false })
    );

    let broken = validate("{".to_owned()).await;
    assert_eq!(broken["result"], "FAIL");
    assert_eq!(broken["diagnostics"][0]["code"], "INVALID_JSON_DESCRIPTION");

    let mut definition = lambda("echo");
    definition["States"]["Call"]["Resource"] = json!("arn:aws:states:::aws-sdk:dynamodb:getItem");
    let unsupported = validate(definition.to_string()).await;
    assert_eq!(unsupported["result"], "FAIL");
    assert_eq!(
        unsupported["diagnostics"][0]["location"],
        "/States/Call/Resource"
    );
}

#[tokio::test]
async fn resources_carry_tags() {
    let bench = Bench::new();
    let arn = bench.machine("m", &wait(1)).await;
    let tag = |key: &str, value: &str| json!({ "key": key, "value": value });
    let set = json!({ "resourceArn": arn, "tags": [tag("b", "2"), tag("a", "1")] });
    bench.ok("TagResource", set).await;
    bench
        .ok(
            "TagResource",
            json!({ "resourceArn": arn, "tags": [tag("b", "3")] }),
        )
        .await;
    let listed = bench
        .ok("ListTagsForResource", json!({ "resourceArn": arn }))
        .await;
    assert_eq!(listed["tags"], json!([tag("a", "1"), tag("b", "3")]));
    bench
        .ok(
            "UntagResource",
            json!({ "resourceArn": arn, "tagKeys": ["a", "zzz"] }),
        )
        .await;
    let listed = bench
        .ok("ListTagsForResource", json!({ "resourceArn": arn }))
        .await;
    assert_eq!(listed["tags"], json!([tag("b", "3")]));

    let many: Vec<Value> = (0..50)
        .map(|number| tag(&format!("k{number}"), ""))
        .collect();
    let refused = bench
        .refused("TagResource", json!({ "resourceArn": arn, "tags": many }))
        .await;
    assert_eq!(refused.code, "TooManyTags");
    let nobody = arn + "x";
    let refused = bench
        .refused("ListTagsForResource", json!({ "resourceArn": nobody }))
        .await;
    assert_eq!(refused.code, "ResourceNotFound");
}

#[tokio::test]
async fn a_closed_engine_refuses_at_once() {
    let bench = Bench::new();
    bench.engine.close().await;
    let refused = bench.refused("ListStateMachines", json!({})).await;
    assert_eq!(
        (refused.code.as_str(), refused.status()),
        ("ServiceUnavailable", 503)
    );
    bench.engine.close().await;
}
