//! Queues themselves.

use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attributes::{COMPUTED, Settings, Texts, is_known};
use super::{Queues, SqsError, now};

/// A queue's row.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) settings: Settings,
    created: i64,
    modified: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    queue_name: String,
    #[serde(default)]
    attributes: Texts,
    #[serde(default, rename = "tags")]
    tags: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ByName {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ByUrl {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Change {
    queue_url: String,
    #[serde(default)]
    attributes: Texts,
    #[serde(default)]
    tags: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Queues {
    pub(super) fn create(
        &self,
        store: &Transaction<'_>,
        input: &Create,
    ) -> Result<Value, SqsError> {
        let name = &input.queue_name;
        let plain = name.strip_suffix(".fifo").unwrap_or(name);
        let sound = (1..=80).contains(&name.len())
            && plain
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !sound {
            let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(SqsError::of_sender("InvalidParameterValue", message));
        }
        let settings = Settings::new(name, &input.attributes)?;
        self.check_target(store, &settings)?;
        let answer = json!({"QueueUrl": self.url_of(name)});
        if let Some(queue) = find(store, name)? {
            let there = queue.settings.told();
            let other = input
                .attributes
                .iter()
                .find(|(name, value)| there.get(*name) != Some(*value));
            return match other {
                None => Ok(answer),
                Some((attribute, _)) => {
                    let message = format!(
                        "A queue already exists with the same name and a different value for attribute {attribute}"
                    );
                    Err(SqsError::of_sender("QueueNameExists", message))
                }
            };
        }
        let (attributes, tags) = (json!(settings.0), json!(input.tags));
        store.execute(
            "INSERT INTO queue (name, created, modified, attributes, tags) VALUES (?1, ?2, ?2, ?3, ?4)",
            params![name, now(), attributes.to_string(), tags.to_string()],
        )?;
        Ok(answer)
    }

    pub(super) fn url(&self, store: &Transaction<'_>, input: &ByName) -> Result<Value, SqsError> {
        let queue = find(store, &input.queue_name)?.ok_or_else(SqsError::no_queue)?;
        Ok(json!({"QueueUrl": self.url_of(&queue.name)}))
    }

    pub(super) fn list(&self, store: &Transaction<'_>, input: &List) -> Result<Listed, SqsError> {
        let most = input.max_results.unwrap_or(1000);
        if !(1..=1000).contains(&most) {
            let reason = "Must be between 1 and 1000, if provided.";
            return Err(SqsError::parameter("MaxResults", most, reason));
        }
        // The token is the last name of the page before.
        let after = input.next_token.as_deref().unwrap_or_default();
        let mut rows = store.prepare_cached(
            "SELECT name FROM queue WHERE name > ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name LIMIT ?3",
        )?;
        let names = rows.query_map(params![after, input.queue_name_prefix, most + 1], |row| {
            row.get(0)
        })?;
        let mut names: Vec<String> = names.collect::<Result<_, _>>()?;
        let more = names.len() as i64 > most;
        names.truncate(most as usize);
        Ok(Listed {
            // Only who asked for pages gets more than one.
            next_token: names
                .last()
                .filter(|_| more && input.max_results.is_some())
                .cloned(),
            queue_urls: names.iter().map(|name| self.url_of(name)).collect(),
        })
    }

    pub(super) fn delete_queue(
        &self,
        store: &Transaction<'_>,
        input: &ByUrl,
    ) -> Result<(), SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        store.execute("DELETE FROM message WHERE queue = ?1", [queue.id])?;
        store.execute("DELETE FROM taken WHERE queue = ?1", [queue.id])?;
        store.execute("DELETE FROM queue WHERE id = ?1", [queue.id])?;
        Ok(())
    }

    pub(super) fn purge(&self, store: &Transaction<'_>, input: &ByUrl) -> Result<(), SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        store.execute("DELETE FROM message WHERE queue = ?1", [queue.id])?;
        Ok(())
    }

    pub(super) fn attributes(
        &self,
        store: &Transaction<'_>,
        input: &ByUrl,
    ) -> Result<Value, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        let wanted = &input.attribute_names;
        let all = wanted.iter().any(|name| name == "All");
        if let Some(unknown) = wanted.iter().find(|name| *name != "All" && !is_known(name)) {
            let message = format!("Unknown Attribute {unknown}.");
            return Err(SqsError::of_sender("InvalidAttributeName", message));
        }
        let mut told = queue.settings.told();
        let moment = now();
        let count = |condition: &str| -> Result<String, rusqlite::Error> {
            let query = format!("SELECT count(*) FROM message WHERE queue = ?1 AND {condition}");
            let count: i64 =
                store.query_row(&query, params![queue.id, moment], |row| row.get(0))?;
            Ok(count.to_string())
        };
        let computed = [
            self.arn(&queue.name),
            count("visible <= ?2")?,
            count("visible > ?2 AND receipts > 0")?,
            count("visible > ?2 AND receipts = 0")?,
            (queue.created / 1000).to_string(),
            (queue.modified / 1000).to_string(),
        ];
        told.extend(COMPUTED.map(str::to_owned).into_iter().zip(computed));
        told.retain(|name, _| all || wanted.contains(name));
        Ok(if told.is_empty() {
            json!({})
        } else {
            json!({"Attributes": told})
        })
    }

    pub(super) fn set_attributes(
        &self,
        store: &Transaction<'_>,
        input: &Change,
    ) -> Result<(), SqsError> {
        let mut queue = self.queue(store, &input.queue_url)?;
        queue.settings.set(&input.attributes)?;
        self.check_target(store, &queue.settings)?;
        store.execute(
            "UPDATE queue SET attributes = ?2, modified = ?3 WHERE id = ?1",
            params![queue.id, json!(queue.settings.0).to_string(), now()],
        )?;
        Ok(())
    }

    /// Queues whose dead letters come here.
    pub(super) fn sources_of(
        &self,
        store: &Transaction<'_>,
        input: &ByUrl,
    ) -> Result<Value, SqsError> {
        let arn = self.arn(&self.queue(store, &input.queue_url)?.name);
        let mut rows = store.prepare_cached("SELECT name FROM queue ORDER BY name")?;
        let names: Vec<String> = rows
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut urls = Vec::new();
        for name in names {
            let redrive = find(store, &name)?.and_then(|queue| queue.settings.redrive());
            if redrive.is_some_and(|redrive| redrive.target == arn) {
                urls.push(self.url_of(&name));
            }
        }
        Ok(json!({"queueUrls": urls}))
    }

    pub(super) fn tag(&self, store: &Transaction<'_>, input: &Change) -> Result<(), SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        let mut tags = tags_of(store, &queue)?;
        tags.extend(input.tags.clone());
        set_tags(store, &queue, &tags)
    }

    pub(super) fn untag(&self, store: &Transaction<'_>, input: &ByUrl) -> Result<(), SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        let mut tags = tags_of(store, &queue)?;
        tags.retain(|key, _| !input.tag_keys.contains(key));
        set_tags(store, &queue, &tags)
    }

    pub(super) fn tags(&self, store: &Transaction<'_>, input: &ByUrl) -> Result<Value, SqsError> {
        let queue = self.queue(store, &input.queue_url)?;
        Ok(json!({"Tags": tags_of(store, &queue)?}))
    }

    /// The queue of a URL. Only its path counts: the port may have changed since the URL was made.
    pub(super) fn queue(&self, store: &Transaction<'_>, url: &str) -> Result<Queue, SqsError> {
        let path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let mut parts = path.rsplit('/');
        let (name, account) = (parts.next(), parts.next());
        match (name, account) {
            (Some(name), Some(account)) if account == self.account => {
                find(store, name)?.ok_or_else(SqsError::no_queue)
            }
            _ => Err(SqsError::no_queue()),
        }
    }

    /// The queue of an ARN, if it is one of ours.
    pub(super) fn queue_by_arn(
        &self,
        store: &Transaction<'_>,
        arn: &str,
    ) -> Result<Option<Queue>, SqsError> {
        match arn.rsplit_once(':') {
            Some((_, name)) if self.arn(name) == arn => find(store, name),
            _ => Ok(None),
        }
    }

    /// A dead-letter queue has to be there before messages can be sent to it, and of the same kind.
    fn check_target(&self, store: &Transaction<'_>, settings: &Settings) -> Result<(), SqsError> {
        let Some(redrive) = settings.redrive() else {
            return Ok(());
        };
        let reason = match self.queue_by_arn(store, &redrive.target)? {
            Some(target) if target.settings.is_fifo() == settings.is_fifo() => return Ok(()),
            Some(_) => "Dead letter target must be same type of queue as the source",
            None => "Dead letter target does not exist",
        };
        let message = format!(
            "Value for parameter RedrivePolicy is invalid. Reason: {reason}: {}",
            redrive.target
        );
        Err(SqsError::of_sender("InvalidParameterValue", message))
    }
}

fn find(store: &Transaction<'_>, name: &str) -> Result<Option<Queue>, SqsError> {
    let row = store
        .prepare_cached("SELECT id, created, modified, attributes FROM queue WHERE name = ?1")?
        .query_row([name], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .optional()?;
    let Some((id, created, modified, attributes)) = row else {
        return Ok(None);
    };
    let attributes = serde_json::from_str(&attributes).map_err(SqsError::internal)?;
    Ok(Some(Queue {
        id,
        name: name.to_owned(),
        settings: Settings(attributes),
        created,
        modified,
    }))
}

fn tags_of(store: &Transaction<'_>, queue: &Queue) -> Result<Texts, SqsError> {
    let query = "SELECT tags FROM queue WHERE id = ?1";
    let tags: String = store.query_row(query, [queue.id], |row| row.get(0))?;
    serde_json::from_str(&tags).map_err(SqsError::internal)
}

fn set_tags(store: &Transaction<'_>, queue: &Queue, tags: &Texts) -> Result<(), SqsError> {
    store.execute(
        "UPDATE queue SET tags = ?2 WHERE id = ?1",
        params![queue.id, json!(tags).to_string()],
    )?;
    Ok(())
}
