import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import { addressNeeds, addressOf, addressProblem, type Schemes } from "../socket/address.ts";
import { atLeast, notEmpty, tlsNeeds } from "../socket/tls_keys.ts";

/** What the servers of `nats` may begin with, and the usual port. */
export const NATS_SCHEMES: Schemes = { nats: 4222, tls: 4222 };

/** What the user configures for `nats`. */
export const natsOutputSchema = schema.object({
  servers: schema.oneOrMany(schema.string().check(addressProblem(NATS_SCHEMES))).default([
    "nats://127.0.0.1:4222",
  ]).check(serversProblem).describe(
    "The servers of one cluster, each as nats://host:port or tls://host:port; the next one is taken when one fails.",
  ),
  subject: schema.string().default("logs").check(notEmpty).describe(
    "Subject of the messages, or a template for it; the characters of values that are not letters, digits, _ or - become _.",
  ),
  jetstream: schema.boolean().default(true).describe(
    "Publish to a stream, which acknowledges each message once it is stored. Without it, messages go to whoever listens in that moment, and nobody confirms them.",
  ),
  encoding: schema.choice(["json", "text"]).default("json").describe(
    "What is sent of a record: json gives event JSON, text gives the message, or the line as it came where nothing makes one of it.",
  ),
  message_id: schema.boolean().default(true).describe(
    "Send the record's id as Nats-Msg-Id, so that a stream stores once what comes again within its duplicate window.",
  ),
  username: schema.string().check(notEmpty).describe("User."),
  password: schema.string().secret().check(notEmpty).describe("Password."),
  token: schema.string().secret().check(notEmpty).describe("Token."),
  nkey_seed: schema.string().secret().check(seedProblem).describe("Seed of an nkey of a user (SU…)."),
  credentials_file: schema.string().alias("creds_file").check(notEmpty).describe(
    "File with a user's JWT and nkey seed (.creds).",
  ),
  tls: schema.object({
    ca_file: schema.string().check(notEmpty).describe("File with certificates (PEM) that are trusted."),
    cert_file: schema.string().check(notEmpty).describe("File with the client certificate chain (PEM)."),
    key_file: schema.string().check(notEmpty).describe("File with its private key (PEM)."),
    handshake_first: schema.boolean().default(false).describe(
      "Begin with TLS at once, as servers with handshake_first expect it.",
    ),
  }).default({}).check(tlsProblem).describe("Certificates for TLS."),
  batch_size: schema.integer({ min: 1 }).default(1000).describe(
    "Messages that are under way at once at most.",
  ),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records that are under way at once at most; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("200ms").describe("How long a record waits for a batch to fill."),
  timeout: schema.duration().default("10s").check(atLeast(1, "1ms")).describe(
    "How long a server may take to accept a connection, and to acknowledge the next message.",
  ),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type NatsOutputConfig = schema.Infer<typeof natsOutputSchema>;

// The rules never quote a value that may be a secret.

function serversProblem(servers: readonly string[]): string | undefined {
  if (servers.length === 0) return "must name a server";
  const schemes = new Set(servers.map((server) => addressOf(server, NATS_SCHEMES).scheme));
  return schemes.size > 1 ? "has servers with and without TLS; write tls for all of them" : undefined;
}

function seedProblem(seed: string): string | undefined {
  return /^SU[A-Z2-7]{56}$/.test(seed) ? undefined : "is no seed of a user's nkey, which begins with SU";
}

function tlsProblem(
  { cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined },
) {
  if ((cert_file === undefined) === (key_file === undefined)) return undefined;
  const [given, missing] = key_file === undefined ? ["cert_file", "key_file"] : ["key_file", "cert_file"];
  return `has ${given} without ${missing}; a client certificate needs both`;
}

function blockProblem(
  { servers, tls, username, password, token, nkey_seed, credentials_file }: {
    readonly servers: readonly string[];
    readonly tls: { ca_file?: string | undefined; cert_file?: string | undefined; handshake_first: boolean };
    readonly username?: string | undefined;
    readonly password?: string | undefined;
    readonly token?: string | undefined;
    readonly nkey_seed?: string | undefined;
    readonly credentials_file?: string | undefined;
  },
): string | undefined {
  if ((username === undefined) !== (password === undefined)) {
    return "has only one of username and password; give both";
  }
  const ways = Object.entries({ username, token, nkey_seed, credentials_file })
    .filter(([, value]) => value !== undefined).map(([name]) => name);
  if (ways.length > 1) return `has ${ways.join(" as well as ")}; keep one of them`;
  const plain = addressOf(servers[0] ?? "", NATS_SCHEMES).scheme === "nats";
  if (plain && (tls.ca_file !== undefined || tls.cert_file !== undefined || tls.handshake_first)) {
    return "has tls, while servers are nats; write tls for them, or leave it out";
  }
  return undefined;
}

/** The `nats` output as the registry lists it. */
export const natsOutput: ComponentType<NatsOutputConfig, Promise<Output>, OutputContext> = {
  schema: natsOutputSchema,
  example: {
    servers: ["tls://nats.example.com:4222"],
    subject: "logs.{{ fields.service }}",
    credentials_file: "/etc/logaggregator/nats.creds",
  },
  permissions: ({ servers, tls, credentials_file }) => [
    ...servers.flatMap((server) => addressNeeds(addressOf(server, NATS_SCHEMES))),
    ...tlsNeeds(tls),
    ...credentials_file === undefined
      ? []
      : [{ name: "read", path: credentials_file, why: "to log in to NATS" } as const],
  ],
  takesLines: ({ encoding, subject }) => encoding === "text" && !subject.includes("{{"),
  create: async (config) =>
    new (await loadModule<typeof import("./nats_output.ts")>("./nats_output.ts", import.meta.url)).NatsOutput(
      config,
    ),
};
