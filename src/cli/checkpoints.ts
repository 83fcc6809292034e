import { isAbsolute, resolve } from "node:path";
import type { JsonObject } from "../checkpoints/checkpoint_store.ts";
import { inspectCheckpoints, type Inspection, removeCheckpoints } from "../checkpoints/inspection.ts";
import { CheckpointDirectoryInUseError, openCheckpointStore } from "../checkpoints/kv_checkpoint_store.ts";
import { reasonOf } from "../lib/reason.ts";
import { UsageError } from "./command.ts";

/** Where the lines of a command go. */
export interface CheckpointsPrinter {
  /** To standard output. */
  print(line: string): void;
  /** To standard error. */
  complain(line: string): void;
}

const CONSOLE: CheckpointsPrinter = {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
};

/** What `checkpoints list` is given. */
export interface ListCheckpointsOptions {
  /** Checkpoint directories of the configuration. */
  readonly directories: readonly string[];
  readonly json: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Prints the saved positions of all directories, also beside a running agent. Resolves with the exit code: 1 when a
 * directory that exists cannot be read.
 */
export async function listCheckpoints(options: ListCheckpointsOptions, to = CONSOLE): Promise<number> {
  const inspections: Inspection[] = [];
  let code = 0;
  for (const directory of new Set(options.directories)) {
    try {
      inspections.push(await inspectCheckpoints(directory));
    } catch (error) {
      to.complain(error instanceof Error ? error.message : String(error));
      code = 1;
    }
  }
  if (options.json) {
    to.print(JSON.stringify(inspections.map(toJson), undefined, 2));
  } else {
    const now = (options.now ?? Date.now)();
    inspections.forEach((inspection, index) => {
      if (index > 0) to.print("");
      for (const line of describe(inspection, now)) to.print(line);
    });
  }
  return code;
}

/** What `checkpoints reset` is given. */
export interface ResetCheckpointsOptions {
  /** Checkpoint directories of the configuration. */
  readonly directories: readonly string[];
  readonly all: boolean;
  /** Paths of files, or lineages as `checkpoints list` shows them. */
  readonly paths: readonly string[];
}

/**
 * Forgets positions, so that the files are read as if seen for the first time. Refuses while an agent runs. Resolves
 * with the exit code; throws a UsageError when it is not told what to reset.
 */
export async function resetCheckpoints(options: ResetCheckpointsOptions, to = CONSOLE): Promise<number> {
  const { all, paths } = options;
  if (all === (paths.length > 0)) {
    throw new UsageError(
      `Cannot reset checkpoints: ${all ? "both --all and paths are given" : "nothing is named"}; ` +
        "give --all, or the paths of files",
    );
  }
  const unmatched = new Set(paths);
  let failed = false;
  for (const directory of new Set(options.directories)) {
    try {
      if (!exists(directory)) continue;
      if (all) {
        removeCheckpoints(directory);
        to.print(`Removed all checkpoints from "${directory}"`);
      } else {
        await resetPaths(directory, paths, unmatched, to);
      }
    } catch (error) {
      const reason = error instanceof CheckpointDirectoryInUseError
        ? `an agent${error.pid === undefined ? "" : ` (process ${error.pid})`} is using them; stop it first`
        : reasonOf(error);
      to.complain(`Cannot reset checkpoints in "${directory}": ${reason}`);
      failed = true;
    }
  }
  if (failed) return 1;
  for (const path of unmatched) {
    to.complain(
      `Cannot reset "${path}": there is no checkpoint of it; "checkpoints list" shows those that are`,
    );
  }
  return unmatched.size > 0 ? 1 : 0;
}

async function resetPaths(
  directory: string,
  paths: readonly string[],
  unmatched: Set<string>,
  to: CheckpointsPrinter,
): Promise<void> {
  const say = (message: string) => to.complain(message);
  await using store = await openCheckpointStore({
    directory,
    interval: 3_600_000,
    retention: Infinity,
    log: { debug() {}, info() {}, warn: say, error: say },
  });
  for (const path of paths) {
    const absolute = isAbsolute(path) ? path : resolve(path);
    const keys = [...store.entries()]
      .filter(([key, record]) => record["path"] === absolute || record["lid"] === path || key === path)
      .map(([key]) => key);
    if (keys.length === 0) continue;
    for (const key of keys) store.delete(key);
    unmatched.delete(path);
    to.print(`Removed ${keys.length === 1 ? "the checkpoint" : `${keys.length} checkpoints`} of "${path}"`);
  }
  await store.flush();
}

function describe({ directory, source, savedAt, note, records }: Inspection, now: number): string[] {
  const age = savedAt === undefined ? "" : `, as of ${Math.max(0, Math.round((now - savedAt) / 1000))}s ago`;
  const head = printable(directory) + (note === undefined ? "" : ` (${printable(note)}${age})`);
  if (source === "nothing" || records.length === 0) return [head, "No checkpoints"];
  const rows = records.map(([key, record]) => rowOf(key, record)).sort((a, b) => a[0] < b[0] ? -1 : 1);
  return [head, ...table([["PATH", "OFFSET", "SIZE", "STATE", "LAST SEEN", "LINEAGE"], ...rows])];
}

type Row = readonly [
  path: string,
  offset: string,
  size: string,
  state: string,
  lastSeen: string,
  lineage: string,
];

function rowOf(key: string, record: JsonObject): Row {
  const { path, off, size, state, lastSeen, lid, gen } = record;
  const generation = typeof gen === "number" && gen > 0 ? `.${gen}` : "";
  return [
    printable(typeof path === "string" ? path : key),
    textOf(off),
    textOf(size),
    textOf(state),
    typeof lastSeen === "number" ? new Date(lastSeen).toISOString().slice(0, 19) + "Z" : "-",
    typeof lid === "string" ? printable(lid) + generation : "-",
  ];
}

/** Columns as wide as their widest cell; numbers to the right. */
function table(rows: readonly Row[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = [0, 1, 2, 3, 4, 5].map(width);
  return rows.map((row) =>
    row.map((cell, column) => {
      const padding = widths[column] ?? 0;
      return column === 1 || column === 2 ? cell.padStart(padding) : cell.padEnd(padding);
    }).join("  ").trimEnd()
  );
}

function textOf(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? printable(String(value)) : "-";
}

/** File names may hold what moves a terminal's cursor. */
function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f]/g,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function toJson({ directory, source, savedAt, note, records, states }: Inspection): unknown {
  return {
    directory,
    source,
    saved_at: savedAt === undefined ? null : new Date(savedAt).toISOString(),
    note: note ?? null,
    checkpoints: records.map(([key, record]) => ({ key, ...record })),
    outputs: states.map(([key, state]) => ({ key, ...state })),
  };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
