import { Buffer } from "node:buffer";
import type { Delivered } from "./delivered.ts";
import { BrokerSasl, type BrokerUser } from "./kafka/broker_sasl.ts";
import { KafkaLog, type PartitionAnswer } from "./kafka/kafka_log.ts";
import type { StoredBatch } from "./kafka/record_reader.ts";
import { WireReader, WireWriter } from "../../src/outputs/kafka/wire.ts";

/** A record batch as it came. */
export interface ArrivedBatch extends StoredBatch {
  readonly topic: string;
  readonly partition: number;
}

/** A whole produce request. */
export interface ArrivedProduce {
  /** Number of the broker. */
  readonly broker: number;
  readonly connection: number;
  readonly acks: number;
  readonly timeout: number;
  readonly batches: readonly ArrivedBatch[];
}

/** What becomes of a produce request. */
export interface Reply {
  /** For all of its partitions, instead of what the log would say; nothing is stored unless `keep` says so. */
  readonly error?: number;
  readonly keep?: boolean;
  readonly refused?: PartitionAnswer["refused"];
  readonly reason?: string;
  /** The connection ends without an answer; what came is stored where `keep` says so. */
  readonly cut?: boolean;
  /** There is no answer as long as the connection lasts. */
  readonly hang?: boolean;
}

/** Decides about each produce request; `number` counts from 0. */
export type Behaviour = (request: ArrivedProduce, number: number) => Reply | Promise<Reply>;

/** How a cluster is set up. */
export interface KafkaServerOptions {
  readonly brokers?: number;
  /** Topics with their numbers of partitions; `logs` with one, unless told. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Topics that are asked for are made, with one partition. */
  readonly autoCreate?: boolean;
  readonly user?: BrokerUser;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The newest version of Produce. */
  readonly produceVersion?: number;
  /** Larger batches are refused. */
  readonly maxBatchBytes?: number;
  readonly behaviour?: Behaviour;
  readonly ports?: readonly number[];
}

/** Brokers that misbehave as they are told. They check all that comes, and recognise what comes again, as Kafka does. */
export class KafkaServer implements AsyncDisposable {
  readonly produces: ArrivedProduce[] = [];
  /** Which APIs were asked for, by their numbers, with the client's name. */
  readonly requests: { readonly broker: number; readonly api: number; readonly client: string }[] = [];
  readonly log: KafkaLog;
  behaviour: Behaviour;
  /** Answers to requests for metadata and producer ids begin with this error. */
  metadataError = 0;
  producerIdError = 0;
  /** Answers to `ApiVersions`, raw, instead of the right one. */
  garbage: Uint8Array | undefined;
  readonly #options: KafkaServerOptions;
  readonly #brokers: FakeBroker[];
  #connections = 0;

  private constructor(options: KafkaServerOptions) {
    this.#options = options;
    this.behaviour = options.behaviour ?? (() => ({}));
    const count = options.brokers ?? 1;
    this.log = new KafkaLog(options.topics ?? { logs: 1 }, count, options.maxBatchBytes ?? 1_048_588);
    this.#brokers = Array.from({ length: count }, (_, number) => new FakeBroker(this, number, options));
  }

  static start(options: KafkaServerOptions = {}): KafkaServer {
    return new KafkaServer(options);
  }

  /** As in `brokers` of the configuration. */
  get brokers(): string[] {
    return this.#brokers.map(({ port }) => `127.0.0.1:${port}`);
  }

  get connections(): number {
    return this.#connections;
  }

  /** How many there are now. */
  get open(): number {
    return this.#brokers.reduce((sum, broker) => sum + broker.open, 0);
  }

  /** Closes a broker's port and connections; `start` opens it again. */
  stopBroker(number: number): Promise<void> {
    return this.#brokers[number]!.stop();
  }

  startBroker(number: number): void {
    this.#brokers[number]!.start();
  }

