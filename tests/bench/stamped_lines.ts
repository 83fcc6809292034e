/** Length of a stamped line, its line break included. */
export const STAMPED_LINE_BYTES = 200;
const DIGITS = 16;

/** How old lines were when they arrived, in milliseconds, and how many there were in all. */
export interface Arrival {
  readonly lines: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Microseconds since 1970. Processes on one machine agree to some microseconds. */
export function epochMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** A line with room for a stamp at its start. */
export function makeStampedLine(): Uint8Array {
  const text =
    ' 203.0.113.7 - - "GET /api/v1/orders/1842 HTTP/1.1" 200 4711 "-" "curl/8.14.1" 0.043 upstream=10.0.3.9 ';
  const line = text.padEnd(STAMPED_LINE_BYTES - DIGITS - 1, "abcdefghij");
  return new TextEncoder().encode("0".repeat(DIGITS) + line.slice(0, STAMPED_LINE_BYTES - DIGITS - 1) + "\n");
}

/** `count` copies of the line, all stamped with the present time. */
export function stampLines(line: Uint8Array, count: number): Uint8Array {
  let micros = epochMicros();
  for (let at = DIGITS - 1; at >= 0; at--) {
    line[at] = 0x30 + micros % 10;
    micros = Math.floor(micros / 10);
  }
  const bytes = new Uint8Array(count * line.length);
  for (let i = 0; i < count; i++) bytes.set(line, i * line.length);
  return bytes;
}

/** Collects the ages of stamped lines as they arrive. */
export class Ages {
  readonly #skipMicros: number;
  #ages = new Float64Array(65_536);
  #count = 0;
  #first: number | undefined;
  lines = 0;

  /** `skip`: lines stamped less than this time after the first are counted, but not measured; in milliseconds. */
  constructor(skip: number) {
    this.#skipMicros = skip * 1000;
  }

  /** Takes `bytes[0..length)`, which begins with a line; moves an unfinished line to the start, answers its length. */
  add(bytes: Uint8Array, length: number): number {
    const now = epochMicros();
    const whole = length - length % STAMPED_LINE_BYTES;
    for (let at = 0; at < whole; at += STAMPED_LINE_BYTES) {
      let stamp = 0;
      for (let i = at; i < at + DIGITS; i++) stamp = stamp * 10 + ((bytes[i] ?? 0) - 0x30);
      this.#take(stamp, now);
    }
    bytes.copyWithin(0, whole, length);
    return length - whole;
  }

  /** Takes the line whose stamp stands at `at`. */
  addStamp(bytes: Uint8Array, at: number): void {
    let stamp = 0;
    for (let i = at; i < at + DIGITS; i++) stamp = stamp * 10 + ((bytes[i] ?? 0) - 0x30);
    this.#take(stamp, epochMicros());
  }

  figures(): Arrival {
    const sorted = this.#ages.slice(0, this.#count).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { lines: this.lines, p50: at(0.5), p99: at(0.99), max: at(1) };
  }

  #take(stamp: number, now: number): void {
    this.#first ??= stamp;
    this.lines++;
    if (stamp - this.#first < this.#skipMicros) return;
    if (this.#count === this.#ages.length) this.#grow();
    this.#ages[this.#count++] = (now - stamp) / 1000;
  }

  #grow(): void {
    const larger = new Float64Array(this.#ages.length * 2);
    larger.set(this.#ages);
    this.#ages = larger;
  }
}
