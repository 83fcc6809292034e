import * as schema from "../lib/schema.ts";

const { object, list, record, string, integer, number, boolean, choice, duration, byteSize, anything } =
  schema;

const common = {
  if: string().literal().describe(
    'JavaScript expression over timestamp, message, level, source, input and fields: level === "error" && fields.status >= 500. Only records for which it is true are changed; with drop and keep: dropped or kept.',
  ),
};

const fields = (text: string) => list(string()).default([]).describe(text);
const overwrite = (text: string) => boolean().default(true).describe(text);

/** The keys that each type of transform has of its own. */
const types = {
  filter: object({
    fields: fields("The same as include_fields."),
    include_fields: fields(
      "Fields to keep, nested ones as a.b; all others are removed. The message, level and timestamp of the record always stay.",
    ),
    exclude_fields: fields("Fields to remove, after that."),
    patterns: fields("Regular expressions: fields whose name matches one are kept, too."),
  }),
  drop: object({}),
  keep: object({}),
  add: object({
    add: record(anything()).default({}).describe(
      "Field: value. Texts, nested ones too, may hold values of the record: {{ message }}, {{ level }}, {{ timestamp }}, {{ source }}, {{ input }}, labels such as {{ file }}, {{ fields.user.name }}; one that is nothing else keeps its type, and adds nothing where the record has no such value. Fields called message, level and timestamp are those of the record.",
    ),
    overwrite: overwrite("Replace fields that are there already."),
  }),
  rename: object({
    rename: record(string()).default({}).describe(
      "Old name: new name, one after the other. Where no field is called message, level or timestamp, that of the record is meant, as the old and as the new name.",
    ),
    overwrite: overwrite("Replace fields that have the new name already; else the field keeps its old one."),
  }),
  remove: object({
    fields: fields(
      "Fields to remove, nested ones as a.b. message and level are those of the record if there is no such field.",
    ),
    patterns: fields("Regular expressions of the names of further such fields."),
  }),
  copy: object({
    copy: record(string()).default({}).describe("Field: the field that gets its value, too."),
    overwrite: overwrite("Replace fields that are there already."),
  }),
  move: object({
    move: record(string()).default({}).describe("Field: where it goes, also into or out of a nested one."),
    overwrite: overwrite("Replace fields that are there already; else the field stays where it is."),
  }),
  nest: object({
    fields: fields("Fields to put into a nested one."),
    patterns: fields("Regular expressions of the names of further such fields."),
    into: string().required().describe("The field that takes them; what it has already stays."),
    prefix: string().default("").describe(
      "Taken off the names of the fields. With neither fields nor patterns: all fields whose names begin with it.",
    ),
  }),
  flatten: object({
    fields: fields("Nested fields to spread out; empty: all. Fields that have the new names are replaced."),
    lists: boolean().default(false).describe("Spread lists out, too: tags.0, tags.1."),
    separator: string().default(".").describe("What stands between the parts of the new names."),
    prefix: string().default("").describe("Put before the new names."),
    max_depth: integer({ min: 1 }).default(20).describe("Deeper objects stay nested."),
  }),
  kv: object({
    fields: fields("Fields to split into pairs; empty: the message."),
    include_fields: fields("Keys to take; empty: all."),
    exclude_fields: fields("Keys to leave out."),
    patterns: fields("Regular expressions: only keys that match one are taken."),
    field_split: string().default(" ").describe("What stands between pairs."),
    value_split: string().default("=").describe("What stands between a key and its value."),
    prefix: string().default("").describe("Put before the name of each new field."),
    target: string().describe("Field that takes the pairs; without it they become fields of the record."),
  }),
  convert: object({
    convert: record(choice(["auto", "int", "float", "bool", "string", "timestamp", "bytes", "duration"]))
      .default({})
      .describe(
        "Field: type. int cuts fractions off, bool knows yes, on and 1 as well, timestamp gives RFC 3339, bytes a number of bytes (of 64MiB, 10MB or 5k), duration a number of seconds (of 1m30s, 2d3h or 00:01:30), auto a number or a boolean if the text looks like one.",
      ),
    fields: fields("Fields to convert by what they look like, as with auto."),
    patterns: fields("Regular expressions of the names of further such fields."),
    time_format: string().describe("Format of the texts that become timestamps, as in parser.time_format."),
    timezone: string().default("UTC").describe("Time zone of times that name none."),
    on_error: choice(["keep", "remove"]).default("keep").describe(
      "What becomes of a value that cannot be converted.",
    ),
  }),
  redact: object({
    fields: fields(
      "Names of fields, at any depth, to redact, whatever their case and with or without - and _; or paths such as user.name. With neither fields nor patterns: password, passwd, secret, token, api_key, apikey, access_key, private_key, credential, auth, authorization.",
    ),
    patterns: fields(
      "What to redact in all texts, the message too: card (numbers of payment cards), email, ip, token (JWT, keys of AWS, GitHub, Slack, Stripe and others, HTTP and URL credentials, private keys), secret (values behind names, as in password=…), or regular expressions.",
    ),
    action: choice(["mask", "hash", "remove"]).default("mask").describe(
      "What takes the place of the value: a mask, the first 16 digits of its hash, or nothing. The line as it came (include_raw) gets the mask as a whole where a field was redacted by its name.",
    ),
    mask: string().default("***REDACTED***").describe("The mask."),
    salt: string().secret().describe(
      "Key of the hash (HMAC-SHA-256), needed for it, so that values cannot be guessed.",
    ),
  }),
  truncate: object({
    fields: fields("Fields to shorten, if they are texts. With neither fields nor patterns: the message."),
    patterns: fields("Regular expressions of the names of further such fields."),
    max_bytes: byteSize().default("32KiB").describe("Bytes that stay, in UTF-8; characters are never split."),
    suffix: string().default("…").describe("Put behind what was shortened."),
  }),
  sample: object({
    rate: number({ min: 1 }).default(10).describe("One of so many records is kept."),
    key: string().describe(
      "Field, or template such as {{ source }}: records with the same value are kept or dropped together, in all workers and after every restart.",
    ),
  }),
  throttle: object({
    limit: integer({ min: 1 }).required().describe("Records that may pass in each window."),
    window: duration().default("1s").describe("Length of the window."),
    key: string().describe(
      "Field, or template such as {{ source }}: each of its values has a limit of its own.",
    ),
    max_keys: integer({ min: 1 }).default(10000).describe(
      "Values that are told apart at most; past it, the window that began first is forgotten.",
    ),
  }),
  dedupe: object({
    fields: fields(
      "Records are the same if these fields are (message and level are those of the record); empty: level, message and all fields.",
    ),
    window: duration().default("5s").describe("How long a record that passed is remembered."),
    max_entries: integer({ min: 1 }).default(10000).describe("Records remembered at most."),
  }),
  route: object({
    routes: record(string().literal()).required().describe(
      "Route: condition. Outputs take routes by name; _unmatched is what takes none.",
    ),
  }),
  lookup: object({
    file: string().required().describe(
      "Table: a CSV file with a header, or JSON (an object by key, or a list of objects), whose values keep their types.",
    ),
    format: choice(["csv", "json"]).describe("Format of the file. Unset: by its name."),
    field: string().required().describe("Field whose value is looked up, or a template."),
    key: string().describe("Column with the keys. Unset: the first one."),
    ignore_case: boolean().default(false).describe("Let A and a be the same in keys."),
    columns: fields("Columns to add; empty: all others."),
    target: string().describe("Field that takes the columns; without it they become fields of the record."),
    default: record(anything()).describe("Fields to add where the table has no such key."),
  }),
  geoip: object({
    database: string().required().describe("Database of places in MaxMind's format (.mmdb)."),
    field: string().required().describe("Field that holds an IP address; a port behind it is no matter."),
    target: string().default("geoip").describe("Field that takes what is found."),
    include_fields: fields(
      "What to take: city_name, region_name, region_code, country_name, country_code, continent_name, continent_code, postal_code, timezone, latitude, longitude, location, asn, as_organization, isp, organization, domain, connection_type, or what other databases have; empty: all.",
    ),
    language: string().default("en").describe("Language of the names."),
  }),
  user_agent: object({
    field: string().required().describe("Field that holds a User-Agent header."),
    target: string().default("user_agent").describe(
      "Field that takes what is found: name, version, os (name, version), device (type, vendor, model); the type is desktop, mobile, tablet, bot and the like.",
    ),
  }),
  script: object({
    code: string().literal().required().describe(
      "JavaScript that gets event (timestamp, message, level, source, input, fields) and changes it; return null drops the record. It can reach nothing else.",
    ),
  }),
} as const;

/** The name of a transform type. */
export type TransformTypeName = keyof typeof types;

/** Configuration of one transform: what changes or drops a record. */
export const transformConfig = schema.variants({ noun: "transform type", flat: true, common, types }).check(
  (transform) =>
    (transform.type === "drop" || transform.type === "keep") && transform.if === undefined
      ? `needs the key if with type ${transform.type}`
      : undefined,
);

/** The keys that a type of transform has of its own. */
export type TransformOwn<Type extends TransformTypeName> = schema.Infer<(typeof types)[Type]>;

/** A transform as configured; `config` holds the keys of the type. */
export type TransformConfig =
  & { readonly if?: string | undefined }
  & {
    readonly [Type in TransformTypeName]: { readonly type: Type; readonly config: TransformOwn<Type> };
  }[TransformTypeName];

/** A block for the reference. */
export const transformExample = { type: "add", add: { environment: "production" }, if: 'level === "error"' };
