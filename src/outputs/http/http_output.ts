import type { EncodedBatch } from "../../batch.ts";
import type { ComponentType } from "../../component.ts";
import type { Log } from "../../lib/log.ts";
import type { PermissionNeed } from "../../lib/permission.ts";
import {
  ALL_SENT,
  type Batching,
  type Output,
  type OutputContext,
  RetryLaterError,
  type SendResult,
} from "../output.ts";
import { adviceFor, type Answer, verdictOf } from "./answer.ts";
import { type HeaderOptions, requestHeaders, secretsOf } from "./headers.ts";
import { HttpClient } from "./http_client.ts";
import { type HttpOutputConfig, httpOutputSchema } from "./http_output_config.ts";
import { compressed, CONTENT_TYPES, type Range, requestBody, sizeOf } from "./request_body.ts";
import { retryAfter } from "./retry_after.ts";

/** Records that go out in one request. */
interface Piece extends Range {
  /** It was sent, and is not known to have arrived. */
  repeated: boolean;
}

/** How far a batch has come, so that sending it again goes on with the same requests where it stopped. */
interface Delivery {
  readonly key: string;
  /** What is not settled yet, the next one last. */
  readonly pieces: Piece[];
  readonly rejected: { index: number; reason: string }[];
}

/** How fast requests grow again after a server found one too large. */
const GROWTH = 1.02;

/**
 * Sends each batch as one request. What the server does not take in this moment, or because the configuration is
 * wrong, is sent again; only what it refuses for what the records are is rejected.
 */
export class HttpOutput implements Output {
  readonly batching: Batching;
  readonly #config: HttpOutputConfig;
  readonly #log: Log;
  readonly #name: string;
  readonly #client: HttpClient;
  readonly #headers: Headers;
  readonly #now: () => number;
  readonly #deliveries = new WeakMap<EncodedBatch, Delivery>();
  /**
   * Keys count batches and are new in each run. One made of the bytes would be shared by batches that look alike, as
   * in a storm of equal lines, and a server that goes by it would drop all but the first.
   */
  readonly #run = crypto.randomUUID();
  #batches = 0;
  /** Requests with more bytes of records than this are likely to be too large for the server. */
  #largest = Infinity;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: HttpOutputConfig, context: OutputContext, now: () => number = Date.now) {
    const { endpoint: url, method, timeout, tls, username, password, token, headers } = config;
    const options: HeaderOptions = {
      contentType: CONTENT_TYPES[config.format],
      contentEncoding: config.compression === "none" ? undefined : config.compression,
      ...{ username, password, token, headers },
    };
    const endpoint = new URL(url);
    this.#config = config;
    this.#log = context.log;
    this.#name = context.name;
    this.#now = now;
    this.#headers = requestHeaders(options);
    this.#client = new HttpClient({ endpoint, method, timeout, tls, secrets: secretsOf(options, endpoint) });
    this.batching = { events: config.batch_size, bytes: config.batch_bytes, wait: config.batch_timeout };
  }

  /** The server need not be up. */
  open(): Promise<void> {
    return this.#client.open();
  }

  partitionOf(): string {
    return "";
  }

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

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
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
    const { format, compression, idempotency_header: header } = this.#config;
    const body = await compressed(requestBody(batch, piece, format), compression);
    const headers = new Headers(this.#headers);
    if (header !== "") headers.set(header, keyOf(delivery.key, piece, batch.ends.length));
    const repeated = piece.repeated && header !== "";
    piece.repeated = true;
    const answer = await this.#client.send(body, headers, signal);
    switch (verdictOf(answer.status, piece.end - piece.first, repeated)) {
      case "sent":
        this.#largest *= GROWTH;
        delivery.pieces.pop();
        return;
      case "split":
        this.#learn(sizeOf(batch, piece));
        split(delivery.pieces);
        return;
      case "refused": {
        const reason = this.#told(answer);
        for (let index = piece.first; index < piece.end; index++) delivery.rejected.push({ index, reason });
        delivery.pieces.pop();
        return;
      }
      case "later": {
        // Without the body: the log tells of each change, and a body may hold the number of the request.
        const message = `${this.#client.request} answered ${answer.status}`;
        const wait = retryAfter(answer.headers, this.#now());
        throw wait === undefined ? new Error(message) : new RetryLaterError(message, wait);
      }
      case "misconfigured":
        throw new Error(`${this.#told(answer)}, ${adviceFor(answer.status)}`);
    }
  }

  #told({ status, excerpt, headers }: Answer): string {
    const moved = status < 400 ? this.#client.placeOf(headers.get("location") ?? "") : undefined;
    const place = moved === undefined ? "" : ` with a redirect to ${moved}`;
    return `${this.#client.request} answered ${status}${place}${excerpt === "" ? "" : ` "${excerpt}"`}`;
  }

  #learn(refused: number): void {
    if (this.#largest === Infinity) {
      this.#log.info(
        `Output "${this.#name}" sends smaller requests: ${this.#client.request} answered 413 to ${refused} bytes of records; a lower batch_bytes avoids that`,
        { output: this.#name, bytes: refused },
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

function keyOf(key: string, { first, end }: Range, records: number): string {
  return end - first === records ? key : `${key}-${first}-${end}`;
}

/** The `http` output as the registry lists it. */
export const httpOutput: ComponentType<HttpOutputConfig, Output, OutputContext> = {
  schema: httpOutputSchema,
  example: {
    endpoint: "https://logs.example.com/ingest",
    token: "${INGEST_TOKEN}",
    compression: "gzip",
    headers: { "X-Scope": "production" },
  },
  permissions({ endpoint, tls }) {
    const { protocol, hostname, port } = new URL(endpoint);
    const files = [
      [tls.ca_file, "the certificates that the HTTP output trusts"],
      [tls.cert_file, "the client certificate of the HTTP output"],
      [tls.key_file, "the private key of the HTTP output"],
    ] as const;
    return [
      {
        name: "net",
        host: `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`,
        why: "to send records there",
      },
      ...files.flatMap(([path, why]): PermissionNeed[] =>
        path === undefined ? [] : [{ name: "read", path, why }]
      ),
    ];
  },
  create: (config, context) => new HttpOutput(config, context),
};
