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
}

/** A kind whose configuration is known and validated, while the component itself is not built yet. */
export interface PlannedType<Config> {
  readonly schema: Schema<Config>;
  readonly example: unknown;
  /** Said to the user who configures it. */
  readonly planned: string;
}
