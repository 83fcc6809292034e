import type { ContainerFormat, ContainerLine } from "./container_format.ts";
import { ContainerStream } from "./container_stream.ts";
import { forEachLine, type FramedRecords, type Framer, type Grouping } from "./framer.ts";
import type { GroupLimits } from "./line_groups.ts";
import { type LineJoiner, singleLines } from "./line_joiner.ts";
import { LinkedLines } from "./linked_lines.ts";

/**
 * Joins what a container runtime had to part, and then, by `joiner`, the lines of each stream of the container. Streams
 * stand mixed in one file, so records may overlap; they come in the order in which they begin.
 */
export class ContainerFramer implements Framer {
  constructor(
    private readonly format: ContainerFormat,
    private readonly joiner: LineJoiner,
    private readonly limits: GroupLimits,
    readonly timeout: number,
  ) {}

  get windowBytes(): number {
    return 2 * this.limits.maxBytes;
  }

  begin(): Grouping {
    return new ContainerGrouping(this.format, this.joiner, this.limits, this.timeout);
  }
}

class ContainerGrouping implements Grouping {
  readonly #streams: ContainerStream[] = [];
  readonly #line: ContainerLine = { stream: "", isPartial: false, time: "", content: "" };
  readonly #withContent: boolean;
  #lines = 0;
  #bytes = 0;
  /** How many lines are whole, and their bytes. */
  #whole = 0;
  #wholeBytes = 0;

  constructor(
    private readonly format: ContainerFormat,
    private readonly joiner: LineJoiner,
    private readonly limits: GroupLimits,
    private readonly timeout: number,
  ) {
    this.#withContent = joiner !== singleLines;
  }

  add(bytes: Uint8Array, ends: Uint32Array): void {
    forEachLine(bytes, ends, (line, length) => this.#add(line, length));
  }

  finish(): void {
    for (const stream of this.#streams) stream.finish();
    this.#findWhole();
  }

  get whole(): number {
    return this.#whole;
  }

  take(bytes: Uint8Array<ArrayBuffer>, lineEnds: Uint32Array): FramedRecords {
    const lines = new LinkedLines(this.#whole);
    for (const stream of this.#streams) stream.link(lines);
    return lines.records(bytes, lineEnds, this.format);
  }

  #add(text: string, length: number): void {
    const index = this.#lines++;
    this.#bytes += length;
    // A line that is not in the format is a record.
    if (this.format.read(text, this.#line, this.#withContent)) {
      this.#streamOf(this.#line.stream).add(this.#line, index, this.#bytes - length, length);
    }
    this.#endOthers();
    this.#findWhole();
    // Records that always overlap would never leave.
    if (this.#bytes - this.#wholeBytes > 2 * this.limits.maxBytes) this.finish();
  }

  /** Ends records of other streams that have been quiet for the timeout by the lines' own time, or span too much. */
  #endOthers(): void {
    if (this.#streams.length < 2) return;
    for (const stream of this.#streams) {
      if (!stream.isOpen || stream.lastLine === this.#lines - 1) continue;
      const isLong = this.#bytes - stream.openByte > this.limits.maxBytes;
      if (isLong || stream.isQuietSince(this.#line.time, this.timeout)) stream.finish();
    }
  }

  #findWhole(): void {
    let open = this.#lines;
    let openByte = this.#bytes;
    let finished = -1;
    for (const stream of this.#streams) {
      if (stream.isOpen && stream.openLine < open) {
        open = stream.openLine;
        openByte = stream.openByte;
      }
      finished = Math.max(finished, stream.lastFinished);
    }
    if (finished >= open) return;
    this.#whole = open;
    this.#wholeBytes = openByte;
  }

  #streamOf(name: string): ContainerStream {
    for (const stream of this.#streams) if (stream.name === name) return stream;
    const stream = new ContainerStream(name, this.joiner, this.limits);
    this.#streams.push(stream);
    return stream;
  }
}
