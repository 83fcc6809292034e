import { crc32 } from "node:zlib";
import type { JsonObject } from "../../checkpoints/checkpoint_store.ts";
import type { CoveredStream } from "./covered_streams.ts";
import type { FileSystem } from "./file_system.ts";
import type { ReleasedRange } from "./released.ts";
import type { Place } from "./segment.ts";

/** How far a log has been delivered, as it is saved. */
export interface Cursor {
  /** Counts the saves; the slot with the higher number is the newer one. */
  readonly generation: number;
  /** In ms since 1970. */
  readonly savedAt: number;
  /** The oldest batch that is not released. */
  readonly mark: Place;
  /** Batches behind the mark that are released. */
  readonly released: readonly ReleasedRange[];
  /** Everything before it had been forced to the disk. */
  readonly synced: Place;
  /** What the next batch is numbered; batches before it may have been delivered without having reached the disk. */
  readonly next: Place;
  /** Up to where streams are on the disk. */
  readonly streams: readonly CoveredStream[];
  /** What the output keeps of the same moment. */
  readonly state?: JsonObject | undefined;
}

/** The two slots, which are written in turns: a write that is cut off leaves the other one. */
export const CURSOR_FILES = ["cursor.0", "cursor.1"] as const;

/** A slot is at least this long, and at least half of it is spare, so that it rarely grows. */
const SMALLEST_SLOT = 4096;

/**
 * A slot's content: CRC-32 in hexadecimal, a space, JSON, and spaces to the end of the line. It is at least `length`
 * bytes: a file that keeps its length can be written on a full disk, and must be, since only then segments can go.
 */
export function encodeCursor(cursor: Cursor, length = 0): Uint8Array {
  const { generation, savedAt, mark, released, synced, next, streams, state } = cursor;
  const json = JSON.stringify({
    v: 1,
    generation,
    saved_at: savedAt,
    mark: [mark.batch, mark.record],
    released: released.map(({ first, end, record }) => [first, end, record]),
    synced: [synced.batch, synced.record],
    next: [next.batch, next.record],
    streams,
    state,
  });
  const content = new TextEncoder().encode(`00000000 ${json}`);
  let size = Math.max(SMALLEST_SLOT, length);
  while (size < content.length + 1) size = 2 * (content.length + 1);
  const text = new Uint8Array(size).fill(0x20);
  text.set(content);
  text[size - 1] = 0x0a;
  const sum = crc32(text.subarray(9)).toString(16).padStart(8, "0");
  new TextEncoder().encodeInto(sum, text);
  return text;
}

/** Reads a slot; undefined if it is damaged, or of another version. */
export function decodeCursor(bytes: Uint8Array): Cursor | undefined {
  const sum = new TextDecoder().decode(bytes.subarray(0, 8));
  if (bytes.length < 10 || Number.parseInt(sum, 16) !== crc32(bytes.subarray(9))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes.subarray(9)));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("v" in value) || value.v !== 1) return undefined;
  const { generation, saved_at, mark, released, synced, next, streams, state } = value as Record<
    string,
    unknown
  >;
  const places = [mark, synced, next].map(placeOf);
  const [markPlace, syncedPlace, nextPlace] = places;
  const ranges = Array.isArray(released) ? released.map(rangeOf) : [undefined];
  if (
    typeof generation !== "number" || typeof saved_at !== "number" || markPlace === undefined ||
    syncedPlace === undefined || nextPlace === undefined || !ranges.every((range) => range !== undefined)
  ) return undefined;
  return {
    generation,
    savedAt: saved_at,
    mark: markPlace,
    released: ranges,
    synced: syncedPlace,
    next: nextPlace,
    streams: Array.isArray(streams) ? streams.flatMap(streamOf) : [],
    state: state as JsonObject | undefined,
  };
}

function placeOf(value: unknown): Place | undefined {
  if (!Array.isArray(value)) return undefined;
  const [batch, record]: unknown[] = value;
  return typeof batch === "number" && typeof record === "number" ? { batch, record } : undefined;
}

function streamOf(value: unknown): CoveredStream[] {
  if (!Array.isArray(value)) return [];
  const [id, until]: unknown[] = value;
  return typeof id === "string" && typeof until === "number" ? [[id, until]] : [];
}

function rangeOf(value: unknown): ReleasedRange | undefined {
  if (!Array.isArray(value)) return undefined;
  const [first, end, record]: unknown[] = value;
  if (typeof first !== "number" || typeof end !== "number" || typeof record !== "number") return undefined;
  return { first, end, record };
}

/** What was found of a cursor. */
export interface FoundCursor {
  /** The newer slot that is whole. */
  readonly cursor: Cursor | undefined;
  /** The slot that may be overwritten: never the one that is in use. */
  readonly writeTo: 0 | 1;
  /** The mark of the other slot, if there is one. */
  readonly otherMark: Place | undefined;
  /** Slots that are there and cannot be read. */
  readonly damaged: readonly string[];
}

/** Reads both slots. Throws when a file cannot be read at all. */
export async function readCursor(
  files: Pick<FileSystem, "open">,
  directory: string,
  present: ReadonlyMap<string, number>,
): Promise<FoundCursor> {
  const damaged: string[] = [];
  const slots: (Cursor | undefined)[] = [];
  for (const name of CURSOR_FILES) {
    const size = present.get(name);
    const bytes = size === undefined ? undefined : await readWhole(files, `${directory}/${name}`, size);
    const cursor = bytes && decodeCursor(bytes);
    if (bytes !== undefined && cursor === undefined) damaged.push(name);
    slots.push(cursor);
  }
  const [first, second] = slots;
  const newer = (first?.generation ?? -1) >= (second?.generation ?? -1) ? 0 : 1;
  return {
    cursor: slots[newer],
    writeTo: newer === 0 ? 1 : 0,
    otherMark: slots[1 - newer]?.mark,
    damaged,
  };
}

async function readWhole(files: Pick<FileSystem, "open">, path: string, size: number): Promise<Uint8Array> {
  const file = await files.open(path);
  try {
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const read = await file.read(bytes.subarray(length), length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    file.close();
  }
}
