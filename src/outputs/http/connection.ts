import { RetryLaterError } from "../output.ts";
import { AccessTokens } from "./access_tokens.ts";
import { adviceFor, type Answer } from "./answer.ts";
import type { OAuth2Config, TlsConfig } from "./connection_config.ts";
import { type HeaderOptions, requestHeaders, secretsOf, withoutSecrets } from "./headers.ts";
import { HttpClient, type HttpRequest } from "./http_client.ts";
import { retryAfter } from "./retry_after.ts";

/** What a connection is made of. */
export interface ConnectionOptions extends Omit<HeaderOptions, "contentEncoding"> {
  readonly endpoint: URL;
  readonly method: string;
  /** For a whole request, in milliseconds. */
  readonly timeout: number;
  readonly tls: TlsConfig;
  readonly oauth2?: OAuth2Config | undefined;
  /** More texts that must never be told. */
  readonly secrets?: readonly string[];
}

/** A request that differs from what is sent otherwise; its headers come on top. */
export interface Question extends Omit<HttpRequest, "headers"> {
  readonly headers?: Readonly<Record<string, string>> | Headers | undefined;
}

/** So many access tokens are masked: the one that holds, and those that requests under way may have. */
const MASKED_TOKENS = 4;

/** Sends requests to a server with the headers and the credentials that all have. */
export class HttpConnection {
  readonly #client: HttpClient;
  readonly #headers: Headers;
  readonly #tokens: AccessTokens | undefined;
  readonly #secrets: readonly string[];
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(options: ConnectionOptions, now: () => number) {
    const { endpoint, method, timeout, tls, oauth2 } = options;
    // Compressed bodies say so themselves.
    const common = { ...options, contentEncoding: undefined };
    const secrets = [...secretsOf(common, endpoint), ...options.secrets ?? []];
    if (oauth2 !== undefined) secrets.push(oauth2.client_secret);
    secrets.sort((a, b) => b.length - a.length);
    const known = secrets.length;
    this.#now = now;
    this.#secrets = secrets;
    this.#headers = requestHeaders(common);
    this.#client = new HttpClient({ endpoint, method, timeout, tls, secrets });
    this.#tokens = oauth2 && new AccessTokens(oauth2, this.#client, {
      now,
      onToken(token) {
        secrets.push(token);
        if (secrets.length > known + MASKED_TOKENS) secrets.splice(known, 1);
      },
    });
  }

  /** Names a request in messages: `POST /ingest`. */
  get request(): string {
    return this.#client.request;
  }

  /** The server need not be up. */
  open(): Promise<void> {
    return this.#client.open();
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Makes a request; one that is refused for its access token is made once more with a new one. Throws an Error that
   * says why there is no answer: then it is unknown whether the request arrived.
   */
  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const headers = new Headers(this.#headers);
    for (const [name, value] of new Headers(question.headers)) headers.set(name, value);
    if (question.body === undefined) headers.delete("content-type");
    const request = { ...question, headers };
    if (this.#tokens === undefined) return await this.#client.ask(request, signal);
    for (let attempt = 1;; attempt++) {
      const token = await this.#tokens.get(signal);
      headers.set("authorization", `Bearer ${token}`);
      const answer = await this.#client.ask(request, signal);
      if (answer.status !== 401) return answer;
      this.#tokens.refuse(token);
      if (attempt === 2) return answer;
    }
  }

  /** A server's words without what must not be told. */
  masked(text: string): string {
    return withoutSecrets(text, this.#secrets);
  }

  /** The answer in words, with a redirect's place and how the body begins. */
  told({ status, excerpt, headers }: Answer, request: string = this.request): string {
    const moved = status >= 300 && status < 400
      ? this.#client.placeOf(headers.get("location") ?? "")
      : undefined;
    const place = moved === undefined ? "" : ` with a redirect to ${moved}`;
    return `${request} answered ${status}${place}${excerpt === "" ? "" : ` "${excerpt}"`}`;
  }

  /**
   * Throws unless the answer to a question that carries no record says that the server is there. `fine`: statuses that
   * do beside the successes.
   */
  check(answer: Answer, request: string, fine: (status: number) => boolean): void {
    const { status } = answer;
    if ((status >= 200 && status < 300) || fine(status)) return;
    if (status === 429 || status >= 500) {
      const wait = retryAfter(answer.headers, this.#now());
      const told = this.told(answer, request);
      throw wait === undefined ? new Error(told) : new RetryLaterError(told, wait);
    }
    throw new Error(`${this.told(answer, request)}, ${adviceFor(status)}`);
  }
}

/** The URL of a path below an endpoint, unless the endpoint itself ends in that path. */
export function urlBelow(endpoint: string, path: string): URL {
  const url = new URL(endpoint);
  const base = url.pathname.replace(/\/+$/u, "");
  url.pathname = base.endsWith(path) ? base : `${base}${path}`;
  return url;
}
