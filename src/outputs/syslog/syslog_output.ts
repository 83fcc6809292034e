import type { EncodedBatch } from "../../batch.ts";
import { ALL_SENT, type Batching, type Output, type SendResult } from "../output.ts";
import { type Address, addressOf, nameOf } from "../socket/address.ts";
import { framed } from "../socket/framing.ts";
import { batchingOf, DatagramOutput, streamOptions, StreamOutput } from "../socket/socket_output.ts";
import { type ClientTls, readTls } from "../socket/tls_keys.ts";
import { RelpClient } from "./relp_client.ts";
import { SYSLOG_SCHEMES, type SyslogOutputConfig } from "./syslog_config.ts";
import { nameOfThisHost, withHost } from "./this_host.ts";

/** Sends messages to a syslog server: with RELP acknowledged by it, else as an inner output sends streams or datagrams. */
export class SyslogOutput implements Output {
  readonly batching: Batching;
  readonly concurrency: number;
  readonly #config: SyslogOutputConfig;
  readonly #inner: Output;
  #host = new Uint8Array();

  constructor(config: SyslogOutputConfig) {
    const address = addressOf(config.address, SYSLOG_SCHEMES);
    this.#config = config;
    this.batching = batchingOf(config);
    this.#inner = innerOutput(config, address);
    this.concurrency = this.#inner.concurrency ?? 1;
  }

  async open(signal: AbortSignal): Promise<void> {
    this.#host = new TextEncoder().encode(await nameOfThisHost());
    await this.#inner.open(signal);
  }

  partitionOf(): string {
    return "";
  }

  send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length === 0) return Promise.resolve(ALL_SENT);
    return this.#inner.send(withHost(batch, this.#host, this.#config.format), signal);
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#inner.probe?.(signal) ?? Promise.resolve();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]();
  }
}

function innerOutput(config: SyslogOutputConfig, address: Address): Output {
  switch (address.scheme) {
    case "udp":
      return new DatagramOutput(address, config.rate_limit, batchingOf(config));
    case "relp":
    case "relps":
      return new RelpOutput(config, address);
    default: {
      const tls = address.scheme === "tls" ? config.tls : undefined;
      return new StreamOutput(
        { address, tls, ...streamOptions(config) },
        batchingOf(config),
        (batch) => framed(batch, config.framing),
      );
    }
  }
}

/** Sends messages with RELP. */
class RelpOutput implements Output {
  readonly #config: SyslogOutputConfig;
  readonly #address: Address;
  #tls: ClientTls | undefined;
  #client: RelpClient | undefined;

  constructor(config: SyslogOutputConfig, address: Address) {
    this.#config = config;
    this.#address = address;
  }

  async open(): Promise<void> {
    if (this.#address.scheme === "relps") this.#tls = await readTls(this.#config.tls);
  }

  partitionOf(): string {
    return "";
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (this.#client?.failure !== undefined) this.#client = undefined;
    const client = this.#client ??= await this.#connect(signal);
    const { refused, reason } = await client.send(batch, signal);
    if (refused.length === 0) return ALL_SENT;
    // With the reason, while there is only one.
    if (refused.length === batch.ends.length) {
      throw new Error(`${nameOf(this.#address)} takes no message: ${reason}`);
    }
    return { retry: refused, rejected: [] };
  }

  async probe(signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    await client.finish(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client?.failure === undefined) await client?.finish(AbortSignal.timeout(this.#config.timeout));
  }

  #connect(signal: AbortSignal): Promise<RelpClient> {
    const { timeout, keep_alive: keepAlive } = this.#config;
    if (this.#address.scheme === "relps" && this.#tls === undefined) throw new Error("it is not open");
    return RelpClient.open({ address: this.#address, tls: this.#tls, keepAlive, timeout }, signal);
  }
}
