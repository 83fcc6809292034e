import { Buffer } from "node:buffer";
import { ReverseWriter } from "./protobuf.ts";

// The messages of opentelemetry/proto/logs/v1/logs.proto that are written here, with the numbers of their fields:
// ExportLogsServiceRequest { resource_logs 1 }  ResourceLogs { resource 1, scope_logs 2 }  Resource { attributes 1 }
// ScopeLogs { scope 1, log_records 2 }  InstrumentationScope { name 1, version 2 }
// LogRecord { time_unix_nano 1, severity_number 2, severity_text 3, body 5, attributes 6, trace_id 9, span_id 10,
//   observed_time_unix_nano 11 }
// KeyValue { key 1, value 2 }  AnyValue { string 1, bool 2, int 3, double 4, array 5 { values 1 }, kvlist 6 { values 1 } }

interface JsonKeyValue {
  readonly key: string;
  readonly value: JsonAnyValue;
}

interface JsonAnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values: readonly JsonAnyValue[] };
  readonly kvlistValue?: { readonly values: readonly JsonKeyValue[] };
}

interface JsonLogRecord {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body: JsonAnyValue;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: readonly JsonKeyValue[];
}

/** What a request is made of. */
export interface LogsRequest {
  /** Attributes of the resource, as a list in JSON. */
  readonly resource: string;
  readonly scope: { readonly name: string; readonly version: string };
  /** As the encoder makes them. */
  readonly records: readonly string[];
}

/** The request in protobuf. */
export function protobufLogs(
  { resource, scope, records }: LogsRequest,
  size?: number,
): Uint8Array<ArrayBuffer> {
  const writer = new ReverseWriter(size);
  for (let index = records.length - 1; index >= 0; index--) {
    // One by one: thousands of objects that are alive at once would cost much more.
    writeRecord(writer, JSON.parse(records[index] ?? ""));
  }
  let before = writer.length;
  writer.string(2, scope.version);
  writer.string(1, scope.name);
  writer.message(1, before);
  writer.message(2, 0);
  before = writer.length;
  writeAttributes(writer, 1, JSON.parse(resource));
  writer.message(1, before);
  writer.message(1, 0);
  return writer.finish();
}

function writeRecord(writer: ReverseWriter, record: JsonLogRecord): void {
  const before = writer.length;
  writer.fixed64(11, BigInt(record.observedTimeUnixNano));
  if (record.spanId !== undefined) writer.bytes(10, Buffer.from(record.spanId, "hex"));
  if (record.traceId !== undefined) writer.bytes(9, Buffer.from(record.traceId, "hex"));
  writeAttributes(writer, 6, record.attributes);
  writeValue(writer, 5, record.body);
  if (record.severityText !== undefined) writer.string(3, record.severityText);
  if (record.severityNumber !== undefined) writer.integer(2, BigInt(record.severityNumber));
  if (record.timeUnixNano !== undefined) writer.fixed64(1, BigInt(record.timeUnixNano));
  writer.message(2, before);
}

function writeAttributes(writer: ReverseWriter, field: number, attributes: readonly JsonKeyValue[]): void {
  for (let index = attributes.length - 1; index >= 0; index--) {
    const attribute = attributes[index];
    if (attribute === undefined) continue;
    const before = writer.length;
    writeValue(writer, 2, attribute.value);
    writer.string(1, attribute.key);
    writer.message(field, before);
  }
}

function writeValue(writer: ReverseWriter, field: number, value: JsonAnyValue): void {
  const before = writer.length;
  if (value.stringValue !== undefined) writer.string(1, value.stringValue);
  else if (value.intValue !== undefined) writer.integer(3, BigInt(value.intValue));
  else if (value.doubleValue !== undefined) writer.double(4, Number(value.doubleValue));
  else if (value.boolValue !== undefined) writer.integer(2, value.boolValue ? 1n : 0n);
  else if (value.kvlistValue !== undefined) {
    const inside = writer.length;
    writeAttributes(writer, 1, value.kvlistValue.values);
    writer.message(6, inside);
  } else if (value.arrayValue !== undefined) {
    const inside = writer.length;
    for (const item of value.arrayValue.values.toReversed()) writeValue(writer, 1, item);
    writer.message(5, inside);
  }
  writer.message(field, before);
}
