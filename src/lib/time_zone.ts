import { DAY_MS } from "./calendar.ts";
import { suggest } from "./suggest.ts";

/** A time zone: how its wall clock differs from UTC. Times are whole milliseconds; wall times count as if in UTC. */
export interface TimeZone {
  /** As an IANA name, an offset such as `+02:00`, or `UTC`. */
  readonly name: string;
  /** Milliseconds by which the wall clock is ahead of UTC (east is positive) at a moment in UTC. */
  offsetAt(utc: number): number;
  /**
   * The moment in UTC when the wall clock shows `wall`. A wall time that occurs twice (clocks were set back) means the
   * earlier moment; one that never occurs (clocks were set forward) is read as if they had not been set.
   */
  toUtc(wall: number): number;
}

/** A zone with the same offset always: milliseconds, east is positive. */
export class FixedZone implements TimeZone {
  readonly name: string;
  readonly #offset: number;

  constructor(name: string, offset: number) {
    this.name = name;
    this.#offset = offset;
  }

  offsetAt(_utc: number): number {
    return this.#offset;
  }

  toUtc(wall: number): number {
    return wall - this.#offset;
  }
}

/** Wall clock and UTC agree. */
export const UTC: TimeZone = new FixedZone("UTC", 0);

/** What `Date` can hold; the functions of Intl throw outside. */
const LAST_MOMENT = 8.64e15 - 3 * DAY_MS;
/** Days whose offsets are kept, for logs that jump in time; about 30 years. */
const KEPT_DAYS = 10_000;
const OFFSET = /^(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;

/**
 * The time zone of an IANA name such as `Europe/Berlin`, an offset such as `+02:00`, `UTC` or `local` (where this
 * machine is). Throws an Error that says what is allowed.
 */
export function resolveTimeZone(name: string): TimeZone {
  const lower = name.trim().toLowerCase();
  if (lower === "utc" || lower === "gmt" || lower === "z") return UTC;
  if (lower === "local") return localZone();
  const offset = OFFSET.exec(lower);
  if (offset !== null) {
    const [, sign, hours, minutes = "0"] = offset;
    const size = Number(hours) * 60 + Number(minutes);
    if (size < 24 * 60 && Number(minutes) < 60) {
      return new FixedZone(name.trim(), (sign === "-" ? -size : size) * 60_000);
    }
  }
  const zone = offset === null ? intlZone(name.trim()) : undefined;
  if (zone !== undefined) return zone;
  const close = suggest(name, ["UTC", "local", ...Intl.supportedValuesOf("timeZone")]);
  const guess = close === undefined ? "" : ` did you mean "${close}"?`;
  throw new Error(
    `"${name}" is no time zone;${guess} allowed: an IANA name such as Europe/Berlin, an offset such as +02:00, UTC, local`,
  );
}

function localZone(): TimeZone {
  // Missing or unusable where TZ is set to something that is no IANA name.
  const name: string | undefined = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = name === undefined ? undefined : intlZone(name);
  return zone ?? new ChangingZone("local", (utc) => -new Date(utc).getTimezoneOffset() * 60_000);
}

function intlZone(name: string): TimeZone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const { timeZone } = format.resolvedOptions();
  if (timeZone === "UTC" || timeZone === "Etc/UTC") return UTC;
  const toText = format.format;
  return new ChangingZone(name, (utc) => offsetOf(toText(utc)));
}

/** Milliseconds of a text such as `11/25/2026, GMT+01:00`; old local mean times have seconds as well. */
function offsetOf(text: string): number {
  const parts = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (parts === null) return 0;
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = parts;
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}

/** The offsets of one day in UTC: `before` until the moment `at`, `after` from then on. Without a change, `at` is its end. */
interface DayOffsets {
  readonly before: number;
  readonly after: number;
  readonly at: number;
}

/** A zone whose offset changes. Asking Intl takes microseconds, so each day is asked for once. */
class ChangingZone implements TimeZone {
  readonly name: string;
  readonly #probe: (utc: number) => number;
  readonly #days = new Map<number, DayOffsets>();
  // The last answers hold for a span of time, and most records are near the one before.
  #utcFrom = 0;
  #utcTo = 0;
  #utcOffset = 0;
  #wallFrom = 0;
  #wallTo = 0;
  #wallOffset = 0;

  constructor(name: string, probe: (utc: number) => number) {
    this.name = name;
    this.#probe = probe;
  }

  offsetAt(utc: number): number {
    if (utc >= this.#utcFrom && utc < this.#utcTo) return this.#utcOffset;
    if (!(Math.abs(utc) < LAST_MOMENT)) return 0;
    const index = Math.floor(utc / DAY_MS);
    const day = this.#day(index);
    const isBefore = utc < day.at;
    this.#utcFrom = isBefore ? index * DAY_MS : day.at;
    this.#utcTo = isBefore ? day.at : (index + 1) * DAY_MS;
    this.#utcOffset = isBefore ? day.before : day.after;
    return this.#utcOffset;
  }

  toUtc(wall: number): number {
    if (!(wall >= this.#wallFrom && wall < this.#wallTo)) {
      if (!(Math.abs(wall) < LAST_MOMENT)) return wall;
      this.#findWall(wall);
    }
    return wall - this.#wallOffset;
  }

  /**
   * Looks at all changes that can matter for the day of the wall time. What `toUtc` promises comes to this: a change
   * takes effect when a clock with the greater of the two offsets shows its moment.
   */
  #findWall(wall: number): void {
    const index = Math.floor(wall / DAY_MS);
    let from = index * DAY_MS;
    let to = from + DAY_MS;
    let offset = this.#day(index - 2).before;
    for (let near = index - 2; near <= index + 2; near++) {
      const { before, after, at } = this.#day(near);
      if (before === after) continue;
      const effect = at + Math.max(before, after);
      if (wall < effect) {
        to = Math.min(to, effect);
        break;
      }
      from = Math.max(from, effect);
      offset = after;
    }
    this.#wallFrom = from;
    this.#wallTo = to;
    this.#wallOffset = offset;
  }

  #day(index: number): DayOffsets {
    let day = this.#days.get(index);
    if (day === undefined) {
      day = this.#ask(index * DAY_MS);
      if (this.#days.size >= KEPT_DAYS) this.#days.clear();
      this.#days.set(index, day);
    }
    return day;
  }

  #ask(start: number): DayOffsets {
    const before = this.#probe(start);
    const after = this.#probe(start + DAY_MS);
    let at = start + DAY_MS;
    if (before === after) return { before, after, at };
    // Changes take place on whole seconds.
    let last = start;
    while (at - last > 1000) {
      const middle = last + Math.floor((at - last) / 2000) * 1000;
      if (this.#probe(middle) === before) last = middle;
      else at = middle;
    }
    return { before, after, at };
  }
}
