import * as schema from "../lib/schema.ts";

/** Configuration of one transform: what changes or drops a record. */
export const transformConfig = schema.object({
  type: schema.choice(["filter", "rename", "add", "kv", "convert"]).required().describe(
    "What the transform does.",
  ),
  fields: schema.list(schema.string()).default([]).describe("Fields that it works on."),
  include_fields: schema.list(schema.string()).default([]).describe(
    "Fields to keep; all others are removed (filter).",
  ),
  exclude_fields: schema.list(schema.string()).default([]).describe("Fields to remove (filter)."),
  rename: schema.record(schema.string()).default({}).describe("Old name: new name (rename)."),
  add: schema.record(schema.anything()).default({}).describe("Fields to add (add)."),
  patterns: schema.list(schema.string()).default([]).describe("Patterns that it works with."),
  field_split: schema.string().default(" ").describe("What stands between pairs (kv)."),
  value_split: schema.string().default("=").describe("What stands between a key and its value (kv)."),
  prefix: schema.string().default("").describe("Put before the name of each new field (kv)."),
});

export type TransformConfig = schema.Infer<typeof transformConfig>;
