import type { EncoderFactory } from "../../encoding/encoder.ts";
import { jsonString } from "../../encoding/json_string.ts";
import { idText } from "../../batch.ts";
import type { Fields, Level, LogEvent } from "../../event.ts";
import { getField } from "../../lib/field_path.ts";
import { pathOf } from "../../lib/schema_node.ts";
import { compileText, type EventText } from "../http/template_text.ts";
import { UnixTime } from "../http/unix_time.ts";
import { keyValues } from "./any_value.ts";

/** What the encoder goes by. */
interface OtlpEncoderConfig {
  readonly resource_attributes: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly trace_id_field: string;
  readonly span_id_field: string;
}

const SEVERITY: Readonly<Record<Level, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

/** Of a resource's attribute. */
const LONGEST_ATTRIBUTE = 1024;
/** So many resources are remembered. */
const REMEMBERED = 1000;

/**
 * The encoder of `otlp`: records are LogRecords in OTLP's JSON, whatever a request is written in. The partition is the
 * resource's attributes, as they stand between the brackets of their list.
 */
export const otlpEncoder: EncoderFactory = (config, { includeRaw }) => {
  const { resource_attributes, attributes, trace_id_field, span_id_field } = config as OtlpEncoderConfig;
  const more = compileAttributes(attributes, "attributes");
  const resources = new Resources(compileAttributes(resource_attributes, "resource_attributes"));
  const time = new UnixTime();
  let observedAt = 0;
  let observed = "";
  return {
    kind: "text",
    encode(event) {
      time.read(event);
      const now = Date.now();
      if (now !== observedAt) {
        observedAt = now;
        observed = `"observedTimeUnixNano":"${now}000000"`;
      }
      const { level, message, raw, fields } = event;
      let json = time.second < 0 ? `{${observed}` : `{"timeUnixNano":"${time.nanoseconds}",${observed}`;
      if (level !== undefined) json += `,"severityNumber":${SEVERITY[level]},"severityText":"${level}"`;
      json += `,"body":{"stringValue":${jsonString(message === "" ? raw : message)}}`;
      const trace = hexOf(fields, trace_id_field, TRACE_ID);
      if (trace !== undefined) json += `,"traceId":"${trace}"`;
      const span = hexOf(fields, span_id_field, SPAN_ID);
      if (span !== undefined) json += `,"spanId":"${span}"`;
      const without = trace === undefined ? undefined : trace_id_field;
      const own = keyValues(
        fields,
        ownAttributes(event, includeRaw),
        without,
        span === undefined ? undefined : span_id_field,
      );
      const list = more.length === 0 ? own : attributesJson(more, event, own);
      return `${json},"attributes":[${list}]}\n`;
    },
    partitionOf: (event) => resources.of(event),
  };
};

/** What the conventions have names for; a field of the same name wins. */
function ownAttributes({ origin, offset, source, raw, fields }: LogEvent, includeRaw: boolean): string {
  let json = "";
  const add = (key: string, value: string): void => {
    if (fields[key] !== undefined) return;
    json += `${json === "" ? "" : ","}{"key":"${key}","value":{"stringValue":${jsonString(value)}}}`;
  };
  if (origin !== undefined && offset >= 0) add("log.record.uid", idText(origin, offset));
  if (source.labels["file"] !== undefined) add("log.file.path", source.stream);
  else add("source", source.stream);
  if (includeRaw) add("log.record.original", raw);
  return json;
}

interface Attribute {
  /** The start of a KeyValue, up to its value. */
  readonly start: string;
  readonly text: EventText;
}

function compileAttributes(attributes: Readonly<Record<string, string>>, key: string): Attribute[] {
  return Object.entries(attributes).map(([name, template]) => ({
    start: `{"key":${jsonString(name)},"value":{"stringValue":`,
    text: compileText(template, pathOf(key, name)),
  }));
}

/** Behind those that `list` has; absent ones are left out. */
function attributesJson(
  attributes: readonly Attribute[],
  event: LogEvent,
  list: string,
  longest = Infinity,
): string {
  let json = list;
  for (const { start, text } of attributes) {
    const value = text(event);
    if (value === undefined) continue;
    json += `${json === "" ? "" : ","}${start}${
      jsonString(value.length > longest ? value.slice(0, longest) : value)
    }}}`;
  }
  return json;
}

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/iu;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/iu;

/** The id that a field holds, in lower case; undefined if what it holds is none. */
function hexOf(fields: Fields, name: string, pattern: RegExp): string | undefined {
  const value = name === "" ? undefined : getField(fields, name);
  return typeof value === "string" && pattern.test(value) ? value.toLowerCase() : undefined;
}

/** Makes partitions. */
class Resources {
  readonly #attributes: readonly Attribute[];
  readonly #known = new Map<string, string>();

  constructor(attributes: readonly Attribute[]) {
    this.#attributes = attributes;
  }

  of(event: LogEvent): string {
    let key = "";
    for (let i = 0; i < this.#attributes.length; i++) key += `${this.#attributes[i]?.text(event) ?? ""}\0`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const partition = attributesJson(this.#attributes, event, "", LONGEST_ATTRIBUTE);
    if (this.#known.size === REMEMBERED) this.#known.clear();
    if (key.length <= 4 * LONGEST_ATTRIBUTE) this.#known.set(key, partition);
    return partition;
  }
}
