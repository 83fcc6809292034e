const ONES = 0x01010101;
const SPACES = 0x20202020;
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const HIGH_BITS = 0x80808080;

/**
 * Copies ASCII text from `from` to `at` and answers whether all of it may stand in a JSON string as it is. Each view is
 * over the same bytes as the array before it.
 */
export function copyPlain(
  source: Uint8Array,
  sourceView: DataView,
  from: number,
  length: number,
  target: Uint8Array,
  targetView: DataView,
  at: number,
): boolean {
  let found = 0;
  let index = 0;
  // Four bytes at once: subtracting borrows from the high bit of a byte that is less, which no ASCII byte has.
  for (; index + 4 <= length; index += 4) {
    const word = sourceView.getInt32(from + index, true);
    targetView.setInt32(at + index, word, true);
    found |= (word - SPACES) | ((word ^ QUOTES) - ONES) | ((word ^ BACKSLASHES) - ONES);
  }
  for (; index < length; index++) {
    const code = source[from + index] as number;
    target[at + index] = code;
    if (code < 0x20 || code === 0x22 || code === 0x5c) return false;
  }
  return (found & HIGH_BITS) === 0;
}
