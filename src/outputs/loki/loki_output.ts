import { Buffer } from "node:buffer";
import type { EncodedBatch } from "../../batch.ts";
import type { OutputContext } from "../output.ts";
import type { Answer } from "../http/answer.ts";
import type { Judgement, Piece } from "../http/batch_requests.ts";
import { urlBelow } from "../http/connection.ts";
import { RequestOutput } from "../http/request_output.ts";
import { jsonList, offsetOf, type Range, sentBody } from "../http/request_body.ts";
import type { LokiConfig } from "./loki_config.ts";
import { streamOf } from "./loki_encoder.ts";

const PUSH = "/loki/api/v1/push";
const END = new TextEncoder().encode("]}]}");
/** What Loki says where single entries are the trouble; it has taken the others then. */
const OF_ENTRIES = /\bentr(?:y|ies)\b|timestamp too|structured metadata/iu;
const IGNORED = /total ignored: (\d+) out of (\d+)/u;
const OLDEST = /oldest acceptable timestamp is: (\d{4}-\d\d-\d\dT\S+?Z)/u;

/** Sends each batch to Loki's push API as entries of one stream. */
export class LokiOutput extends RequestOutput {
  readonly #config: LokiConfig;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: LokiConfig, context: OutputContext, now: () => number = Date.now) {
    const endpoint = urlBelow(config.endpoint, PUSH);
    super(config, { ...config, endpoint, method: "POST", contentType: "application/json" }, context, now);
    this.#config = config;
  }

  /** Pushes nothing at all: Loki looks at credentials and tenant first, then says that there is no stream. */
  override async probe(signal: AbortSignal): Promise<void> {
    const tenant = this.#config.tenant_id?.includes("{{") === true ? "unknown" : this.#config.tenant_id;
    const body = new TextEncoder().encode('{"streams":[]}');
    const answer = await this.connection.ask({ body, headers: tenantHeader(tenant) }, signal);
    this.connection.check(answer, this.connection.request, (status) => status === 400 || status === 422);
  }

  protected override async request(
    batch: EncodedBatch,
    range: Range,
    _key: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { tenant, labels } = streamOf(batch.partition);
    const before = new TextEncoder().encode(`{"streams":[{"stream":${labels},"values":[`);
    const list = jsonList(batch, range, { before, after: END });
    const { body, headers } = await sentBody(list, this.#config.compression);
    return await this.connection.ask({ body, headers: { ...headers, ...tenantHeader(tenant) } }, signal);
  }

  /**
   * Loki takes what it can of a request and answers 400 for the rest, but names only some of those entries. So the
   * halves are sent by themselves until it is clear which they are; what it has already, it does not keep twice.
   */
  protected override judge(
    answer: Answer,
    batch: EncodedBatch,
    { first, end }: Piece,
  ): Judgement | undefined {
    if (answer.status !== 400 || end - first === 1) return undefined;
    const text = new TextDecoder().decode(answer.body);
    if (!OF_ENTRIES.test(text)) return undefined;
    const [, ignored, all] = IGNORED.exec(text) ?? [];
    if (ignored !== undefined && ignored === all && Number(all) === end - first) return undefined;
    const [, oldest] = OLDEST.exec(text) ?? [];
    if (oldest !== undefined) {
      const limit = BigInt(Date.parse(oldest)) * 1_000_000n;
      let index = first;
      while (index < end && nanosecondsOf(batch, index) < limit) index++;
      if (index === end) return undefined;
    }
    return { verdict: "split", tooLarge: false };
  }
}

function tenantHeader(tenant: string | undefined): Record<string, string> | undefined {
  return tenant === undefined ? undefined : { "x-scope-orgid": tenant };
}

/** An entry begins with `["`, then come the nanoseconds. */
function nanosecondsOf({ bytes, ends }: EncodedBatch, index: number): bigint {
  const start = offsetOf({ bytes, ends, partition: "" }, index) + 2;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(24, bytes.length - start))
    .toString();
  return BigInt(text.slice(0, text.indexOf('"')));
}
