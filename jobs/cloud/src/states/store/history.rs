//! History events, many to a row: a step that passes through hundreds of states writes a few rows.
//!
//! A row holds events that follow each other, as a JSON array, under the number of the first. In stores of older
//! versions a row holds one event, as an object; both are read.

use rusqlite::{Connection, OptionalExtension, Result, params};
use states_language::HistoryEvent;

use crate::states::error::StoreError;

/// Events in one row at most. Whoever asks for events from the middle of a row reads up to so many in vain.
const ROW_EVENTS: usize = 64;

/// A row with so many bytes takes no more events.
const ROW_BYTES: usize = 32 * 1024;

/// Adds the events of one step.
pub(crate) fn append(
    store: &Connection,
    execution: i64,
    events: &[HistoryEvent],
) -> Result<(), StoreError> {
    let mut insert =
        store.prepare_cached("INSERT INTO history (execution, id, event) VALUES (?, ?, ?)")?;
    let mut rest = events;
    let mut row = String::new();
    while let Some(first) = rest.first() {
        row.clear();
        let mut taken = 0;
        for event in rest.iter().take(ROW_EVENTS) {
            if row.len() >= ROW_BYTES {
                break;
            }
            row.push(if taken == 0 { '[' } else { ',' });
            let text = serde_json::to_string(event).map_err(|source| StoreError::Unreadable {
                what: format!("history event {} of execution {execution}", event.id),
                source,
            })?;
            row.push_str(&text);
            taken += 1;
        }
        row.push(']');
        insert.execute(params![execution, first.id as i64, row])?;
        rest = &rest[taken..];
    }
    Ok(())
}

/// The queries behind [`page`]: onwards and backwards. Public for the test that they use indexes.
pub(crate) const PAGE_QUERIES: &[&str] = &[
    "SELECT event FROM history WHERE execution = ? AND id > ? ORDER BY id",
    "SELECT event FROM history WHERE execution = ? AND id < ? ORDER BY id DESC",
];

/// Events behind the one with the number `after`; before it, newest first, when `reverse`.
pub(crate) fn page(
    store: &Connection,
    execution: i64,
    after: i64,
    reverse: bool,
    limit: i64,
) -> Result<Vec<HistoryEvent>, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(0);
    // The first events that are wanted may stand in a row that begins before them.
    let from = if reverse {
        after
    } else {
        after.saturating_sub(ROW_EVENTS as i64)
    };
    let mut statement = store.prepare_cached(PAGE_QUERIES[usize::from(reverse)])?;
    let mut rows = statement.query([execution, from])?;
    let mut page = Vec::new();
    // Rows are read one by one, and no more of them than are needed.
    while page.len() < limit {
        let Some(row) = rows.next()? else { break };
        let mut events = read(row.get_ref(0)?.as_str().unwrap_or_default(), execution)?;
        if reverse {
            events.retain(|event| (event.id as i64) < after);
            events.reverse();
        } else {
            events.retain(|event| event.id as i64 > after);
        }
        page.append(&mut events);
    }
    page.truncate(limit);
    Ok(page)
}

/// The number of the newest event; 0 before the first.
pub(crate) fn last(store: &Connection, execution: i64) -> Result<i64, StoreError> {
    let row: Option<String> = store
        .prepare_cached("SELECT event FROM history WHERE execution = ? ORDER BY id DESC LIMIT 1")?
        .query_row([execution], |row| row.get(0))
        .optional()?;
    let events = row.map_or(Ok(Vec::new()), |row| read(&row, execution))?;
    Ok(events.last().map_or(0, |event| event.id as i64))
}

fn read(row: &str, execution: i64) -> Result<Vec<HistoryEvent>, StoreError> {
    let events = if row.starts_with('[') {
        serde_json::from_str(row)
    } else {
        serde_json::from_str(row).map(|event| vec![event])
    };
    events.map_err(|source| StoreError::Unreadable {
        what: format!("history event of execution {execution}"),
        source,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use states_language::Timestamp;

    use super::*;
    use crate::Durability;
    use crate::states::store::schema;

    fn event(id: u64, kind: &str) -> HistoryEvent {
        HistoryEvent {
            id,
            previous_event_id: id - 1,
            timestamp: Timestamp(1_000),
            event_type: kind.to_owned().into(),
            details: None,
        }
    }

    /// A store with these steps of one execution; the first `single` events stand as an older version wrote them.
    fn stored(steps: &[usize], single: u64, kind: &str) -> (tempfile::TempDir, Connection, u64) {
        let folder = tempfile::tempdir().unwrap();
        let store = schema::open(&folder.path().join("s.db"), Durability::Normal).unwrap();
        for id in 1..=single {
            let text = serde_json::to_string(&event(id, kind)).unwrap();
            store
                .execute(
                    "INSERT INTO history (execution, id, event) VALUES (1, ?, ?)",
                    params![id as i64, text],
                )
                .unwrap();
        }
        let mut newest = single;
        for step in steps {
            let ids = newest + 1..=newest + *step as u64;
            let events: Vec<_> = ids.map(|id| event(id, kind)).collect();
            append(&store, 1, &events).unwrap();
            newest += *step as u64;
        }
        append(&store, 2, &[event(1, "Other")]).unwrap();
        (folder, store, newest)
    }

    #[test]
    fn large_events_make_rows_of_their_own() {
        let (_folder, store, newest) = stored(&[5], 0, &"x".repeat(ROW_BYTES));
        let count = "SELECT count(*) FROM history WHERE execution = 1";
        let rows: i64 = store.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(rows as u64, newest);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_page_has_the_events_that_it_asks_for(
            steps in proptest::collection::vec(1usize..150, 0..6),
            single in 0u64..90,
            after in 0u64..500,
            limit in 1usize..200,
        ) {
            let (_folder, store, newest) = stored(&steps, single, "Kind");
            let ids = |reverse, after: u64| -> Vec<u64> {
                let page = page(&store, 1, after as i64, reverse, limit as i64).unwrap();
                page.iter().map(|event| event.id).collect()
            };
            let onwards: Vec<u64> = (after + 1..=newest).take(limit).collect();
            prop_assert_eq!(ids(false, after), onwards);
            let backwards: Vec<u64> = (1..after.min(newest + 1)).rev().take(limit).collect();
            prop_assert_eq!(ids(true, after), backwards);
            prop_assert_eq!(last(&store, 1).unwrap() as u64, newest);
        }
    }
}
