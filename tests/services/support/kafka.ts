import * as fs from "node:fs";
import { join } from "node:path";
import { TestCertificates } from "../../support/test_certificates.ts";
import { until } from "../../support/wait.ts";
import { debianEnv, unpackDebian } from "./debian.ts";
import { install, run } from "./install.ts";
import { freePort, ServerProcess } from "./server_process.ts";

const VERSION = "4.1.1";

/** The broker, from Maven Central. */
export const kafka = await install("kafka", VERSION, async (directory) => {
  await run("java", ["-version"]);
  const dependency = (name: string) =>
    `<dependency><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId><version>${VERSION}</version></dependency>`;
  fs.writeFileSync(
    join(directory, "pom.xml"),
    `<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
    <dependencies>${dependency("kafka_2.13")}${dependency("kafka-tools")}</dependencies></project>`,
  );
  await run("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], { cwd: directory });
});

/** A client that has nothing in common with the output but the protocol. */
export const kcat = await install("kcat", "debian", async (directory) => {
  await unpackDebian(directory, ["kcat", "librdkafka1", "libyajl2", "liblz4-1", "libsasl2-2"]);
});

/** A message as kcat reads it. */
export interface ReadMessage {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly headers: string;
  readonly key: string;
  readonly value: string;
}

/** Whom the brokers know. */
export const USER = { sasl_username: "agent", sasl_password: "it's a secret" } as const;
const PARTITIONS = 3;
const LISTENERS = ["PLAINTEXT", "CONTROLLER", "SASL_PLAINTEXT", "SASL_SSL"] as const;

/** A cluster of one broker, with a listener for each kind of security. */
export class KafkaBroker implements AsyncDisposable {
  /** By the name of the listener, as `host:port`. */
  readonly addresses: Readonly<Record<typeof LISTENERS[number], string>>;
  readonly #kcat: string;
  readonly #process: ServerProcess;

  private constructor(kcatDirectory: string, addresses: KafkaBroker["addresses"], process: ServerProcess) {
    this.#kcat = kcatDirectory;
    this.addresses = addresses;
    this.#process = process;
  }

  /** `place`: a directory for its files. */
  static async start(
    directory: string,
    kcatDirectory: string,
    place: string,
    certificates: TestCertificates,
  ): Promise<KafkaBroker> {
    fs.mkdirSync(place, { recursive: true });
    const addresses = Object.fromEntries(
      LISTENERS.map((name) => [name, `127.0.0.1:${freePort()}`]),
    ) as KafkaBroker["addresses"];
    const properties = join(place, "server.properties");
    fs.writeFileSync(properties, propertiesOf(addresses, place, certificates));
    const java = ["-cp", `${join(directory, "lib")}/*`];
    const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${USER.sasl_username},password="${USER.sasl_password}"]`,
    ]);
    const format = ["format", "-t", "AAAAAAAAQ0CAAAAAAAAAAA", "-c", properties, ...scram];
    await run("java", [...java, "kafka.tools.StorageTool", ...format]);
    const logging = join(place, "log4j2.xml");
    fs.writeFileSync(logging, "<Configuration><Loggers><Root level='off'/></Loggers></Configuration>");
    const process = new ServerProcess({
      command: "java",
      args: ["-Xmx320m", `-Dlog4j2.configurationFile=${logging}`, ...java, "kafka.Kafka", properties],
      port: Number(addresses.PLAINTEXT.split(":")[1]),
    });
    const broker = new KafkaBroker(kcatDirectory, addresses, process);
    await broker.#start();
    return broker;
  }

  /** Kills it at once and starts it again on the same ports. */
  async restart(): Promise<void> {
    await this.#process.stop("SIGKILL");
    await this.#start();
  }

  /** All messages of a topic, one partition after the other; none where it does not exist. */
  async messages(topic: string): Promise<ReadMessage[]> {
    const separator = "\u0001";
    const format = ["%t", "%p", "%T", "%h", "%k", "%s"].join(separator);
    const text = await this.#run("-C", "-t", topic, "-e", "-q", "-f", `${format}\n`).catch((error) => {
      if (/Unknown topic/u.test(error.message)) return "";
      throw error;
    });
    return text.split("\n").slice(0, -1).map((line): ReadMessage => {
      const [name = "", partition, timestamp, headers = "", key = "", value = ""] = line.split(separator);
      return { topic: name, partition: Number(partition), timestamp: Number(timestamp), headers, key, value };
    });
  }

  /** How many messages a topic has; cheap. */
  async count(topic: string): Promise<number> {
    const partitions = Array.from({ length: PARTITIONS }, (_, number) => ["-t", `${topic}:${number}:-1`]);
    const text = await this.#run("-Q", ...partitions.flat()).catch(() => "");
    return [...text.matchAll(/ offset (\d+)/gu)].reduce((sum, [, offset]) => sum + Number(offset), 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    // On a busy machine Java takes longer than other servers do; and it listens before it knows itself.
    const starting = this.#process.start().catch(() => {});
    const isThere = () => this.#run("-L").then((text) => / 1 brokers/u.test(text), () => false);
    await until("the broker's answer", isThere, { within: 120_000, state: () => this.#process.output });
    await starting;
  }

  #run(...args: readonly string[]): Promise<string> {
    return run(join(this.#kcat, "usr/bin/kcat"), ["-b", this.addresses.PLAINTEXT, "-m", "5", ...args], {
      env: debianEnv(this.#kcat),
    });
  }
}

function propertiesOf(
  addresses: KafkaBroker["addresses"],
  place: string,
  certificates: TestCertificates,
): string {
  const keys = join(place, "server.pem");
  fs.writeFileSync(keys, certificates.read("server.key") + certificates.read("server.pem"));
  const listeners = LISTENERS.map((name) => `${name}://${addresses[name]}`);
  const plain =
    `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER.sasl_username}="${USER.sasl_password}";`;
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const jaas = ["sasl_plaintext", "sasl_ssl"].flatMap((name) => [
    `listener.name.${name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
    `listener.name.${name}.plain.sasl.jaas.config=${plain}`,
    `listener.name.${name}.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.${name}.scram-sha-512.sasl.jaas.config=${scram}`,
  ]);
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@${addresses.CONTROLLER}`,
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
    `listeners=${listeners.join(",")}`,
    `advertised.listeners=${listeners.filter((listener) => !listener.startsWith("CONTROLLER")).join(",")}`,
    ...jaas,
    "ssl.keystore.type=PEM",
    `ssl.keystore.location=${keys}`,
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${certificates.path("ca.pem")}`,
    "ssl.client.auth=required",
    `log.dirs=${join(place, "data")}`,
    "offsets.topic.replication.factor=1",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    `num.partitions=${PARTITIONS}`,
    "auto.create.topics.enable=true",
    "",
  ].join("\n");
}
