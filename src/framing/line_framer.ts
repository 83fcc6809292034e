import { forEachLine, type FramedRecords, type Framer, type Grouping } from "./framer.ts";
import { type GroupLimits, LineGroups } from "./line_groups.ts";
import type { LineJoiner } from "./line_joiner.ts";

/** Joins lines that follow each other; the bytes stay as they are. */
export class LineFramer implements Framer {
  constructor(
    private readonly joiner: LineJoiner,
    private readonly limits: GroupLimits,
    readonly timeout: number,
  ) {}

  get windowBytes(): number {
    return this.limits.maxBytes;
  }

  begin(): Grouping {
    return new LineGrouping(new LineGroups(this.joiner, this.limits));
  }
}

class LineGrouping implements Grouping {
  readonly #groups: LineGroups;

  constructor(groups: LineGroups) {
    this.#groups = groups;
  }

  add(bytes: Uint8Array, ends: Uint32Array): void {
    const groups = this.#groups;
    forEachLine(bytes, ends, (line, length) => groups.add(line, length));
  }

  finish(): void {
    this.#groups.finish();
  }

  get whole(): number {
    return this.#groups.finished;
  }

  take(bytes: Uint8Array<ArrayBuffer>, lineEnds: Uint32Array): FramedRecords {
    const groups = this.#groups;
    const { count } = groups;
    const ends = new Uint32Array(count);
    const firstLines = new Uint32Array(count);
    let line = 0;
    for (let i = 0; i < count; i++) {
      firstLines[i] = line;
      line = groups.endOf(i);
      ends[i] = lineEnds[line - 1] ?? 0;
    }
    return { bytes: bytes.subarray(0, ends[count - 1] ?? 0), ends, firstLines, asTheyCame: true };
  }
}
