import type { EncodedBatch } from "../../batch.ts";
import { VERSION } from "../../lib/version.ts";
import type { OutputContext } from "../output.ts";
import type { Answer } from "../http/answer.ts";
import type { Judgement, Piece } from "../http/batch_requests.ts";
import { urlBelow } from "../http/connection.ts";
import { RequestOutput } from "../http/request_output.ts";
import { type Frame, jsonList, offsetOf, type Range, sentBody, sizeOf } from "../http/request_body.ts";
import type { OtlpConfig } from "./otlp_config.ts";
import { partialSuccessOf } from "./partial_success.ts";
import { protobufLogs } from "./protobuf_logs.ts";

const SCOPE = { name: "logaggregator", version: VERSION };
const SCOPE_LOGS = `"scopeLogs":[{"scope":${JSON.stringify(SCOPE)},"logRecords":[`;
const AFTER = new TextEncoder().encode("]}]}]}");
const CONTENT_TYPES = { json: "application/json", protobuf: "application/x-protobuf" } as const;
/** Answers that a client sends again after, as the specification says. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Of an answer. */
const LONGEST_ANSWER = 64 * 1024;
/** The same is told once in this time, in milliseconds. */
const TELL_EVERY = 60_000;

/** Sends each batch as one export request of OTLP over HTTP. */
export class OtlpOutput extends RequestOutput {
  readonly #config: OtlpConfig;
  readonly #context: OutputContext;
  /** Whether the receiver has ever taken a request. */
  #isUnderstood = false;
  readonly #now: () => number;
  /** When a server's words were told last. */
  readonly #told = new Map<string, number>();
  /** Records that servers did not take, without saying which, since that was told last. */
  #untold = 0;

  /** `now`: for tests, milliseconds since 1970. */
  constructor(config: OtlpConfig, context: OutputContext, now: () => number = Date.now) {
    const endpoint = urlBelow(config.endpoint, "/v1/logs");
    const contentType = CONTENT_TYPES[config.encoding];
    super(config, { ...config, endpoint, method: "POST", contentType }, context, now);
    this.#config = config;
    this.#context = context;
    this.#now = now;
  }

  /** Exports nothing: receivers must take such a request for a success. */
  override async probe(signal: AbortSignal): Promise<void> {
    const json = this.#config.encoding === "json";
    const body = new TextEncoder().encode(json ? '{"resourceLogs":[]}' : "");
    const answer = await this.connection.ask({ body }, signal);
    this.connection.check(answer, this.connection.request, () => false);
  }

  protected override async request(
    batch: EncodedBatch,
    range: Range,
    _key: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    const sent = await sentBody(this.#body(batch, range), this.#config.compression);
    const answer = await this.connection.ask({ ...sent, keep: LONGEST_ANSWER }, signal);
    if (answer.status < 300) this.#isUnderstood = true;
    // Who takes no JSON, for example, answers so to everything: nothing may be lost by that.
    else if (answer.status === 400 && !this.#isUnderstood) await this.probe(signal);
    return answer;
  }

  #body(batch: EncodedBatch, range: Range): Uint8Array<ArrayBuffer> {
    const attributes = `[${batch.partition}]`;
    if (this.#config.encoding === "json") {
      const before = `{"resourceLogs":[{"resource":{"attributes":${attributes}},${SCOPE_LOGS}`;
      const frame: Frame = { before: new TextEncoder().encode(before), after: AFTER };
      return jsonList(batch, range, frame);
    }
    const text = new TextDecoder().decode(
      batch.bytes.subarray(offsetOf(batch, range.first), offsetOf(batch, range.end)),
    );
    const records = text.trimEnd().split("\n");
    return protobufLogs({ resource: attributes, scope: SCOPE, records }, sizeOf(batch, range) + 1024);
  }

  protected override judge(
    answer: Answer,
    _batch: EncodedBatch,
    { first, end }: Piece,
  ): Judgement | undefined {
    const { status } = answer;
    if (status >= 200 && status < 300) return this.#judgeSuccess(answer, end - first);
    const isPassing = status >= 500 || status === 408 || status === 425;
    if (!this.#config.strict_retry || !isPassing || PASSING.has(status)) return undefined;
    return { verdict: "refused", reason: this.connection.told(answer) };
  }

  /**
   * A receiver may say how many records of a request it did not take, not which, and none may be sent again. If it is
   * all of them, they are dead letters; if not, all that can be done is to tell.
   */
  #judgeSuccess(answer: Answer, records: number): Judgement {
    const partial = partialSuccessOf(answer);
    const { rejected } = partial;
    const message = this.connection.masked(partial.message);
    const { request } = this.connection;
    if (rejected >= records) {
      return { verdict: "refused", reason: `${request} took none of ${records} records: "${message}"` };
    }
    if (rejected > 0 || message !== "") this.#tell(rejected, message);
    return { verdict: "sent" };
  }

  #tell(rejected: number, message: string): void {
    const { log, name } = this.#context;
    this.#untold += rejected;
    const last = this.#told.get(message);
    if (last !== undefined && this.#now() - last < TELL_EVERY) return;
    if (this.#told.size === 100) this.#told.clear();
    this.#told.set(message, this.#now());
    const { request } = this.connection;
    if (this.#untold === 0) {
      log.warn(`Output "${name}": ${request} took all records and says "${message}"`, { output: name });
      return;
    }
    log.error(
      `Output "${name}" lost ${this.#untold} records: ${request} did not take them and does not say which: "${message}"`,
      { output: name, records: this.#untold },
    );
    this.#untold = 0;
  }
}
