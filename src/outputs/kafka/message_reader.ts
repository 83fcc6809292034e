import { type Batch, type EncodedBatch, recordId } from "../../batch.ts";
import { findSource, timeOfEvent } from "./event_head.ts";
import { type HeaderSource, headerSources, layoutOf, type MessageLayout } from "./message_layout.ts";
import type { KafkaConfig } from "./kafka_config.ts";

const LINE_FEED = 10;
const BACKSLASH = 0x5c;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
/** Ids are much shorter. */
const LONGEST_ID = 512;

/** Bytes somewhere in a buffer. Mutable: one object is used for all messages. */
export interface Slice {
  bytes: Uint8Array;
  start: number;
  /** Not included; below `start` where there is no value at all. */
  end: number;
}

/** A header of the current message. */
export interface Header {
  readonly name: Uint8Array;
  readonly value: Slice;
}

/** What of the configuration the reader needs. */
export type MessageFormat = Pick<
  KafkaConfig,
  "topic" | "topic_field" | "partition" | "partition_key" | "headers" | "encoding"
>;

/** Shows the messages of batches, one after the other, without making objects of them. */
export class MessageReader {
  readonly value: Slice = emptySlice();
  readonly key: Slice = emptySlice();
  readonly headers: readonly Header[];
  /** Milliseconds since 1970; NaN: the message has none. */
  timestamp = Number.NaN;
  /** The topic that the record chose, or "". */
  topic = "";
  /** The partition that the record chose, or NaN. */
  partition = Number.NaN;
  readonly #layout: MessageLayout;
  readonly #sources: readonly HeaderSource[];
  readonly #isJson: boolean;
  readonly #id = new Uint8Array(LONGEST_ID);
  readonly #place: [number, number] = [0, 0];
  #batch: EncodedBatch | undefined;
  // The topic that was read last.
  #topicBytes: Uint8Array = new Uint8Array();
  #topicText = "";

  constructor(config: KafkaConfig) {
    const headers = headerSources(config);
    this.#layout = layoutOf(config);
    this.#isJson = config.encoding === "json";
    this.#sources = headers.map(([, source]) => source);
    this.headers = headers.map(([name, source]) => ({
      name: ENCODER.encode(name),
      value: typeof source === "object" ? wholeSlice(ENCODER.encode(source.text)) : emptySlice(),
    }));
  }

  /** Shows the messages of this batch from now on. */
  use(batch: EncodedBatch): void {
    this.#batch = batch;
  }

  /** Shows the message of a record, but for its headers. */
  move(index: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const { bytes } = batch;
    setRecord(this.value, batch, index);
    const { value } = this;
    // A record may end with a line feed, which is no part of the message.
    if (value.end > value.start && bytes[value.end - 1] === LINE_FEED) value.end--;
    this.timestamp = this.#isJson ? timeOfEvent(bytes, value.start, value.end) : Number.NaN;
    this.#readKey(batch.keys, index);
  }

  /** Fills in the headers of the message that `move` has shown. */
  readHeaders(index: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i];
      const slice = this.headers[i]?.value;
      if (slice === undefined) continue;
      if (source === "id") this.#setId(slice, batch, index);
      else if (source === "source") this.#setSource(slice);
    }
  }

  #setId(slice: Slice, batch: EncodedBatch, index: number): void {
    const id = recordId(batch, index);
    slice.bytes = this.#id;
    slice.start = 0;
    slice.end = id === undefined ? -1 : writeText(id, this.#id);
  }

  #setSource(slice: Slice): void {
    const { bytes, start, end } = this.value;
    const place = this.#place;
    slice.start = 0;
    slice.end = -1;
    if (!findSource(bytes, start, end, place)) return;
    slice.bytes = bytes;
    slice.start = place[0];
    slice.end = place[1];
    for (let i = place[0]; i < place[1]; i++) if (bytes[i] === BACKSLASH) return unescape(slice);
  }

  /** Takes the record's key apart. */
  #readKey(keys: Batch | undefined, index: number): void {
    const { topic, partition, timestamp, headers, key } = this.#layout;
    this.topic = "";
    this.partition = Number.NaN;
    this.key.end = -1;
    if (keys === undefined) return this.#clearHeaders();
    const rest = this.key;
    setRecord(rest, keys, index);
    if (topic) this.topic = this.#topicOf(keys.bytes, rest.start, this.#next(rest));
    if (partition) this.partition = numberOf(keys.bytes, rest.start, this.#next(rest));
    if (timestamp) this.timestamp = numberOf(keys.bytes, rest.start, this.#next(rest));
    if (headers.length > 0) this.#takeHeaders(rest);
    // A key without bytes is none.
    if (!key || rest.end === rest.start) rest.end = rest.start - 1;
  }

  /** Where the part at the start of `rest` ends. The caller has taken its start; then `rest` begins behind it. */
  #next(rest: Slice): number {
    const separator = rest.bytes.indexOf(LINE_FEED, rest.start);
    const end = separator === -1 || separator > rest.end ? rest.end : separator;
    rest.start = Math.min(end + 1, rest.end);
    return end;
  }

  #topicOf(bytes: Uint8Array, start: number, end: number): string {
    const known = this.#topicBytes;
    let same = known.length === end - start;
    for (let i = 0; same && i < known.length; i++) same = known[i] === bytes[start + i];
    if (!same) {
      this.#topicBytes = bytes.slice(start, end);
      this.#topicText = DECODER.decode(this.#topicBytes);
    }
    return this.#topicText;
  }

  #takeHeaders(rest: Slice): void {
    for (let i = 0; i < this.#sources.length; i++) {
      const slice = this.headers[i]?.value;
      if (this.#sources[i] !== "record" || slice === undefined) continue;
      slice.bytes = rest.bytes;
      slice.start = rest.start;
      slice.end = this.#next(rest);
      // One NUL: the record has no such value.
      if (slice.end - slice.start === 1 && rest.bytes[slice.start] === 0) slice.end = slice.start - 1;
    }
  }

  #clearHeaders(): void {
    for (let i = 0; i < this.#sources.length; i++) {
      const slice = this.headers[i]?.value;
      if (this.#sources[i] === "record" && slice !== undefined) slice.end = slice.start - 1;
    }
  }
}

/** How many bytes a slice has; -1: there is no value. */
export function lengthOf({ start, end }: Slice): number {
  return end < start ? -1 : end - start;
}

/** Answers how many bytes it has. Ids are short and ASCII, for which a loop is faster than the encoder. */
function writeText(text: string, bytes: Uint8Array): number {
  const length = Math.min(text.length, bytes.length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return ENCODER.encodeInto(text, bytes).written;
    bytes[i] = code;
  }
  return length;
}

function emptySlice(): Slice {
  return { bytes: new Uint8Array(), start: 0, end: -1 };
}

function wholeSlice(bytes: Uint8Array): Slice {
  return { bytes, start: 0, end: bytes.length };
}

function setRecord(slice: Slice, { bytes, ends }: Batch, index: number): void {
  slice.bytes = bytes;
  slice.start = index === 0 ? 0 : ends[index - 1] ?? 0;
  slice.end = ends[index] ?? slice.start;
}

/** Replaces a text of JSON by what it says. */
function unescape(slice: Slice): void {
  const json = DECODER.decode(slice.bytes.subarray(slice.start - 1, slice.end + 1));
  slice.bytes = ENCODER.encode(JSON.parse(json));
  slice.start = 0;
  slice.end = slice.bytes.length;
}

/** NaN where there are no digits. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN;
  for (let i = start; i < end; i++) value = value * 10 + (bytes[i] ?? 0) - 48;
  return value;
}
