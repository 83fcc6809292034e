import type { EncodedBatch } from "../../batch.ts";
import type { OutputContext } from "../output.ts";
import type { Answer } from "../http/answer.ts";
import type { Judgement, Piece } from "../http/batch_requests.ts";
import { urlBelow } from "../http/connection.ts";
import { RequestOutput } from "../http/request_output.ts";
import { type Range, requestBody, sentBody } from "../http/request_body.ts";
import { type AcknowledgementOptions, Acknowledgements } from "./acknowledgements.ts";
import { hecReply } from "./hec_reply.ts";
import type { SplunkHecConfig } from "./splunk_hec_config.ts";

const EVENT = "/services/collector/event";

/** One event of the request is wrong: its format, no or a blank event, its indexed fields. */
const OF_AN_EVENT: ReadonlySet<number> = new Set([6, 12, 13, 15]);
const WRONG_INDEX = 7;
/** What to look at in the configuration after these codes, which say nothing about the events. */
const ADVICE: Readonly<Record<number, string>> = {
  1: "the token is disabled in Splunk",
  2: "look at token",
  3: "look at token",
  4: "look at token",
  10: "set acknowledgements to true: the token wants a channel",
  11: "set acknowledgements to true: the token wants a channel",
  14: "set acknowledgements to false: the token has them disabled",
  16: "look at endpoint",
  21: "look at token",
  22: "the token is disabled in Splunk",
};

/** Sends each batch as one request to the HTTP Event Collector of Splunk. */
export class SplunkHecOutput extends RequestOutput {
  readonly #config: SplunkHecConfig;
  readonly #acknowledgements: Acknowledgements | undefined;
  /** Acknowledgements are counted for each channel. */
  readonly #channel = crypto.randomUUID();
  readonly #health: URL;

  /** `now`, `sleep`: for tests, milliseconds since 1970. */
  constructor(
    config: SplunkHecConfig,
    context: OutputContext,
    now: () => number = Date.now,
    sleep?: AcknowledgementOptions["sleep"],
  ) {
    const { token, headers, tls, timeout } = config;
    const endpoint = urlBelow(config.endpoint, EVENT);
    super(
      config,
      {
        endpoint,
        timeout,
        tls,
        method: "POST",
        contentType: "application/json",
        headers: { ...headers, Authorization: `Splunk ${token}` },
      },
      context,
      now,
    );
    this.#config = config;
    this.#health = besides(endpoint, "health");
    this.#acknowledgements = config.acknowledgements
      ? new Acknowledgements(this.connection, {
        url: besides(endpoint, "ack"),
        channel: this.#channel,
        interval: config.acknowledgement_interval,
        timeout: config.acknowledgement_timeout,
        now,
        ...sleep === undefined ? {} : { sleep },
      })
      : undefined;
  }

  /** Asks for the collector's health, which includes whether its queues take more. */
  override async probe(signal: AbortSignal): Promise<void> {
    const url = this.#health;
    const answer = await this.connection.ask({ method: "GET", url }, signal);
    this.connection.check(answer, `GET ${url.pathname}`, () => false);
  }

  protected override async request(
    batch: EncodedBatch,
    range: Range,
    _key: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { body, headers } = await sentBody(requestBody(batch, range, "ndjson"), this.#config.compression);
    const channel = { "x-splunk-request-channel": this.#channel };
    const answer = await this.connection.ask({ body, headers: { ...headers, ...channel } }, signal);
    if (this.#acknowledgements === undefined || answer.status < 200 || answer.status >= 300) return answer;
    const { ackId } = hecReply(answer);
    if (ackId === undefined) {
      const { request } = this.connection;
      throw new Error(`${request} answered ${answer.status} without an ackId, ${ADVICE[14] ?? ""}`);
    }
    await this.#acknowledgements.wait(ackId, signal);
    return answer;
  }

  /** The number of the wrong event is not gone by: it counts from 0 or from 1, depending on what is wrong. */
  protected override judge(
    answer: Answer,
    batch: EncodedBatch,
    { first, end }: Piece,
  ): Judgement | undefined {
    const { code } = hecReply(answer);
    if (answer.status < 400 || answer.status >= 500 || code === undefined) return undefined;
    if (OF_AN_EVENT.has(code)) {
      return end - first > 1
        ? { verdict: "split", tooLarge: false }
        : { verdict: "refused", reason: this.connection.told(answer) };
    }
    // An index that comes from the record is wrong for the records of this request only.
    if (code === WRONG_INDEX && batch.partition !== "") return undefined;
    const advice = code === WRONG_INDEX ? "look at index" : ADVICE[code];
    return advice === undefined
      ? undefined
      : { verdict: "misconfigured", reason: `${this.connection.told(answer)}, ${advice}` };
  }
}

/** Another resource of the collector, which stands beside the one for events. */
function besides(endpoint: URL, name: string): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.slice(0, url.pathname.lastIndexOf("/"))}/${name}`;
  return url;
}
