import { networkReason } from "../http/network_reason.ts";

/** A request as the AWS SDK gives it to its transport. */
export interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer as the AWS SDK takes it. */
export interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** No answer without an object's contents is longer. */
const LONGEST_BODY = 1024 * 1024;
const IDLE_TIMEOUT = 30_000;
/** These follow from the connection and the body. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["host", "content-length", "connection"]);

/** Carries the AWS SDK's requests over `fetch`, which ends a request at once when it is told to. */
export class Transport {
  /** The SDK asks for it. */
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #client: Deno.HttpClient;

  constructor(caCerts: string[]) {
    this.#client = Deno.createHttpClient({ caCerts, poolIdleTimeout: IDLE_TIMEOUT });
  }

  /** Throws an Error that says why there is no answer, without the URL. */
  async handle(
    request: SdkRequest,
    { abortSignal }: { readonly abortSignal?: unknown } = {},
  ): Promise<{ response: SdkResponse }> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!OWN_HEADERS.has(name.toLowerCase())) headers.set(name, value);
    }
    try {
      const response = await fetch(urlOf(request), {
        method: request.method,
        headers,
        body: request.body instanceof Uint8Array || typeof request.body === "string"
          ? request.body as BodyInit
          : null,
        redirect: "manual",
        client: this.#client,
        ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
      });
      return {
        response: {
          statusCode: response.status,
          headers: Object.fromEntries(response.headers),
          body: request.method === "GET" && response.ok ? await leave(response) : await bodyOf(response),
        },
      };
    } catch (error) {
      throw new Error(networkReason(error), { cause: error });
    }
  }

  /** The SDK's own settings for connections are not used. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    this.#client.close();
  }
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value as readonly string[] : [value as string | null]).map((each) =>
      each === null ? escaped(name) : `${escaped(name)}=${escaped(each)}`
    )
  );
  const place = port === undefined ? hostname : `${hostname}:${port}`;
  return `${protocol}//${place}${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
}

/** As it is in the text that was signed. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Of an object nothing is read but that it is there. */
async function leave(response: Response): Promise<ReadableStream<Uint8Array>> {
  await response.body?.cancel();
  return new ReadableStream({ start: (controller) => controller.close() });
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error("the answer is too long");
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
