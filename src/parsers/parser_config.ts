import * as schema from "../lib/schema.ts";

const { object, list, record, string, integer, boolean, choice, duration, byteSize, oneOrMany } = schema;

/** Kinds of programs whose stack traces are known. */
export const MULTILINE_PRESETS = ["java", "python", "go", "ruby", "dotnet", "node"] as const;

const multiline = object({
  preset: choice(MULTILINE_PRESETS).describe(
    "Joins the stack traces of a language, instead of pattern. Log lines before and after them stay records of their own.",
  ),
  pattern: string().literal().describe(
    "Regular expression that tells where a record begins or goes on, in Go's or JavaScript's syntax.",
  ),
  negate: boolean().default(false).describe("Take the lines that do not match instead."),
  match: choice(["after", "before"]).default("after").describe(
    "Whether matching lines belong to the line before them (after) or to the line that follows (before).",
  ),
  max_lines: integer({ min: 1 }).default(500).describe(
    "Lines joined at most; the next one begins a new record.",
  ),
  max_bytes: byteSize().default("1MiB").describe("Bytes joined at most; the next line begins a new record."),
  timeout: duration().default("5s").describe("How long an unfinished record waits for its next line."),
}).check(({ preset, pattern }) =>
  (preset === undefined) === (pattern === undefined)
    ? "needs either the key pattern or the key preset"
    : undefined
).describe("How lines are joined to records, before anything else.");

const common = {
  time_field: string().describe(
    "Field that holds the time; it is removed. With grok: timestamp; json tries timestamp, @timestamp, time, ts and more.",
  ),
  time_format: string().describe(
    "Format of the time: a Go layout, strptime, or rfc3339, iso8601, unix, unix_ms, unix_us, unix_ns. Unset: common layouts are tried.",
  ),
  timezone: string().default("UTC").describe(
    "Time zone of times that name none: an IANA name such as Europe/Berlin, an offset such as +02:00, or local.",
  ),
  level_field: string().describe(
    "Field that holds the level; it is removed. With grok: level; json tries level, severity, loglevel and log_level.",
  ),
  message_field: string().describe(
    "Field that holds the message; it is removed. With grok: message; json tries msg, message, text and log.",
  ),
  custom_fields: record(schema.anything()).default({}).describe("Fields added to every record."),
  on_error: choice(["pass", "drop", "dead_letter"]).default("pass").describe(
    "What becomes of a line that is not in this format: it is passed on as it came, with the field parse_error; dropped; or kept as a dead letter.",
  ),
  multiline,
};

const accessLog = (errorNote: string) =>
  object({
    format: choice(["auto", "access", "combined", "error"]).default("auto").describe(
      `Kind of the log: access is the common log format, combined has referrer and user agent, ${errorNote}; auto tries all.`,
    ),
  });

/** The keys that each type of parser has of its own. */
const types = {
  json: object({}),
  regex: object({
    pattern: string().literal().required().describe(
      "Regular expression with named groups, in Go's or JavaScript's syntax; each group becomes a field.",
    ),
  }),
  grok: object({
    grok_pattern: string().literal().describe(
      "Grok pattern, or the name of a known one: syslog, nginx, java, …",
    ),
    pattern: string().literal().describe("Another name for grok_pattern."),
    pattern_definitions: record(string().literal()).default({}).describe(
      "Patterns of one's own: name: pattern.",
    ),
    patterns_dir: oneOrMany(string()).default([]).describe(
      "Directories with files of patterns, a name and a pattern a line, as Logstash has them.",
    ),
    ecs_compatibility: choice(["disabled", "v1", "v8"]).default("disabled").describe(
      "Names of the fields that the known patterns give: the old ones (clientip), or those of ECS ([source][address]), which are the same in v1 and v8.",
    ),
    named_captures_only: boolean().default(true).describe(
      "Leave out patterns without a field name, as in %{WORD}.",
    ),
    keep_empty_captures: boolean().default(false).describe(
      "Keep fields that matched nothing, as empty strings.",
    ),
  }).check(({ grok_pattern, pattern }) =>
    grok_pattern === undefined && pattern === undefined
      ? "needs the key grok_pattern with type grok"
      : undefined
  ),
  logfmt: object({}),
  csv: object({
    columns: list(string(), { min: 1 }).required().describe(
      "Names of the columns; _ leaves one out. Further values become column8 and so on, by their number.",
    ),
    separator: string().default(",").describe("One character between columns; \\t is a tab."),
    quote: string().default('"').describe(
      "One character around values that hold separators; doubled, it stands for itself. Empty: none.",
    ),
    trim: boolean().default(false).describe("Remove spaces around values."),
  }),
  kv: object({
    field_split: string().default(" ").describe("What stands between pairs."),
    value_split: string().default("=").describe(
      "What stands between a key and its value. Values may stand in quotes.",
    ),
    prefix: string().default("").describe("Put before the name of each field."),
  }),
  syslog: object({
    format: choice(["auto", "3164", "5424"]).default("auto").describe("RFC 3164 (BSD) or RFC 5424."),
  }),
  cri: object({}),
  docker: object({}),
  nginx: accessLog("error the error log of nginx"),
  apache: accessLog("error the error log of Apache 2"),
  multiline: object({}),
  auto: object({}),
} as const;

/** The name of a parser type. */
export type ParserTypeName = keyof typeof types;

/** Configuration of a parser: what makes fields of a line. */
export const parserConfig = schema.variants({
  noun: "parser type",
  flat: true,
  common,
  types,
}).check((parser) =>
  parser.type === "multiline" && parser.multiline === undefined
    ? "needs the block multiline with type multiline"
    : undefined
);

/** What all parsers have in common; `config` holds the keys of the type. */
export type ParserCommon = schema.ObjectOf<typeof common>;

/** The keys that a type of parser has of its own. */
export type ParserOwn<Type extends ParserTypeName> = schema.Infer<(typeof types)[Type]>;

/** A parser as configured. */
export type ParserConfig =
  & ParserCommon
  & {
    readonly [Type in ParserTypeName]: { readonly type: Type; readonly config: ParserOwn<Type> };
  }[ParserTypeName];

/** A block for the reference. */
export const parserExample = { type: "json", time_field: "ts", custom_fields: { datacenter: "eu" } };
