import type { LogEvent, Source } from "../event.ts";
import { formatRfc3339 } from "../lib/rfc3339.ts";
import { FieldsWriter } from "./fields_json.ts";
import { jsonString } from "./json_string.ts";

/** Writes events as lines of JSON: timestamp, message, level where it is known, source, fields, and on demand raw. */
export class EventJson {
  readonly #fields = new FieldsWriter();
  readonly #includeRaw: boolean;
  #source: Source | undefined;
  #sourceMember = "";

  constructor(includeRaw: boolean) {
    this.#includeRaw = includeRaw;
  }

  /** The event as one line, its line feed included. */
  write(event: LogEvent): string {
    const { level, source } = event;
    // Once for all records of a batch.
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceMember = `,"source":${jsonString(source.stream)},"fields":`;
    }
    return '{"timestamp":"' + (event.timestampText ?? formatRfc3339(event.timestamp)) +
      '","message":' + jsonString(event.message) +
      (level === undefined ? "" : ',"level":"' + level + '"') +
      this.#sourceMember + this.#fields.write(event.fields) +
      (this.#includeRaw ? ',"raw":' + jsonString(event.raw) + "}\n" : "}\n");
  }
}
