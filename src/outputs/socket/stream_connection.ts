import { formatDuration } from "../../lib/duration.ts";
import { networkReason } from "../http/network_reason.ts";
import { type Address, nameOf } from "./address.ts";
import type { ClientTls } from "./tls_keys.ts";

/** How a connection is made. */
export interface ConnectionOptions {
  readonly address: Address;
  /** Undefined: no TLS. */
  readonly tls: ClientTls | undefined;
  /** Whether the system probes an idle connection. */
  readonly keepAlive: boolean;
  /** For connecting and for each write, in milliseconds. */
  readonly timeout: number;
  /** Gets what the server sends; the bytes are valid during the call only. What it throws ends the connection. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

const READ_SIZE = 16 * 1024;

/**
 * A TCP, TLS or unix stream connection. It is read from at all times, so that its end is noticed when it comes and not
 * with the next write but one.
 */
export class StreamConnection {
  readonly #connection: Deno.Conn;
  readonly #options: ConnectionOptions;
  readonly #onEnd = new Set<() => void>();
  #failure: Error | undefined;
  /** The server ended it by itself, after it had read what came before its end. */
  #closedByServer = false;
  #finishing = false;

  private constructor(connection: Deno.Conn, options: ConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#read();
  }

  /** Throws an Error that names the server and says why there is no connection. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<StreamConnection> {
    const { address, timeout } = options;
    const name = nameOf(address);
    signal.throwIfAborted();
    // Not `AbortSignal.any`: it would hang on a signal that lives as long as the output.
    const ending = new AbortController();
    const onStop = () => ending.abort();
    const timer = setTimeout(onStop, timeout);
    signal.addEventListener("abort", onStop, { once: true });
    const given = Promise.withResolvers<never>();
    given.promise.catch(() => {});
    ending.signal.addEventListener("abort", () => given.reject(ending.signal.reason), { once: true });
    const connecting = connect(options, ending.signal);
    try {
      return new StreamConnection(await Promise.race([connecting, given.promise]), options);
    } catch (error) {
      connecting.then((late) => close(late), () => {});
      if (signal.aborted) throw new Error(`connecting to ${name} was stopped`, { cause: error });
      if (ending.signal.aborted) {
        throw new Error(`${name} was not reached within ${formatDuration(timeout)}`, { cause: error });
      }
      throw new Error(`cannot connect to ${name}: ${streamReason(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onStop);
    }
  }

  /** Why the connection is of no use any more; undefined while it is. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Writes all of it. Throws where it is unknown how much arrived; the connection is then closed. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { address, timeout } = this.#options;
    this.#check();
    const onStop = () => this.#end(new Error(`sending to ${nameOf(address)} was stopped`));
    const onTime = () =>
      this.#end(new Error(`${nameOf(address)} took nothing for ${formatDuration(timeout)}`));
    let timer = setTimeout(onTime, timeout);
    signal.addEventListener("abort", onStop, { once: true });
    try {
      if (signal.aborted) onStop();
      for (let done = 0; done < bytes.length;) {
        this.#check();
        done += await this.#connection.write(done === 0 ? bytes : bytes.subarray(done));
        // A server that takes a little at a time is slow, not gone.
        clearTimeout(timer);
        timer = setTimeout(onTime, timeout);
      }
      this.#check();
    } catch (error) {
      this.#end(new Error(`the connection to ${nameOf(address)} broke: ${streamReason(error)}`));
      this.#check();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onStop);
    }
  }

  /** Resolves after `ms` of a healthy connection; throws when it ends, or `signal` aborts, before that. */
  async outlives(ms: number, signal: AbortSignal): Promise<void> {
    if (await this.#wait(ms, signal) === "aborted") {
      throw new Error(`sending to ${nameOf(this.#options.address)} was stopped`);
    }
    this.#check();
  }

