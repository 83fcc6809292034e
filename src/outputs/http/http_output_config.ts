import * as schema from "../../lib/schema.ts";
import { isHeaderName, isHeaderValue, RESERVED_HEADERS } from "./headers.ts";

/** What the user configures for `http`. */
export const httpOutputSchema = schema.object({
  endpoint: schema.string().required().check(endpointProblem).describe(
    "The http or https URL that takes the records.",
  ),
  method: schema.choice(["POST", "PUT", "PATCH"]).default("POST").describe("Method of the requests."),
  headers: schema.record(schema.string().secret().check(headerValueProblem)).default({})
    .check(headersProblem).describe("Further headers of each request; their values are masked when shown."),
  format: schema.choice(["ndjson", "json", "text"]).default("ndjson").describe(
    "The body of a request: ndjson has an event as JSON on each line, json is one array of such events, text has the messages as lines, or the lines as they came where nothing makes messages of them.",
  ),
  compression: schema.choice(["none", "gzip", "zstd"]).default("none").describe(
    "Compresses the body; the server must accept that Content-Encoding.",
  ),
  batch_size: schema.integer({ min: 1 }).default(1000).describe("Records in a request at most."),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records in a request at most, before compression; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("1s").describe("How long a record waits for a batch to fill."),
  timeout: schema.duration().default("30s").check(atLeast(1, "1ms")).describe(
    "How long a request may take until it is answered in full; then it is sent again.",
  ),
  username: schema.string().check(usernameProblem).describe("User for basic authentication."),
  password: schema.string().secret().describe("Password for basic authentication."),
  token: schema.string().secret().check(tokenProblem).describe(
    "Bearer token, instead of a user and a password.",
  ),
  tls: schema.object({
    ca_file: schema.string().check(notEmpty).describe(
      "File with certificates (PEM) that are trusted beside the usual ones.",
    ),
    cert_file: schema.string().check(notEmpty).describe("File with the client certificate chain (PEM)."),
    key_file: schema.string().check(notEmpty).describe(
      "File with the client certificate's private key (PEM).",
    ),
  }).default({}).check(tlsProblem).describe("Certificates for https."),
  idempotency_header: schema.string().default("Idempotency-Key").check(idempotencyHeaderProblem).describe(
    "Header with a key that no two batches share and that a batch keeps when it is sent again, so that the server can tell; empty sends none.",
  ),
}).check(blockProblem);

/** The parsed block: sizes in bytes, durations in milliseconds. */
export type HttpOutputConfig = schema.Infer<typeof httpOutputSchema>;

// The rules never quote a value: it may have come from the environment.

function endpointProblem(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return "is no URL; write one such as https://logs.example.com/ingest";
  const { protocol, username, password } = new URL(endpoint);
  if (protocol !== "http:" && protocol !== "https:") {
    return `is a URL of the scheme "${protocol.slice(0, -1)}"; must be http or https`;
  }
  if (username !== "" || password !== "") {
    return "must hold no user and no password; write them as username and password";
  }
  return undefined;
}

function headersProblem(headers: Readonly<Record<string, string>>): string | undefined {
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    if (!isHeaderName(name)) return `has "${name}", which is no name of a header`;
    if (RESERVED_HEADERS.has(lower)) return `has "${name}", which the output sets itself; leave it out`;
    if (seen.has(lower)) return `has "${name}" twice; keep one of them`;
    seen.add(lower);
  }
  return undefined;
}

function headerValueProblem(value: string): string | undefined {
  return isHeaderValue(value) ? undefined : "must be printable Latin-1 text on one line";
}

function idempotencyHeaderProblem(name: string): string | undefined {
  if (name === "") return undefined;
  if (!isHeaderName(name)) return `"${name}" is no name of a header`;
  return RESERVED_HEADERS.has(name.toLowerCase()) ? `"${name}" is a header with another meaning` : undefined;
}

/** In basic authentication the first colon ends the user's name. */
function usernameProblem(name: string): string | undefined {
  return name === "" || name.includes(":") ? "must not be empty, and must hold no colon" : undefined;
}

function tokenProblem(token: string): string | undefined {
  return /^[!-~]+$/u.test(token) ? undefined : "must be printable ASCII without spaces";
}

function tlsProblem(
  { cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined },
) {
  if ((cert_file === undefined) === (key_file === undefined)) return undefined;
  const [given, missing] = key_file === undefined ? ["cert_file", "key_file"] : ["key_file", "cert_file"];
  return `has ${given} without ${missing}; a client certificate needs both`;
}

/** What concerns several keys. Parts of the block are given, since others were checked for themselves. */
function blockProblem(config: {
  readonly endpoint: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotency_header: string;
  readonly tls: object;
}): string | undefined {
  const { endpoint, username, password, token, headers, tls } = config;
  if (username !== undefined && token !== undefined) return "has username as well as token; keep one of them";
  if (password !== undefined && username === undefined) return "has password without username; give both";
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.includes("authorization") && (username ?? token) !== undefined) {
    return "has headers.Authorization as well as username or token; keep one of them";
  }
  if (names.includes(config.idempotency_header.toLowerCase())) {
    return "has idempotency_header among its headers; it sets that header itself";
  }
  if (Object.keys(tls).length > 0 && new URL(endpoint).protocol !== "https:") {
    return "has tls, while endpoint is http; write https, or leave tls out";
  }
  return undefined;
}

function notEmpty(text: string): string | undefined {
  return text === "" ? "must not be empty" : undefined;
}

function atLeast(least: number, text: string): (value: number) => string | undefined {
  return (value) => (value < least ? `is too small; must be at least ${text}` : undefined);
}
