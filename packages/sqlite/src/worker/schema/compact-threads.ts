/**
 * Schema 2: threads anew. Chunks name the chunks they need, and what nothing needs is found when
 * checkpoints are deleted, so nothing is counted with each put. Before, no release could write threads.
 */
export const COMPACT_THREADS = `
DROP TABLE checkpoint;
DROP TABLE chunk;
DROP TABLE chunk_use;
DROP TABLE pending_write;
DELETE FROM thread;

-- Parents, tasks and hashes are bytes where they are UUIDs or of 128 bits (commands/threads/compact.ts).
CREATE TABLE checkpoint (
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  id TEXT NOT NULL,
  parent ANY,
  chunks ANY NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (thread, namespace, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
  key INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  hash ANY NOT NULL,
  needs ANY NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_by_hash ON chunk (thread, hash);

CREATE TABLE pending_write (
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  checkpoint ANY NOT NULL,
  task ANY NOT NULL,
  task_path TEXT,
  writes BLOB NOT NULL, -- commands/threads/packed-writes.ts
  PRIMARY KEY (thread, namespace, checkpoint, task)
) STRICT, WITHOUT ROWID;
`;
