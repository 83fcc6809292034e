import { createHash } from "node:crypto";
import type { ProcessingContext } from "../component.ts";
import type { FieldValue, LogEvent } from "../event.ts";
import { compileEventPaths, type EventPath } from "./event_path.ts";
import { textOf } from "../encoding/field_value.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Longer keys are remembered by their hash, so that the number of records bounds the memory. */
const LONGEST_KEY = 512;

/** Drops records that are the same as one that passed within the window before. */
export function createDedupe(config: TransformOwn<"dedupe">, context: ProcessingContext): Transform {
  return new Dedupe(config, context);
}

/** The record that passed. */
interface Original {
  readonly passedAt: number;
  readonly stream: string;
  readonly offset: number;
}

class Dedupe implements Transform {
  readonly #paths: readonly EventPath[];
  readonly #window: number;
  readonly #maxEntries: number;
  readonly #context: ProcessingContext;
  /** By key, the one that passed first at the front. */
  readonly #originals = new Map<string, Original>();

  constructor(config: TransformOwn<"dedupe">, context: ProcessingContext) {
    this.#paths = compileEventPaths(config.fields, "fields", context);
    this.#window = config.window;
    this.#maxEntries = config.max_entries;
    this.#context = context;
  }

  apply(event: LogEvent): LogEvent | undefined {
    const now = this.#context.now();
    const key = this.#keyOf(event);
    const originals = this.#originals;
    const original = originals.get(key);
    if (original !== undefined) {
      if (!this.#isForgotten(original, now)) return isSameRecord(original, event) ? event : undefined;
      originals.delete(key);
    }
    for (const [oldest, candidate] of originals) {
      if (originals.size < this.#maxEntries && !this.#isForgotten(candidate, now)) break;
      originals.delete(oldest);
    }
    originals.set(key, { passedAt: now, stream: event.source.stream, offset: event.offset });
    return event;
  }

  #keyOf(event: LogEvent): string {
    const key = this.#paths.length === 0 ? wholeKey(event) : this.#fieldsKey(event);
    // Crafted collisions would be a way to suppress records: hence a cryptographic hash.
    return key.length <= LONGEST_KEY ? key : "#" + createHash("sha256").update(key).digest("base64");
  }

  #fieldsKey(event: LogEvent): string {
    const paths = this.#paths;
    let key = "";
    for (let i = 0; i < paths.length; i++) key += part(paths[i]?.get(event));
    return key;
  }

  /** A clock that was set back ends the window, too. */
  #isForgotten({ passedAt }: Original, now: number): boolean {
    return now - passedAt >= this.#window || now < passedAt;
  }
}

/** A record that is read again, since its delivery failed, is no copy of itself. A negative offset tells nothing. */
function isSameRecord({ stream, offset }: Original, event: LogEvent): boolean {
  return offset >= 0 && offset === event.offset && stream === event.source.stream;
}

function wholeKey({ level, message, fields }: LogEvent): string {
  return `${level ?? ""} ${message.length}:${message}${textOf(fields)}`;
}

/** The length stands before each text, so that no text can pass for two; types differ by their letter. */
function part(value: FieldValue | undefined): string {
  if (value === undefined) return "-";
  if (typeof value === "string") return `s${value.length}:${value}`;
  const text = textOf(value);
  return `j${text.length}:${text}`;
}
