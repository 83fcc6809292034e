import { join } from "node:path";
import { hasOpenssl, TestCertificates } from "../support/test_certificates.ts";
import { DeliveredFiles } from "../support/delivered.ts";
import type { Installed } from "../services/support/install.ts";
import { type Destination, LARGE, type Missing, SIMPLE, type Start } from "./outputs_destinations.ts";

/**
 * What outputs are measured with. Servers of others are installed and started as the tests of services do it; their
 * modules, which do that, are loaded where they are asked for.
 */
export const DESTINATIONS = {
  ...SIMPLE,
  loki: startVictoriaLogs((url) => ({ endpoint: url("/insert"), encoding: "text" }), {
    path: "/insert/loki/api/v1/push",
    concurrency: 2,
  }),
  otlp: startVictoriaLogs((url) => ({ endpoint: url("/insert/opentelemetry"), encoding: "protobuf" }), {
    path: "/insert/opentelemetry/v1/logs",
    concurrency: 2,
  }),
  splunk_hec: startVictoriaLogs((url) => ({ endpoint: url(""), token: "any", encoding: "text" }), {
    path: "/services/collector/event",
    concurrency: 2,
  }),
  elasticsearch: startOpenSearch,
  kafka: startKafka,
  s3: startGateway,
  nats: startNats,
  redis: startRedis,
  syslog: startRsyslog,
} satisfies Record<string, Start>;

export type OutputName = keyof typeof DESTINATIONS;

/** The outputs that can be measured, in the order in which they are. */
export const OUTPUT_NAMES = Object.keys(DESTINATIONS) as OutputName[];

/** Where something is installed, or why it is not; the first that is missing counts. */
function directoriesOf(...all: readonly Installed[]): string[] | Missing {
  const missing = all.find((installed) => "missing" in installed);
  return missing ?? all.flatMap((installed) => "directory" in installed ? [installed.directory] : []);
}

