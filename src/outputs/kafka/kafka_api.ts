import type { KafkaRequest } from "./broker_connection.ts";
import type { BrokerAddress } from "./kafka_config.ts";
import type { ProducerId } from "./record_batch.ts";
import { type WireReader, WireWriter } from "./wire.ts";

// Versions without compact encodings, which Kafka 0.11 to 4 have in common, but for ApiVersions itself.

const PRODUCE = 0;
const METADATA = 3;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;
const SASL_AUTHENTICATE = 36;

const OLDEST_PRODUCE = 3;
/** The first that names the records it refuses. */
const NEWEST_PRODUCE = 8;

export const apiVersionsRequest: KafkaRequest = { api: API_VERSIONS, version: 0, body: new Uint8Array() };

/** What of a broker's versions is used. */
export interface BrokerVersions {
  readonly produce: number;
  readonly saslAuthenticate: number;
}

/** Undefined: the broker has no version in common with the output. */
export function readApiVersions(reader: WireReader): BrokerVersions | undefined {
  const error = reader.int16();
  const ranges = reader.array(() => ({ api: reader.int16(), least: reader.int16(), most: reader.int16() }));
  const produce = ranges.find(({ api }) => api === PRODUCE);
  if (
    error !== 0 || produce === undefined || produce.most < OLDEST_PRODUCE || produce.least > NEWEST_PRODUCE
  ) {
    return undefined;
  }
  const authenticate = ranges.find(({ api }) => api === SASL_AUTHENTICATE);
  return {
    produce: Math.min(produce.most, NEWEST_PRODUCE),
    saslAuthenticate: Math.min(authenticate?.most ?? 0, 1),
  };
}

export function saslHandshakeRequest(mechanism: string): KafkaRequest {
  return { api: SASL_HANDSHAKE, version: 1, body: new WireWriter().string(mechanism).finish() };
}

export function readSaslHandshake(reader: WireReader): { error: number; mechanisms: string[] } {
  return { error: reader.int16(), mechanisms: reader.array(() => reader.string()) };
}

export function saslAuthenticateRequest(message: Uint8Array, version: number): KafkaRequest {
  return { api: SASL_AUTHENTICATE, version, body: new WireWriter().bytes(message).finish() };
}

/** `lifetime`: milliseconds until the broker ends the session; 0: never. */
export function readSaslAuthenticate(
  reader: WireReader,
  version: number,
): { error: number; reason: string | undefined; message: Uint8Array; lifetime: number } {
  return {
    error: reader.int16(),
    reason: reader.nullableString(),
    message: reader.bytes(),
    lifetime: version === 0 ? 0 : Number(reader.int64()),
  };
}

export function metadataRequest(topics: readonly string[], create: boolean): KafkaRequest {
  const body = new WireWriter();
  body.array(topics, (topic) => body.string(topic)).int8(create ? 1 : 0);
  return { api: METADATA, version: 4, body: body.finish() };
}

/** What brokers tell about a topic. */
export interface TopicMetadata {
  readonly name: string;
  readonly error: number;
  /** The number of the broker that leads each partition; -1: none does. */
  readonly leaders: readonly number[];
}

/** What a broker tells about the cluster. */
export interface Metadata {
  readonly brokers: ReadonlyMap<number, BrokerAddress>;
  readonly topics: readonly TopicMetadata[];
}

export function readMetadata(reader: WireReader): Metadata {
  reader.int32();
  const brokers = reader.array((): [number, BrokerAddress] => {
    const broker: [number, BrokerAddress] = [reader.int32(), { host: reader.string(), port: reader.int32() }];
    reader.nullableString();
    return broker;
  });
  reader.nullableString();
  reader.int32();
  const topics = reader.array((): TopicMetadata => {
    const error = reader.int16();
    const name = reader.string();
    reader.int8();
    const partitions = reader.array((): [number, number] => {
      reader.int16();
      const partition: [number, number] = [reader.int32(), reader.int32()];
      reader.array(() => reader.int32());
      reader.array(() => reader.int32());
      return partition;
    });
    const leaders: number[] = Array(partitions.length).fill(-1);
    for (const [index, leader] of partitions) if (index < leaders.length) leaders[index] = leader;
    return { name, error, leaders };
  });
  return { brokers: new Map(brokers), topics };
}

export function initProducerIdRequest(): KafkaRequest {
  return {
    api: INIT_PRODUCER_ID,
    version: 0,
    body: new WireWriter().string(undefined).int32(60_000).finish(),
  };
}

export function readInitProducerId(reader: WireReader): { error: number; producer: ProducerId } {
  reader.int32();
  return { error: reader.int16(), producer: { id: reader.int64(), epoch: reader.int16() } };
}

/** A record batch and where it belongs. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Uint8Array;
}

/** `timeout`: how long the broker waits for its replicas, in milliseconds. At most one batch for each partition. */
export function produceRequest(
  batches: readonly PartitionBatch[],
  acks: number,
  timeout: number,
  version: number,
): KafkaRequest {
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)];
  const size = batches.reduce((sum, { bytes, topic }) => sum + bytes.length + topic.length + 32, 64);
  const body = new WireWriter(size).string(undefined).int16(acks).int32(timeout);
  body.array(topics, ([topic, partitions]) => {
    body.string(topic).array(partitions, ({ partition, bytes }) => body.int32(partition).bytes(bytes));
  });
  return { api: PRODUCE, version, body: body.finish(), silent: acks === 0 };
}

/** What became of the batch of one partition. */
export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  /** Messages, by their position in the batch, that made the broker refuse it. */
  readonly refused: readonly { readonly position: number; readonly reason: string | undefined }[];
  readonly reason: string | undefined;
}

export function readProduce(reader: WireReader, version: number): ProduceAnswer[] {
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array((): ProduceAnswer => {
      const [partition, error] = [reader.int32(), reader.int16()];
      reader.int64();
      reader.int64();
      if (version >= 5) reader.int64();
      const refused = version < 8
        ? []
        : reader.array(() => ({ position: reader.int32(), reason: reader.nullableString() }));
      return { topic, partition, error, refused, reason: version < 8 ? undefined : reader.nullableString() };
    });
  });
  return topics.flat();
}
