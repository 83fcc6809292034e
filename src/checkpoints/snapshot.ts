import { crc32 } from "../lib/crc32.ts";
import { emptyImage, type StoreImage } from "./store_image.ts";

/**
 * A copy of the store's content in plain JSON, for the day when the database is damaged or gone.
 *
 *     {"format":"logaggregator-checkpoints","version":1,"crc32":"1f2e3d4c","body":
 *     {"saved_at":"2026-…Z","sequence":17,"records":[
 *     ["key",{…}],
 *     …
 *     ],"outputs":[…]}
 *     }
 *
 * The checksum is that of the bytes between the first and the last line break.
 */
export interface Snapshot {
  readonly image: StoreImage;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

/** The newer and the older generation. */
export const SNAPSHOT_FILES = ["checkpoints.json", "checkpoints.1.json"] as const;
const TEMPORARY_FILE = "checkpoints.json.tmp";
const FORMAT = "logaggregator-checkpoints";
const VERSION = 1;
const encoder = new TextEncoder();

/** The text of a snapshot. */
export function encodeSnapshot({ image, savedAt }: Snapshot): string {
  const lines = (part: ReadonlyMap<string, string>) =>
    Array.from(part, ([key, text]) => `\n[${JSON.stringify(key)},${text}]`).join(",");
  const body =
    `{"saved_at":${JSON.stringify(new Date(savedAt).toISOString())},"sequence":${image.sequence},` +
    `"records":[${lines(image.records)}\n],"outputs":[${lines(image.states)}\n]}`;
  const header = `{"format":"${FORMAT}","version":${VERSION},"crc32":"${checksum(body)}","body":`;
  return `${header}\n${body}\n}`;
}

/** Reads a snapshot. Throws an Error that says what is wrong with it. */
export function decodeSnapshot(text: string): Snapshot {
  const [start, end] = [text.indexOf("\n"), text.lastIndexOf("\n")];
  const body = text.slice(start + 1, end);
  let header: { format?: unknown; version?: unknown; crc32?: unknown };
  try {
    header = JSON.parse(`${text.slice(0, start)}null${text.slice(end + 1)}`);
  } catch {
    throw new Error("it is not JSON, or only a part of it");
  }
  if (header?.format !== FORMAT) throw new Error(`it has no "format": "${FORMAT}"`);
  if (header.version !== VERSION) throw new Error(`it has version ${header.version}; known is ${VERSION}`);
  if (header.crc32 !== checksum(body)) {
    throw new Error(`its checksum is ${checksum(body)}, expected ${header.crc32}`);
  }
  // Only what the checksum covers is looked at.
  const { saved_at, sequence, records, outputs } = JSON.parse(body) as Body;
  const image = { ...emptyImage(), sequence };
  for (const [key, value] of records) image.records.set(key, JSON.stringify(value));
  for (const [key, value] of outputs) image.states.set(key, JSON.stringify(value));
  return { image, savedAt: Date.parse(saved_at) };
}

interface Body {
  saved_at: string;
  sequence: number;
  records: [string, unknown][];
  outputs: [string, unknown][];
}

/** The newest snapshot that can be read, and what is wrong with the others. */
export async function readSnapshot(
  directory: string,
): Promise<{ snapshot: Snapshot | undefined; problems: { file: string; problem: string }[] }> {
  const problems: { file: string; problem: string }[] = [];
  for (const name of SNAPSHOT_FILES) {
    const file = `${directory}/${name}`;
    try {
      return { snapshot: decodeSnapshot(await Deno.readTextFile(file)), problems };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      problems.push({ file, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return { snapshot: undefined, problems };
}

/** Makes the snapshot the newer generation; the one before becomes the older. Durable once resolved. */
export async function writeSnapshot(directory: string, snapshot: Snapshot): Promise<void> {
  const [newer, older] = SNAPSHOT_FILES;
  const temporary = `${directory}/${TEMPORARY_FILE}`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode: 0o600 });
    const bytes = encoder.encode(encodeSnapshot(snapshot));
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    await file.sync();
  }
  try {
    await Deno.rename(`${directory}/${newer}`, `${directory}/${older}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.rename(temporary, `${directory}/${newer}`);
  await syncDirectory(directory);
}

/** Makes renames durable. Where a directory cannot be opened (Windows), the file system sees to it. */
async function syncDirectory(directory: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(directory);
  await handle.sync();
}

function checksum(text: string): string {
  return crc32(encoder.encode(text)).toString(16).padStart(8, "0");
}
