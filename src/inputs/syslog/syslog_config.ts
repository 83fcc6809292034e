import type { PlannedType } from "../../component.ts";
import * as schema from "../../lib/schema.ts";

/** Configuration of one entry of `inputs.syslog`, without the keys that every input has. */
export const syslogConfig = schema.object({
  address: schema.string().required().describe(
    "Where to listen, as host:port; `:514` listens on all addresses.",
  ),
  protocol: schema.choice(["udp", "tcp", "both"]).default("udp").describe("Transport to listen on."),
  format: schema.choice(["3164", "5424", "auto"]).default("3164")
    .describe("RFC of the messages; auto tells them apart."),
  tls_enabled: schema.boolean().default(false).describe("Expect TLS on TCP connections."),
  tls_cert: schema.string().describe("File with the certificate chain (PEM)."),
  tls_key: schema.string().describe("File with the private key (PEM)."),
  rate_limit: schema.number({ min: 0 }).default(0)
    .describe("Messages a second from one client host, with bursts of twice as many. 0: no limit."),
  buffer_size: schema.integer({ min: 1 }).default(10000).describe(
    "Messages kept while the pipeline is busy.",
  ),
});

/** Syslog over UDP, TCP and TLS. */
export const syslogInput: PlannedType<schema.Infer<typeof syslogConfig>> = {
  schema: syslogConfig,
  example: { address: ":5514", protocol: "both" },
  planned: "inputs from the network",
};
