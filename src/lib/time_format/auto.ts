import { parseRfc3339 } from "../rfc3339.ts";
import type { TimeZone } from "../time_zone.ts";
import { EpochParser } from "./epoch.ts";
import { goLayoutSteps } from "./go_layout.ts";
import { LayoutParser } from "./layout_parser.ts";
import { compileSteps, zoneStep } from "./steps.ts";
import type { TimeParser } from "./time_parser.ts";

/** Layouts of times that begin with a digit; each may have a fraction of a second, and a zone behind it. */
const DIGIT_LAYOUTS = [
  "02/Jan/2006:15:04:05",
  "2006/01/02 15:04:05",
  "2/Jan/2006 15:04:05",
  "2-Jan-2006 15:04:05",
  "2 Jan 2006 15:04:05",
  "2 Jan 06 15:04",
  "0102 15:04:05",
  "20060102150405",
];

/** Layouts of times that begin with a letter. */
const LETTER_LAYOUTS = [
  "Jan 2 15:04:05",
  "Jan 2 2006 15:04:05",
  "Jan 2, 2006 3:04:05 PM",
  "Mon Jan 2 15:04:05 2006",
  "Mon Jan 2 2006 15:04:05",
  "Mon, 2 Jan 2006 15:04:05",
  "Mon, 02-Jan-06 15:04:05",
  "Mon Jan 2 15:04:05 MST 2006",
  "Mon Jan 2 15:04:05 -0700 2006",
];

/** No time is longer; what is, would only be looked through once for each layout. */
const LONGEST = 128;

/** Reads RFC 3339 and its relatives. */
export class Rfc3339Parser implements TimeParser {
  readonly #zone: TimeZone;

  constructor(zone: TimeZone) {
    this.#zone = zone;
  }

  parse(value: string | number | bigint): number {
    return typeof value === "string" ? parseRfc3339(value, this.#zone) : Number.NaN;
  }
}

/** Reads times in any of the common layouts. Which one it was last is tried first. */
export class AutoParser implements TimeParser {
  readonly #numbers = new EpochParser("auto");
  readonly #digits: readonly TimeParser[];
  readonly #letters: readonly TimeParser[];
  #last: TimeParser;

  constructor(zone: TimeZone, now: () => number) {
    const make = (layout: string): TimeParser => new LayoutParser(compileSteps(withZone(layout)), zone, now);
    this.#last = new Rfc3339Parser(zone);
    this.#digits = [this.#last, ...DIGIT_LAYOUTS.map(make), this.#numbers];
    this.#letters = LETTER_LAYOUTS.map(make);
  }

  parse(value: string | number | bigint): number {
    if (typeof value !== "string") return this.#numbers.parse(value);
    const time = this.#last.parse(value);
    return Number.isNaN(time) ? this.#search(value) : time;
  }

  #search(text: string): number {
    if (text.length > LONGEST) return Number.NaN;
    let at = 0;
    while (at < text.length && text.charCodeAt(at) === 32) at++;
    const code = at < text.length ? text.charCodeAt(at) : 0;
    const isDigit = code >= 48 && code <= 57;
    if (!isDigit && (code | 32) < 97) return Number.NaN;
    for (const parser of isDigit ? this.#digits : this.#letters) {
      const time = parser.parse(text);
      if (Number.isNaN(time)) continue;
      this.#last = parser;
      return time;
    }
    return Number.NaN;
  }
}

function withZone(layout: string) {
  const steps = goLayoutSteps(layout);
  const hasZone = steps.some(({ kind }) => kind === "zone");
  return hasZone ? steps : [...steps, zoneStep(false, true)];
}
