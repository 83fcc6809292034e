import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import { addressNeeds, addressOf, addressProblem, datagramNeeds, type Schemes } from "../socket/address.ts";
import { streamKeys, streamProblem } from "../socket/socket_config.ts";
import { hasTlsKeys, type TlsKeys, tlsNeeds } from "../socket/tls_keys.ts";
import { isElementName } from "./structured_data.ts";
import { thisHostNeeds } from "./this_host.ts";

/** What `address` of `syslog` may begin with, and the usual ports. */
export const SYSLOG_SCHEMES: Schemes = {
  udp: 514,
  tcp: 514,
  tls: 6514,
  unix: undefined,
  relp: 2514,
  relps: 2514,
};

/** The shortest message that every receiver takes; what is left of one after a header must not be nothing. */
const SMALLEST_MESSAGE = 480;

/** What the user configures for `syslog`. */
export const syslogOutputSchema = schema.object({
  address: schema.string().required().check(addressProblem(SYSLOG_SCHEMES)).describe(
    "Where messages are sent: udp://host:port, tcp://…, tls://… (TCP with TLS), relp://…, relps://… (RELP with TLS) or unix:///path of a stream socket; ports: 514, 6514 with TLS, 2514 with RELP.",
  ),
  format: schema.choice(["5424", "3164"]).default("5424").describe(
    "The form of messages, by its RFC.",
  ),
  framing: schema.choice(["octet_counting", "newline"]).default("octet_counting").describe(
    "How messages are told apart on TCP, TLS and unix sockets: by their length before each, or by a line feed behind each; line feeds within a message then become #012.",
  ),
  facility: schema.string().default("user").describe(
    "Facility by name or number, or a template for it; user where that gives none.",
  ),
  severity: schema.string().default("{{ level }}").describe(
    "Severity by name or number, or a template for it or for a level; by the level of the record where that gives none, and info where it has none.",
  ),
  hostname: schema.string().describe(
    "Template for the host name. Unset, or where it gives none: the name of this machine.",
  ),
  app_name: schema.string().default("logaggregator").describe(
    "Template for the name of the application; the tag of RFC 3164.",
  ),
  procid: schema.string().default("").describe("Template for the process id."),
  msgid: schema.string().default("").describe("Template for the kind of message."),
  structured_data: schema.object({
    id: schema.string().check(elementProblem).describe(
      "Name of the element that fields are sent in, such as fields@32473 with your own enterprise number. Unset: no fields are sent.",
    ),
    fields: schema.list(schema.string()).default([]).describe("The fields that are sent; empty: all."),
  }).default({}).check(dataProblem).describe("Fields as structured data (RFC 5424)."),
  encoding: schema.choice(["text", "json"]).default("text").describe(
    "What stands in the text of a message: the record's message, or the line as it came where nothing makes one of it; or event JSON.",
  ),
  bom: schema.boolean().default(false).describe(
    "Begin texts with the byte order mark that RFC 5424 asks for; most receivers do not, and show it.",
  ),
  max_message_bytes: schema.byteSize().default("8KiB").check((bytes) =>
    bytes < SMALLEST_MESSAGE ? `is too small; must be at least ${SMALLEST_MESSAGE} bytes` : undefined
  ).describe(
    "Longest message, header included; longer ones are cut and end with [truncated]. Receivers cut or split them otherwise.",
  ),
  timezone: schema.choice(["local", "utc"]).default("local").describe("Time zone of times in RFC 3164."),
  ...streamKeys,
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type SyslogOutputConfig = schema.Infer<typeof syslogOutputSchema>;

function elementProblem(name: string): string | undefined {
  return isElementName(name)
    ? undefined
    : "is no name of an element; write name@number with an enterprise number, such as fields@32473";
}

function dataProblem(data: { readonly id?: string | undefined; readonly fields: readonly string[] }) {
  return data.id === undefined && data.fields.length > 0 ? "has fields without id; give both" : undefined;
}

/** What concerns several keys. */
function blockProblem(
  { address, tls, format, structured_data: { id }, ...rest }: {
    readonly address: string;
    readonly tls: TlsKeys;
    readonly format: string;
    readonly acknowledgement: string;
    readonly rate_limit: number;
    readonly structured_data: { readonly id?: string | undefined };
  },
): string | undefined {
  const { scheme } = addressOf(address, SYSLOG_SCHEMES);
  if (scheme !== "tls" && scheme !== "relps" && hasTlsKeys(tls)) {
    return `has tls, while address is ${scheme}; write tls or relps, or leave it out`;
  }
  return format === "3164" && id !== undefined
    ? "has structured_data, which RFC 3164 does not know; leave it out"
    : streamProblem(scheme, rest);
}

/** The `syslog` output as the registry lists it. */
export const syslogOutput: ComponentType<SyslogOutputConfig, Promise<Output>, OutputContext> = {
  schema: syslogOutputSchema,
  example: {
    address: "tls://logs.example.com:6514",
    facility: "local0",
    app_name: "{{ fields.service }}",
    structured_data: { id: "fields@32473" },
  },
  permissions(config) {
    const address = addressOf(config.address, SYSLOG_SCHEMES);
    return [
      ...addressNeeds(address),
      ...address.scheme === "udp" ? datagramNeeds(address) : [],
      ...tlsNeeds(config.tls),
      ...thisHostNeeds(),
    ];
  },
  create: async (config) =>
    new (await loadModule<typeof import("./syslog_output.ts")>("./syslog_output.ts", import.meta.url))
      .SyslogOutput(config),
};
