import type { Fields, LogEvent, Source } from "../event.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";

/** What cannot stand in a JSON string as it is; lone surrogates among it, which have no UTF-8. */
// deno-lint-ignore no-control-regex
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A text as JSON, in quotes. */
export function jsonString(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}

// JSON has integers of any size; JSON.stringify throws for a bigint unless this says how it is written.
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.toString());
  },
  writable: true,
  configurable: true,
});

let lastSource: Source | undefined;
let lastSourceJson = "";

/** The member for `source`, remembered for the records of a batch. */
function sourceMember(source: Source): string {
  if (source !== lastSource) {
    lastSource = source;
    lastSourceJson = `,"source":${jsonString(source.stream)},"fields":`;
  }
  return lastSourceJson;
}

/** An event as one line of JSON: timestamp, message, level where it is known, source, fields, and on demand raw. */
export function eventJson(event: LogEvent, includeRaw: boolean): string {
  const { level } = event;
  return '{"timestamp":"' + (event.timestampText ?? formatRfc3339(event.timestamp)) +
    '","message":' + jsonString(event.message) +
    (level === undefined ? "" : ',"level":"' + level + '"') +
    sourceMember(event.source) + fieldsJson(event.fields) +
    (includeRaw ? ',"raw":' + jsonString(event.raw) + "}\n" : "}\n");
}

/** Fields as JSON. Absent ones are left out, as JSON.stringify does with undefined. */
export function fieldsJson(fields: Fields): string {
  return JSON.stringify(fields);
}
