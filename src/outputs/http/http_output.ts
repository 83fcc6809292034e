import { type EncodedBatch, recordId } from "../../batch.ts";
import type { OutputContext } from "../output.ts";
import type { Answer } from "./answer.ts";
import type { Judgement, Piece } from "./batch_requests.ts";
import { isSecretName } from "./headers.ts";
import { partitionHeaders, templateHeaders } from "./http_encoder.ts";
import type { HttpOutputConfig } from "./http_output_config.ts";
import { RequestOutput } from "./request_output.ts";
import { CONTENT_TYPES, requestBody, sentBody } from "./request_body.ts";
import { Signer } from "./signature.ts";

/** Sends each batch as one request to any server that takes lines or JSON. */
export class HttpOutput extends RequestOutput {
  readonly takesIds = true;
  readonly #config: HttpOutputConfig;
  readonly #signer: Signer | undefined;
  /** Headers whose values stand in the partition. */
  readonly #varying: readonly string[];
  readonly #now: () => number;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: HttpOutputConfig, context: OutputContext, now: () => number = Date.now) {
    const { endpoint, format, headers, signature, ...rest } = config;
    const varying = templateHeaders(headers);
    super(
      config,
      {
        ...rest,
        endpoint: new URL(endpoint),
        contentType: CONTENT_TYPES[format],
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !varying.includes(name))),
        secrets: signature === undefined ? [] : [signature.secret],
      },
      context,
      now,
    );
    this.#config = config;
    this.#now = now;
    this.#signer = signature && new Signer(signature);
    this.#varying = varying;
  }

  /**
   * Asks what the endpoint allows, which changes nothing there. Servers that know no such question say so, and are
   * there.
   */
  override async probe(signal: AbortSignal): Promise<void> {
    const answer = await this.connection.ask({ method: "OPTIONS" }, signal);
    const request = `OPTIONS ${new URL(this.#config.endpoint).pathname}`;
    const isThere = (status: number): boolean =>
      status < 500 && status !== 401 && status !== 407 && status !== 429 || status === 501;
    this.connection.check(answer, request, isThere);
  }

  protected override async request(
    batch: EncodedBatch,
    piece: Piece,
    key: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { format, compression, idempotency_header, id_headers, method, endpoint } = this.#config;
    const sent = await sentBody(requestBody(batch, piece, format), compression);
    const { body } = sent;
    const headers = new Headers(sent.headers);
    const secrets: string[] = [];
    const values = partitionHeaders(batch.partition);
    for (const [index, name] of this.#varying.entries()) {
      const value = values[index] ?? "unknown";
      headers.set(name, value);
      if (isSecretName(name) && value.length > 2) secrets.push(value);
    }
    if (idempotency_header !== "") headers.set(idempotency_header, key);
    const from = recordId(batch, piece.first);
    const to = recordId(batch, piece.end - 1);
    if (id_headers && from !== undefined && to !== undefined) {
      headers.set("x-batch-first-id", from);
      headers.set("x-batch-last-id", to);
    }
    const { pathname: path, search } = new URL(endpoint);
    this.#signer?.sign(headers, { body, id: key, method, path: `${path}${search}` }, this.#now());
    return await this.connection.ask({ body, headers, secrets }, signal);
  }

  /**
   * A conflict says that the records had arrived, if this request was sent before, or if the server names its key: it
   * may have been sent before a restart. Otherwise it is a refusal like others.
   */
  protected override judge(
    answer: Answer,
    _batch: EncodedBatch,
    { repeated }: Piece,
    key: string,
  ): Judgement | undefined {
    const { idempotency_header: header } = this.#config;
    if (answer.status !== 409 || header === "") return undefined;
    const named = answer.headers.get(header) === key || new TextDecoder().decode(answer.body).includes(key);
    return repeated || named ? { verdict: "sent" } : undefined;
  }
}
