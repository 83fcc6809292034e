import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import {
  batchKeys,
  concurrencyKey,
  type ConnectionBlock,
  connectionNeeds,
  connectionProblem,
  credentialKeys,
  endpointProblem,
  headerNameProblem,
  headersKey,
  notEmpty,
  timeoutKey,
  tlsKey,
} from "./connection_config.ts";
import { isHeaderValue } from "./headers.ts";
import { textProblem } from "./signature.ts";

/** What the user configures for `http`. */
export const httpOutputSchema = schema.object({
  endpoint: schema.string().required().check(endpointProblem).describe(
    "The http or https URL that takes the records.",
  ),
  method: schema.choice(["POST", "PUT", "PATCH"]).default("POST").describe("Method of the requests."),
  headers: headersKey.describe(
    'Further headers of each request, such as `X-Tenant: "{{ fields.tenant }}"`; a request holds only records that share them all. Their values are masked when shown.',
  ),
  format: schema.choice(["ndjson", "json", "text"]).default("ndjson").describe(
    "The body of a request: ndjson has an event as JSON on each line, json is one array of such events, text has the messages as lines, or the lines as they came where nothing makes messages of them.",
  ),
  compression: schema.choice(["none", "gzip", "zstd"]).default("none").describe(
    "Compresses the body; the server must accept that Content-Encoding.",
  ),
  ...batchKeys,
  concurrency: concurrencyKey(1),
  timeout: timeoutKey,
  ...credentialKeys,
  tls: tlsKey,
  signature: schema.object({
    header: schema.string().required().check(notEmpty).check(headerNameProblem).describe(
      "Header that takes the signature.",
    ),
    secret: schema.string().required().secret().check(notEmpty).describe("Secret key of the signature."),
    secret_encoding: schema.choice(["text", "base64", "hex"]).default("text").describe(
      "How the key's bytes are written in secret.",
    ),
    algorithm: schema.choice(["sha256", "sha512", "sha1"]).default("sha256").describe("Hash of the HMAC."),
    format: schema.choice(["hex", "base64"]).default("hex").describe("How the signature is written."),
    payload: schema.string().default("{{ body }}").check(textProblem("payload")).describe(
      "What is signed, of {{ body }} (as it is sent, compressed), {{ timestamp }} (seconds since 1970), {{ id }} (the idempotency key), {{ method }} and {{ path }}.",
    ),
    value: schema.string().default("{{ signature }}").check(textProblem("value")).check(headerTextProblem)
      .describe("The header's value, of {{ signature }}, {{ timestamp }} and {{ id }}."),
    timestamp_header: schema.string().check(notEmpty).check(headerNameProblem).describe(
      "Header that takes the timestamp too.",
    ),
  }).describe("Signs each request with an HMAC, so that the server can tell from whom it is."),
  idempotency_header: schema.string().default("Idempotency-Key").check(headerNameProblem).describe(
    "Header with a key that no two requests share and that one keeps when it is sent again, where records have ids even after a restart, so that the server can tell; empty sends none.",
  ),
  id_headers: schema.boolean().default(false).describe(
    "Send the ids of a request's first and last record as X-Batch-First-Id and X-Batch-Last-Id.",
  ),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type HttpOutputConfig = schema.Infer<typeof httpOutputSchema>;

/** What the configuration says of signatures. */
export type SignatureConfig = NonNullable<HttpOutputConfig["signature"]>;

function headerTextProblem(value: string): string | undefined {
  return isHeaderValue(value) ? undefined : "must be printable Latin-1 text on one line";
}

/** What concerns several keys. */
function blockProblem(
  config: ConnectionBlock & {
    readonly idempotency_header: string;
    readonly id_headers: boolean;
    readonly signature?:
      | { readonly header: string; readonly timestamp_header?: string | undefined }
      | undefined;
  },
): string | undefined {
  const problem = connectionProblem(config);
  if (problem !== undefined) return problem;
  const { headers, idempotency_header, signature } = config;
  const own = Object.entries({
    idempotency_header,
    "signature.header": signature?.header,
    "signature.timestamp_header": signature?.timestamp_header,
  });
  const taken = new Map(Object.keys(headers).map((name) => [name.toLowerCase(), "among its headers"]));
  for (const [key, name] of own) {
    if (name === undefined || name === "") continue;
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) return `has ${key} ${other}; it sets that header itself`;
    taken.set(name.toLowerCase(), `as ${key} too`);
  }
  return undefined;
}

/** The `http` output as the registry lists it. */
export const httpOutput: ComponentType<HttpOutputConfig, Promise<Output>, OutputContext> = {
  schema: httpOutputSchema,
  example: {
    endpoint: "https://logs.example.com/ingest",
    token: "${INGEST_TOKEN}",
    compression: "gzip",
    headers: { "X-Scope": "production" },
  },
  permissions: (config) => connectionNeeds(config, "HTTP"),
  async create(config, context) {
    const { HttpOutput } = await loadModule<typeof import("./http_output.ts")>(
      "./http_output.ts",
      import.meta.url,
    );
    return new HttpOutput(config, context);
  },
};
