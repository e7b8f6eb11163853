import type { FileHandle } from "node:fs/promises";

import type { GgufTensor } from "../gguf/read-gguf.ts";
import { loraInvalid } from "./invalid.ts";

/** Read in pieces, so that a large tensor does not lie in RAM. */
const PIECE_BYTES = 1 << 20;
/** No weight of a LoRA is as large; a flipped bit of an exponent is. */
const MAX_VALUE = 1e6;

/**
 * Checks by their bits that all values are finite and of a size that a training gives.
 *
 * @throws MemCubeError `MEMCUBE_LORA_INVALID`
 */
export async function assertFinite(file: FileHandle, tensor: GgufTensor): Promise<void> {
  const bytes = Buffer.alloc(Math.min(PIECE_BYTES, tensor.sizeBytes));
  for (let done = 0; done < tensor.sizeBytes;) {
    const wanted = Math.min(bytes.length, tensor.sizeBytes - done);
    const { bytesRead } = await file.read(bytes, 0, wanted, tensor.offset + done);
    if (bytesRead !== wanted) throw loraInvalid("damaged", "the file became shorter");
    const sane = tensor.type === "F16" ? halvesAreFinite : floatsAreSane;
    if (!sane(new DataView(bytes.buffer, bytes.byteOffset, wanted))) {
      throw loraInvalid("not-finite", `values of ${tensor.name} are not finite or far too large`);
    }
    done += wanted;
  }
}

function halvesAreFinite(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; at += 2) {
    if ((view.getUint16(at, true) & 0x7c00) === 0x7c00) return false;
  }
  return true;
}

function floatsAreSane(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; at += 4) {
    const value = view.getFloat32(at, true);
    // NaN fails too.
    if (!(Math.abs(value) <= MAX_VALUE)) return false;
  }
  return true;
}
