/**
 * A JSON value in a record's fields. Numbers, nesting and null survive from the input to the output; an integer that a
 * double cannot hold is a bigint.
 */
export type FieldValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | FieldValue[]
  | { [key: string]: FieldValue | undefined };

/**
 * A record's named fields. A field whose value is undefined counts as absent: setting it to that is much cheaper than
 * `delete`, which turns the object into a hash table.
 */
export type Fields = { [key: string]: FieldValue | undefined };

/** The severity of a record, lowest first. */
export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** Where records come from: one object shared by all records of a batch. */
export interface Source {
  /** Name of the input in the configuration. */
  readonly input: string;
  /** What is read in order and shown as `source` in event JSON: a file's path, a connection's peer. */
  readonly stream: string;
  /** Values that templates and encoders may use, for example `file` (a base name). */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * One record between parser and encoder; it never leaves the processor, which uses the same object for the next
 * record. Who keeps something of it copies that.
 */
export interface LogEvent {
  /** Milliseconds since 1970, with a fraction. Who changes it sets `timestampText` to undefined. */
  timestamp: number;
  /** The same moment in RFC 3339 (UTC, `Z`) as it was read, since it may have more digits than a double holds. */
  timestampText: string | undefined;
  message: string;
  level: Level | undefined;
  fields: Fields;
  /** The routes that it takes, beside the outputs without routes. */
  routes: readonly string[] | undefined;
  /** The record as it came, without its line break. */
  raw: string;
  source: Source;
  /** What makes offsets unique: the other part of its stable id. */
  origin: string | undefined;
  /** Where the record begins in its stream: the number part of its stable id. Negative where it has none. */
  offset: number;
}

/** An event with nothing in it yet. All events are made here, so that they have one shape. */
export function newEvent(source: Source): LogEvent {
  return {
    timestamp: 0,
    timestampText: undefined,
    message: "",
    level: undefined,
    fields: {},
    routes: undefined,
    raw: "",
    source,
    origin: undefined,
    offset: -1,
  };
}
