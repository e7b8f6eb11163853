/**
 * The flat file of an index: magic "MCIX", format version, number of sections, checksum, the sections' lengths (u32 each,
 * little-endian), then the sections, each starting at a multiple of 8 so that numbers are read in place.
 */
const MAGIC = 0x5849_434d;

/** To be raised when the layout changes or the analyser gives other terms: old bytes are then rebuilt, never misread. */
const FORMAT_VERSION = 2;

const HEADER_BYTES = 16;

/** More sections than an index has; a wild count in damaged bytes must not be followed. */
const MAX_SECTIONS = 256;

/** Joins sections to one byte array. */
export function writeSections(sections: readonly Uint8Array[]): Uint8Array {
  let size = aligned(HEADER_BYTES + 4 * sections.length);
  for (const section of sections) size = aligned(size + section.byteLength);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT_VERSION, true);
  view.setUint32(8, sections.length, true);
  let at = aligned(HEADER_BYTES + 4 * sections.length);
  for (const [number, section] of sections.entries()) {
    view.setUint32(HEADER_BYTES + 4 * number, section.byteLength, true);
    bytes.set(section, at);
    at = aligned(at + section.byteLength);
  }
  view.setUint32(12, checksum(bytes), true);
  return bytes;
}

/**
 * Takes bytes apart again; the sections are views of them where they are aligned, else of a copy.
 * @throws Error when the bytes are of another format or damaged: the index has to be rebuilt
 */
export function readSections(given: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const bytes = inPlace(given);
  if (bytes.length < HEADER_BYTES || bytes.length % 8 !== 0)
    throw new Error("Index bytes are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error("Not the bytes of an index");
  const version = view.getUint32(4, true);
  if (version !== FORMAT_VERSION) throw new Error(`Index bytes of unknown format ${version}`);
  const count = view.getUint32(8, true);
  if (count > MAX_SECTIONS || HEADER_BYTES + 4 * count > bytes.length)
    throw new Error("Index bytes are damaged");
  if (view.getUint32(12, true) !== checksum(bytes))
    throw new Error("Index bytes fail their checksum");
  let at = aligned(HEADER_BYTES + 4 * count);
  return Array.from({ length: count }, (_, number) => {
    const size = view.getUint32(HEADER_BYTES + 4 * number, true);
    const section = bytes.subarray(at, at + size);
    if (section.length !== size) throw new Error("Index bytes are cut off");
    at = aligned(at + size);
    return section;
  });
}

const aligned = (size: number): number => Math.ceil(size / 8) * 8;

function inPlace(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes;
  return buffer instanceof ArrayBuffer && byteOffset % 8 === 0
    ? new Uint8Array(buffer, byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}

/** FNV-1a by 32-bit words in four lanes (the lanes run side by side in the processor), the checksum's own word left out. */
function checksum(bytes: Uint8Array<ArrayBuffer>): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  let a = 2166136261;
  let b = 40389;
  let c = 97601;
  let d = 7919;
  for (let at = 4; at + 3 < words.length; at += 4) {
    a = Math.imul(a ^ (words[at] ?? 0), 16777619);
    b = Math.imul(b ^ (words[at + 1] ?? 0), 16777619);
    c = Math.imul(c ^ (words[at + 2] ?? 0), 16777619);
    d = Math.imul(d ^ (words[at + 3] ?? 0), 16777619);
  }
  for (let at = words.length - (words.length % 4); at < words.length; at++) {
    a = Math.imul(a ^ (words[at] ?? 0), 16777619);
  }
  const sections = words[2] ?? 0;
  return [b, c, d, sections].reduce((hash, lane) => Math.imul(hash ^ lane, 16777619), a) >>> 0;
}
