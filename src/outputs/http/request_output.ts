import type { EncodedBatch } from "../../batch.ts";
import type { Batching, Output, OutputContext, SendResult } from "../output.ts";
import type { Answer } from "./answer.ts";
import { BatchRequests, type Judgement, type Piece } from "./batch_requests.ts";
import { type ConnectionOptions, HttpConnection } from "./connection.ts";

/** Keys of what an output gathers and sends at once, as they are configured. */
export interface RequestSettings {
  readonly batch_size: number;
  readonly batch_bytes: number;
  readonly batch_timeout: number;
  readonly concurrency: number;
}

/** An output whose batches go out as HTTP requests; what these hold and what answers mean is the protocol's. */
export abstract class RequestOutput implements Output {
  readonly batching: Batching;
  readonly concurrency: number;
  protected readonly connection: HttpConnection;
  readonly #requests: BatchRequests;

  /** `now`: milliseconds since 1970. */
  constructor(
    settings: RequestSettings,
    connection: ConnectionOptions,
    context: OutputContext,
    now: () => number,
  ) {
    const { batch_size: events, batch_bytes: bytes, batch_timeout: wait, concurrency } = settings;
    this.batching = { events, bytes, wait };
    this.concurrency = concurrency;
    this.connection = new HttpConnection(connection, now);
    this.#requests = new BatchRequests(this.connection, context, {
      request: (...exchange) => this.request(...exchange),
      judge: (...exchange) => this.judge(...exchange),
    }, now);
  }

  /** As {@link Protocol.request}. */
  protected abstract request(
    batch: EncodedBatch,
    piece: Piece,
    key: string,
    signal: AbortSignal,
  ): Promise<Answer>;

  /** As {@link Protocol.judge}. */
  protected abstract judge(
    answer: Answer,
    batch: EncodedBatch,
    piece: Piece,
    key: string,
  ): Judgement | undefined;

  abstract probe(signal: AbortSignal): Promise<void>;

  /** The server need not be up. */
  open(): Promise<void> {
    return this.connection.open();
  }

  partitionOf(): string {
    return "";
  }

  send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    return this.#requests.send(batch, signal);
  }

  progressOf(batch: EncodedBatch): SendResult | undefined {
    return this.#requests.progressOf(batch);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    return Promise.resolve();
  }
}
