import type { EncodedBatch } from "../../batch.ts";
import { isTemplate } from "../../encoding/event_template.ts";
import type { Log } from "../../lib/log.ts";
import { readTlsFiles } from "../http/tls_files.ts";
import { ALL_SENT, type Batching, type Output, type OutputContext, type SendResult } from "../output.ts";
import { BrokerError } from "./broker_connection.ts";
import { type Delivery, newDelivery } from "./delivery_plan.ts";
import type { TopicMetadata } from "./kafka_api.ts";
import { KafkaCluster } from "./kafka_cluster.ts";
import { type KafkaConfig, parseBroker } from "./kafka_config.ts";
import { errorText, UNKNOWN_TOPIC } from "./kafka_errors.ts";
import { headerSources, layoutOf } from "./message_layout.ts";
import { Producer } from "./producer.ts";

/**
 * Sends each batch as few requests, one to each broker that leads a partition of it, without another attempt: what did
 * not arrive is sent again by the caller, with the same numbers, so that the brokers recognise it.
 */
export class KafkaOutput implements Output {
  readonly batching: Batching;
  readonly takesIds: boolean;
  readonly splitsByEnds = true;
  readonly #config: KafkaConfig;
  readonly #log: Log;
  readonly #name: string;
  readonly #producer: Producer;
  readonly #createTopics: boolean;
  readonly #deliveries = new WeakMap<EncodedBatch, Delivery>();
  #cluster: KafkaCluster | undefined;

  /** `random`: for tests, as `Math.random`. */
  constructor(config: KafkaConfig, { name, log }: OutputContext, random: () => number = Math.random) {
    const { batch_size, batch_bytes, batch_timeout, flush_interval } = config;
    this.#config = config;
    this.#log = log;
    this.#name = name;
    this.#producer = new Producer(config, name, log, random);
    this.#createTopics = config.create_topics ?? !layoutOf(config).topic;
    this.takesIds = headerSources(config).some(([, source]) => source === "id");
    this.batching = { events: batch_size, bytes: batch_bytes, wait: Math.min(batch_timeout, flush_interval) };
  }

  /** The brokers need not be up. */
  async open(): Promise<void> {
    const { sasl_enabled, sasl_mechanism: mechanism, sasl_username, sasl_password, enable_tls } =
      this.#config;
    const tls = enable_tls ? await readTlsFiles(this.#config.tls) : undefined;
    if (sasl_enabled && mechanism === "PLAIN" && !enable_tls && this.#cluster === undefined) {
      this.#log.warn(
        `Output "${this.#name}" sends its password as it is: sasl_mechanism PLAIN without enable_tls`,
        {
          output: this.#name,
        },
      );
    }
    this.#cluster?.close();
    this.#cluster = new KafkaCluster({
      brokers: this.#config.brokers.flatMap((broker) => parseBroker(broker) ?? []),
      clientId: this.#config.client_id,
      timeout: this.#config.timeout,
      createTopics: this.#createTopics,
      tls,
      credentials: sasl_enabled
        ? { mechanism, username: sasl_username ?? "", password: sasl_password ?? "" }
        : undefined,
    });
  }

  partitionOf(): string {
    return "";
  }

  async probe(signal: AbortSignal): Promise<void> {
    const cluster = this.#opened();
    const { topic } = this.#config;
    const topics = await cluster.topics(isTemplate(topic) ? [] : [topic], signal, false);
    if (topics.size === 0) await cluster.any(signal);
    for (const each of topics.values()) {
      if (each.error !== 0 && !(each.error === UNKNOWN_TOPIC && this.#createTopics)) {
        throw this.#trouble(each);
      }
    }
  }

  async send(batch: EncodedBatch, signal: AbortSignal): Promise<SendResult> {
    if (batch.ends.length === 0) return ALL_SENT;
    const cluster = this.#opened();
    let delivery = this.#deliveries.get(batch);
    if (delivery === undefined) this.#deliveries.set(batch, delivery = newDelivery(batch));
    const trouble = await this.#plan(cluster, batch, delivery, signal);
    await this.#producer.deliver(cluster, batch, delivery, signal);
    if (trouble !== undefined) throw trouble;
    this.#deliveries.delete(batch);
    return delivery.rejected.length === 0 ? ALL_SENT : { retry: [], rejected: delivery.rejected };
  }

  progressOf(batch: EncodedBatch): SendResult | undefined {
    const delivery = this.#deliveries.get(batch);
    if (delivery === undefined) return undefined;
    const retry = [...delivery.waiting];
    for (const { records, done } of delivery.groups) {
      for (let position = done; position < records.length; position++) retry.push(records[position] ?? 0);
    }
    return { retry: retry.sort((one, other) => one - other), rejected: delivery.rejected };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#cluster?.close();
    return Promise.resolve();
  }

  #opened(): KafkaCluster {
    if (this.#cluster === undefined) throw new Error("it is not open");
    return this.#cluster;
  }

  /** Decides where records go. What is wrong with a topic is answered, so that the records of others go first. */
  async #plan(
    cluster: KafkaCluster,
    batch: EncodedBatch,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    if (delivery.waiting.length === 0) return undefined;
    const planner = this.#producer.plannerAt(batch);
    const topics = await cluster.topics(planner.byTopic(delivery).keys(), signal);
    planner.plan(delivery, topics);
    let trouble: Error | undefined;
    const kept: number[] = [];
    for (const [name, records] of planner.byTopic(delivery)) {
      const topic = topics.get(name) ?? { name, error: UNKNOWN_TOPIC, leaders: [] };
      const error = this.#trouble(topic);
      if (topic.error === UNKNOWN_TOPIC && this.#config.missing_topic === "reject") {
        for (const index of records) delivery.rejected.push({ index, reason: error.message });
      } else {
        for (const index of records) kept.push(index);
        trouble ??= error;
      }
    }
    delivery.waiting = kept;
    return trouble;
  }

  #trouble({ name, error }: TopicMetadata): Error {
    if (error !== UNKNOWN_TOPIC) {
      return new BrokerError(`topic ${name}: ${error === 0 ? "it has no partitions" : errorText(error)}`);
    }
    const way = this.#createTopics
      ? "the brokers do not create it; create it there"
      : "create it, or have the brokers do so with create_topics: true";
    return new BrokerError(`the topic ${name} does not exist; ${way}`);
  }
}
