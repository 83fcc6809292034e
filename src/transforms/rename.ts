import type { ProcessingContext } from "../component.ts";
import { transfer } from "./transfer.ts";
import type { TransformOwn } from "./transform_config.ts";
import type { Transform } from "./transform.ts";

/** Gives fields new names, in the order of the configuration. */
export function createRename(config: TransformOwn<"rename">, context: ProcessingContext): Transform {
  return transfer("rename", config.rename, { moves: true, overwrites: config.overwrite }, context);
}
