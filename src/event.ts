/** A JSON value in a record's fields. Numbers, nesting and null survive from the input to the output. */
export type FieldValue = null | boolean | number | string | FieldValue[] | { [key: string]: FieldValue };

/** A record's named fields. */
export type Fields = Record<string, FieldValue>;

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

/** One record between parser and encoder; it never leaves the processor. */
export interface LogEvent {
  /** Milliseconds since 1970, with a fraction. */
  timestamp: number;
  message: string;
  level?: Level;
  fields: Fields;
  readonly source: Source;
  /** The record's stable id, the same after every restart. */
  readonly id?: string;
}
