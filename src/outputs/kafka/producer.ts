import type { EncodedBatch } from "../../batch.ts";
import type { Log } from "../../lib/log.ts";
import { reasonOf } from "../../lib/reason.ts";
import { BrokerError } from "./broker_connection.ts";
import { CODEC_NUMBERS, compressBatch } from "./codecs.ts";
import { type Delivery, type Group, type OpenBatch, Planner } from "./delivery_plan.ts";
import {
  initProducerIdRequest,
  type ProduceAnswer,
  produceRequest,
  readInitProducerId,
  readProduce,
  type TopicMetadata,
} from "./kafka_api.ts";
import type { KafkaCluster, Session } from "./kafka_cluster.ts";
import { acksOf, isIdempotent, type KafkaConfig } from "./kafka_config.ts";
import { errorText, verdictOf } from "./kafka_errors.ts";
import { MessageReader } from "./message_reader.ts";
import { ProducerSequences, sealPlain } from "./producer_sequences.ts";
import { encodeRecords } from "./record_batch.ts";

/** A group whose next batch is in a request. */
interface Sent {
  readonly group: Group;
  readonly open: OpenBatch;
}

/** Brokers wait for their replicas a little shorter than the output waits for them. */
const BROKER_PATIENCE = 0.8;
const SMALLEST_LIMIT = 1024;

/** Sends planned records to the brokers that lead their partitions. */
export class Producer {
  readonly #config: KafkaConfig;
  readonly #name: string;
  readonly #log: Log;
  readonly #reader: MessageReader;
  readonly #planner: Planner;
  readonly #codec: number;
  readonly #acks: -1 | 0 | 1;
  readonly #sequences: ProducerSequences | undefined;
  /** Bytes of a batch at most, before compression. */
  #limit: number;

  constructor(config: KafkaConfig, name: string, log: Log, random: () => number) {
    this.#config = config;
    this.#name = name;
    this.#log = log;
    this.#reader = new MessageReader(config);
    this.#planner = new Planner(config, this.#reader, random);
    this.#codec = CODEC_NUMBERS[config.compression_codec];
    this.#acks = acksOf(config.required_acks);
    this.#sequences = isIdempotent(config) ? new ProducerSequences(this.#codec) : undefined;
    this.#limit = config.max_message_bytes;
  }

  /** The planner, with its reader at this batch. */
  plannerAt(batch: EncodedBatch): Planner {
    this.#reader.use(batch);
    return this.#planner;
  }

