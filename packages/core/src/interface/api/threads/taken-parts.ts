/** UUIDs and times of a text as bytes, and the text with U+0000 and U+0001 in their places. */
export interface TakenParts {
  readonly uuids: readonly Buffer[];
  readonly times: readonly Buffer[];
  readonly rest: string;
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/uy;
const UUID_CHARS = 36;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/uy;
const TIME_CHARS = 24;
/** Bytes of a time: milliseconds since 1970. */
export const TIME_BYTES = 6;

/** How many of each are counted in a byte. */
const MOST = 255;

/**
 * Takes UUIDs and times, as `Date.toISOString` writes them, out of a text. They are found by their first
 * hyphen: most texts have few.
 */
export function takeParts(text: string): TakenParts {
  const uuids: Buffer[] = [];
  const times: Buffer[] = [];
  let rest = "";
  let taken = 0;
  const take = (start: number, length: number, mark: string): void => {
    rest += text.slice(taken, start) + mark;
    taken = start + length;
  };
  for (let at = text.indexOf("-"); at !== -1; at = text.indexOf("-", Math.max(at + 1, taken))) {
    if (text[at + 5] === "-" && uuids.length < MOST && isAt(UUID, text, at - 8, taken)) {
      uuids.push(uuidBytes(text.slice(at - 8, at - 8 + UUID_CHARS)));
      take(at - 8, UUID_CHARS, "\0");
    } else if (text[at + 6] === "T" && times.length < MOST && isAt(TIME, text, at - 4, taken)) {
      const bytes = timeBytes(text.slice(at - 4, at - 4 + TIME_CHARS));
      if (bytes === undefined) continue;
      times.push(bytes);
      take(at - 4, TIME_CHARS, "\u0001");
    }
  }
  return { uuids, times, rest: taken === 0 ? text : rest + text.slice(taken) };
}

function isAt(pattern: RegExp, text: string, start: number, taken: number): boolean {
  if (start < taken) return false;
  pattern.lastIndex = start;
  return pattern.test(text);
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

/** `undefined` for one that can't be written again as it is. */
function timeBytes(text: string): Buffer | undefined {
  const time = Date.parse(text);
  if (!(time >= 0) || new Date(time).toISOString() !== text) return undefined;
  const bytes = Buffer.allocUnsafe(TIME_BYTES);
  bytes.writeUIntBE(time, 0, TIME_BYTES);
  return bytes;
}
