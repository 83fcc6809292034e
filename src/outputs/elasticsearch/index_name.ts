import { compileEventKey } from "../../encoding/event_template.ts";
import type { LogEvent } from "../../event.ts";
import { DAY_MS, daysFromCivil } from "../../lib/calendar.ts";
import { crc32 } from "../../lib/crc32.ts";
import { KeyError } from "../../lib/key_error.ts";
import { compileStrftime, hasTime, type TimeFormat } from "../../lib/strftime.ts";
import { parseTemplate } from "../../lib/template.ts";

/** How long one index takes records, by their own time. */
export type Rotation = "none" | "daily" | "weekly" | "monthly" | "yearly";

/** What names are made of. */
export interface IndexNameOptions {
  /** Text with values of the record, `{{ fields.app }}`, and of its time, `%Y`. */
  readonly index: string;
  readonly rotation: Rotation;
  readonly dataStream: boolean;
  /** The time that counts, in milliseconds since 1970. */
  readonly timeOf: (event: LogEvent) => number;
}

/** What follows the name; ISO weeks, which belong to the year of their Thursday. */
const SUFFIXES: Readonly<Record<Rotation, string>> = {
  none: "",
  daily: "-%Y.%m.%d",
  weekly: "-%G.w%V",
  monthly: "-%Y.%m",
  yearly: "-%Y",
};

/** What servers allow in bytes; the indices behind a data stream have longer names than the stream. */
const LONGEST = 255;
const LONGEST_DATA_STREAM = 230;
/** A value that had less room would not tell records apart. */
const LEAST_ROOM = 16;
/** Instead of a value that a record does not have. */
const UNKNOWN = "unknown";
/** So many names of one period are remembered. */
const REMEMBERED = 1000;

// Years have four digits.
const FIRST_MOMENT = daysFromCivil(1, 1, 1) * DAY_MS;
const LAST_MOMENT = daysFromCivil(10_000, 1, 1) * DAY_MS - 1;
const SECOND_MS = 1000;
/** Two moments that differ in every part of a time. */
const SAMPLES = [Date.UTC(2026, 10, 25, 23, 59, 58), Date.UTC(987, 0, 4, 1, 2, 3)];

/** Whether an index has times of its own, so that it need not rotate beside. */
export function hasOwnTime(index: string): boolean {
  return hasTime(index.replaceAll(/\{\{.*?\}\}/gu, ""));
}

/**
 * The index that each record belongs to: a function of the record alone, so that a record that is sent again goes where
 * it went before. Values come from outside: whatever they hold, the name stays legal and begins as the template does.
 */
export class IndexName {
  /** The name with `*` where values and times stand. */
  readonly pattern: string;
  readonly #times: readonly TimeFormat[];
  readonly #values: readonly ((event: LogEvent) => string | undefined)[];
  readonly #timeOf: (event: LogEvent) => number;
  /** How long a name is used, in ms. */
  readonly #period: number;
  /** Bytes for each value. */
  readonly #room: number;
  /** Of the last period: the texts between values, and the names that were made. */
  #current = Number.NaN;
  #texts: readonly string[] = [];
  readonly #names = new Map<string, string>();

