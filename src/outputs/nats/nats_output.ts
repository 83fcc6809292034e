import { type EncodedBatch, recordId } from "../../batch.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import { reasonOf } from "../../lib/reason.ts";
import { readTlsFiles } from "../http/tls_files.ts";
import { ALL_SENT, type Batching, type Output, type SendResult } from "../output.ts";
import { addressOf, nameOf } from "../socket/address.ts";
import { contentEnd } from "../socket/framing.ts";
import { NatsClient, type NatsMessage } from "./nats_client.ts";
import { NATS_SCHEMES, type NatsOutputConfig } from "./nats_config.ts";
import type { NatsOptions } from "./nats_connect.ts";
import { subjectFilter } from "./nats_encoder.ts";

/**
 * Publishes records as messages. Those of a batch are under way at once; only what was not acknowledged is sent again,
 * with the same id, so that a stream stores it once.
 */
export class NatsOutput implements Output {
  readonly batching: Batching;
  readonly takesIds: boolean;
  readonly #config: NatsOutputConfig;
  #options: NatsOptions | undefined;
  #client: NatsClient | undefined;

  constructor(config: NatsOutputConfig) {
    this.#config = config;
    this.takesIds = config.message_id;
    this.batching = { events: config.batch_size, bytes: config.batch_bytes, wait: config.batch_timeout };
  }

  /** Reads the files; no server need be up. */
  async open(): Promise<void> {
    const { servers, tls, timeout, username, password, token, nkey_seed, credentials_file } = this.#config;
    const addresses = servers.map((server) => addressOf(server, NATS_SCHEMES));
    const isSecure = addresses[0]?.scheme === "tls";
    const { caCerts, ...identity } = isSecure ? await readTlsFiles(tls) : {};
    const [ca] = caCerts ?? [];
    this.#options = {
      servers: addresses.map(nameOf),
      timeout,
      login: {
        ...{ username, password, token },
        nkeySeed: nkey_seed,
        credentials: credentials_file === undefined ? undefined : await readCredentials(credentials_file),
      },
      tls: isSecure
        ? { ...identity, ...ca === undefined ? {} : { ca }, handshakeFirst: tls.handshake_first }
        : undefined,
    };
  }

  partitionOf(): string {
    return "";
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length === 0) return ALL_SENT;
    if (this.#client?.failure !== undefined) this.#client = undefined;
    const client = this.#client ??= await this.#connect(signal);
    const messages = messagesOf(batch, this.#config);
    const failures = this.#config.jetstream
      ? await client.publish(messages, signal)
      : await client.publishPlain(messages, signal);
    const retry: number[] = [];
    const rejected: { index: number; reason: string }[] = [];
    let reason = "";
    failures.forEach((failure, index) => {
      if (failure === undefined) return;
      if (failure.final) rejected.push({ index, reason: failure.reason });
      else {
        retry.push(index);
        reason = failure.reason;
      }
    });
    // With the reason, where all have the same fate.
    if (retry.length === failures.length) throw new Error(`${nameOfFirst(this.#options)}: ${reason}`);
    return retry.length === 0 && rejected.length === 0 ? ALL_SENT : { retry, rejected };
  }

  /** Whether a server is there, and a stream that takes the subject. */
  async probe(signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    try {
      if (this.#config.jetstream) await client.checkStream(subjectFilter(this.#config.subject));
    } finally {
      client.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    this.#client = undefined;
    return Promise.resolve();
  }

  #connect(signal: AbortSignal): Promise<NatsClient> {
    if (this.#options === undefined) throw new Error("it is not open");
    return NatsClient.open(this.#options, signal);
  }
}

function messagesOf(batch: EncodedBatch, config: NatsOutputConfig): NatsMessage[] {
  const { bytes, ends, keys } = batch;
  const decoder = new TextDecoder();
  if (keys === undefined && isTemplate(config.subject)) throw new TypeError("The records have no subjects");
  return Array.from(ends, (_, index) => {
    const start = index === 0 ? 0 : ends[index - 1] ?? 0;
    const subject = keys === undefined
      ? ""
      : decoder.decode(keys.bytes.subarray(index === 0 ? 0 : keys.ends[index - 1], keys.ends[index]));
    return {
      subject: subject === "" ? config.subject : subject,
      payload: bytes.subarray(start, contentEnd(batch, index)),
      id: config.message_id ? recordId(batch, index) : undefined,
    };
  });
}

function nameOfFirst(options: NatsOptions | undefined): string {
  return options?.servers.join(", ") ?? "";
}

async function readCredentials(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Error(`cannot read credentials_file "${path}": ${reasonOf(error)}`, { cause: error });
  }
}
