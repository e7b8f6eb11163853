import type { AddedChunk } from "./chunk-sink.ts";

/**
 * What a thread keeps: JSON, and bytes anywhere in it. What else a framework knows (dates, maps,
 * messages) its adapter writes in these terms.
 */
export type ThreadValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly ThreadValue[]
  | { readonly [key: string]: ThreadValue };

/** What is given to be kept. */
export type ThreadInput =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | ThreadPart
  | readonly ThreadInput[]
  | { readonly [key: string]: ThreadInput };

/** A value in the form in which it is stored, with all chunks that this needs. */
export interface WrittenPart {
  readonly text: string;
  readonly needs: readonly string[];
  readonly chunks: readonly AddedChunk[];
}

/**
 * A value that is put again and again, such as a message of a conversation: it is written once, so it
 * must never be changed. What is read is its value.
 */
export class ThreadPart {
  readonly value: ThreadInput;
  #written: WrittenPart | undefined;

  constructor(value: ThreadInput) {
    this.value = value;
  }

  /** As it was written the first time. */
  written(write: (value: ThreadInput) => WrittenPart): WrittenPart {
    this.#written ??= write(this.value);
    return this.#written;
  }
}
