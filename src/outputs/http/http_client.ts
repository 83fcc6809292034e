import { formatDuration } from "../../lib/duration.ts";
import { type Answer, answerOf } from "./answer.ts";
import { withoutSecrets } from "./headers.ts";
import { networkReason } from "./network_reason.ts";
import { readTlsFiles, type TlsFiles } from "./tls_files.ts";

/** Where and how requests are sent. */
export interface HttpClientOptions {
  readonly endpoint: URL;
  readonly method: string;
  /** For a whole request, until its answer is read; in milliseconds. */
  readonly timeout: number;
  readonly tls: TlsFiles;
  /** Masked in all that is told. */
  readonly secrets: readonly string[];
}

/** A request that differs from what the client sends otherwise. */
export interface HttpRequest {
  readonly method?: string;
  /** Elsewhere than at the endpoint. */
  readonly url?: URL;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
  /** Bytes of the answer's body that are kept at most; without it, what an excerpt is made of. */
  readonly keep?: number;
  /** Masked in the answer's excerpt beside those of the client. */
  readonly secrets?: readonly string[];
}

const MOST_REDIRECTS = 5;
/** Shorter than what servers and the boxes between use to keep idle connections. */
const IDLE_TIMEOUT = 30_000;

/** Sends requests to one endpoint over connections that are kept. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #client: Deno.HttpClient | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Names a request in messages, without the query: `POST /ingest`. */
  get request(): string {
    const { method, endpoint } = this.#options;
    return `${method} ${endpoint.pathname}`;
  }

  /** Where a redirect leads, without its query; undefined if that cannot be told. */
  placeOf(location: string): string | undefined {
    const { endpoint } = this.#options;
    if (!URL.canParse(location, endpoint)) return undefined;
    const { origin, pathname } = new URL(location, endpoint);
    return `${origin}${pathname}`;
  }

  /** Reads the TLS files; no request is made. Throws an Error that says which file cannot be used. */
  async open(): Promise<void> {
    const tls = await readTlsFiles(this.#options.tls);
    let client: Deno.HttpClient;
    try {
      client = Deno.createHttpClient({ ...tls, poolIdleTimeout: IDLE_TIMEOUT });
    } catch (error) {
      throw new Error(`cannot use the files of tls: ${networkReason(error)}`, { cause: error });
    }
    this.close();
    this.#client = client;
  }

  /** Throws an Error that says why there is no answer: then it is unknown whether the request arrived. */
  send(body: Uint8Array<ArrayBuffer>, headers: Headers, signal: AbortSignal): Promise<Answer> {
    return this.ask({ body, headers }, signal);
  }

  /** The same for a request that differs. */
  async ask(request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const { timeout, endpoint } = this.#options;
    const { method = this.#options.method, url = endpoint, keep } = request;
    const secrets = [...request.secrets ?? [], ...this.#options.secrets];
    const what = `${method} ${url.pathname} to ${url.host}`;
    signal.throwIfAborted();
    // Not `AbortSignal.any`: it would hang on `signal` of the sender, which lives as long as the output.
    const ending = new AbortController();
    const onStop = () => ending.abort();
    const timer = setTimeout(onStop, timeout);
    signal.addEventListener("abort", onStop, { once: true });
    try {
      return await answerOf(await this.#follow(request, method, url, ending.signal), secrets, keep);
    } catch (error) {
      if (signal.aborted) throw new Error(`${what} was stopped`, { cause: error });
      if (ending.signal.aborted) {
        throw new Error(`${what} was not answered within ${formatDuration(timeout)}`, { cause: error });
      }
      throw new Error(`${what} failed: ${withoutSecrets(networkReason(error), secrets)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onStop);
    }
  }

  /** Credentials must not go elsewhere, and only 307 and 308 keep method and body: no other redirect is followed. */
  async #follow(
    { body, headers }: HttpRequest,
    method: string,
    first: URL,
    signal: AbortSignal,
  ): Promise<Response> {
    if (this.#client === undefined) throw new Error("it is not open");
    let url = first;
    for (let redirects = 0;; redirects++) {
      const response = await fetch(url, {
        method,
        body: body ?? null,
        headers,
        signal,
        redirect: "manual",
        client: this.#client,
      });
      if (response.status !== 307 && response.status !== 308) return response;
      const location = response.headers.get("location") ?? "";
      const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (next?.origin !== first.origin || redirects === MOST_REDIRECTS) return response;
      await answerOf(response, []);
      url = next;
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
