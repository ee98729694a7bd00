//! The tables.

/// Step n brings a store of version n to version n + 1. Steps are never changed once released.
pub(super) const MIGRATIONS: &[&str] = &["
    -- `attributes` has what was set, `tags` the tags; both are JSON objects of texts. Moments are milliseconds
    -- since the epoch here and below.
    CREATE TABLE queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        tags TEXT NOT NULL
    ) STRICT;

    -- `handle` is that of the last receipt. `source` is the ARN of the queue where it failed, in a dead-letter
    -- queue. Small columns first, the body last.
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue INTEGER NOT NULL,
        visible INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        receipts INTEGER NOT NULL DEFAULT 0,
        received INTEGER,
        first_received INTEGER,
        handle TEXT,
        message_id TEXT NOT NULL,
        source TEXT,
        trace TEXT,
        attributes TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX message_by_moment ON message (queue, visible, id);
", "
    -- The message group, and what tells repetitions in a FIFO queue. A message's number there is its row's.
    ALTER TABLE message ADD COLUMN grouping TEXT;
    ALTER TABLE message ADD COLUMN deduplication TEXT;
    CREATE INDEX message_by_group ON message (queue, grouping, id) WHERE grouping IS NOT NULL;
    CREATE INDEX message_in_order ON message (queue, id) WHERE grouping IS NOT NULL;

    -- What a FIFO queue took lately, also when it has been deleted since. `scope` is the message group where each
    -- has its own deduplication, else empty.
    CREATE TABLE taken (
        queue INTEGER NOT NULL,
        scope TEXT NOT NULL,
        deduplication TEXT NOT NULL,
        moment INTEGER NOT NULL,
        message INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        PRIMARY KEY (queue, scope, deduplication)
    ) STRICT, WITHOUT ROWID;
"];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;
