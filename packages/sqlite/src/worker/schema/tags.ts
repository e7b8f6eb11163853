/**
 * Schema 3: which current memories have a tag, so that a list by tags costs what it returns. Digests as of
 * external keys. `tag_digest(cube, tag)` is a function of ours.
 */
export const TAG_INDEX = `
CREATE TABLE tag (
  digest BLOB NOT NULL,
  key INTEGER NOT NULL,
  PRIMARY KEY (digest, key)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO tag (digest, key)
  SELECT tag_digest(m.cube, t.value), m.key FROM memory m, json_each(m.tags) t WHERE m.tags IS NOT NULL;
`;