/** `block`: the keys of the output; `path`: where the bare producer sends to. */
function startVictoriaLogs(
  block: (url: (path: string) => string) => Readonly<Record<string, unknown>>,
  { path, concurrency }: { readonly path: string; readonly concurrency: number },
): Start {
  return async (place) => {
    const { VictoriaLogs, victoriaLogs } = await import("../services/support/victorialogs.ts");
    const found = directoriesOf(victoriaLogs);
    if ("missing" in found) return found;
    const server = await VictoriaLogs.start(found[0] ?? "", join(place, "data"));
    return {
      ...{ server: "VictoriaLogs", batching: { ...LARGE, concurrency } },
      block: () => ({ ...block((path) => server.url(path)), concurrency }),
      bare: () => ({ to: server.url(path) }),
      async count() {
        // Else it shows what it has taken a second later.
        await (await fetch(server.url("/internal/force_flush"))).body?.cancel();
        return await server.count();
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  };
}

async function startOpenSearch(place: string): Promise<Destination | Missing> {
  const { SearchServer, searchServers } = await import("../services/support/opensearch.ts");
  const found = directoriesOf(searchServers.opensearch);
  if ("missing" in found) return found;
  const server = await SearchServer.start("opensearch", found[0] ?? "", join(place, "data"));
  const index = "bench";
  return {
    ...{ server: "OpenSearch", batching: { ...LARGE, concurrency: 2 }, share: 1 / 4 },
    async empty() {
      // Deleting documents would cost the next run; replicas have no place, and nobody searches meanwhile.
      await server.ask("DELETE", `/${index}`).catch(() => {});
      await server.ask("PUT", `/${index}`, {
        settings: { number_of_replicas: 0, refresh_interval: "30s" },
        mappings: {
          properties: {
            "@timestamp": { type: "date" },
            message: { type: "text" },
            source: { type: "keyword" },
          },
        },
      });
    },
    block: () => ({ addresses: [server.url], index, index_rotation: "none", bulk_workers: 2 }),
    bare: () => ({ to: `${server.url}/${index}/_bulk?filter_path=errors,items.*.error` }),
    count: () => server.count(index),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startKafka(place: string): Promise<Destination | Missing> {
  const { kafka, KafkaBroker, kcat } = await import("../services/support/kafka.ts");
  const openssl = hasOpenssl() ? [] : [{ missing: "openssl is not there" }];
  const found = directoriesOf(kafka, kcat, ...openssl);
  if ("missing" in found) return found;
  const [directory = "", kcatDirectory = ""] = found;
  await using started = new AsyncDisposableStack();
  const certificates = started.use(await TestCertificates.make());
  const broker = started.use(
    await KafkaBroker.start(directory, kcatDirectory, join(place, "data"), certificates),
  );
  const to = broker.addresses.PLAINTEXT;
  const topic = "bench";
  const running = started.move();
  return {
    ...{ server: "Apache Kafka", batching: LARGE },
    block: () => ({ brokers: [to], topic }),
    bare: () => ({ to, name: topic }),
    count: () => broker.count(topic),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startGateway(place: string): Promise<Destination | Missing> {
  const { boto3, Gateway, versityGateway } = await import("../services/support/s3.ts");
  const found = directoriesOf(versityGateway, boto3);
  if ("missing" in found) return found;
  const [program = "", python = ""] = found;
  const gateway = await Gateway.start(program, python, place);
  const { accessKey, secretKey, bucket } = Gateway;
  return {
    server: "the S3 gateway of Versity",
    batching: { events: 50_000, bytes: 8 * LARGE.bytes, concurrency: 2 },
    block: () => ({ ...gateway.block, upload_concurrency: 2 }),
    bare: () => ({ to: gateway.block.endpoint, name: `${accessKey} ${secretKey} ${bucket}` }),
    count: () => gateway.lines(),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

async function startNats(place: string): Promise<Destination | Missing> {
  const { Nats, natsCli, natsServer } = await import("../services/support/nats.ts");
  const found = directoriesOf(natsServer, natsCli);
  if ("missing" in found) return found;
  await using started = new AsyncDisposableStack();
  const server = started.use(await Nats.start(found, place));
  const [stream, subject] = ["BENCH", "bench.logs"];
  await server.addStream(stream, "bench.*");
  const running = started.move();
  return {
    ...{ server: "NATS JetStream, stored in files", batching: LARGE, share: 1 / 2 },
    empty: async () => {
      await server.run("stream", "purge", stream, "--force");
    },
    block: () => ({ servers: [`nats://${server.address}`], subject }),
    bare: () => ({ to: server.address, name: subject }),
    count: () => server.count(stream),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startRedis(place: string): Promise<Destination | Missing> {
  const { Redis, redis } = await import("../services/support/redis.ts");
  const found = directoriesOf(redis);
  if ("missing" in found) return found;
  const server = await Redis.start(found[0] ?? "", join(place, "data"));
  const key = "bench";
  return {
    ...{ server: "Redis streams, each write forced to the disk", batching: LARGE },
    empty: async () => {
      await server.cli("DEL", key);
    },
    block: () => ({ address: `redis://127.0.0.1:${server.port}`, key }),
    bare: () => ({ to: `127.0.0.1:${server.port}`, name: key }),
    count: () => server.length(key),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startRsyslog(place: string): Promise<Destination | Missing> {
  const { Rsyslog, rsyslog } = await import("../services/support/rsyslog.ts");
  const found = directoriesOf(rsyslog);
  if ("missing" in found) return found;
  const server = await Rsyslog.start(found[0] ?? "", join(place, "data"));
  const address = `127.0.0.1:${server.port}`;
  const files = new DeliveredFiles(server.file);
  return {
    ...{ server: "rsyslog, RFC 5424 over TCP, written to a file", batching: LARGE },
    empty() {
      if (server.size > 0) Deno.truncateSync(server.file);
    },
    block: () => ({ address: `tcp://${address}` }),
    bare: () => ({ to: address }),
    count: () => files.lines,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
