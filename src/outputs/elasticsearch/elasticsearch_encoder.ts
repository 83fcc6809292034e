import type { Encoder, EncoderFactory, EncoderOptions } from "../../encoding/encoder.ts";
import { compileEventKey } from "../../encoding/event_template.ts";
import { FieldsWriter } from "../../encoding/fields_json.ts";
import { jsonString } from "../../encoding/json_string.ts";
import type { LogEvent, Source } from "../../event.ts";
import { KeyError } from "../../lib/key_error.ts";
import { formatRfc3339 } from "../../lib/rfc3339.ts";
import { compileTimeFormat } from "../../lib/time_format/compile_time_format.ts";
import { hasOwnTime, IndexName, type Rotation } from "./index_name.ts";

/** What of the configuration decides about documents and their index. */
export interface DocumentConfig {
  readonly index: string;
  /** Unset: daily, unless the index has times of its own or is a data stream. */
  readonly index_rotation?: Rotation | undefined;
  readonly index_timestamp_field: string;
  readonly timestamp_field: string;
  readonly data_stream: boolean;
}

/** Makes a document of each record, and names its index as the partition. */
class ElasticsearchEncoder implements Encoder {
  // Not `lines`: that would be event JSON.
  readonly kind = "text";
  readonly #name: IndexName;
  readonly #start: string;
  readonly #includeRaw: boolean;
  readonly #fields = new FieldsWriter();
  #source: Source | undefined;
  #sourceMember = "";

  constructor(config: DocumentConfig, { includeRaw }: EncoderOptions) {
    this.#name = indexNameOf(config);
    this.#start = `{${jsonString(config.timestamp_field)}:"`;
    this.#includeRaw = includeRaw;
  }

  partitionOf(event: LogEvent): string {
    return this.#name.of(event);
  }

  encode(event: LogEvent): string {
    const { level, source } = event;
    // Once for all records of a batch.
    if (source !== this.#source) {
      this.#source = source;
      this.#sourceMember = `,"source":${jsonString(source.stream)}`;
    }
    const fields = this.#fields.write(event.fields);
    return this.#start + (event.timestampText ?? formatRfc3339(event.timestamp)) +
      '","message":' + jsonString(event.message) +
      (level === undefined ? "" : ',"level":"' + level + '"') +
      this.#sourceMember +
      (fields.length === 2 ? "" : ',"fields":' + fields) +
      (this.#includeRaw ? ',"raw":' + jsonString(event.raw) + "}\n" : "}\n");
  }
}

/** The encoder of the output. Throws KeyError. */
export const elasticsearchEncoder: EncoderFactory = (config, options) =>
  new ElasticsearchEncoder(config as DocumentConfig, options);

/** The names of the indices of a configuration. Throws KeyError. */
export function indexNameOf(config: DocumentConfig): IndexName {
  const { index, index_timestamp_field: field, timestamp_field, data_stream: dataStream } = config;
  const rotation = config.index_rotation ?? (dataStream || hasOwnTime(index) ? "none" : "daily");
  const isOwn = field === "timestamp" || field === timestamp_field;
  return new IndexName({ index, rotation, dataStream, timeOf: isOwn ? timeOfEvent : timeOfField(field) });
}

function timeOfEvent({ timestamp }: LogEvent): number {
  return timestamp;
}

/** The time in a field; where there is none, the record's own. */
function timeOfField(field: string): (event: LogEvent) => number {
  const key = "index_timestamp_field";
  if (field === "") throw new KeyError(key, "must not be empty");
  const value = compileEventKey(field, key);
  // The present tells the year of times without one.
  const parser = compileTimeFormat(undefined, { timezone: "UTC", now: Date.now });
  return (event) => {
    const text = value(event);
    const time = text === undefined ? Number.NaN : parser.parse(text);
    return Number.isNaN(time) ? event.timestamp : time;
  };
}
