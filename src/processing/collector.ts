import type { EncodedBatch } from "../batch.ts";
import type { Encoder } from "../encoding/encoder.ts";
import type { LogEvent } from "../event.ts";
import { LineScanner } from "../framing/lines.ts";
import type { Job } from "./plan.ts";

const ENCODER = new TextEncoder();
const SCANNER = new LineScanner();
/** Grows to the largest text of a job: encoding into a buffer that is there is several times cheaper than a new one. */
let scratch = new Uint8Array(1024 * 1024);

/** A text in UTF-8, in a buffer of its own. */
function encoded(text: string): Uint8Array<ArrayBuffer> {
  if (scratch.length < text.length) scratch = new Uint8Array(text.length * 2);
  let { read, written } = ENCODER.encodeInto(text, scratch);
  if (read < text.length) {
    scratch = new Uint8Array(text.length * 3);
    ({ read, written } = ENCODER.encodeInto(text, scratch));
  }
  return scratch.slice(0, written);
}

/** Gathers what one output gets of a job. */
export interface Collector {
  /** Takes an event; `index`: of its record in the job. */
  take(event: LogEvent, index: number): void;
  /** What was gathered; the collector is empty then. */
  finish(job: Job): EncodedBatch[];
}

/** The collector that suits an encoder. */
export function collectorFor(encoder: Encoder): Collector {
  if (encoder.kind === "copy") return new RecordCollector();
  return encoder.partitionOf === undefined ? new TextCollector(encoder) : new PartitionCollector(encoder);
}

/** Records as they came, byte for byte. */
class RecordCollector implements Collector {
  #indices: number[] = [];

  take(_event: LogEvent, index: number): void {
    this.#indices.push(index);
  }

  finish({ bytes, ends }: Job): EncodedBatch[] {
    const indices = this.#indices;
    this.#indices = [];
    if (indices.length === 0) return [];
    const starts = (index: number): number => (index === 0 ? 0 : ends[index - 1] ?? 0);
    const size = indices.reduce((sum, index) => sum + (ends[index] ?? 0) - starts(index), 0);
    const picked = new Uint8Array(size);
    const pickedEnds = new Uint32Array(indices.length);
    let at = 0;
    indices.forEach((index, position) => {
      const record = bytes.subarray(starts(index), ends[index]);
      picked.set(record, at);
      at += record.length;
      pickedEnds[position] = at;
    });
    return [{ bytes: picked, ends: pickedEnds, partition: "" }];
  }
}

/** Text of one partition: a string for the whole job is encoded at once, which is several times cheaper. */
class TextCollector implements Collector {
  readonly #encoder: Encoder;
  readonly #partition: string;
  #text = "";
  /** Ends in characters, for text that may hold line feeds. */
  #parts: string[] | undefined;

  constructor(encoder: Encoder, partition = "") {
    this.#encoder = encoder;
    this.#partition = partition;
    this.#parts = encoder.kind === "text" ? [] : undefined;
  }

  take(event: LogEvent): void {
    const text = this.#encoder.encode(event);
    if (this.#parts === undefined) this.#text += text;
    else this.#parts.push(text);
  }

  finish(): EncodedBatch[] {
    const parts = this.#parts;
    if (parts !== undefined) {
      this.#parts = [];
      return parts.length === 0 ? [] : [this.#ofParts(parts)];
    }
    const text = this.#text;
    this.#text = "";
    if (text === "") return [];
    const bytes = encoded(text);
    const { count } = SCANNER.scan(bytes, 0, bytes.length);
    return [{ bytes, ends: SCANNER.ends(count), partition: this.#partition }];
  }

  #ofParts(parts: readonly string[]): EncodedBatch {
    const texts = parts.map(encoded);
    const bytes = new Uint8Array(texts.reduce((sum, text) => sum + text.length, 0));
    const ends = new Uint32Array(parts.length);
    let at = 0;
    texts.forEach((text, index) => {
      bytes.set(text, at);
      at += text.length;
      ends[index] = at;
    });
    return { bytes, ends, partition: this.#partition };
  }
}

/** Text of several partitions. */
class PartitionCollector implements Collector {
  readonly #encoder: Encoder;
  readonly #partitions = new Map<string, TextCollector>();

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  take(event: LogEvent): void {
    const name = this.#encoder.partitionOf?.(event) ?? "";
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      partition = new TextCollector(this.#encoder, name);
      this.#partitions.set(name, partition);
    }
    partition.take(event);
  }

  finish(): EncodedBatch[] {
    const batches = [...this.#partitions.values()].flatMap((partition) => partition.finish());
    this.#partitions.clear();
    return batches;
  }
}
