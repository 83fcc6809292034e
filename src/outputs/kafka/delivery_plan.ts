import type { EncodedBatch } from "../../batch.ts";
import type { TopicMetadata } from "./kafka_api.ts";
import { fixedPartition } from "./message_layout.ts";
import type { KafkaConfig } from "./kafka_config.ts";
import { lengthOf, type MessageReader } from "./message_reader.ts";
import { partitionOfKey } from "./partitioner.ts";

/** Messages that one request holds for one partition, until the broker has answered. */
export interface OpenBatch {
  /** Compressed, but maybe not sealed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes before compression. */
  readonly size: number;
  readonly records: readonly number[];
  /** Whom it is sealed for. */
  seal?: { readonly producer: object; readonly sequence: number };
  /** It was sent, and nobody knows whether it is stored. */
  uncertain: boolean;
}

/** The records of a batch that go to one partition of one topic. */
export interface Group {
  readonly topic: string;
  partition: number;
  /** No key and no record chose the partition. */
  movable: boolean;
  readonly records: number[];
  /** How many of them are settled. */
  done: number;
  /** Records in a request at most. */
  most: number;
  open?: OpenBatch | undefined;
}

/** How far a batch has come, so that sending it again goes on where it stopped. */
export interface Delivery {
  readonly groups: Group[];
  /** Records whose topic was not there so far. */
  waiting: readonly number[];
  readonly rejected: { readonly index: number; readonly reason: string }[];
  /** Records whose time the broker does not take. */
  readonly untimely: Set<number>;
}

/** A delivery of which nothing is planned yet. */
export function newDelivery({ ends }: EncodedBatch): Delivery {
  return {
    groups: [],
    waiting: Array.from(ends, (_, index) => index),
    rejected: [],
    untimely: new Set(),
  };
}

/** Decides which partition each record goes to. */
export class Planner {
  readonly #reader: MessageReader;
  readonly #topic: string;
  readonly #strategy: KafkaConfig["partition_strategy"];
  readonly #fixed: number | undefined;
  readonly #random: () => number;
  #next = 0;

  /** `random`: for tests, as `Math.random`. */
  constructor(config: KafkaConfig, reader: MessageReader, random: () => number = Math.random) {
    this.#reader = reader;
    this.#topic = config.topic;
    this.#strategy = config.partition_strategy;
    this.#fixed = config.partition === undefined ? undefined : fixedPartition(config.partition);
    this.#random = random;
    // Agents that start together must not all begin with the same partition.
    this.#next = Math.floor(random() * 1000);
  }

  /** The records that wait, by their topics. The reader must be at their batch. */
  byTopic({ waiting }: Delivery): Map<string, number[]> {
    const topics = new Map<string, number[]>();
    let name = "";
    let records: number[] = [];
    for (const index of waiting) {
      this.#reader.move(index);
      const topic = this.#reader.topic || this.#topic;
      if (topic !== name) {
        name = topic;
        records = topics.get(name) ?? [];
        topics.set(name, records);
      }
      records.push(index);
    }
    return topics;
  }

  /** Puts the records that wait into groups, as far as their topics are there. */
  plan(delivery: Delivery, topics: ReadonlyMap<string, TopicMetadata>): void {
    const groups = new Map<string, Group>();
    const shared = new Map<string, number>();
    const waiting: number[] = [];
    for (const index of delivery.waiting) {
      this.#reader.move(index);
      const name = this.#reader.topic || this.#topic;
      const topic = topics.get(name);
      if (topic === undefined || topic.error !== 0 || topic.leaders.length === 0) {
        waiting.push(index);
        continue;
      }
      const chosen = this.#chosen(topic);
      if (chosen !== undefined && chosen >= topic.leaders.length) {
        delivery.rejected.push({
          index,
          reason: `the topic ${name} has no partition ${chosen}, only ${topic.leaders.length}`,
        });
        continue;
      }
      const partition = chosen ?? this.#spread(topic, shared);
      const key = `${name}:${partition}`;
      let group = groups.get(key);
      if (group === undefined) {
        group = { topic: name, partition, movable: true, records: [], done: 0, most: Infinity };
        groups.set(key, group);
        delivery.groups.push(group);
      }
      group.records.push(index);
      if (chosen !== undefined) group.movable = false;
    }
    delivery.waiting = waiting;
  }

  /** A partition that has a leader; undefined: none has. */
  led({ leaders }: TopicMetadata): number | undefined {
    const start = Math.floor(this.#random() * leaders.length);
    for (let i = 0; i < leaders.length; i++) {
      const partition = (start + i) % leaders.length;
      if ((leaders[partition] ?? -1) >= 0) return partition;
    }
    return undefined;
  }

  /** What a record's key, or the record, says; undefined: nothing. */
  #chosen({ leaders }: TopicMetadata): number | undefined {
    const { key, partition } = this.#reader;
    if (this.#strategy === "manual") {
      const manual = this.#fixed ?? partition;
      if (!Number.isNaN(manual)) return manual;
    }
    const isHashed = this.#strategy === "hash" || this.#strategy === "manual";
    return isHashed && lengthOf(key) > 0 ? partitionOfKey(key, leaders.length) : undefined;
  }

  #spread(topic: TopicMetadata, shared: Map<string, number>): number {
    const count = topic.leaders.length;
    switch (this.#strategy) {
      case "random":
        return Math.floor(this.#random() * count);
      case "round-robin":
        this.#next = (this.#next + 1) % 0x7fffffff;
        return this.#next % count;
      default: {
        // One for all, so that there are few and large batches.
        const partition = shared.get(topic.name) ?? this.led(topic) ?? 0;
        shared.set(topic.name, partition);
        return partition;
      }
    }
  }
}