  /** Sends all that is planned. Throws the first trouble once all that was under way has ended. */
  async deliver(
    cluster: KafkaCluster,
    batch: EncodedBatch,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<void> {
    // New numbers help once; if they are refused again, something else is wrong.
    let renewals = 0;
    this.#sequences?.tidy();
    for (;;) {
      const pending = delivery.groups.filter(({ done, records }) => done < records.length);
      if (pending.length === 0) return;
      const troubles: Error[] = [];
      const byLeader = await this.#byLeader(cluster, pending, troubles, signal);
      const requests: (readonly [number, Sent[]])[] = [];
      for (const [leader, groups] of byLeader) {
        const sent: Sent[] = [];
        for (const group of groups) {
          const open = await this.#open(batch, delivery, group);
          if (open !== undefined) sent.push({ group, open });
        }
        requests.push([leader, sent]);
      }
      if (!(await this.#number(cluster, requests.flatMap(([, sent]) => sent), signal))) continue;
      const renew = await Promise.all(requests.map(async ([leader, sent]) => {
        try {
          return await this.#request(cluster, leader, sent, delivery, troubles, signal);
        } catch (error) {
          cluster.forget(sent.map(({ group }) => group.topic));
          if (!(error instanceof NotSentError)) { for (const { open } of sent) open.uncertain = true; }
          troubles.push(error instanceof Error ? error : new Error(String(error)));
          return false;
        }
      }));
      const [trouble] = troubles;
      if (trouble !== undefined) throw trouble;
      if (renew.includes(true) && ++renewals > 1) {
        throw new BrokerError("the brokers refuse the numbers of messages");
      }
    }
  }

  /** The groups by the broker that leads their partition. Those that nobody leads move, or are a trouble. */
  async #byLeader(
    cluster: KafkaCluster,
    groups: readonly Group[],
    troubles: Error[],
    signal: AbortSignal,
  ): Promise<Map<number, Group[]>> {
    const topics = await cluster.topics(new Set(groups.map(({ topic }) => topic)), signal);
    const byLeader = new Map<number, Group[]>();
    for (const group of groups) {
      const topic = topics.get(group.topic);
      const leader = topic === undefined ? -1 : this.#leaderOf(group, topic);
      if (leader < 0) {
        const code = topic?.error ?? 0;
        const why = code === 0 ? "it has no leader" : errorText(code);
        troubles.push(new BrokerError(`topic ${group.topic}, partition ${group.partition}: ${why}`));
        continue;
      }
      const others = byLeader.get(leader);
      if (others === undefined) byLeader.set(leader, [group]);
      else others.push(group);
    }
    return byLeader;
  }

  #leaderOf(group: Group, topic: TopicMetadata): number {
    const leader = topic.leaders[group.partition] ?? -1;
    if (leader >= 0 || !group.movable || group.open?.uncertain === true) return leader;
    const partition = this.#planner.led(topic);
    if (partition === undefined) return -1;
    if (group.open !== undefined) this.#sequences?.dropped(keyOf(group), group.open);
    group.open = undefined;
    group.partition = partition;
    return topic.leaders[partition] ?? -1;
  }

  /** The batch of a group that is to be sent next; undefined: none of the rest may be in any. */
  async #open(batch: EncodedBatch, delivery: Delivery, group: Group): Promise<OpenBatch | undefined> {
    if (group.open !== undefined) return group.open;
    this.#reader.use(batch);
    const encoded = encodeRecords(this.#reader, {
      records: group.records,
      from: group.done,
      most: group.most,
      limit: this.#limit,
      largest: this.#config.max_message_bytes,
      now: Date.now(),
      untimely: delivery.untimely,
    });
    for (const { index, size } of encoded.tooLarge) {
      const reason = `message of about ${size} bytes is larger than max_message_bytes`;
      delivery.rejected.push({ index, reason });
    }
    remove(group, encoded.tooLarge.map(({ index }) => index));
    if (encoded.records.length === 0) return undefined;
    const bytes = await compressBatch(encoded.bytes, this.#config.compression_codec);
    return group.open = {
      bytes,
      size: encoded.bytes.length,
      records: encoded.records,
      uncertain: false,
    };
  }

  /** Numbers the batches. False: there is a new producer id, and it all begins again. */
  async #number(cluster: KafkaCluster, sent: readonly Sent[], signal: AbortSignal): Promise<boolean> {
    const sequences = this.#sequences;
    if (sequences === undefined) {
      for (const { open } of sent) sealPlain(open, this.#codec);
      return true;
    }
    if (sequences.isMissing && sent.length > 0) {
      const { connection } = await cluster.any(signal);
      const { error, producer } = readInitProducerId(
        await connection.request(initProducerIdRequest(), signal),
      );
      if (error !== 0) throw new BrokerError(`no producer id: ${errorText(error)}`);
      sequences.begin(producer);
    }
    // Not `every`: what cannot be numbered must not keep the others from it.
    return sent.filter(({ group, open }) => !sequences.number(keyOf(group), open)).length === 0;
  }

