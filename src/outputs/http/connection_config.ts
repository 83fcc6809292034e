import type { PermissionNeed } from "../../lib/permission.ts";
import * as schema from "../../lib/schema.ts";
import { isHeaderName, isHeaderValue, RESERVED_HEADERS } from "./headers.ts";

// The rules never quote a value: it may have come from the environment.

/** Keys of what an output gathers for a request. */
export const batchKeys = {
  batch_size: schema.integer({ min: 1 }).default(1000).describe("Records in a request at most."),
  batch_bytes: schema.byteSize().default("1MiB").check(atLeast(1, "1 byte")).describe(
    "Bytes of records in a request at most, before compression; a single record may be larger.",
  ),
  batch_timeout: schema.duration().default("1s").describe("How long a record waits for a batch to fill."),
};

/** How many requests may be under way; the default differs. */
export function concurrencyKey(requests: number) {
  return schema.integer({ min: 1, max: 100 }).default(requests).describe(
    "Requests that may be under way at once. With more than one, batches may arrive in another order.",
  );
}

/** The key for how long a request may take. */
export const timeoutKey = schema.duration().default("30s").check(atLeast(1, "1ms")).describe(
  "How long a request may take until it is answered in full; then it is sent again.",
);

/** The key for files with certificates. */
export const tlsKey = schema.object({
  ca_file: schema.string().check(notEmpty).describe(
    "File with certificates (PEM) that are trusted beside the usual ones.",
  ),
  cert_file: schema.string().check(notEmpty).describe("File with the client certificate chain (PEM)."),
  key_file: schema.string().check(notEmpty).describe("File with the client certificate's private key (PEM)."),
}).default({}).check(tlsProblem).describe("Certificates for https.");

/** The key for further headers. */
export const headersKey = schema.record(schema.string().secret().check(headerValueProblem)).default({})
  .check(headersProblem).describe("Further headers of each request; their values are masked when shown.");

/** Keys of the ways to say who sends. */
export const credentialKeys = {
  username: schema.string().check(usernameProblem).describe("User for basic authentication."),
  password: schema.string().secret().describe("Password for basic authentication."),
  token: schema.string().secret().check(tokenProblem).describe(
    "Bearer token, instead of a user and a password.",
  ),
  oauth2: schema.object({
    token_url: schema.string().required().check(endpointProblem).describe("Where tokens are asked for."),
    client_id: schema.string().required().check(notEmpty).describe("The client that asks."),
    client_secret: schema.string().required().secret().check(notEmpty).describe("The client's secret."),
    scope: schema.string().check(notEmpty).describe("What is asked for, several separated by spaces."),
    audience: schema.string().check(notEmpty).describe("For whom the token is meant."),
    client_auth: schema.choice(["header", "body"]).default("header").describe(
      "Where client_id and client_secret stand in the request: as basic authentication, or in the form.",
    ),
  }).describe(
    "OAuth 2.0 client credentials: a token is asked for, kept, renewed before it expires and after a 401.",
  ),
};

/** What is configured under `tls`. */
export type TlsConfig = schema.Infer<typeof tlsKey>;

/** What is configured under `oauth2`. */
export type OAuth2Config = schema.Infer<typeof credentialKeys.oauth2>;

/** What the rule for the whole block looks at. */
export interface ConnectionBlock {
  readonly endpoint: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly oauth2?: { readonly token_url: string } | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: object;
}

/** What an output with such a connection needs from the operating system; `noun`: the output in words. */
export function connectionNeeds(
  config: {
    readonly endpoint: string;
    readonly tls: TlsConfig;
    readonly oauth2?: OAuth2Config | undefined;
  },
  noun: string,
): PermissionNeed[] {
  const { endpoint, tls, oauth2 } = config;
  const files = [
    [tls.ca_file, `the certificates that the ${noun} output trusts`],
    [tls.cert_file, `the client certificate of the ${noun} output`],
    [tls.key_file, `the private key of the ${noun} output`],
  ] as const;
  return [
    { name: "net", host: hostOf(endpoint), why: "to send records there" },
    ...(oauth2 === undefined
      ? []
      : [{ name: "net", host: hostOf(oauth2.token_url), why: "to ask for access tokens" } as const]),
    ...files.flatMap(([path, why]): PermissionNeed[] =>
      path === undefined ? [] : [{ name: "read", path, why }]
    ),
  ];
}

/** What is wrong with several keys together. */
export function connectionProblem(config: ConnectionBlock): string | undefined {
  const { endpoint, username, password, token, oauth2, headers, tls } = config;
  const ways = Object.entries({ username, token, oauth2 }).filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (ways.length > 1) return `has ${ways.join(" as well as ")}; keep one of them`;
  if (password !== undefined && username === undefined) return "has password without username; give both";
  if (ways.length > 0 && Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) {
    return `has headers.Authorization as well as ${ways[0]}; keep one of them`;
  }
  const secure = [endpoint, oauth2?.token_url ?? endpoint].some((url) => new URL(url).protocol === "https:");
  if (Object.keys(tls).length > 0 && !secure) {
    return "has tls, while endpoint is http; write https, or leave tls out";
  }
  return undefined;
}

/** What is wrong with a URL. */
export function endpointProblem(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return "is no URL; write one such as https://logs.example.com/ingest";
  const { protocol, username, password } = new URL(endpoint);
  if (protocol !== "http:" && protocol !== "https:") {
    // `loki:3100` is a URL of the scheme `loki`, which nobody means.
    return endpoint.startsWith(`${protocol}//`)
      ? `is a URL of the scheme "${protocol.slice(0, -1)}"; must be http or https`
      : "must begin with http:// or https://";
  }
  if (endpoint.includes("{{")) return "takes no values of records; it is the same for all of them";
  if (username !== "" || password !== "") {
    return "must hold no user and no password; write them as username and password";
  }
  return undefined;
}

/** What is wrong with a header's name as the value of a key. */
export function headerNameProblem(name: string): string | undefined {
  if (name === "") return undefined;
  if (!isHeaderName(name)) return `"${name}" is no name of a header`;
  return RESERVED_HEADERS.has(name.toLowerCase()) ? `"${name}" is a header with another meaning` : undefined;
}

/** What is wrong with a token that stands in a header. */
export function tokenProblem(token: string): string | undefined {
  return /^[!-~]+$/u.test(token) ? undefined : "must be printable ASCII without spaces";
}

/** A rule for texts. */
export function notEmpty(text: string): string | undefined {
  return text === "" ? "must not be empty" : undefined;
}

/** A rule for numbers; `text`: the least one as it is written. */
export function atLeast(least: number, text: string): (value: number) => string | undefined {
  return (value) => (value < least ? `is too small; must be at least ${text}` : undefined);
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

/** In basic authentication the first colon ends the user's name. */
function usernameProblem(name: string): string | undefined {
  return name === "" || name.includes(":") ? "must not be empty, and must hold no colon" : undefined;
}

function tlsProblem(
  { cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined },
) {
  if ((cert_file === undefined) === (key_file === undefined)) return undefined;
  const [given, missing] = key_file === undefined ? ["cert_file", "key_file"] : ["key_file", "cert_file"];
  return `has ${given} without ${missing}; a client certificate needs both`;
}

function hostOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}