  /** The values of all messages, by topic and partition, as lines. `distinct`: each id once. */
  delivered(distinct = false): Delivered {
    return new DeliveredMessages(this.log, distinct);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()));
  }

  nextConnection(): number {
    return this.#connections++;
  }

  get ports(): number[] {
    return this.#brokers.map(({ port }) => port);
  }

  /** The answer to a request; undefined: none; "cut": the connection ends; "hang": nothing more happens. */
  async answer(
    broker: number,
    connection: number,
    api: number,
    version: number,
    reader: WireReader,
  ): Promise<Uint8Array | undefined | "cut" | "hang"> {
    const { produceVersion = 11, autoCreate = false } = this.#options;
    switch (api) {
      case 18: {
        if (this.garbage !== undefined) return this.garbage;
        const apis = [[0, 3, produceVersion], [3, 0, 12], [17, 0, 1], [18, 0, 3], [22, 0, 4], [36, 0, 2]];
        const writer = new WireWriter().int16(0);
        return writer.array(apis, ([key, least, most]) => writer.int16(key!).int16(least!).int16(most!))
          .finish();
      }
      case 3: {
        if (version !== 4) throw new Error(`metadata version ${version}`);
        const names = reader.array(() => reader.string());
        const create = reader.int8() === 1 && autoCreate;
        return this.log.metadata(names, create, this.ports, this.metadataError);
      }
      case 22:
        if (reader.nullableString() !== undefined) throw new Error("a transactional id");
        return new WireWriter().int32(0).int16(this.producerIdError).int64(BigInt(this.log.nextProducer()))
          .int16(0)
          .finish();
      case 0:
        return await this.#produce(broker, connection, version, reader);
      default:
        throw new Error(`api ${api}`);
    }
  }

  async #produce(
    broker: number,
    connection: number,
    version: number,
    reader: WireReader,
  ): Promise<Uint8Array | undefined | "cut" | "hang"> {
    if (reader.nullableString() !== undefined) throw new Error("a transactional id");
    const acks = reader.int16();
    const timeout = reader.int32();
    const sent = reader.array(() => {
      const topic = reader.string();
      return reader.array(() => ({ topic, partition: reader.int32(), bytes: reader.bytes() }));
    }).flat();
    const batches = sent.map(({ topic, partition, bytes }) => this.log.read(topic, partition, bytes));
    const request: ArrivedProduce = { broker, connection, acks, timeout, batches };
    const index = this.produces.push(request) - 1;
    const reply = await this.behaviour(request, index);
    const { error, cut = false, hang = false } = reply;
    const isKept = reply.keep ?? (error === undefined && !cut && !hang);
    const answers = batches.map((batch): PartitionAnswer => {
      const own = isKept ? this.log.append(broker, batch) : { error: 0, refused: [], reason: undefined };
      return error === undefined ? own : { error, refused: reply.refused ?? [], reason: reply.reason };
    });
    if (cut) return "cut";
    if (hang) return "hang";
    return acks === 0 ? undefined : produceAnswer(batches, answers, version);
  }
}

class FakeBroker {
  #listener: Deno.Listener | undefined;
  readonly #connections = new Set<Deno.Conn>();
  readonly #work = new Set<Promise<void>>();
  #port = 0;

  constructor(readonly cluster: KafkaServer, readonly number: number, readonly options: KafkaServerOptions) {
    this.#port = options.ports?.[number] ?? 0;
    this.start();
  }

  get port(): number {
    return this.#port;
  }

  get open(): number {
    return this.#connections.size;
  }

