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

-- Lists of hashes are joined by spaces. A parent and a task that are UUIDs take their 16 bytes.
CREATE TABLE checkpoint (
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  id TEXT NOT NULL,
  parent ANY,
  chunks TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (thread, namespace, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
  key INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  hash TEXT NOT NULL,
  needs TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_by_hash ON chunk (thread, hash);

CREATE TABLE pending_write (
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  checkpoint ANY NOT NULL,
  task ANY NOT NULL,
  place INTEGER NOT NULL,
  task_path TEXT,
  chunks TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (thread, namespace, checkpoint, task, place)
) STRICT, WITHOUT ROWID;
`;
