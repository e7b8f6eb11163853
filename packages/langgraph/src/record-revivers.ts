/** Makes what a record stands for; `undefined` when its arguments are not those of such a record. */
export type Revive = (args: readonly unknown[]) => { readonly value: unknown } | undefined;

/** Records of JsonPlus. */
export const CONSTRUCTORS: ReadonlyMap<unknown, Revive> = new Map<string, Revive>([
  ["Set", ([list]) => (Array.isArray(list) ? { value: new Set(list) } : undefined)],
  ["Map", ([list]) => (isPairs(list) ? { value: new Map(list) } : undefined)],
  ["RegExp", ([source, flags]) => reviveRegExp(source, flags)],
  ["Error", ([message]) => (isText(message) ? { value: new Error(message) } : undefined)],
  ["Uint8Array", ([list]) => (isBytes(list) ? { value: new Uint8Array(list) } : undefined)],
]);

/** Records of this package. */
export const EXTENSIONS: ReadonlyMap<unknown, Revive> = new Map<string, Revive>([
  ["Number", ([text]) => (isText(text) ? { value: text === "0" ? -0 : Number(text) } : undefined)],
  ["BigInt", ([text]) => (isInteger(text) ? { value: BigInt(text) } : undefined)],
  ["Date", ([time]) => (isTime(time) ? { value: new Date(Number(time)) } : undefined)],
  [
    "Error",
    ([shape, fields]) => (isObject(shape) ? { value: reviveError(shape, fields) } : undefined),
  ],
  ["ArrayBuffer", ([bytes]) => viewOf(bytes, (buffer) => buffer)],
  ["DataView", ([bytes]) => viewOf(bytes, (buffer) => new DataView(buffer))],
  ["Int8Array", ([bytes]) => viewOf(bytes, (buffer) => new Int8Array(buffer))],
  ["Uint8ClampedArray", ([bytes]) => viewOf(bytes, (buffer) => new Uint8ClampedArray(buffer))],
  ["Int16Array", ([bytes]) => viewOf(bytes, (buffer) => new Int16Array(buffer))],
  ["Uint16Array", ([bytes]) => viewOf(bytes, (buffer) => new Uint16Array(buffer))],
  ["Int32Array", ([bytes]) => viewOf(bytes, (buffer) => new Int32Array(buffer))],
  ["Uint32Array", ([bytes]) => viewOf(bytes, (buffer) => new Uint32Array(buffer))],
  ["Float32Array", ([bytes]) => viewOf(bytes, (buffer) => new Float32Array(buffer))],
  ["Float64Array", ([bytes]) => viewOf(bytes, (buffer) => new Float64Array(buffer))],
  ["BigInt64Array", ([bytes]) => viewOf(bytes, (buffer) => new BigInt64Array(buffer))],
  ["BigUint64Array", ([bytes]) => viewOf(bytes, (buffer) => new BigUint64Array(buffer))],
]);

function viewOf(bytes: unknown, view: (buffer: ArrayBuffer) => unknown) {
  return bytes instanceof Uint8Array ? { value: view(new Uint8Array(bytes).buffer) } : undefined;
}

function reviveRegExp(source: unknown, flags: unknown) {
  if (!isText(source) || !isText(flags)) return undefined;
  try {
    return { value: new RegExp(source, flags) };
  } catch {
    return undefined; // Another engine's syntax: the record says what it was.
  }
}

/** Errors of the language are of their class, others of `Error` with their name. */
const ERRORS: ReadonlyMap<unknown, new (message: string, options?: ErrorOptions) => Error> =
  new Map(
    Object.entries({ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }),
  );

function reviveError(shape: Readonly<Record<string, unknown>>, fields: unknown): Error {
  const { name, stack, errors } = shape;
  const message = isText(shape.message) ? shape.message : "";
  const options = "cause" in shape ? { cause: shape.cause } : undefined;
  const error = Array.isArray(errors)
    ? new AggregateError(errors, message, options)
    : new (ERRORS.get(name) ?? Error)(message, options);
  if (error.name !== name) define(error, "name", name);
  define(error, "stack", stack);
  if (isObject(fields)) for (const [key, value] of Object.entries(fields)) set(error, key, value);
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}

function set(error: Error, key: string, value: unknown): void {
  const property = { value, writable: true, configurable: true, enumerable: true };
  Object.defineProperty(error, key, property);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isInteger(value: unknown): value is string {
  return isText(value) && /^-?\d+$/u.test(value);
}

function isTime(value: unknown): boolean {
  return typeof value === "number" || value === "NaN";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isPairs(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
}

function isBytes(value: unknown): value is number[] {
  const isByte = (item: unknown): boolean =>
    typeof item === "number" && Number.isInteger(item) && item >= 0 && item <= 255;
  return Array.isArray(value) && value.every(isByte);
}
