/**
 * Schema 4: small steps of threads are written one after the other into one table, in a page or two, and
 * laid out in the others when nobody waits (commands/threads/journal.ts). The last row always stays, so
 * that numbers only rise; one that is laid out is of thread 0.
 */
export const THREAD_JOURNAL = `
ALTER TABLE thread ADD COLUMN generation INTEGER NOT NULL DEFAULT 0; -- rises when chunks are removed

CREATE TABLE thread_journal (
  seq INTEGER PRIMARY KEY,
  thread INTEGER NOT NULL,
  step BLOB NOT NULL -- commands/threads/logged-step.ts
) STRICT;
`;