  /** Sends one request and settles what its answer says. True: the messages need new numbers. */
  async #request(
    cluster: KafkaCluster,
    leader: number,
    sent: readonly Sent[],
    delivery: Delivery,
    troubles: Error[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (sent.length === 0) return false;
    const { connection, versions } = await sessionWith(cluster, leader, signal);
    const batches = sent.map(({ group, open }) => ({
      topic: group.topic,
      partition: group.partition,
      bytes: open.bytes,
    }));
    const patience = Math.ceil(this.#config.timeout * BROKER_PATIENCE);
    const request = produceRequest(batches, this.#acks, patience, versions.produce);
    const reader = await connection.request(request, signal);
    if (request.silent === true) {
      for (const { group, open } of sent) this.#advance(group, open);
      return false;
    }
    const answers = readProduce(reader, versions.produce);
    let renew = false;
    for (const { group, open } of sent) {
      const answer = answers.find(({ topic, partition }) =>
        topic === group.topic && partition === group.partition
      );
      if (answer === undefined) {
        throw new BrokerError(`broker ${connection.broker}: its answer lacks a partition`);
      }
      const verdict = verdictOf(answer.error);
      if (verdict === "sequence") renew = true;
      const trouble = this.#settle(cluster, group, open, answer, delivery);
      if (trouble !== undefined) troubles.push(trouble);
    }
    return renew;
  }

  /** Does what the answer of one partition says. Answers an Error where its messages have to be sent again later. */
  #settle(
    cluster: KafkaCluster,
    group: Group,
    open: OpenBatch,
    answer: ProduceAnswer,
    delivery: Delivery,
  ): Error | undefined {
    const refuse = (group: Group, records: readonly number[]) => {
      const reason = reasonFor(answer);
      for (const index of records) delivery.rejected.push({ index, reason });
      remove(group, records);
    };
    switch (verdictOf(answer.error)) {
      case "stored":
        this.#advance(group, open);
        return undefined;
      case "split":
        if (open.records.length > 1) {
          this.#learn(open);
          group.most = halfOf(open);
        } else {
          refuse(group, open.records);
        }
        this.#drop(group, open);
        return undefined;
      case "untimely": {
        const named = namedBy(answer, open);
        refuse(group, named.filter((index) => delivery.untimely.has(index)));
        for (const index of named) delivery.untimely.add(index);
        this.#drop(group, open);
        return undefined;
      }
      case "refused":
        if (answer.refused.length === 0 && open.records.length > 1) group.most = halfOf(open);
        else refuse(group, namedBy(answer, open));
        this.#drop(group, open);
        return undefined;
      case "sequence":
        this.#sequences?.reset();
        return undefined;
      case "moved":
        cluster.forget([group.topic]);
        break;
      case "uncertain":
        open.uncertain = true;
        break;
      case "later":
        break;
    }
    return new BrokerError(`topic ${group.topic}, partition ${group.partition}: ${errorText(answer.error)}`);
  }

  #advance(group: Group, open: OpenBatch): void {
    this.#sequences?.stored(keyOf(group), open);
    group.done += open.records.length;
    group.open = undefined;
  }

  #drop(group: Group, open: OpenBatch): void {
    this.#sequences?.dropped(keyOf(group), open);
    group.open = undefined;
  }

  #learn({ size }: OpenBatch): void {
    if (this.#limit === this.#config.max_message_bytes) {
      this.#log.info(
        `Output "${this.#name}" sends smaller batches: the broker refused one of ${size} bytes; a lower max_message_bytes avoids that`,
        { output: this.#name, bytes: size },
      );
    }
    this.#limit = Math.max(SMALLEST_LIMIT, Math.min(this.#limit, Math.ceil(size / 2)));
  }
}

/** A request could not even be sent. */
class NotSentError extends BrokerError {}

function keyOf({ topic, partition }: Group): string {
  return `${topic}:${partition}`;
}

/** A session that cannot be had leaves no doubt. */
async function sessionWith(cluster: KafkaCluster, leader: number, signal: AbortSignal): Promise<Session> {
  try {
    return await cluster.broker(leader, signal);
  } catch (error) {
    throw new NotSentError(reasonOf(error), { cause: error });
  }
}

/** The records that made the broker refuse a batch; all, where it names none. */
function namedBy({ refused }: ProduceAnswer, { records }: OpenBatch): readonly number[] {
  const named = refused.flatMap(({ position }) => records[position] ?? []);
  return named.length === 0 ? records : named;
}

function halfOf({ records }: OpenBatch): number {
  return Math.ceil(records.length / 2);
}

/** Takes records out of what a group still has to send. */
function remove(group: Group, records: readonly number[]): void {
  if (records.length === 0) return;
  const gone = new Set(records);
  const rest = group.records.slice(group.done).filter((index) => !gone.has(index));
  group.records.length = group.done;
  for (const index of rest) group.records.push(index);
}

/** A broker must not write control sequences to a terminal. */
function reasonFor({ error, reason, refused }: ProduceAnswer): string {
  const told = (refused[0]?.reason ?? reason ?? "").replace(/[\s\p{Cc}]+/gu, " ").slice(0, 200);
  return told === "" ? errorText(error) : `${errorText(error)}: ${told}`;
}
