import { Buffer } from "node:buffer";
import type { Log } from "../../lib/log.ts";
import type { Answer } from "../http/answer.ts";
import { HttpConnection } from "../http/connection.ts";
import { hostsOf } from "./address.ts";
import type { ElasticsearchConfig } from "./elasticsearch_config.ts";
import { Nodes } from "./nodes.ts";

/** A request to the API of a cluster. */
export interface ClusterRequest {
  readonly method: string;
  /** Names in it are encoded; with its query. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Bytes of the answer that are needed at most. */
  readonly keep?: number | undefined;
}

/** Talks to whichever node of a cluster answers, with the credentials and certificates of the configuration. */
export class Cluster {
  readonly #connection: HttpConnection;
  readonly #nodes: Nodes;
  readonly #timeout: number;

  /** `now`: milliseconds since 1970. */
  constructor(config: ElasticsearchConfig, log: Log, now: () => number) {
    const { username, password, api_key, headers, tls, timeout } = config;
    const hosts = hostsOf(config);
    const secrets = hosts.flatMap(({ authorization = "", password }) => [
      password,
      authorization.slice(authorization.indexOf(" ") + 1),
    ]);
    if (password !== undefined) secrets.push(password);
    const apiKey = api_key === undefined ? undefined : encodedKey(api_key);
    if (apiKey !== undefined) secrets.push(apiKey, secretOf(apiKey));
    this.#timeout = timeout;
    this.#nodes = new Nodes(hosts, log, now);
    this.#connection = new HttpConnection({
      endpoint: hosts[0]?.url ?? new URL("http://localhost:9200"),
      method: "POST",
      contentType: "application/x-ndjson",
      headers: apiKey === undefined ? headers : { ...headers, Authorization: `ApiKey ${apiKey}` },
      // As in the servers' own clients, a key counts for more than a user.
      ...(apiKey === undefined ? { username, password } : {}),
      ...{ timeout, tls },
      secrets: secrets.filter((secret) => secret.length > 2),
    }, now);
  }

  /** Reads the TLS files; the cluster need not be up. */
  open(): Promise<void> {
    return this.#connection.open();
  }

  close(): void {
    this.#connection.close();
  }

  /** Throws an Error that says why no node answers: then it is unknown whether the request arrived. */
  ask({ path, headers, ...rest }: ClusterRequest, signal: AbortSignal): Promise<Answer> {
    const [pathname = "", search = ""] = path.split("?");
    return this.#nodes.request(
      ({ url: base, authorization }) => {
        const url = new URL(base);
        url.pathname = `${base.pathname.replace(/\/+$/u, "")}${pathname}`;
        url.search = search;
        const all = authorization === undefined ? headers : { ...headers, authorization };
        const { method, body, keep } = rest;
        return this.#connection.ask({
          method,
          url,
          ...(all === undefined ? {} : { headers: all }),
          ...(body === undefined ? {} : { body }),
          ...(keep === undefined ? {} : { keep }),
        }, signal);
      },
      this.#timeout,
      signal,
    );
  }

  /** A server's words without what must not be told. */
  masked(text: string): string {
    return this.#connection.masked(text);
  }

  /** An answer that is no success, in words, with what to look at. */
  told(answer: Answer, request: string): string {
    const { status } = answer;
    const told = this.#connection.told(answer, request);
    if (status === 401 || status === 403) return `${told}, look at username, password and api_key`;
    return status >= 300 && status < 400 || status === 404 ? `${told}, look at addresses` : told;
  }
}

/** A key that is written as id:key is sent in base64. */
function encodedKey(key: string): string {
  return key.includes(":") ? Buffer.from(key).toString("base64") : key;
}

/** The part of a key in base64 that is secret by itself. */
function secretOf(encoded: string): string {
  const key = Buffer.from(encoded, "base64").toString();
  return key.slice(key.indexOf(":") + 1);
}
