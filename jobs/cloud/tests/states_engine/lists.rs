//! Pages: complete, in order, and each element once.

use serde_json::{Value, json};

use super::support::*;

/// Reads a list to its end in pages of this size.
async fn pages(
    bench: &Bench,
    operation: &str,
    mut body: Value,
    field: &str,
    size: u64,
) -> Vec<Value> {
    let mut all = Vec::new();
    body["maxResults"] = json!(size);
    loop {
        let page = bench.ok(operation, body.clone()).await;
        let elements = page[field].as_array().unwrap();
        assert!(elements.len() as u64 <= size);
        all.extend(elements.iter().cloned());
        match page.get("nextToken") {
            Some(token) => body["nextToken"] = token.clone(),
            None => return all,
        }
    }
}

fn names(elements: &[Value]) -> Vec<String> {
    elements
        .iter()
        .map(|element| text(&element["name"]))
        .collect()
}

#[tokio::test]
async fn executions_come_newest_first_in_pages() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(3600)).await;
    let other = bench.machine("other", &wait(3600)).await;
    bench.start(&other, "foreign", &json!({})).await;
    for number in 0..7 {
        bench
            .start(&machine, &format!("e{number}"), &json!({}))
            .await;
    }
    let body = json!({ "stateMachineArn": machine });
    let all = pages(&bench, "ListExecutions", body.clone(), "executions", 3).await;
    assert_eq!(names(&all), ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]);

    // An execution that ends moves to the front: it is the newest news.
    let second = machine.replace("stateMachine", "execution") + ":e1";
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    bench
        .ok("StopExecution", json!({ "executionArn": second }))
        .await;
    let all = pages(&bench, "ListExecutions", body.clone(), "executions", 2).await;
    assert_eq!(names(&all), ["e1", "e6", "e5", "e4", "e3", "e2", "e0"]);
    assert_eq!(all[0]["status"], "ABORTED");
    assert!(all[0].get("stopDate").is_some() && all[1].get("stopDate").is_none());

    let aborted = json!({ "stateMachineArn": machine, "statusFilter": "ABORTED" });
    assert_eq!(
        names(&pages(&bench, "ListExecutions", aborted, "executions", 1).await),
        ["e1"]
    );
    let running = json!({ "stateMachineArn": machine, "statusFilter": "RUNNING" });
    assert_eq!(
        pages(&bench, "ListExecutions", running, "executions", 4)
            .await
            .len(),
        6
    );
    let redriven = json!({ "stateMachineArn": machine, "redriveFilter": "REDRIVEN" });
    assert!(
        pages(&bench, "ListExecutions", redriven, "executions", 4)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_history_comes_in_pages_both_ways() {
    let bench = Bench::new();
    let machine = bench.machine("m", &lambda("echo")).await;
    let execution = bench.start(&machine, "e", &json!({})).await;
    bench.ended(&execution).await;
    let ids = |events: &[Value]| -> Vec<u64> {
        events
            .iter()
            .map(|event| event["id"].as_u64().unwrap())
            .collect()
    };
    let body = json!({ "executionArn": execution });
    let onwards = pages(&bench, "GetExecutionHistory", body, "events", 2).await;
    assert_eq!(ids(&onwards), [1, 2, 3, 4, 5, 6, 7]);
    let body = json!({ "executionArn": execution, "reverseOrder": true });
    let backwards = pages(&bench, "GetExecutionHistory", body, "events", 3).await;
    assert_eq!(ids(&backwards), [7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_token_of_another_list_is_invalid() {
    let bench = Bench::new();
    let machine = bench.machine("m", &wait(3600)).await;
    for name in ["a", "b"] {
        bench.start(&machine, name, &json!({})).await;
    }
    let mut body = json!({ "stateMachineArn": machine, "maxResults": 1 });
    let token = bench.ok("ListExecutions", body.clone()).await["nextToken"].clone();
    body["nextToken"] = token.clone();
    body["statusFilter"] = json!("RUNNING");
    let foreign = bench.refused("ListExecutions", body).await;
    assert_eq!(
        (foreign.code.as_str(), foreign.message.as_str()),
        ("InvalidToken", "Invalid Token: 'Invalid token'")
    );
    let body = json!({ "nextToken": token });
    assert_eq!(
        bench.refused("ListStateMachines", body).await.code,
        "InvalidToken"
    );
}

#[tokio::test]
async fn machines_and_activities_come_in_pages() {
    let bench = Bench::new();
    for number in 0..5 {
        bench.machine(&format!("m{number}"), &wait(1)).await;
        bench
            .engine
            .ensure_activity(&format!("a{number}"))
            .await
            .unwrap();
    }
    let machines = pages(&bench, "ListStateMachines", json!({}), "stateMachines", 2).await;
    assert_eq!(names(&machines), ["m0", "m1", "m2", "m3", "m4"]);
    assert_eq!(machines[0]["type"], "STANDARD");
    let activities = pages(&bench, "ListActivities", json!({}), "activities", 5).await;
    assert_eq!(names(&activities), ["a0", "a1", "a2", "a3", "a4"]);
}

#[tokio::test]
async fn lists_of_what_does_not_exist_say_so() {
    let bench = Bench::new();
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    let missing = bench
        .refused("ListExecutions", json!({ "stateMachineArn": machine }))
        .await;
    assert_eq!(missing.code, "StateMachineDoesNotExist");
    let execution = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    let missing = bench
        .refused("GetExecutionHistory", json!({ "executionArn": execution }))
        .await;
    assert_eq!(
        missing.message,
        format!("Execution Does Not Exist: '{execution}'")
    );
    let wrong = json!({ "stateMachineArn": machine, "statusFilter": "DONE", "maxResults": 1001 });
    let wrong = bench.refused("ListExecutions", wrong).await;
    assert_eq!(wrong.code, "ValidationException");
    assert!(
        wrong
            .message
            .starts_with("2 validation errors detected: Value 'DONE' at 'statusFilter'")
    );
}
