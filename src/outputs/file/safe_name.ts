import { crc32 } from "../../lib/crc32.ts";

/** Longest value, in bytes of UTF-8. */
const MAX_VALUE_BYTES = 200;
/** Longest part of a path: file systems allow 255 bytes, and rotated names add a time and ".gz.tmp". */
const MAX_SEGMENT_BYTES = 220;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Separators of all systems and control characters; on Windows also what its names may not hold. */
const UNSAFE = Deno.build.os === "windows" ? /[/\\\p{Cc}:*?"<>|]/gu : /[/\\\p{Cc}]/gu;

/**
 * Makes one harmless part of a file name from a value that comes from outside: no separator, no leading dot, never
 * empty, at most 200 bytes. Different values may give the same name ("/a/b" and "_a_b"); their records then share
 * a file.
 */
export function safeName(value: string): string {
  const name = value.replaceAll("\0", "").replace(UNSAFE, "_").replace(
    /^\.+/u,
    (dots) => "_".repeat(dots.length),
  );
  return name === "" ? "_" : shorten(name, MAX_VALUE_BYTES);
}

/** Shortens the parts of a path that are too long for a file system. */
export function shortenSegments(path: string): string {
  if (path.length * 3 <= MAX_SEGMENT_BYTES) return path;
  return path.split("/").map((segment) => shorten(segment, MAX_SEGMENT_BYTES)).join("/");
}

/** Cuts between characters and adds a checksum of the whole, so that long names with one beginning stay apart. */
function shorten(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - 9;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${decoder.decode(bytes.subarray(0, end))}~${crc32(bytes).toString(16).padStart(8, "0")}`;
}
