import { Buffer } from "node:buffer";
import * as net from "node:net";
import { once } from "node:events";

/** An entry that was added to a stream. */
export interface AddedEntry {
  readonly key: string;
  /** Names and values by turns. */
  readonly fields: readonly string[];
}

/** What becomes of a command; undefined: what a server does with it. */
export type Fault = { readonly error: string } | "hang" | "cut" | "cut after" | undefined;

/** A server that speaks as much of Redis as the output needs, and misbehaves as it is told. */
export class RedisServer implements AsyncDisposable {
  readonly entries: AddedEntry[] = [];
  /** Each command by its words, as it came; those of a transaction too. */
  readonly commands: string[][] = [];
  readonly values = new Map<string, string>();
  readonly types = new Map<string, string>();
  /** Asked about each command; `number` counts from 0. */
  fault: (words: readonly string[], number: number) => Fault = () => undefined;
  password: string | undefined;
  replicas = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor() {
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get address(): string {
    return `redis://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /** The records, in the order in which they were added. */
  records(): string[] {
    return this.entries.map(({ fields }) => fields[1] ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const session = {
      queue: undefined as string[][] | undefined,
      failed: false,
      known: this.password === undefined,
    };
    let rest = Buffer.alloc(0);
    let dead = false;
    socket.on("data", (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (let next = takeCommand(rest); next !== undefined && !dead; next = takeCommand(rest)) {
        rest = next.rest;
        const number = this.commands.push(next.words) - 1;
        const fault = this.fault(next.words, number);
        if (fault === "hang") continue;
        if (fault === "cut") {
          dead = true;
          socket.destroy();
          return;
        }
        const reply = typeof fault === "object"
          ? this.#refuse(session, fault.error)
          : this.#answer(session, next.words);
        if (fault === "cut after") {
          dead = true;
          socket.destroy();
          return;
        }
        socket.write(reply);
      }
    });
  }

  #refuse(session: { queue: string[][] | undefined; failed: boolean }, error: string): string {
    if (session.queue !== undefined) session.failed = true;
    return `-${error}\r\n`;
  }

  #answer(
    session: { queue: string[][] | undefined; failed: boolean; known: boolean },
    words: string[],
  ): string {
    const [name = ""] = words;
    if (name === "AUTH") {
      session.known = words.at(-1) === this.password;
      return session.known ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    }
    if (!session.known) return "-NOAUTH Authentication required.\r\n";
    if (name === "MULTI") {
      session.queue = [];
      session.failed = false;
      return "+OK\r\n";
    }
    if (name === "EXEC") {
      const queue = session.queue ?? [];
      session.queue = undefined;
      if (session.failed) return "-EXECABORT Transaction discarded because of previous errors.\r\n";
      return `*${queue.length}\r\n${queue.map((each) => this.#run(each)).join("")}`;
    }
    if (session.queue !== undefined) {
      session.queue.push(words);
      return "+QUEUED\r\n";
    }
    return this.#run(words);
  }

  #run(words: readonly string[]): string {
    const [name = "", key = "", ...rest] = words;
    switch (name) {
      case "PING":
        return "+PONG\r\n";
      case "SELECT":
        return "+OK\r\n";
      case "TYPE":
        return `+${this.types.get(key) ?? "none"}\r\n`;
      case "WAIT":
        return `:${this.replicas}\r\n`;
      case "SET":
        this.values.set(key, rest[0] ?? "");
        return "+OK\r\n";
      case "MGET":
        return `*${words.length - 1}\r\n${
          words.slice(1).map((each) => bulk(this.values.get(each))).join("")
        }`;
      case "XADD": {
        if ((this.types.get(key) ?? "stream") !== "stream") {
          return "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
        }
        this.entries.push({ key, fields: rest.slice(rest.indexOf("*") + 1) });
        return bulk(`${this.entries.length}-0`);
      }
      default:
        return `-ERR unknown command '${name}'\r\n`;
    }
  }
}

function bulk(text: string | undefined): string {
  return text === undefined ? "$-1\r\n" : `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** The first command of what came, or undefined where it is not all there. */
function takeCommand(bytes: Buffer): { words: string[]; rest: Buffer<ArrayBuffer> } | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf("\r\n", at);
    if (end === -1) return undefined;
    const text = bytes.subarray(at, end).toString("utf8");
    at = end + 2;
    return text;
  };
  const count = line();
  if (count === undefined) return undefined;
  if (!/^\*\d+$/.test(count)) throw new Error(`"${count}" is no beginning of a command`);
  const words: string[] = [];
  for (let index = 0; index < Number(count.slice(1)); index++) {
    const head = line();
    if (head === undefined) return undefined;
    if (!/^\$\d+$/.test(head)) throw new Error(`"${head}" is no length`);
    const end = at + Number(head.slice(1));
    if (bytes.length < end + 2) return undefined;
    words.push(bytes.subarray(at, end).toString("utf8"));
    if (bytes.subarray(end, end + 2).toString() !== "\r\n") {
      throw new Error("a word has another length than told");
    }
    at = end + 2;
  }
  return { words, rest: Buffer.from(bytes.subarray(at)) };
}
