import type { Outcome } from "../acknowledgement.ts";
import type { EncodedBatch } from "../batch.ts";
import type { BatchBuffer, BufferedBatch } from "./batch_buffer.ts";
import { Room } from "./room.ts";

/** Bounds of a memory buffer; each at least 1. */
export interface MemoryBufferOptions {
  /** Events that wait, beside those that are being sent. */
  readonly events: number;
  /** Bytes until they are released, since they occupy memory until then. */
  readonly bytes: number;
}

/** A batch in the buffer, linked to the one written after it. */
interface Item {
  readonly batch: EncodedBatch;
  readonly settle: (outcome: Outcome) => void;
  next: Item | undefined;
  /** It is being sent. */
  claimed: boolean;
  settled: boolean;
}

/**
 * A buffer in memory: `write` settles once the batch is released. When it is full, `waitForRoom` waits ("block"):
 * what is shed instead is the caller's choice, made before `write`, which takes whatever it is given. Callers that
 * wait are served in the order they came; those that ask in the same turn may together exceed the bounds, which the
 * pipeline's byte budget limits.
 *
 * `read` starts with the oldest batch that is not released, so that a new sender takes over what the one before it
 * left behind. One reader at a time.
 */
export class MemoryBuffer implements BatchBuffer {
  readonly durable = false;
  readonly #limits: MemoryBufferOptions;
  /** Stands before the oldest batch that is not released. */
  #head: Item = emptyItem();
  #tail: Item = this.#head;
  /** What the reader took last. */
  #last: Item = this.#head;
  #events = 0;
  /** Of these, events that are being sent. */
  #claimedEvents = 0;
  #bytes = 0;
  #closed = false;
  readonly #room = new Room((...asked) => this.#fits(...asked));
  #wakeReader: (() => void) | undefined;

  /** Throws a RangeError when a bound is below 1. */
  constructor(options: MemoryBufferOptions) {
    if (!(options.events >= 1 && options.bytes >= 1)) {
      throw new RangeError(
        `Cannot create a memory buffer: bounds are ${options.events} events and ${options.bytes} bytes; both must be at least 1`,
      );
    }
    this.#limits = options;
  }

  /** Events written and not yet released. */
  get events(): number {
    return this.#events;
  }

  /** Bytes written and not yet released. */
  get bytes(): number {
    return this.#bytes;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  waitForRoom(events: number, bytes: number): Promise<boolean> {
    return this.#room.wait(events, bytes);
  }

  hasRoom(events: number, bytes: number): boolean {
    return this.#room.has(events, bytes);
  }

  dropOldest(events: number, bytes: number): number {
    let dropped = 0;
    let item = this.#head.next;
    while (item !== undefined && !this.#fits(events, bytes, 0, 0)) {
      if (!item.claimed && !item.settled) {
        dropped += item.batch.ends.length;
        this.#settle(item, "discarded");
      }
      item = item.next;
    }
    this.#passSettled();
    return dropped;
  }

  whenFull(stop: AbortSignal): Promise<void> {
    return this.#room.whenFull(stop);
  }

  write(batch: EncodedBatch): Promise<Outcome> {
    if (this.#closed) return Promise.resolve("failed");
    return new Promise((settle) => {
      const item: Item = { batch, settle, next: undefined, claimed: false, settled: false };
      this.#tail.next = item;
      this.#tail = item;
      this.#events += batch.ends.length;
      this.#bytes += batch.bytes.length;
      this.#wake();
    });
  }

  read(stop: AbortSignal): AsyncIterable<BufferedBatch> {
    return { [Symbol.asyncIterator]: () => this.#reader(stop) };
  }

  close(): void {
    this.#closed = true;
    this.#room.close();
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (let item = this.#head.next; item !== undefined; item = item.next) this.#settle(item, "failed");
    this.#passSettled();
    return Promise.resolve();
  }

  /** Written by hand rather than as an async generator, which would cost several more turns for each batch. */
  #reader(stop: AbortSignal): AsyncIterator<BufferedBatch> {
    this.#last = this.#head;
    // What the reader before this one had claimed is to be read again.
    for (let item = this.#last.next; item !== undefined; item = item.next) item.claimed = false;
    this.#claimedEvents = 0;
    const take = (): IteratorResult<BufferedBatch> | undefined => {
      if (stop.aborted) return { done: true, value: undefined };
      let item = this.#last.next;
      while (item?.settled) item = item.next;
      if (item === undefined) return this.#closed ? { done: true, value: undefined } : undefined;
      this.#last = item;
      const taken = item;
      return {
        done: false,
        value: {
          batch: taken.batch,
          claim: () => this.#claim(taken),
          release: (outcome) => this.#release(taken, outcome),
        },
      };
    };
    // For as long as there is a reader: a listener for each wait would cost more than the wait.
    const wake = () => this.#wake();
    stop.addEventListener("abort", wake);
    const waitAndTake = async (): Promise<IteratorResult<BufferedBatch>> => {
      for (;;) {
        const result = take();
        if (result?.done) stop.removeEventListener("abort", wake);
        if (result !== undefined) return result;
        await new Promise<void>((resolve) => this.#wakeReader = resolve);
      }
    };
    return {
      next: () => {
        const result = take();
        return result === undefined ? waitAndTake() : Promise.resolve(result);
      },
      return: () => {
        stop.removeEventListener("abort", wake);
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #release(item: Item, outcome: Outcome): void {
    if (item.settled) return;
    this.#settle(item, outcome);
    this.#passSettled();
    this.#room.serve();
  }

  /** Makes room for events as soon as others are on their way, so that the destination need not wait for them. */
  #claim(item: Item): boolean {
    if (item.settled || item.claimed) return !item.settled;
    item.claimed = true;
    this.#claimedEvents += item.batch.ends.length;
    this.#room.serve();
    return true;
  }

  #settle(item: Item, outcome: Outcome): void {
    if (item.settled) return;
    item.settled = true;
    if (item.claimed) this.#claimedEvents -= item.batch.ends.length;
    this.#events -= item.batch.ends.length;
    this.#bytes -= item.batch.bytes.length;
    item.settle(outcome);
  }

  /**
   * Moves on over what is settled, and unlinks it: a suspended function may keep a batch that it has long done with (a
   * value that optimized code has no use for is not overwritten), and with it all that was ever written after it.
   */
  #passSettled(): void {
    for (let next = this.#head.next; next?.settled; next = this.#head.next) {
      if (this.#last === this.#head) this.#last = next;
      this.#head.next = undefined;
      this.#head = next;
    }
  }

  #fits(events: number, bytes: number, grantedEvents: number, grantedBytes: number): boolean {
    const usedEvents = this.#events - this.#claimedEvents + grantedEvents;
    const usedBytes = this.#bytes + grantedBytes;
    if (usedBytes === 0) return true;
    return usedEvents + events <= this.#limits.events && usedBytes + bytes <= this.#limits.bytes;
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }
}

function emptyItem(): Item {
  const batch: EncodedBatch = { bytes: new Uint8Array(0), ends: new Uint32Array(0), partition: "" };
  return { batch, settle: () => {}, next: undefined, claimed: true, settled: true };
}
