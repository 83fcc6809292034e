import { formatDuration } from "../../lib/duration.ts";
import { sleep } from "../../lib/sleep.ts";
import type { HttpConnection } from "../http/connection.ts";
import { hecReply } from "./hec_reply.ts";

/** How acknowledgements are asked for. */
export interface AcknowledgementOptions {
  /** Of /services/collector/ack. */
  readonly url: URL;
  /** Identifies this sender, as a GUID. */
  readonly channel: string;
  /** How often, and for how long, in milliseconds. */
  readonly interval: number;
  readonly timeout: number;
  /** For tests. Resolves with true after `ms`, with false once `stop` aborts. */
  readonly sleep?: (ms: number, stop: AbortSignal) => Promise<boolean>;
  /** For tests: milliseconds since 1970. */
  readonly now: () => number;
}

/** Waits for indexer acknowledgements of Splunk. One question asks for all that are awaited. */
export class Acknowledgements {
  readonly #connection: HttpConnection;
  readonly #options: AcknowledgementOptions;
  readonly #sleep: (ms: number, stop: AbortSignal) => Promise<boolean>;
  /** What is awaited: Splunk tells of an acknowledgement once only, so whoever asks tells the others. */
  readonly #awaited = new Map<number, () => void>();
  #asking = false;

  constructor(connection: HttpConnection, options: AcknowledgementOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Resolves once the events of a request are indexed. Throws if that is not known in time. */
  async wait(id: number, signal: AbortSignal): Promise<void> {
    const { interval, timeout, url, now } = this.#options;
    const request = `POST ${url.pathname}`;
    const deadline = now() + timeout;
    let isThere = false;
    let trouble = "";
    this.#awaited.set(id, () => isThere = true);
    try {
      for (;;) {
        if (!this.#asking) trouble = await this.#ask(request, signal);
        if (isThere) return;
        if (now() >= deadline) break;
        await this.#sleep(Math.min(interval, deadline - now()), signal);
        if (signal.aborted) throw new Error(`${request} was stopped`);
        if (isThere) return;
      }
    } finally {
      this.#awaited.delete(id);
    }
    const reason = trouble === "" ? "" : ` (${trouble})`;
    throw new Error(`${request} acknowledged nothing within ${formatDuration(timeout)}${reason}`);
  }

  /** Answers what went wrong in a way that may pass; throws where asking again is of no use. */
  async #ask(request: string, signal: AbortSignal): Promise<string> {
    this.#asking = true;
    try {
      const { url, channel } = this.#options;
      const body = new TextEncoder().encode(JSON.stringify({ acks: [...this.#awaited.keys()] }));
      const answer = await this.#connection.ask({
        url,
        body,
        headers: { "x-splunk-request-channel": channel },
        keep: 64 * 1024,
      }, signal);
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        throw new RefusedError(
          `${
            this.#connection.told(answer, request)
          }, look at acknowledgements: the token must have them enabled`,
        );
      }
      if (answer.status !== 200) return `it answered ${answer.status}`;
      for (const [id, isIndexed] of Object.entries(hecReply(answer).acks)) {
        if (isIndexed === true) this.#awaited.get(Number(id))?.();
      }
      return "";
    } catch (error) {
      if (signal.aborted || error instanceof RefusedError) throw error;
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#asking = false;
    }
  }
}

class RefusedError extends Error {}
