import { Buffer } from "node:buffer";
import * as net from "node:net";
import { once } from "node:events";

/** A message as it was published. */
export interface PublishedMessage {
  readonly subject: string;
  readonly id: string | undefined;
  readonly payload: string;
}

/** What becomes of a message; undefined: it is stored and acknowledged. */
export type NatsFault =
  | { readonly error: string; readonly code?: number }
  /** It is acknowledged after so many milliseconds. */
  | { readonly late: number }
  | "no stream"
  | "no answer"
  | "cut"
  | "stored without answer"
  | undefined;

/** A server that speaks as much of NATS as the output needs, with one stream that takes all subjects. */
export class NatsServer implements AsyncDisposable {
  /** What the stream has: the first message of each id. */
  readonly stored: PublishedMessage[] = [];
  /** All that was published, copies and refused ones included. */
  readonly published: PublishedMessage[] = [];
  /** Of each connection. */
  readonly logins: Record<string, unknown>[] = [];
  fault: (message: PublishedMessage, number: number) => NatsFault = () => undefined;
  /** Settings of the greeting. */
  info: Record<string, unknown> = {};
  /** Whether a login is taken. */
  letsIn: (login: Record<string, unknown>) => boolean = () => true;
  /** Streams that are named for any subject. */
  streams: readonly string[] = ["LOGS"];
  readonly #ids = new Set<string>();
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor() {
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<NatsServer> {
    const server = new NatsServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

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
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const info = {
      server_id: "test",
      version: "2.11.0",
      proto: 1,
      headers: true,
      max_payload: 1_048_576,
      host: "127.0.0.1",
      port: this.port,
      jetstream: true,
      nonce: "nonce-of-the-test",
      ...this.info,
    };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    let inbox = "1";
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const end = rest.indexOf("\r\n");
        if (end === -1) return;
        const [verb = "", ...words] = rest.subarray(0, end).toString("utf8").split(" ");
        const size = /^H?PUB$/.test(verb) ? Number(words.at(-1)) + 2 : 0;
        if (rest.length < end + 2 + size) return;
        const body = rest.subarray(end + 2, end + 2 + Math.max(0, size - 2));
        rest = rest.subarray(end + 2 + size);
        switch (verb) {
          case "CONNECT": {
            const login = JSON.parse(words.join(" "));
            this.logins.push(login);
            if (this.letsIn(login)) break;
            socket.end("-ERR 'Authorization Violation'\r\n");
            return;
          }
          case "PING":
            socket.write("PONG\r\n");
            break;
          case "SUB":
            inbox = words.at(-1) ?? "1";
            break;
          case "PUB":
          case "HPUB":
            if (!this.#take(socket, inbox, verb, words, body)) return;
        }
      }
    });
  }

  /** False once the connection is cut. */
  #take(socket: net.Socket, inbox: string, verb: string, words: readonly string[], body: Buffer): boolean {
    const [subject = ""] = words;
    const reply = words.length > (verb === "PUB" ? 2 : 3) ? words[1] : undefined;
    const head = verb === "PUB" ? 0 : Number(words.at(-2));
    const id = /^Nats-Msg-Id: ?(.+)$/m.exec(body.subarray(0, head).toString("utf8"))?.[1]?.trim();
    const answer = (text: string) => {
      if (reply !== undefined) {
        socket.write(`MSG ${reply} ${inbox} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
      }
    };
    if (subject === "$JS.API.STREAM.NAMES") {
      answer(JSON.stringify({ streams: this.streams.length === 0 ? null : this.streams }));
      return true;
    }
    const message = { subject, id, payload: body.subarray(head).toString("utf8") };
    const fault = this.fault(message, this.published.push(message) - 1);
    if (fault === "cut") {
      socket.destroy();
      return false;
    }
    if (fault === "no answer") return true;
    if (fault === "no stream") {
      const status = "NATS/1.0 503\r\n\r\n";
      if (reply !== undefined) {
        socket.write(`HMSG ${reply} ${inbox} ${status.length} ${status.length}\r\n${status}\r\n`);
      }
      return true;
    }
    if (typeof fault === "object" && "error" in fault) {
      answer(JSON.stringify({ error: { code: 400, err_code: fault.code ?? 0, description: fault.error } }));
      return true;
    }
    const duplicate = id !== undefined && this.#ids.has(id);
    if (id !== undefined) this.#ids.add(id);
    if (!duplicate) this.stored.push(message);
    const text = JSON.stringify({ stream: "LOGS", seq: this.stored.length, duplicate });
    if (typeof fault === "object") setTimeout(() => answer(text), fault.late);
    else if (fault === undefined) answer(text);
    return true;
  }
}
