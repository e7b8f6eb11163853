/** Schema 1. Never edited once published: what changes comes as a further migration. */
export const INITIAL_SCHEMA = `
-- Random bytes of this file, for the hashes of its terms.
CREATE TABLE secret (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secret (name, value) VALUES ('terms', randomblob(8));

-- Work on the file itself that must be done, also after a crash.
CREATE TABLE chore (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE cube (
  key INTEGER PRIMARY KEY AUTOINCREMENT, -- not used twice: it is part of index terms
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL,
  head TEXT NOT NULL,
  at INTEGER NOT NULL,
  next_ordinal INTEGER NOT NULL,
  visibility INTEGER NOT NULL, -- rises with every change of the header and every new class
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX cube_by_id ON cube (tenant, id) WHERE dropped = 0;
CREATE INDEX cube_dropped ON cube (key) WHERE dropped = 1;

-- Who is named as owner or in the allow list of which cube: narrows the listing of cubes.
CREATE TABLE cube_reader (
  cube INTEGER NOT NULL,
  principal TEXT NOT NULL,
  PRIMARY KEY (cube, principal)
) STRICT, WITHOUT ROWID;
CREATE INDEX cube_reader_by_principal ON cube_reader (principal, cube);

CREATE TABLE class (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  cube INTEGER NOT NULL,
  visibility TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX class_by_visibility ON class (cube, visibility);
-- Nobody's: that of the headers of cubes.
INSERT INTO class (key, cube, visibility) VALUES (0, 0, '[[],[]]');

-- Current versions. key = cube.key * 2^30 + ordinal; ordinal 0 is the header of the cube itself.
CREATE TABLE memory (
  key INTEGER PRIMARY KEY,
  cube INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  class INTEGER NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  key_digest BLOB, -- of the external key
  session_digest BLOB,
  tags TEXT,
  at INTEGER NOT NULL,
  expires_at INTEGER,
  salt TEXT NOT NULL,
  commitment TEXT NOT NULL,
  terms TEXT NOT NULL, -- hashed, as indexed: FTS5 takes an entry out only when it is given it again
  content TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX memory_by_id ON memory (cube, id);
CREATE INDEX memory_by_external_key ON memory (key_digest) WHERE key_digest IS NOT NULL;
CREATE INDEX memory_by_session ON memory (session_digest, key) WHERE session_digest IS NOT NULL;

-- Versions that were replaced at to_seq.
CREATE TABLE past (
  place INTEGER PRIMARY KEY,
  key INTEGER NOT NULL,
  cube INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq INTEGER NOT NULL,
  class INTEGER NOT NULL,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  key_digest BLOB, -- of the external key
  session_digest BLOB,
  tags TEXT,
  at INTEGER NOT NULL,
  expires_at INTEGER,
  salt TEXT NOT NULL,
  commitment TEXT NOT NULL,
  content TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX past_by_key ON past (key, version);
CREATE INDEX past_by_end ON past (cube, to_seq);
CREATE INDEX past_by_external_key ON past (key_digest) WHERE key_digest IS NOT NULL;

CREATE TABLE vector (
  key INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  bytes BLOB NOT NULL -- float32, little-endian
) STRICT;

-- Edges of current versions.
CREATE TABLE edge (
  source INTEGER NOT NULL,
  place INTEGER NOT NULL,
  type TEXT NOT NULL,
  to_cube TEXT NOT NULL,
  to_id TEXT NOT NULL,
  to_version INTEGER,
  weight REAL,
  PRIMARY KEY (source, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_by_target ON edge (to_id, to_cube, source);

-- key = cube.key * 2^30 + seq
CREATE TABLE log (
  key INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  head TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE receipt (
  cube INTEGER NOT NULL,
  key TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  head TEXT NOT NULL,
  body TEXT, -- only when the commit has left the log
  PRIMARY KEY (cube, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_by_expiry ON receipt (cube, expires_at);

-- key = cube.key * 2^30 + to_seq
CREATE TABLE seal (
  key INTEGER PRIMARY KEY,
  from_seq INTEGER NOT NULL,
  root TEXT NOT NULL,
  at INTEGER NOT NULL,
  sealer TEXT NOT NULL,
  key_id TEXT,
  signature TEXT
) STRICT;

-- key = cube.key * 2^30 + to_seq
CREATE TABLE segment (
  key INTEGER PRIMARY KEY,
  from_seq INTEGER NOT NULL,
  head TEXT NOT NULL,
  to_at INTEGER NOT NULL,
  blob TEXT NOT NULL,
  size_bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE lease (
  cube INTEGER NOT NULL,
  name TEXT NOT NULL,
  holder TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (cube, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
  cube INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (cube, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
  tenant TEXT NOT NULL,
  cube TEXT NOT NULL,
  id TEXT NOT NULL,
  reads INTEGER NOT NULL,
  injections INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, cube, id)
) STRICT, WITHOUT ROWID;

-- phase: 0 ready, 1 delayed, 2 leased, 3 leased but lapsed, 4 dead. due_at of a leased task is the
-- end of its lease.
CREATE TABLE task (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  task_key TEXT NOT NULL,
  cube TEXT NOT NULL,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  priority INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  error TEXT,
  died_at INTEGER
) STRICT;
CREATE UNIQUE INDEX task_by_key ON task (tenant, task_key);
CREATE INDEX task_ready ON task (type, priority, tenant, key) WHERE phase IN (0, 3);
CREATE INDEX task_timed ON task (type, due_at) WHERE phase IN (1, 2);
CREATE INDEX task_due ON task (type, due_at) WHERE phase < 4;
CREATE INDEX task_dead ON task (tenant, key) WHERE phase = 4;

-- When each tenant had its turn last, as a count of leases; tenant "" holds the count.
CREATE TABLE turn (
  tenant TEXT PRIMARY KEY,
  turn INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thread (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX thread_by_id ON thread (tenant, owner, id);
CREATE INDEX thread_by_use ON thread (tenant, owner, updated_at, id);
CREATE INDEX thread_by_expiry ON thread (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE checkpoint (
  key INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  id TEXT NOT NULL,
  parent TEXT,
  metadata TEXT NOT NULL,
  chunks TEXT NOT NULL,
  value BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX checkpoint_by_id ON checkpoint (thread, namespace, id);

CREATE TABLE chunk (
  key INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  hash TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_by_hash ON chunk (thread, hash);

CREATE TABLE chunk_use (
  chunk INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL,
  PRIMARY KEY (chunk, checkpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_use_by_checkpoint ON chunk_use (checkpoint);

CREATE TABLE pending_write (
  key INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  checkpoint TEXT NOT NULL,
  task TEXT NOT NULL,
  place INTEGER NOT NULL,
  channel TEXT NOT NULL,
  task_path TEXT,
  value BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX pending_write_by_task
  ON pending_write (thread, namespace, checkpoint, task, place);

CREATE TABLE topic (
  key INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  next_id INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX topic_by_name ON topic (tenant, name);

CREATE TABLE topic_message (
  topic INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (topic, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE topic_group (
  key INTEGER PRIMARY KEY,
  topic INTEGER NOT NULL,
  name TEXT NOT NULL,
  last_id INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX topic_group_by_name ON topic_group (topic, name);

-- What a group was given and has not acknowledged.
CREATE TABLE topic_pending (
  topic_group INTEGER NOT NULL,
  message INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  PRIMARY KEY (topic_group, message)
) STRICT, WITHOUT ROWID;
`;
