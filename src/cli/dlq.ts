import type { Letter } from "../delivery/dead_letter_line.ts";
import {
  isSelected,
  LetterArchive,
  type LetterProgress,
  type LetterSelection,
  type StoredLetter,
} from "../delivery/letter_archive.ts";
import { parseDuration } from "../lib/duration.ts";
import { UsageError } from "./command.ts";
import { printable, textTable } from "./text_table.ts";

/** Where the lines of a command go. */
export interface DlqPrinter {
  /** To standard output. */
  print(line: string): void;
  /** To standard error. */
  complain(line: string): void;
}

/** The terminal. */
export const CONSOLE: DlqPrinter = {
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
};

/** Which directory is meant: one that is named, or that of a configuration. */
export interface DlqPlace {
  readonly config: string;
  readonly dir: string | undefined;
}

/** Finds the directory. Throws a UsageError when there is none, ConfigError for a wrong configuration. */
export async function dlqDirectory({ config: file, dir }: DlqPlace): Promise<string> {
  if (dir !== undefined) {
    await refuseIfMissing(dir);
    return dir;
  }
  const { loadConfig } = await import("../config/load.ts");
  const { config } = await loadConfig(file);
  if (config.dead_letter.dir !== undefined) return config.dead_letter.dir;
  throw new UsageError(`Cannot find dead letters: ${file} has no dead_letter.dir; set it, or give --dir`);
}

/** A slip in a path must not look like good news. */
async function refuseIfMissing(dir: string): Promise<void> {
  const entry = await Deno.stat(dir).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (!entry?.isDirectory) {
    throw new UsageError(`--dir: "${dir}" is ${entry === undefined ? "not there" : "no directory"}`);
  }
}

/** Letters of one output or input and one reason. */
interface Heap {
  readonly from: string;
  readonly reason: string;
  letters: number;
  bytes: number;
  first: number;
  last: number;
}

/** Prints how many letters there are, by where they come from and why. Resolves with the exit code. */
export async function listLetters(
  { json, ...place }: DlqPlace & { readonly json: boolean },
  to = CONSOLE,
): Promise<number> {
  const directory = await dlqDirectory(place);
  await using archive = new LetterArchive(directory);
  const heaps = new Map<string, Heap>();
  let damaged = 0;
  for await (const { letter, line } of archive.letters()) {
    if (letter === undefined) {
      damaged++;
      continue;
    }
    const { reason, time } = letter;
    const from = whose(letter);
    const key = JSON.stringify([from, reason]);
    const heap = heaps.get(key) ?? { from, reason, letters: 0, bytes: 0, first: time, last: time };
    heaps.set(key, heap);
    heap.letters++;
    heap.bytes += line.length + 1;
    heap.first = Math.min(heap.first, time);
    heap.last = Math.max(heap.last, time);
  }
  const sorted = [...heaps.values()].sort((a, b) =>
    a.from === b.from ? b.letters - a.letters : a.from < b.from ? -1 : 1
  );
  if (json) {
    const groups = sorted.map(({ first, last, from, ...heap }) => ({
      [from.slice(0, from.indexOf(" "))]: from.slice(from.indexOf(" ") + 1),
      ...heap,
      first: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
    }));
    to.print(JSON.stringify({ directory, damaged, groups }, undefined, 2));
    return 0;
  }
  const rows = sorted.map(({ from, reason, letters, bytes, first, last }) => [
    printable(from),
    String(letters),
    String(bytes),
    shortTime(first),
    shortTime(last),
    printable(reason),
  ]);
  if (damaged > 0) rows.push(["(damaged lines)", String(damaged)]);
  if (rows.length === 0) to.print("No dead letters");
  else {for (
      const line of textTable([["FROM", "LETTERS", "BYTES", "FIRST", "LAST", "REASON"], ...rows], [1, 2])
    ) to.print(line);}
  return 0;
}

/** What `dlq show`, `purge` and `replay` are given to choose letters. */
export interface SelectionWords {
  readonly output?: string | undefined;
  readonly input?: string | undefined;
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
}

