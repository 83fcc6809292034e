import type { EncodedBatch } from "../../batch.ts";
import { ALL_SENT, type Batching, type Output, type SendResult } from "../output.ts";
import { type Address, addressOf } from "./address.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { framed, type Framing } from "./framing.ts";
import { SOCKET_SCHEMES, type SocketOutputConfig } from "./socket_config.ts";
import { StreamSender, type StreamSenderOptions } from "./stream_sender.ts";

/** Batches whose connection must prove to live on before they count: that must not slow others down. */
const SETTLING = 16;

/** Writes batches to a stream. */
export class StreamOutput implements Output {
  readonly batching: Batching;
  readonly concurrency: number;
  readonly #sender: StreamSender;
  readonly #frame: (batch: EncodedBatch) => Uint8Array;

  /** `frame`: makes the bytes of the stream of a batch. */
  constructor(
    options: StreamSenderOptions,
    batching: Batching,
    frame: (batch: EncodedBatch) => Uint8Array,
  ) {
    this.batching = batching;
    this.concurrency = options.acknowledgement === "none" && options.settleTime > 0 ? SETTLING : 1;
    this.#sender = new StreamSender(options);
    this.#frame = frame;
  }

  open(): Promise<void> {
    return this.#sender.open();
  }

  partitionOf(): string {
    return "";
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length > 0) await this.#sender.send(this.#frame(batch), signal);
    return ALL_SENT;
  }

  probe(signal: AbortSignal): Promise<void> {
    return this.#sender.probe(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#sender.close();
    return Promise.resolve();
  }
}

/** Sends each record as a datagram. */
export class DatagramOutput implements Output {
  readonly batching: Batching;
  readonly #sender: DatagramSender;
  readonly #prepare: (batch: EncodedBatch) => EncodedBatch;

  /** `prepare`: makes of a batch the one whose records are the datagrams. */
  constructor(
    address: Address,
    rate: number,
    batching: Batching,
    prepare: (batch: EncodedBatch) => EncodedBatch = (batch) => batch,
  ) {
    this.batching = batching;
    this.#sender = new DatagramSender(address, rate);
    this.#prepare = prepare;
  }

  open(): Promise<void> {
    return this.#sender.open();
  }

  partitionOf(): string {
    return "";
  }

  send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    return this.#sender.send(this.#prepare(batch), signal);
  }

  /** A name that cannot be looked up is all that can be found out. */
  probe(): Promise<void> {
    return this.#sender.open();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#sender.close();
    return Promise.resolve();
  }
}

/** What the keys that `socket` and `syslog` share say of a stream. */
export function streamOptions(config: Omit<SocketOutputConfig, "address" | "encoding" | "framing">) {
  return {
    keepAlive: config.keep_alive,
    timeout: config.timeout,
    acknowledgement: config.acknowledgement,
    settleTime: config.settle_time,
  };
}

/** The same of batches. */
export function batchingOf(
  config: { readonly batch_size: number; readonly batch_bytes: number; readonly batch_timeout: number },
): Batching {
  return { events: config.batch_size, bytes: config.batch_bytes, wait: config.batch_timeout };
}

/** Creates the output that suits the address. */
export function createSocketOutput(config: SocketOutputConfig): Output {
  const address = addressOf(config.address, SOCKET_SCHEMES);
  if (address.scheme === "udp") return new DatagramOutput(address, config.rate_limit, batchingOf(config));
  const framing: Framing = config.framing;
  const tls = address.scheme === "tls" ? config.tls : undefined;
  return new StreamOutput(
    { address, tls, ...streamOptions(config) },
    batchingOf(config),
    (batch) => framed(batch, framing),
  );
}
