import { createHash } from "node:crypto";
import { join } from "node:path";
import { type EncodedBatch, recordId } from "../../batch.ts";
import type { CheckpointParticipant, JsonObject } from "../../checkpoints/checkpoint_store.ts";
import { newEvent, type Source } from "../../event.ts";
import { crc32 } from "../../lib/crc32.ts";
import type { Log } from "../../lib/log.ts";
import { ALL_SENT, type Batching, type Output, type OutputContext, type SendResult } from "../output.ts";
import { idRuns } from "./id_runs.ts";
import { compilePartition, objectKey } from "./key_template.ts";
import { CONTENT_ENCODINGS, EXTENSIONS, objectBody } from "./object_body.ts";
import { type JournalEntry, ObjectJournal } from "./object_journal.ts";
import { type PartsProgress, S3Bucket } from "./s3_bucket.ts";
import type { S3Config } from "./s3_config.ts";

/** The object of a batch, which stays the same however often the batch is sent. */
interface StoredObject {
  readonly key: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Undefined for records without ids, which nothing can be told about after a crash. */
  readonly entry: JournalEntry | undefined;
  readonly progress: PartsProgress;
}

/** Bytes of the first record in which its time is looked for. */
const TIME_ROOM = 80;

/**
 * Stores each batch as an object of its own, and each record once, also over a crash: what the journal says is in the
 * bucket already is left out when it comes again.
 */
