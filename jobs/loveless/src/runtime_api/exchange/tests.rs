use super::*;

fn exchange() -> Exchange {
    Exchange::new(Identity {
        name: "f".into(),
        handler: "h".into(),
        account: "000000000000".into(),
    })
}

fn event(id: &str) -> Event {
    Event {
        request_id: id.into(),
        deadline_ms: 1,
        arn: "arn".into(),
        trace_id: None,
        client_context: None,
        payload: Bytes::from_static(b"{}"),
    }
}

fn error(name: &str) -> FunctionError {
    FunctionError {
        error_type: name.into(),
        body: Bytes::new(),
    }
}

#[tokio::test]
async fn the_first_outcome_wins() {
    let exchange = exchange();
    let outcome = exchange.dispatch(event("a"));
    exchange.next().await.unwrap();
    assert!(exchange.settle("a", Err(error("first"))));
    assert!(!exchange.settle("a", Ok(Bytes::from_static(b"second"))));
    assert_eq!(outcome.await.unwrap(), Err(error("first")));
}

#[tokio::test]
async fn an_answer_to_another_invocation_is_refused() {
    let exchange = exchange();
    let _outcome = exchange.dispatch(event("a"));
    assert_eq!(
        exchange.awaits_answer("a"),
        Err(Misstep::InvalidRequestId),
        "not fetched yet"
    );
    exchange.next().await.unwrap();
    assert_eq!(exchange.awaits_answer("a"), Ok(()));
    assert_eq!(exchange.awaits_answer("b"), Err(Misstep::InvalidRequestId));
    assert!(!exchange.settle("b", Ok(Bytes::new())));
    assert!(exchange.settle("a", Ok(Bytes::new())));
    assert_eq!(
        exchange.awaits_answer("a"),
        Err(Misstep::InvalidRequestId),
        "answered"
    );
}

#[tokio::test]
async fn next_with_an_unanswered_event_is_refused() {
    let exchange = exchange();
    let _outcome = exchange.dispatch(event("a"));
    exchange.next().await.unwrap();
    assert_eq!(
        exchange.next().await.unwrap_err(),
        Misstep::InvalidStateTransition
    );
}

#[tokio::test]
async fn an_event_that_was_never_fetched_can_be_taken_back() {
    let exchange = exchange();
    let _outcome = exchange.dispatch(event("a"));
    assert_eq!(exchange.withdraw().unwrap().request_id, "a");
    assert!(exchange.withdraw().is_none());
    assert!(!exchange.settle("a", Ok(Bytes::new())));
}

#[tokio::test]
async fn init_errors_count_only_before_the_first_next() {
    let early = exchange();
    early.fail_init(error("Early")).unwrap();
    assert_eq!(early.ready().await, Err(error("Early")));

    let late = exchange();
    let _outcome = late.dispatch(event("a"));
    late.next().await.unwrap();
    assert_eq!(
        late.fail_init(error("Late")),
        Err(Misstep::InvalidStateTransition)
    );
}

#[tokio::test]
async fn ready_means_runtime_and_extensions_wait() {
    let exchange = std::sync::Arc::new(exchange());
    let identifier = exchange.register_extension("side", &["INVOKE".to_owned()]);
    let runtime = tokio::spawn({
        let exchange = exchange.clone();
        async move { exchange.next().await }
    });
    tokio::task::yield_now().await;
    assert!(!exchange.is_ready(), "the extension has not asked yet");
    let extension = tokio::spawn({
        let exchange = exchange.clone();
        async move { exchange.next_extension_event(&identifier).await }
    });
    exchange.ready().await.unwrap();
    let _outcome = exchange.dispatch(event("a"));
    assert_eq!(runtime.await.unwrap().unwrap().request_id, "a");
    assert_eq!(extension.await.unwrap().unwrap()["requestId"], "a");
}
