import { Buffer } from "node:buffer";
import { lineChecksum } from "./line_writer.ts";

/** Who wrote, and how many lines. */
export interface Written {
  readonly name: string;
  readonly written: number;
}

/** What became of the lines that were written. */
export interface Verdict {
  /** Lines that arrived, each copy counted. */
  readonly arrived: number;
  /** Copies beyond the first. */
  readonly duplicates: number;
  /** Sequences that never arrived, by writer. */
  readonly lost: ReadonlyMap<string, readonly number[]>;
  /** Whole lines that nobody wrote. */
  readonly invented: readonly string[];
  /** What is no line of a writer, or not as it was written. */
  readonly corrupted: readonly string[];
  /** First arrivals that came after a later line of the same writer. */
  readonly disordered: readonly string[];
  /** Sequences that arrived more than once, by writer. */
  readonly doubled: ReadonlyMap<string, readonly number[]>;
}

/** What is not an error in a test. */
export interface Allowance {
  /** So many duplicates are right; 0 unless told. */
  readonly duplicates?: number;
  /** Lines may arrive out of order, since the writer wrote to several files. */
  readonly disorder?: boolean;
}

/** Compares what was delivered with what was written. A last line without line break counts as corrupted. */
export function judge(delivered: Uint8Array, writers: Iterable<Written>): Verdict {
  const seen = new Map<string, { written: number; copies: Uint32Array; highest: number }>();
  for (const { name, written } of writers) {
    seen.set(name, { written, copies: new Uint32Array(written + 1), highest: 0 });
  }
  const invented: string[] = [], corrupted: string[] = [], disordered: string[] = [];
  let arrived = 0, duplicates = 0;
  for (const line of linesOf(delivered)) {
    const parsed = line.whole ? parse(line.bytes) : undefined;
    if (!parsed) {
      corrupted.push(excerpt(line.bytes) + (line.whole ? "" : " (no line break)"));
      continue;
    }
    const writer = seen.get(parsed.name);
    if (!writer || parsed.sequence < 1 || parsed.sequence > writer.written) {
      invented.push(excerpt(line.bytes));
      continue;
    }
    arrived++;
    const earlier = writer.copies[parsed.sequence] ?? 0;
    writer.copies[parsed.sequence] = earlier + 1;
    if (earlier > 0) duplicates++;
    else if (parsed.sequence < writer.highest) {
      disordered.push(`${parsed.name} #${parsed.sequence} after #${writer.highest}`);
    } else writer.highest = parsed.sequence;
  }
  const lost = new Map<string, number[]>(), doubled = new Map<string, number[]>();
  for (const [name, { copies }] of seen) {
    for (const [sequence, count] of copies.entries()) {
      if (count === 0 && sequence > 0) push(lost, name, sequence);
      if (count > 1) push(doubled, name, sequence);
    }
  }
  return { arrived, duplicates, lost, invented, corrupted, disordered, doubled };
}

/** Throws, with what differs, unless every line arrived as it was written: once, in its writer's order. */
export function assertDelivered(
  delivered: Uint8Array,
  writers: readonly Written[],
  allowance: Allowance = {},
): Verdict {
  const verdict = judge(delivered, writers);
  const total = writers.reduce((sum, writer) => sum + writer.written, 0);
  const problems: string[] = [];
  if (verdict.lost.size > 0) problems.push(`lost: ${ranges(verdict.lost)}`);
  if (verdict.invented.length > 0) problems.push(`invented: ${few(verdict.invented)}`);
  if (verdict.corrupted.length > 0) problems.push(`corrupted: ${few(verdict.corrupted)}`);
  if (verdict.duplicates > (allowance.duplicates ?? 0)) {
    problems.push(
      `duplicates: ${verdict.duplicates}, allowed ${allowance.duplicates ?? 0}: ${ranges(verdict.doubled)}`,
    );
  }
  if (!allowance.disorder && verdict.disordered.length > 0) {
    problems.push(`out of order: ${few(verdict.disordered)}`);
  }
  if (problems.length > 0) {
    throw new Error(`${total} lines were written, ${verdict.arrived} arrived:\n  ${problems.join("\n  ")}`);
  }
  return verdict;
}

/** The whole lines at the start of `bytes`: what a process that was killed had finished. */
export function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}

/** How many line breaks there are. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) count++;
  return count;
}

function* linesOf(bytes: Uint8Array): Generator<{ bytes: Uint8Array; whole: boolean }> {
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    yield {
      bytes: bytes.subarray(start, bytes[end - 1] === 0x0d && end > start ? end - 1 : end),
      whole: true,
    };
    start = end + 1;
  }
  if (start < bytes.length) yield { bytes: bytes.subarray(start), whole: false };
}

const HEAD = /^(\S+) (\d+) ([0-9a-f]{8}) /;

function parse(line: Uint8Array): { name: string; sequence: number } | undefined {
  const head = HEAD.exec(
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, 120)).toString("latin1"),
  );
  if (!head) return undefined;
  const [all, name = "", digits = "", checksum = ""] = head;
  const sequence = Number(digits);
  if (lineChecksum(name, sequence, line.subarray(all.length)) !== parseInt(checksum, 16)) return undefined;
  return { name, sequence };
}

function excerpt(line: Uint8Array): string {
  const text = Buffer.from(line.subarray(0, 60)).toString("latin1");
  return `${JSON.stringify(text)}${line.length > 60 ? `… (${line.length} bytes)` : ""}`;
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function few(texts: readonly string[]): string {
  return `${texts.length}: ${texts.slice(0, 5).join("; ")}${texts.length > 5 ? "; …" : ""}`;
}

/** `w1 3 (#4..#6); w2 1 (#9)`: how many of each writer, and which. */
function ranges(map: ReadonlyMap<string, readonly number[]>): string {
  const texts = [...map].map(([name, sequences]) => {
    const runs: [number, number][] = [];
    for (const sequence of sequences) {
      const last = runs.at(-1);
      if (last && last[1] === sequence - 1) last[1] = sequence;
      else runs.push([sequence, sequence]);
    }
    const shown = runs.slice(0, 5).map(([from, to]) => from === to ? `#${from}` : `#${from}..#${to}`);
    return `${name} ${sequences.length} (${shown.join(", ")}${runs.length > 5 ? ", …" : ""})`;
  });
  return few(texts);
}
