import type { ContainerLine } from "./container_format.ts";
import { type GroupLimits, LineGroups } from "./line_groups.ts";
import type { LineJoiner } from "./line_joiner.ts";
import type { LinkedLines } from "./linked_lines.ts";

/** Length of a time in RFC 3339 up to its seconds. */
const SECONDS = 19;

/** One stream of a container: which lines of the file make which of its records. Lines are numbered from 0. */
export class ContainerStream {
  readonly #groups: LineGroups;
  readonly #limits: GroupLimits;
  /** Numbers of the file's lines, and how many of them there are up to the end of each of the container's lines. */
  readonly #lines: number[] = [];
  readonly #ends: number[] = [];
  /** Where in the file each line begins. */
  readonly #starts: number[] = [];
  /** The container's line that goes on, and its bytes in the file. */
  #begun = "";
  #begunBytes = 0;
  #isBegun = false;
  #lastTime = "";

  constructor(readonly name: string, joiner: LineJoiner, limits: GroupLimits) {
    this.#groups = new LineGroups(joiner, limits);
    this.#limits = limits;
  }

  /** Takes a line of the file, of `length` bytes from `start` on. */
  add(line: ContainerLine, index: number, start: number, length: number): void {
    if (this.#isBegun && this.#begunBytes + length > this.#limits.maxBytes) this.#endLine();
    this.#lines.push(index);
    this.#starts.push(start);
    this.#lastTime = line.time;
    this.#begun += line.content;
    this.#begunBytes += length;
    this.#isBegun = true;
    if (!line.isPartial) this.#endLine();
  }

  /** Finishes what is unfinished. */
  finish(): void {
    if (this.#isBegun) this.#endLine();
    this.#groups.finish();
  }

  /** Whether a record, or a line of the container, is unfinished. */
  get isOpen(): boolean {
    return this.#isBegun || this.#groups.isOpen;
  }

  /** The first line of what is unfinished. */
  get openLine(): number {
    return this.#lines[this.#finishedLines] ?? 0;
  }

  /** Where in the file it begins. */
  get openByte(): number {
    return this.#starts[this.#finishedLines] ?? 0;
  }

  /** The last line that there is. */
  get lastLine(): number {
    return this.#lines.at(-1) ?? -1;
  }

  /** The last line of finished records, or -1. */
  get lastFinished(): number {
    return this.#lines[this.#finishedLines - 1] ?? -1;
  }

  /** Whether the stream had been quiet for `ms` at `time`. */
  isQuietSince(time: string, ms: number): boolean {
    // Parsing takes longer than all the rest; most lines are of the same second.
    if (ms >= 1000 && time.slice(0, SECONDS) === this.#lastTime.slice(0, SECONDS)) return false;
    return Date.parse(time) - Date.parse(this.#lastTime) >= ms;
  }

  /** Links the lines of finished records. */
  link(lines: LinkedLines): void {
    let from = 0;
    for (let i = 0; i < this.#groups.count; i++) {
      const to = this.#ends[this.#groups.endOf(i) - 1] ?? 0;
      for (let k = from + 1; k < to; k++) lines.link(this.#lines[k - 1] ?? 0, this.#lines[k] ?? 0);
      from = to;
    }
  }

  /** How many of the lines belong to finished records. */
  get #finishedLines(): number {
    return this.#ends[this.#groups.finished - 1] ?? 0;
  }

  #endLine(): void {
    this.#ends.push(this.#lines.length);
    this.#groups.add(this.#begun, this.#begunBytes);
    this.#begun = "";
    this.#begunBytes = 0;
    this.#isBegun = false;
  }
}
