import { Buffer } from "node:buffer";
import { join } from "node:path";
import { recordId } from "../batch.ts";
import { deliveredSegments } from "../buffers/wal/compaction.ts";
import { storedBatches } from "../buffers/wal/contents.ts";
import { type Examination, type ExaminationOptions, examine } from "../buffers/wal/examination.ts";
import { diskFileSystem } from "../buffers/wal/file_system.ts";
import { repair } from "../buffers/wal/repair.ts";
import { reasonOf } from "../lib/reason.ts";
import { UsageError } from "./command.ts";
import { count, damageText, describeLog, logToJson } from "./wal_report.ts";

/** Where the output of a command goes. */
export interface WalPrinter {
  /** A line to standard output. */
  print(line: string): void;
  /** A line to standard error. */
  complain(line: string): void;
  /** Bytes to standard output; false once nobody reads it any more. */
  write(bytes: Uint8Array): boolean;
}

const CONSOLE: WalPrinter = {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
  write(bytes) {
    try {
      for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      throw error;
    }
  },
};

/** What the commands are given. */
export interface WalOptions {
  /** Directories of logs. */
  readonly directories: readonly string[];
  /** For tests: milliseconds since 1970. */
  readonly now?: () => number;
}

const files = diskFileSystem;
/** Of the segments that a repair writes. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Prints what stands in logs, also beside a running agent. Resolves with the exit code. */
export async function inspectLogs(
  { directories, json, now = Date.now }: WalOptions & { readonly json: boolean },
  to = CONSOLE,
): Promise<number> {
  const found: { directory: string; log: Examination }[] = [];
  const code = await eachLog(directories, "read", to, async (directory) => {
    found.push({ directory, log: await examineLive(directory, { payloads: false, delivered: true }) });
    return true;
  });
  if (json) {
    to.print(JSON.stringify(found.map(({ directory, log }) => logToJson(directory, log)), undefined, 2));
  } else {
    for (const [index, { directory, log }] of found.entries()) {
      if (index > 0) to.print("");
      for (const line of describeLog(directory, log, now())) to.print(line);
    }
  }
  return code;
}

/** Checks every byte of logs and lists all damage. Resolves with the exit code: 1 if there is any. */
export function verifyLogs({ directories }: WalOptions, to = CONSOLE): Promise<number> {
  return eachLog(directories, "read", to, async (directory) => {
    const isUsed = await isInUse(directory);
    const { damages, segments } = await examineLive(directory, { payloads: true, delivered: true });
    // While somebody writes, the last write may be under way.
    const counted = isUsed ? damages.filter(({ kind }) => kind !== "tail") : damages;
    for (const { message } of counted) to.print(message);
    const records = segments.reduce((sum, segment) => sum + segment.records, 0);
    to.print(
      `"${directory}": ${count(segments.length, "segment")}, ${count(records, "record")}, ${
        damageText(counted)
      }`,
    );
    return counted.length === 0;
  });
}

/**
 * Writes damaged logs anew with all that can be read, and keeps the files as they were. Refuses while an agent runs.
 * Resolves with the exit code: 1 if a log cannot be repaired.
 */
export function repairLogs(
  { directories, now = Date.now }: WalOptions,
  to = CONSOLE,
): Promise<number> {
  return eachLog(directories, "repair", to, async (directory) => {
    using _lock = await files.lock(directory);
    const { damages, copy, records } = await repair(files, directory, SEGMENT_BYTES, now());
    if (copy === undefined) {
      to.print(`"${directory}": nothing to repair`);
      return true;
    }
    for (const { message } of damages) to.print(message);
    to.print(
      `"${directory}": wrote ${count(records, "record")} anew, ${damageText(damages)}; before: "${copy}"`,
    );
    return true;
  });
}

