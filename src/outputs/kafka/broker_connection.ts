import { formatDuration } from "../../lib/duration.ts";
import { networkReason } from "../http/network_reason.ts";
import type { TlsOptions } from "../http/tls_files.ts";
import { type BrokerAddress, brokerText } from "./kafka_config.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** How connections are made. */
export interface ConnectionOptions {
  readonly clientId: string;
  /** For one request, until its answer is read; in milliseconds. */
  readonly timeout: number;
  /** Undefined: without TLS. */
  readonly tls: TlsOptions | undefined;
}

/** A request of Kafka's protocol. */
export interface KafkaRequest {
  readonly api: number;
  readonly version: number;
  readonly body: Uint8Array;
  /** The broker does not answer it. */
  readonly silent?: boolean;
}

/** A broker or its network failed; what was asked may have happened all the same. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
}

/** The reason where a broker hangs up. */
export const CLOSED = "it closed the connection";

/** Longer waits for a connection mean that another broker should be asked. */
const LONGEST_CONNECT = 10_000;
/** What is longer is no answer of Kafka. */
const LARGEST_ANSWER = 100 * 1024 * 1024;
const READ_BYTES = 64 * 1024;

interface Waiting {
  readonly id: number;
  resolve(answer: WireReader): void;
  reject(error: Error): void;
}

/** A connection to one broker. Requests are answered in their order; any failure ends the connection. */
export class BrokerConnection {
  readonly broker: string;
  readonly #connection: Deno.Conn;
  readonly #options: ConnectionOptions;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #requests = 0;
  #failure: Error | undefined;

  private constructor(connection: Deno.Conn, broker: string, options: ConnectionOptions) {
    this.#connection = connection;
    this.broker = broker;
    this.#options = options;
    this.#read();
  }

  /** Connects, and no more. Throws BrokerError. */
  static async open(
    address: BrokerAddress,
    options: ConnectionOptions,
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    const broker = brokerText(address);
    const target = { hostname: address.host, port: address.port };
    const connecting = options.tls === undefined ? connectPlain(target) : connectTls(target, options.tls);
    try {
      const connection = await within(connecting, Math.min(options.timeout, LONGEST_CONNECT), signal);
      return new BrokerConnection(connection, broker, options);
    } catch (error) {
      // It may still come about.
      connecting.then((connection) => connection.close(), () => {});
      throw new BrokerError(`cannot connect to broker ${broker}: ${whyOf(error)}`, { cause: error });
    }
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** The broker's answer; of a silent request none. Throws BrokerError, and the connection is closed then. */
  async request(
    { api, version, body, silent = false }: KafkaRequest,
    signal: AbortSignal,
  ): Promise<WireReader> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#requests = this.#requests + 1 & 0x7fffffff;
    const head = new WireWriter().int16(api).int16(version).int32(id).string(this.#options.clientId).finish();
    const frame = new WireWriter(4 + head.length + body.length).int32(head.length + body.length).raw(head)
      .raw(
        body,
      ).finish();
    const answer = silent ? undefined : new Promise<WireReader>((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
    });
    // The write that fails first tells why.
    answer?.catch(() => {});
    const writing = this.#writing.then(() => writeAll(this.#connection, frame));
    this.#writing = writing.catch((error) => this.#fail(whyOf(error)));
    const done = writing.then(() => answer ?? new WireReader(new Uint8Array()));
    try {
      return await within(done, this.#options.timeout, signal);
    } catch (error) {
      throw this.#fail(whyOf(error));
    }
  }

  close(): void {
    this.#fail("the connection was closed");
  }

  /** Ends the connection, and with it all that waits. The first reason stays. */
  #fail(reason: string): Error {
    if (this.#failure !== undefined) return this.#failure;
    const failure = this.#failure = new BrokerError(`broker ${this.broker}: ${reason}`);
    try {
      this.#connection.close();
    } catch {
      // It is closed already.
    }
    for (const { reject } of this.#waiting.splice(0)) reject(failure);
    return failure;
  }

  async #read(): Promise<void> {
    let buffer = new Uint8Array(READ_BYTES);
    let length = 0;
    try {
      for (;;) {
        const got = await this.#connection.read(buffer.subarray(length));
        if (got === null) throw new Error(CLOSED);
        length += got;
        let start = 0;
        for (
          let size = sizeAt(buffer, start, length);
          size !== undefined;
          size = sizeAt(buffer, start, length)
        ) {
          if (length - start - 4 < size) break;
          this.#answer(buffer.slice(start + 4, start + 4 + size));
          start += 4 + size;
        }
        const wanted = 4 + (sizeAt(buffer, start, length) ?? 0);
        if (start > 0 || wanted > buffer.length) {
          const rest = buffer.subarray(start, length);
          buffer = new Uint8Array(Math.max(READ_BYTES, wanted));
          buffer.set(rest);
          length = rest.length;
        }
      }
    } catch (error) {
      this.#fail(whyOf(error));
    }
  }

  #answer(bytes: Uint8Array): void {
    const reader = new WireReader(bytes);
    const waiting = this.#waiting.shift();
    if (waiting?.id !== reader.int32()) {
      waiting?.reject(new Error("its answer belongs to another request"));
      throw new Error("its answer belongs to another request");
    }
    waiting.resolve(reader);
  }
}

/** The length of the answer that begins at `start`; undefined: not even that has come. */
function sizeAt(buffer: Uint8Array, start: number, length: number): number | undefined {
  if (length - start < 4) return undefined;
  const size = new DataView(buffer.buffer, buffer.byteOffset + start).getInt32(0);
  if (buffer[start] === 0x15 && buffer[start + 1] === 3) {
    throw new Error("it speaks TLS; write enable_tls: true");
  }
  if (size < 4 || size > LARGEST_ANSWER) throw new Error("it does not speak Kafka's protocol");
  return size;
}

async function connectPlain(
  target: { readonly hostname: string; readonly port: number },
): Promise<Deno.Conn> {
  const connection = await Deno.connect(target);
  // Each request is written as a whole.
  connection.setNoDelay(true);
  return connection;
}

async function connectTls(
  target: { readonly hostname: string; readonly port: number },
  tls: TlsOptions,
): Promise<Deno.Conn> {
  const connection = await Deno.connectTls({ ...target, ...tls });
  try {
    await connection.handshake();
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

function whyOf(error: unknown): string {
  return networkReason(error).replace(/ \(os error \d+\)/u, "");
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

/** The promise's result. Throws once it takes longer, or `signal` aborts. */
export async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  let onStop = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<never>((_, reject) => {
    onStop = () => reject(new Error("the request was stopped"));
    timer = setTimeout(() => reject(new Error(`no answer within ${formatDuration(ms)}`)), ms);
    signal.addEventListener("abort", onStop, { once: true });
  });
  if (signal.aborted) onStop();
  try {
    return await Promise.race([promise, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onStop);
  }
}
