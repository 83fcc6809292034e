import { Buffer } from "node:buffer";
import * as net from "node:net";
import * as tls from "node:tls";
import { once } from "node:events";
import type { Delivered } from "./delivered.ts";
import { countLines } from "./oracle.ts";

/** What a server does with a connection; connections count from 0. */
export interface Conduct {
  /** The connection is cut once so many bytes have come; those count as not read. */
  readonly cutAfter?: number;
  /** Nothing is read. */
  readonly hang?: boolean;
  /** The end of the client's way is not answered by the end of the way back. */
  readonly keepOpen?: boolean;
  /** Answers bytes; what it returns is sent. */
  readonly answer?: (bytes: Buffer) => Uint8Array | string | undefined;
}

/** How a server listens. */
export interface LineServerOptions {
  /** A path for a unix socket, or a port; a free port unless told. */
  readonly path?: string;
  readonly port?: number;
  /** With TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  readonly conduct?: (connection: number) => Conduct;
}

/** A server that keeps what comes on its streams and misbehaves as it is told. */
export class LineServer implements AsyncDisposable {
  /** What came on each connection, in the order in which they were made. */
  readonly connections: Buffer[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(readonly options: LineServerOptions) {
    const serve = (socket: net.Socket) => this.#serve(socket);
    this.#server = options.tls === undefined
      ? net.createServer({ allowHalfOpen: true }, serve)
      : tls.createServer(
        { ...options.tls, requestCert: options.tls.ca !== undefined, rejectUnauthorized: true },
        serve,
      );
  }

  static async start(options: LineServerOptions = {}): Promise<LineServer> {
    const server = new LineServer(options);
    if (options.path === undefined) server.#server.listen(options.port ?? 0, "127.0.0.1");
    else server.#server.listen(options.path);
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** How many connections there are now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** All that came, connection after connection. */
  bytes(): Uint8Array {
    return Buffer.concat(this.connections);
  }

  text(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  /** What arrived, as the helpers of scenarios count it. */
  delivered(): Delivered {
    return {
      bytes: () => this.bytes(),
      get lines() {
        return countLines(this.bytes());
      },
    };
  }

  /** Cuts all connections, with a reset where there is something unread. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #serve(socket: net.Socket): void {
    const number = this.connections.push(Buffer.alloc(0)) - 1;
    const { cutAfter, hang, keepOpen, answer } = this.options.conduct?.(number) ?? {};
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    if (hang) {
      socket.pause();
      return;
    }
    let length = 0;
    socket.on("data", (bytes: Buffer) => {
      length += bytes.length;
      if (cutAfter !== undefined && length > cutAfter) {
        socket.resetAndDestroy();
        return;
      }
      this.connections[number] = Buffer.concat([this.connections[number]!, bytes]);
      const reply = answer?.(bytes);
      if (reply !== undefined) socket.write(reply);
    });
    socket.on("end", () => {
      if (!keepOpen) socket.end();
    });
  }
}
