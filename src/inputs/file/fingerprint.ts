import { hash } from "node:crypto";
import type { JsonObject } from "../../checkpoints/checkpoint_store.ts";
import type { ByteSource } from "./open_file.ts";

/** How many bytes from the start of a file tell it from others. */
export const HEAD_BYTES = 1024;
/** How many bytes before a position prove that the file still holds what was read. */
export const TAIL_BYTES = 64;
const CHUNK_BYTES = 64 * 1024;

/**
 * What a file's contents must look like for a position in it to be valid: hashes, so that no log text gets into the
 * checkpoints.
 */
export interface Fingerprint {
  /** How many bytes `head` covers, at most {@link HEAD_BYTES}. */
  readonly headLen: number;
  /** Hash of the first `headLen` bytes. */
  readonly head: string;
  /** Byte offset of the position. */
  readonly off: number;
  /** How many bytes before `off` the tail covers, at most {@link TAIL_BYTES}. */
  readonly tailLen: number;
  /** Hash of these bytes. */
  readonly tail: string;
}

/**
 * The life of a tailed file as its checkpoint tells it.
 * - `live`: stood under its path when last seen.
 * - `rotated`: renamed or deleted, not yet read to its end for good.
 * - `closed`: read to its end; kept to recognise the file.
 * - `missing`: was not found; kept in case it comes back.
 */
export type FileState = "live" | "rotated" | "closed" | "missing";

/** A file's checkpoint, stored under `file:<lid>`. Times in milliseconds since 1970. */
export interface FileCheckpoint extends Fingerprint, JsonObject {
  readonly v: 1;
  /** Lineage id: random, given at first sight, the same for the file's whole life under all its names. */
  readonly lid: string;
  /** Counts how often the file was truncated and written anew; of a copy, which generation it holds. */
  readonly gen: number;
  readonly input: string;
  /** The name under which the file was found. */
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly birth: number;
  readonly size: number;
  readonly mtime: number;
  readonly state: FileState;
  readonly lastSeen: number;
  /** Generations that came after this time were not there when this one was found. */
  readonly since: number;
  /** The position stands inside a line that was cut; the rest of it is to be skipped. */
  readonly skipping?: boolean;
  /** It is compressed, so its birth tells nothing of its contents'. */
  readonly gzip?: boolean;
  /** It is the copy of a whole generation of this lineage, which was truncated more than once while nobody looked. */
  readonly copyOf?: string;
  /** Keys of files that are copies of generations already read. */
  readonly aliases: readonly string[];
}

/** Prefix of the keys under which files' checkpoints are stored. */
export const CHECKPOINT_PREFIX = "file:";

/** The key of a checkpointed file, as `FileFacts.key`. */
export function keyOf(checkpoint: FileCheckpoint): string {
  return `${checkpoint.dev}:${checkpoint.ino}:${checkpoint.birth}`;
}

/** 128 bits of SHA-256, in base64url. */
export function hashOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? HASH_OF_NOTHING : hash("sha256", bytes, "base64url").slice(0, 22);
}

const HASH_OF_NOTHING = "47DEQpj8HBSa-_TImW-5JC";
const hashesOfHeads = new WeakMap<Uint8Array, string>();

/** The hash of bytes that nobody changes, made once: the beginnings of files are saved again and again. */
export function hashOfHead(head: Uint8Array): string {
  let known = hashesOfHeads.get(head);
  if (known === undefined) hashesOfHeads.set(head, known = hashOf(head));
  return known;
}

/** A new lineage id: 96 random bits in base64url. */
export function newLineageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** How a file's contents compare with a fingerprint. */
export type Comparison =
  /** It holds everything up to the position, unchanged. */
  | "same"
  /** It starts the same and ends before the position: truncated, or an older copy. */
  | "shorter"
  | "different";

/** Reads the head and the tail of `source` and compares. Throws what reading throws. */
export async function compare(source: ByteSource, fingerprint: Fingerprint): Promise<Comparison> {
  const head = await readFully(source, 0, fingerprint.headLen);
  if (head.length < fingerprint.headLen) return "different";
  if (fingerprint.headLen > 0 && hashOf(head) !== fingerprint.head) return "different";
  // A position that nothing stands before proves nothing.
  if (fingerprint.off > 0 && fingerprint.tailLen === 0) return "different";
  const tail = await readFully(source, fingerprint.off - fingerprint.tailLen, fingerprint.tailLen);
  if (tail.length < fingerprint.tailLen) return "shorter";
  return fingerprint.tailLen === 0 || hashOf(tail) === fingerprint.tail ? "same" : "different";
}

/** The bytes at `position`, fewer only at the end. */
export async function readFully(source: ByteSource, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await source.read(buffer.subarray(filled), length - filled, position + filled);
    if (count <= 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/** How some contents begin and end. */
export interface Ends {
  readonly head: Uint8Array;
  /** The last bytes, at most {@link TAIL_BYTES}. */
  readonly tail: Uint8Array;
  readonly size: number;
}

/** Reads contents to their end, which may be the only way to learn their size. Throws what reading throws. */
export async function endsOf(source: ByteSource): Promise<Ends> {
  const head = await readFully(source, 0, HEAD_BYTES);
  let size = head.length;
  let tail = head.slice(-TAIL_BYTES);
  for (;;) {
    const part = await readFully(source, size, CHUNK_BYTES);
    if (part.length === 0) return { head, tail, size };
    size += part.length;
    const joined = new Uint8Array(tail.length + part.length);
    joined.set(tail);
    joined.set(part, tail.length);
    tail = joined.slice(-TAIL_BYTES);
  }
}

/** Whether `source` begins with contents of which only the ends are known. */
export async function startsAlike(source: ByteSource, { head, tail, size }: Ends): Promise<boolean> {
  return sameBytes(await readFully(source, 0, head.length), head) &&
    sameBytes(await readFully(source, size - tail.length, tail.length), tail);
}

/** Whether two runs of bytes are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
