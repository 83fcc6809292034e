import { join } from "node:path";

/*
 * A directory of dead letters holds segments, `dead-letters-<time>.ndjson`, each with one letter a line, and beside a
 * segment, once something became of its letters, `dead-letters-<time>.progress`. That is NDJSON too; a line says of the
 * letter that begins at the byte `at`
 *   {"at":0}                                     it is settled, and gone from the queue
 *   {"at":0,"output":"a"}                        output `a` has it, others do not yet
 *   {"at":0,"time":…,"attempts":2,"reason":"…"}  it was tried again in vain; the attempts are those added
 * A letter is never moved or rewritten, so nothing is doubled or lost wherever a process ends. A segment is locked by the
 * process that writes to it. What stands behind the last line feed of a file was cut off and does not count.
 */

const SEGMENT_NAME = /^dead-letters-(\d{8}T\d{9}Z)(?:-(\d+))?\.ndjson$/;
const LINE_FEED = 10;
const CHUNK = 256 * 1024;

/** A new segment's name. `number`: tells those of one millisecond apart. */
export function segmentName(time: number, number: number): string {
  const text = new Date(time).toISOString().replaceAll(/[-:.]/g, "");
  return `dead-letters-${text}${number === 0 ? "" : `-${number}`}.ndjson`;
}

/** The file that says what became of a segment's letters. */
export function progressName(segment: string): string {
  return `${segment.slice(0, -".ndjson".length)}.progress`;
}

/** The names of all segments, oldest first. A directory that is not there has none. */
export async function listSegments(directory: string): Promise<string[]> {
  const found: { readonly name: string; readonly time: string; readonly number: number }[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(directory)) {
      const [, time, number = "0"] = SEGMENT_NAME.exec(name) ?? [];
      if (isFile && time !== undefined) found.push({ name, time, number: Number(number) });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => a.time === b.time ? a.number - b.number : a.time < b.time ? -1 : 1)
    .map(({ name }) => name);
}

/** The whole lines of a file, without their line feeds, and where each begins. A file that is not there has none. */
export async function* readLines(
  path: string,
): AsyncGenerator<{ readonly at: number; readonly line: Uint8Array }> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  try {
    let rest = new Uint8Array(0);
    let at = 0;
    for (;;) {
      const bytes = new Uint8Array(rest.length + CHUNK);
      bytes.set(rest);
      const read = await file.read(bytes.subarray(rest.length));
      if (read === null) return;
      const length = rest.length + read;
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED, rest.length); end >= 0 && end < length;) {
        yield { at: at + start, line: bytes.subarray(start, end) };
        start = end + 1;
        end = bytes.indexOf(LINE_FEED, start);
      }
      rest = bytes.slice(start, length);
      at += start;
    }
  } finally {
    file.close();
  }
}

/** What became of a letter. */
export interface Progress {
  readonly at: number;
  /** Of this output only; absent: of the letter as a whole. */
  readonly output?: string | undefined;
  /** Tried again in vain. */
  readonly failed?: { readonly time: number; readonly attempts: number; readonly reason: string } | undefined;
}

/** One line of a progress file. */
export function progressLine({ at, output, failed }: Progress): string {
  const { time, attempts, reason } = failed ?? {};
  return `${
    JSON.stringify({
      at,
      output,
      ...(time === undefined ? {} : { time: new Date(time).toISOString(), attempts, reason }),
    })
  }\n`;
}

/** All that a segment's progress file says. Lines that say nothing are passed over. */
export async function readProgress(directory: string, segment: string): Promise<Progress[]> {
  const all: Progress[] = [];
  for await (const { line } of readLines(join(directory, progressName(segment)))) {
    const progress = parseProgress(line);
    if (progress !== undefined) all.push(progress);
  }
  return all;
}

function parseProgress(line: Uint8Array): Progress | undefined {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(line));
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const { at, output, time, attempts, reason } = json as Readonly<Record<string, unknown>>;
  if (typeof at !== "number" || (output !== undefined && typeof output !== "string")) return undefined;
  if (time === undefined) return { at, output };
  const known = typeof time === "string" && typeof attempts === "number" && typeof reason === "string";
  return known ? { at, output, failed: { time: Date.parse(time), attempts, reason } } : undefined;
}

/** Where the letters of a segment begin that are settled. */
export async function settledLetters(directory: string, segment: string): Promise<Set<number>> {
  const settled = new Set<number>();
  for (const { at, output, failed } of await readProgress(directory, segment)) {
    if (output === undefined && failed === undefined) settled.add(at);
  }
  return settled;
}

/**
 * Deletes a segment, unless a process writes to it. False: it is in use. Where files cannot be locked, the process that
 * writes notices that its file is gone and begins another one.
 */
export async function deleteSegment(directory: string, segment: string): Promise<boolean> {
  const path = join(directory, segment);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
  try {
    if (!(await tryLock(file))) return false;
    await Deno.remove(path);
    // A progress file alone says nothing, so this order is safe wherever it ends.
    await removeIfThere(join(directory, progressName(segment)));
    return true;
  } finally {
    file.close();
  }
}

/** Removes a file that may not be there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether the file is now locked for this process alone, until it is closed; true also where there are no locks. */
export async function tryLock(file: Deno.FsFile): Promise<boolean> {
  try {
    return await file.tryLock(true);
  } catch {
    return true;
  }
}

/** Forces a directory's entries to the disk, where that can be done. */
export function syncDirectory(path: string): void {
  try {
    using directory = Deno.openSync(path);
    directory.syncSync();
  } catch {
    // Windows does not open directories, and some file systems do not sync them.
  }
}
