//! Activities, and the answers of those who work on them.

use serde::Deserialize;
use serde_json::{Value, json};
use states_language::{Event, MAX_BYTES, TaskId};

use super::checks::{Checks, Shown};
use super::paging::{self, Page};
use super::tags::{Tag, check_tags};
use super::{Request, given, nothing, seconds, without_nulls};
use crate::states::arn::{activity_name, is_valid_name};
use crate::states::error::{ApiError, Fault};
use crate::states::message::{Operation, TaskKey};
use crate::states::store;
use crate::states::store::tasks::Phase;
use crate::states::tokens::{TaskToken, digest, list_identity};
use crate::states::turn::Turn;

/// The longest output of a task in characters.
const MAX_OUTPUT: usize = 262_144;

/// When the activity that an ARN names was made.
fn created(turn: &Turn<'_>, arn: &str) -> Result<Option<i64>, Fault> {
    let name = activity_name(arn)?;
    if arn != turn.home.activity(name) {
        return Ok(None);
    }
    Ok(store::activities::created(turn.store, name)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateActivity {
    name: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl Request for CreateActivity {
    fn check(&self, checks: &mut Checks) {
        checks.required("name", self.name.is_some());
        checks.length("name", self.name.as_deref(), (1, 80), Shown::Yes);
    }
}

impl Operation for CreateActivity {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let name = given(self.name.as_deref());
        if !is_valid_name(name) {
            return Err(ApiError::invalid_name(name).into());
        }
        check_tags(&self.tags)?;
        let arn = turn.home.activity(name);
        let created = if let Some(created) = store::activities::created(turn.store, name)? {
            created
        } else {
            store::activities::insert(turn.store, name, turn.now.0)?;
            for tag in &self.tags {
                store::tags::set(turn.store, &arn, tag.key(), tag.value())?;
            }
            turn.now.0
        };
        Ok(json!({ "activityArn": arn, "creationDate": seconds(created) }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeActivity {
    activity_arn: Option<String>,
}

impl Request for DescribeActivity {
    fn check(&self, checks: &mut Checks) {
        checks.arn("activityArn", self.activity_arn.as_deref());
    }
}

impl Operation for DescribeActivity {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.activity_arn.as_deref());
        let created = created(turn, arn)?.ok_or_else(|| ApiError::activity_missing(arn))?;
        Ok(json!({
            "activityArn": arn,
            "name": activity_name(arn)?,
            "creationDate": seconds(created),
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteActivity {
    activity_arn: Option<String>,
}

impl Request for DeleteActivity {
    fn check(&self, checks: &mut Checks) {
        checks.arn("activityArn", self.activity_arn.as_deref());
    }
}

impl Operation for DeleteActivity {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.activity_arn.as_deref());
        // Deleting what does not exist is a success.
        if created(turn, arn)?.is_some() {
            store::activities::remove(turn.store, activity_name(arn)?)?;
            store::tags::clear(turn.store, arn)?;
        }
        Ok(nothing())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListActivities {
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Request for ListActivities {
    fn check(&self, checks: &mut Checks) {
        paging::check(checks, self.max_results, self.next_token.as_deref(), 1024);
    }
}

impl Operation for ListActivities {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let list = list_identity(&["ListActivities"]);
        let page = Page::new(
            list,
            self.max_results,
            self.next_token.as_deref(),
            turn.now.0,
        )?;
        let after = page.after.map_or(0, |(_, id)| id);
        let mut rows = store::activities::list(turn.store, after, page.rows())?;
        let next = page.finish(&mut rows, |(_, _, id)| (0, *id))?;
        let activities: Vec<Value> = rows
            .iter()
            .map(|(name, created, _)| {
                let (arn, created) = (turn.home.activity(name), seconds(*created));
                json!({ "activityArn": arn, "name": name, "creationDate": created })
            })
            .collect();
        Ok(without_nulls(
            json!({ "activities": activities, "nextToken": next }),
        ))
    }
}

/// The long poll. The waiting is done by the [`Engine`](crate::states::Engine).
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetActivityTask {
    activity_arn: Option<String>,
    worker_name: Option<String>,
}

impl Request for GetActivityTask {
    fn check(&self, checks: &mut Checks) {
        checks.arn("activityArn", self.activity_arn.as_deref());
        checks.length(
            "workerName",
            self.worker_name.as_deref(),
            (1, 80),
            Shown::Yes,
        );
    }
}

impl GetActivityTask {
    pub(crate) fn activity_arn(&self) -> String {
        given(self.activity_arn.as_deref()).to_owned()
    }

    pub(crate) fn worker_name(&self) -> Option<String> {
        self.worker_name.clone()
    }
}

/// Refuses a poll of an activity that does not exist; run once before the waiting.
impl Operation for GetActivityTask {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let arn = given(self.activity_arn.as_deref());
        created(turn, arn)?.ok_or_else(|| ApiError::activity_missing(arn))?;
        Ok(Value::Null)
    }
}

/// What a worker says of its task.
enum Said {
    /// Still at it.
    Alive,
    /// The task has ended.
    Done,
}

/// Lets an event happen to the task that a token names.
fn hear(
    turn: &mut Turn<'_>,
    token: &str,
    said: &Said,
    event: impl FnOnce(TaskId) -> Event,
) -> Result<Value, Fault> {
    let task = if let Some(task) = store::tasks::find_token(turn.store, &digest(token))? {
        task
    } else {
        let token = TaskToken::decode(token)?;
        let key = TaskKey {
            execution: token.execution,
            task: token.task,
        };
        store::tasks::find(turn.store, key)?
            .filter(|task| token.matches(&task.secret))
            .ok_or_else(ApiError::invalid_token)?
    };
    let key = task.key;
    if !task.activity.is_empty() && created(turn, &task.activity)?.is_none() {
        return Err(ApiError::new(
            "TaskDoesNotExist",
            "Task Does Not Exist: 'The activity does not exist'",
        )
        .into());
    }
    if task.phase == Phase::Closed || !turn.advance(key.execution, event(TaskId(key.task)))? {
        return Err(ApiError::task_timed_out().into());
    }
    if matches!(said, Said::Done) {
        turn.close_task(key)?;
    }
    Ok(nothing())
}

fn check_token(checks: &mut Checks, token: Option<&str>) {
    checks.required("taskToken", token.is_some());
    checks.length("taskToken", token, (1, 2048), Shown::Yes);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskSuccess {
    task_token: Option<String>,
    output: Option<String>,
}

impl Request for SendTaskSuccess {
    fn check(&self, checks: &mut Checks) {
        check_token(checks, self.task_token.as_deref());
        checks.required("output", self.output.is_some());
        checks.length("output", self.output.as_deref(), (0, MAX_OUTPUT), Shown::No);
    }
}

impl Operation for SendTaskSuccess {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        let output = given(self.output.as_deref());
        let invalid =
            |detail: &str| ApiError::new("InvalidOutput", format!("Invalid Output: '{detail}'"));
        if output.len() > MAX_BYTES {
            let text = format!("The output has more than {MAX_BYTES} bytes");
            return Err(invalid(&text).into());
        }
        serde_json::from_str::<serde::de::IgnoredAny>(output)
            .map_err(|error| invalid(&error.to_string()))?;
        hear(
            turn,
            given(self.task_token.as_deref()),
            &Said::Done,
            |task| Event::TaskSucceeded {
                task,
                output: output.to_owned(),
            },
        )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskFailure {
    task_token: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

impl Request for SendTaskFailure {
    fn check(&self, checks: &mut Checks) {
        check_token(checks, self.task_token.as_deref());
        checks.length("error", self.error.as_deref(), (0, 256), Shown::No);
        checks.length("cause", self.cause.as_deref(), (0, 32_768), Shown::No);
    }
}

impl Operation for SendTaskFailure {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        hear(
            turn,
            given(self.task_token.as_deref()),
            &Said::Done,
            |task| Event::TaskFailed {
                task,
                error: self.error.clone(),
                cause: self.cause.clone(),
            },
        )
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskHeartbeat {
    task_token: Option<String>,
}

impl Request for SendTaskHeartbeat {
    fn check(&self, checks: &mut Checks) {
        check_token(checks, self.task_token.as_deref());
    }
}

impl Operation for SendTaskHeartbeat {
    fn run(&self, turn: &mut Turn<'_>) -> Result<Value, Fault> {
        hear(
            turn,
            given(self.task_token.as_deref()),
            &Said::Alive,
            |task| Event::TaskHeartbeat { task },
        )
    }
}
