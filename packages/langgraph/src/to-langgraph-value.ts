import { load } from "@langchain/core/load";
import { DeltaSnapshot, type SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { MemCubeError, type ThreadValue } from "@memcube/core";

import { CONSTRUCTORS, EXTENSIONS, type Revive } from "./record-revivers.ts";
import { messageClass } from "./message-classes.ts";
import { setField } from "./value-records.ts";

/**
 * A value that a thread kept, as LangGraph's state has it: the reverse of `fromLangGraphValue`. A record
 * is data, never an instruction: only the classes named here and those that LangChain's own `load`
 * knows are made; any other record stays the plain object it is.
 *
 * @param serde reads what it wrote
 * @throws MemCubeError `MEMCUBE_STORAGE_DAMAGED`; what LangChain's `load` and `serde` throw
 */
export async function toLangGraphValue(
  value: ThreadValue,
  serde: SerializerProtocol,
): Promise<unknown> {
  const reader = new RecordReader(serde);
  const read = reader.read(value);
  return (await reader.loadMissing()) ? reader.read(value) : read;
}

type Fields = Readonly<Record<string, ThreadValue>>;

class RecordReader {
  readonly #serde: SerializerProtocol;
  /** What must be waited for, by its record: read in a second go. */
  readonly #loading = new Map<object, Promise<unknown>>();
  readonly #loaded = new Map<object, unknown>();

  constructor(serde: SerializerProtocol) {
    this.#serde = serde;
  }

  /** Whether there was any. */
  async loadMissing(): Promise<boolean> {
    for (const [record, promise] of this.#loading) this.#loaded.set(record, await promise);
    return this.#loaded.size > 0;
  }

  read(value: ThreadValue): unknown {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) return value.map((element) => this.read(element as ThreadValue));
    const fields = value as Fields;
    return "lc" in fields ? this.#readRecord(fields) : this.#readFields(fields);
  }

  #readFields(fields: Fields): Record<string, unknown> {
    const read: Record<string, unknown> = {};
    for (const key of Object.keys(fields)) setField(read, key, this.read(fields[key] ?? null));
    return read;
  }

  #readRecord(record: Fields): unknown {
    const { lc, type } = record;
    if (lc === 1 && type === "constructor") return this.#readLangChain(record);
    if (lc !== 2) return this.#readFields(record);
    if (type === "undefined") return undefined;
    if (type === "delta_snapshot") return new DeltaSnapshot(this.read(record.value ?? null));
    if (type === "constructor") return this.#readNamed(record, CONSTRUCTORS);
    if (type === "memcube") return this.#readNamed(record, EXTENSIONS);
    return this.#readFields(record);
  }

  /** A record that is none of those this package or JsonPlus writes stays what it is. */
  #readNamed(record: Fields, revivers: ReadonlyMap<unknown, Revive>): unknown {
    const { id, args } = record;
    const name = Array.isArray(id) && id.length === 1 ? (id[0] as unknown) : undefined;
    if (revivers === EXTENSIONS && name === "Typed") return this.#readTyped(record);
    if (revivers === EXTENSIONS && name === "Object") return this.#readFields(firstFields(args));
    const revive = revivers.get(name);
    const given = Array.isArray(args)
      ? args.map((arg) => this.read(arg as ThreadValue))
      : undefined;
    const revived = given && revive?.(given);
    return revived === undefined ? this.#readFields(record) : revived.value;
  }

  #readLangChain(record: Fields): unknown {
    const Message = messageClass(record.id);
    if (Message !== undefined) return new Message(this.read(record.kwargs ?? {}));
    return this.#awaited(record, () => load(JSON.stringify(loadable(record))));
  }

  #readTyped(record: Fields): unknown {
    const [type, bytes] = Array.isArray(record.args) ? (record.args as unknown[]) : [];
    if (typeof type === "string" && bytes instanceof Uint8Array) {
      return this.#awaited(record, () => this.#serde.loadsTyped(type, bytes));
    }
    throw new MemCubeError("MEMCUBE_STORAGE_DAMAGED", "A thread's state is not what was written.");
  }

  #awaited(record: object, start: () => Promise<unknown>): unknown {
    if (!this.#loaded.has(record) && !this.#loading.has(record)) this.#loading.set(record, start());
    return this.#loaded.get(record);
  }
}

function firstFields(args: ThreadValue | undefined): Fields {
  const [fields] = Array.isArray(args) ? (args as ThreadValue[]) : [];
  return typeof fields === "object" && fields !== null ? (fields as Fields) : {};
}

/** As LangChain's `load` takes it: what only looks like a record is escaped in its way. */
function loadable(value: ThreadValue | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => loadable(element as ThreadValue));
  const { lc, type, id, args } = value as Fields;
  const isEscaped = lc === 2 && type === "memcube" && Array.isArray(id) && id[0] === "Object";
  if (isEscaped) return { __lc_escaped__: firstFields(args) };
  const fields = Object.entries(value as Fields);
  return Object.fromEntries(fields.map(([key, field]) => [key, loadable(field)]));
}
