import type { EncodedBatch } from "../../../src/batch.ts";
import type { Producer, Settings } from "./producers.ts";

type Client = Pick<Producer, "send" | "close">;

const encoder = new TextEncoder();

/** Opens the client of a server whose protocol is more than a request. `nextId`: the ids of records. */
export async function openClient(settings: Settings, nextId: () => string): Promise<Client> {
  switch (settings.kind) {
    case "kafka":
      return await openKafka(settings);
    case "s3":
      return await openS3(settings, nextId);
    case "nats":
      return await openNats(settings, nextId);
    case "redis":
      return await openRedis(settings);
    default:
      throw new Error(`there is no client for ${settings.kind}`);
  }
}

/** The project's own client, which takes batches as they come from the sender. */
async function openKafka({ to, name = "", batch }: Settings): Promise<Client> {
  const [{ parse }, { kafkaConfig }, { KafkaOutput }] = await Promise.all([
    import("../../../src/lib/schema.ts"),
    import("../../../src/outputs/kafka/kafka_config.ts"),
    import("../../../src/outputs/kafka/kafka_output.ts"),
  ]);
  const config = parse(kafkaConfig, { brokers: [to], topic: name, batch_size: batch.events });
  const nothing = () => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const output = new KafkaOutput(config, { name: "bench", log });
  await output.open();
  const { signal } = new AbortController();
  const id = crypto.randomUUID();
  let offset = 0;
  return {
    async send(records) {
      const { bytes, ends } = bytesOf(records);
      const offsets = Float64Array.from(ends, (end) => offset + end);
      offset += bytes.length;
      const ids = { origins: [{ id: `${id}.0`, end: ends.length }], offsets };
      const encoded: EncodedBatch = { bytes, ends, partition: "", ids };
      const { retry, rejected } = await output.send(encoded, signal);
      if (retry.length + rejected.length > 0) throw new Error("not all records arrived");
    },
    close: async () => await output[Symbol.asyncDispose](),
  };
}

async function openS3({ to, name = "" }: Settings, nextId: () => string): Promise<Client> {
  const { S3Client, PutObjectCommand } = await import("@aws-sdk/client-s3");
  const [accessKeyId = "", secretAccessKey = "", Bucket = ""] = name.split(" ");
  const client = new S3Client({
    region: "us-east-1",
    endpoint: to,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    // As the agent's.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return {
    async send(records) {
      const Body = encoder.encode(records.join(""));
      const Key = `bare/${nextId()}.json`;
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "application/json" }));
    },
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

/** Publishes as the library's own JetStream client does: each message with a subject for its answer. */
async function openNats({ to, name = "" }: Settings, nextId: () => string): Promise<Client> {
  const { connect, createInbox, headers } = await import("@nats-io/transport-node");
  const connection = await connect({ servers: to });
  const inbox = createInbox();
  let waiting = 0;
  let done = Promise.withResolvers<void>();
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      const { stream } = error === null ? message.json<{ stream?: string }>() : {};
      if (stream === undefined) done.reject(error ?? new Error(message.string()));
      else if (--waiting === 0) done.resolve();
    },
  });
  return {
    async send(records) {
      done = Promise.withResolvers();
      waiting = records.length;
      for (const [index, record] of records.entries()) {
        const head = headers();
        head.set("Nats-Msg-Id", nextId());
        connection.publish(name, encoder.encode(record.slice(0, -1)), {
          headers: head,
          reply: `${inbox}.${index}`,
        });
      }
      await done.promise;
    },
    close: () => connection.close(),
  };
}

/**
 * Adds a batch in one transaction, which is forced to the disk once, and counts the lines of the answers: one for MULTI,
 * for each command that it was queued, and the list of ids, each on two lines behind its length.
 */
async function openRedis({ to, name = "" }: Settings): Promise<Client> {
  const [hostname = "", port] = to.split(":");
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const answers = new Uint8Array(64 * 1024);
  const before = `*5\r\n$4\r\nXADD\r\n$${name.length}\r\n${name}\r\n$1\r\n*\r\n$5\r\nevent\r\n`;
  return {
    async send(records) {
      let commands = "*1\r\n$5\r\nMULTI\r\n";
      // The lines of the samples are ASCII.
      for (const record of records) {
        commands += `${before}$${record.length - 1}\r\n${record.slice(0, -1)}\r\n`;
      }
      const reading = read(2 + 3 * records.length);
      const bytes = encoder.encode(`${commands}*1\r\n$4\r\nEXEC\r\n`);
      for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
      await reading;
    },
    close() {
      connection.close();
      return Promise.resolve();
    },
  };

  async function read(lines: number): Promise<void> {
    for (let missing = lines; missing > 0;) {
      const length = await connection.read(answers);
      if (length === null) throw new Error("Redis closed the connection");
      if (missing === lines && answers[0] === 0x2d) {
        throw new Error(new TextDecoder().decode(answers.subarray(0, length)));
      }
      for (let i = 0; i < length; i++) if (answers[i] === 0x0a) missing--;
    }
  }
}

/** Records back to back. */
function bytesOf(records: readonly string[]): Pick<EncodedBatch, "bytes" | "ends"> {
  const bytes = encoder.encode(records.join(""));
  const ends = new Uint32Array(records.length);
  let end = 0;
  records.forEach((record, index) => ends[index] = end += record.length);
  return { bytes, ends };
}
