import type { Batch, EncodedBatch } from "../batch.ts";
import type { Encoder } from "../encoding/encoder.ts";
import type { LogEvent } from "../event.ts";
import { outputCopy } from "../lib/spare_buffers.ts";
import type { CollectedBatch, Job } from "./plan.ts";

const ENCODER = new TextEncoder();
/** Text is encoded in pieces of this many characters: what lives longer than that burdens the garbage collector. */
const PIECE = 16 * 1024;
/** What the text of a usual job takes. */
const USUAL = 512 * 1024;
/** Partitions that keep their buffers from one job to the next. */
const FEW = 16;
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

/** Texts that become the records of a batch. */
class TextRecords {
  readonly #bytes: Utf8Text;
  /** Text that is not encoded yet, and where each of its records ends. */
  #text = "";
  #textEnds: number[] = [];
  #ends = new Uint32Array(256);
  #count = 0;

  /** `size`: bytes to begin with. */
  constructor(size: number) {
    this.#bytes = new Utf8Text(size);
  }

  /** How many there are. */
  get count(): number {
    return this.#count + this.#textEnds.length;
  }

  add(text: string): void {
    this.#text += text;
    this.#textEnds.push(this.#text.length);
    if (this.#text.length >= PIECE) this.#encode();
  }

  /** The records, in buffers of their own; then there are none. */
  take(): Batch {
    if (this.#textEnds.length > 0) this.#encode();
    const ends = this.#ends.slice(0, this.#count);
    this.#count = 0;
    return { bytes: this.#bytes.take(), ends };
  }

  #encode(): void {
    const text = this.#text;
    const ends = this.#textEnds;
    const start = this.#bytes.end;
    this.#text = "";
    this.#textEnds = [];
    if (this.#ends.length < this.#count + ends.length) {
      this.#ends = larger(this.#ends, this.#count + ends.length);
    }
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
}

/** A copy with room for `least` numbers or more. */
function larger(numbers: Uint32Array<ArrayBuffer>, least: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(Math.max(numbers.length * 2, least));
  copy.set(numbers);
  return copy;
}

/** Which records of a job were taken, by index, in their order. */
export class TakenRecords {
  #indices = new Uint32Array(256);
  #count = 0;

  add(index: number): void {
    if (this.#count === this.#indices.length) this.#indices = larger(this.#indices, this.#count + 1);
    this.#indices[this.#count++] = index;
  }

  /** Forgets those of a job that was broken off. */
  clear(): void {
    this.#count = 0;
  }

  /** The indices for the result of a job, left out where they are those of all records; then there are none. */
  take({ ends }: Job): Pick<CollectedBatch, "records"> {
    const count = this.#count;
    this.#count = 0;
    return count === ends.length ? {} : { records: this.#indices.slice(0, count) };
  }
}

/** Gathers what one output gets of a job. */
export interface Collector {
  /** Takes an event; `index`: of its record in the job. */
  take(event: LogEvent, index: number): void;
  /** What was gathered; the collector is empty then. */
  finish(job: Job): CollectedBatch[];
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

  finish({ bytes, ends }: Job): CollectedBatch[] {
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
    const batch: EncodedBatch = { bytes: picked, ends: pickedEnds, partition: "" };
    return [indices.length === ends.length ? { batch } : { batch, records: Uint32Array.from(indices) }];
  }
}

/** Text of one partition. */
class TextCollector implements Collector {
  readonly #encoder: Encoder;
  readonly #partition: string;
  readonly #records: TextRecords;
  readonly #keys: TextRecords | undefined;
  readonly #taken = new TakenRecords();

  constructor(encoder: Encoder, partition = "", size = USUAL) {
    this.#encoder = encoder;
    this.#partition = partition;
    this.#records = new TextRecords(size);
    this.#keys = encoder.keyOf === undefined ? undefined : new TextRecords(PIECE);
  }

  take(event: LogEvent, index: number): void {
    this.#records.add(this.#encoder.encode(event));
    this.#taken.add(index);
    if (this.#keys !== undefined) this.#keys.add(this.#encoder.keyOf?.(event) ?? "");
  }

  finish(job: Job): CollectedBatch[] {
    if (this.#records.count === 0) return [];
    const records = { ...this.#records.take(), partition: this.#partition };
    const batch = this.#keys === undefined ? records : { ...records, keys: this.#keys.take() };
    return [{ batch, ...this.#taken.take(job) }];
  }
}

/** Text of several partitions. */
class PartitionCollector implements Collector {
  readonly #encoder: Encoder;
  readonly #partitions = new Map<string, TextCollector>();
  /** Records that follow each other are mostly of one partition. */
  #lastName = "";
  #last: TextCollector | undefined;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  take(event: LogEvent, index: number): void {
    const name = this.#encoder.partitionOf?.(event) ?? "";
    if (this.#last === undefined || name !== this.#lastName) {
      this.#lastName = name;
      this.#last = this.#partition(name);
    }
    this.#last.take(event, index);
  }

  finish(job: Job): CollectedBatch[] {
    const batches = [...this.#partitions.values()].flatMap((partition) => partition.finish(job));
    this.#last = undefined;
    // One of thousands is not kept; a few, with their buffers, are likely to come again.
    if (this.#partitions.size > FEW) this.#partitions.clear();
    return batches;
  }

  #partition(name: string): TextCollector {
    let partition = this.#partitions.get(name);
    if (partition === undefined) {
      // There may be thousands of them.
      partition = new TextCollector(this.#encoder, name, PIECE);
      this.#partitions.set(name, partition);
    }
    return partition;
  }
}
