/**
 * The bytes of a view, with nothing around them: a message between threads copies the whole buffer
 * that a view looks at, be it a pool of Node or a matrix of vectors.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  // Not `slice`: that of a Buffer copies nothing.
  return isWhole(view) ? view : new Uint8Array(view);
}

/** Like {@link ownBytes}, for a row of a matrix. */
export function ownNumbers(view: Float32Array): Float32Array {
  return isWhole(view) ? view : new Float32Array(view);
}

function isWhole({ byteLength, buffer }: ArrayBufferView): boolean {
  return byteLength === buffer.byteLength;
}
