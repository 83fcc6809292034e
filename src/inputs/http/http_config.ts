import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of one entry of `inputs.http`, without the keys that every input has. */
export const httpConfig = schema.object({
  address: schema.string().required().describe(
    "Where to listen, as host:port; `:8080` listens on all addresses.",
  ),
  path: schema.string().default("/log").describe("Takes one record a request, as a JSON object or as text."),
  batch_path: schema.string().default("/logs").describe(
    "Takes many records a request, as a JSON array or NDJSON.",
  ),
  api_keys: schema.list(schema.string()).default([]).secret()
    .describe(
      "Keys of which a client must send one, as X-API-Key or bearer token. Empty: no authentication.",
    ),
  rate_limit: schema.number({ min: 0 }).default(0).describe(
    "Requests a second from one client host. 0: no limit.",
  ),
  max_body_size: schema.byteSize().default("10MiB").describe("Largest request body."),
  tls_enabled: schema.boolean().default(false).describe("Serve HTTPS."),
  tls_cert: schema.string().describe("File with the certificate chain (PEM)."),
  tls_key: schema.string().describe("File with the private key (PEM)."),
  buffer_size: schema.integer({ min: 1 }).default(10000).describe("Records kept while the pipeline is busy."),
  read_timeout: schema.duration().default("30s").describe("How long a client may take to send a request."),
  write_timeout: schema.duration().default("30s").describe("How long an answer may take."),
});

/** Records posted over HTTP. */
export const httpInput: PlannedType<schema.Infer<typeof httpConfig>> = {
  schema: httpConfig,
  example: { address: ":8080", api_keys: ["${LOG_API_KEY}"] },
  planned: "inputs from the network",
};