  start(): void {
    const { tls } = this.options;
    const listener = tls === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port: this.#port })
      : Deno.listenTls({ hostname: "127.0.0.1", port: this.#port, ...tls });
    this.#listener = listener;
    this.#port = (listener.addr as Deno.NetAddr).port;
    this.#track(this.#accept(listener));
  }

  async stop(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#work);
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    for (;;) {
      let connection: Deno.Conn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || this.#listener !== listener) return;
        continue;
      }
      this.#connections.add(connection);
      this.#track(this.#serve(connection));
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const { user } = this.options;
    const number = this.cluster.nextConnection();
    let sasl = user === undefined ? undefined : new BrokerSasl(user);
    try {
      for (
        let frame = await readFrame(connection);
        frame !== undefined;
        frame = await readFrame(connection)
      ) {
        const reader = new WireReader(frame);
        const [api, version, id, client] = [reader.int16(), reader.int16(), reader.int32(), reader.string()];
        this.cluster.requests.push({ broker: this.number, api, client });
        let body: Uint8Array | undefined | "cut" | "hang";
        if (api === 17 || api === 36) body = saslAnswer(user, sasl, api, version, reader);
        else if (sasl !== undefined && !sasl.isDone && api !== 18) return;
        else body = await this.cluster.answer(this.number, number, api, version, reader);
        if (sasl?.isDone === true && api === 17) sasl = new BrokerSasl(user!);
        if (body === "cut") return;
        if (body === "hang") {
          await readFrame(connection);
          return;
        }
        if (body === undefined) continue;
        await writeAll(
          connection,
          new WireWriter(body.length + 8).int32(body.length + 4).int32(id).raw(body).finish(),
        );
      }
    } catch (error) {
      // The client went away, or the broker was stopped; anything else is a mistake of the client's.
      if (!(error instanceof Error) || /record batch|api|version|transactional|offset/u.test(error.message)) {
        console.error(`fake broker: ${error}`);
      }
    } finally {
      close(connection);
      this.#connections.delete(connection);
    }
  }
}

function saslAnswer(
  user: BrokerUser | undefined,
  sasl: BrokerSasl | undefined,
  api: number,
  version: number,
  reader: WireReader,
): Uint8Array {
  const writer = new WireWriter();
  if (api === 17) {
    const isKnown = user !== undefined && reader.string() === user.mechanism;
    const mechanisms = user === undefined ? [] : [user.mechanism];
    return writer.int16(isKnown ? 0 : 33).array(mechanisms, (name) => writer.string(name)).finish();
  }
  const answer = sasl?.answer(Buffer.from(reader.bytes()));
  writer.int16(answer === undefined ? 58 : 0).string(
    answer === undefined ? "Authentication failed" : undefined,
  );
  writer.bytes(answer ?? new Uint8Array());
  if (version > 0) writer.int64(BigInt(user?.lifetime ?? 0));
  return writer.finish();
}

function produceAnswer(
  batches: readonly ArrivedBatch[],
  answers: readonly PartitionAnswer[],
  version: number,
): Uint8Array {
  const writer = new WireWriter();
  const all = batches.map((batch, index) => ({ ...batch, answer: answers[index]! }));
  writer.array([...Map.groupBy(all, ({ topic }) => topic)], ([topic, partitions]) => {
    writer.string(topic).array(partitions, ({ partition, answer }) => {
      writer.int32(partition).int16(answer.error).int64(0n).int64(-1n);
      if (version >= 5) writer.int64(0n);
      if (version < 8) return;
      writer.array(answer.refused, ({ position, reason }) => writer.int32(position).string(reason));
      writer.string(answer.reason);
    });
  });
  return writer.int32(0).finish();
}

class DeliveredMessages implements Delivered {
  constructor(private readonly log: KafkaLog, private readonly distinct: boolean) {}

  get lines(): number {
    return this.#values().length;
  }

  bytes(): Uint8Array {
    return Buffer.from(this.#values().map((value) => `${value}\n`).join(""));
  }

  #values(): string[] {
    const messages = this.log.messages();
    if (!this.distinct) return messages.map(({ value }) => value);
    const seen = new Set<string>();
    return messages.flatMap(({ value, headers }) => {
      const id = headers["id"]!;
      if (seen.has(id)) return [];
      seen.add(id);
      return [value];
    });
  }
}

async function readFrame(connection: Deno.Conn): Promise<Uint8Array | undefined> {
  const size = await readExactly(connection, 4);
  return size && await readExactly(connection, Buffer.from(size).readInt32BE(0));
}

async function readExactly(connection: Deno.Conn, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const got = await connection.read(bytes.subarray(done));
    if (got === null) return undefined;
    done += got;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
