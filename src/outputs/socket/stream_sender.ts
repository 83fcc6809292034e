import { type Address, nameOf } from "./address.ts";
import { StreamConnection } from "./stream_connection.ts";
import { type ClientTls, readTls, type TlsKeys } from "./tls_keys.ts";

/** How bytes reach a server that acknowledges nothing. */
export interface StreamSenderOptions {
  readonly address: Address;
  /** Undefined: no TLS. */
  readonly tls: TlsKeys | undefined;
  readonly keepAlive: boolean;
  /** For connecting, for each write, and for the server's end of a connection; in milliseconds. */
  readonly timeout: number;
  /**
   * - `none`: what was written counts as arrived once its connection has lived on for `settleTime`.
   * - `close`: each batch has a connection of its own, which the server closes once it has read all of it.
   */
  readonly acknowledgement: "none" | "close";
  readonly settleTime: number;
}

/** Writes to one stream after the other, and tells what arrived as well as a stream allows. */
export class StreamSender {
  readonly #options: StreamSenderOptions;
  #tls: ClientTls | undefined;
  #connection: StreamConnection | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StreamSenderOptions) {
    this.#options = options;
  }

  /** Reads the TLS files; the server need not be up. */
  async open(): Promise<void> {
    const { tls } = this.#options;
    this.#tls = tls === undefined ? undefined : await readTls(tls);
  }

  /** Connects, and tells why that is impossible. */
  async probe(signal: AbortSignal): Promise<void> {
    const connection = await this.#connect(signal);
    connection.close();
  }

  /**
   * Calls write in their order. Throws where it is unknown what arrived: then the bytes are to be sent again.
   */
  async send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { acknowledgement, settleTime } = this.#options;
    const written = this.#turn.then(() => this.#write(bytes, signal));
    this.#turn = written.catch(() => {});
    const connection = await written;
    if (acknowledgement === "none") {
      if (settleTime > 0) await connection.outlives(settleTime, signal);
      return;
    }
    this.#connection = undefined;
    try {
      await connection.finish(signal);
    } finally {
      connection.close();
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #write(bytes: Uint8Array, signal: AbortSignal): Promise<StreamConnection> {
    if (this.#connection?.failure !== undefined) this.#connection = undefined;
    const connection = this.#connection ??= await this.#connect(signal);
    await connection.write(bytes, signal);
    return connection;
  }

  #connect(signal: AbortSignal): Promise<StreamConnection> {
    const { address, keepAlive, timeout, tls } = this.#options;
    if (tls !== undefined && this.#tls === undefined) throw new Error(`${nameOf(address)} is not open`);
    return StreamConnection.open({ address, tls: this.#tls, keepAlive, timeout }, signal);
  }
}