/** Deletes the segments that are delivered as a whole, also beside a running agent. */
export function compactLogs({ directories }: WalOptions, to = CONSOLE): Promise<number> {
  return eachLog(directories, "compact", to, async (directory) => {
    const names = deliveredSegments(await examineLive(directory, { payloads: false }));
    for (const name of names) {
      await files.remove(`${directory}/${name}`).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    if (names.length > 0) await files.syncDirectory(directory);
    to.print(`"${directory}": deleted ${count(names.length, "delivered segment")}`);
    return true;
  });
}

/**
 * Writes records to standard output, as they would be sent: those that are not delivered yet, or all from record
 * number `from` on. Resolves with the exit code; 1 if something cannot be read.
 */
export function dumpLogs(
  { directories, from, ids }: WalOptions & { readonly from?: string | undefined; readonly ids: boolean },
  to = CONSOLE,
): Promise<number> {
  const first = from === undefined ? undefined : Number(from);
  if (first !== undefined && !(Number.isSafeInteger(first) && first > 0)) {
    throw new UsageError(`Cannot dump from "${from}": it is no number of a record; "wal inspect" shows them`);
  }
  return eachLog(directories, "read", to, async (directory) => {
    const found = await examineLive(directory, { payloads: true });
    for (const { message, kind } of found.damages) if (kind !== "tail") to.complain(message);
    for await (const { header, batch } of storedBatches(files, directory, found)) {
      if (first === undefined && found.released.has(header.batch)) continue;
      const records: Uint8Array[] = [];
      for (const [index, end] of batch.ends.entries()) {
        if (first !== undefined && header.record + index < first) continue;
        const record = batch.bytes.subarray(batch.ends[index - 1] ?? 0, end);
        if (ids) records.push(new TextEncoder().encode(`${recordId(batch, index) ?? "-"}\t`));
        records.push(record);
        if (record.at(-1) !== 0x0a) records.push(new Uint8Array([0x0a]));
      }
      if (!to.write(Buffer.concat(records))) return true;
    }
    return found.damages.every(({ lostRecords }) => lostRecords === 0);
  });
}

/** Directories of the logs that a configuration has; throws a UsageError if it has none. */
export async function logDirectories(file: string): Promise<string[]> {
  const { loadConfig } = await import("../config/load.ts");
  const { logDirectory } = await import("../build_pipeline.ts");
  const { config } = await loadConfig(file);
  const directories = config.outputs.flatMap((entry) => logDirectory(entry, config) ?? []);
  if (directories.length > 0) return directories;
  throw new UsageError(
    `"${file}" has no write-ahead log: neither wal.enabled nor buffer.type: disk is set in it`,
  );
}

/** Does something with every log; a failure does not keep the others from it. */
async function eachLog(
  directories: readonly string[],
  verb: string,
  to: WalPrinter,
  act: (directory: string) => Promise<boolean>,
): Promise<number> {
  let code = 0;
  for (const directory of new Set(directories)) {
    try {
      await refuseOthers(directory);
      if (!(await act(directory))) code = 1;
    } catch (error) {
      to.complain(`Cannot ${verb} the write-ahead log "${directory}": ${reasonOf(error)}`);
      code = 1;
    }
  }
  return code;
}

/** A slip in a path must not look like a log without damage, nor get the files of one. */
async function refuseOthers(directory: string): Promise<void> {
  if (await isLog(directory)) return;
  const within: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory && await isLog(path)) within.push(`"${path}"`);
  }
  throw new Error(within.length === 0 ? "it is none" : `it is none; those in it are ${within.join(", ")}`);
}

async function isLog(directory: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(directory)) {
    if (name.endsWith(".wal") || /^cursor\.[01]$/.test(name)) return true;
  }
  return false;
}

/** A running agent may delete a segment while it is looked at: then from the start. */
async function examineLive(directory: string, options: ExaminationOptions): Promise<Examination> {
  for (let attempt = 1;; attempt++) {
    try {
      return await examine(files, directory, options);
    } catch (error) {
      if (attempt === 3 || !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function isInUse(directory: string): Promise<boolean> {
  try {
    using _lock = await files.lock(directory);
    return false;
  } catch {
    return true;
  }
}
