import type { ProcessingContext } from "../component.ts";
import { copyOf } from "../encoding/field_value.ts";
import { transfer } from "./transfer.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Gives the values of fields to further fields; nested values are copied whole. */
export function createCopy(config: TransformOwn<"copy">, context: ProcessingContext): Transform {
  const copies = (value: Parameters<typeof copyOf>[0]) => copyOf(value);
  return transfer("copy", config.copy, { moves: false, overwrites: config.overwrite, copies }, context);
}

/** Moves fields to other places, into nested fields or out of them. */
export function createMove(config: TransformOwn<"move">, context: ProcessingContext): Transform {
  return transfer("move", config.move, { moves: true, overwrites: config.overwrite }, context);
}
