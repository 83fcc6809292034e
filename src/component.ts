import type { Schema } from "./lib/schema.ts";
import type { PermissionNeed } from "./lib/permission.ts";

/**
 * A kind of input or output as the registries list it.
 * The life of a component: `create` (no I/O, no timer, no listener: a reload may throw it away), then `open` or `run`,
 * then dispose.
 */
export interface ComponentType<Config, Component, Context> {
  /** Validates the configuration block and is the source of its documentation. */
  readonly schema: Schema<Config>;
  /** A block that the schema accepts, shown in the generated reference. */
  readonly example: unknown;
  /** What the component needs from the operating system with this configuration. */
  permissions(config: Config): PermissionNeed[];
  create(config: Config, context: Context): Component;
  /**
   * Of outputs: whether lines may reach it as they came, where nothing parses, changes or chooses records. Absent: its
   * encoder makes something of every record.
   */
  takesLines?(config: Config): boolean;
}

/** A kind whose configuration is known and validated, while the component itself is not built yet. */
export interface PlannedType<Config> {
  readonly schema: Schema<Config>;
  readonly example: unknown;
  /** Said to the user who configures it. */
  readonly planned: string;
}

/** Files that parsers and transforms work with, read before workers start, since these may read nothing. */
export interface Resources {
  /** The contents of a file. Throws an Error that says what is missing. */
  file(path: string): Uint8Array;
  /** The files of a directory by name, without its sub-directories. Throws like `file`. */
  directory(path: string): ReadonlyMap<string, Uint8Array>;
}

/** What a parser or a transform is created with. */
export interface ProcessingContext {
  readonly resources: Resources;
  /** Milliseconds since 1970. */
  now(): number;
  /** Tells the user of trouble at run time, for example a script that threw. The same text is told once a minute. */
  warn(message: string): void;
}
