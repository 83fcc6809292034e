import { crc32 } from "../lib/crc32.ts";

const CHECKSUM_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The value as the database keeps it:
 *
 *     0  u32le  CRC-32 of what follows
 *     4  UTF-8  JSON text
 *
 * The database's own check covers its structure, not what it stores; a flipped bit in an offset would lose lines.
 */
export function encodeValue(text: string): Uint8Array<ArrayBuffer> {
  const json = encoder.encode(text);
  const bytes = new Uint8Array(CHECKSUM_BYTES + json.length);
  bytes.set(json, CHECKSUM_BYTES);
  new DataView(bytes.buffer).setUint32(0, crc32(json), true);
  return bytes;
}

/** The JSON text, or undefined when the bytes are damaged. */
export function decodeValue(bytes: Uint8Array): string | undefined {
  if (bytes.length < CHECKSUM_BYTES) return undefined;
  const json = bytes.subarray(CHECKSUM_BYTES);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (crc32(json) !== checksum) return undefined;
  try {
    return decoder.decode(json);
  } catch {
    return undefined;
  }
}

/** Joins the parts of one value. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
