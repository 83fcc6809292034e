import { Buffer } from "node:buffer";
import { RetryLaterError } from "../output.ts";
import type { Answer } from "./answer.ts";
import type { OAuth2Config } from "./connection_config.ts";
import type { HttpClient } from "./http_client.ts";
import { retryAfter } from "./retry_after.ts";

/** A token is renewed this long before it expires, or a tenth of its life before, whichever is shorter. */
const MARGIN = 60_000;

interface AccessToken {
  readonly text: string;
  /** When it is renewed, in milliseconds since 1970. */
  readonly renewal: number;
}

/** The access tokens of an OAuth 2.0 client: one at a time, kept until it is due or was refused. */
export class AccessTokens {
  readonly #config: OAuth2Config;
  readonly #client: HttpClient;
  readonly #now: () => number;
  readonly #onToken: (token: string) => void;
  #token: AccessToken | undefined;
  /** Requests that are under way at once share one new token. */
  #asking: Promise<AccessToken> | undefined;

  /** `onToken` is told of each new token, so that none is ever shown. */
  constructor(
    config: OAuth2Config,
    client: HttpClient,
    options: { readonly now: () => number; readonly onToken: (token: string) => void },
  ) {
    this.#config = config;
    this.#client = client;
    this.#now = options.now;
    this.#onToken = options.onToken;
  }

  /** A token that holds. Throws an Error that says why there is none, without a secret. */
  async get(signal: AbortSignal): Promise<string> {
    if (this.#token !== undefined && this.#now() < this.#token.renewal) return this.#token.text;
    this.#asking ??= this.#ask(signal).finally(() => this.#asking = undefined);
    this.#token = await this.#asking;
    return this.#token.text;
  }

  /** The server took it no more. */
  refuse(token: string): void {
    if (this.#token?.text === token) this.#token = undefined;
  }

  async #ask(signal: AbortSignal): Promise<AccessToken> {
    const { token_url, client_id, client_secret, scope, audience, client_auth } = this.#config;
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (scope !== undefined) form.set("scope", scope);
    if (audience !== undefined) form.set("audience", audience);
    const headers = new Headers({
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    });
    if (client_auth === "body") {
      form.set("client_id", client_id);
      form.set("client_secret", client_secret);
    } else {
      const pair = `${formEncoded(client_id)}:${formEncoded(client_secret)}`;
      headers.set("authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
    }
    const url = new URL(token_url);
    const body = new TextEncoder().encode(form.toString());
    const asked = this.#now();
    const answer = await this.#client.ask({ method: "POST", url, body, headers, keep: 65536 }, signal);
    const token = this.#tokenOf(answer, `POST ${url.pathname} to ${url.host}`, asked);
    this.#onToken(token.text);
    return token;
  }

  #tokenOf(answer: Answer, request: string, asked: number): AccessToken {
    const { status, excerpt, headers } = answer;
    const told = `Cannot get an access token: ${request} answered ${status}`;
    if (status === 429 || status >= 500) {
      const wait = retryAfter(headers, this.#now());
      throw wait === undefined ? new Error(told) : new RetryLaterError(told, wait);
    }
    if (status < 200 || status >= 300) {
      throw new Error(`${told}${excerpt === "" ? "" : ` "${excerpt}"`}, look at oauth2`);
    }
    const { access_token: text, expires_in } = membersOf(answer);
    if (typeof text !== "string" || !/^[!-~]+$/u.test(text)) {
      throw new Error(`${told} without an access_token, look at oauth2.token_url`);
    }
    const life = Number(expires_in) * 1000;
    // Without a life it holds until it is refused.
    const renewal = life > 0 ? asked + life - Math.min(MARGIN, life / 10) : Infinity;
    return { text, renewal };
  }
}

/** RFC 6749 wants both encoded as in a form. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function membersOf({ body }: Answer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