export class S3Output implements Output {
  readonly batching: Batching;
  readonly concurrency: number;
  readonly takesIds = true;
  readonly participant: CheckpointParticipant;
  readonly #config: S3Config;
  readonly #name: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #directory: string | undefined;
  readonly #partitionOf: ReturnType<typeof compilePartition>;
  readonly #objects = new WeakMap<EncodedBatch, StoredObject>();
  /** Sends that have not ended: who comes after this output asks the bucket what they have left. */
  readonly #sending = new Set<Promise<unknown>>();
  /** Of records without ids. */
  readonly #run = crypto.randomUUID();
  #count = 0;
  #bucket: S3Bucket | undefined;
  #journal: ObjectJournal | undefined;
  #expectedJournal: string | undefined;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: S3Config, context: OutputContext, now: () => number = Date.now) {
    this.#config = config;
    this.#name = context.name;
    this.#log = context.log;
    this.#directory = context.directory;
    this.#now = now;
    this.#partitionOf = compilePartition(config.prefix, config.key_template);
    const { batch_size: events, batch_bytes: bytes, batch_timeout, flush_interval } = config;
    const wait = Math.ceil(batch_timeout / flush_interval) * flush_interval;
    this.batching = { events, bytes, wait };
    this.concurrency = config.upload_concurrency;
    this.participant = {
      key: `s3:${context.name}`,
      snapshot: () => ({ state: this.#state(), sync: () => Promise.resolve() }),
      restore: (state) => {
        this.#expectedJournal = typeof state?.["journal"] === "string" ? state["journal"] : undefined;
      },
    };
  }

  /** Asks the bucket only where an earlier process has left objects of which it is not known whether they arrived. */
  async open(signal: AbortSignal): Promise<void> {
    this.#bucket ??= await S3Bucket.open(this.#config, this.#log);
    this.#journal ??= await this.#openJournal();
    await this.#settle(this.#journal.unsettled, signal);
  }

  partitionOf(source: Source, time: number): string {
    const event = newEvent(source);
    event.timestamp = time;
    return this.#partitionOf(event);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#opened().bucket.check(signal);
  }

  send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.bytes.length === 0) return Promise.resolve(ALL_SENT);
    const sending = this.#send(batch, signal);
    const ended = sending.catch(() => {}).finally(() => this.#sending.delete(ended));
    this.#sending.add(ended);
    return sending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sending);
    await this.#journal?.close();
    this.#bucket?.close();
    this.#journal = undefined;
    this.#bucket = undefined;
  }

  async #send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    const { bucket, journal } = this.#opened();
    const object = this.#objects.get(batch) ?? await this.#begin(batch, signal);
    if (object === undefined) return ALL_SENT;
    this.#objects.set(batch, object);
    const { key, body, entry, progress } = object;
    signal.throwIfAborted();
    const encoding = CONTENT_ENCODINGS[this.#config.compression];
    if (body.length <= this.#config.part_size) await bucket.put(key, body, encoding, signal);
    else {
      const note = async (id: string) => entry && await journal.noteUpload(entry, id);
      await bucket.putParts(key, body, encoding, progress, note, signal);
    }
    this.#objects.delete(batch);
    if (entry !== undefined) await journal.settle(entry, true);
    return ALL_SENT;
  }

  /** Makes the object of a batch and notes it; undefined when all of its records are in the bucket already. */
  async #begin(batch: EncodedBatch, signal: AbortSignal): Promise<StoredObject | undefined> {
    const { journal } = this.#opened();
    const { ids } = batch;
    // Records that were given up and come again, for example out of the dead letters.
    if (ids !== undefined) await this.#settle(journal.givenUp(ids), signal);
    const missing = ids && journal.missing(ids);
    if (missing?.length === 0) return undefined;
    const first = missing?.[0] ?? 0;
    const key = objectKey(batch.partition, {
      id: this.#objectId(batch, first, missing),
      ...this.#timeOf(batch, first),
      extension: EXTENSIONS[this.#config.compression],
    });
    const body = await objectBody(batch, missing, this.#config.compression);
    const runs = ids === undefined ? [] : idRuns(ids, missing);
    const entry = runs.length === 0 ? undefined : await journal.begin(key, runs);
    return { key, body, entry, progress: { id: undefined, tags: [] } };
  }

  /**
   * Begins with the id of the first record. The checksum tells objects apart that begin with the same record: after a
   * crash a batch may have fewer or more of them, and another output may store them beside.
   */
  #objectId(batch: EncodedBatch, first: number, missing: readonly number[] | undefined): string {
    const id = recordId(batch, first);
    const { ids } = batch;
    if (id === undefined || ids === undefined) return `${this.#run}-${(++this.#count).toString(36)}`;
    const hash = createHash("sha256").update(JSON.stringify([this.#name, ids.origins, missing ?? 0]))
      .update(new Uint8Array(ids.offsets.buffer, ids.offsets.byteOffset, ids.offsets.byteLength));
    return `${id}-${hash.digest("hex").slice(0, 12)}`;
  }

  /** Event JSON begins with the time; of text the time of its upload is taken. */
  #timeOf({ bytes, ends }: EncodedBatch, first: number): { seconds: number; nanoseconds: string } {
    const start = first === 0 ? 0 : ends[first - 1] ?? 0;
    const text = this.#config.encoding === "text"
      ? ""
      : new TextDecoder().decode(bytes.subarray(start, start + TIME_ROOM));
    const [, written = "", fraction = ""] = /^\{"timestamp":"([^".]+)(?:\.(\d+))?[^"]*"/u.exec(text) ?? [];
    const parsed = Date.parse(written === "" || written.endsWith("Z") ? written : `${written}Z`);
    const time = Number.isNaN(parsed) ? this.#now() : parsed;
    const digits = Number.isNaN(parsed) ? String(Math.floor(time) % 1000).padStart(3, "0") : fraction;
    return { seconds: Math.floor(time / 1000), nanoseconds: digits.slice(0, 9).padEnd(9, "0") };
  }

  /** A journal belongs to one bucket: what another one holds says nothing about this one. */
  async #openJournal(): Promise<ObjectJournal> {
    const { bucket, endpoint = "" } = this.#config;
    const place = crc32(new TextEncoder().encode(`${endpoint} ${bucket}`)).toString(16).padStart(8, "0");
    const path = this.#directory === undefined
      ? undefined
      : join(this.#directory, `s3-${encodeURIComponent(this.#name).slice(0, 150)}-${place}.journal`);
    const journal = await ObjectJournal.open({ path, savePositions: () => this.#commit(), log: this.#log });
    if (path === undefined) {
      this.#log.info(
        `Output "${this.#name}" keeps no journal, since there is no directory for checkpoints: after a crash, records may be stored twice`,
        { output: this.#name },
      );
    } else if (this.#expectedJournal !== undefined && this.#expectedJournal !== journal.id) {
      this.#log.warn(
        `The journal "${path}" of output "${this.#name}" is gone: records that were sent since the last checkpoint may be stored twice`,
        { output: this.#name },
      );
    }
    return journal;
  }

  /** Finds out what became of objects that were being uploaded when a process ended, or gave them up. */
  async #settle(unsettled: readonly JournalEntry[], signal: AbortSignal): Promise<void> {
    const { bucket, journal } = this.#opened();
    let unknown = 0;
    for (const entry of unsettled) {
      // First of all, so that it cannot be completed once it was looked for.
      if (entry.uploadId !== undefined) await bucket.endParts(entry.key, entry.uploadId, signal);
      const isThere = await bucket.has(entry.key, signal);
      if (isThere === undefined) unknown++;
      await journal.settle(entry, isThere ?? false);
    }
    if (unknown === 0) return;
    this.#log.warn(
      `Output "${this.#name}" may not see whether ${unknown} objects have arrived whose upload was broken off (GetObject answered 403 AccessDenied; it needs s3:GetObject, and s3:ListBucket for those that are missing): their records are sent again, and may be stored twice`,
      { output: this.#name, objects: unknown },
    );
  }

  #state(): JsonObject {
    const journal = this.#journal?.id ?? this.#expectedJournal;
    return journal === undefined ? {} : { journal };
  }

  /** Has the positions saved of all that was sent before: their acknowledgements follow within the same turn. */
  async #commit(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.participant.commit?.();
  }

  #opened(): { readonly bucket: S3Bucket; readonly journal: ObjectJournal } {
    if (this.#bucket === undefined || this.#journal === undefined) {
      throw new Error(`Cannot send to output "${this.#name}": it is not open`);
    }
    return { bucket: this.#bucket, journal: this.#journal };
  }
}
