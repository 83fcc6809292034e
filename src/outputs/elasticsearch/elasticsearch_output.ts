import type { EncodedBatch } from "../../batch.ts";
import { ALL_SENT, type Batching, type Output, type OutputContext, RetryLaterError } from "../output.ts";
import type { SendResult } from "../output.ts";
import type { Answer } from "../http/answer.ts";
import { compressed, offsetOf, type Range, sizeOf } from "../http/request_body.ts";
import { retryAfter } from "../http/retry_after.ts";
import { bulkBody, idsOf } from "./bulk_body.ts";
import { ANSWER_FILTER, failedItems } from "./bulk_result.ts";
import { Cluster } from "./cluster.ts";
import type { ElasticsearchConfig } from "./elasticsearch_config.ts";
import { installTemplate } from "./index_template.ts";
import { RetryLimit } from "./retry_limit.ts";

/** How far a batch has come, so that sending it again goes on where it stopped. */
interface Delivery {
  /** What was not answered yet, the next one last. */
  readonly pieces: Range[];
  readonly retry: number[];
  readonly rejected: { index: number; reason: string }[];
  /** Why the records of `retry` did not arrive: the reason of the first. */
  reason: string | undefined;
}

/** No answer is larger. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
/** How fast requests grow again after one was too large. */
const GROWTH = 1.02;

/**
 * Sends each batch as one bulk request to its index. A record whose id is there already has arrived earlier, so one that
 * is sent again is stored once. Works with Elasticsearch and with OpenSearch.
 */
