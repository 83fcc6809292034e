import type { PlannedType } from "../component.ts";
import { type TransformConfig, transformConfig } from "./transform_config.ts";

/** What may stand in a list of `transforms`. */
export const transforms: PlannedType<TransformConfig> = {
  schema: transformConfig,
  example: { type: "add", add: { environment: "production" } },
  planned: "processing of records in workers",
};
