import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import type { PermissionNeed } from "../../lib/permission.ts";
import * as schema from "../../lib/schema.ts";
import { atLeast, headersKey, notEmpty, tlsKey, tokenProblem } from "../http/connection_config.ts";
import type { Output, OutputContext } from "../output.ts";
import { hasOwnTime } from "./index_name.ts";
import { addressProblem, cloudIdProblem, hostsOf } from "./address.ts";

// The rules never quote a value that may be a secret.

/** Configuration of `output.elasticsearch`. */
export const elasticsearchConfig = schema.object({
  addresses: schema.list(schema.string().check(addressProblem), { min: 1 }).describe(
    "URLs of the nodes, asked in turn; one that fails is left out for a while. Unset, and without cloud_id: http://localhost:9200.",
  ),
  cloud_id: schema.string().check(cloudIdProblem).describe(
    "Deployment in Elastic Cloud; addresses have no effect beside it.",
  ),
  index: schema.string().default("logs").describe(
    "Index, or beginning of its name if it rotates. Values of the record stand in it as {{ fields.app }}, its time (UTC) as %Y.%m.%d.",
  ),
  index_rotation: schema.choice(["none", "daily", "weekly", "monthly", "yearly"]).describe(
    "A new index for each of these periods, by the time of the records: logs-2026.11.25, logs-2026.w48, logs-2026.11, logs-2026. Unset: daily, but none for a data stream and for an index with a time of its own.",
  ),
  index_timestamp_field: schema.string().default("timestamp").check(notEmpty).describe(
    "What holds the time that chooses the index: timestamp is the record's own, else a field; records without such a time go by their own.",
  ),
  data_stream: schema.boolean().default(false).describe(
    "The index is a data stream; the server needs an index template that says so, see template.",
  ),
  timestamp_field: schema.string().default("@timestamp").check(timestampFieldProblem).describe(
    "Field of the documents that gets the record's time.",
  ),
  ids: schema.choice(["on", "off"]).default("on").describe(
    "Give each document the id of its record, so that one that is sent again is not stored twice; off: the server gives ids, which indexes faster.",
  ),
  pipeline: schema.string().check(notEmpty).describe("Ingest pipeline that the records pass."),
  template: schema.object({
    name: schema.string().required().check(templateNameProblem).describe("Name of the index template."),
    file: schema.string().check(notEmpty).describe("JSON file that holds it."),
    body: schema.record(schema.anything()).describe(
      "The index template itself. Without file and body, one is made for the indices of this output.",
    ),
    overwrite: schema.boolean().default(false).describe("Replace one of this name that is there."),
  }).check(({ file, body }) =>
    file !== undefined && body !== undefined ? "has file as well as body; keep one of them" : undefined
  ).describe("Index template that is installed before the first record is sent."),
  username: schema.string().check(usernameProblem).describe("User for basic authentication."),
  password: schema.string().secret().describe("Password for basic authentication."),
  api_key: schema.string().secret().check(tokenProblem).describe(
    "API key: id:key, or that in base64. It is used rather than a user and a password.",
  ),
  headers: headersKey,
  tls: tlsKey,
  compression: schema.choice(["none", "gzip"]).default("none").describe("Compresses the requests."),
  batch_size: schema.integer({ min: 1 }).default(100).describe("Records in a request at most."),
  batch_bytes: schema.byteSize().default("5MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records in a request at most, before compression; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("5s").describe("How long a record waits for a batch to fill."),
  flush_interval: schema.duration().default("1s").describe(
    "The same: the shorter of batch_timeout and flush_interval counts.",
  ),
  bulk_workers: schema.integer({ min: 1, max: 100 }).default(1).describe(
    "Requests that may be under way at once. With more than one, batches may arrive in another order.",
  ),
  max_retries: schema.integer({ min: 0 }).describe(
    "How often a record that the server refuses for the moment (429, 5xx) is sent again before it becomes a dead letter. Unset: without limit, so that nothing is lost.",
  ),
  timeout: schema.duration().default("1m").check(atLeast(1, "1ms")).describe(
    "How long a request may take until it is answered in full; then it is sent again.",
  ),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type ElasticsearchConfig = schema.Infer<typeof elasticsearchConfig>;

const OTHER_MEMBERS = ["message", "level", "source", "fields", "raw"];

function timestampFieldProblem(name: string): string | undefined {
  if (name === "") return "must not be empty";
  return OTHER_MEMBERS.includes(name) ? `"${name}" holds something else; choose another name` : undefined;
}

/** In basic authentication the first colon ends the user's name. */
function usernameProblem(name: string): string | undefined {
  return name === "" || name.includes(":") ? "must not be empty, and must hold no colon" : undefined;
}

function templateNameProblem(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9._-]{0,99}$/u.test(name)
    ? undefined
    : 'must be a short name of "a" to "z", "0" to "9", ".", "_" and "-"';
}

/** What concerns several keys. */
function blockProblem(config: {
  readonly addresses?: readonly string[] | undefined;
  readonly cloud_id?: string | undefined;
  readonly index: string;
  readonly index_rotation?: string | undefined;
  readonly data_stream: boolean;
  readonly timestamp_field: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly api_key?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: object;
}): string | undefined {
  const { username, password, api_key, headers, data_stream, index_rotation = "none" } = config;
  if (password !== undefined && username === undefined) return "has password without username; give both";
  const own = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  if (own && (username ?? api_key) !== undefined) {
    return "has headers.Authorization as well as username or api_key; keep one of them";
  }
  if (data_stream && index_rotation !== "none") {
    return "has index_rotation, while data_stream is true; a data stream rotates by itself, so leave it out";
  }
  if (data_stream && config.timestamp_field !== "@timestamp") {
    return 'has another timestamp_field than "@timestamp", which a data stream needs';
  }
  if (index_rotation !== "none" && hasOwnTime(config.index)) {
    return "has index_rotation, while index has a time of its own; keep one of them";
  }
  const secure = hostsOf(config).some(({ url }) => url.protocol === "https:");
  if (Object.keys(config.tls).length > 0 && !secure) {
    return "has tls, while no address is https; write https, or leave tls out";
  }
  return undefined;
}

/** Elasticsearch and OpenSearch, as the registry lists them. */
export const elasticsearchOutput: ComponentType<ElasticsearchConfig, Promise<Output>, OutputContext> = {
  schema: elasticsearchConfig,
  example: {
    addresses: ["https://es1:9200", "https://es2:9200"],
    index: "logs-{{ fields.app }}",
    index_rotation: "monthly",
    api_key: "${ES_API_KEY}",
    tls: { ca_file: "/etc/ssl/es-ca.pem" },
  },
  permissions(config) {
    const { tls, template } = config;
    const files = [
      [tls.ca_file, "the certificates that the Elasticsearch output trusts"],
      [tls.cert_file, "the client certificate of the Elasticsearch output"],
      [tls.key_file, "the private key of the Elasticsearch output"],
      [template?.file, "the index template of the Elasticsearch output"],
    ] as const;
    return [
      ...hostsOf(config).map(({ url: { protocol, hostname, port } }) => ({
        name: "net" as const,
        host: `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`,
        why: "to send records there",
      })),
      ...files.flatMap(([path, why]): PermissionNeed[] =>
        path === undefined ? [] : [{ name: "read", path, why }]
      ),
    ];
  },
  async create(config, context) {
    const { ElasticsearchOutput } = await loadModule<typeof import("./elasticsearch_output.ts")>(
      "./elasticsearch_output.ts",
      import.meta.url,
    );
    return new ElasticsearchOutput(config, context);
  },
};