export class ElasticsearchOutput implements Output {
  readonly batching: Batching;
  readonly concurrency: number;
  readonly takesIds: boolean;
  readonly splitsByEnds = true;
  readonly #config: ElasticsearchConfig;
  readonly #context: OutputContext;
  readonly #cluster: Cluster;
  readonly #query: string;
  readonly #now: () => number;
  readonly #deliveries = new WeakMap<EncodedBatch, Delivery>();
  readonly #limit: RetryLimit | undefined;
  /** Requests with more bytes of records than this are likely to be too large for the server. */
  #largest = Infinity;
  /** Why the last records that did not arrive did not. */
  #told = "";

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: ElasticsearchConfig, context: OutputContext, now: () => number = Date.now) {
    const { batch_size: events, batch_bytes: bytes, batch_timeout, flush_interval, pipeline } = config;
    this.#config = config;
    this.#context = context;
    this.#now = now;
    this.#cluster = new Cluster(config, context.log, now);
    this.#limit = config.max_retries === undefined ? undefined : new RetryLimit(config.max_retries);
    const pipelineQuery = pipeline === undefined ? "" : `&pipeline=${encodeURIComponent(pipeline)}`;
    this.#query = `filter_path=${ANSWER_FILTER}${pipelineQuery}`;
    this.batching = { events, bytes, wait: Math.min(batch_timeout, flush_interval) };
    this.concurrency = config.bulk_workers;
    this.takesIds = config.ids === "on";
  }

  /** The server need not be up, unless it is to get an index template. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#cluster.open();
    await installTemplate(this.#config, this.#cluster, signal);
  }

  /** Not asked for: every record is encoded, and the encoder says where it belongs. */
  partitionOf(): string {
    return "";
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length === 0) return ALL_SENT;
    const delivery = this.#deliveryOf(batch);
    const { pieces, retry, rejected } = delivery;
    for (let piece = pieces.at(-1); piece !== undefined; piece = pieces.at(-1)) {
      if (piece.end - piece.first > 1 && sizeOf(batch, piece) > this.#largest) split(pieces);
      else await this.#settle(batch, piece, delivery, signal);
    }
    this.#deliveries.delete(batch);
    if (retry.length === 0) {
      this.#told = "";
      return rejected.length === 0 ? ALL_SENT : { retry, rejected };
    }
    const { reason = "" } = delivery;
    // As for a request that failed as a whole: nothing arrived, and the sender tells why.
    if (retry.length === batch.ends.length) throw new Error(`POST /_bulk was refused: ${reason}`);
    this.#tell(retry.length, reason);
    return { retry, rejected };
  }

  progressOf(batch: EncodedBatch): SendResult | undefined {
    const delivery = this.#deliveries.get(batch);
    if (delivery === undefined) return undefined;
    const open = delivery.pieces.flatMap(({ first, end }) =>
      Array.from({ length: end - first }, (_, index) => first + index)
    );
    return { retry: [...delivery.retry, ...open].sort((a, b) => a - b), rejected: delivery.rejected };
  }

  /** Whether the cluster answers, takes the credentials, and has the pipeline. */
  async probe(signal: AbortSignal): Promise<void> {
    const { pipeline } = this.#config;
    const answer = await this.#cluster.ask({ method: "GET", path: "/" }, signal);
    // Keys that may only write may not see this, and are accepted all the same.
    if (answer.status >= 300 && answer.status !== 403) {
      throw new Error(this.#cluster.told(answer, "GET /"));
    }
    if (pipeline === undefined) return;
    const path = `/_ingest/pipeline/${encodeURIComponent(pipeline)}`;
    if ((await this.#cluster.ask({ method: "GET", path }, signal)).status === 404) {
      throw new Error(`there is no ingest pipeline "${pipeline}"`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#cluster.close();
    return Promise.resolve();
  }

  #deliveryOf(batch: EncodedBatch): Delivery {
    let delivery = this.#deliveries.get(batch);
    if (delivery === undefined) {
      const pieces = [{ first: 0, end: batch.ends.length }];
      delivery = { pieces, retry: [], rejected: [], reason: undefined };
      this.#deliveries.set(batch, delivery);
    }
    return delivery;
  }

  /** Sends the piece and takes it off the list, or puts its halves there. Throws where it has to be sent again. */
  async #settle(batch: EncodedBatch, piece: Range, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { compression } = this.#config;
    const body = await compressed(bulkBody(batch, piece, this.takesIds), compression);
    const answer = await this.#cluster.ask({
      method: "POST",
      path: `/${encodeURIComponent(batch.partition)}/_bulk?${this.#query}`,
      body,
      headers: compression === "none" ? undefined : { "content-encoding": compression },
      keep: LARGEST_ANSWER,
    }, signal);
    const { status } = answer;
    if (status >= 200 && status < 300) {
      if (!answer.whole) throw new Error("POST /_bulk was answered in part only");
      this.#sort(batch, piece, answer, delivery);
      this.#largest *= GROWTH;
      delivery.pieces.pop();
    } else if (status === 413 && piece.end - piece.first > 1) {
      this.#learn(sizeOf(batch, piece));
      split(delivery.pieces);
    } else if (status === 413) {
      const reason = this.#cluster.told(answer, "POST /_bulk");
      delivery.rejected.push({ index: piece.first, reason });
      delivery.pieces.pop();
    } else this.#fail(answer, batch.partition);
  }

  /** What the answer says of each record. */
  #sort(batch: EncodedBatch, piece: Range, { body }: Answer, delivery: Delivery): void {
    const hasIds = this.takesIds && batch.ids !== undefined;
    const found = failedItems(body, piece.end - piece.first, hasIds);
    const failed = this.#limit?.apply(found, () => keysOf(batch, piece)) ?? found;
    for (const { index, verdict, reason } of failed) {
      const record = piece.first + index;
      if (verdict === "retry") {
        delivery.retry.push(record);
        delivery.reason ??= this.#cluster.masked(reason);
      } else delivery.rejected.push({ index: record, reason: this.#cluster.masked(reason) });
    }
  }

  #fail(answer: Answer, index: string): never {
    const { status } = answer;
    if (status < 500 && status !== 429 && status !== 408) {
      throw new Error(this.#cluster.told(answer, `POST /${index}/_bulk`));
    }
    // Without the body: the log tells of each change, and a body may hold the number of the request.
    const message = `POST /_bulk answered ${status}`;
    const wait = retryAfter(answer.headers, this.#now());
    throw wait === undefined ? new Error(message) : new RetryLaterError(message, wait);
  }

  #learn(refused: number): void {
    if (this.#largest === Infinity) {
      const { log, name } = this.#context;
      log.info(
        `Output "${name}" sends smaller requests: POST /_bulk answered 413 to ${refused} bytes of records; a lower batch_bytes avoids that`,
        { output: name, bytes: refused },
      );
    }
    this.#largest = Math.min(this.#largest, refused / 2);
  }

  /** The sender knows only how many did not arrive. */
  #tell(records: number, reason: string): void {
    if (reason === this.#told) return;
    this.#told = reason;
    const { log, name } = this.#context;
    log.warn(
      `${records} record(s) of a request did not arrive at output "${name}" and are sent again: ${reason}`,
      { output: name, records, reason },
    );
  }
}

/** Puts the halves of the last piece in its place. */
function split(pieces: Range[]): void {
  const whole = pieces.pop();
  if (whole === undefined) return;
  const middle = (whole.first + whole.end) >>> 1;
  pieces.push({ first: middle, end: whole.end }, { first: whole.first, end: middle });
}

/** What tells records apart: their ids, or else their text. */
function keysOf(batch: EncodedBatch, piece: Range): readonly string[] {
  const { bytes, ends } = batch;
  return idsOf(batch, piece) ?? Array.from({ length: piece.end - piece.first }, (_, index) => {
    const record = piece.first + index;
    return new TextDecoder().decode(bytes.subarray(offsetOf(batch, record), ends[record]));
  });
}
