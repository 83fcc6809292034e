import type { OpenBatch } from "./delivery_plan.ts";
import { NO_PRODUCER, type ProducerId, seal } from "./record_batch.ts";

interface Slot {
  /** Of the next message. */
  next: number;
  /** The batch that was sent with it and is not known to be stored. */
  open: OpenBatch | undefined;
}

/** What is remembered of partitions must not grow without end. */
const MOST_SLOTS = 10_000;

/**
 * Numbers the messages of each partition, so that brokers recognise a batch that is sent again. They take a batch with
 * known numbers for that very batch, so numbers that may be used up are never given to another one: then all begins
 * again with a new producer id.
 */
export class ProducerSequences {
  readonly #codec: number;
  readonly #slots = new Map<string, Slot>();
  #producer: ProducerId | undefined;

  /** `codec`: as the batches are compressed. */
  constructor(codec: number) {
    this.#codec = codec;
  }

  /** Whether a new producer id is needed before batches can be numbered. */
  get isMissing(): boolean {
    return this.#producer === undefined;
  }

  /** Begins again with this id. */
  begin(producer: ProducerId): void {
    this.#producer = producer;
    this.#slots.clear();
  }

  /** Gives up the producer id. */
  reset(): void {
    this.#producer = undefined;
    this.#slots.clear();
  }

  /** Begins again where too much is remembered. */
  tidy(): void {
    if (this.#slots.size > MOST_SLOTS) this.reset();
  }

  /** Numbers the batch, the same way each time. False: that needs a new producer id. */
  number(key: string, batch: OpenBatch): boolean {
    const producer = this.#producer;
    if (producer === undefined) return false;
    let slot = this.#slots.get(key);
    const isTaken = slot?.open !== undefined && slot.open !== batch;
    if (isTaken) {
      this.reset();
      return false;
    }
    if (slot === undefined) this.#slots.set(key, slot = { next: 0, open: undefined });
    slot.open = batch;
    if (batch.seal?.producer !== producer || batch.seal.sequence !== slot.next) {
      seal(batch.bytes, this.#codec, producer, slot.next);
      batch.seal = { producer, sequence: slot.next };
    }
    return true;
  }

  /** The broker has the batch. */
  stored(key: string, batch: OpenBatch): void {
    const slot = this.#slots.get(key);
    if (slot?.open !== batch) return;
    slot.next = slot.next + batch.records.length & 0x7fffffff;
    slot.open = undefined;
  }

  /** The batch will not be sent again. What may be stored uses up its numbers. */
  dropped(key: string, batch: OpenBatch): void {
    const slot = this.#slots.get(key);
    if (slot?.open !== batch) return;
    if (batch.uncertain) this.reset();
    else slot.open = undefined;
  }
}

/** Completes a batch of an output whose messages are not numbered. */
export function sealPlain(batch: OpenBatch, codec: number): void {
  if (batch.seal !== undefined) return;
  seal(batch.bytes, codec, NO_PRODUCER, -1);
  batch.seal = { producer: NO_PRODUCER, sequence: -1 };
}
