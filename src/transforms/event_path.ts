import type { FieldValue, LogEvent } from "../event.ts";
import { compileFieldPath, type FieldPath } from "../lib/field_path.ts";
import { generateFunction } from "../lib/generated_function.ts";
import { KeyError } from "../lib/key_error.ts";
import { parseLevel } from "../lib/level.ts";
import { formatRfc3339, isCanonicalRfc3339 } from "../lib/rfc3339.ts";
import { compileTimeFormat, type TimeParser } from "../lib/time_format/compile_time_format.ts";
import { textOf } from "../encoding/field_value.ts";

/**
 * Where a value stands in an event: a field, or for `message`, `level` and `timestamp`, where no field has that name,
 * what the event itself has. None of the methods throws, whatever the event holds.
 */
export interface EventPath {
  /** The path as it was written. */
  readonly text: string;
  /** Name of the field, if that is all there is to it: generated code then says `event.fields[name]`. */
  readonly directName: string | undefined;
  /** The event's own message is absent when it is empty. */
  get(event: LogEvent): FieldValue | undefined;
  /** What cannot be a level or a time becomes a field of that name. */
  set(event: LogEvent, value: FieldValue): void;
  /** Answers what stood there. An event keeps its timestamp, and its message becomes empty. */
  remove(event: LogEvent): FieldValue | undefined;
}

/** What paths need from the context to understand times. */
export interface Clock {
  now(): number;
}

/**
 * Compiles a path as users write it. `fields.a` is the same as `a`, but never the event's own; `[fields][a]` is inside
 * a field called `fields`. Throws KeyError with `key` for what is no path.
 */
export function compileEventPath(text: string, key: string, clock: Clock): EventPath {
  if (text === "message") return new MessagePath(fieldPath(text, key));
  if (text === "level") return new LevelPath(fieldPath(text, key));
  if (text === "timestamp") return new TimestampPath(fieldPath(text, key), clock);
  const path = fieldPath(text.startsWith("fields.") && text.length > 7 ? text.slice(7) : text, key);
  return path.direct ? directPath(text, path.segments[0]) : new OfFields(path);
}

/** Compiles a list of paths; `key` is the name of the list. */
export function compileEventPaths(texts: readonly string[], key: string, clock: Clock): EventPath[] {
  return texts.map((text, index) => compileEventPath(text, `${key}[${index}]`, clock));
}

function fieldPath(text: string, key: string): FieldPath {
  try {
    return compileFieldPath(text);
  } catch (error) {
    throw new KeyError(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function directPath(text: string, name: string): EventPath {
  const key = JSON.stringify(name);
  // A function of its own for each name: in a shared one, all names would share one inline cache.
  return generateFunction<EventPath>(
    `{
      text, directName,
      get(event) { return event.fields[${key}]; },
      set(event, value) { event.fields[${key}] = value; },
      remove(event) {
        const { fields } = event;
        const value = fields[${key}];
        if (value !== undefined) fields[${key}] = undefined;
        return value;
      },
    }`,
    { text, directName: name },
  );
}

class OfFields implements EventPath {
  readonly text: string;
  readonly directName = undefined;
  readonly #path: FieldPath;

  constructor(path: FieldPath) {
    this.text = path.text;
    this.#path = path;
  }

  get(event: LogEvent): FieldValue | undefined {
    return this.#path.get(event.fields);
  }

  set(event: LogEvent, value: FieldValue): void {
    this.#path.set(event.fields, value);
  }

  remove(event: LogEvent): FieldValue | undefined {
    return this.#path.remove(event.fields);
  }
}

/** A field, or the property of the event that has the same name. */
abstract class OwnPath implements EventPath {
  readonly text: string;
  readonly directName = undefined;
  readonly #path: FieldPath;

  constructor(path: FieldPath) {
    this.text = path.text;
    this.#path = path;
  }

  protected abstract getOwn(event: LogEvent): FieldValue | undefined;
  /** Answers false if the value cannot be that. */
  protected abstract setOwn(event: LogEvent, value: FieldValue): boolean;
  protected abstract removeOwn(event: LogEvent): void;

  get(event: LogEvent): FieldValue | undefined {
    return this.#path.get(event.fields) ?? this.getOwn(event);
  }

  set(event: LogEvent, value: FieldValue): void {
    if (this.#path.get(event.fields) !== undefined || !this.setOwn(event, value)) {
      this.#path.set(event.fields, value);
    }
  }

  remove(event: LogEvent): FieldValue | undefined {
    const field = this.#path.remove(event.fields);
    if (field !== undefined) return field;
    const value = this.getOwn(event);
    if (value !== undefined) this.removeOwn(event);
    return value;
  }
}

class MessagePath extends OwnPath {
  protected override getOwn({ message }: LogEvent): FieldValue | undefined {
    return message === "" ? undefined : message;
  }

  protected override setOwn(event: LogEvent, value: FieldValue): boolean {
    event.message = textOf(value);
    return true;
  }

  protected override removeOwn(event: LogEvent): void {
    event.message = "";
  }
}

class LevelPath extends OwnPath {
  protected override getOwn({ level }: LogEvent): FieldValue | undefined {
    return level;
  }

  protected override setOwn(event: LogEvent, value: FieldValue): boolean {
    const level = parseLevel(value);
    if (level === undefined) return false;
    event.level = level;
    return true;
  }

  protected override removeOwn(event: LogEvent): void {
    event.level = undefined;
  }
}

class TimestampPath extends OwnPath {
  readonly #times: TimeParser;

  constructor(path: FieldPath, clock: Clock) {
    super(path);
    this.#times = compileTimeFormat(undefined, { timezone: "UTC", now: () => clock.now() });
  }

  protected override getOwn({ timestamp, timestampText }: LogEvent): FieldValue | undefined {
    return timestampText ?? formatRfc3339(timestamp);
  }

  protected override setOwn(event: LogEvent, value: FieldValue): boolean {
    const written = typeof value === "bigint" ? String(value) : value;
    if (typeof written !== "string" && typeof written !== "number") return false;
    const time = this.#times.parse(written);
    if (Number.isNaN(time)) return false;
    event.timestamp = time;
    event.timestampText = typeof written === "string" && isCanonicalRfc3339(written) ? written : undefined;
    return true;
  }

  protected override removeOwn(): void {}
}
