import type { EncodedBatch } from "../../../src/batch.ts";
import type { LogEvent } from "../../../src/event.ts";
import { newEvent } from "../../../src/event.ts";
import * as schema from "../../../src/lib/schema.ts";
import { type KafkaConfig, kafkaConfig } from "../../../src/outputs/kafka/kafka_config.ts";
import { kafkaEncoder } from "../../../src/outputs/kafka/kafka_encoder.ts";
import { KafkaOutput } from "../../../src/outputs/kafka/kafka_output.ts";
import type { SendResult } from "../../../src/outputs/output.ts";
import { batchOf, RecordingLog, sourceOf } from "../../contracts/batches.ts";
import { KafkaServer, type KafkaServerOptions } from "../../support/kafka_server.ts";

export type Block = Readonly<Record<string, unknown>>;

/** A signal that never aborts. */
export const never = new AbortController().signal;

/** The block as validated, with defaults. */
export function configOf(block: Block): KafkaConfig {
  return schema.parse(kafkaConfig, block);
}

/** An event at this moment with this message and these fields. */
export function eventOf(message: string, fields: LogEvent["fields"] = {}, timestamp = NOW): LogEvent {
  return { ...newEvent(sourceOf("/var/log/app.log")), message, fields, timestamp, raw: message };
}

/** The moment of events of these tests. */
export const NOW = Date.UTC(2026, 10, 25, 12);

/** Events as the processor would give them to the output, with ids. */
export function encoded(block: Block, events: readonly LogEvent[]): EncodedBatch {
  const encoder = kafkaEncoder(configOf(block), { plain: false, includeRaw: false });
  const batch = batchOf(events.map((event) => encoder.encode(event)));
  const offsets = Float64Array.from(events, (_, index) => index * 100);
  const ids = { origins: [{ id: "stream.0", end: events.length }], offsets };
  if (encoder.keyOf === undefined) return { ...batch, ids };
  const { bytes, ends } = batchOf(events.map((event) => encoder.keyOf?.(event) ?? ""));
  return { ...batch, ids, keys: { bytes, ends } };
}

/** Events with the messages `m0`, `m1` and so on. */
export function events(
  count: number,
  fields: (index: number) => LogEvent["fields"] = () => ({}),
): LogEvent[] {
  return Array.from({ length: count }, (_, index) => eventOf(`m${index}`, fields(index)));
}

/** An output, open, with the cluster that it sends to. */
export class Exchange implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly block: Block;
  output: KafkaOutput;

  private constructor(readonly server: KafkaServer, block: Block) {
    this.block = { brokers: server.brokers, encoding: "text", timeout: "5s", ...block };
    this.output = this.#create();
  }

  static async open(options: KafkaServerOptions = {}, block: Block = {}): Promise<Exchange> {
    const exchange = new Exchange(KafkaServer.start(options), block);
    await exchange.output.open();
    return exchange;
  }

  batch(list: readonly LogEvent[]): EncodedBatch {
    return encoded(this.block, list);
  }

  send(batch: EncodedBatch, signal = never): Promise<SendResult> {
    return this.output.send(batch, signal);
  }

  /** The values of all messages of a topic, in the order of partitions. */
  values(topic = "logs", partition?: number): string[] {
    return this.server.log.messages(topic, partition).map(({ value }) => value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.output[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }

  #create(): KafkaOutput {
    // Always the first of all possibilities.
    return new KafkaOutput(configOf(this.block), { name: "queue", log: this.log }, () => 0);
  }
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("It did not fail");
}