/** Prints letters, each as the JSON of its line with its latest reason and all its attempts. */
export async function showLetters(
  { limit, selection, ...place }: DlqPlace & {
    readonly selection: SelectionWords;
    readonly limit: string | undefined;
  },
  to = CONSOLE,
): Promise<number> {
  let left = numberOf(limit, "--limit") ?? Infinity;
  let shownAny = false;
  await using archive = new LetterArchive(await dlqDirectory(place));
  for await (const stored of archive.letters()) {
    if (left <= 0) break;
    if (!isSelected(stored, selection)) continue;
    to.print(shown(stored));
    shownAny = true;
    left--;
  }
  if (!shownAny) to.complain("No dead letters, or none that is meant");
  return 0;
}

/** What `dlq purge` is given. */
export interface PurgeOptions extends DlqPlace {
  readonly selection: SelectionWords;
  readonly olderThan: string | undefined;
  readonly all: boolean;
  readonly yes: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Letters that are marked at once. */
const PURGED_AT_ONCE = 1000;

/**
 * Deletes letters for good, once that is confirmed. Resolves with the exit code: 1 when it is not, or cannot be done.
 * Throws a UsageError when it is not told which letters.
 */
export async function purgeLetters(options: PurgeOptions, to = CONSOLE): Promise<number> {
  const { selection: words, olderThan, all, yes, now = Date.now } = options;
  const isNarrow = olderThan !== undefined || Object.values(words).some((word) => word !== undefined);
  if (all === isNarrow) {
    throw new UsageError(
      `Cannot purge dead letters: ${all ? "both --all and a choice are given" : "nothing is named"}; ` +
        "give --all, or which letters are meant",
    );
  }
  const age = olderThan === undefined ? undefined : parseDuration(olderThan);
  if (olderThan !== undefined && age === undefined) {
    throw new UsageError(`--older-than must be a duration such as 24h; it is "${olderThan}"`);
  }
  const selection: LetterSelection = age === undefined ? words : { ...words, before: now() - age };
  await using archive = new LetterArchive(await dlqDirectory(options));
  if (!yes) {
    const { letters } = await mark(archive, selection);
    to.complain(`${count(letters)} would be deleted for good; add --yes to do that`);
    return letters === 0 ? 0 : 1;
  }
  if (!(await archive.lock())) return inUse(archive, to);
  const { letters } = await mark(archive, selection, (progress) => archive.record(progress));
  await archive.tidy();
  to.print(`Deleted ${count(letters)}`);
  return 0;
}

async function mark(
  archive: LetterArchive,
  selection: LetterSelection,
  record: (progress: readonly LetterProgress[]) => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly letters: number }> {
  let letters = 0;
  let waiting: LetterProgress[] = [];
  for await (const stored of archive.letters()) {
    if (!isSelected(stored, selection)) continue;
    letters++;
    waiting.push({ segment: stored.segment, at: stored.at });
    if (waiting.length < PURGED_AT_ONCE) continue;
    await record(waiting);
    waiting = [];
  }
  await record(waiting);
  return { letters };
}

/** Says that another command is at work in the directory; answers the exit code. */
export function inUse({ directory }: LetterArchive, to: DlqPrinter): number {
  to.complain(
    `Cannot change the dead letters in "${directory}": another "dlq" command is at work there; wait for it`,
  );
  return 1;
}

/** A whole number above zero. Throws a UsageError for any other text. */
export function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new UsageError(`${option} must be a number above 0; it is "${text}"`);
  }
  return Number(text);
}

function whose({ from, to }: Letter): string {
  return to === undefined ? `input ${from?.input ?? ""}` : `output ${to.output}`;
}

function shown({ line, letter, triedAt }: StoredLetter): string {
  const text = new TextDecoder().decode(line);
  if (letter === undefined) return JSON.stringify({ damaged: text });
  if (triedAt === undefined) return text;
  const { reason, attempts } = letter;
  return JSON.stringify({ ...JSON.parse(text), reason, attempts, tried: new Date(triedAt).toISOString() });
}

function shortTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function count(letters: number): string {
  return `${letters} dead letter${letters === 1 ? "" : "s"}`;
}