  /** Throws KeyError. */
  constructor({ index, rotation, dataStream, timeOf }: IndexNameOptions) {
    const { texts, values } = partsOf(`${index}${SUFFIXES[rotation]}`);
    this.#times = texts.map(compile);
    this.#values = values.map((name) => compileEventKey(`{{ ${name} }}`, "index"));
    this.#timeOf = timeOf;
    // None of these is finer than a day.
    this.#period = /%[^%YymdejaAbBuwGVF]/u.test(texts.join("")) ? SECOND_MS : DAY_MS;
    for (const time of SAMPLES) check(this.#times.map((format) => format(time).toLowerCase()));
    const longest = dataStream ? LONGEST_DATA_STREAM : LONGEST;
    const length = Math.max(...SAMPLES.map((time) => this.#lengthAt(time)));
    this.#room = values.length === 0 ? 0 : Math.floor((longest - length) / values.length);
    if (length > longest || (values.length > 0 && this.#room < LEAST_ROOM)) {
      throw new KeyError("index", `is too long: an index has at most ${longest} bytes, values included`);
    }
    this.pattern = texts.map((text) =>
      text.replaceAll(/%%|%[^%](?:[-.w]*%[^%])*/gu, (found) => (found === "%%" ? "%" : "*"))
    ).join("*");
  }

  /** The name for a record. */
  of(event: LogEvent): string {
    const period = Math.floor(inRange(this.#timeOf(event)) / this.#period);
    if (period !== this.#current) this.#turn(period);
    const values = this.#values;
    let key = values.length === 0 ? "" : values[0]?.(event) ?? "";
    for (let i = 1; i < values.length; i++) key += `\0${values[i]?.(event) ?? ""}`;
    return this.#names.get(key) ?? this.#make(key);
  }

  #turn(period: number): void {
    this.#current = period;
    this.#names.clear();
    this.#texts = this.#times.map((format) => format(period * this.#period).toLowerCase());
  }

  #make(key: string): string {
    // A value with the separator in it gives other names than its neighbour, and legal ones all the same.
    const values = key.split("\0");
    const name = this.#texts.reduce((text, next, index) =>
      `${text}${safeValue(values[index - 1] ?? "", this.#room)}${next}`
    );
    if (this.#names.size === REMEMBERED) this.#names.clear();
    // A long key would be remembered whole.
    if (key.length <= 1000) this.#names.set(key, name);
    return name;
  }

  #lengthAt(time: number): number {
    return new TextEncoder().encode(this.#times.map((format) => format(time)).join("")).length;
  }
}

/** Texts around values: one more than there are values. */
function partsOf(index: string): { texts: string[]; values: string[] } {
  const texts = [""];
  const values: string[] = [];
  try {
    for (const part of parseTemplate(index)) {
      if ("text" in part) texts[texts.length - 1] += part.text;
      else {
        values.push(part.name);
        texts.push("");
      }
    }
  } catch (error) {
    throw new KeyError("index", error instanceof Error ? error.message : String(error), { cause: error });
  }
  const [start = ""] = texts;
  if (values.length > 0 && start.replaceAll("%%", "%") === "") {
    throw new KeyError(
      "index",
      'must begin with text of its own, such as "logs-", so that no record can choose an index of something else',
    );
  }
  return { texts, values };
}

function compile(text: string): TimeFormat {
  const [upper] = /\p{Lu}/u.exec(text.replaceAll(/%./gu, "")) ?? [];
  if (upper !== undefined) {
    throw new KeyError("index", `must be in lower case, as servers want it, but holds "${upper}"`);
  }
  try {
    return compileStrftime(text, "utc");
  } catch (error) {
    throw new KeyError("index", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function check(texts: readonly string[]): void {
  const name = texts.join("");
  const [illegal] = /[\\/*?"<>|,#:\s\p{Cc}]/u.exec(name) ?? [];
  if (illegal !== undefined) {
    throw new KeyError("index", `gives "${name}", and an index must not hold ${JSON.stringify(illegal)}`);
  }
  if (/^[-_+]/u.test(name)) throw new KeyError("index", 'must not begin with "-", "_" or "+"');
  if (name === "" || name === "." || name === "..") {
    throw new KeyError("index", `must not be ${JSON.stringify(name)}`);
  }
}

/** Lower case ASCII: which other letters servers take for lower case depends on their version. */
function safeValue(value: string, room: number): string {
  const safe = value.toLowerCase().replaceAll(/[^a-z0-9._-]/gu, "_");
  if (safe === "") return UNKNOWN;
  if (safe.length <= room) return safe;
  // Long values with one beginning stay apart.
  const sum = crc32(new TextEncoder().encode(value)).toString(16).padStart(8, "0");
  return `${safe.slice(0, room - 9)}-${sum}`;
}

function inRange(time: number): number {
  if (time >= FIRST_MOMENT && time <= LAST_MOMENT) return time;
  return Number.isNaN(time) ? 0 : time < FIRST_MOMENT ? FIRST_MOMENT : LAST_MOMENT;
}
