import { Buffer } from "node:buffer";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Delivered } from "./delivered.ts";
import { countLines } from "./oracle.ts";

/** A request as it came, whole. */
export interface ArrivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** As it was sent, compressed or not. */
  readonly body: Uint8Array;
  /** Connections are numbered from 0. */
  readonly connection: number;
}

/**
 * What becomes of a request. `keep`: whether the destination counts its records as arrived; if not told, with a
 * success.
 */
export interface Reply {
  readonly keep?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `before`: the connection is closed without an answer; `within`: in the middle of the answer's body. */
  readonly cut?: "before" | "within";
  /** There is no answer as long as the connection lasts. */
  readonly hang?: boolean;
}

/** Decides about each request; `number` counts from 0. */
export type Behaviour = (request: ArrivedRequest, number: number) => Reply | Promise<Reply>;

/**
 * A server for the output `http` that misbehaves as it is told. It speaks HTTP/1.1 by itself on bare connections, so
 * that it can cut them anywhere and show each byte that came.
 */
export class HttpDestination implements AsyncDisposable {
  /** Every whole request, in the order of arrival. */
  readonly requests: ArrivedRequest[] = [];
  /** Those whose records the destination has, copies included. */
  readonly kept: ArrivedRequest[] = [];
  behaviour: Behaviour;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work = new Set<Promise<void>>();
  #accepted = 0;

  private constructor(behaviour: Behaviour, port: number) {
    this.behaviour = behaviour;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#track(this.#accept());
  }

  /** Listens on a free port, or on that of a destination that is gone. */
  static start(behaviour: Behaviour = () => ({}), port = 0): HttpDestination {
    return new HttpDestination(behaviour, port);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** How many connections were made. */
  get connections(): number {
    return this.#accepted;
  }

  /** How many connections there are now. */
  get open(): number {
    return this.#connections.size;
  }

  url(target = "/ingest"): string {
    return `http://127.0.0.1:${this.port}${target}`;
  }

  /** What arrived. `distinct`: without requests that repeat the idempotency key of an earlier one. */
  delivered(distinct = false): Delivered {
    return new DeliveredRequests(this.kept, distinct);
  }

  /** Closes the port and all connections, whatever is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#work);
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    for (;;) {
      let connection: Deno.TcpConn;
      try {
        connection = await this.#listener.accept();
      } catch {
        return;
      }
      this.#connections.add(connection);
      this.#track(this.#serve(connection, this.#accepted++));
    }
  }

  async #serve(connection: Deno.TcpConn, number: number): Promise<void> {
    try {
      const stream = new RequestStream(connection, number);
      for (let request = await stream.next(); request !== undefined; request = await stream.next()) {
        const index = this.requests.push(request) - 1;
        const reply = await this.behaviour(request, index);
        const { status = 200, cut, hang = false } = reply;
        const keeps = reply.keep ?? (!hang && cut !== "before" && status < 300);
        // A probe brings no records.
        if (keeps && request.method !== "OPTIONS") this.kept.push(request);
        if (hang) {
          await stream.next();
          return;
        }
        if (cut === "before") return;
        await writeAll(connection, answerBytes(status, reply));
        if (cut === "within") return;
      }
    } catch {
      // The client went away, or the destination was closed.
    } finally {
      close(connection);
      this.#connections.delete(connection);
    }
  }
}

/** The body as it was before compression. */
export function plainBody({ headers, body }: ArrivedRequest): Uint8Array {
  switch (headers.get("content-encoding")) {
    case null:
      return body;
    case "gzip":
      return gunzipSync(body);
    case "zstd":
      return zstdDecompressSync(body);
    default:
      throw new Error(`Cannot read a body: its encoding is "${headers.get("content-encoding")}"`);
  }
}

class DeliveredRequests implements Delivered {
  #counted = 0;
  #lines = 0;
  readonly #keys = new Set<string>();
  readonly #bodies: Uint8Array[] = [];

  constructor(readonly kept: readonly ArrivedRequest[], readonly distinct: boolean) {}

  get lines(): number {
    this.#count();
    return this.#lines;
  }

  bytes(): Uint8Array {
    this.#count();
    return Buffer.concat(this.#bodies);
  }

  /** Looks only at what is new. */
  #count(): void {
    for (; this.#counted < this.kept.length; this.#counted++) {
      const request = this.kept[this.#counted]!;
      const key = request.headers.get("idempotency-key") ?? `none ${this.#counted}`;
      if (this.distinct && this.#keys.has(key)) continue;
      this.#keys.add(key);
      const body = plainBody(request);
      this.#bodies.push(body);
      this.#lines += countLines(body);
    }
  }
}

/** Takes one request after the other off a connection. */
class RequestStream {
  #rest = Buffer.alloc(0);

  constructor(readonly connection: Deno.TcpConn, readonly number: number) {}

  /** Undefined at the end, also where that comes within a request. */
  async next(): Promise<ArrivedRequest | undefined> {
    let end = this.#rest.indexOf("\r\n\r\n");
    while (end === -1) {
      if (!(await this.#more())) return undefined;
      end = this.#rest.indexOf("\r\n\r\n");
    }
    const [start = "", ...lines] = this.#rest.subarray(0, end).toString("latin1").split("\r\n");
    const [method = "", target = ""] = start.split(" ");
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    this.#rest = this.#rest.subarray(end + 4);
    const length = Number(headers.get("content-length") ?? 0);
    while (this.#rest.length < length) if (!(await this.#more())) return undefined;
    const body = new Uint8Array(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
    return { method, target, headers, body, connection: this.number };
  }

  async #more(): Promise<boolean> {
    const chunk = new Uint8Array(65536);
    const length = await this.connection.read(chunk);
    if (length === null) return false;
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
    return true;
  }
}

function answerBytes(status: number, { headers = {}, body = "", cut }: Reply): Uint8Array {
  const length = Buffer.byteLength(body) + (cut === "within" ? 1 : 0);
  const lines = [
    `HTTP/1.1 ${status} Status`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  if (status !== 204) lines.push(`content-length: ${length}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