  /**
   * Ends the way to the server and waits until that has read all of it and ends the way back. Throws where the server
   * did not, or cut the connection while there was something unread.
   */
  async finish(signal: AbortSignal): Promise<void> {
    const { address, timeout } = this.#options;
    this.#check();
    this.#finishing = true;
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      this.#end(new Error(`the connection to ${nameOf(address)} broke: ${streamReason(error)}`));
    }
    const what = await this.#wait(timeout, signal);
    if (this.#closedByServer) return;
    if (what === "time") {
      this.#end(
        new Error(`${nameOf(address)} did not close the connection within ${formatDuration(timeout)}`),
      );
    } else if (what === "aborted") this.#end(new Error(`sending to ${nameOf(address)} was stopped`));
    this.#check();
  }

  /** Waits until `done` is called, which is given to `start`; throws like `outlives` on trouble before that. */
  async until(ms: number, signal: AbortSignal, start: (done: () => void) => void): Promise<boolean> {
    const what = await this.#wait(ms, signal, start);
    if (what === "aborted") throw new Error(`sending to ${nameOf(this.#options.address)} was stopped`);
    if (what === "done") return true;
    this.#check();
    return false;
  }

  /** Throws away what was not written yet. */
  close(): void {
    this.#end(new Error(`the connection to ${nameOf(this.#options.address)} was closed`));
  }

  #wait(
    ms: number,
    signal: AbortSignal,
    start?: (done: () => void) => void,
  ): Promise<"ended" | "aborted" | "time" | "done"> {
    if (this.#failure !== undefined) return Promise.resolve("ended");
    if (signal.aborted) return Promise.resolve("aborted");
    return new Promise((resolve) => {
      const settle = (what: "ended" | "aborted" | "time" | "done") => {
        clearTimeout(timer);
        this.#onEnd.delete(onEnd);
        signal.removeEventListener("abort", onStop);
        resolve(what);
      };
      const onEnd = () => settle("ended");
      const onStop = () => settle("aborted");
      const timer = setTimeout(() => settle("time"), ms);
      this.#onEnd.add(onEnd);
      signal.addEventListener("abort", onStop, { once: true });
      start?.(() => settle("done"));
    });
  }

  async #read(): Promise<void> {
    const { address, onBytes } = this.#options;
    const name = nameOf(address);
    const chunk = new Uint8Array(READ_SIZE);
    try {
      for (;;) {
        const length = await this.#connection.read(chunk);
        if (length === null) break;
        onBytes?.(chunk.subarray(0, length));
      }
    } catch (error) {
      // Many servers end TLS without saying so; that they ended the connection below it is what counts.
      if (!(this.#finishing && error instanceof Deno.errors.UnexpectedEof)) {
        this.#end(new Error(`the connection to ${name} broke: ${streamReason(error)}`, { cause: error }));
        return;
      }
    }
    this.#closedByServer = this.#failure === undefined;
    this.#end(new Error(`${name} closed the connection`));
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #end(failure: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    close(this.#connection);
    for (const settle of [...this.#onEnd]) settle();
  }
}

async function connect(options: ConnectionOptions, signal: AbortSignal): Promise<Deno.Conn> {
  const { address, tls, keepAlive } = options;
  if ("path" in address) return await Deno.connect({ transport: "unix", path: address.path });
  const { hostname, port } = address;
  // Deno upgrades a connection to TLS only without a client certificate.
  if (tls !== undefined && "cert" in tls) {
    const connection = await Deno.connectTls({ hostname, port, ...tls });
    await connection.handshake();
    return connection;
  }
  const connection = await Deno.connect({ hostname, port, signal });
  if (keepAlive) connection.setKeepAlive(true);
  if (tls === undefined) return connection;
  const secured = await Deno.startTls(connection, { hostname, ...tls });
  try {
    await secured.handshake();
    return secured;
  } catch (error) {
    close(secured);
    throw error;
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

function streamReason(error: unknown): string {
  return networkReason(error).replace(/ \(os error \d+\)/u, "");
}
