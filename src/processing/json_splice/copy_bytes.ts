/** How many bytes behind the last one `copyBytes` may write; what stands there must be of no worth yet. */
export const OVERSHOOT = 31;

/** From this length on the copy of the runtime is faster than a loop. */
const LONG = 512;

/**
 * Copies `length` bytes from `from` to `at`, and then up to `OVERSHOOT` bytes more. Each view is over the same bytes as
 * the array before it. For short pieces this is several times faster than `set` with `subarray`, which makes an object.
 */
export function copyBytes(
  source: Uint8Array,
  sourceView: DataView,
  from: number,
  length: number,
  target: Uint8Array,
  targetView: DataView,
  at: number,
): void {
  if (length >= LONG) {
    target.set(source.subarray(from, from + length), at);
  } else if (from + length + OVERSHOOT <= source.length) {
    // Blocks, since a loop that ends after one or two rounds costs more in mispredicted jumps than in copying.
    for (let index = 0; index < length; index = (index + 32) | 0) {
      const to = (at + index) | 0;
      const start = (from + index) | 0;
      targetView.setBigInt64(to, sourceView.getBigInt64(start, true), true);
      targetView.setBigInt64((to + 8) | 0, sourceView.getBigInt64((start + 8) | 0, true), true);
      targetView.setBigInt64((to + 16) | 0, sourceView.getBigInt64((start + 16) | 0, true), true);
      targetView.setBigInt64((to + 24) | 0, sourceView.getBigInt64((start + 24) | 0, true), true);
    }
  } else {
    for (let index = 0; index < length; index++) target[at + index] = source[from + index] as number;
  }
}
