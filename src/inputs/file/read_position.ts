import { HEAD_BYTES, TAIL_BYTES } from "./fingerprint.ts";

/** A position in a generation of a file, with what proves it. The arrays are never changed. */
export interface ReadPosition {
  /** Byte offset: the start of a record, or inside a line that was cut when `skipping`. */
  readonly off: number;
  /** The bytes before `off`, at most {@link TAIL_BYTES}. */
  readonly tail: Uint8Array;
  /** The first bytes of the generation as far as they were read, at most {@link HEAD_BYTES}. */
  readonly head: Uint8Array;
  readonly skipping: boolean;
}

/** The position at the very start of a generation. */
export const START: ReadPosition = {
  off: 0,
  tail: new Uint8Array(0),
  head: new Uint8Array(0),
  skipping: false,
};

/** The position at `buffer[end]`, where `buffer` begins with the tail of `position`. */
export function advanced(
  { off, tail, head }: ReadPosition,
  buffer: Uint8Array,
  end: number,
  skipping: boolean,
): ReadPosition {
  const fresh = buffer.subarray(tail.length, end);
  return {
    off: off + fresh.length,
    tail: tailOf(buffer, end),
    head: off <= head.length && head.length < HEAD_BYTES
      ? extended(head, fresh.subarray(head.length - off))
      : head,
    skipping,
  };
}

/**
 * The same position with what was seen behind it in its head: an unfinished first record proves as well as a whole one
 * which generation this is. `start`: where in the file `buffer[0..count)` begins.
 */
export function withHead(
  position: ReadPosition,
  buffer: Uint8Array,
  count: number,
  start: number,
): ReadPosition {
  const { head } = position;
  if (start > head.length || head.length === HEAD_BYTES) return position;
  const fresh = buffer.subarray(head.length - start, count);
  return fresh.length > 0 ? { ...position, head: extended(head, fresh) } : position;
}

/** A copy of the bytes before `buffer[end]`. */
export function tailOf(buffer: Uint8Array, end: number): Uint8Array {
  return buffer.slice(Math.max(0, end - TAIL_BYTES), end);
}

function extended(head: Uint8Array, fresh: Uint8Array): Uint8Array {
  if (fresh.length === 0) return head;
  const longer = new Uint8Array(Math.min(HEAD_BYTES, head.length + fresh.length));
  longer.set(head);
  longer.set(fresh.subarray(0, longer.length - head.length), head.length);
  return longer;
}

/** Whether `buffer` begins with `prefix`. */
export function startsWith(buffer: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (buffer[i] !== prefix[i]) return false;
  return true;
}
