/**
 * The bytes of a view, with nothing around them: a message between threads copies the whole buffer
 * that a view looks at, be it a pool of Node or a matrix of vectors.
 */
export function ownBytes<View extends Uint8Array | Float32Array>(view: View): View {
  return view.byteLength === view.buffer.byteLength ? view : (view.slice() as View);
}
