/**
 * Two independent 32-bit hashes of a string's UTF-16 units (FNV-1a, and a multiply-rotate in the manner of MurmurHash3).
 * Together 64 bits: among the 10^6 terms of a large cube two collide with a chance of 3 in 10^8.
 */
export function hashString(text: string, into: Uint32Array): void {
  let a = 2166136261;
  let b = 0x9747b28c ^ text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 16777619);
    b = Math.imul(b ^ unit, 0xcc9e2d51);
    b = (b << 13) | (b >>> 19);
  }
  into[0] = mix(a);
  into[1] = mix(b);
}

/** FNV-1a over bytes, mixed. */
export function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 2166136261;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 16777619);
  return mix(hash);
}

/** MurmurHash3's finaliser: each bit of the input changes half of the output's. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
