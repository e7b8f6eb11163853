/** Rows in a buffer: the first at byte `start`, each `step` bytes after the one before. */
export interface RowPlaces {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly step: number;
}

/**
 * Copies the first `rowBytes` bytes of `count` rows; in one piece where the rows lie without gaps
 * on both sides.
 */
export function copyRows(from: RowPlaces, to: RowPlaces, rowBytes: number, count: number): void {
  if (from.step === rowBytes && to.step === rowBytes) {
    to.bytes.set(from.bytes.subarray(from.start, from.start + count * rowBytes), to.start);
    return;
  }
  for (let row = 0; row < count; row++) {
    const start = from.start + row * from.step;
    to.bytes.set(from.bytes.subarray(start, start + rowBytes), to.start + row * to.step);
  }
}
