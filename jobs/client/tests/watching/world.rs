//! A feed and everything that it has said, and executions to be watched.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use whiteboarder_jobs::track::ExecutionStatus;
use whiteboarder_jobs::watch::{
    Acted, Feed, FeedOptions, Health, Machine, News, Opened, Order, Run, start,
};
use whiteboarder_jobs::{Profile, Target};

/// Nothing here takes so long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(90);

/// Before and after.
type Pictures = (Option<Vec<u8>>, Option<Vec<u8>>);

pub struct Watching {
    pub feed: Feed,
    news: UnboundedReceiver<News>,
    pub machine: Option<Machine>,
    pub runs: BTreeMap<String, Run>,
    /// Every `Listed`.
    pub listed: Vec<(usize, bool)>,
    pub health: Vec<Health>,
    pub opened: Vec<Arc<Opened>>,
    pub not_opened: Vec<String>,
    pub acted: Vec<Acted>,
    pub pictures: Vec<Pictures>,
}

impl Watching {
    pub fn start(target: &Target, options: FeedOptions) -> Self {
        let (feed, news) = start(target.clone(), options);
        Self {
            feed,
            news,
            machine: None,
            runs: BTreeMap::new(),
            listed: Vec::new(),
            health: Vec::new(),
            opened: Vec::new(),
            not_opened: Vec::new(),
            acted: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// Watches another machine than the profile's.
    pub fn of(target: &Target, machine: &str) -> Self {
        Self::start(target, of(machine))
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Machine(machine) => self.machine = Some(*machine),
            News::Runs(runs) => {
                assert!(self.machine.is_some(), "the machine comes first");
                let runs = runs.into_iter().map(|run| (run.arn.clone(), run));
                self.runs.extend(runs);
            }
            News::Listed { count, complete } => self.listed.push((count, complete)),
            News::Opened(opened) => self.opened.push(opened),
            News::NotOpened { why, .. } => self.not_opened.push(why),
            News::Health(health) => self.health.push(health),
            News::Acted(acted) => self.acted.push(acted),
            News::Pictures { before, after, .. } => self.pictures.push((before, after)),
        }
    }

    /// Listens until something is so.
    pub async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let waited = async {
            while !so(self) {
                let news = self.news.recv().await.expect("the feed goes on");
                self.hear(news);
            }
        };
        let came = tokio::time::timeout(PATIENCE, waited).await.is_ok();
        assert!(
            came,
            "never: {what}; {:?}, {:?}",
            self.listed,
            self.health.last()
        );
    }

    /// Listens for so long.
    pub async fn during(&mut self, time: Duration) {
        let listening = async {
            loop {
                let news = self.news.recv().await.expect("the feed goes on");
                self.hear(news);
            }
        };
        let _: Result<(), _> = tokio::time::timeout(time, listening).await;
    }

    pub async fn until_listed(&mut self) {
        self.until("all are listed", |it| {
            it.listed.last().is_some_and(|last| last.1)
        })
        .await;
    }

    /// Until every execution has ended and its history was read.
    pub async fn until_known(&mut self, count: usize) {
        // The list tells of the end before the rest of the history is read.
        let read = |run: &Run| {
            run.digest
                .as_ref()
                .is_some_and(|digest| digest.state.is_none())
        };
        let known = |run: &Run| run.status != ExecutionStatus::Running && read(run);
        self.until("every history is read", |it| {
            it.runs.len() == count && it.runs.values().all(known)
        })
        .await;
    }

    pub async fn act(&mut self, action: whiteboarder_jobs::watch::Action, arns: &[&str]) -> Acted {
        self.acted.clear();
        let arns = arns.iter().map(|&arn| arn.to_owned()).collect();
        self.feed.order(Order::Act(action, arns));
        self.until("it was done", |it| {
            it.acted.last().is_some_and(|acted| acted.complete)
        })
        .await;
        self.acted.pop().unwrap()
    }
}

pub fn of(machine: &str) -> FeedOptions {
    FeedOptions {
        machine: Some(machine.to_owned()),
        ..FeedOptions::default()
    }
}

/// The same target by another way.
pub async fn by(target: &Target, endpoint: String) -> Target {
    let profile = target.profile();
    Target::unchecked(Profile {
        endpoint: Some(endpoint),
        ..(*profile).clone()
    })
    .await
}

/// The same target as if it were no loopback: with the budgets of an account.
pub async fn as_if_far(target: &Target) -> Target {
    let endpoint = target.profile().endpoint.clone().unwrap();
    let far = endpoint.replace("127.0.0.1", "0.0.0.0");
    let target = by(target, far).await;
    assert!(!target.profile().is_loopback());
    target
}

pub async fn create(target: &Target, name: &str, definition: Value) {
    let create = target.sfn().create_state_machine().name(name);
    let create = create.definition(definition.to_string());
    let role = "arn:aws:iam::000000000000:role/r";
    create.role_arn(role).send().await.unwrap();
}

/// A machine that ends at once.
pub fn pass() -> Value {
    json!({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}})
}

/// A machine whose second state is an activity's.
pub async fn with_activity(target: &Target, name: &str) -> String {
    let activity = target.sfn().create_activity().name(name).send().await;
    let activity = activity.unwrap().activity_arn().to_owned();
    create(
        target,
        name,
        json!({"StartAt": "Before", "States": {
            "Before": {"Type": "Pass", "Next": "Work"},
            "Work": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 600, "HeartbeatSeconds": 500, "End": true},
        }}),
    )
    .await;
    activity
}

pub async fn execute(target: &Target, machine: &str, count: usize) -> Vec<String> {
    let own = target.profile().state_machine_arn.clone();
    let (start, _) = own.rsplit_once(':').unwrap();
    let mut arns = Vec::new();
    for index in 0..count {
        let started = target.sfn().start_execution();
        let started = started.state_machine_arn(format!("{start}:{machine}"));
        let started = started.name(format!("e{index:05}")).input(r#"{"n": 1}"#);
        arns.push(started.send().await.unwrap().execution_arn().to_owned());
    }
    arns
}

/// Takes one of an activity's tasks.
pub async fn task(target: &Target, activity: &str) -> String {
    let task = target.sfn().get_activity_task().activity_arn(activity);
    let task = task.worker_name("bench/1").send().await.unwrap();
    task.task_token().unwrap().to_owned()
}

pub async fn succeed(target: &Target, activity: &str) {
    let token = task(target, activity).await;
    let success = target.sfn().send_task_success().task_token(token);
    success.output("{}").send().await.unwrap();
}

pub async fn fail(target: &Target, activity: &str) {
    let token = task(target, activity).await;
    let failure = target.sfn().send_task_failure().task_token(token);
    failure
        .error("Broken")
        .cause("a test")
        .send()
        .await
        .unwrap();
}
