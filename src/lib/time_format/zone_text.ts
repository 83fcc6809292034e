import type { TimeZone } from "../time_zone.ts";
import { digitsEnd, twoDigits } from "./characters.ts";
import { zoneNameOffsets } from "./zone_names.ts";

const MINUTE_MS = 60_000;

/** Reads the zone of a time: `Z`, `+01:00`, `+0100`, `+01`, `CET`, `GMT+1`. One object serves for many texts. */
export class ZoneText {
  /** Milliseconds east of UTC, where the text says it. */
  #offset = 0;
  #isKnown = false;
  /** Minutes east of UTC, where a name stands for several zones. */
  #choices: readonly number[] | undefined;

  #lastName = "";
  #lastOffsets: readonly number[] | undefined;

  /** As if the text had no zone. */
  clear(): void {
    this.#isKnown = false;
    this.#choices = undefined;
  }

  /**
   * Reads a zone at `at` and answers where it ends, or -1. `unknown`: whether any letters may be a zone's name; where
   * it is not known, the time counts as one without zone.
   */
  read(text: string, at: number, unknown: boolean): number {
    this.clear();
    if (at >= text.length) return -1;
    const code = text.charCodeAt(at);
    return code === 43 || code === 45 ? this.#readOffset(text, at, false) : this.#readName(text, at, unknown);
  }

  /** The moment in UTC of a wall time in the zone that was read, or else in `zone`; NaN without any. */
  toUtc(wall: number, zone: TimeZone | undefined): number {
    if (this.#isKnown) return wall - this.#offset;
    if (this.#choices !== undefined) return wall - this.#choose(this.#choices, wall, zone);
    return zone === undefined ? Number.NaN : zone.toUtc(wall);
  }

  #choose(choices: readonly number[], wall: number, zone: TimeZone | undefined): number {
    const local = zone === undefined ? Number.NaN : wall - zone.toUtc(wall);
    for (const minutes of choices) if (minutes * MINUTE_MS === local) return local;
    return (choices[0] ?? 0) * MINUTE_MS;
  }

  /** `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`; `short`: `+h` as well. */
  #readOffset(text: string, at: number, short: boolean): number {
    const sign = text.charCodeAt(at) === 45 ? -1 : 1;
    let end = at + 1;
    if (short && digitsEnd(text, end) === end + 1) {
      this.#set(sign * (text.charCodeAt(end) - 48) * 60 * MINUTE_MS);
      return end + 1;
    }
    const hours = end + 2 <= text.length ? twoDigits(text, end) : -1;
    if (hours < 0 || hours > 23) return -1;
    end += 2;
    const afterHours = nextPart(text, end);
    const minutes = afterHours < 0 ? 0 : twoDigits(text, afterHours);
    if (afterHours > 0) end = afterHours + 2;
    const afterMinutes = afterHours < 0 ? -1 : nextPart(text, end);
    const seconds = afterMinutes < 0 ? 0 : twoDigits(text, afterMinutes);
    if (afterMinutes > 0) end = afterMinutes + 2;
    if (minutes > 59 || seconds > 59) return -1;
    this.#set(sign * ((hours * 60 + minutes) * 60 + seconds) * 1000);
    return end;
  }

  #readName(text: string, at: number, unknown: boolean): number {
    let end = at;
    while (end < text.length && isLetter(text.charCodeAt(end))) end++;
    if (end === at || end - at > 5) return -1;
    if (end - at !== this.#lastName.length || !text.startsWith(this.#lastName, at)) {
      this.#lastName = text.slice(at, end);
      this.#lastOffsets = zoneNameOffsets(this.#lastName);
    }
    const offsets = this.#lastOffsets;
    if (offsets === undefined) return unknown ? end : -1;
    if (offsets.length > 1) {
      this.#choices = offsets;
      return end;
    }
    const offset = offsets[0] ?? 0;
    this.#set(offset * MINUTE_MS);
    if (offset === 0 && end < text.length) {
      const code = text.charCodeAt(end);
      if (code === 43 || code === 45) {
        const further = this.#readOffset(text, end, true);
        if (further > 0) return further;
      }
    }
    return end;
  }

  #set(offset: number): void {
    this.#offset = offset;
    this.#isKnown = true;
  }
}

/** Where two digits stand that go on with an offset, behind a colon or at once; -1: it has ended. */
function nextPart(text: string, at: number): number {
  if (at + 2 > text.length) return -1;
  const start = text.charCodeAt(at) === 58 ? at + 1 : at;
  return start + 2 <= text.length && twoDigits(text, start) >= 0 ? start : -1;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}
