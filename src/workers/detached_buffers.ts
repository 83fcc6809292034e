/** Kinds of views on buffers that go from thread to thread. */
const VIEWS: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
  Uint8Array,
  Uint32Array,
  Int32Array,
  Float64Array,
  DataView,
];

/**
 * Detaches some buffers. Until it sees this for the first time, V8 compiles code that relies on there being none, and
 * throws all such code away then: what is hot would be compiled twice, at the time when most is to be done. A buffer
 * with one view tells it of that kind of view, one with two views of all kinds.
 */
export function expectDetachedBuffers(): void {
  const views: ArrayBufferView[] = [];
  for (const View of VIEWS) {
    const buffer = new ArrayBuffer(8);
    views.push(new View(buffer));
    buffer.transfer();
  }
  const buffer = new ArrayBuffer(8);
  views.push(new Uint8Array(buffer), new Uint8Array(buffer));
  buffer.transfer();
}
