import { WireWriter } from "../../../src/outputs/kafka/wire.ts";
import type { ArrivedBatch } from "../kafka_server.ts";
import { readRecordBatch, type StoredMessage } from "./record_reader.ts";

/** What a broker answers for one partition. */
export interface PartitionAnswer {
  readonly error: number;
  readonly refused: readonly { readonly position: number; readonly reason: string | undefined }[];
  readonly reason: string | undefined;
}

interface Partition {
  /** Number of the broker; -1: none. */
  leader: number;
  readonly messages: StoredMessage[];
  /** Of each producer: the next number, and the first numbers of its last five batches. */
  readonly producers: Map<bigint, { next: number; readonly last: { first: number; count: number }[] }>;
}

const STORED: PartitionAnswer = { error: 0, refused: [], reason: undefined };

/** What all brokers of a cluster store. */
export class KafkaLog {
  readonly topics = new Map<string, Partition[]>();
  /** How often a batch came again and was recognised. */
  recognised = 0;
  #producers = 0;

  constructor(
    topics: Readonly<Record<string, number>>,
    private readonly brokers: number,
    private readonly maxBatchBytes: number,
  ) {
    for (const [name, partitions] of Object.entries(topics)) this.create(name, partitions);
  }

  create(name: string, partitions: number): void {
    const all = Array.from({ length: partitions }, (_, index): Partition => ({
      leader: index % this.brokers,
      messages: [],
      producers: new Map(),
    }));
    this.topics.set(name, all);
  }

  /** Makes another broker the leader; -1: none leads. */
  move(topic: string, partition: number, leader: number): void {
    this.topics.get(topic)![partition]!.leader = leader;
  }

  /** Forgets what producers have sent, as after their ids expired. */
  forgetProducers(): void {
    for (const partition of [...this.topics.values()].flat()) partition.producers.clear();
  }

  /** The messages of one partition, of one topic, or all. */
  messages(topic?: string, partition?: number): StoredMessage[] {
    const topics = topic === undefined ? [...this.topics.values()] : [this.topics.get(topic) ?? []];
    return topics.flatMap((partitions) =>
      partitions.filter((_, index) => partition === undefined || index === partition).flatMap((
        { messages },
      ) => messages)
    );
  }

  nextProducer(): number {
    return 1000 + this.#producers++;
  }

  /** Takes a batch apart; one that no broker would take throws. */
  read(topic: string, partition: number, bytes: Uint8Array): ArrivedBatch {
    return { topic, partition, ...readRecordBatch(bytes) };
  }

  /** Stores a batch, unless it is known, too large or wrongly numbered. */
  append(broker: number, batch: ArrivedBatch): PartitionAnswer {
    const partition = this.topics.get(batch.topic)?.[batch.partition];
    if (partition === undefined) return { ...STORED, error: 3 };
    if (partition.leader !== broker) return { ...STORED, error: 6 };
    if (batch.bytes > this.maxBatchBytes) return { ...STORED, error: 10, reason: "too large" };
    if (batch.producer >= 0n) {
      const known = partition.producers.get(batch.producer) ?? { next: batch.sequence, last: [] };
      partition.producers.set(batch.producer, known);
      const count = batch.messages.length;
      if (known.last.some((each) => each.first === batch.sequence && each.count === count)) {
        this.recognised++;
        return STORED;
      }
      if (batch.sequence < known.next) return { ...STORED, error: 46 };
      if (batch.sequence > known.next) return { ...STORED, error: 45 };
      known.next += count;
      known.last.push({ first: batch.sequence, count });
      if (known.last.length > 5) known.last.shift();
    }
    partition.messages.push(...batch.messages);
    return STORED;
  }

  metadata(names: readonly string[], create: boolean, ports: readonly number[], error: number): Uint8Array {
    const writer = new WireWriter().int32(0);
    writer.array([...ports.entries()], ([number, port]) => {
      writer.int32(number).string("127.0.0.1").int32(port).string(undefined);
    });
    writer.string("cluster").int32(0).array(names, (name) => {
      if (create && !this.topics.has(name)) this.create(name, 1);
      const partitions = this.topics.get(name);
      writer.int16(partitions === undefined ? 3 : error).string(name).int8(0);
      writer.array([...(partitions ?? []).entries()], ([index, { leader }]) => {
        writer.int16(leader < 0 ? 5 : 0).int32(index).int32(leader);
        writer.array([leader], (replica) => writer.int32(replica)).array(
          [leader],
          (replica) => writer.int32(replica),
        );
      });
    });
    return writer.finish();
  }
}
