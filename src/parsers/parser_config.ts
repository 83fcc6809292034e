import * as schema from "../lib/schema.ts";

const multiline = schema.object({
  pattern: schema.string().required().describe(
    "Regular expression that tells where a record begins or goes on.",
  ),
  negate: schema.boolean().default(false).describe("Take the lines that do not match instead."),
  match: schema.choice(["after", "before"]).default("after")
    .describe(
      "Whether matching lines belong to the line before them (after) or to the line that follows (before).",
    ),
  max_lines: schema.integer({ min: 1 }).default(500).describe(
    "Lines joined at most; further lines start a new record.",
  ),
  timeout: schema.duration().default("5s").describe("How long an unfinished record waits for its next line."),
});

/** Configuration of a parser: what makes fields of a line. */
export const parserConfig = schema.object({
  type: schema.choice(["regex", "json", "grok", "multiline"]).required().describe("Format of the lines."),
  pattern: schema.string().describe(
    "Regular expression with named groups, in Go's or JavaScript's syntax (regex).",
  ),
  grok_pattern: schema.string().describe("Grok pattern, or the name of a known one (grok)."),
  time_format: schema.string().describe(
    "Format of the time: a Go layout, strptime, or rfc3339, iso8601, unix, unix_ms, unix_us, unix_ns. Unset: common layouts are tried.",
  ),
  time_field: schema.string().describe("Field that holds the time; with grok: timestamp."),
  level_field: schema.string().describe(
    "Field that holds the level; with grok: level; json tries level, severity, loglevel and log_level.",
  ),
  message_field: schema.string().describe(
    "Field that holds the message; with grok: message; json tries msg, message, text and log.",
  ),
  custom_fields: schema.record(schema.anything()).default({}).describe("Fields added to every record."),
  multiline: multiline.describe("How lines are joined to records (multiline)."),
}).check((parser) => {
  if (parser.type === "regex" && parser.pattern === undefined) return "needs the key pattern with type regex";
  if (parser.type === "grok" && parser.grok_pattern === undefined && parser.pattern === undefined) {
    return "needs the key grok_pattern with type grok";
  }
  return parser.type === "multiline" && parser.multiline === undefined
    ? "needs the block multiline with type multiline"
    : undefined;
});

export type ParserConfig = schema.Infer<typeof parserConfig>;
