import type { PlannedType } from "../component.ts";
import { type ParserConfig, parserConfig } from "./parser_config.ts";

/** What may stand under `parser`. */
export const parsers: PlannedType<ParserConfig> = {
  schema: parserConfig,
  example: { type: "json", time_field: "ts" },
  planned: "processing of records in workers",
};
