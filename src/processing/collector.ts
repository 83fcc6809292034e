import type { EncodedBatch } from "../batch.ts";
import type { Encoder } from "../encoding/encoder.ts";
import type { LogEvent } from "../event.ts";
import { outputCopy } from "../lib/spare_buffers.ts";
import type { Job } from "./plan.ts";

const ENCODER = new TextEncoder();
/** Text is encoded in pieces of this many characters: what lives longer than that burdens the garbage collector. */
const PIECE = 16 * 1024;
/** What the text of a usual job takes. */
const USUAL = 512 * 1024;
/** A buffer that a rare giant record has made larger than this is not kept. */
const LARGEST_KEPT = 8 * 1024 * 1024;

/** Text in UTF-8 that grows; the buffer stays for the next text. */
class Utf8Text {
  #bytes: Uint8Array<ArrayBuffer>;
  /** Where the text ends. */
  end = 0;

  /** `size`: bytes to begin with. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** Puts more text behind what there is. */
  append(text: string): void {
    if (this.#bytes.length - this.end < text.length) this.#grow(text.length);
    let { read, written } = ENCODER.encodeInto(text, this.#bytes.subarray(this.end));
    if (read < text.length) {
      // Not all of it is ASCII; three bytes a character are always enough.
      this.#grow(text.length * 3);
      ({ read, written } = ENCODER.encodeInto(text, this.#bytes.subarray(this.end)));
    }
    this.end += written;
  }

  /** The text so far, in a buffer of its own; then there is none. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = outputCopy(this.#bytes.subarray(0, this.end));
    this.end = 0;
    if (this.#bytes.length > LARGEST_KEPT) this.#bytes = new Uint8Array(USUAL);
    return bytes;
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.end + more));
    larger.set(this.#bytes.subarray(0, this.end));
    this.#bytes = larger;
  }
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

/** Text of one partition. */
class TextCollector implements Collector {
  readonly #encoder: Encoder;
  readonly #partition: string;
  readonly #bytes: Utf8Text;
  /** Text that is not encoded yet, and where each of its records ends. */
  #text = "";
  #textEnds: number[] = [];
  #ends = new Uint32Array(256);
  #count = 0;

  constructor(encoder: Encoder, partition = "", size = USUAL) {
    this.#encoder = encoder;
    this.#partition = partition;
    this.#bytes = new Utf8Text(size);
  }

  take(event: LogEvent): void {
    this.#text += this.#encoder.encode(event);
    this.#textEnds.push(this.#text.length);
    if (this.#text.length >= PIECE) this.#encode();
  }

  finish(): EncodedBatch[] {
    if (this.#textEnds.length > 0) this.#encode();
    if (this.#count === 0) return [];
    const ends = this.#ends.slice(0, this.#count);
    this.#count = 0;
    return [{ bytes: this.#bytes.take(), ends, partition: this.#partition }];
  }

  #encode(): void {
    const text = this.#text;
    const ends = this.#textEnds;
    const start = this.#bytes.end;
    this.#text = "";
    this.#textEnds = [];
    if (this.#ends.length < this.#count + ends.length) this.#growEnds(this.#count + ends.length);
    this.#bytes.append(text);
    if (this.#bytes.end - start === text.length) {
      for (const end of ends) this.#ends[this.#count++] = start + end;
      return;
    }
    // Not all of it is ASCII: where a record ends in bytes is known only once it is encoded by itself.
    this.#bytes.end = start;
    let from = 0;
    for (const end of ends) {
      this.#bytes.append(text.slice(from, end));
      this.#ends[this.#count++] = this.#bytes.end;
      from = end;
    }
  }

  #growEnds(least: number): void {
    const larger = new Uint32Array(Math.max(this.#ends.length * 2, least));
    larger.set(this.#ends);
    this.#ends = larger;
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
      // There may be thousands of them.
      partition = new TextCollector(this.#encoder, name, PIECE);
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
