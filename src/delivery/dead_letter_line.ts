import { type EncodedBatch, idText, type RawBatch, recordId } from "../batch.ts";
import type { SendResult } from "../outputs/output.ts";
import type { Letters, RefusedRecords } from "./dead_letter.ts";

/*
 * A dead letter is one line of NDJSON with the members
 *   time, reason                              always
 *   input, source, labels, received, offset   of a record that cannot be processed
 *   output, attempts, partition, key          of a record that an output gives up
 *   id                                        where the record has one
 *   record                                    the record as text, without its line feed
 *   newline: false                            it has no line feed at its end
 * What is no text stands in base64, as `record_base64` and `key_base64`.
 */

const LINE_FEED = 10;

/** Where a record that cannot be processed came from. */
export interface LetterOrigin {
  readonly input: string;
  readonly stream: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Where a record that was given up should have gone. */
export interface LetterAddress {
  readonly output: string;
  readonly partition: string;
  readonly key: Uint8Array<ArrayBuffer> | undefined;
}

/** A dead letter. */
export interface Letter {
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  readonly reason: string;
  /** How often it was sent, or processed. */
  readonly attempts: number;
  /** What makes the id unique together with the offset. */
  readonly place: { readonly origin: string; readonly offset: number } | undefined;
  /** Exactly as it came, or as it would have been sent. */
  readonly record: Uint8Array<ArrayBuffer>;
  /** What is to be done with it again: to process it, or to send it. */
  readonly from: LetterOrigin | undefined;
  readonly to: LetterAddress | undefined;
}

/** The stable id of a letter's record. */
export function letterId({ place }: Letter): string | undefined {
  return place && idText(place.origin, place.offset);
}

/**
 * What two letters of the same record share: the record and where it was on its way. Undefined for records without an
 * id.
 */
export function letterKey(name: string, id: string | undefined): string | undefined {
  return id === undefined ? undefined : `${name}\0${id}`;
}

/** The line of a record that cannot be processed. `time`: ms since 1970. */
export function deadLetterLine(
  batch: RawBatch,
  { index, reason }: Letters[number],
  time: number,
): string {
  const { source: { input, stream, labels }, origin, receivedAt, ends } = batch;
  const start = index === 0 ? 0 : ends[index - 1] ?? 0;
  const offset = origin === undefined ? undefined : origin.offsets?.[index] ?? origin.offset + start;
  return lineOf({
    time: new Date(time).toISOString(),
    reason,
    input,
    source: stream,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    received: new Date(receivedAt).toISOString(),
    ...(origin === undefined || offset === undefined ? {} : { id: idText(origin.id, offset), offset }),
    ...wholeRecord(recordOf(batch, index)),
  });
}

/** The line of a record that an output gives up, as it would have been sent. */
export function refusedLine(
  { output, batch, attempts }: RefusedRecords,
  { index, reason }: SendResult["rejected"][number],
  time: number,
): string {
  const { partition, keys } = batch;
  const id = recordId(batch, index);
  return lineOf({
    time: new Date(time).toISOString(),
    reason,
    output,
    attempts,
    ...(id === undefined ? {} : { id }),
    ...(partition === "" ? {} : { partition }),
    ...(keys === undefined ? {} : textOrBase64("key", recordOf(keys, index))),
    ...wholeRecord(recordOf(batch, index)),
  });
}

/** Reads a line, without its line feed. Undefined when it is no dead letter. */
export function parseLetter(line: Uint8Array): Letter | undefined {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const members = json as Readonly<Record<string, unknown>>;
  const { reason, id, attempts = 1 } = members;
  const time = timeOf(members["time"]);
  const text = bytesOf(members, "record");
  const from = originOf(members, time ?? 0);
  const to = addressOf(members);
  const isWhole = time !== undefined && typeof reason === "string" && typeof attempts === "number" &&
    text !== undefined && (from === undefined) !== (to === undefined);
  if (!isWhole) return undefined;
  const record = members["newline"] === false ? text : withLineFeed(text);
  const place = placeOf(id);
  if (id !== undefined && place === undefined) return undefined;
  return { time, reason, attempts, place, record, from, to };
}

/** A batch of this one record, as it was on its way to the output. */
export function batchOfLetter({ record, place }: Letter, { partition, key }: LetterAddress): EncodedBatch {
  return {
    bytes: record,
    ends: Uint32Array.of(record.length),
    partition,
    ...(place === undefined ? {} : {
      ids: { origins: [{ id: place.origin, end: 1 }], offsets: Float64Array.of(place.offset) },
    }),
    ...(key === undefined ? {} : { keys: { bytes: key, ends: Uint32Array.of(key.length) } }),
  };
}

/** A batch of this one record, as it came from its input. */
export function rawBatchOfLetter(
  { record, place }: Letter,
  { input, stream, labels, receivedAt }: LetterOrigin,
): RawBatch {
  return {
    bytes: record,
    ends: Uint32Array.of(record.length),
    source: { input, stream, labels },
    receivedAt,
    ...(place === undefined ? {} : { origin: { id: place.origin, offset: place.offset } }),
  };
}

function lineOf(members: object): string {
  return `${JSON.stringify(members)}\n`;
}

function recordOf(
  { bytes, ends }: { readonly bytes: Uint8Array; readonly ends: Uint32Array },
  index: number,
): Uint8Array {
  return bytes.subarray(index === 0 ? 0 : ends[index - 1] ?? 0, ends[index]);
}

function wholeRecord(record: Uint8Array): object {
  return record.at(-1) === LINE_FEED
    ? textOrBase64("record", record.subarray(0, record.length - 1))
    : { ...textOrBase64("record", record), newline: false };
}

function withLineFeed(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(text.length + 1);
  record.set(text);
  record[text.length] = LINE_FEED;
  return record;
}

function textOrBase64(name: string, bytes: Uint8Array): Record<string, string> {
  try {
    return { [name]: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { [`${name}_base64`]: bytes.toBase64() };
  }
}

function bytesOf(
  members: Readonly<Record<string, unknown>>,
  name: string,
): Uint8Array<ArrayBuffer> | undefined {
  const text = members[name];
  const base64 = members[`${name}_base64`];
  if (typeof text === "string") return new TextEncoder().encode(text);
  if (typeof base64 !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function originOf(members: Readonly<Record<string, unknown>>, time: number): LetterOrigin | undefined {
  const { input, source: stream, labels = {}, received } = members;
  if (typeof input !== "string" || typeof stream !== "string") return undefined;
  if (typeof labels !== "object" || labels === null) return undefined;
  const texts = Object.entries(labels).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string"
  );
  return { input, stream, labels: Object.fromEntries(texts), receivedAt: timeOf(received) ?? time };
}

function addressOf(members: Readonly<Record<string, unknown>>): LetterAddress | undefined {
  const { output, partition = "" } = members;
  if (typeof output !== "string" || typeof partition !== "string") return undefined;
  return { output, partition, key: bytesOf(members, "key") };
}

/** The parts of an id; undefined when it is none that `idText` makes. */
function placeOf(id: unknown): Letter["place"] {
  if (typeof id !== "string") return undefined;
  const dot = id.lastIndexOf(".");
  const place = { origin: id.slice(0, Math.max(dot, 0)), offset: Number.parseInt(id.slice(dot + 1), 36) };
  return dot > 0 && idText(place.origin, place.offset) === id ? place : undefined;
}
