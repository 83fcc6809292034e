import type { ComponentType } from "../../component.ts";
import { loadModule } from "../../lib/load_module.ts";
import * as schema from "../../lib/schema.ts";
import type { Output, OutputContext } from "../output.ts";
import { addressNeeds, addressOf, addressProblem, datagramNeeds, type Schemes } from "./address.ts";
import { atLeast, hasTlsKeys, type TlsKeys, tlsNeeds, tlsSchema } from "./tls_keys.ts";

/** What `address` of `socket` may begin with. */
export const SOCKET_SCHEMES: Schemes = { tcp: undefined, tls: undefined, udp: undefined, unix: undefined };

/** Keys that `socket` and `syslog` share: what concerns the connection, not the records. */
export const streamKeys = {
  batch_size: schema.integer({ min: 1 }).default(1000).describe("Records that are written at once at most."),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes that are written at once at most; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("200ms").describe("How long a record waits for a batch to fill."),
  timeout: schema.duration().default("10s").check(atLeast(1, "1ms")).describe(
    "How long the server may take to accept a connection, to take anything of what is written, or to close the connection where that is waited for.",
  ),
  keep_alive: schema.boolean().default(true).describe(
    "Have the system find out whether the server of an idle connection is still there; not with a client certificate.",
  ),
  acknowledgement: schema.choice(["none", "close"]).default("none").describe(
    "What counts as arrived: none takes what was written to a connection that lived on for settle_time; close writes each batch to a connection of its own and waits until the server, having read all of it, closes that.",
  ),
  settle_time: schema.duration().default("50ms").describe(
    "How long a connection must live on after records were written to it until they count as delivered; longer than the way to the server and back takes.",
  ),
  rate_limit: schema.integer({ min: 0 }).default(0).describe(
    "Datagrams a second at most, with UDP; 0 sends them as fast as they come.",
  ),
  tls: tlsSchema.default({}).describe("Certificates for TLS."),
};

/** What the user configures for `socket`. */
export const socketOutputSchema = schema.object({
  address: schema.string().required().check(addressProblem(SOCKET_SCHEMES)).describe(
    "Where records are sent: tcp://host:port, tls://host:port, udp://host:port or unix:///path of a stream socket.",
  ),
  encoding: schema.choice(["json", "text"]).default("json").describe(
    "What is sent of a record: json gives event JSON, text gives the message, or the line as it came where nothing makes one of it.",
  ),
  framing: schema.choice(["newline", "null", "octet_counting"]).default("newline").describe(
    "How records are told apart in a stream: by a line feed or a zero byte behind each, or by its length and a space before it. A datagram is one record.",
  ),
  ...streamKeys,
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type SocketOutputConfig = schema.Infer<typeof socketOutputSchema>;

/** What is wrong with keys of the connection, with an address of that scheme. */
export function streamProblem(
  scheme: string,
  { acknowledgement, rate_limit }: { readonly acknowledgement: string; readonly rate_limit: number },
): string | undefined {
  const isStream = scheme !== "udp" && !scheme.startsWith("relp");
  if (acknowledgement === "close" && !isStream) {
    return `has acknowledgement: close, which ${scheme} does not know; leave it out`;
  }
  return rate_limit > 0 && scheme !== "udp"
    ? `has rate_limit, which is for udp, while address is ${scheme}; leave it out`
    : undefined;
}

function blockProblem(
  { address, tls, ...rest }: {
    readonly address: string;
    readonly tls: TlsKeys;
    readonly acknowledgement: string;
    readonly rate_limit: number;
  },
): string | undefined {
  const { scheme } = addressOf(address, SOCKET_SCHEMES);
  return scheme !== "tls" && hasTlsKeys(tls)
    ? `has tls, while address is ${scheme}; write tls, or leave it out`
    : streamProblem(scheme, rest);
}

/** The `socket` output as the registry lists it. */
export const socketOutput: ComponentType<SocketOutputConfig, Promise<Output>, OutputContext> = {
  schema: socketOutputSchema,
  example: { address: "tcp://collector.example.com:9000", framing: "newline" },
  permissions(config) {
    const address = addressOf(config.address, SOCKET_SCHEMES);
    return [
      ...addressNeeds(address),
      ...address.scheme === "udp" ? datagramNeeds(address) : [],
      ...tlsNeeds(config.tls),
    ];
  },
  takesLines: ({ encoding }) => encoding === "text",
  create: async (config) =>
    (await loadModule<typeof import("./socket_output.ts")>("./socket_output.ts", import.meta.url))
      .createSocketOutput(config),
};
