//! History events, one row each.

use rusqlite::{Connection, Result, params};
use states_language::HistoryEvent;

use crate::states::error::StoreError;

/// Adds the events of one step.
pub(crate) fn append(
    store: &Connection,
    execution: i64,
    events: &[HistoryEvent],
) -> Result<(), StoreError> {
    let mut insert =
        store.prepare_cached("INSERT INTO history (execution, id, event) VALUES (?, ?, ?)")?;
    for event in events {
        let text = serde_json::to_string(event).map_err(|source| StoreError::Unreadable {
            what: format!("history event {} of execution {execution}", event.id),
            source,
        })?;
        insert.execute(params![execution, event.id as i64, text])?;
    }
    Ok(())
}

/// The queries behind [`page`]: onwards and backwards. Public for the test that they use indexes.
pub(crate) const PAGE_QUERIES: &[&str] = &[
    "SELECT event FROM history WHERE execution = ? AND id > ? ORDER BY id LIMIT ?",
    "SELECT event FROM history WHERE execution = ? AND id < ? ORDER BY id DESC LIMIT ?",
];

/// Events behind the one with the number `after`; before it, newest first, when `reverse`.
pub(crate) fn page(
    store: &Connection,
    execution: i64,
    after: i64,
    reverse: bool,
    limit: i64,
) -> Result<Vec<HistoryEvent>, StoreError> {
    let texts: Vec<String> = store
        .prepare_cached(PAGE_QUERIES[usize::from(reverse)])?
        .query_map([execution, after, limit], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let read = |text: &String| {
        serde_json::from_str(text).map_err(|source| StoreError::Unreadable {
            what: format!("history event of execution {execution}"),
            source,
        })
    };
    texts.iter().map(read).collect()
}

/// The number of the newest event; 0 before the first.
pub(crate) fn last(store: &Connection, execution: i64) -> Result<i64> {
    store
        .prepare_cached("SELECT coalesce(max(id), 0) FROM history WHERE execution = ?")?
        .query_row([execution], |row| row.get(0))
}
