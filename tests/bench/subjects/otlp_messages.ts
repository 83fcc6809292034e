import { Buffer } from "node:buffer";
import type { Moment } from "./producers.ts";

// Messages of opentelemetry/proto/logs/v1/logs.proto as texts, each character of which is a byte: the lines of the
// samples are ASCII.

function bytes(field: number, value: string): string {
  let length = "";
  let rest = value.length;
  for (; rest > 127; rest >>>= 7) length += String.fromCharCode(rest & 127 | 128);
  return String.fromCharCode(field << 3 | 2) + length + String.fromCharCode(rest) + value;
}

function attribute(field: number, key: string, value: string): string {
  return bytes(field, bytes(1, key) + bytes(2, bytes(1, value)));
}

let timeOf = -1;
let times = "";

/** The time of a record, and when it was seen. */
function timesOf(ms: number): string {
  if (ms === timeOf) return times;
  const view = Buffer.alloc(8);
  view.writeBigUInt64LE(BigInt(ms) * 1_000_000n);
  const text = view.toString("latin1");
  timeOf = ms;
  return times = `\x09${text}\x59${text}`;
}

/** A record of a request. */
export function logRecord(message: string, source: string, { ms }: Moment, id: string): string {
  const attributes = attribute(6, "log.record.uid", id) + attribute(6, "log.file.path", source);
  return bytes(2, timesOf(ms) + bytes(5, bytes(1, message)) + attributes);
}

/** An ExportLogsServiceRequest with these records. */
export function logsRequest(records: readonly string[]): Uint8Array<ArrayBuffer> {
  const scope = bytes(2, bytes(1, bytes(1, "bench")) + records.join(""));
  const resource = bytes(1, attribute(1, "service.name", "bench"));
  return new Uint8Array(Buffer.from(bytes(1, resource + scope), "latin1"));
}
