import type { Source } from "../event.ts";
import type { Job, PlanFiles, Processed, ProcessorPlan } from "../processing/plan.ts";

/** What the main thread sends: `start` once, then jobs, which are answered in their order. */
export type Request = StartRequest | JobRequest;

/** The first message to a worker. It answers `ready` or `unbuildable`. */
export interface StartRequest {
  readonly type: "start";
  readonly plans: readonly ProcessorPlan[];
  readonly files: PlanFiles;
  /** How long one job may take, in milliseconds; 0: as long as it likes. */
  readonly jobTimeout: number;
  /**
   * One number in shared memory: the messages that the worker has begun to send. A thread that is always busy sees by it
   * that one is there, which comes in only while that thread rests.
   */
  readonly sent: Int32Array;
}

/**
 * Records to process; answered with `processed` or `failed`. Small, since all of it but the transferred buffer is
 * serialised.
 */
export interface JobRequest {
  readonly type: "job";
  /** Index of the plan. */
  readonly plan: number;
  /** The records as `packJob` lays them out; transferred, and it comes back with the answer. */
  readonly buffer: ArrayBuffer;
  /** Transferred as well: for what the worker makes of this or a later job. */
  readonly spare: ArrayBuffer | undefined;
  readonly records: number;
  /** Length of the records' bytes. */
  readonly length: number;
  /** Number of the source, under which the worker keeps it. */
  readonly source: number;
  /** The source itself where that number has none yet, or another one. */
  readonly newSource: Source | undefined;
  readonly receivedAt: number;
  readonly originId: string | undefined;
  readonly originOffset: number;
  /** Whether the buffer holds the offset of every record. */
  readonly hasOffsets: boolean;
}

/** What a worker sends. */
export type Response =
  | { readonly type: "ready" }
  /** The processor of an input cannot be built: for what is wrong with keys, or for the reason in `message`. */
  | {
    readonly type: "unbuildable";
    readonly input: string;
    readonly keys: readonly { readonly key: string; readonly message: string }[];
    readonly message: string;
  }
  /** The buffers of the batches are transferred. */
  | { readonly type: "processed"; readonly buffer: ArrayBuffer; readonly processed: Processed }
  /** The processor threw, or was stopped for taking too long. */
  | {
    readonly type: "failed";
    readonly buffer: ArrayBuffer;
    readonly hung: boolean;
    readonly message: string;
  }
  /** Something was thrown while no job was running. */
  | { readonly type: "broken"; readonly message: string };

/** Bytes that a job takes in a transfer buffer. */
export function packedLength({ bytes, ends, origin }: Job): number {
  return (origin?.offsets === undefined ? 0 : ends.length * 8) + ends.length * 4 + bytes.length;
}

/**
 * Copies the records into `buffer`, which has room for `packedLength`:
 *
 *     offsets  8 bytes each, only where the origin has them
 *     ends     4 bytes each
 *     bytes
 */
export function packJob(
  { bytes, ends, receivedAt, origin }: Job,
  plan: number,
  buffer: ArrayBuffer,
  source: number,
  newSource: Source | undefined,
  spare?: ArrayBuffer,
): JobRequest {
  const records = ends.length;
  let at = 0;
  if (origin?.offsets !== undefined) {
    new Float64Array(buffer, 0, records).set(origin.offsets);
    at = records * 8;
  }
  new Uint32Array(buffer, at, records).set(ends);
  new Uint8Array(buffer, at + records * 4, bytes.length).set(bytes);
  return {
    type: "job",
    plan,
    buffer,
    spare,
    records,
    length: bytes.length,
    source,
    newSource,
    receivedAt,
    originId: origin?.id,
    originOffset: origin?.offset ?? 0,
    hasOffsets: origin?.offsets !== undefined,
  };
}

/** The job of a request: views on its buffer, without a copy. */
export function unpackJob(request: JobRequest, source: Source): Job {
  const { buffer, records, length, receivedAt, originId: id, originOffset: offset, hasOffsets } = request;
  const at = hasOffsets ? records * 8 : 0;
  const ends = new Uint32Array(buffer, at, records);
  const bytes = new Uint8Array(buffer, at + records * 4, length);
  if (id === undefined) return { bytes, ends, source, receivedAt };
  const origin = hasOffsets ? { id, offset, offsets: new Float64Array(buffer, 0, records) } : { id, offset };
  return { bytes, ends, source, receivedAt, origin };
}

/**
 * The buffers of the results, each once, to be transferred. A batch that lies in the job's own buffer is copied, since
 * that one goes back by itself.
 */
export function detachable(
  processed: Processed,
  jobBuffer: ArrayBuffer,
): { processed: Processed; transfer: ArrayBuffer[] } {
  const transfer = new Set<ArrayBuffer>();
  const batches = processed.batches.map((entry) => {
    const { bytes, ends, keys } = entry.batch;
    const owned = {
      ...entry.batch,
      bytes: bytes.buffer === jobBuffer ? bytes.slice() : bytes,
      ends: ends.buffer === jobBuffer ? ends.slice() : ends,
    };
    transfer.add(owned.bytes.buffer).add(owned.ends.buffer);
    if (keys !== undefined) transfer.add(keys.bytes.buffer).add(keys.ends.buffer);
    if (entry.records !== undefined) transfer.add(entry.records.buffer);
    return { ...entry, batch: owned };
  });
  return { processed: { ...processed, batches }, transfer: [...transfer] };
}
