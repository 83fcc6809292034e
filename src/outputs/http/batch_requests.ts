import { type EncodedBatch, recordId } from "../../batch.ts";
import { ALL_SENT, type OutputContext, RetryLaterError, type SendResult } from "../output.ts";
import { adviceFor, type Answer, verdictOf } from "./answer.ts";
import type { HttpConnection } from "./connection.ts";
import { type Range, sizeOf } from "./request_body.ts";
import { retryAfter } from "./retry_after.ts";

/** Records that go out in one request. */
export interface Piece extends Range {
  /** It was sent, and is not known to have arrived. */
  repeated: boolean;
}

/**
 * What an answer means for the records of a request, beside what HTTP says by itself:
 * - `sent`: the server has them.
 * - `split`: the halves are to be sent by themselves; `tooLarge`: since such requests are too large for the server.
 * - `refused`: it will never take them.
 * - `later`: it does not take them now.
 * - `misconfigured`: it takes nothing in this way, whatever the records are.
 */
export type Judgement =
  | { readonly verdict: "sent" }
  | { readonly verdict: "split"; readonly tooLarge: boolean }
  | { readonly verdict: "refused" | "later" | "misconfigured"; readonly reason: string };

/** What a protocol adds to HTTP. */
export interface Protocol {
  /** Makes the request for some records. Throws if it is unknown whether they arrived. */
  request(batch: EncodedBatch, piece: Piece, key: string, signal: AbortSignal): Promise<Answer>;
  /** Undefined: the status says all. */
  judge?(answer: Answer, batch: EncodedBatch, piece: Piece, key: string): Judgement | undefined;
}

/** How far a batch has come, so that sending it again goes on with the same requests where it stopped. */
interface Delivery {
  /** For records without ids. */
  readonly key: string;
  /** What is not settled yet, the next one last. */
  readonly pieces: Piece[];
  readonly rejected: { index: number; reason: string }[];
}

/** How fast requests grow again after a server found one too large. */
const GROWTH = 1.02;

/**
 * Sends each batch as one request, or as several where the server wants that. What it does not take in this moment, or
 * because the configuration is wrong, is sent again; only what it refuses for what the records are is rejected.
 */
export class BatchRequests {
  readonly #connection: HttpConnection;
  readonly #context: OutputContext;
  readonly #protocol: Protocol;
  readonly #now: () => number;
  readonly #deliveries = new WeakMap<EncodedBatch, Delivery>();
  /**
   * Where records have no ids, keys count batches and are new in each run. One made of the bytes would be shared by
   * batches that look alike, as in a storm of equal lines, and a server that goes by it would drop all but the first.
   */
  readonly #run = crypto.randomUUID();
  #batches = 0;
  /** Requests with more bytes of records than this are likely to be too large for the server. */
  #largest = Infinity;

  /** `now`: milliseconds since 1970. */
  constructor(
    connection: HttpConnection,
    context: OutputContext,
    protocol: Protocol,
    now: () => number,
  ) {
    this.#connection = connection;
    this.#context = context;
    this.#protocol = protocol;
    this.#now = now;
  }

  /** As `Output.send`. */
  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.bytes.length === 0) return ALL_SENT;
    const delivery = this.#deliveryOf(batch);
    const { pieces, rejected } = delivery;
    for (let piece = pieces.at(-1); piece !== undefined; piece = pieces.at(-1)) {
      const isTooLarge = !piece.repeated && piece.end - piece.first > 1 &&
        sizeOf(batch, piece) > this.#largest;
      if (isTooLarge) split(pieces);
      else await this.#settle(batch, piece, delivery, signal);
    }
    this.#deliveries.delete(batch);
    return rejected.length === 0 ? ALL_SENT : { retry: [], rejected };
  }

  /** As `Output.progressOf`. */
  progressOf(batch: EncodedBatch): SendResult | undefined {
    const delivery = this.#deliveries.get(batch);
    if (delivery === undefined) return undefined;
    const retry: number[] = [];
    for (const { first, end } of delivery.pieces.toReversed()) {
      for (let index = first; index < end; index++) retry.push(index);
    }
    return { retry, rejected: delivery.rejected };
  }

  #deliveryOf(batch: EncodedBatch): Delivery {
    let delivery = this.#deliveries.get(batch);
    if (delivery === undefined) {
      const whole = { first: 0, end: batch.ends.length, repeated: false };
      delivery = { key: `${this.#run}-${++this.#batches}`, pieces: [whole], rejected: [] };
      this.#deliveries.set(batch, delivery);
    }
    return delivery;
  }

  /** Sends the piece and takes it off the list, or puts its halves there. Throws where it has to be sent again. */
  async #settle(batch: EncodedBatch, piece: Piece, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const key = keyOf(batch, piece, delivery.key);
    const { repeated } = piece;
    piece.repeated = true;
    const answer = await this.#protocol.request(batch, piece, key, signal);
    const judgement = this.#protocol.judge?.(answer, batch, { ...piece, repeated }, key) ??
      this.#judge(answer, piece.end - piece.first);
    switch (judgement.verdict) {
      case "sent":
        this.#largest *= GROWTH;
        delivery.pieces.pop();
        return;
      case "split":
        if (judgement.tooLarge) this.#learn(sizeOf(batch, piece), answer.status);
        split(delivery.pieces);
        return;
      case "refused": {
        const { reason } = judgement;
        for (let index = piece.first; index < piece.end; index++) delivery.rejected.push({ index, reason });
        delivery.pieces.pop();
        return;
      }
      case "later": {
        const wait = retryAfter(answer.headers, this.#now());
        throw wait === undefined ? new Error(judgement.reason) : new RetryLaterError(judgement.reason, wait);
      }
      case "misconfigured":
        throw new Error(judgement.reason);
    }
  }

  #judge(answer: Answer, records: number): Judgement {
    const connection = this.#connection;
    const verdict = verdictOf(answer.status, records, false);
    switch (verdict) {
      case "sent":
        return { verdict };
      case "split":
        return { verdict, tooLarge: true };
      case "refused":
        return { verdict, reason: connection.told(answer) };
      case "later":
        // Without the body: the log tells of each change, and a body may hold the number of the request.
        return { verdict, reason: `${connection.request} answered ${answer.status}` };
      case "misconfigured":
        return { verdict, reason: `${connection.told(answer)}, ${adviceFor(answer.status)}` };
    }
  }

  #learn(refused: number, status: number): void {
    if (this.#largest === Infinity) {
      const { log, name } = this.#context;
      log.info(
        `Output "${name}" sends smaller requests: ${this.#connection.request} answered ${status} to ${refused} bytes of records; a lower batch_bytes avoids that`,
        { output: name, bytes: refused },
      );
    }
    this.#largest = Math.min(this.#largest, refused / 2);
  }
}

/** Puts the halves of the last piece in its place. */
function split(pieces: Piece[]): void {
  const whole = pieces.pop();
  if (whole === undefined) return;
  const middle = (whole.first + whole.end) >>> 1;
  pieces.push({ first: middle, end: whole.end, repeated: false }, {
    first: whole.first,
    end: middle,
    repeated: false,
  });
}

/**
 * What identifies the records of a request: the ids of the first and the last and how many there are, which is the
 * same after a restart that reads the same records; else the key of the batch and which of its records they are.
 */
function keyOf(batch: EncodedBatch, { first, end }: Range, key: string): string {
  const from = recordId(batch, first);
  const to = recordId(batch, end - 1);
  if (from !== undefined && to !== undefined) return `${from}..${to}.${end - first}`;
  return end - first === batch.ends.length ? key : `${key}-${first}-${end}`;
}
