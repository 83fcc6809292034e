import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import { addressNeeds, addressOf, addressProblem, type Schemes } from "../socket/address.ts";
import { atLeast, hasTlsKeys, notEmpty, type TlsKeys, tlsNeeds, tlsSchema } from "../socket/tls_keys.ts";

/** What `address` of `redis` may begin with, and the usual port. */
export const REDIS_SCHEMES: Schemes = { redis: 6379, rediss: 6379, unix: undefined };

/** What the user configures for `redis`. */
export const redisOutputSchema = schema.object({
  address: schema.string().default("redis://127.0.0.1:6379").check(addressProblem(REDIS_SCHEMES)).describe(
    "The server: redis://host:port, rediss://host:port (TLS) or unix:///path; the port is 6379 unless told.",
  ),
  key: schema.string().default("logs").check(notEmpty).describe(
    "Key of the stream, or a template for it; the characters of values that are not letters, digits, _, . or - become _.",
  ),
  encoding: schema.choice(["json", "text"]).default("json").describe(
    "What an entry holds of a record: json gives event JSON, text gives the message, or the line as it came where nothing makes one of it.",
  ),
  field: schema.string().default("event").check(notEmpty).describe(
    "Field of an entry that holds the record.",
  ),
  id_field: schema.string().default("").describe(
    "Further field of an entry with the record's id, the same after a retry and a restart; empty: none.",
  ),
  maxlen: schema.integer({ min: 0 }).default(0).describe(
    "Entries that a stream keeps, about; the server removes the oldest. 0: all.",
  ),
  username: schema.string().check(notEmpty).describe("User of the server's access control list."),
  password: schema.string().secret().check(notEmpty).describe("Password."),
  db: schema.integer({ min: 0 }).default(0).alias("database").describe("Number of the database."),
  deduplicate: schema.boolean().default(true).describe(
    "Keep in the server, in the same transaction as the entries, how far each file has got, so that nothing is stored twice after a retry or a restart.",
  ),
  dedupe_window: schema.duration().default("24h").check(atLeast(1000, "1s")).describe(
    "How long the server remembers that of a file to which nothing was added.",
  ),
  dedupe_prefix: schema.string().default("logaggregator:").check(notEmpty).describe(
    "How the keys of those memories begin.",
  ),
  wait_replicas: schema.integer({ min: 0 }).default(0).describe(
    "Replicas that must have entries before they count as delivered.",
  ),
  batch_size: schema.integer({ min: 1 }).default(1000).describe("Entries that are added at once at most."),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records that are added at once at most; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("200ms").describe("How long a record waits for a batch to fill."),
  timeout: schema.duration().default("10s").check(atLeast(1, "1ms")).describe(
    "How long the server may take to accept a connection, and to answer.",
  ),
  keep_alive: schema.boolean().default(true).describe(
    "Have the system find out whether the server of an idle connection is still there; not with a client certificate.",
  ),
  tls: tlsSchema.default({}).describe("Certificates for TLS."),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type RedisOutputConfig = schema.Infer<typeof redisOutputSchema>;

function blockProblem(
  { address, tls, username, password, field, id_field }: {
    readonly address: string;
    readonly tls: TlsKeys;
    readonly username?: string | undefined;
    readonly password?: string | undefined;
    readonly field: string;
    readonly id_field: string;
  },
): string | undefined {
  if (username !== undefined && password === undefined) return "has username without password; give both";
  if (field === id_field) return "has the same name as field and id_field; choose another";
  return addressOf(address, REDIS_SCHEMES).scheme !== "rediss" && hasTlsKeys(tls)
    ? "has tls, while address is not rediss; write rediss, or leave it out"
    : undefined;
}

/** The `redis` output as the registry lists it. */
export const redisOutput: ComponentType<RedisOutputConfig, Promise<Output>, OutputContext> = {
  schema: redisOutputSchema,
  example: { address: "redis://redis.example.com:6379", key: "logs:{{ fields.service }}", maxlen: 1_000_000 },
  permissions: ({ address, tls }) => [
    ...addressNeeds(addressOf(address, REDIS_SCHEMES)),
    ...tlsNeeds(tls),
  ],
  takesLines: ({ encoding, key }) => encoding === "text" && !key.includes("{{"),
  create: async (config, context) =>
    new (await loadModule<typeof import("./redis_output.ts")>("./redis_output.ts", import.meta.url))
      .RedisOutput(config, context),
};
