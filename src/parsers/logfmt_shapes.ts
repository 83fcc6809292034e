import type { Fields } from "../event.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { unescape } from "./unescape.ts";

/** Lines that must have had the same keys before code is made for them. */
const LEARN_AFTER = 16;
const MAX_SHAPES = 4;
const MAX_KEYS = 40;
/** Sequences of keys that are counted. */
const MAX_COUNTED = 100;
/** Lines in vain, less those that it served, after which it gives up: the lines are too different. */
const GIVE_UP = 500;

/** A key and what may follow: a whole quoted value, or what the first white space ends. */
const VALUE = String.raw`("[^"\\]*(?:\\.[^"\\]*)*"|[^\0- "][^\0- ]*|)`;
const SPECIAL = /[\\^$.*+?()[\]{}|/-]/g;

type Reader = (line: string) => Fields | undefined;

/**
 * Reads lines that have the keys of lines before in the same order, by one regular expression and one object literal
 * for each such sequence: three times as fast as key by key.
 */
export class LogfmtShapes {
  #readers: Reader[] = [];
  #counts = new Map<string, number>();
  #inVain = 0;

  /** Whether anything comes of telling it keys. */
  get isLearning(): boolean {
    return this.#inVain <= GIVE_UP && this.#readers.length < MAX_SHAPES;
  }

  /** The fields of a line, or undefined if it has other keys, or has not been learned. */
  read(line: string): Fields | undefined {
    const readers = this.#readers;
    for (let index = 0; index < readers.length; index++) {
      const reader = readers[index];
      const fields = reader?.(line);
      if (reader === undefined || fields === undefined) continue;
      if (index > 0) {
        readers[index] = readers[index - 1] ?? reader;
        readers[index - 1] = reader;
      }
      if (this.#inVain > 0) this.#inVain--;
      return fields;
    }
    if (readers.length > 0 && ++this.#inVain > GIVE_UP) {
      this.#readers = [];
      this.#counts.clear();
    }
    return undefined;
  }

  /** Tells what keys a line had, all of them with values, and none that objects inherit. */
  learn(keys: readonly string[]): void {
    if (keys.length < 2 || keys.length > MAX_KEYS) return;
    const shape = keys.join(" ");
    const count = (this.#counts.get(shape) ?? 0) + 1;
    if (count < LEARN_AFTER) {
      if (count > 1 || this.#counts.size < MAX_COUNTED) this.#counts.set(shape, count);
      return;
    }
    this.#counts.delete(shape);
    // Of equal keys the last one counts, which is for the general way.
    if (new Set(keys).size < keys.length) return;
    try {
      this.#readers.push(compile(keys));
    } catch {
      // Where no code may be made, the general way must do.
      this.#inVain = GIVE_UP + 1;
    }
  }
}

function compile(keys: readonly string[]): Reader {
  const pairs = keys.map((key) => `${key.replace(SPECIAL, "\\$&")}=${VALUE}`);
  const pattern = new RegExp(`^${pairs.join(" ")}$`, "s");
  const properties = keys.map((key, index) => `${JSON.stringify(key)}: value(parts[${index + 1}])`);
  return generateFunction<Reader>(
    `(line) => {
      const parts = pattern.exec(line);
      return parts === null ? undefined : { ${properties.join(", ")} };
    }`,
    { pattern, value },
  );
}

function value(text: string): string {
  if (text.charCodeAt(0) !== 0x22) return text;
  const inside = text.slice(1, -1);
  return inside.includes("\\") ? unescape(inside) : inside;
}
