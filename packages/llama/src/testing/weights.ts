import { toFloat16 } from "../gguf/float16.ts";
import { encodeFloats } from "../gguf/tensor-values.ts";
import type { WeightType } from "./model-shape.ts";

const BLOCK = 32;

/** Bytes of weights in a type of the file. */
export function encodeWeights(values: Float32Array, type: WeightType): Uint8Array {
  return type === "Q8_0" ? quantise(values) : encodeFloats(values, type);
}

/** Q8_0: blocks of 32 values as signed bytes, with one half for the scale. */
function quantise(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc((values.length / BLOCK) * (BLOCK + 2));
  for (let block = 0; block < values.length / BLOCK; block++) {
    const part = values.subarray(block * BLOCK, (block + 1) * BLOCK);
    const largest = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const start = block * (BLOCK + 2);
    bytes.writeUInt16LE(toFloat16(largest / 127), start);
    for (const [index, value] of part.entries()) {
      bytes.writeInt8(largest === 0 ? 0 : Math.round((value / largest) * 127), start + 2 + index);
    }
  }
  return bytes;
}

/** Blocks in one piece of {@link randomQuantised}: 2 MB. */
const PIECE_BLOCKS = 65_536;
/** Standard deviation of a uniform signed byte. */
const BYTE_DEVIATION = 73.3;

/** Random Q8_0 weights made as bytes, a hundred times sooner than by way of floats (xorshift32). */
export function* randomQuantised(
  count: number,
  deviation: number,
  seed: number,
): Generator<Uint8Array> {
  const scale = toFloat16(deviation / BYTE_DEVIATION);
  let state = (Math.imul(seed, 2_654_435_761) ^ count) | 1;
  for (let done = 0; done < count / BLOCK; done += PIECE_BLOCKS) {
    const blocks = Math.min(PIECE_BLOCKS, count / BLOCK - done);
    const bytes = Buffer.allocUnsafe(blocks * (BLOCK + 2));
    for (let at = 0; at < bytes.length; at += BLOCK + 2) {
      bytes.writeUInt16LE(scale, at);
      for (let word = 0; word < BLOCK; word += 4) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes.writeInt32LE(state, at + 2 + word);
      }
    }
    yield bytes;
  }
}
