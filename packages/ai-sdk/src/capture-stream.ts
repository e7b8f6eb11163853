import type { LanguageModelV4StreamPart as Part } from "@ai-sdk/provider";

import { CapturedAnswer } from "./captured-answer.ts";
import { PartQueue } from "./part-queue.ts";

/** How a stream came to its end; `dropped` is a failed one that its reader did not want any more. */
export type Ended = "finished" | "stopped" | "failed" | "dropped";

/** What to do with a stream's answer. */
export interface CaptureHandler {
  /**
   * Called once, when the answer has ended; never rejects.
   * @param finish the stream's last word, when there was one
   * @returns what the reader gets in its place, and what the end of the stream waits for
   */
  readonly ended: (
    answer: CapturedAnswer,
    how: Ended,
    finish: FinishPart | undefined,
  ) => { readonly finish?: Promise<FinishPart>; readonly close?: Promise<unknown> };
  readonly onCancel: "stop" | "finish";
}

export type FinishPart = Extract<Part, { type: "finish" }>;

/**
 * A reader that has not asked for so long has left or is slow: the answer is then read to its end
 * without it. Until then its own pace is kept, as if nothing stood in between.
 */
const STALL_MS = 100;
/** Heap bytes that may wait for a slow reader, before the model has to wait, too. */
const WAITING_BYTES = 8 * 1_048_576;

/**
 * Hands a model's stream on part by part and captures the answer. A reader that goes away without a
 * word (a closed browser, a dropped result) leaves the source neither read nor cancelled: then this
 * reads it to the end.
 */
export function captureStream(
  source: ReadableStream<Part>,
  handler: CaptureHandler,
): ReadableStream<Part> {
  const capture = new StreamCapture(source, handler);
  return new ReadableStream<Part>(
    {
      start: (controller) => capture.start(controller),
      // Without a promise: the next part is asked for as soon as this one is there.
      pull: () => capture.pull(),
      cancel: async (reason) => await capture.cancel(reason),
    },
    // Nothing is read ahead of the reader: the source's own queue does that.
    { highWaterMark: 0 },
  );
}

interface SourceEnd {
  readonly error?: { readonly cause: unknown };
}

/**
 * No `await` on the way of a part: a part is handed on in the very turn in which the source gave it, so
 * that what the application does between two parts happens between the same two parts.
 */
class StreamCapture {
  readonly #reader: ReadableStreamDefaultReader<Part>;
  readonly #handler: CaptureHandler;
  readonly #captured = new CapturedAnswer();
  readonly #waiting = new PartQueue();
  /** `undefined` once the reader has got the end, or has gone. */
  #out: ReadableStreamDefaultController<Part> | undefined;
  /** The reader has asked and has got nothing yet. */
  #asked = false;
  #reading = false;
  /** Reading on without the reader. */
  #ahead = false;
  /** The source is closed or broken. */
  #over: SourceEnd | undefined;
  /** Its end has been read, too. */
  #end: SourceEnd | undefined;
  #ending = false;
  #told = false;
  /** What the end of the stream waits for. */
  #closing: Promise<unknown> | undefined;
  #pulls = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: ReadableStream<Part>, handler: CaptureHandler) {
    this.#reader = source.getReader();
    this.#handler = handler;
    // The source's end is the reader's at once, asked for or not, as it would be without us.
    this.#reader.closed.then(
      () => this.#closed({}),
      (error: unknown) => this.#closed({ error: { cause: error } }),
    );
  }

  start(controller: ReadableStreamDefaultController<Part>): void {
    this.#out = controller;
    this.#watch();
  }

  /** The reader asks for a part. */
  pull(): void {
    this.#pulls += 1;
    this.#asked = true;
    this.#go();
  }

  /** The reader goes. */
  async cancel(reason: unknown): Promise<void> {
    this.#out = undefined;
    this.#waiting.clear();
    clearTimeout(this.#timer);
    if (this.#handler.onCancel === "finish" && !this.#captured.failed) {
      this.#readAhead();
      return;
    }
    const cancelled = this.#reader.cancel(reason);
    this.#tell(this.#captured.failed ? "dropped" : "stopped", undefined);
    await cancelled;
  }

  /** Hands on what waits, or reads what is wanted, or ends. */
  #go(): void {
    this.#deliver();
    if (this.#end !== undefined) {
      if (this.#waiting.length === 0) this.#close();
      return;
    }
    const wanted = this.#asked || (this.#ahead && this.#waiting.bytes < WAITING_BYTES);
    if (this.#reading || !wanted) return;
    this.#reading = true;
    this.#reader.read().then(
      (result) => this.#take(result),
      (error: unknown) => this.#ended({ error: { cause: error } }),
    );
  }

  #take({ done, value: part }: ReadableStreamReadResult<Part>): void {
    if (done) {
      this.#ended({});
      return;
    }
    this.#captured.note(part);
    const last = part.type === "finish" ? this.#lastWord(part) : undefined;
    if (last === undefined) this.#handOn(part);
    else void last.then((finish) => this.#handOn(finish));
  }

  #handOn(part: Part): void {
    this.#reading = false;
    if (this.#out !== undefined) this.#waiting.push(part);
    if (this.#over === undefined) this.#go();
    else this.#ended(this.#over);
  }

  /** The source is at its end; what is being read is its last part. */
  #closed(end: SourceEnd): void {
    this.#over = end;
    if (!this.#reading) this.#ended(end);
  }

  #ended(end: SourceEnd): void {
    this.#reading = false;
    this.#end ??= end;
    const failed = this.#captured.failed || end.error !== undefined;
    this.#tell(failed ? "failed" : "finished", undefined);
    this.#go();
  }

  #deliver(): void {
    if (!this.#asked) return;
    const part = this.#waiting.shift();
    if (part === undefined) return;
    this.#asked = false;
    this.#out?.enqueue(part);
    this.#watch();
  }

  #close(): void {
    if (this.#ending) return;
    this.#ending = true;
    const end = () => {
      const out = this.#out;
      this.#out = undefined;
      if (this.#end?.error === undefined) out?.close();
      else out?.error(this.#end.error.cause);
    };
    this.#asked = false;
    clearTimeout(this.#timer);
    if (this.#closing === undefined) end();
    else void this.#closing.then(end);
  }

  #lastWord(part: FinishPart): Promise<FinishPart> | undefined {
    return this.#tell(this.#captured.failed ? "failed" : "finished", part).finish;
  }

  #tell(how: Ended, finish: FinishPart | undefined): { readonly finish?: Promise<FinishPart> } {
    if (this.#told) return {};
    this.#told = true;
    const waits = this.#handler.ended(this.#captured, how, finish);
    this.#closing = waits.close;
    return waits;
  }

  /** Looks now and then whether the reader is still there, while parts are on offer. */
  #watch(): void {
    if (this.#timer !== undefined || this.#ahead || this.#out === undefined) return;
    const pulls = this.#pulls;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#asked || this.#end !== undefined) return;
      if (this.#pulls === pulls) this.#readAhead();
      else this.#watch();
    }, STALL_MS);
  }

  #readAhead(): void {
    this.#ahead = true;
    this.#go();
  }
}
