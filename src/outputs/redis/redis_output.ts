import type { EncodedBatch } from "../../batch.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { ALL_SENT, type Batching, type Output, type OutputContext, type SendResult } from "../output.ts";
import { type Address, addressOf } from "../socket/address.ts";
import { type ClientTls, readTls } from "../socket/tls_keys.ts";
import { Additions } from "./additions.ts";
import { DeliveredMarks } from "./delivered_marks.ts";
import { RedisClient } from "./redis_client.ts";
import { REDIS_SCHEMES, type RedisOutputConfig } from "./redis_config.ts";
import { command, RedisError, type Reply } from "./resp.ts";

/**
 * Adds records to streams. Those of a batch are one transaction, which also notes how far each origin has got: what a
 * lost answer or a killed agent leaves in doubt is found out from that, and not sent again.
 */
export class RedisOutput implements Output {
  readonly batching: Batching;
  readonly takesIds: boolean;
  readonly #config: RedisOutputConfig;
  readonly #address: Address;
  readonly #additions: Additions;
  readonly #marks: DeliveredMarks;
  #tls: ClientTls | undefined;
  #client: RedisClient | undefined;

  constructor(config: RedisOutputConfig, { name }: OutputContext) {
    this.#config = config;
    this.#address = addressOf(config.address, REDIS_SCHEMES);
    this.#additions = new Additions(config);
    this.#marks = new DeliveredMarks(`${config.dedupe_prefix}${name}`, config.dedupe_window);
    this.batching = { events: config.batch_size, bytes: config.batch_bytes, wait: config.batch_timeout };
    this.takesIds = config.deduplicate || config.id_field !== "";
  }

  /** Reads the TLS files; the server need not be up. */
  async open(): Promise<void> {
    this.#tls = this.#address.scheme === "rediss" ? await readTls(this.#config.tls) : undefined;
  }

  partitionOf(): string {
    return this.#config.key;
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length === 0) return ALL_SENT;
    const key = batch.partition === "" ? this.#config.key : batch.partition;
    if (this.#client?.failure !== undefined) this.#client = undefined;
    const client = this.#client ??= await this.#connect(signal);
    const records = Array.from(batch.ends, (_, index) => index);
    if (!this.#config.deduplicate || batch.ids === undefined) {
      const additions = this.#additions.of(batch, key, records);
      const replies = await client.exchange(additions, records.length, signal);
      await this.#replicated(client, signal);
      return this.#resultOf(client, records, replies);
    }
    try {
      return await this.#transact(client, { batch, key, records }, signal);
    } catch (error) {
      // It is unknown whether the transaction was carried out; the server knows.
      this.#marks.forget(key, batch.ids);
      throw error;
    }
  }

  /** Also whether a stream can be there, if its key is the same for all records. */
  async probe(signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    try {
      const { key } = this.#config;
      if (isTemplate(key)) {
        await client.ask(["PING"], signal);
        return;
      }
      const type = await client.ask(["TYPE", key], signal);
      if (type !== "none" && type !== "stream") {
        throw new Error(`key "${key}" of ${this.#config.address} is no stream but a ${type}`);
      }
    } finally {
      client.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  #connect(signal: AbortSignal): Promise<RedisClient> {
    const { timeout, keep_alive: keepAlive, username, password, db } = this.#config;
    if (this.#address.scheme === "rediss" && this.#tls === undefined) throw new Error("it is not open");
    return RedisClient.open(
      { address: this.#address, tls: this.#tls, keepAlive, timeout },
      { username, password, db },
      signal,
    );
  }

  async #transact(
    client: RedisClient,
    { batch, key, records }: { batch: EncodedBatch; key: string; records: readonly number[] },
    signal: AbortSignal,
  ): Promise<SendResult> {
    const marks = this.#marks;
    await marks.learn(key, batch.ids, (words) => client.ask(words, signal));
    const fresh = records.filter((index) => !marks.has(key, batch.ids, index));
    if (fresh.length === 0) return ALL_SENT;
    const notes = marks.notes(key, batch.ids, fresh);
    const group = [
      command("MULTI"),
      this.#additions.of(batch, key, fresh),
      ...notes.map((words) => command(...words)),
      command("EXEC"),
    ];
    const count = fresh.length + notes.length + 2;
    const replies = await client.exchange(concatenated(group), count, signal);
    const results = replies.at(-1);
    if (!Array.isArray(results)) {
      // The first command that was not queued tells why, rather than the transaction itself.
      const refused = replies.find((reply) => reply instanceof RedisError);
      throw refused instanceof RedisError
        ? client.told(refused)
        : new Error("the transaction was not carried out");
    }
    await this.#replicated(client, signal);
    return this.#resultOf(client, fresh, results);
  }

  async #replicated(client: RedisClient, signal: AbortSignal): Promise<void> {
    const { wait_replicas: wanted, timeout } = this.#config;
    if (wanted === 0) return;
    // The server must answer before the client gives up.
    const limit = Math.max(1, Math.floor(timeout / 2));
    const replicas = await client.ask(["WAIT", String(wanted), String(limit)], signal);
    if (typeof replicas === "number" && replicas >= wanted) return;
    throw new Error(`only ${replicas} of ${wanted} replicas have the entries`);
  }

  #resultOf(client: RedisClient, records: readonly number[], replies: readonly Reply[]): SendResult {
    const retry: number[] = [];
    const rejected: { index: number; reason: string }[] = [];
    let failure: Error | undefined;
    records.forEach((index, position) => {
      const reply = replies[position];
      if (!(reply instanceof RedisError)) return;
      // What has that key is no stream, and will not become one.
      if (reply.kind === "WRONGTYPE") rejected.push({ index, reason: reply.message });
      else {
        retry.push(index);
        failure ??= client.told(reply);
      }
    });
    // With the reason where nothing has arrived, so that nothing can double.
    if (failure !== undefined && retry.length === records.length) throw failure;
    return retry.length === 0 && rejected.length === 0 ? ALL_SENT : { retry, rejected };
  }
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
