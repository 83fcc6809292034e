import { Buffer } from "node:buffer";
import { VERSION } from "../../lib/version.ts";

/** Headers that follow from the body or the connection, in lower case. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether HTTP allows the name. */
export function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/u.test(name);
}

/** Whether HTTP allows the value, and `fetch` sends it as it is. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/u.test(value) && value.trim() === value;
}

/** What decides about the headers that all requests have. */
export interface HeaderOptions {
  readonly contentType: string;
  /** Of the body; undefined: not compressed. */
  readonly contentEncoding: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The user's own, which win. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers that all requests of an output have. */
export function requestHeaders(options: HeaderOptions): Headers {
  const headers = new Headers({
    "content-type": options.contentType,
    "user-agent": `logaggregator/${VERSION}`,
  });
  if (options.contentEncoding !== undefined) headers.set("content-encoding", options.contentEncoding);
  const authorization = authorizationOf(options);
  if (authorization !== undefined) headers.set("authorization", authorization);
  for (const [name, value] of Object.entries(options.headers)) headers.set(name, value);
  return headers;
}

function authorizationOf({ username, password = "", token }: HeaderOptions): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Whether a header or a parameter of this name is likely to hold a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

const SECRET_NAME = /auth|token|key|secret|password|credential|cookie|session|signature/iu;

/** Texts that must never be told, longest first: a server may repeat in its answer what it was sent. */
export function secretsOf(options: HeaderOptions, endpoint: URL): string[] {
  const own = Object.entries(options.headers).filter(([name]) => SECRET_NAME.test(name)).map(([, value]) =>
    value
  );
  const all = [authorizationOf(options), options.password, options.token, endpoint.search.slice(1), ...own]
    .filter((secret) => secret !== undefined)
    // "Bearer …": the word in front is no secret, and what stands behind it is one without it too.
    .flatMap((secret) => [secret, secret.slice(secret.lastIndexOf(" ") + 1)]);
  return [...new Set([...all, ...endpoint.searchParams.values()])]
    .filter((secret) => secret.length > 2)
    .sort((a, b) => b.length - a.length);
}

/** The text without the secrets. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}
