import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import { connectTo, loadNats, type NatsLibrary, type NatsOptions, natsReason } from "./nats_connect.ts";

/** A message to publish. */
export interface NatsMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** For the stream to know it again. */
  readonly id: string | undefined;
}

/** What became of a message: undefined if it is stored. */
export type NatsFailure = { readonly reason: string; readonly final: boolean } | undefined;

/** Errors of a stream that are about the message itself: larger than `max_msg_size`. */
const TOO_LARGE = 10054;
const MESSAGE_ID = "Nats-Msg-Id";

/** A connection that publishes messages and waits for the acknowledgements of streams. */
export class NatsClient {
  readonly #library: NatsLibrary;
  readonly #connection: NatsConnection;
  readonly #timeout: number;
  readonly #inbox: string;
  /** What waits for an acknowledgement, by the last part of its reply subject. */
  readonly #waiting = new Map<number, (message: Msg | undefined) => void>();
  /** Called when nothing more can come. */
  readonly #onTrouble = new Set<(reason: string) => void>();
  #next = 0;
  #failure: string | undefined;

  private constructor(library: NatsLibrary, connection: NatsConnection, timeout: number) {
    this.#library = library;
    this.#connection = connection;
    this.#timeout = timeout;
    this.#inbox = `${library.createInbox()}.`;
    connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const number = parseInt(message.subject.slice(this.#inbox.length), 36);
        const settle = this.#waiting.get(number);
        this.#waiting.delete(number);
        settle?.(message);
      },
    });
    this.#watch();
  }

  /** Connects to the first server that takes it. Throws an Error that says why none does. */
  static async open(options: NatsOptions, signal: AbortSignal): Promise<NatsClient> {
    const library = await loadNats();
    const failures: string[] = [];
    for (const server of options.servers) {
      try {
        return new NatsClient(library, await connectTo(library, server, options, signal), options.timeout);
      } catch (error) {
        if (signal.aborted) throw new Error(`connecting to ${server} was stopped`, { cause: error });
        failures.push(`cannot connect to ${server}: ${natsReason(error)}`);
      }
    }
    throw new Error(failures.join("; "));
  }

  /** Why the connection is of no use any more; undefined while it is. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Bytes that the server takes of a message, with its headers. */
  get largest(): number {
    return this.#connection.info?.max_payload ?? Infinity;
  }

  /** Publishes messages to streams, and tells of each whether it is stored. */
  async publish(messages: readonly NatsMessage[], signal: AbortSignal): Promise<NatsFailure[]> {
    const failures = new Array<NatsFailure>(messages.length).fill({
      reason: "it was not sent",
      final: false,
    });
    const first = this.#next;
    this.#next += messages.length;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    let missing = 0;
    let published = false;
    let progress = performance.now();
    const onTime = () => {
      const left = progress + this.#timeout - performance.now();
      // Not a new timer with each acknowledgement: that would cost more than all the rest.
      if (left > 0) timer = setTimeout(onTime, left);
      else resolve(`no acknowledgement came within ${this.#timeout} ms`);
    };
    const onStop = () => resolve("it was stopped");
    let timer = setTimeout(onTime, this.#timeout);
    this.#onTrouble.add(resolve);
    signal.addEventListener("abort", onStop, { once: true });
    try {
      if (signal.aborted) onStop();
      for (const [index, { subject, payload, id }] of messages.entries()) {
        const headers = id === undefined ? undefined : this.#headers(id);
        if (payload.length + sizeOf(id) > this.largest) {
          failures[index] = { reason: `${payload.length} bytes are more than the server takes`, final: true };
          continue;
        }
        missing++;
        this.#waiting.set(first + index, (message) => {
          failures[index] = outcomeOf(message, subject);
          progress = performance.now();
          if (--missing === 0 && published) resolve(undefined);
        });
        const reply = this.#inbox + (first + index).toString(36);
        this.#connection.publish(subject, payload, { reply, ...headers === undefined ? {} : { headers } });
      }
      published = true;
      if (missing === 0 || this.#failure !== undefined) resolve(this.#failure);
      const trouble = await promise;
      if (trouble === undefined) return failures;
      for (let index = 0; index < messages.length; index++) {
        if (this.#waiting.delete(first + index)) failures[index] = { reason: trouble, final: false };
      }
      return failures;
    } catch (error) {
      this.close();
      throw new Error(`publishing failed: ${natsReason(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      this.#onTrouble.delete(resolve);
      signal.removeEventListener("abort", onStop);
      for (let index = 0; index < messages.length; index++) this.#waiting.delete(first + index);
    }
  }

  /** Publishes messages to whoever listens, and waits until the server has them. */
  async publishPlain(messages: readonly NatsMessage[], signal: AbortSignal): Promise<NatsFailure[]> {
    const failures = messages.map(({ subject, payload, id }): NatsFailure => {
      if (payload.length + sizeOf(id) > this.largest) {
        return { reason: `${payload.length} bytes are more than the server takes`, final: true };
      }
      this.#connection.publish(subject, payload, id === undefined ? {} : { headers: this.#headers(id) });
      return undefined;
    });
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const fail = (reason: string) => reject(new Error(`publishing failed: ${reason}`));
    const onStop = () => fail("it was stopped");
    const timer = setTimeout(() => fail("the server has not answered in time"), this.#timeout);
    this.#onTrouble.add(fail);
    signal.addEventListener("abort", onStop, { once: true });
    try {
      if (signal.aborted) onStop();
      await Promise.race([this.#connection.flush(), promise]);
      return failures;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#onTrouble.delete(fail);
      signal.removeEventListener("abort", onStop);
    }
  }

  /** Throws an Error if no stream takes a subject, which may have wildcards. */
  async checkStream(filter: string): Promise<void> {
    const query = JSON.stringify({ subject: filter });
    const answer = await this.#connection.request("$JS.API.STREAM.NAMES", query, { timeout: this.#timeout })
      .catch((error) => {
        throw new Error(`JetStream does not answer: ${natsReason(error)}`, { cause: error });
      });
    const { streams } = answer.json<{ streams?: unknown }>();
    if (!Array.isArray(streams) || streams.length === 0) {
      throw new Error(`no stream takes the subject "${filter}"`);
    }
  }

  close(): void {
    this.#end("the connection was closed");
    this.#connection.close().catch(() => {});
  }

  #headers(id: string): MsgHdrs {
    const headers = this.#library.headers();
    headers.set(MESSAGE_ID, id);
    return headers;
  }

  #watch(): void {
    this.#connection.closed().then(
      (error) => this.#end(error instanceof Error ? natsReason(error) : "the server closed the connection"),
    );
    const read = async () => {
      for await (const status of this.#connection.status()) {
        if (status.type !== "error") continue;
        // The messages of whoever may not publish are dropped without an answer.
        for (const settle of [...this.#onTrouble]) settle(natsReason(status.error));
      }
    };
    read().catch(() => {});
  }

  #end(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    for (const settle of [...this.#onTrouble]) settle(reason);
  }
}

/** `NATS/1.0`, the header, and line ends. */
function sizeOf(id: string | undefined): number {
  return id === undefined ? 0 : "NATS/1.0\r\n".length + MESSAGE_ID.length + 2 + id.length + 4;
}

function outcomeOf(message: Msg | undefined, subject: string): NatsFailure {
  if (message === undefined) return undefined;
  if (message.headers?.code === 503) {
    return { reason: `no stream takes the subject "${subject}"`, final: false };
  }
  let answer: { stream?: unknown; error?: { err_code?: unknown; description?: unknown } };
  try {
    answer = message.json();
  } catch {
    return { reason: `something that is no stream answers on "${subject}"`, final: false };
  }
  const { stream, error } = answer ?? {};
  if (error !== undefined) {
    return { reason: `the stream answered "${error.description}"`, final: error.err_code === TOO_LARGE };
  }
  return typeof stream === "string"
    ? undefined
    : { reason: `something that is no stream answers on "${subject}"`, final: false };
}
